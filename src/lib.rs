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
//! - A source emits observations and accepts controls. A cluster, the embedded lab and a replay look the same to
//!   everything that follows.
//! - The [`session::Session`] is the fold of all observations: what is known now, and how it came to be. The same observations
//!   always give the same session, so a replay shows what was on screen.
//! - On top of a session, and only reading it: `advise` (findings), [`verdict`] (a run against its expectations), `view`
//!   (screens and panes), `report` (JSON, text, HTML, CSV, JUnit, SVG, asciicast).
//! - [`hpa`] is the HPA controller's arithmetic, exact down to its truncations and wording, without any I/O: the dashboard explains
//!   the controller with it, and the lab runs it.
//!
//! # Example
//!
//! A recording, folded, and compared with what the guide expects of a run:
//!
//! ```
//! use edot_tui::recording;
//! use edot_tui::session::Session;
//! use edot_tui::verdict::{self, Expectations, Overall};
//!
//! let mut session = Session::default();
//! for observation in recording::open("tests/data/recordings/v1/cycle.jsonl.gz".as_ref())? {
//!     session.apply(&observation);
//! }
//! let verdict = verdict::run(&session, Expectations::guide());
//! assert_eq!(verdict.result, Overall::Pass);
//! # Ok::<(), recording::ReadError>(())
//! ```
//!
//! # Where to start
//!
//! | you want to | read |
//! |---|---|
//! | compute what the controller would do | [`hpa`], with an example; [`hpa::quantity`] |
//! | fold a recording | [`recording::open`], [`session::Session::apply`] |
//! | know what stands out | `src/advise.rs`, `docs/findings.md` |
//! | hold a run to its expectations | [`verdict`] |
//! | add a pane, a feed, a finding, a key, a setting | `CONTRIBUTING.md` |
//!
//! `docs/architecture.md` has the rooms, who may import whom (a test reads that table), the invariants, and three walks: a watch
//! event, a scrape, a key. `docs/glossary.md` defines the words.

mod advise;
mod app;
mod clock;
mod commands;
mod config;
mod control;
mod decide;
mod doctor;
mod error;
mod explain;
mod format;
mod guidance;
pub mod hpa;
mod import;
mod lab;
mod logging;
pub mod observe;
mod offline;
mod open;
mod otlp;
mod random;
pub mod recording;
mod redact;
mod replay;
mod report;
pub mod session;
mod signals;
mod source;
mod stack;
mod stdio;
mod store;
mod terminal;
mod trial;
mod ui;
pub mod verdict;
mod view;

use clap::Parser;
use std::process::ExitCode;

/// The program: reads the command line, runs the command, prints its error, and gives its exit code.
pub fn main() -> ExitCode {
    let code = commands::run(&commands::Cli::parse()).unwrap_or_else(|error| {
        stdio::message(&error.to_string());
        error.exit_code()
    });
    ExitCode::from(code)
}

// The tests of rooms together are part of this crate: they reach what is not public, by the name that others use.
#[cfg(test)]
extern crate self as edot_tui;
#[cfg(test)]
#[path = "../tests/it/main.rs"]
mod it;
