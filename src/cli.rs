//! What was typed (clap), and the commands that only speak of the program itself: completions and the manual.
//!
//! Flags are only collected here; their values are checked with those of the environment and the file, in `config`.

mod flags;
mod words;

pub use flags::Common;

use crate::config::{self, Given, keys};
use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Watch an OpenTelemetry Collector gateway scale under a Kubernetes HorizontalPodAutoscaler, live, in a terminal.
#[derive(Debug, Parser)]
#[command(name = "edot-tui", version, after_help = words::AFTER, after_long_help = words::AFTER_LONG)]
#[command(subcommand_help_heading = "Commands", disable_help_subcommand = true, max_term_width = 100)]
pub struct Cli {
    /// None: the dashboard, as with `live`.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    common: Common,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the dashboard (the default)
    Live(Box<Common>),
    /// Say once how the HPA, its pods and the load stand
    #[command(long_about = words::STATUS, after_help = words::STATUS_AFTER)]
    Status(Box<Status>),
    /// Check configuration, access, metrics and the HPA, and say what would mend them
    #[command(long_about = words::DOCTOR)]
    Doctor(Box<Doctor>),
    /// Print a completion script for a shell
    #[command(after_help = words::COMPLETIONS_AFTER)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page: `edot-tui man | man -l -`
    Man,
}

/// `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// What to print
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_parser = PossibleValuesParser::new(["text", "json", "screen"]), help_heading = "Output")]
    pub output: String,
    /// The longest to wait until every feed is up or known to be absent
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = wait, help_heading = "Output")]
    pub wait: Duration,
    /// With -o screen: columns and rows
    #[arg(long, value_name = "COLSxROWS", default_value = "120x36", value_parser = size, help_heading = "Output")]
    pub size: (u16, u16),
    /// With -o screen: the screen to print
    #[arg(long, value_name = "SCREEN", default_value = "overview", value_parser = PossibleValuesParser::new(SCREENS), help_heading = "Output")]
    pub screen: String,
    #[command(flatten)]
    common: Common,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// What to print
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_parser = PossibleValuesParser::new(["text", "json"]), help_heading = "Output")]
    pub output: String,
    #[command(flatten)]
    common: Common,
}

/// The screens, in the order of their keys.
pub const SCREENS: [&str; 6] = ["overview", "decisions", "gateways", "pipeline", "ingest", "timeline"];

impl Cli {
    /// What was typed before and after the command; the later of two wins.
    pub fn given(&self) -> Vec<Given> {
        self.commons().flat_map(Common::given).collect()
    }

    /// `--config`.
    pub fn config(&self) -> Option<PathBuf> {
        self.commons().filter_map(|c| c.config.clone()).last()
    }

    /// `--print-config`.
    pub fn print_config(&self) -> bool {
        self.commons().any(|c| c.print_config)
    }

    fn commons(&self) -> impl Iterator<Item = &Common> {
        let own = match &self.command {
            Some(Command::Live(common)) => Some(&**common),
            Some(Command::Status(status)) => Some(&status.common),
            Some(Command::Doctor(doctor)) => Some(&doctor.common),
            Some(Command::Completions { .. } | Command::Man) | None => None,
        };
        std::iter::once(&self.common).chain(own)
    }
}

/// The completion script.
pub fn completions(shell: clap_complete::Shell) -> String {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "edot-tui", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// The manual page (roff): the program, then each command with the flags that are its own.
///
/// # Errors
/// None in practice; writing to memory is fallible by type.
pub fn man() -> std::io::Result<String> {
    let mut out = Vec::new();
    let all = Cli::command();
    let shared: Vec<String> = all.get_arguments().map(|a| a.get_id().to_string()).collect();
    clap_mangen::Man::new(all.clone()).render(&mut out)?;
    for command in all.get_subcommands() {
        let mut command = command.clone().bin_name(format!("edot-tui {}", command.get_name()));
        for id in &shared {
            if command.get_arguments().any(|a| a.get_id().as_str() == id) {
                command = command.mut_arg(id, |a| a.hide(true));
            }
        }
        let title = format!(".SH EDOT-TUI {}\n", command.get_name().to_uppercase());
        out.extend(title.into_bytes());
        let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
        out.extend(roff(&about).into_bytes());
        let mut options = Vec::new();
        clap_mangen::Man::new(command).render_options_section(&mut options)?;
        out.extend(String::from_utf8_lossy(&options).replace(".SH ", ".SS ").into_bytes());
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Text as roff: no line of it is taken for a request, and columns stay as they are.
fn roff(text: &str) -> String {
    let lines = text.lines().map(|l| format!("\\&{}\n", l.replace('\\', "\\\\").replace('-', "\\-")));
    format!(".nf\n{}.fi\n", lines.collect::<String>())
}

fn wait(text: &str) -> Result<Duration, String> {
    let zero = (text == "0" || text == "0s").then_some(Duration::ZERO);
    zero.or_else(|| keys::duration(text)).ok_or_else(|| "a duration from 0s to 1h, such as 20s".into())
}

/// `120x36`, each from 1 to 1000.
fn size(text: &str) -> Result<(u16, u16), String> {
    let parts = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    parts
        .filter(|(w, h)| (1..=1000).contains(w) && (1..=1000).contains(h))
        .ok_or_else(|| "columns x rows, each from 1 to 1000, such as 120x36".into())
}

/// Settings from what was typed, the process's environment and the configuration file.
///
/// # Errors
/// See [`config::resolve`].
pub fn settings(cli: &Cli) -> Result<config::Settings, config::ConfigError> {
    config::resolve(cli.given(), cli.config(), &config::environment())
}
