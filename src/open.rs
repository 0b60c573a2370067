//! From settings to a running source and to a look, and the errors that can be reported before the screen is taken: no
//! configuration, no such context, no such HPA, no such theme. Must not draw or fold.

pub mod fleet;
pub mod import;
pub mod lab;
pub mod otlp;
pub mod shadow;
pub mod store;

use crate::{
    app::{self, RunningSource},
    config::{self, Origin, Settings, values::did_you_mean},
    error::CommandError,
    observe::mask,
    replay::{self, Begin},
    source::live::{
        self,
        cluster::{self, Cluster},
        collector::Endpoint,
        connect::{self, Access, Environment, PLUGIN},
        elastic::IngestSettings,
        load_control::LoadSettings,
    },
    ui::HpaName,
    view::{Look, symbols::Symbols, theme},
};
use secrecy::SecretString;
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Which cluster to connect to, and as whom.
pub fn access(settings: &Settings) -> Access {
    Access {
        lab: None,
        kubeconfig: settings.kubeconfig.clone(),
        context: settings.context.clone(),
        as_user: settings.impersonate.clone(),
        request_timeout: settings.request_timeout,
        plugin_timeout: PLUGIN,
        environment: Environment::read(),
    }
}

/// Which Elasticsearch, and as whom. Secrets go straight from the environment to where they are used.
pub fn ingest(settings: &Settings) -> IngestSettings {
    let es = &settings.es;
    if settings.lab {
        // The lab has its own Elasticsearch, whose monitoring user may not read documents, as in ECK: log quality needs them.
        return IngestSettings { off: es.off, user: Some("elastic".into()), ..IngestSettings::default() };
    }
    let secret = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty()).map(SecretString::from);
    let [password, api_key] = config::SECRETS.map(secret);
    IngestSettings {
        off: es.off,
        url: es.url.clone(),
        user: es.user.clone(),
        password,
        api_key,
        api_key_file: es.api_key_file.clone(),
        ca: es.ca.clone(),
        kibana: es.kibana.clone(),
    }
}

/// Connects and opens the live source. Credentials are fetched; the first request is on its way when this returns.
///
/// # Errors
/// A setting is wrong, or there can be no client at all.
pub async fn live(settings: &Settings) -> Result<RunningSource, CommandError> {
    live_within(settings, None, PLUGIN).await
}

/// [`live`] over a cluster that is connected already, where one is given; for a command that waits at most `limit`: a credential
/// plugin has no longer, either.
///
/// # Errors
/// Those of [`live`].
pub async fn live_within(
    settings: &Settings,
    connected: Option<Cluster>,
    limit: Duration,
) -> Result<RunningSource, CommandError> {
    let stop = CancellationToken::new();
    let settings = &lab::settings(settings)?;
    let cluster = match connected {
        Some(cluster) => cluster,
        None => {
            let access = if settings.lab { lab::start(settings).await? } else { access(settings) };
            cluster::open(Access { plugin_timeout: limit.min(PLUGIN), ..access }).await?
        }
    };
    let watched = live::Settings {
        namespace: settings.namespace.clone(),
        hpa: settings.hpa.clone(),
        any: !settings.is_given("hpa"),
        load: LoadSettings {
            namespace: settings.load_namespace.clone(),
            job: settings.load_job.clone(),
            manifest: settings.load_manifest.clone(),
            readonly: settings.readonly,
            timeout: settings.request_timeout,
            patience: Duration::from_secs(60),
        },
        collector: collector(settings)?,
        ingest: ingest(settings),
        timing: live::Timing::default(),
    };
    let hpa_check =
        tokio::spawn(find_hpa(cluster.clone(), settings.namespace.clone(), settings.hpa.clone(), watched.any));
    let (source, driver) = live::open(watched, cluster.clone(), stop.clone());
    Ok(RunningSource::live(source, tokio::spawn(driver), stop, cluster, hpa_check))
}

/// Opens a recording in place of a cluster; `-` is standard input.
///
/// # Errors
/// It cannot be read, or is not a recording.
pub fn replay(path: &Path, begin: Begin) -> Result<RunningSource, CommandError> {
    let replay = replay::open(path, begin, crate::advise::session())?;
    let player = replay.player;
    let driver = tokio::spawn(async move {
        replay::play(player).await;
        Ok(())
    });
    Ok(RunningSource::replay(replay.source, driver, replay.events))
}

/// Where the collectors' metrics are; None when they are not to be read.
fn collector(settings: &Settings) -> Result<Option<Endpoint>, CommandError> {
    let Some(text) = settings.collector_metrics.as_ref().filter(|_| !settings.no_collector) else {
        return Ok((!settings.no_collector).then(Endpoint::default));
    };
    let wrong =
        |what| CommandError::usage(format!("`collector-metrics` is {:?}, but must be {what}", mask::credentials(text)));
    Endpoint::parse(text).map(Some).map_err(wrong)
}

/// [`live`] on the runtime's own threads, so that the screen can be drawn in the meantime.
pub fn live_in_background(
    settings: &Settings,
    connected: Option<Cluster>,
) -> JoinHandle<Result<RunningSource, CommandError>> {
    let settings = settings.clone();
    tokio::spawn(async move { live_within(&settings, connected, PLUGIN).await })
}

/// Whether the user named the HPA or its namespace; then it is worth waiting for the answer whether it is there.
pub fn is_hpa_named(settings: &Settings) -> bool {
    settings.is_given("hpa") || settings.is_given("namespace")
}

/// The settings with another value for a key that says what is watched. A namespace or a cluster may have another HPA.
///
/// # Errors
/// The value cannot be right.
pub fn changed(settings: &Settings, key: &str, value: &str) -> Result<Settings, CommandError> {
    let mut next = settings.clone();
    let setting = config::settings::find(key).ok_or_else(|| CommandError::usage(format!("no setting {key}")))?;
    setting.set(&mut next, value, &|text| PathBuf::from(text)).map_err(CommandError::usage)?;
    next.origins.insert(setting.key, Origin::Flag);
    match key {
        "scenario" => {
            lab::check_scenario(value)?;
            return Ok(next.in_lab());
        }
        "context" => {
            next = Settings { lab: false, ..next };
            // What is watched is not left for a cluster that is not configured.
            fleet::check_context(value, &connect::contexts(&access(&next))?).map_err(CommandError::usage)?;
        }
        _ => {}
    }
    if let Some(hpa) = config::settings::find("hpa").filter(|_| key != "hpa") {
        next.reset(hpa);
    }
    Ok(next)
}

/// The watch of every HPA, opened in the background.
fn fleet_in_background(settings: &Settings, connected: Option<Cluster>) -> app::FleetOpening {
    let settings = settings.clone();
    tokio::spawn(async move { fleet::open(&settings, connected, PLUGIN).await })
}

/// The settings for an HPA of the list of every HPA.
pub fn dived(settings: &Settings, to: &HpaName) -> Settings {
    let mut next = settings.clone();
    if !next.lab && settings.contexts.is_some() {
        next.context = Some(to.context.clone());
        next.origins.insert("context", Origin::Flag);
    }
    (next.namespace, next.hpa) = (to.namespace.clone(), to.name.clone());
    for key in ["namespace", "hpa"] {
        next.origins.insert(key, Origin::Flag);
    }
    next
}

/// How the dashboard is given something else to watch.
pub fn watched(settings: &Settings) -> app::Watched {
    app::Watched {
        settings: settings.clone(),
        change: changed,
        open: live_in_background,
        fleet: fleet_in_background,
        dive: dived,
        recordings: |settings, limit| app::Recordings::new(settings, lab::run(settings), Some(limit)),
        scenarios: lab::scenarios,
        before: None,
    }
}

/// HPAs of other namespaces that an error names.
const MOST: usize = 6;

/// Checks that the named HPA is there, or with `any` that it is the only one of its namespace.
async fn find_hpa(cluster: Cluster, namespace: String, hpa: String, any: bool) -> Result<(), CommandError> {
    let names = live::list_hpas(&cluster, &namespace).await?;
    if names.contains(&hpa) || (any && names.len() == 1) {
        return Ok(());
    }
    let missing = format!("no HPA {hpa} in namespace {namespace}");
    if names.is_empty() {
        let all = live::list_hpas_everywhere(&cluster).await;
        let shown: Vec<String> = all.iter().take(MOST).map(|(namespace, name)| format!("{namespace}/{name}")).collect();
        let more = if all.len() > MOST { format!(", and {} more", all.len() - MOST) } else { String::new() };
        let elsewhere = match shown.is_empty() {
            true => String::new(),
            false => format!("; elsewhere there are {}{more}", shown.join(", ")),
        };
        let text = format!("{missing}, nor any other{elsewhere}");
        return Err(CommandError::not_found(text).hint("say which with -n NAMESPACE and --hpa NAME"));
    }
    let near = did_you_mean(&hpa, names.iter().map(String::as_str));
    let text = format!("{missing}{near}; there are: {}", names.join(", "));
    Err(CommandError::not_found(text).hint("say which with --hpa NAME"))
}

/// The names of the built-in themes and of the user's own.
pub fn themes(settings: &Settings) -> Vec<String> {
    let own = std::fs::read_dir(&settings.theme_dir).into_iter().flatten().flatten();
    let own = own.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".toml")?.to_owned()));
    let mut all: Vec<String> = theme::Theme::names().into_iter().map(str::to_owned).chain(own).collect();
    all.sort();
    all.dedup();
    all
}

/// The look for pictures, which have every colour and sign, even where the terminal does not.
///
/// # Errors
/// The theme does not exist or is faulty.
pub fn look_for_pictures(settings: &Settings) -> Result<Look, CommandError> {
    let given = settings.origins.contains_key("symbols");
    let symbols = if given { settings.symbols } else { Symbols::default() };
    look_with(&Settings { symbols, ..settings.clone() }, theme::Level::TrueColor)
}

/// The look for the terminal.
///
/// # Errors
/// The theme does not exist or is faulty.
pub fn look(settings: &Settings) -> Result<Look, CommandError> {
    look_with(settings, theme::detect(|name| std::env::var(name).ok(), std::io::stdout().is_terminal()))
}

fn look_with(settings: &Settings, level: theme::Level) -> Result<Look, CommandError> {
    let level = if settings.color { level } else { theme::Level::None };
    Ok(Look::new(&settings.theme, level, settings.theme_dir.clone(), settings.symbols, app::utc_offset())?)
}
