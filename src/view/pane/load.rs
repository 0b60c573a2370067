//! The load: the Job's phase now; its own figures come with k6's feed. Must not read the Job itself.

use super::waiting;
use crate::observe::{Feed, LinkState};
use crate::session::Phase;
use crate::view::{Cx, header, theme::Role};
use ratatui::{buffer::Buffer, layout::Rect};

pub fn summary(cx: &Cx) -> String {
    if let Some((text, _)) = header::load(cx) {
        return text;
    }
    let state = cx.session.links.state(Feed::Load);
    match waiting::reason(cx, Feed::Load) {
        Some(why) if !matches!(state, LinkState::Up | LinkState::Absent) => why,
        _ if cx.ui.readonly || !cx.ui.can_load => "no load runs".into(),
        _ => "no load runs; s starts one".into(),
    }
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let w = &cx.session.watching;
    let text = match cx.session.load.phase() {
        // How the embedded lab came to be watched, and what to press.
        Phase::None if w.lab && !w.notes.is_empty() => w.notes.join("; "),
        Phase::None => format!(
            "Job {} in namespace {}: virtual users, iterations, failures, latency",
            w.load_job, w.load_namespace
        ),
        Phase::Pending(why) => format!("waits: {why}"),
        Phase::Failed(why) => why,
        Phase::Running | Phase::Complete | Phase::Terminating => {
            let job = cx.session.load.job.as_ref();
            let image = job.map_or("", |j| j.image.as_str());
            format!("{image}; k6's own figures are not read by this version")
        }
    };
    let role = if matches!(cx.session.load.phase(), Phase::Failed(_)) { Role::Bad } else { Role::Muted };
    waiting::sentence(buf, area, cx, &text, role);
}
