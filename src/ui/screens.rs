//! Screens and their panes, by name. Must not know how large they are or how they look.

/// The six screens, on the number keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    Overview,
    Decisions,
    Gateways,
    Pipeline,
    Ingest,
    Timeline,
}

/// A part of a screen that can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    Utilization,
    Replicas,
    Load,
    Gateway,
    Ingest,
    Now,
    Findings,
    Events,
    Decisions,
    Pods,
    Pipeline,
    Streams,
    Pressure,
    Quality,
    Expectations,
    Markers,
}

impl Screen {
    pub const ALL: [Screen; 6] =
        [Screen::Overview, Screen::Decisions, Screen::Gateways, Screen::Pipeline, Screen::Ingest, Screen::Timeline];

    pub fn name(self) -> &'static str {
        match self {
            Screen::Overview => "Overview",
            Screen::Decisions => "Decisions",
            Screen::Gateways => "Gateways",
            Screen::Pipeline => "Pipeline",
            Screen::Ingest => "Ingest",
            Screen::Timeline => "Timeline",
        }
    }

    /// The screen of that name, whatever its case.
    pub fn named(name: &str) -> Option<Screen> {
        Screen::ALL.into_iter().find(|s| s.name().eq_ignore_ascii_case(name))
    }

    /// In the order of Tab.
    pub fn panes(self) -> &'static [Pane] {
        match self {
            Screen::Overview => &[
                Pane::Utilization,
                Pane::Replicas,
                Pane::Load,
                Pane::Gateway,
                Pane::Ingest,
                Pane::Now,
                Pane::Findings,
                Pane::Events,
            ],
            Screen::Decisions => &[Pane::Decisions],
            Screen::Gateways => &[Pane::Pods],
            Screen::Pipeline => &[Pane::Pipeline],
            Screen::Ingest => &[Pane::Streams, Pane::Ingest, Pane::Pressure, Pane::Quality],
            Screen::Timeline => &[Pane::Expectations, Pane::Markers, Pane::Events],
        }
    }
}
