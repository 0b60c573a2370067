//! The command line and its commands: one file each, with the arguments beside what runs them.

mod args;
mod compare;
mod completions;
mod doctor;
mod feeds_ready;
mod help_text;
mod import;
mod lab;
mod live;
mod man;
mod record;
mod replay;
mod report;
mod runs;
mod sessions;
mod shadow;
mod size;
mod stack;
mod status;
mod tune;
mod version;
mod what_if;

#[cfg(test)]
pub use {completions::completions, man::man, status::StatusFormat};

use crate::{
    app::Ended,
    config::{
        self, ConfigError, Given, Settings,
        kept::{self, Kept},
    },
    error::{CommandError, SUCCESS, VERDICT_FAILED, signal_exit_code},
    logging, offline, open,
    report::schema::Schema,
    signals, stdio, terminal,
    ui::{Keymap, Sort, Ui, Window, YAxis},
    verdict::{Overall, Verdict},
    view::{self, Look},
};
use args::{RecordingFlags, SettingFlags, StoreFlags};
use clap::{Parser, Subcommand, ValueEnum};
use std::{io::IsTerminal, path::PathBuf};

/// Watch an OpenTelemetry Collector gateway scale under a Kubernetes HorizontalPodAutoscaler, live, in a terminal.
#[derive(Debug, Parser)]
#[command(name = "edot-tui", version = version::SHORT, long_version = version::long(), after_help = help_text::AFTER, after_long_help = help_text::AFTER_LONG)]
#[command(subcommand_help_heading = "Commands", max_term_width = 100)]
pub struct Cli {
    /// None: the dashboard, as with `live`.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    recording: RecordingFlags,
    #[command(flatten)]
    settings: SettingFlags,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the dashboard (the default)
    Live(Box<live::Live>),
    /// Watch the embedded lab, or serve it to kubectl and others
    #[command(long_about = help_text::LAB, after_help = help_text::LAB_AFTER)]
    Lab(Box<lab::Lab>),
    /// Print the status of the HPA, its pods and the load once
    #[command(long_about = help_text::STATUS, after_help = help_text::STATUS_AFTER, after_long_help = help_text::with_schemas(help_text::STATUS_AFTER, &[Schema::Status, Schema::Fleet]))]
    Status(Box<status::Status>),
    /// Record all observations, without a terminal
    #[command(long_about = help_text::RECORD, after_help = help_text::RECORD_AFTER)]
    Record(Box<record::Record>),
    /// Make a recording of what EDOT stored in Elasticsearch
    #[command(long_about = help_text::IMPORT, after_help = help_text::IMPORT_AFTER)]
    Import(Box<import::Import>),
    /// Show a recording as it was, at any pace, from any moment
    #[command(long_about = help_text::REPLAY, after_help = help_text::REPLAY_AFTER)]
    Replay(Box<replay::Replay>),
    /// Check configuration, access, metrics and the HPA, with hints
    #[command(long_about = help_text::DOCTOR, after_long_help = help_text::with_schema("", Schema::Doctor))]
    Doctor(Box<doctor::Doctor>),
    /// Summarize a recording: what happened, whether it met expectations, and pictures of it
    #[command(long_about = help_text::REPORT, after_help = help_text::REPORT_AFTER, after_long_help = help_text::with_schema(help_text::REPORT_AFTER, Schema::Report))]
    Report(Box<report::Report>),
    /// Put two recordings side by side, aligned at their load's start
    #[command(long_about = help_text::COMPARE, after_help = help_text::COMPARE_AFTER, after_long_help = help_text::with_schema(help_text::COMPARE_AFTER, Schema::Compare))]
    Compare(Box<compare::Compare>),
    /// Re-run the controller over a recording under other settings
    #[command(long_about = help_text::WHAT_IF, after_help = help_text::WHAT_IF_AFTER, after_long_help = help_text::with_schema(help_text::WHAT_IF_AFTER, Schema::WhatIf))]
    WhatIf(Box<what_if::WhatIf>),
    /// Search better settings of the HPA over recordings
    #[command(long_about = help_text::TUNE, after_help = help_text::TUNE_AFTER, after_long_help = help_text::with_schema(help_text::TUNE_AFTER, Schema::Tune))]
    Tune(Box<tune::Tune>),
    /// What a gateway's replica carries, and how many a forecast needs
    #[command(long_about = help_text::SIZE, after_help = help_text::SIZE_AFTER, after_long_help = help_text::with_schema(help_text::SIZE_AFTER, Schema::Size))]
    Size(Box<size::Size>),
    /// Run other settings of the HPA beside its own while it is watched
    #[command(long_about = help_text::SHADOW, after_help = help_text::SHADOW_AFTER, after_long_help = help_text::with_schema(help_text::SHADOW_AFTER, Schema::Shadow))]
    Shadow(Box<shadow::Shadow>),
    /// Keep recordings in Elasticsearch, find them again, and see how figures change over them
    #[command(long_about = help_text::SESSIONS, after_help = help_text::SESSIONS_AFTER)]
    Sessions(Box<sessions::Sessions>),
    /// Bring the guide's system to a cluster, look at it, and remove it
    #[command(long_about = help_text::STACK, after_help = help_text::STACK_AFTER)]
    Stack(Box<stack::Stack>),
    /// Print a completion script for a shell
    #[command(after_help = help_text::COMPLETIONS_AFTER)]
    Completions(completions::Completions),
    /// Print the manual page: `edot-tui man | man -l -`
    Man,
}

impl Command {
    /// The settings' flags that were typed after the command.
    fn settings(&self) -> Option<&SettingFlags> {
        match self {
            Command::Live(live) => Some(&live.settings),
            Command::Lab(lab) => Some(&lab.settings),
            Command::Status(status) => Some(&status.settings),
            Command::Record(record) => Some(&record.settings),
            Command::Import(import) => Some(&import.settings),
            Command::Replay(replay) => Some(&replay.settings),
            Command::Doctor(doctor) => Some(&doctor.settings),
            Command::Report(report) => Some(&report.look.0),
            Command::Compare(compare) => Some(&compare.look.0),
            Command::WhatIf(what_if) => Some(&what_if.look.0),
            Command::Tune(tune) => Some(&tune.look.0),
            Command::Size(size) => Some(&size.look.0),
            Command::Shadow(shadow) => Some(&shadow.settings),
            Command::Sessions(sessions) => Some(&sessions.settings().0),
            Command::Stack(stack) => Some(stack.settings()),
            Command::Completions(_) | Command::Man => None,
        }
    }
}

impl Cli {
    /// The settings' flags before and after the command; the later of two wins.
    pub fn given(&self) -> Vec<Given> {
        self.flags().flat_map(|flags| flags.given.clone()).collect()
    }

    /// `--config`.
    pub fn config(&self) -> Option<PathBuf> {
        self.flags().filter_map(|flags| flags.config.clone()).last()
    }

    /// `--print-config`.
    pub fn print_config(&self) -> bool {
        self.flags().any(|flags| flags.print_config)
    }

    fn flags(&self) -> impl Iterator<Item = &SettingFlags> {
        std::iter::once(&self.settings).chain(self.command.as_ref().and_then(Command::settings))
    }

    /// Settings from what was typed, the process's environment and the configuration file.
    fn resolve(&self) -> Result<Settings, ConfigError> {
        config::resolve(self.given(), self.config(), &config::environment())
    }

    /// The flags of recording before and after the command.
    fn recording(&self) -> RecordingFlags {
        let own = match &self.command {
            Some(Command::Live(live)) => live.recording.clone(),
            Some(Command::Lab(lab)) => lab.recording.clone(),
            Some(Command::Shadow(shadow)) => shadow.recording.clone(),
            _ => RecordingFlags::default(),
        };
        let keeping = self.recording.keeping.clone();
        RecordingFlags {
            record: own.record.or_else(|| self.recording.record.clone()),
            record_limit: own.record_limit.or(self.recording.record_limit),
            keeping: StoreFlags {
                store: own.keeping.store || keeping.store,
                tag: [own.keeping.tag, keeping.tag].concat(),
                otlp: own.keeping.otlp.or(keeping.otlp),
            },
        }
    }

    fn is_dashboard(&self) -> bool {
        matches!(self.command, None | Some(Command::Live(_) | Command::Lab(_) | Command::Shadow(_)))
    }
}

/// Runs the command; its exit code.
///
/// # Errors
/// Those of the command; the settings are wrong.
pub fn run(cli: &Cli) -> Result<u8, CommandError> {
    signals::survive_file_limits()?;
    // These need no settings, so a faulty configuration does not disturb them.
    match &cli.command {
        Some(Command::Completions(args)) => return completions::run(args),
        Some(Command::Man) => return man::run(),
        Some(Command::Lab(args)) if args.list => return lab::list(),
        _ => {}
    }
    let settings = cli.resolve()?;
    if cli.print_config() {
        return stdio::data(&config::print(&settings)).map(|()| SUCCESS);
    }
    let recording = cli.recording();
    if (recording.record.is_some() || recording.keeping.store) && !cli.is_dashboard() {
        let text =
            "--record and --store before the command go with the dashboard; without a terminal it is edot-tui record";
        return Err(CommandError::usage(text));
    }
    if let Some(log) = settings.log() {
        logging::start(&log).map_err(CommandError::failed)?;
    }
    match &cli.command {
        None | Some(Command::Live(_)) => live::run(&settings, &recording, Vec::new()),
        Some(Command::Lab(args)) => lab::run(&settings, args, &recording),
        Some(Command::Status(args)) => status::run(&settings, args),
        Some(Command::Record(args)) => record::run(&settings, args),
        Some(Command::Import(args)) => import::run(&settings, args),
        Some(Command::Replay(args)) => replay::run(&settings, args),
        Some(Command::Doctor(args)) => doctor::run(&settings, args),
        Some(Command::Report(args)) => report::run(&settings, args),
        Some(Command::Compare(args)) => compare::run(&settings, args),
        Some(Command::WhatIf(args)) => what_if::run(&settings, args),
        Some(Command::Tune(args)) => tune::run(&settings, args),
        Some(Command::Size(args)) => size::run(&settings, args),
        Some(Command::Shadow(args)) => shadow::run(&settings, args, &recording),
        Some(Command::Sessions(args)) => sessions::run(&settings, args),
        Some(Command::Stack(args)) => stack::run(&settings, args),
        Some(Command::Completions(args)) => completions::run(args),
        Some(Command::Man) => man::run(),
    }
}

/// Runs a command on a runtime of its own.
fn block_on<T>(command: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    // One worker: everything that is not drawing waits for the network.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let result = runtime.block_on(command);
    // A request that hangs must not keep the user from the shell.
    runtime.shutdown_background();
    result
}

/// The dashboard's state at the start, with the user's own keys and expectations.
fn read_ui(settings: &Settings, readonly: bool) -> Result<Ui, CommandError> {
    let own = settings.expectations.as_deref();
    let expected = own.map(|path| offline::expectations(Some(path))).transpose()?;
    let keymap = Keymap::from_config(&settings.keys).map_err(CommandError::usage)?;
    Ok(Ui { expected, keys: keymap, themes: open::themes(settings), ..Ui::new(readonly, view::panes()) })
}

/// The look and the state of the dashboard at its start, as they were left the last time. What was given counts more, and a
/// theme that is gone counts nothing.
///
/// # Errors
/// A theme, a key or the expectations are faulty.
fn look_and_ui(settings: &Settings, readonly: bool) -> Result<(Look, Ui), CommandError> {
    let kept = kept::read(settings);
    let mut look = open::look(settings)?;
    if !kept.theme.is_empty() && !settings.is_given("theme") {
        let _ = look.set_theme(&kept.theme);
    }
    let (y, window) = (YAxis::of_word(&kept.y_axis), Window::of_word(&kept.zoom));
    let sort = Sort::of_words(&kept.sort_pods, &kept.sort_streams);
    Ok((look, Ui { y, window, sort, ..read_ui(settings, readonly)? }))
}

/// Whether the dashboard runs in the lab for the first time, as far as is kept.
fn is_first_in_lab(settings: &Settings) -> bool {
    settings.lab && !settings.no_state && !kept::read(settings).welcomed
}

/// Keeps what the user has changed of the look, for the next start. It is of no weight if that fails.
fn keep(settings: &Settings, kept: &Kept) {
    let theme = match (kept.theme == settings.theme, settings.is_given("theme")) {
        (false, _) => kept.theme.clone(),
        (true, true) => kept::read(settings).theme,
        (true, false) => String::new(),
    };
    let welcomed = settings.lab || kept::read(settings).welcomed;
    if let Err(error) = kept::write(settings, &Kept { theme, welcomed, ..kept.clone() }) {
        tracing::warn!("state: {error}");
    }
}

/// Refuses where no dashboard can be drawn. `instead` says what can be done there.
fn need_screen(what: &str, instead: &str) -> Result<(), CommandError> {
    if !std::io::stdout().is_terminal() {
        return Err(CommandError::usage(format!("{what} needs a terminal; {instead}")));
    }
    let variable = |name| std::env::var(name).ok();
    if !terminal::is_screen(variable("TERM").as_deref(), variable("COLORTERM").as_deref()) {
        let term = variable("TERM").map_or_else(|| "TERM is not set".to_owned(), |term| format!("TERM is {term:?}"));
        return Err(CommandError::usage(format!("{what} needs a terminal with a cursor, and {term}; {instead}")));
    }
    Ok(())
}

fn dashboard_exit_code(ended: Ended) -> Result<u8, CommandError> {
    match ended {
        Ended::Quit => Ok(SUCCESS),
        Ended::Signal(number) => Ok(signal_exit_code(number)),
        Ended::Failed(error) => Err(error),
    }
}

fn verdict_exit_code(verdict: &Verdict) -> u8 {
    if verdict.result == Overall::Fail { VERDICT_FAILED } else { SUCCESS }
}

/// The formats of a page about two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    Text,
    Json,
    Html,
}

/// Where text and charts of characters are printed.
struct TextTarget {
    /// Columns.
    width: u16,
    colours: bool,
}

/// stdout: a terminal's own width, and its colours; plain otherwise, in the columns of `COLUMNS`, or 80.
fn text_target(settings: &Settings) -> TextTarget {
    match std::io::stdout().is_terminal() {
        true => TextTarget { width: terminal::width().clamp(40, 200), colours: settings.color },
        false => {
            let columns = std::env::var("COLUMNS").ok().and_then(|c| c.trim().parse::<u16>().ok());
            TextTarget { width: columns.unwrap_or(80).clamp(40, 200), colours: false }
        }
    }
}
