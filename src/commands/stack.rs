//! `edot-tui stack`: the guide's system in a cluster. Asks, prints and waits; what is done is in `stack`.

mod down;
mod show;
mod up;

use super::{
    args::{SettingFlags, up_to_a_month},
    block_on,
};
use crate::{
    config::Settings,
    error::{CommandError, SUCCESS, signal_exit_code},
    format::yaml,
    observe::mask,
    open,
    signals::EndSignals,
    source::live::{
        client::ApiClient,
        cluster,
        connect::{self, ConnectError},
    },
    stack::{
        api::{Api, Id},
        choice::{Choice, Part},
        guard::production_word,
        inventory::{self, Inventory},
        plan, ready,
    },
    stdio,
};
use clap::{Args, Subcommand, ValueEnum};
use std::{io::IsTerminal, path::Path, time::Duration};

#[derive(Debug, Args)]
pub struct Stack {
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with the stack.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Apply it, and wait until it is ready
    Up(Box<Up>),
    /// Print what is ready, and why the rest is not
    Status(Box<Status>),
    /// Print what differs from what was applied
    Diff(Box<Diff>),
    /// Remove what was made, and nothing else
    Down(Box<Down>),
}

/// What of the stack; what is not given is as in the last `up`.
#[derive(Clone, Debug, Default, Args)]
pub struct Wanted {
    /// Which overlay: guide, production, public-lab, queue-hpa, sharded, split, tail-sampling [default: as before, or guide]
    #[arg(long, value_name = "NAME", help_heading = "Stack")]
    pub overlay: Option<String>,
    /// Leave parts out
    #[arg(long, value_name = "PART", value_delimiter = ',', value_enum, help_heading = "Stack")]
    pub without: Vec<Part>,
}

/// How it is done.
#[derive(Clone, Debug, Args)]
pub struct Doing {
    /// Do not ask
    #[arg(short, long, help_heading = "Stack")]
    pub yes: bool,
    /// Only print what would be done
    #[arg(long, help_heading = "Stack")]
    pub dry_run: bool,
    /// The longest to wait
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = up_to_a_month, help_heading = "Stack")]
    pub timeout: Duration,
}

#[derive(Debug, Args)]
pub struct Up {
    #[command(flatten)]
    pub wanted: Wanted,
    #[command(flatten)]
    pub doing: Doing,
    /// Apply the rest where some objects are refused
    #[arg(long, help_heading = "Stack")]
    pub partly: bool,
    /// Only print the objects, as kubectl kustomize does; needs no cluster
    #[arg(short, long, value_name = "FORMAT", value_enum, help_heading = "Output")]
    pub output: Option<StackFormat>,
    #[command(flatten)]
    pub settings: SettingFlags,
}

#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    pub settings: SettingFlags,
}

#[derive(Debug, Args)]
pub struct Diff {
    #[command(flatten)]
    pub wanted: Wanted,
    #[command(flatten)]
    pub settings: SettingFlags,
}

#[derive(Debug, Args)]
pub struct Down {
    #[command(flatten)]
    pub doing: Doing,
    #[command(flatten)]
    pub settings: SettingFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StackFormat {
    Yaml,
}

impl Stack {
    pub fn settings(&self) -> &SettingFlags {
        match &self.action {
            Action::Up(up) => &up.settings,
            Action::Status(status) => &status.settings,
            Action::Diff(diff) => &diff.settings,
            Action::Down(down) => &down.settings,
        }
    }
}

/// Runs the action.
///
/// # Errors
/// The cluster cannot be reached or refuses; there is no stack; the user says no.
pub fn run(settings: &Settings, args: &Stack) -> Result<u8, CommandError> {
    match &args.action {
        Action::Up(up) if up.output.is_some() => {
            let objects = choice(&up.wanted, settings, None)?.objects().map_err(CommandError::usage)?;
            stdio::data(&yaml::documents(&objects)).map(|()| SUCCESS)
        }
        Action::Up(up) => block_on(up::run(settings, up)),
        Action::Status(_) => block_on(status(settings)),
        Action::Diff(args) => block_on(diff(settings, args)),
        Action::Down(down) => block_on(down::run(settings, down)),
    }
}

/// A cluster, and how it is named.
struct Target {
    api: Api,
    /// `context kind-kind (https://127.0.0.1:6443)`.
    name: String,
    /// By which word it looks like production's.
    production: Option<String>,
    context: String,
}

/// Connects. With `changes`, only where changes are allowed: not read-only, and in what looks like production only when named.
async fn connect(settings: &Settings, changes: bool) -> Result<Target, CommandError> {
    if settings.lab {
        return Err(CommandError::usage(
            "the embedded lab has the whole system already: leave out --lab, --scenario, --speed and --seed",
        ));
    }
    if changes && settings.readonly {
        return Err(CommandError::usage("read-only: --readonly is set, so nothing is applied or removed"));
    }
    let access = open::access(settings);
    if matches!(connect::plan(&access), Err(ConnectError::NoConfiguration)) {
        return Err(no_cluster(std::env::var_os("PATH").unwrap_or_default().as_os_str()));
    }
    let cluster = cluster::open(access).await?;
    let (context, server) = (cluster.context(), cluster.server());
    let production = production_word(&[&context, &server]).map(str::to_owned);
    if let Some(word) = production.as_ref().filter(|_| changes && !settings.is_flag("context")) {
        let text =
            format!("context {context} ({server}) looks like production ({word:?} in its name): nothing is done there");
        return Err(CommandError::usage(text).hint(format!("if it is meant, name it: --context {context}")));
    }
    let api = Api(ApiClient { client: cluster.client().1, timeout: settings.request_timeout });
    Ok(Target { api, name: format!("context {context} ({server})"), production, context })
}

/// Where no cluster is configured: the command that makes one, if a program for it is there.
fn no_cluster(path: &std::ffi::OsStr) -> CommandError {
    let there = |name: &str| std::env::split_paths(path).any(|folder| Path::new(&folder).join(name).is_file());
    let make =
        [("kind", "kind create cluster"), ("k3d", "k3d cluster create")].into_iter().find(|(name, _)| there(name));
    let error = CommandError::from(ConnectError::NoConfiguration);
    match make {
        Some((_, command)) => error.hint(format!("this makes a cluster here: {command}")),
        None => error.hint("point edot-tui at a cluster with --kubeconfig FILE, KUBECONFIG or ~/.kube/config"),
    }
}

/// What is wanted: by the flags, else as before, else the guide's.
fn choice(wanted: &Wanted, settings: &Settings, before: Option<&Inventory>) -> Result<Choice, CommandError> {
    let mut choice = before.map(|before| before.choice.clone()).unwrap_or_default();
    if let Some(overlay) = &wanted.overlay {
        choice.overlay = overlay.clone();
    }
    if !wanted.without.is_empty() {
        choice.without = wanted.without.iter().copied().filter(|part| *part != Part::None).collect();
    }
    // A setting of the dashboard's own, such as the address of a port-forward, is not meant for the gateways.
    if let Some(url) = settings.es.url.as_ref().filter(|_| settings.is_flag("es-url")) {
        if mask::url_users(url) != *url {
            return Err(CommandError::usage("--es-url must not hold a user: give --es-user, and EDOT_TUI_ES_PASSWORD"));
        }
        choice.es_url = Some(url.clone());
        choice.es_user = settings.es.user.clone();
        choice.es_ca = settings.es.ca.is_some();
    }
    Ok(choice)
}

async fn existing(target: &Target) -> Result<Inventory, CommandError> {
    let found = inventory::read(&target.api).await?;
    found.ok_or_else(|| {
        CommandError::not_found(format!("there is no stack of edot-tui in {}", target.name))
            .hint("edot-tui stack up makes one")
    })
}

async fn status(settings: &Settings) -> Result<u8, CommandError> {
    let target = connect(settings, false).await?;
    let inventory = existing(&target).await?;
    let states = ready::look(&target.api, &inventory.objects).await?;
    let head = show::head(&target.name, &inventory.choice);
    let mut text = format!("{head}\n{}", show::tree(&states, show::ascii(settings)));
    let objects = inventory.choice.objects().map_err(CommandError::failed)?;
    let missing = objects.iter().map(Id::of).filter(|id| !inventory.objects.contains(id)).map(|id| id.title());
    let missing: Vec<String> = missing.collect();
    if !missing.is_empty() {
        text += &format!("not applied: {}; edot-tui stack up says why\n", show::some(&missing));
    }
    stdio::data(&text)?;
    Ok(u8::from(!states.iter().all(|state| state.ready)))
}

async fn diff(settings: &Settings, args: &Diff) -> Result<u8, CommandError> {
    let target = connect(settings, false).await?;
    let before = existing(&target).await?;
    let choice = choice(&args.wanted, settings, Some(&before))?;
    let wanted = up::wanted(&target.api, &target.context, &choice, settings, Some(&before)).await?;
    let plan = plan::plan(&target.api, wanted.objects, Some(&wanted.before)).await?;
    let text = match plan.is_empty() && plan.refused().next().is_none() {
        true => format!("nothing differs: {} objects are as they were applied\n", plan.objects.len()),
        false => show::plan(&plan),
    };
    stdio::data(&text)?;
    Ok(u8::from(!plan.is_empty()))
}

/// Asks on the terminal.
///
/// # Errors
/// There is no terminal; the answer is no.
pub async fn confirm(question: &str, yes: bool) -> Result<(), CommandError> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::usage("there is no terminal to ask on: add --yes to go on without asking"));
    }
    stdio::ask(question)?;
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let line = answer.await.map_err(|e| CommandError::failed(e.to_string()))??;
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(CommandError::failed("nothing was changed")),
    }
}

/// Runs `work` until it ends, a signal comes, or the time is up.
async fn interruptible(
    timeout: Duration,
    work: impl Future<Output = Result<u8, CommandError>>,
    again: &str,
) -> Result<u8, CommandError> {
    let mut signals = EndSignals::new().map_err(|e| CommandError::from(e).context("signals"))?;
    tokio::select! {
        ended = tokio::time::timeout(timeout, work) => ended.unwrap_or_else(|_| {
            let text = format!("it took longer than {}", humantime::format_duration(timeout));
            Err(CommandError::failed(text).hint(format!("{again}; --timeout sets how long it may take")))
        }),
        number = signals.next() => {
            stdio::message(&format!("stopped; {again}"));
            Ok(signal_exit_code(number))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_no_cluster_the_command_that_makes_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().as_os_str();
        assert!(no_cluster(path).to_string().contains("--kubeconfig FILE"));
        std::fs::write(folder.path().join("k3d"), "").unwrap();
        assert!(no_cluster(path).to_string().ends_with("k3d cluster create"));
        std::fs::write(folder.path().join("kind"), "").unwrap();
        assert!(no_cluster(path).to_string().ends_with("kind create cluster"));
    }
}
