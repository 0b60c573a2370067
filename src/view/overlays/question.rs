//! What asks for a yes: the load to start or stop, and leaving while something runs. Must not answer.

use super::{Pieces, wrapped};
use crate::format::text;
use crate::observe::AnswerSeen;
use crate::ui::{Action, Context};
use crate::view::{Cx, theme::Role};

/// The plan of the load: a sentence, and each step.
pub fn plan(cx: &Cx, plan: &AnswerSeen, most: usize) -> (&'static str, Vec<Pieces>) {
    let mut lines = wrapped(cx, &plan.text, most, Role::Text);
    for step in &plan.steps {
        for (i, part) in text::wrap(step, most.saturating_sub(2)).into_iter().enumerate() {
            let lead = if i == 0 { format!("{} ", cx.look.symbols.glyphs().separator) } else { "  ".into() };
            lines.push(vec![(lead, cx.look.style(Role::Accent)), (part, cx.look.style(Role::Text))]);
        }
    }
    lines.push(Vec::new());
    lines.push(keys(
        cx,
        if plan.stops { "stop it" } else { "start it" },
        if plan.stops { "let it run" } else { "cancel" },
    ));
    (if plan.stops { "Stop the load?" } else { "Start the load?" }, lines)
}

/// What still runs, and what becomes of it.
pub fn leave(cx: &Cx, most: usize) -> Vec<Pieces> {
    let load = "The load started here is still running, and keeps running when you leave.";
    let tape = "A recording is being made. It is completed when you leave.";
    let mut lines = Vec::new();
    for (runs, sentence) in [(cx.ui.own_load, load), (cx.ui.recording.is_some(), tape)] {
        if runs {
            lines.extend(wrapped(cx, sentence, most, Role::Text));
        }
    }
    lines.push(Vec::new());
    lines.push(keys(cx, "quit", "stay"));
    lines
}

fn keys(cx: &Cx, yes: &str, no: &str) -> Pieces {
    let (key, text) = (cx.look.style(Role::Accent), cx.look.style(Role::Muted));
    let accept = cx.ui.keys.all_labels(Context::Question, &Action::Yes);
    let cancel = cx.ui.keys.label(Context::Anywhere, &Action::Back).unwrap_or_default();
    vec![(accept, key), (format!(" {yes}   "), text), (cancel, key), (format!(" {no}"), text)]
}
