//! A settled sync in words: the working step by step, in the controller's own terms, with the actual numbers. Times are
//! told relative to the sync. Must not compute anything but differences for people.

use super::limits::Hold;
use super::sync::{BasisKind, Reckoned, Sync, Worked};
use super::{groups, limits};
use crate::hpa::{self, Steps};

/// What a line is about, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Head,
    Text,
    Muted,
    Good,
    Warn,
    Bad,
    /// The name of the metric at this index.
    Metric(usize),
}

/// A line of the working.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// 0 must be shown; the greatest go first where room is short.
    pub weight: u8,
    pub indent: u8,
    pub parts: Vec<(Tone, String)>,
}

impl Line {
    pub fn new(weight: u8, indent: u8, tone: Tone, text: impl Into<String>) -> Self {
        Line { weight, indent, parts: vec![(tone, text.into())] }
    }

    pub fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.parts.push((tone, text.into()));
        self
    }
}

impl Sync {
    /// What held or limited the result, in a word; empty where nothing did.
    pub fn limit_word(&self) -> &'static str {
        let r = &self.reckoned;
        match r.hold() {
            Some(Hold::Max) => "max",
            Some(Hold::Min) => "min",
            Some(Hold::Rate) => "rate",
            Some(Hold::Window) => "window",
            None if r.limited.is_none() && r.result != r.current => "bounds",
            None if r.limited.is_none()
                && (r.recommended.is_some() || r.metrics.iter().any(|m| m.figure.is_none())) =>
            {
                "invalid"
            }
            None => "",
        }
    }

    /// The sync in one sentence.
    pub fn sentence(&self) -> String {
        let r = &self.reckoned;
        let name = r.winner.and_then(|w| self.names.get(w)).map_or("", String::as_str);
        let asks = match (r.recommended, r.result) {
            (Some(rec), result) if rec != result => format!("{name} wants {rec}, {}", because(r, result)),
            (Some(rec), result) if result == r.current => format!("{name} keeps {rec}"),
            (Some(rec), _) => format!("{name} wants {rec}"),
            (None, result) if result != r.current => format!("{} is outside the bounds, so {result}", r.current),
            (None, _) => "nothing could be decided".into(),
        };
        match self.agrees {
            true => asks,
            false => format!("{asks}; the controller asked for {}", self.controller),
        }
    }

    /// The whole working.
    pub fn working(&self) -> Vec<Line> {
        let mut out = vec![self.headline()];
        out.extend(self.particular());
        out.extend(self.basis_line());
        let Some(worked) = &self.worked else {
            out.push(Line::new(0, 0, Tone::Text, self.sentence()));
            out.push(Line::new(1, 0, Tone::Muted, "the full working is kept for the latest syncs only"));
            return out;
        };
        out.extend(self.branch(worked));
        for (i, metric) in worked.decision.metrics.iter().enumerate() {
            let name = self.names.get(i).cloned().unwrap_or_default();
            out.extend(metric_lines(i, &name, metric, worked, self.last));
        }
        out.extend(limits::lines(self, worked));
        out.push(self.verdict());
        out
    }

    fn headline(&self) -> Line {
        let r = &self.reckoned;
        let text = match self.rescaled {
            true => format!("{} to {} replicas", r.current, self.controller),
            false => format!("stays at {} replica{}", self.controller, if self.controller == 1 { "" } else { "s" }),
        };
        let line = Line::new(0, 0, Tone::Head, text);
        match (self.count, self.told) {
            (1, true) => line,
            (1, false) => line.and(Tone::Muted, "  (follows from the rhythm: the status did not change)"),
            (n, _) => line.and(Tone::Muted, format!("  {n} syncs alike, the last one worked out")),
        }
    }

    fn particular(&self) -> Option<Line> {
        let cause = self.cause.as_ref()?;
        Some(Line::new(0, 0, if self.agrees { Tone::Warn } else { Tone::Bad }, cause.text()))
    }

    fn basis_line(&self) -> Option<Line> {
        let ago = |ms: Option<i64>| ms.map(|ms| ((self.last - ms) as f64 / 1000.0).round() as i64);
        let text = match (self.basis.kind, ago(self.basis.sampled)) {
            (BasisKind::Samples, Some(age)) => format!("samples taken {age} s before the sync"),
            (BasisKind::Status, _) => "the controller's own figures, as its samples were not seen here".into(),
            (BasisKind::Guess, Some(age)) => {
                format!("samples taken {age} s before the sync, which are not those the controller used")
            }
            _ => return None,
        };
        Some(Line::new(2, 0, Tone::Muted, text))
    }

    /// Branches that read no metrics.
    fn branch(&self, worked: &Worked) -> Option<Line> {
        let it = &worked.decision;
        let text = match it.branch {
            hpa::Branch::AboveMax => {
                format!("{} is above max {}: cut without reading metrics", self.reckoned.current, it.max)
            }
            hpa::Branch::BelowMin => {
                format!("{} is below min {}: raised without reading metrics", self.reckoned.current, it.min)
            }
            hpa::Branch::Disabled => "0 replicas: the HPA is switched off until someone raises them".into(),
            hpa::Branch::NoScale => "the scale could not be read".into(),
            hpa::Branch::NoSelector => it.error.clone().unwrap_or_default(),
            hpa::Branch::NoMetrics => "cannot decide: a metric is invalid and the others do not ask for more".into(),
            hpa::Branch::Metrics => return None,
        };
        Some(Line::new(0, 0, Tone::Warn, text))
    }

    fn verdict(&self) -> Line {
        let line = Line::new(0, 0, Tone::Head, format!("asks for {}", self.reckoned.result));
        match (self.agrees, self.exact) {
            (true, true) => line.and(Tone::Good, ", as the controller did"),
            (true, false) => line.and(Tone::Good, ", as the controller did").and(Tone::Muted, ", for other reasons"),
            (false, _) => line.and(Tone::Bad, format!(", the controller asked for {}", self.controller)),
        }
    }
}

/// Why a result is not what was recommended.
fn because(r: &Reckoned, result: i32) -> String {
    match r.hold() {
        Some(Hold::Max) => format!("max {result}"),
        Some(Hold::Min) => format!("min {result}"),
        Some(Hold::Rate) => format!("a policy allows {result}"),
        Some(Hold::Window) => format!("the window holds {result}"),
        None => format!("stays at {result}"),
    }
}

fn metric_lines(
    index: usize,
    name: &str,
    metric: &Result<hpa::Proposal, Box<hpa::Failure>>,
    worked: &Worked,
    ms: i64,
) -> Vec<Line> {
    let head = |text: String| Line::new(0, 0, Tone::Metric(index), format!("{name} ")).and(Tone::Text, text);
    match metric {
        Err(failure) => vec![head("is invalid: ".into()).and(Tone::Bad, failure.message.clone())],
        Ok(proposal) => match &proposal.steps {
            Steps::PerPod(steps) => groups::per_pod(head, name, steps, worked, ms),
            Steps::Whole(steps) => vec![groups::whole(head, steps)],
        },
    }
}
