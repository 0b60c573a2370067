//! The embedded lab: when it is watched, which scenario it plays, and how to connect to it. Must not print.

use super::access;
use crate::{
    clock::Clock,
    config::{Settings, settings, values::did_you_mean},
    error::CommandError,
    lab::{
        api::{self, Served},
        model::Lab,
        scenario::{SHIPPED, Scenario},
    },
    recording::LabRun,
    source::live::connect::{self, Access, ConnectError},
};
use chrono::SubsecRound;
use std::{path::Path, sync::Arc};
use tokio_util::sync::CancellationToken;

/// As long as the Load pane is wide.
const NOTE: &str = "no cluster is configured: the embedded lab; yours: --kubeconfig FILE";

/// The settings for the dashboard: with the embedded lab where it was asked for, or where no cluster is configured at
/// all. A configuration that exists and does not work is an error.
///
/// # Errors
/// What is wrong with the configuration; flags that cannot work in the lab.
pub fn or_configured(settings: &Settings) -> Result<Settings, CommandError> {
    if settings.lab {
        return for_lab(settings);
    }
    let named = settings.kubeconfig.is_some() || settings.context.is_some() || settings.impersonate.is_some();
    match connect::plan(&access(settings)) {
        Err(ConnectError::NoConfiguration) if !named => for_lab(&Settings { lab: true, ..settings.clone() }),
        Err(e) => Err(e.into()),
        Ok(_) => Ok(settings.clone()),
    }
}

/// Settings of a cluster, which the lab has of its own.
const CLUSTERS: [&str; 10] = [
    "kubeconfig",
    "context",
    "as",
    "load-manifest",
    "collector-metrics",
    "es-url",
    "es-user",
    "es-api-key-file",
    "es-ca",
    "kibana-url",
];

/// The settings as they count: in the lab, those of a cluster do not.
///
/// # Errors
/// The scenario is wrong; a flag cannot work in the lab.
pub fn settings(settings: &Settings) -> Result<Settings, CommandError> {
    if settings.lab { for_lab(settings) } else { Ok(settings.clone()) }
}

/// Names that the file or the environment set are those of a real cluster: in the lab only flags count for them. A wrong
/// scenario is reported before the screen is taken.
fn for_lab(settings: &Settings) -> Result<Settings, CommandError> {
    scenario(&settings.scenario)?;
    if let Some(key) = CLUSTERS.into_iter().find(|key| settings.is_flag(key)) {
        let by = ["scenario", "speed", "seed"].into_iter().find(|key| settings.is_flag(key)).unwrap_or("lab");
        let text = format!("--{key} is for a cluster, and --{by} means the embedded lab, which has its own");
        return Err(CommandError::usage(text).hint(format!("leave out --{key} or --{by}")));
    }
    let mut lab = settings.clone();
    for key in ["namespace", "hpa", "load-namespace", "load-job"].into_iter().chain(CLUSTERS) {
        if !settings.is_flag(key)
            && let Some(setting) = settings::find(key)
        {
            lab.reset(setting);
        }
    }
    Ok(lab)
}

/// Starts the lab; how to connect to it. It ends once nothing is connected to it any more.
///
/// # Errors
/// The scenario is wrong, or no port can be opened.
pub async fn start(settings: &Settings) -> Result<Access, CommandError> {
    let stop = CancellationToken::new();
    let (served, clock) = serve(settings, &stop).await?;
    let note = (!settings.is_given("lab")).then(|| NOTE.to_owned());
    let lab = connect::Lab {
        server: served.url,
        certificate: served.certificate,
        token: served.token.into(),
        clock,
        note,
        _running: Some(Arc::new(stop.drop_guard())),
    };
    Ok(Access { lab: Some(lab), ..access(settings) })
}

/// Starts the lab and serves its API on 127.0.0.1 until `stop`.
///
/// # Errors
/// The scenario is wrong, or no port can be opened.
pub async fn serve(settings: &Settings, stop: &CancellationToken) -> Result<(Served, Clock), CommandError> {
    let scenario = scenario(&settings.scenario)?;
    // A run must not depend on the moment within a second: objects carry whole ones.
    let start = Clock::system().now().trunc_subsecs(0);
    let lab = Lab::new(&scenario, settings.seed.unwrap_or(scenario.seed), start);
    let clock = Clock::lab(start, settings.speed);
    let served = api::serve(lab, clock, stop.clone()).await;
    let served = served.map_err(|e| CommandError::from(e).context("the lab cannot listen on 127.0.0.1"))?;
    Ok((served, clock))
}

/// What is needed to repeat the lab's run, for a recording's header; None on a real cluster. Of a scenario in a file it has
/// the name only.
pub fn run(settings: &Settings) -> Option<LabRun> {
    if !settings.lab {
        return None;
    }
    let file = Path::new(&settings.scenario).file_name();
    let seed = settings.seed.or_else(|| scenario(&settings.scenario).ok().map(|s| s.seed)).unwrap_or_default();
    Some(LabRun {
        scenario: file.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        speed: settings.speed,
        seed,
    })
}

/// # Errors
/// There is no such scenario, or it has a fault.
pub fn check_scenario(name: &str) -> Result<(), CommandError> {
    scenario(name).map(|_| ())
}

/// The names of the shipped scenarios, and what each shows.
pub fn scenarios() -> Vec<(String, String)> {
    SHIPPED.iter().filter_map(|(name, _)| Some(((*name).to_owned(), Scenario::shipped(name)?.about))).collect()
}

/// The scenario of that name, or in that file.
///
/// # Errors
/// There is no such scenario, or it has a fault.
pub fn scenario(name: &str) -> Result<Scenario, CommandError> {
    if name.ends_with(".toml") {
        let text = std::fs::read_to_string(name).map_err(|e| CommandError::usage(format!("{name}: {e}")))?;
        let stem = Path::new(name).file_stem().map_or(name.into(), |stem| stem.to_string_lossy());
        return Scenario::parse(&stem, name, &text).map_err(CommandError::usage);
    }
    let known = || SHIPPED.iter().map(|(name, _)| *name);
    if !known().any(|one| one == name) {
        let near = did_you_mean(name, known());
        let all = known().collect::<Vec<_>>().join(", ");
        let text = format!("there is no scenario {name:?}{near}; there are {all}; or name a .toml file");
        return Err(CommandError::usage(text));
    }
    Scenario::shipped(name).ok_or_else(|| CommandError::failed(format!("the shipped scenario {name} cannot be read")))
}
