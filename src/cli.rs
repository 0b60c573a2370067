//! What was typed (clap), and the commands that only speak of the program itself: completions and the manual.
//!
//! Flags are only collected here; their values are checked with those of the environment and the file, in `config`.

mod flags;
mod offline;
mod words;

pub use flags::Common;
pub use offline::{Compare, Looks, Report, WhatIf};

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
    tape: Tape,
    #[command(flatten)]
    common: Common,
}

/// The dashboard.
#[derive(Debug, Args)]
pub struct Live {
    #[command(flatten)]
    tape: Tape,
    #[command(flatten)]
    common: Common,
}

/// Recording from the start.
#[derive(Clone, Debug, Default, Args)]
pub struct Tape {
    /// Record to this file from the start; .gz compresses. It must not exist yet
    #[arg(long, value_name = "FILE", help_heading = "Recording")]
    pub record: Option<PathBuf>,
    /// The most bytes of a recording, such as 500MB; there it ends [default: 10GB]
    #[arg(long, value_name = "SIZE", value_parser = bytes, help_heading = "Recording")]
    pub record_limit: Option<u64>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the dashboard (the default)
    Live(Box<Live>),
    /// Watch the embedded lab, or serve it to kubectl and others
    #[command(long_about = words::LAB, after_help = words::LAB_AFTER)]
    Lab(Box<Lab>),
    /// Say once how the HPA, its pods and the load stand
    #[command(long_about = words::STATUS, after_help = words::STATUS_AFTER, after_long_help = words::with_schema(words::STATUS_AFTER, crate::report::schema::Schema::Status))]
    Status(Box<Status>),
    /// Write down all that is observed, without a terminal
    #[command(long_about = words::RECORD, after_help = words::RECORD_AFTER)]
    Record(Box<Record>),
    /// Show a recording as it was, at any pace, from any moment
    #[command(long_about = words::REPLAY, after_help = words::REPLAY_AFTER)]
    Replay(Box<Replay>),
    /// Check configuration, access, metrics and the HPA, and say what would mend them
    #[command(long_about = words::DOCTOR)]
    Doctor(Box<Doctor>),
    /// Tell of a recording: what happened, whether it was as expected, and pictures of it
    Report(Box<Report>),
    /// Put two recordings side by side, aligned at their load's start
    Compare(Box<Compare>),
    /// Re-run the controller over a recording under other settings
    WhatIf(Box<WhatIf>),
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

/// `record`.
#[derive(Debug, Args)]
pub struct Record {
    /// The file; .gz compresses, - is stdout [default: a new one in $XDG_STATE_HOME/edot-tui/recordings]
    #[arg(short, long, value_name = "FILE", help_heading = "Recording")]
    pub output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, help_heading = "Recording")]
    pub overwrite: bool,
    /// Start the load once every feed is up
    #[arg(long, help_heading = "Recording")]
    pub simulate: bool,
    /// End after so long, such as 10m
    #[arg(long = "for", value_name = "DURATION", value_parser = long, help_heading = "Recording")]
    pub most: Option<Duration>,
    /// End when the load has ended and the HPA has come to rest; with --simulate the default
    #[arg(long, value_name = "WHAT", value_parser = PossibleValuesParser::new(["settled"]), help_heading = "Recording")]
    pub until: Option<String>,
    /// The most bytes, such as 500MB; there it ends [default: 10GB]
    #[arg(long, value_name = "SIZE", value_parser = bytes, help_heading = "Recording")]
    pub limit: Option<u64>,
    #[command(flatten)]
    common: Common,
}

/// `lab`.
#[derive(Debug, Args)]
pub struct Lab {
    /// Only serve the lab's API on 127.0.0.1, and print the path of a kubeconfig for it
    #[arg(long, help_heading = "Lab", conflicts_with = "list")]
    pub serve: bool,
    /// List the scenarios
    #[arg(long, help_heading = "Lab")]
    pub list: bool,
    #[command(flatten)]
    tape: Tape,
    #[command(flatten)]
    common: Common,
}

impl Record {
    /// Whether it ends when all has come to rest.
    pub fn until_settled(&self) -> bool {
        self.until.is_some() || (self.simulate && self.most.is_none())
    }

    /// Whether the exit code is that of the verdict.
    pub fn judged(&self) -> bool {
        self.simulate || self.until.is_some()
    }
}

/// `replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// The recording; - is standard input
    pub file: PathBuf,
    /// Begin so long after its beginning, such as 2m30s
    #[arg(long, value_name = "DURATION", value_parser = long, help_heading = "Replay")]
    pub at: Option<Duration>,
    /// Times real time: 0.25 to 256, in doublings
    #[arg(long, value_name = "N", default_value = "1", value_parser = pace, help_heading = "Replay")]
    pub pace: f64,
    /// Begin standing still
    #[arg(long, help_heading = "Replay")]
    pub paused: bool,
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
        let looks = match &self.command {
            Some(Command::Report(report)) => report.looks.given(),
            Some(Command::Compare(compare)) => compare.looks.given(),
            Some(Command::WhatIf(asked)) => asked.looks.given(),
            _ => Vec::new(),
        };
        self.commons().flat_map(Common::given).chain(looks).collect()
    }

    /// `--config`.
    pub fn config(&self) -> Option<PathBuf> {
        self.commons().filter_map(|c| c.config.clone()).last()
    }

    /// `--print-config`.
    pub fn print_config(&self) -> bool {
        self.commons().any(|c| c.print_config)
    }

    /// `--record` and what goes with it, for the dashboard.
    pub fn tape(&self) -> Tape {
        let own = match &self.command {
            Some(Command::Live(live)) => live.tape.clone(),
            Some(Command::Lab(lab)) => lab.tape.clone(),
            _ => Tape::default(),
        };
        Tape {
            record: own.record.or_else(|| self.tape.record.clone()),
            record_limit: own.record_limit.or(self.tape.record_limit),
        }
    }

    /// Whether the command is the dashboard.
    pub fn is_live(&self) -> bool {
        matches!(self.command, None | Some(Command::Live(_) | Command::Lab(_)))
    }

    fn commons(&self) -> impl Iterator<Item = &Common> {
        let own = match &self.command {
            Some(Command::Live(live)) => Some(&live.common),
            Some(Command::Record(record)) => Some(&record.common),
            Some(Command::Lab(lab)) => Some(&lab.common),
            Some(Command::Replay(replay)) => Some(&replay.common),
            Some(Command::Status(status)) => Some(&status.common),
            Some(Command::Doctor(doctor)) => Some(&doctor.common),
            Some(
                Command::Report(_)
                | Command::Compare(_)
                | Command::WhatIf(_)
                | Command::Completions { .. }
                | Command::Man,
            )
            | None => None,
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

/// A duration of at most 30 days.
fn long(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().map(Duration::from_secs);
    seconds
        .or_else(|| humantime::parse_duration(text).ok())
        .filter(|d| (Duration::from_secs(1)..=Duration::from_secs(30 * 86_400)).contains(d))
        .ok_or_else(|| "a duration from 1s to 30days, such as 10m or 1h30m".into())
}

fn pace(text: &str) -> Result<f64, String> {
    let n = text.trim_start_matches('×').parse().ok();
    let n = n.filter(|n: &f64| (0.25..=256.0).contains(n) && n.log2().fract() == 0.0);
    n.ok_or_else(|| "one of 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256".into())
}

/// `500MB`; a bare number is bytes.
fn bytes(text: &str) -> Result<u64, String> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let factor = match text[at..].trim().to_ascii_lowercase().trim_end_matches('b') {
        "" => 1,
        "k" => 1000,
        "m" => 1_000_000,
        "g" => 1_000_000_000,
        _ => 0,
    };
    let n = text[..at].parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).filter(|n| *n > 0);
    n.ok_or_else(|| "a size such as 500MB, 10GB or a number of bytes".into())
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
