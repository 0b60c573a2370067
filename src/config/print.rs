//! Prints resolved settings as a configuration file that gives the same settings again, with the source of each value.

use super::settings::SETTINGS;
use super::{Origin, Settings};
use crate::observe::mask;
use std::fmt::Write;

/// The settings as TOML. There is no secret among them: credentials stay in the kubeconfig, in files, and in variables
/// that are no settings; an address may hold a token, which is masked.
pub fn print(settings: &Settings) -> String {
    let mut out = String::from("# edot-tui: the configuration in force\n");
    let file = settings.config_file.as_ref().map(|p| format!("{:?}", p.display().to_string()));
    let _ = writeln!(out, "# file: {}", file.as_deref().unwrap_or("none"));
    let _ = writeln!(out, "# themes: {:?}", settings.theme_dir.display().to_string());
    let _ = writeln!(out, "# state: {:?}", settings.state_dir.display().to_string());
    out.push('\n');
    for setting in SETTINGS {
        let (key, from) = (setting.key, origin(settings, setting.key));
        let shown = |text: String| if setting.is_address() { mask::credentials(&text) } else { text };
        let _ = match setting.text(settings).map(shown) {
            None => writeln!(out, "# {key} is not set"),
            Some(text) if setting.is_quoted() => writeln!(out, "{key} = {} # {from}", toml::Value::String(text)),
            Some(text) => writeln!(out, "{key} = {text} # {from}"),
        };
    }
    if !settings.keys.is_empty() {
        let _ = writeln!(out, "\n[keys] # {}", origin(settings, "keys"));
        let chords = |all: &Vec<String>| toml::Value::Array(all.iter().cloned().map(toml::Value::String).collect());
        let table: toml::Table = settings.keys.iter().map(|(action, all)| (action.clone(), chords(all))).collect();
        let _ = write!(out, "{table}");
    }
    out
}

fn origin(settings: &Settings, key: &str) -> String {
    match settings.origins.get(key) {
        None => "default".to_owned(),
        Some(Origin::File { path, line }) => format!("{}:{line}", path.display().to_string().escape_debug()),
        Some(Origin::Env(name)) => name.clone(),
        Some(Origin::Flag) => format!("--{key}"),
    }
}
