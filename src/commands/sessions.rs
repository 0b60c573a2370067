//! `edot-tui sessions`: recordings kept in Elasticsearch. Asks and prints; what is kept and found is `store`'s.

mod keep;
mod look;

use super::{
    args::{LookFlags, tag},
    block_on,
};
use crate::{
    config::{Settings, duration},
    error::CommandError,
    store::{Access, Client, query::Filter},
};
use clap::{Args, Subcommand, ValueEnum};
use std::{path::PathBuf, time::Duration};

#[derive(Debug, Args)]
pub struct Sessions {
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with the sessions.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Install the templates and the role, or bring them up to date
    Setup(Box<Setup>),
    /// Keep recordings
    Push(Box<Push>),
    /// List the sessions, the newest first
    List(Box<List>),
    /// Print what is known of a session
    Show(Box<Show>),
    /// Write a session's recording to a file, the same to the last byte
    Pull(Box<Pull>),
    /// Give a session tags, or remove them
    Tag(Box<Tag>),
    /// Remove sessions, with all that was derived from them
    Delete(Box<Delete>),
    /// Chart a figure over the sessions, and name where it changed
    Trend(Box<Trend>),
}

#[derive(Debug, Args)]
pub struct Setup {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Only print what would be installed
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub look: LookFlags,
}

#[derive(Debug, Args)]
pub struct Push {
    /// The recordings
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// A tag for each, such as release=1.4; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag)]
    pub tag: Vec<String>,
    /// Your own expectations (TOML) in place of the guide's
    #[arg(long, value_name = "FILE")]
    pub expectations: Option<PathBuf>,
    #[command(flatten)]
    pub look: LookFlags,
}

/// Which sessions.
#[derive(Clone, Debug, Args)]
pub struct Which {
    /// Those that began within this time, such as 12h or 7d
    #[arg(long, value_name = "DURATION", value_parser = age, help_heading = "Which")]
    pub since: Option<Duration>,
    /// Those of this HPA
    #[arg(long, value_name = "NAME", help_heading = "Which")]
    pub hpa: Option<String>,
    /// Those of this namespace
    #[arg(short, long, value_name = "NAME", help_heading = "Which")]
    pub namespace: Option<String>,
    /// Those with this tag; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag, help_heading = "Which")]
    pub tag: Vec<String>,
    /// Those whose verdict is failed
    #[arg(long, help_heading = "Which")]
    pub failed: bool,
}

impl Which {
    fn filter(&self) -> Filter {
        let (since, older, failed) = (self.since, None, self.failed);
        Filter {
            since,
            older,
            hpa: self.hpa.clone(),
            namespace: self.namespace.clone(),
            tags: self.tag.clone(),
            failed,
        }
    }
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub which: Which,
    /// At most this many
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u16).range(1..=5000), help_heading = "Output")]
    pub most: u16,
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_enum, help_heading = "Output")]
    pub output: SessionFormat,
    #[command(flatten)]
    pub look: LookFlags,
}

#[derive(Debug, Args)]
pub struct Show {
    /// Its id, or KEY=VALUE for the newest with that tag
    pub session: String,
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_enum, help_heading = "Output")]
    pub output: SessionFormat,
    #[command(flatten)]
    pub look: LookFlags,
}

#[derive(Debug, Args)]
pub struct Pull {
    /// Its id, or KEY=VALUE for the newest with that tag
    pub session: String,
    /// The file [default: the name that it had]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long)]
    pub overwrite: bool,
    #[command(flatten)]
    pub look: LookFlags,
}

#[derive(Debug, Args)]
pub struct Tag {
    /// Its id, or KEY=VALUE for the newest with that tag
    pub session: String,
    /// The tags; one with the same key is replaced
    #[arg(value_name = "KEY=VALUE", value_parser = tag)]
    pub tags: Vec<String>,
    /// Remove this tag, or all of this key
    #[arg(long, value_name = "TAG")]
    pub remove: Vec<String>,
    #[command(flatten)]
    pub look: LookFlags,
}

#[derive(Debug, Args)]
pub struct Delete {
    /// Their ids
    #[arg(required_unless_present = "older_than", conflicts_with = "older_than")]
    pub sessions: Vec<String>,
    /// All that began before this time, such as 90d
    #[arg(long, value_name = "DURATION", value_parser = age)]
    pub older_than: Option<Duration>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub look: LookFlags,
}

#[derive(Debug, Args)]
pub struct Trend {
    /// The figure, as in `show`: first_scale_up, peak_replicas, items_lost …
    pub figure: String,
    #[command(flatten)]
    pub which: Which,
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_enum, help_heading = "Output")]
    pub output: SessionFormat,
    #[command(flatten)]
    pub look: LookFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SessionFormat {
    Text,
    Json,
}

impl Sessions {
    pub fn settings(&self) -> &LookFlags {
        match &self.action {
            Action::Setup(args) => &args.look,
            Action::Push(args) => &args.look,
            Action::List(args) => &args.look,
            Action::Show(args) => &args.look,
            Action::Pull(args) => &args.look,
            Action::Tag(args) => &args.look,
            Action::Delete(args) => &args.look,
            Action::Trend(args) => &args.look,
        }
    }
}

/// Runs the action.
///
/// # Errors
/// No store is named; it does not answer, or denies it; a recording cannot be read.
pub fn run(settings: &Settings, args: &Sessions) -> Result<u8, CommandError> {
    let client = Client::new(Access::new(settings)?)?;
    block_on(async {
        match &args.action {
            Action::Setup(args) => keep::setup(&client, args).await,
            Action::Push(args) => keep::push(&client, settings, args).await,
            Action::List(args) => look::list(&client, args).await,
            Action::Show(args) => look::show(&client, settings, args).await,
            Action::Pull(args) => keep::pull(&client, args).await,
            Action::Tag(args) => keep::tag(&client, args).await,
            Action::Delete(args) => keep::delete(&client, args).await,
            Action::Trend(args) => look::trend(&client, settings, args).await,
        }
    })
}

/// How long ago: up to ten years.
fn age(text: &str) -> Result<Duration, String> {
    let most = Duration::from_secs(3650 * 86_400);
    duration::parse(text, Duration::from_secs(1)..=most).ok_or_else(|| "a duration such as 12h, 7d or 90d".into())
}
