//! What can be wrong with a theme: each error names the place, and what is allowed there.
use crate::format::parse;
use std::ops::Range;

/// Why a theme could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    #[error("no theme `{name}`{}; there are: {}", near(name, known), known.join(", "))]
    Unknown { name: String, known: Vec<String> },
    #[error("theme file {file}: cannot be read: {source}")]
    Read { file: String, source: std::io::Error },
    #[error("theme file {file}: is larger than 256 KiB, which no theme is")]
    TooLarge { file: String },
    /// Wrong syntax, key or value.
    #[error("{0}")]
    Wrong(Box<ThemeFault>),
}

/// A place in a theme file and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeFault {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// `truecolor.text`; empty where the syntax is broken.
    pub key: String,
    pub problem: String,
    pub allowed: String,
    /// The line with carets under the fault.
    pub excerpt: String,
}

impl std::fmt::Display for ThemeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "theme file {}, line {}", self.file, self.line)?;
        if !self.key.is_empty() {
            write!(f, ", `{}`", self.key)?;
        }
        write!(f, ": {}\n{}", self.problem, self.excerpt)?;
        if !self.allowed.is_empty() {
            write!(f, "\nallowed here: {}", self.allowed)?;
        }
        Ok(())
    }
}

/// `; did you mean …?`, where one of them is like it.
fn near(name: &str, known: &[String]) -> String {
    let near = parse::nearest(name, known.iter().map(String::as_str), 0.8);
    near.map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

/// A fault at a place in a text: `span` in bytes of `text`.
pub(super) fn wrong(
    file: &str,
    text: &str,
    span: Range<usize>,
    key: &str,
    problem: String,
    allowed: String,
) -> ThemeError {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let before = &text[..start];
    let line = before.matches('\n').count() + 1;
    let shown: String =
        text.lines().nth(line - 1).unwrap_or_default().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    let width = span.end.saturating_sub(span.start).clamp(1, shown.chars().count().saturating_sub(column).max(1));
    let number = line.to_string();
    let excerpt =
        format!("  {number} | {shown}\n  {:pad$} | {:column$}{}", "", "", "^".repeat(width), pad = number.len());
    ThemeError::Wrong(Box::new(ThemeFault { file: file.into(), line, key: key.into(), problem, allowed, excerpt }))
}
