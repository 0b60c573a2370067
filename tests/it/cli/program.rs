//! The program in a pseudo-terminal, in an environment that holds nothing but a kubeconfig.

use super::pty::{Pty, clean};
use portable_pty::CommandBuilder;
use std::path::Path;

/// The program, in an environment that holds nothing else.
pub fn edot_tui(kubeconfig: &Path, args: &[&str]) -> CommandBuilder {
    let mut command = clean(CommandBuilder::new(crate::it::support::program()));
    command.env("KUBECONFIG", kubeconfig);
    command.args(args);
    command
}

/// The dashboard on the classic size, once it shows itself.
pub fn dashboard(kubeconfig: &Path, args: &[&str]) -> Pty {
    let mut pty = Pty::spawn(edot_tui(kubeconfig, args), (100, 30));
    pty.until("the first frame", |s| s.contents().contains("edot-tui"));
    pty
}
