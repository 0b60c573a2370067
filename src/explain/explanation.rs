//! The lines of an explanation: text with its emphasis, and how much each line matters. Data only.

/// How a part of a line is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emphasis {
    Head,
    Text,
    Muted,
    Good,
    Warn,
    Bad,
    /// The name of the metric at this index.
    Metric(usize),
}

/// A line of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplanationLine {
    /// 0 must be shown; where space is short, lines with the greatest weight are dropped first.
    pub weight: u8,
    /// Columns.
    pub indent: u8,
    pub parts: Vec<(Emphasis, String)>,
}

impl ExplanationLine {
    pub fn new(weight: u8, indent: u8, emphasis: Emphasis, text: impl Into<String>) -> Self {
        ExplanationLine { weight, indent, parts: vec![(emphasis, text.into())] }
    }

    /// The line with one more part.
    pub fn and(mut self, emphasis: Emphasis, text: impl Into<String>) -> Self {
        self.parts.push((emphasis, text.into()));
        self
    }
}
