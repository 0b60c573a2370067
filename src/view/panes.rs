//! The table of panes: for each its title, its places on the screens, its summary and how it is drawn. A new pane is one
//! file and one row here.

mod compare;
mod decisions;
mod empty_state;
mod events;
mod expectations;
mod findings;
mod fleet;
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
mod shadows;
mod streams;
mod utilization;

use super::Cx;
use super::layout::Slot;
use super::pane_row::{FILL, PaneRow, Place, Side, Space, Title, filling, no_list};
use super::theme::Role;
use crate::observe::Feed;
use crate::session::fleet::HpaRow;
use crate::ui::{List, Pane, PaneKind, Screen};
use ratatui::{layout::Size, style::Style};

/// From these heights of the body on, replicas have a chart of their own, and load, gateway and ingest a row each.
const STEPS: u16 = 14;
const STRIPS: u16 = 16;

const CHART: PaneKind = PaneKind::Chart;
const STRIP: PaneKind = PaneKind::Strip;
const TEXT: PaneKind = PaneKind::Text;

/// Every pane, in the order of Tab, and from top to bottom.
pub const PANES: [PaneRow; 19] = [
    PaneRow {
        pane: Pane { title: "Fleet", kind: PaneKind::List(List::Fleet) },
        places: &[filling(Screen::Fleet, Side::Left)],
        wants: nothing,
        summary: fleet::summary,
        extent: fleet::extent,
        draw: fleet::draw,
    },
    PaneRow {
        pane: Pane { title: "Percent of target", kind: CHART },
        places: &[filling(Screen::Compare, Side::Left)],
        wants: nothing,
        summary: compare::summary,
        extent: compare::extent,
        draw: compare::draw,
    },
    PaneRow {
        pane: Pane { title: "Utilization of request", kind: CHART },
        places: &[filling(Screen::Overview, Side::Left)],
        wants: nothing,
        summary: utilization::summary,
        extent: no_list,
        draw: utilization::draw,
    },
    PaneRow {
        pane: Pane { title: "Replicas", kind: CHART },
        places: &[Place {
            screen: Screen::Overview,
            side: Side::Left,
            rows: |s, _| (s.height >= STEPS).then(|| (s.height / 6).clamp(3, 7)),
        }],
        wants: nothing,
        summary: replicas::summary,
        extent: no_list,
        draw: replicas::draw,
    },
    PaneRow {
        pane: Pane { title: "Shadows", kind: PaneKind::Shadows },
        places: &[Place {
            screen: Screen::Overview,
            side: Side::Left,
            rows: |s, wants| (wants > 0 && s.height >= STEPS).then(|| wants.min((s.height / 5).max(2))),
        }],
        wants: shadows::rows,
        summary: shadows::summary,
        extent: shadows::extent,
        draw: shadows::draw,
    },
    PaneRow {
        pane: Pane { title: "Load", kind: STRIP },
        places: &[strip(|s, _| strip_rows(s, 0))],
        wants: nothing,
        summary: load::summary,
        extent: no_list,
        draw: load::draw,
    },
    PaneRow {
        pane: Pane { title: "Gateway", kind: STRIP },
        places: &[strip(|s, _| strip_rows(s, 1))],
        wants: nothing,
        summary: gateway::summary,
        extent: no_list,
        draw: gateway::draw,
    },
    PaneRow {
        pane: Pane { title: "Data streams", kind: PaneKind::List(List::Streams) },
        places: &[Place {
            screen: Screen::Ingest,
            side: Side::Left,
            rows: |s, wants| {
                let least = if ingest_chart(s) { 4 } else { 3 };
                Some(wants.clamp(least, (s.height / 2).max(least)))
            },
        }],
        wants: |cx, _| streams::rows(cx),
        summary: streams::summary,
        extent: streams::extent,
        draw: streams::draw,
    },
    PaneRow {
        pane: Pane { title: "Ingest", kind: STRIP },
        places: &[
            strip(|s, _| strip_rows(s, 2)),
            Place {
                screen: Screen::Ingest,
                side: Side::Left,
                rows: |s, _| {
                    Some(if !ingest_chart(s) {
                        0
                    } else if s.wide {
                        FILL
                    } else {
                        (s.height / 4).clamp(3, 12)
                    })
                },
            },
        ],
        wants: nothing,
        summary: ingest::summary,
        extent: no_list,
        draw: ingest::draw,
    },
    PaneRow {
        pane: Pane { title: "Back-pressure", kind: TEXT },
        places: &[Place {
            screen: Screen::Ingest,
            side: Side::Right,
            rows: |s, wants| {
                let most = if s.wide { (s.height / 3).min(12) } else { (s.height / 5).clamp(2, 7) };
                Some(wants.min(most))
            },
        }],
        wants: pressure::wanted,
        summary: pressure::summary,
        extent: pressure::extent,
        draw: pressure::draw,
    },
    PaneRow {
        pane: Pane { title: "Log quality", kind: TEXT },
        places: &[Place { screen: Screen::Ingest, side: Side::Right, rows: |_, _| Some(FILL) }],
        wants: nothing,
        summary: quality::summary,
        extent: quality::extent,
        draw: quality::draw,
    },
    PaneRow {
        pane: NOW,
        places: &[Place {
            screen: Screen::Overview,
            side: Side::Right,
            rows: |s, wants| Some(wants.min(if s.wide { s.height / 2 } else { 3 + s.spare() / 3 })),
        }],
        wants: now::rows,
        summary: now::summary,
        extent: now::extent,
        draw: now::draw,
    },
    PaneRow {
        pane: Pane { title: "Findings", kind: PaneKind::Findings },
        places: &[Place {
            screen: Screen::Overview,
            side: Side::Right,
            rows: |s, wants| s.wide.then(|| wants.clamp(2, (s.height / 3).max(2))),
        }],
        wants: findings::lines,
        summary: findings::summary,
        extent: findings::extent,
        draw: findings::draw,
    },
    PaneRow {
        pane: Pane { title: "Timeline", kind: PaneKind::List(List::Expectations) },
        // It comes first; markers and events share what it leaves, and keep a few rows each.
        places: &[Place {
            screen: Screen::Timeline,
            side: Side::Left,
            rows: |s, wants| Some(wants.min(s.height.saturating_sub(4 + 2 * below_expectations(s)))),
        }],
        wants: |cx, _| expectations::rows(cx),
        summary: expectations::summary,
        extent: expectations::extent,
        draw: expectations::draw,
    },
    PaneRow {
        pane: Pane { title: "Markers", kind: PaneKind::List(List::Markers) },
        places: &[Place {
            screen: Screen::Timeline,
            side: Side::Left,
            rows: |s, wants| Some(wants.min(below_expectations(s))),
        }],
        wants: |cx, _| markers::rows(cx),
        summary: markers::summary,
        extent: markers::extent,
        draw: markers::draw,
    },
    PaneRow {
        pane: Pane { title: "Events", kind: PaneKind::List(List::Events) },
        places: &[
            Place {
                screen: Screen::Overview,
                side: Side::Right,
                rows: |s, _| match s.spare() {
                    _ if s.wide => Some(FILL),
                    spare => (spare >= 6).then_some(spare / 2),
                },
            },
            filling(Screen::Timeline, Side::Left),
        ],
        wants: nothing,
        summary: events::summary,
        extent: events::extent,
        draw: events::draw,
    },
    PaneRow {
        pane: Pane { title: "Decisions", kind: PaneKind::List(List::Decisions) },
        places: &[filling(Screen::Decisions, Side::Left)],
        wants: nothing,
        summary: decisions::summary,
        extent: decisions::extent,
        draw: decisions::draw,
    },
    PaneRow {
        pane: Pane { title: "Gateways", kind: PaneKind::List(List::Pods) },
        places: &[filling(Screen::Gateways, Side::Left)],
        wants: nothing,
        summary: gateways::summary,
        extent: gateways::extent,
        draw: gateways::draw,
    },
    PaneRow {
        pane: Pane { title: "Pipeline", kind: TEXT },
        places: &[filling(Screen::Pipeline, Side::Left)],
        wants: nothing,
        summary: pipeline::summary,
        extent: pipeline::extent,
        draw: pipeline::draw,
    },
];

const NOW: Pane = Pane { title: "Now", kind: TEXT };

/// A row or two under the charts of Overview; in a single column its title is all. With less height they go one after the
/// other, the last first, so that a row fewer takes no more than a row.
const fn strip(rows: fn(Space, u16) -> Option<u16>) -> Place {
    Place { screen: Screen::Overview, side: Side::Left, rows }
}

/// `place`: 0 for the strip that stays longest.
fn strip_rows(space: Space, place: u16) -> Option<u16> {
    let height = space.height.saturating_sub(place);
    match height {
        ..STRIPS => None,
        _ if !space.wide => Some(0),
        h => Some(if h >= 42 { 2 } else { u16::from(h >= 28) }),
    }
}

/// Whether Ingest has a chart under its data streams.
fn ingest_chart(space: Space) -> bool {
    space.wide || space.height >= 28
}

fn below_expectations(space: Space) -> u16 {
    (space.height / 6).clamp(2, 8)
}

fn nothing(_: &Cx, _: Size) -> u16 {
    0
}

/// Which panes each screen has, in the order of Tab: what the keys are handed.
pub fn panes() -> Vec<(Screen, Pane)> {
    PANES.iter().flat_map(|row| row.places.iter().map(|place| (place.screen, row.pane))).collect()
}

/// The title of a pane. Where findings have no pane of their own, the worst of them is the summary of Now.
pub fn title(slot: &Slot, cx: &Cx, findings_shown: bool) -> Title {
    let row = slot.row;
    let worst = if row.pane == NOW && !findings_shown { findings::first(cx) } else { None };
    let summary = worst.unwrap_or_else(|| (row.summary)(cx));
    let extent = (row.extent)(cx, slot.inner).text(cx.look.symbols.glyphs());
    Title { name: row.pane.title, summary, extent }
}

/// A row of the picker: its name, its last hour, what is known of it, and the colour of that.
pub fn picked(cx: &Cx, row: &HpaRow) -> (String, String, String, Role) {
    fleet::picked(cx, row)
}

/// All findings in full.
pub fn findings_window(cx: &Cx, most: usize) -> Vec<Vec<(String, Style)>> {
    findings::window(cx, most)
}

/// Why a feed gives nothing, for screens without panes.
pub fn reason_without_data(cx: &Cx, feed: Feed) -> String {
    empty_state::short(cx, feed)
}
