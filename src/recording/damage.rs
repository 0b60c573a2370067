//! What could not be read of a recording: bounded, and described in sentences. Must not stop the reading.

use super::VERSION;
use std::collections::BTreeMap;

/// Damaged lines and unknown kinds that are kept one by one; the rest are counted.
const MOST: usize = 20;

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedLine {
    /// Counted from 1, over the whole recording.
    pub line: u64,
    pub what: String,
}

/// Everything that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// The first ones.
    pub first: Vec<DamagedLine>,
    /// Lines that could not be read.
    pub unreadable: u64,
    /// Damaged sections of compressed data.
    pub damaged: u64,
    /// It ends in the middle of a line or of compressed data.
    pub truncated: bool,
    /// So much of it was unreadable that the rest was not read.
    pub gave_up: bool,
    /// Observations of kinds that this version does not know, by kind.
    pub unknown_kinds: BTreeMap<String, u64>,
    /// The version of a format newer than this program's.
    pub newer_format: Option<u32>,
}

impl Damage {
    /// Whether everything was read.
    pub fn is_none(&self) -> bool {
        *self == Damage::default()
    }

    /// What could not be read, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(version) = self.newer_format {
            out.push(format!("it has format {version} and this program knows {VERSION}: what is new in it is skipped"));
        }
        if self.unreadable > 0 {
            let first = self.first.first().map(|f| format!(", the first at line {}: {}", f.line, f.what));
            out.push(format!("{} skipped{}", count(self.unreadable, "unreadable line"), first.unwrap_or_default()));
        }
        if self.damaged > 0 {
            out.push(format!("{} skipped", count(self.damaged, "damaged section")));
        }
        if !self.unknown_kinds.is_empty() {
            let kinds: Vec<String> = self.unknown_kinds.iter().map(|(kind, n)| format!("{kind} ({n})")).collect();
            out.push(format!("kinds of a later version skipped: {}", kinds.join(", ")));
        }
        if self.gave_up {
            out.push("it holds little but blank and unreadable lines from there on: the rest was not read".into());
        }
        if self.truncated {
            out.push("it stops in the middle: its writer was interrupted, or is still writing".into());
        }
        out
    }

    pub(super) fn unreadable(&mut self, line: u64, what: String) {
        self.unreadable += 1;
        if self.first.len() < MOST {
            self.first.push(DamagedLine { line, what });
        }
    }

    pub(super) fn unknown_kind(&mut self, kind: String) {
        if self.unknown_kinds.len() < MOST || self.unknown_kinds.contains_key(&kind) {
            *self.unknown_kinds.entry(kind).or_default() += 1;
        } else {
            *self.unknown_kinds.entry("others".into()).or_default() += 1;
        }
    }
}

fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
