//! From settings to a running source, and what can be said before the screen is taken: no configuration, no such
//! context, no such HPA. Must not draw or fold.

pub mod lab;

use crate::{
    config::{self, Settings},
    exit,
    observe::Stamped,
    replay::{self, Begin, ReplayEvent},
    source::{
        Died, Source,
        live::{
            self, Fault, Kind,
            cluster::{self, Cluster},
            collector::Endpoint,
            connect::{Access, ConnectError, Environment},
            elastic::IngestSettings,
            simulate::LoadSettings,
        },
    },
    view::{Look, symbols, theme},
};
use secrecy::SecretString;
use std::{io::IsTerminal, path::Path, time::Duration};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

/// A sentence for stderr, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub text: String,
    pub code: u8,
}

/// A source and what drives it.
pub struct Running {
    pub source: Source,
    pub stop: CancellationToken,
    /// Ends with an error when a part of the source died; None once it has ended.
    driver: Option<JoinHandle<Result<(), Died>>>,
    /// No more observations come, unless a replay is moved.
    silent: bool,
    /// What a replay tells besides; None for what is live.
    news: Option<mpsc::Receiver<ReplayEvent>>,
    /// Says, at the start only, that the HPA is not there; None once it has said what it knows.
    missing: Option<JoinHandle<Result<(), Refusal>>>,
}

/// What a source has to tell.
pub enum Told {
    Seen(Stamped),
    /// A replay was moved, or tells of the whole.
    News(ReplayEvent),
    /// What was asked for is not there, or the source broke.
    Refused(Refusal),
}

impl Running {
    /// Whether the HPA is there, as far as the cluster says so; to be asked once.
    ///
    /// # Errors
    /// It is not, or the cluster does not say.
    pub async fn found(&mut self) -> Result<(), Refusal> {
        let found = ended(&mut self.missing).await;
        self.missing = None;
        found.unwrap_or(Ok(()))
    }

    /// What comes next; never, once the source has ended. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Told {
        loop {
            tokio::select! {
                biased;
                found = ended(&mut self.missing) => {
                    self.missing = None;
                    if let Ok(Err(refusal)) = found && refusal.code == exit::NOT_FOUND {
                        return Told::Refused(refusal);
                    }
                }
                news = news(&mut self.news) => match news {
                    Some(mut news) => {
                        if let ReplayEvent::Jump { observations, .. } = &mut news {
                            std::mem::swap(&mut self.source.observations, observations);
                            self.silent = false;
                        }
                        return Told::News(news);
                    }
                    None => self.news = None,
                },
                died = ended(&mut self.driver) => {
                    self.driver = None;
                    if let Ok(Err(died)) = died {
                        return Told::Refused(Refusal { text: died.to_string(), code: exit::ERROR });
                    }
                }
                seen = self.source.observations.recv(), if !self.silent => match seen {
                    Some(seen) => return Told::Seen(seen),
                    None => self.silent = true,
                },
            }
        }
    }
}

async fn news(news: &mut Option<mpsc::Receiver<ReplayEvent>>) -> Option<ReplayEvent> {
    match news {
        Some(news) => news.recv().await,
        None => std::future::pending().await,
    }
}

async fn ended<T>(task: &mut Option<JoinHandle<T>>) -> Result<T, JoinError> {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}

/// What the user said about the cluster, for the connection.
pub fn access(settings: &Settings) -> Access {
    Access {
        lab: None,
        kubeconfig: settings.kubeconfig.clone(),
        context: settings.context.clone(),
        as_user: settings.impersonate.clone(),
        request_timeout: settings.request_timeout,
        environment: Environment::read(),
    }
}

/// What the user said about Elasticsearch. Secrets go straight from the environment to where they are used.
pub fn ingest(settings: &Settings) -> IngestSettings {
    let es = &settings.es;
    if settings.lab {
        // It has one of its own.
        return IngestSettings { off: es.off, ..IngestSettings::default() };
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

/// Connects and opens the source. Credentials are fetched; the first request is on its way when this returns.
///
/// # Errors
/// When there can be no client at all.
pub async fn open(settings: &Settings) -> Result<Running, Refusal> {
    let stop = CancellationToken::new();
    lab::configured(settings)?;
    let access = if settings.lab { lab::embedded(settings, &stop).await? } else { access(settings) };
    let cluster = cluster::open(access).await.map_err(|e| refuse(&e))?;
    let watched = live::Settings {
        namespace: settings.namespace.clone(),
        hpa: settings.hpa.clone(),
        any: !given(settings, "hpa"),
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
        pace: live::Pace::default(),
    };
    let missing =
        tokio::spawn(find_hpa(cluster.clone(), settings.namespace.clone(), settings.hpa.clone(), watched.any));
    let (source, driver) = live::open(watched, cluster, stop.clone());
    Ok(Running { source, driver: Some(tokio::spawn(driver)), stop, silent: false, news: None, missing: Some(missing) })
}

/// A recording in the place of a cluster.
///
/// # Errors
/// It cannot be read, or is none.
pub fn replay(path: &Path, begin: Begin) -> Result<Running, Refusal> {
    let replay = replay::open(path, begin).map_err(|e| Refusal { text: e.to_string(), code: exit::ERROR })?;
    let player = replay.player;
    let driver = tokio::spawn(async move {
        replay::play(player).await;
        Ok(())
    });
    let (stop, news) = (CancellationToken::new(), Some(replay.events));
    Ok(Running { source: replay.source, driver: Some(driver), stop, silent: false, news, missing: None })
}

/// Where the collectors' metrics are; None when they are not to be read.
fn collector(settings: &Settings) -> Result<Option<Endpoint>, Refusal> {
    let Some(text) = settings.collector_metrics.as_ref().filter(|_| !settings.no_collector) else {
        return Ok((!settings.no_collector).then(Endpoint::default));
    };
    let wrong = |what: String| Refusal {
        text: format!("`collector-metrics` is {text:?}, but must be {what}"),
        code: exit::USAGE,
    };
    Endpoint::parse(text).map(Some).map_err(wrong)
}

/// The same on the runtime's own threads.
pub fn opening(settings: &Settings) -> JoinHandle<Result<Running, Refusal>> {
    let settings = settings.clone();
    tokio::spawn(async move { open(&settings).await })
}

/// What came of [`opening`].
///
/// # Errors
/// When there can be no client.
pub fn opened(joined: Result<Result<Running, Refusal>, JoinError>) -> Result<Running, Refusal> {
    joined.unwrap_or_else(|e| Err(Refusal { text: Died::from_panic(e).to_string(), code: exit::ERROR }))
}

/// Whether the user named the HPA or its namespace; then a wrong name is worth waiting for.
pub fn named(settings: &Settings) -> bool {
    given(settings, "hpa") || given(settings, "namespace")
}

/// Whether a value was given anywhere, in place of the default.
fn given(settings: &Settings, key: &str) -> bool {
    settings.origins.contains_key(key)
}

/// The named HPA is there, or with `any` the only one of its namespace.
async fn find_hpa(cluster: Cluster, namespace: String, hpa: String, any: bool) -> Result<(), Refusal> {
    let names = match live::list_hpas(&cluster, &namespace).await {
        Ok(names) => names,
        Err(fault) => return Err(of_fault(&fault)),
    };
    if names.contains(&hpa) || (any && names.len() == 1) {
        return Ok(());
    }
    let text = match names.len() {
        0 => {
            format!("no HPA {hpa} in namespace {namespace}, nor any other; say which with -n NAMESPACE and --hpa NAME")
        }
        _ => {
            format!("no HPA {hpa} in namespace {namespace}; there are: {}; say which with --hpa NAME", names.join(", "))
        }
    };
    Err(Refusal { text, code: exit::NOT_FOUND })
}

/// Why the cluster did not say whether the HPA is there.
fn of_fault(fault: &Fault) -> Refusal {
    let code = match fault.kind {
        Kind::Denied => exit::DENIED,
        Kind::Unauthorized => exit::DENIED,
        _ => exit::UNREACHABLE,
    };
    let hint = fault.hint.as_deref().map(|m| format!("; {m}")).unwrap_or_default();
    Refusal { text: format!("{}{hint}", fault.reason), code }
}

fn refuse(error: &ConnectError) -> Refusal {
    let text = match error {
        ConnectError::NoConfiguration => {
            format!(
                "{error}; point edot-tui at a cluster with --kubeconfig FILE, KUBECONFIG or ~/.kube/config, or watch the embedded lab with --lab"
            )
        }
        _ => error.to_string(),
    };
    let code = if error.is_usage() { exit::USAGE } else { exit::UNREACHABLE };
    Refusal { text, code }
}

/// The look for pictures, which have every colour whatever the terminal has.
///
/// # Errors
/// A theme that is not there or is faulty.
pub fn picture(settings: &Settings, utc_offset_s: i32) -> Result<Look, Refusal> {
    let level = if settings.color { theme::Level::TrueColor } else { theme::Level::None };
    looking(settings, level, utc_offset_s)
}

/// The look that the settings ask for.
///
/// # Errors
/// A theme that is not there or is faulty.
pub fn look(settings: &Settings, utc_offset_s: i32) -> Result<Look, Refusal> {
    let level = theme::detect(|name| std::env::var(name).ok(), std::io::stdout().is_terminal());
    looking(settings, if settings.color { level } else { theme::Level::None }, utc_offset_s)
}

fn looking(settings: &Settings, level: theme::Level, utc_offset_s: i32) -> Result<Look, Refusal> {
    let symbols = match settings.symbols {
        crate::config::Symbols::Braille => symbols::Symbols::Braille,
        crate::config::Symbols::Block => symbols::Symbols::Block,
        crate::config::Symbols::Ascii => symbols::Symbols::Ascii,
    };
    Look::new(&settings.theme, level, settings.theme_dir.clone(), symbols, utc_offset_s)
        .map_err(|e| Refusal { text: e.to_string(), code: exit::USAGE })
}
