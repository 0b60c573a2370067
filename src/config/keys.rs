//! The keys of the configuration, the same for file, environment and flags, and what each accepts.

use super::Settings;
use crate::format::parse;
use std::time::Duration;

/// A key. Its flag is `--name`, its environment variable `EDOT_TUI_NAME`.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub name: &'static str,
    pub kind: Kind,
}

/// What a key's value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Text,
    /// A path; `~/` is the home, a relative one in the file starts at the file's folder.
    Path,
    /// A Kubernetes name of at most so many characters.
    Name(usize),
    Bool,
    /// A whole number within the bounds.
    Number(u16, u16),
    /// Any whole number that is not negative.
    Whole,
    /// A number within the bounds.
    Factor(f64, f64),
    /// `10s`, `1m 30s`, or a bare number of seconds; at least one second, at most an hour.
    Duration,
    OneOf(&'static [&'static str]),
    /// `http://…` or `https://…`, without credentials.
    Url,
}

/// What lines and bars are drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Symbols {
    #[default]
    Braille,
    Block,
    Ascii,
}

pub const SYMBOLS: &[&str] = &["braille", "block", "ascii"];
pub const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];

/// Every key, in the order they are printed.
pub const KEYS: &[Key] = &[
    Key { name: "kubeconfig", kind: Kind::Path },
    Key { name: "context", kind: Kind::Text },
    Key { name: "namespace", kind: Kind::Name(63) },
    Key { name: "hpa", kind: Kind::Name(253) },
    Key { name: "as", kind: Kind::Text },
    Key { name: "request-timeout", kind: Kind::Duration },
    Key { name: "load-namespace", kind: Kind::Name(63) },
    Key { name: "load-job", kind: Kind::Name(63) },
    Key { name: "load-manifest", kind: Kind::Path },
    Key { name: "readonly", kind: Kind::Bool },
    Key { name: "lab", kind: Kind::Bool },
    Key { name: "scenario", kind: Kind::Text },
    Key { name: "speed", kind: Kind::Factor(0.1, 100.0) },
    Key { name: "seed", kind: Kind::Whole },
    Key { name: "no-collector", kind: Kind::Bool },
    Key { name: "collector-metrics", kind: Kind::Text },
    Key { name: "es-url", kind: Kind::Url },
    Key { name: "es-user", kind: Kind::Text },
    Key { name: "es-api-key-file", kind: Kind::Path },
    Key { name: "es-ca", kind: Kind::Path },
    Key { name: "kibana-url", kind: Kind::Url },
    Key { name: "no-es", kind: Kind::Bool },
    Key { name: "expectations", kind: Kind::Path },
    Key { name: "theme", kind: Kind::Text },
    Key { name: "symbols", kind: Kind::OneOf(SYMBOLS) },
    Key { name: "no-color", kind: Kind::Bool },
    Key { name: "no-mouse", kind: Kind::Bool },
    Key { name: "fps", kind: Kind::Number(1, 60) },
    Key { name: "log-file", kind: Kind::Path },
    Key { name: "log-level", kind: Kind::OneOf(LEVELS) },
];

/// The key of that name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|k| k.name == name)
}

/// What the user may have meant by `word`, if anything comes close.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('_', "-");
    known
        .map(|k| (strsim::jaro_winkler(&word, k), k))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}

impl Key {
    /// The environment variable's name.
    pub fn env(&self) -> String {
        format!("EDOT_TUI_{}", self.name.to_uppercase().replace('-', "_"))
    }

    /// The value in its normal form.
    ///
    /// # Errors
    /// What is wrong with it and what would be right, without the place.
    pub fn check(&self, text: &str) -> Result<String, String> {
        let wrong = |want: &str| Err(format!("`{}` is {text:?}, but must be {want}", self.name));
        match self.kind {
            Kind::Text | Kind::Path if text.trim().is_empty() => wrong("something; leave the key out for the default"),
            Kind::Text | Kind::Path if text.chars().any(char::is_control) => wrong("without control characters"),
            Kind::Text | Kind::Path => Ok(text.to_owned()),
            Kind::Name(longest) if !is_name(text, longest) => wrong(&format!(
                "a Kubernetes name: lower-case letters, digits and `-`{}, at most {longest} characters",
                if longest > 63 { " or `.`" } else { "" }
            )),
            Kind::Name(_) => Ok(text.to_owned()),
            Kind::Bool => match text {
                "true" | "1" | "yes" => Ok("true".into()),
                "false" | "0" | "no" => Ok("false".into()),
                _ => wrong("true or false"),
            },
            Kind::Number(least, most) => match text.parse::<u16>() {
                Ok(n) if (least..=most).contains(&n) => Ok(n.to_string()),
                _ => wrong(&format!("a whole number from {least} to {most}")),
            },
            Kind::Whole => match text.parse::<u64>() {
                Ok(n) => Ok(n.to_string()),
                Err(_) => wrong("a whole number from 0 up"),
            },
            Kind::Factor(least, most) => match text.parse::<f64>() {
                Ok(n) if (least..=most).contains(&n) => Ok(n.to_string()),
                _ => wrong(&format!("a number from {least} to {most}")),
            },
            Kind::Duration => match duration(text) {
                Some(_) => Ok(text.to_owned()),
                None => wrong("a duration from 1s to 1h, such as \"10s\" or \"1m30s\""),
            },
            Kind::Url => url(text).map_err(|what| format!("`{}` {what}", self.name)),
            Kind::OneOf(choices) if choices.contains(&text) => Ok(text.to_owned()),
            Kind::OneOf(choices) => {
                let hint = nearest(text, choices.iter().copied()).map(|c| format!(" (did you mean {c:?}?)"));
                wrong(&format!("one of {}{}", choices.join(", "), hint.unwrap_or_default()))
            }
        }
    }
}

/// `10s`, or a number of seconds, within 1 s and 1 h.
pub fn duration(text: &str) -> Option<Duration> {
    let parsed = parse::duration(text)?;
    (Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&parsed).then_some(parsed)
}

/// An address; one that holds a password is not repeated.
fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    let Some(rest) = rest.filter(|r| !r.is_empty() && !r.starts_with('/')) else {
        return Err("must begin with https:// or http:// and name a host, such as https://es.example.com:9200".into());
    };
    if rest.split(['/', '?', '#']).next().is_some_and(|host| host.contains('@')) {
        return Err("must not hold credentials: give --es-user and EDOT_TUI_ES_PASSWORD".into());
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(format!("is {text:?}, but must be without spaces and control characters"));
    }
    Ok(text.to_owned())
}

/// A name goes into request paths, so nothing else may pass.
fn is_name(text: &str, longest: usize) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let parts: Vec<&str> = if longest > 63 { text.split('.').collect() } else { vec![text] };
    text.len() <= longest
        && parts.iter().all(|part| {
            let b = part.as_bytes();
            b.first().is_some_and(|c| inner(*c))
                && b.last().is_some_and(|c| inner(*c))
                && b.iter().all(|c| inner(*c) || *c == b'-')
        })
}

/// Puts a checked value in its place; paths and logging are the caller's.
pub(super) fn put(settings: &mut Settings, key: &str, value: String) {
    match key {
        "context" => settings.context = Some(value),
        "namespace" => settings.namespace = value,
        "hpa" => settings.hpa = value,
        "as" => settings.impersonate = Some(value),
        "request-timeout" => settings.request_timeout = duration(&value).unwrap_or(settings.request_timeout),
        "load-namespace" => settings.load_namespace = value,
        "load-job" => settings.load_job = value,
        "readonly" => settings.readonly = value == "true",
        "lab" => settings.lab = value == "true",
        "scenario" => settings.scenario = value,
        "speed" => settings.speed = value.parse().unwrap_or(settings.speed),
        "seed" => settings.seed = value.parse().ok(),
        "no-collector" => settings.no_collector = value == "true",
        "collector-metrics" => settings.collector_metrics = Some(value),
        "es-url" => settings.es.url = Some(value),
        "es-user" => settings.es.user = Some(value),
        "kibana-url" => settings.es.kibana = Some(value),
        "no-es" => settings.es.off = value == "true",
        "theme" => settings.theme = value,
        "symbols" => {
            settings.symbols = match value.as_str() {
                "block" => Symbols::Block,
                "ascii" => Symbols::Ascii,
                _ => Symbols::Braille,
            }
        }
        "no-color" => settings.color = value != "true",
        "no-mouse" => settings.mouse = value != "true",
        "fps" => settings.fps = value.parse().unwrap_or(settings.fps),
        _ => {}
    }
}
