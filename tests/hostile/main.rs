//! Hostile input against the whole program: broken recordings, servers that misbehave, terminals that do, full disks, kills.
//!
//! Each family has a short form that runs with every `cargo test` and a long one that is ignored: `cargo test --test hostile --
//! --ignored --nocapture` prints a table of what was tried, the largest memory and the longest time. Bounds for every case: no
//! panic, no abort, no internal (debug) text, an end within 10 s of what was asked for, below 300 MB. The program is run as a
//! process; nothing here may reach into the crate.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod api_server;
mod clock;
#[path = "../it/support/dice.rs"]
mod dice;
mod endpoints;
mod kubeconfigs;
mod lab_server;
mod process;
#[allow(dead_code)]
#[path = "../it/cli/pty.rs"]
mod pty;
mod recorder;
mod recordings;
mod reports;
mod server;
mod terminal;
