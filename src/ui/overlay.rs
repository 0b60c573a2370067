//! What can lie over a screen: help, the feeds, a question, a line to type, one row's full text. Must not draw.

use crate::observe::AnswerSeen;
use std::sync::Arc;

/// A window over the screen; one at a time.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    Help,
    Feeds,
    /// The plan is asked for.
    Planning,
    /// Start (or stop) the load? `AnswerSeen` is the plan.
    Confirm(AnswerSeen),
    /// Leave while a recording is made, or while a load that this program started is running?
    Leave,
    /// Pages of Kibana, whose addresses can be copied.
    Links,
    /// The forms that can be written.
    Exports,
    /// What the lab can be restarted with.
    Scenarios,
    /// The recordings of the folder that is replayed.
    Replays,
    Typing(Entry),
    /// Every finding in full.
    Findings,
    /// The full text of the event with this uid.
    Event(String),
    /// The full text of the pod with this name.
    Pod(String),
    /// What is read of the cluster, once it is there.
    Text {
        title: String,
        lines: Option<Arc<[String]>>,
        /// Scrolled lines count from its end, which is shown first.
        from_end: bool,
    },
}

impl Overlay {
    /// Whether keys select one of its rows.
    pub fn is_list(&self) -> bool {
        matches!(
            self,
            Overlay::Feeds
                | Overlay::Links
                | Overlay::Exports
                | Overlay::Scenarios
                | Overlay::Replays
                | Overlay::Typing(Entry::Pick(_))
        )
    }

    /// Whether it asks a question that a single key accepts.
    pub fn is_question(&self) -> bool {
        matches!(self, Overlay::Confirm(_) | Overlay::Leave)
    }
}

/// The forms that what is shown can be written in, as the `report` command names them, and what they are.
pub const EXPORTS: [(&str, &str); 8] = [
    ("svg", "this screen as a picture"),
    ("text", "the whole run, to read"),
    ("markdown", "the same, for a pull request"),
    ("html", "a page with charts"),
    ("json", "for programs"),
    ("csv", "every series as a table"),
    ("junit", "the verdict, for CI"),
    ("cast", "an asciicast, of a recording"),
];

/// A line being typed.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    Filter(String),
    Note(String),
    /// What follows `:`.
    Command(String),
    /// Flags of the specs that run beside the HPA's own, separated by `;`.
    Shadow(String),
    /// Letters of an HPA's name.
    Pick(String),
}

impl Entry {
    /// The longest that can be typed, in characters, and the longest line of shadows.
    const MOST: usize = 120;
    const MOST_OF_SHADOWS: usize = 600;

    pub fn text(&self) -> &str {
        match self {
            Entry::Filter(t) | Entry::Note(t) | Entry::Command(t) | Entry::Pick(t) | Entry::Shadow(t) => t,
        }
    }

    pub fn push(&mut self, c: char) {
        let most = if matches!(self, Entry::Shadow(_)) { Self::MOST_OF_SHADOWS } else { Self::MOST };
        let t = self.text_mut();
        if !c.is_control() && t.chars().count() < most {
            t.push(c);
        }
    }

    pub fn pop(&mut self) {
        self.text_mut().pop();
    }

    fn text_mut(&mut self) -> &mut String {
        let (Entry::Filter(t) | Entry::Note(t) | Entry::Command(t) | Entry::Pick(t) | Entry::Shadow(t)) = self;
        t
    }
}
