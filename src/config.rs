//! Configuration file + environment + flags -> one resolved [`Settings`]. Must not talk to a cluster or draw.
//!
//! All three speak the same keys ([`keys::KEYS`]) and their values pass the same check, so a value that is good in one
//! place is good in all. A flag beats the environment, which beats the file, which beats the default.

pub mod dirs;
mod file;
pub mod keys;
mod print;

pub use keys::Symbols;
pub use print::print;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What everything else goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// None: `KUBECONFIG`, `~/.kube/config`, then the pod's own service account.
    pub kubeconfig: Option<PathBuf>,
    /// None: the kubeconfig's current context.
    pub context: Option<String>,
    pub namespace: String,
    pub hpa: String,
    pub load_namespace: String,
    pub load_job: String,
    /// The user's own manifest for the load.
    pub load_manifest: Option<PathBuf>,
    /// The collectors' own metrics are not read.
    pub no_collector: bool,
    /// Where they are: a port and path inside each pod, or a URL; None for 8888/metrics.
    pub collector_metrics: Option<String>,
    /// The user to act as (`--as`).
    pub impersonate: Option<String>,
    /// The longest that one request may take; watches are exempt.
    pub request_timeout: Duration,
    /// Nothing that changes the cluster.
    pub readonly: bool,
    /// The embedded lab, whatever is configured.
    pub lab: bool,
    /// A shipped scenario's name, or a path that ends in `.toml`.
    pub scenario: String,
    /// How much faster than real time the lab's runs.
    pub speed: f64,
    /// None: the scenario's own.
    pub seed: Option<u64>,
    /// Which Elasticsearch; its secrets are read where they are used.
    pub es: Es,
    /// What a run is held against; None: the guide's timeline.
    pub expectations: Option<PathBuf>,
    /// A built-in theme's name, one in [`Settings::theme_dir`], or a path that ends in `.toml`.
    pub theme: String,
    pub symbols: Symbols,
    pub color: bool,
    pub mouse: bool,
    /// Most frames a second.
    pub fps: u16,
    /// None: nothing is logged. Set when a log file or a level was asked for.
    pub log: Option<Log>,
    /// The user's own themes; need not exist.
    pub theme_dir: PathBuf,
    /// Logs and recordings; need not exist.
    pub state_dir: PathBuf,
    /// The configuration file that was read.
    pub config_file: Option<PathBuf>,
    /// Where each key's value came from; a key that is not in it has its default.
    pub origins: BTreeMap<&'static str, Origin>,
}

impl Settings {
    /// The same, for the embedded lab.
    pub fn in_lab(&self) -> Settings {
        let mut settings = Settings { lab: true, ..self.clone() };
        settings.origins.insert("lab", Origin::Flag);
        settings
    }
}

/// Which Elasticsearch, as whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Es {
    pub off: bool,
    /// None: found in the cluster.
    pub url: Option<String>,
    pub user: Option<String>,
    pub api_key_file: Option<PathBuf>,
    /// Certificates in PEM, trusted besides the system's.
    pub ca: Option<PathBuf>,
    pub kibana: Option<String>,
}

/// Where to log and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub file: PathBuf,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    File { path: PathBuf, line: usize },
    Env(String),
    Flag,
}

/// A value as it was given, not yet looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// A name of [`keys::KEYS`].
    pub key: &'static str,
    pub value: String,
    pub origin: Origin,
}

/// What is wrong in the configuration, where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct ConfigError {
    /// `config.toml:3`, `EDOT_TUI_FPS` or `--fps`.
    pub place: String,
    pub what: String,
}

/// Environment variables by name.
pub type Env = BTreeMap<String, String>;

/// This process's environment; variables that are not UTF-8 are left out.
pub fn environment() -> Env {
    std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
}

/// Resolves what was typed (`flags`, in the order typed; `config` is `--config`) with the environment and the file.
///
/// # Errors
/// The first value or key that is wrong; a configuration file that was named but cannot be read.
pub fn resolve(flags: Vec<Given>, config: Option<PathBuf>, env: &Env) -> Result<Settings, ConfigError> {
    let dirs = dirs::Dirs::new(env);
    let named = config.or_else(|| env.get("EDOT_TUI_CONFIG").filter(|v| !v.is_empty()).map(PathBuf::from));
    let (config_file, mut given) = match named {
        Some(path) => (Some(path.clone()), file::read(&path)?),
        None if dirs.config_file().exists() => (Some(dirs.config_file()), file::read(&dirs.config_file())?),
        None => (None, Vec::new()),
    };
    given.extend(from_env(env));
    given.extend(flags);
    let mut settings = defaults(&dirs);
    settings.config_file = config_file;
    let (mut log_file, mut log_level) = (None, None);
    for one in given {
        let Some(key) = keys::find(one.key) else { continue };
        let value = key.check(&one.value).map_err(|what| ConfigError { place: one.place(), what })?;
        let path = || dirs.absolute(&one.value, &one.origin);
        match one.key {
            "kubeconfig" => settings.kubeconfig = Some(path()),
            "load-manifest" => settings.load_manifest = Some(path()),
            "expectations" => settings.expectations = Some(path()),
            "es-api-key-file" => settings.es.api_key_file = Some(path()),
            "es-ca" => settings.es.ca = Some(path()),
            "log-file" => log_file = Some(path()),
            "scenario" if value.ends_with(".toml") => settings.scenario = path().to_string_lossy().into_owned(),
            "theme" if value.ends_with(".toml") => settings.theme = path().to_string_lossy().into_owned(),
            "log-level" => log_level = Some(value),
            _ => keys::put(&mut settings, one.key, value),
        }
        settings.origins.insert(one.key, one.origin);
    }
    if log_level.as_deref() != Some("off") && (log_file.is_some() || log_level.is_some()) {
        let file = log_file.unwrap_or_else(|| dirs.state().join("edot-tui.log"));
        settings.log = Some(Log { file, level: log_level.unwrap_or_else(|| "info".into()) });
    }
    Ok(settings)
}

impl Given {
    fn place(&self) -> String {
        match &self.origin {
            Origin::File { path, line } => format!("{}:{line}", path.display()),
            Origin::Env(name) => name.clone(),
            Origin::Flag => format!("--{}", self.key),
        }
    }
}

/// The keys that the environment sets, and `NO_COLOR`, which counts when it is not empty.
fn from_env(env: &Env) -> Vec<Given> {
    let no_color = env.get("NO_COLOR").filter(|v| !v.is_empty()).map(|_| Given {
        key: "no-color",
        value: "true".into(),
        origin: Origin::Env("NO_COLOR".into()),
    });
    let own = keys::KEYS.iter().filter_map(|key| {
        let name = key.env();
        let value = env.get(&name).filter(|v| !v.is_empty())?;
        Some(Given { key: key.name, value: value.clone(), origin: Origin::Env(name) })
    });
    no_color.into_iter().chain(own).collect()
}

/// Variables that hold secrets: they have no flag and no place in a file.
pub const SECRETS: [&str; 2] = ["EDOT_TUI_ES_PASSWORD", "EDOT_TUI_ES_API_KEY"];

/// Variables that look like ours and are not: most likely typing errors.
pub fn unknown_env(env: &Env) -> Vec<String> {
    let known =
        |name: &str| SECRETS.contains(&name) || name == "EDOT_TUI_CONFIG" || keys::KEYS.iter().any(|k| k.env() == name);
    env.keys().filter(|name| name.starts_with("EDOT_TUI_") && !known(name)).cloned().collect()
}

fn defaults(dirs: &dirs::Dirs) -> Settings {
    Settings {
        kubeconfig: None,
        context: None,
        namespace: "observability-lab".into(),
        hpa: "edot-gateway-hpa".into(),
        load_namespace: "demo-app".into(),
        load_job: "k6-load".into(),
        load_manifest: None,
        expectations: None,
        no_collector: false,
        collector_metrics: None,
        impersonate: None,
        request_timeout: Duration::from_secs(10),
        readonly: false,
        lab: false,
        scenario: "guide".into(),
        speed: 1.0,
        seed: None,
        es: Es::default(),
        theme: "dark".into(),
        symbols: Symbols::Braille,
        color: true,
        mouse: true,
        fps: 10,
        log: None,
        theme_dir: dirs.config().join("themes"),
        state_dir: dirs.state(),
        config_file: None,
        origins: BTreeMap::new(),
    }
}
