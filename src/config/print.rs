//! Prints resolved settings as a configuration file that gives the same settings again, with the source of each value.

use super::keys::{KEYS, Kind, Symbols};
use super::{Origin, Settings};
use std::fmt::Write;

/// The settings as TOML. There is no secret among them: credentials stay in the kubeconfig, in files, and in variables
/// that are no settings.
pub fn print(settings: &Settings) -> String {
    let mut out = String::from("# edot-tui: the configuration in force\n");
    let file = settings.config_file.as_ref().map(|p| format!("{:?}", p.display().to_string()));
    let _ = writeln!(out, "# file: {}", file.as_deref().unwrap_or("none"));
    let _ = writeln!(out, "# themes: {:?}", settings.theme_dir.display().to_string());
    let _ = writeln!(out, "# state: {:?}", settings.state_dir.display().to_string());
    out.push('\n');
    for key in KEYS {
        let from = match settings.origins.get(key.name) {
            None => "default".to_owned(),
            Some(Origin::File { path, line }) => format!("{}:{line}", path.display().to_string().escape_debug()),
            Some(Origin::Env(name)) => name.clone(),
            Some(Origin::Flag) => format!("--{}", key.name),
        };
        let _ = match value(settings, key.name) {
            None => writeln!(out, "# {} is not set", key.name),
            Some(text) if matches!(key.kind, Kind::Bool | Kind::Number(..) | Kind::Whole | Kind::Factor(..)) => {
                writeln!(out, "{} = {text} # {from}", key.name)
            }
            Some(text) => writeln!(out, "{} = {} # {from}", key.name, toml::Value::String(text)),
        };
    }
    out
}

fn value(s: &Settings, key: &str) -> Option<String> {
    let path = |p: &std::path::PathBuf| p.display().to_string();
    match key {
        "kubeconfig" => s.kubeconfig.as_ref().map(path),
        "context" => s.context.clone(),
        "namespace" => Some(s.namespace.clone()),
        "hpa" => Some(s.hpa.clone()),
        "as" => s.impersonate.clone(),
        "request-timeout" => Some(humantime::format_duration(s.request_timeout).to_string()),
        "load-namespace" => Some(s.load_namespace.clone()),
        "load-job" => Some(s.load_job.clone()),
        "load-manifest" => s.load_manifest.as_ref().map(path),
        "readonly" => Some(s.readonly.to_string()),
        "lab" => Some(s.lab.to_string()),
        "scenario" => Some(s.scenario.clone()),
        "speed" => Some(s.speed.to_string()),
        "seed" => s.seed.map(|seed| seed.to_string()),
        "no-collector" => Some(s.no_collector.to_string()),
        "collector-metrics" => s.collector_metrics.clone(),
        "es-url" => s.es.url.clone(),
        "es-user" => s.es.user.clone(),
        "es-api-key-file" => s.es.api_key_file.as_ref().map(path),
        "es-ca" => s.es.ca.as_ref().map(path),
        "kibana-url" => s.es.kibana.clone(),
        "no-es" => Some(s.es.off.to_string()),
        "expectations" => s.expectations.as_ref().map(path),
        "theme" => Some(s.theme.clone()),
        "symbols" => Some(
            match s.symbols {
                Symbols::Braille => "braille",
                Symbols::Block => "block",
                Symbols::Ascii => "ascii",
            }
            .into(),
        ),
        "no-color" => Some((!s.color).to_string()),
        "no-mouse" => Some((!s.mouse).to_string()),
        "fps" => Some(s.fps.to_string()),
        "log-file" => s.log.as_ref().map(|l| path(&l.file)),
        "log-level" => s.log.as_ref().map(|l| l.level.clone()),
        _ => None,
    }
}
