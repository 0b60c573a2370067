//! What could not be read of a recording, kept in bounds and said in sentences. Must not stop anybody from reading on.

use super::VERSION;
use std::collections::BTreeMap;

/// Faults that are kept one by one; the rest are counted.
const MOST: usize = 20;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1, over the whole recording.
    pub line: u64,
    pub what: String,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first ones.
    pub first: Vec<Fault>,
    /// Lines that hold nothing readable.
    pub unreadable: u64,
    /// Stretches of compressed data that are damaged.
    pub damaged: u64,
    /// It stops in the middle.
    pub torn: bool,
    /// Lines of kinds that this version does not know, by kind.
    pub strange: BTreeMap<String, u64>,
    /// The format is a later one.
    pub later: Option<u32>,
}

impl Faults {
    /// Whether everything was read.
    pub fn none(&self) -> bool {
        *self == Faults::default()
    }

    /// What could not be read, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(version) = self.later {
            out.push(format!(
                "it has format {version} and this program knows {VERSION}: what is new in it is left out"
            ));
        }
        if self.unreadable > 0 {
            let first = self.first.first().map(|f| format!(", the first at line {}: {}", f.line, f.what));
            out.push(format!("{} left out{}", count(self.unreadable, "unreadable line"), first.unwrap_or_default()));
        }
        if self.damaged > 0 {
            out.push(format!("{} of it skipped", count(self.damaged, "damaged stretch")));
        }
        if !self.strange.is_empty() {
            let kinds: Vec<String> = self.strange.iter().map(|(kind, n)| format!("{kind} ({n})")).collect();
            out.push(format!("kinds of a later version left out: {}", kinds.join(", ")));
        }
        if self.torn {
            out.push("it stops in the middle: its writer was cut off, or still writes".into());
        }
        out
    }

    pub(super) fn unreadable(&mut self, line: u64, what: String) {
        self.unreadable += 1;
        if self.first.len() < MOST {
            self.first.push(Fault { line, what });
        }
    }

    pub(super) fn strange(&mut self, kind: String) {
        if self.strange.len() < MOST || self.strange.contains_key(&kind) {
            *self.strange.entry(kind).or_default() += 1;
        } else {
            *self.strange.entry("others".into()).or_default() += 1;
        }
    }
}

fn count(n: u64, what: &str) -> String {
    let plural = if what.ends_with("ch") { "es" } else { "s" };
    format!("{n} {what}{}", if n == 1 { "" } else { plural })
}
