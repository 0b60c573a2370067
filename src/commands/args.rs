//! Flags that several commands share, and the values of flags that are no settings. The flags of settings are made from
//! their table; their values are checked in `config`, so that a wrong one gives the same message from every origin.

use crate::{
    config::{
        Given, Origin, duration,
        row::{Group, Setting},
        settings::{self, SETTINGS},
    },
    format::parse,
    ui::Screen,
};
use clap::{
    Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches,
    builder::{PossibleValuesParser, TypedValueParser, ValueParser},
    value_parser,
};
use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

/// The settings' flags as they were typed, for commands that observe a cluster.
#[derive(Clone, Debug, Default)]
pub struct SettingFlags {
    pub given: Vec<Given>,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--print-config`.
    pub print_config: bool,
}

/// Those of them that commands over recordings have: how things look, and where sessions are kept.
#[derive(Clone, Debug, Default)]
pub struct LookFlags(pub SettingFlags);

/// The settings behind [`LookFlags`].
const LOOK: [&str; 7] = ["store-url", "store-user", "store-api-key-file", "store-ca", "theme", "symbols", "no-color"];

/// Recording from the start.
#[derive(Clone, Debug, Default, Args)]
pub struct RecordingFlags {
    /// Record to this file from the start; .gz compresses. It must not exist yet
    #[arg(long, value_name = "FILE", help_heading = "Recording")]
    pub record: Option<PathBuf>,
    /// The most bytes of a recording, such as 500MB; there it ends [default: 10GB]
    #[arg(long, value_name = "SIZE", value_parser = bytes, help_heading = "Recording")]
    pub record_limit: Option<u64>,
    #[command(flatten)]
    pub keeping: StoreFlags,
}

/// Sending the recording into the store while it is written.
#[derive(Clone, Debug, Default, Args)]
pub struct StoreFlags {
    /// Send the recording to --store-url while it is written; what cannot be sent is sent later, from its file
    #[arg(long, help_heading = "Recording")]
    pub store: bool,
    /// With --store: a tag of the session, such as release=1.4; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag, requires = "store", help_heading = "Recording")]
    pub tag: Vec<String>,
    /// Send metrics, events and scale-ups by OTLP to this address, or to that of OTEL_EXPORTER_OTLP_ENDPOINT; the other
    /// variables OTEL_EXPORTER_OTLP_… hold for it, too
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "", help_heading = "Recording")]
    pub otlp: Option<String>,
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        let (files, others): (Vec<&Setting>, Vec<_>) = SETTINGS.iter().partition(|s| s.group == Group::Files);
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .help("Configuration file [default: $XDG_CONFIG_HOME/edot-tui/config.toml]")
            .help_heading(heading(Group::Files))
            .value_parser(value_parser!(PathBuf));
        let print_config = Arg::new("print-config")
            .long("print-config")
            .help("Print the configuration in force as TOML, with the source of each value, and end")
            .help_heading(heading(Group::Files))
            .action(ArgAction::SetTrue);
        command.args(others.into_iter().map(flag)).arg(config).args(files.into_iter().map(flag)).arg(print_config)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(SettingFlags {
            given: SETTINGS.iter().filter_map(|setting| given(setting, matches)).collect(),
            config: matches.get_one("config").cloned(),
            print_config: matches.get_flag("print-config"),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for LookFlags {
    fn augment_args(command: Command) -> Command {
        command.args(LOOK.iter().filter_map(|key| settings::find(key)).map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LookFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let settings = LOOK.iter().filter_map(|key| settings::find(key));
        let given = settings.filter_map(|setting| given(setting, matches)).collect();
        Ok(LookFlags(SettingFlags { given, ..SettingFlags::default() }))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// A setting's flag.
fn flag(setting: &'static Setting) -> Arg {
    let mut arg = Arg::new(setting.key)
        .long(setting.key)
        .value_name(setting.placeholder)
        .help(setting.help())
        .help_heading(heading(setting.group));
    if let Some(letter) = setting.short() {
        arg = arg.short(letter);
    }
    if setting.is_switch() {
        arg = arg.num_args(0..=1).require_equals(true).default_missing_value("true");
    }
    match setting.choices() {
        Some(choices) => arg.value_parser(PossibleValuesParser::new(choices)),
        None => arg,
    }
}

fn given(setting: &Setting, matches: &ArgMatches) -> Option<Given> {
    let value = matches.get_one::<String>(setting.key)?.clone();
    Some(Given { key: setting.key, value, origin: Origin::Flag })
}

fn heading(group: Group) -> &'static str {
    match group {
        Group::Cluster => "Cluster",
        Group::Load => "Load",
        Group::Lab => "Lab",
        Group::Collectors => "Collectors",
        Group::Elasticsearch => "Elasticsearch",
        Group::Look => "Look",
        Group::Files => "Files",
    }
}

/// A screen by its name.
pub fn screen() -> ValueParser {
    // In the order of their keys.
    const NAMES: [&str; 6] = ["overview", "decisions", "gateways", "pipeline", "ingest", "timeline"];
    PossibleValuesParser::new(NAMES).map(|name| Screen::named(&name).unwrap_or(Screen::Overview)).into()
}

/// How long to wait, or how much to show: up to one hour.
pub fn up_to_an_hour(text: &str) -> Result<Duration, String> {
    within(text, Duration::ZERO..=Duration::from_secs(3600), "a duration from 0s to 1h, such as 20s")
}

/// How long a run lasts: up to 30 days.
pub fn up_to_a_month(text: &str) -> Result<Duration, String> {
    let range = Duration::from_secs(1)..=Duration::from_secs(30 * 86_400);
    within(text, range, "a duration from 1s to 30days, such as 10m or 1h30m")
}

fn within(text: &str, range: RangeInclusive<Duration>, want: &str) -> Result<Duration, String> {
    duration::parse(text, range).ok_or_else(|| want.to_owned())
}

/// `release=1.4`.
pub fn tag(text: &str) -> Result<String, String> {
    let part = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_control() || c == ',');
    let good = text.len() <= 200 && text.split_once('=').is_some_and(|(key, value)| part(key) && part(value));
    if good { Ok(text.to_owned()) } else { Err("KEY=VALUE without commas, such as release=1.4".into()) }
}

/// `500MB`; a bare number is bytes.
pub fn bytes(text: &str) -> Result<u64, String> {
    parse::bytes(text).ok_or_else(|| "a size such as 500MB, 10GB or a number of bytes".into())
}

/// Columns and rows: `120x36`, each from 1 to 1000.
pub fn size(text: &str) -> Result<(u16, u16), String> {
    let parts = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    parts
        .filter(|(w, h)| (1..=1000).contains(w) && (1..=1000).contains(h))
        .ok_or_else(|| "columns x rows, each from 1 to 1000, such as 120x36".into())
}
