//! Configuration file + environment + flags -> one resolved [`Settings`]. Must not talk to a cluster or draw.
//!
//! All three use the same keys ([`settings::SETTINGS`]) and their values pass the same check. A flag beats the environment,
//! which beats the file, which beats the default.

pub mod dirs;
pub mod duration;
mod file;
pub mod kept;
mod print;
pub mod row;
pub mod settings;
pub mod values;

pub use print::print;
pub use settings::Settings;

use crate::view::symbols;
use settings::SETTINGS;
use std::collections::BTreeMap;
use std::path::PathBuf;

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

/// A value as it was given, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The key of a row in [`settings::SETTINGS`].
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
    let config_file = named.or_else(|| Some(dirs.config_file()).filter(|path| path.exists()));
    let file = config_file.as_deref().map(file::read).transpose()?.unwrap_or_default();

    let mut settings = Settings {
        theme_dir: dirs.config().join("themes"),
        state_dir: dirs.state(),
        keys: file.keys,
        config_file,
        ..Settings::default()
    };
    SETTINGS.iter().for_each(|setting| settings.reset(setting));
    settings.symbols = symbols::detect(|name| env.get(name).cloned());
    settings.origins.extend(file.keys_origin.map(|origin| ("keys", origin)));
    for one in file.given.into_iter().chain(from_env(env)).chain(flags) {
        let wrong = |what: String| ConfigError { place: one.place(), what };
        let setting = settings::find(one.key).ok_or_else(|| wrong(format!("unknown key `{}`", one.key)))?;
        setting.set(&mut settings, &one.value, &|text| dirs.absolute(text, &one.origin)).map_err(wrong)?;
        settings.origins.insert(setting.key, one.origin);
    }
    // Who says what the lab is to do means the lab.
    let of_lab = ["scenario", "speed", "seed"].into_iter().any(|key| settings.is_flag(key));
    Ok(if of_lab { settings.in_lab() } else { settings })
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

/// The values that the environment sets, and `NO_COLOR`, which counts when it is not empty.
fn from_env(env: &Env) -> Vec<Given> {
    let no_color = env.get("NO_COLOR").filter(|v| !v.is_empty()).map(|_| Given {
        key: "no-color",
        value: "true".into(),
        origin: Origin::Env("NO_COLOR".into()),
    });
    let own = SETTINGS.iter().filter_map(|setting| {
        let name = setting.env();
        let value = env.get(&name).filter(|v| !v.is_empty())?;
        Some(Given { key: setting.key, value: value.clone(), origin: Origin::Env(name) })
    });
    no_color.into_iter().chain(own).collect()
}

/// Variables that hold secrets: they have no flag and no key in the file.
pub const SECRETS: [&str; 2] = ["EDOT_TUI_ES_PASSWORD", "EDOT_TUI_ES_API_KEY"];

/// The same for the Elasticsearch that keeps sessions.
pub const STORE_SECRETS: [&str; 2] = ["EDOT_TUI_STORE_PASSWORD", "EDOT_TUI_STORE_API_KEY"];

/// Variables with our prefix that mean nothing to us, each with the one that was most likely meant: `X (did you mean Y?)`.
pub fn unknown_env(env: &Env) -> Vec<String> {
    let own = SETTINGS.iter().map(|s| s.env());
    let others = SECRETS.into_iter().chain(STORE_SECRETS).chain(["EDOT_TUI_CONFIG"]).map(str::to_owned);
    let known: Vec<String> = others.chain(own).collect();
    let unknown = env.keys().filter(|name| name.starts_with("EDOT_TUI_") && !known.contains(name));
    let score = |one: &str, name: &str| strsim::normalized_levenshtein(one, name);
    let near = |name: &str| {
        known.iter().max_by(|a, b| score(a, name).total_cmp(&score(b, name))).filter(|k| score(k, name) > 0.8)
    };
    let shown = |name: &String| match near(name) {
        Some(near) => format!("{name} (did you mean {near}?)"),
        None => name.clone(),
    };
    unknown.map(shown).collect()
}
