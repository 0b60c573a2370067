//! edot-tui watches an OpenTelemetry Collector gateway scale under a Kubernetes HorizontalPodAutoscaler, live, in a terminal.
//!
//! # In five minutes
//!
//! **Feeds emit stamped observations; the recorder writes them to a file; the session folds them; keys become requests; panes
//! read the session.**
//!
//! ```text
//! watches, polls ── source ── Stamped ──► App::take ──► Session::apply ──► view::draw(&Session, &Ui, &Look)
//!                     ▲                      └──► recorder ──► file              ▲
//!                     └── Control ◄── App carries out Request ◄── Ui::act(Action, &Session) ◄── keys
//! ```
//!
//! - An [`observe::Observation`] is what a source saw, raw and with the server's own times. Nothing else is ever recorded.
//! - A [`source`] emits observations and accepts [`control`]s. A cluster, the embedded [`lab`] and a [`replay`] look the same to
//!   everything that follows.
//! - The [`session::Session`] is the fold of all observations: what is known now, and how it came to be. The same observations
//!   always give the same session, so a replay shows what was on screen.
//! - On top of a session, and only reading it: [`advise`] (findings), [`verdict`] (a run against its expectations), [`view`]
//!   (screens and panes), [`report`] (JSON, text, HTML, CSV, JUnit, SVG, asciicast).
//! - [`hpa`] is the HPA controller's arithmetic, exact down to its truncations and wording, without any I/O: the dashboard explains
//!   the controller with it, and the lab runs it.
//!
//! # Where to start
//!
//! | you want to | read |
//! |---|---|
//! | compute what the controller would do | [`hpa`], with an example; [`hpa::quantity`] |
//! | fold a recording | [`recording::open`], [`session::Session::apply`] |
//! | know what stands out | [`advise::findings`] |
//! | hold a run to its expectations | [`verdict`] |
//! | add a pane, a feed, a finding, a key, a setting | `CONTRIBUTING.md` |
//!
//! `docs/architecture.md` has the rooms, who may import whom (a test reads that table), the invariants, and three walks: a watch
//! event, a scrape, a key. `docs/glossary.md` defines the words.

pub mod advise;
pub mod app;
pub mod clock;
pub mod commands;
pub mod config;
pub mod control;
pub mod doctor;
pub mod error;
pub mod explain;
pub mod format;
pub mod hpa;
pub mod lab;
pub mod logging;
pub mod observe;
pub mod offline;
pub mod open;
pub mod recording;
pub mod replay;
pub mod report;
pub mod session;
pub mod signals;
pub mod source;
pub mod stdio;
pub mod terminal;
pub mod ui;
pub mod verdict;
pub mod view;

// The tests of rooms together are part of this crate: they reach what is not public, by the name that others use.
#[cfg(test)]
extern crate self as edot_tui;
#[cfg(test)]
#[path = "../tests/it/main.rs"]
mod it;
