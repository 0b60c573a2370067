//! `edot-tui man`: the manual page.

use super::Cli;
use crate::{
    advise,
    error::{CommandError, SUCCESS},
    stdio,
};
use clap::{Arg, CommandFactory};

/// Prints the manual page.
///
/// # Errors
/// stdout cannot be written.
pub fn run() -> Result<u8, CommandError> {
    stdio::data(&man()?).map(|()| SUCCESS)
}

/// The manual page (roff): the program, each command with the flags that are its own, and every finding.
///
/// # Errors
/// None in practice; writing to memory is fallible by type.
pub fn man() -> std::io::Result<String> {
    let mut out = Vec::new();
    let all = Cli::command();
    let help = |a: &Arg| a.get_help().map(ToString::to_string);
    let shared = |own: &Arg| all.get_arguments().any(|a| a.get_id() == own.get_id() && help(a) == help(own));
    clap_mangen::Man::new(all.clone()).render(&mut out)?;
    for command in all.get_subcommands() {
        let mut command = command.clone().bin_name(format!("edot-tui {}", command.get_name()));
        command = command.mut_args(|arg| if shared(&arg) { arg.hide(true) } else { arg });
        let title = format!(".SH EDOT-TUI {}\n", command.get_name().to_uppercase());
        out.extend(title.into_bytes());
        let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
        out.extend(roff(&about).into_bytes());
        let after =
            command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string).unwrap_or_default();
        let mut options = Vec::new();
        clap_mangen::Man::new(command).render_options_section(&mut options)?;
        out.extend(String::from_utf8_lossy(&options).replace(".SH ", ".SS ").into_bytes());
        out.extend(roff(&after).into_bytes());
    }
    out.extend(b".SH FINDINGS\n");
    let rows =
        advise::kinds().into_iter().map(|kind| format!("{}\n    {}\n    hint: {}\n", kind.id, kind.when, kind.hint));
    out.extend(roff(&rows.collect::<String>()).into_bytes());
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Text as roff: no line of it is taken for a request, and columns stay as they are.
fn roff(text: &str) -> String {
    let lines = text.lines().map(|l| format!("\\&{}\n", l.replace('\\', "\\\\").replace('-', "\\-")));
    format!(".nf\n{}.fi\n", lines.collect::<String>())
}
