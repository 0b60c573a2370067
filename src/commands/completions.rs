//! `edot-tui completions`: a completion script for a shell.

use super::Cli;
use crate::{
    error::{CommandError, SUCCESS},
    stdio,
};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// stdout cannot be written.
pub fn run(args: &Completions) -> Result<u8, CommandError> {
    stdio::data(&completions(args.shell)).map(|()| SUCCESS)
}

/// The completion script.
pub fn completions(shell: Shell) -> String {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "edot-tui", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
