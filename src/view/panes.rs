//! The table of panes: for each its name, its summary in the title, and how it is drawn. A new pane is one file and
//! one row here.

mod decisions;
mod empty_state;
mod events;
mod expectations;
mod findings;
mod gateway;
mod gateways;
mod ingest;
mod load;
mod markers;
mod now;
mod pipeline;
mod pressure;
mod quality;
mod rates;
mod replicas;
mod streams;
mod utilization;

use super::{Cx, theme::Role};
use crate::observe::Feed;
use crate::ui::Pane;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// One row of the table.
pub struct Row {
    name: &'static str,
    summary: fn(&Cx) -> String,
    /// Draws the inside; `Rect` has at least one cell.
    pub draw: fn(&mut Buffer, Rect, &Cx),
}

impl Row {
    /// Name and summary for the rule above the pane, and the summary's role; with `worst`, what stands out most takes
    /// the summary's place.
    pub fn title(&self, cx: &Cx, worst: bool) -> (&'static str, String, Role) {
        let (text, role) =
            worst.then(|| findings::first(cx)).flatten().unwrap_or_else(|| ((self.summary)(cx), Role::Muted));
        (self.name, text, role)
    }
}

/// The row of a pane.
pub fn of(pane: Pane) -> Row {
    let row = |name, summary: fn(&Cx) -> String, draw: fn(&mut Buffer, Rect, &Cx)| Row { name, summary, draw };
    match pane {
        Pane::Utilization => row("Utilization of request", utilization::summary, utilization::draw),
        Pane::Replicas => row("Replicas", replicas::summary, replicas::draw),
        Pane::Load => row("Load", load::summary, load::draw),
        Pane::Gateway => row("Gateway", gateway::summary, gateway::draw),
        Pane::Ingest => row("Ingest", ingest::summary, ingest::draw),
        Pane::Now => row("Now", now::summary, now::draw),
        Pane::Findings => row("Findings", findings::summary, findings::draw),
        Pane::Events => row("Events", events::summary, events::draw),
        Pane::Decisions => row("Decisions", decisions::summary, decisions::draw),
        Pane::Pods => row("Gateways", gateways::summary, gateways::draw),
        Pane::Pipeline => row("Pipeline", pipeline::summary, pipeline::draw),
        Pane::Streams => row("Data streams", streams::summary, streams::draw),
        Pane::Pressure => row("Back-pressure", pressure::summary, pressure::draw),
        Pane::Quality => row("Log quality", quality::summary, quality::draw),
        Pane::Expectations => row("Timeline", expectations::summary, expectations::draw),
        Pane::Markers => row("Markers", markers::summary, markers::draw),
    }
}

/// The rows that the Now pane would like to have.
pub fn now_rows(cx: &Cx) -> u16 {
    now::rows(cx)
}

/// The rows that the Timeline pane would like to have.
pub fn expectation_rows(cx: &Cx) -> u16 {
    expectations::rows(cx)
}

/// The rows that the Findings pane would like to have at this width.
pub fn findings_rows(cx: &Cx, width: u16) -> u16 {
    findings::lines(cx, width)
}

/// All findings in full.
pub fn findings_window(cx: &Cx, most: usize) -> Vec<Vec<(String, Style)>> {
    findings::window(cx, most)
}

/// The place in the list of syncs that stands at a cell of the Decisions pane.
pub fn sync_at(inner: Rect, x: u16, y: u16, cx: &Cx) -> Option<usize> {
    decisions::place_at(inner, x, y, cx)
}

/// Why a feed gives nothing, for screens without panes.
pub fn reason_without_data(cx: &Cx, feed: Feed) -> String {
    empty_state::short(cx, feed)
}
