//! From settings to the watch of every HPA: which clusters, and which HPAs of them. Must not draw or fold.

use super::{access, lab};
use crate::{
    config::Settings,
    error::CommandError,
    observe::Stamped,
    source::{
        Died,
        live::{
            Timing,
            cluster::{self, Cluster},
            connect::{self, Access, PLUGIN},
            fleet::{self, FleetSource, Member, Scope},
        },
    },
};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The watch of every HPA, and what drives it.
pub struct RunningFleet {
    pub source: FleetSource,
    pub stop: CancellationToken,
    pub driver: JoinHandle<Result<(), Died>>,
}

impl RunningFleet {
    /// The next observation, or that a part of the source died; None once it has ended. Nothing is lost when the future is
    /// dropped.
    pub async fn next(&mut self) -> Option<Result<Stamped, Died>> {
        tokio::select! {
            biased;
            ended = &mut self.driver, if !self.driver.is_finished() => match ended {
                Ok(Err(died)) => Some(Err(died)),
                _ => None,
            },
            seen = self.source.observations.recv() => seen.map(Ok),
        }
    }
}

/// The settings that ask for every HPA.
const EVERY: [&str; 3] = ["all-namespaces", "contexts", "selector"];

/// The flag by which every HPA is asked for on the command line.
pub fn flag(settings: &Settings) -> Option<&'static str> {
    EVERY.into_iter().find(|key| settings.is_flag(key))
}

/// Whether every HPA is asked for.
///
/// # Errors
/// One HPA is named, too.
pub fn is_wanted(settings: &Settings) -> Result<bool, CommandError> {
    let every = EVERY.into_iter().find(|key| settings.is_given(key));
    let wanted =
        every.is_some_and(|_| settings.all_namespaces || settings.contexts.is_some() || settings.selector.is_some());
    match every.filter(|_| wanted) {
        Some(key) if settings.is_flag("hpa") && settings.is_flag(key) => {
            let text = format!("--hpa names one HPA, and --{key} means every one");
            Err(CommandError::usage(text).hint("leave out one of them"))
        }
        // Who names one HPA on the command line means that one.
        Some(_) => Ok(!settings.is_flag("hpa")),
        None => Ok(false),
    }
}

/// Refuses what is about one HPA only.
///
/// # Errors
/// Every HPA is asked for on the command line.
pub fn refuse(settings: &Settings, what: &str) -> Result<(), CommandError> {
    match flag(settings) {
        Some(key) => {
            let text = format!("{what} is about one HPA, and --{key} means every one");
            Err(CommandError::usage(text).hint("name it with -n NAMESPACE and --hpa NAME"))
        }
        None => Ok(()),
    }
}

/// Opens the watch of every HPA that the settings mean; `connected` is a cluster that is connected already. Credential plugins
/// have `limit` at most.
///
/// # Errors
/// There is no configuration, or no such context; those of the lab.
pub async fn open(
    settings: &Settings,
    connected: Option<Cluster>,
    limit: Duration,
) -> Result<RunningFleet, CommandError> {
    let settings = &lab::settings(settings)?;
    let stop = CancellationToken::new();
    let members = members(settings, connected, limit).await?;
    let one = settings.namespace.clone();
    let scope = Scope { namespace: settings.is_flag("namespace").then_some(one), selector: settings.selector.clone() };
    let (source, driver) = fleet::open(members, scope, Timing::default(), stop.clone());
    Ok(RunningFleet { source, stop, driver: tokio::spawn(driver) })
}

async fn members(
    settings: &Settings,
    connected: Option<Cluster>,
    limit: Duration,
) -> Result<Vec<Member>, CommandError> {
    if settings.lab {
        let cluster = match connected {
            Some(cluster) => cluster,
            None => cluster::open(lab::start(settings).await?).await?,
        };
        return Ok(vec![Member::Connected(cluster)]);
    }
    let access = Access { plugin_timeout: limit.min(PLUGIN), ..access(settings) };
    let known = connect::contexts(&access)?;
    let names = match settings.contexts.as_deref() {
        None => vec![connect::plan(&access)?.context],
        Some("all") => known,
        Some(list) => named(list, &known)?,
    };
    let member = |name: String| match &connected {
        Some(cluster) if cluster.context() == name => Member::Connected(cluster.clone()),
        _ => Member::Named(name.clone(), Box::new(Access { context: Some(name), ..access.clone() })),
    };
    Ok(names.into_iter().map(member).collect())
}

/// Says what is wrong with a context that is not among those of the configuration.
pub fn check_context(name: &str, known: &[String]) -> Result<(), String> {
    if known.iter().any(|one| one == name) {
        return Ok(());
    }
    let near = super::did_you_mean(name, known.iter().map(String::as_str));
    Err(format!("there is no context {name:?}{near}; there are {}", known.join(", ")))
}

/// The contexts of a list, each once.
fn named(list: &str, known: &[String]) -> Result<Vec<String>, CommandError> {
    let mut names: Vec<String> = Vec::new();
    for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        check_context(name, known)
            .map_err(|text| CommandError::usage(format!("--contexts: {text}")).hint("or pass --contexts all"))?;
        if !names.iter().any(|one| one == name) {
            names.push(name.to_owned());
        }
    }
    match names.is_empty() {
        true => Err(CommandError::usage("--contexts names no context").hint("or pass --contexts all")),
        false => Ok(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_contexts_is_read_and_a_wrong_name_is_named() {
        let known = ["a".to_owned(), "prod-eu".into(), "prod-us".into()];
        assert_eq!(named(" prod-us, a,a,", &known).unwrap(), ["prod-us", "a"]);
        let wrong = named("a,prod-eo", &known).unwrap_err().to_string();
        assert!(wrong.contains("\"prod-eo\" (did you mean prod-eu?); there are a, prod-eu, prod-us"), "{wrong}");
        assert!(named(" ,", &known).unwrap_err().to_string().contains("names no context"));
    }
}
