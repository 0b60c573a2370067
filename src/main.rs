//! Reads the command line, runs the command, prints its error, and ends with its exit code; nothing else.

use clap::Parser;
use edot_tui::{
    commands::{self, Cli},
    stdio,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    let code = commands::run(&Cli::parse()).unwrap_or_else(|error| {
        stdio::message(&error.to_string());
        error.exit_code()
    });
    ExitCode::from(code)
}
