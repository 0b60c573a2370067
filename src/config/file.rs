//! Reads the configuration file (TOML, flat keys) and says by line what is wrong in it.

use super::keys::{self, KEYS, Kind};
use super::{ConfigError, Given, Origin};
use std::ops::Range;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// No configuration is larger; what is, is not one.
const LARGEST: u64 = 1 << 20;

/// The keys that the file sets.
///
/// # Errors
/// The file cannot be read or is not TOML; a key is unknown; a value is of the wrong type. Values themselves are
/// checked later, with those of the environment and the flags.
pub fn read(path: &Path) -> Result<Vec<Given>, ConfigError> {
    let place = path.display().to_string();
    let fail = |what: String| ConfigError { place: place.clone(), what };
    let about = std::fs::metadata(path).map_err(|e| fail(format!("cannot read the configuration: {e}")))?;
    if !about.is_file() {
        return Err(fail("the configuration must be a file".into()));
    }
    if about.len() > LARGEST {
        return Err(fail("too large for a configuration (more than 1 MiB)".into()));
    }
    let bytes = std::fs::read(path).map_err(|e| fail(format!("cannot read the configuration: {e}")))?;
    let text = String::from_utf8(bytes).map_err(|_| fail("the configuration must be UTF-8 text".into()))?;
    entries(&text, path)
}

/// The keys that `text` sets; `path` is only named.
fn entries(text: &str, path: &Path) -> Result<Vec<Given>, ConfigError> {
    let at = |span: Range<usize>| 1 + text.get(..span.start).unwrap_or(text).matches('\n').count();
    let fail = |line: usize, what: String| ConfigError { place: format!("{}:{line}", path.display()), what };
    let table = DeTable::parse(text)
        .map_err(|e| fail(at(e.span().unwrap_or_default()), format!("not valid TOML: {}", e.message())))?;
    let mut given = Vec::new();
    for (name, value) in table.get_ref() {
        let line = at(name.span());
        let key = keys::find(name.get_ref()).ok_or_else(|| fail(line, unknown(name.get_ref())))?;
        let value = plain(value.get_ref(), key.kind)
            .ok_or_else(|| fail(line, format!("`{}` must be {}", key.name, wanted(key.kind))))?;
        given.push((line, Given { key: key.name, value, origin: Origin::File { path: path.to_path_buf(), line } }));
    }
    given.sort_by_key(|(line, _)| *line);
    Ok(given.into_iter().map(|(_, given)| given).collect())
}

fn unknown(name: &str) -> String {
    match keys::nearest(name, KEYS.iter().map(|k| k.name)) {
        Some(near) => format!("unknown key `{name}`; did you mean `{near}`?"),
        None => {
            let all: Vec<&str> = KEYS.iter().map(|k| k.name).collect();
            format!("unknown key `{name}`; known keys: {}", all.join(", "))
        }
    }
}

/// The value as the text a flag would have; None when TOML's type is not the key's.
fn plain(value: &DeValue, kind: Kind) -> Option<String> {
    match (value, kind) {
        (DeValue::Boolean(b), Kind::Bool) => Some(b.to_string()),
        (DeValue::Integer(n), Kind::Number(..) | Kind::Whole | Kind::Factor(..) | Kind::Duration) => {
            Some(n.to_string())
        }
        (DeValue::Float(n), Kind::Factor(..)) => Some(n.to_string()),
        (DeValue::String(s), Kind::Text | Kind::Path | Kind::Url | Kind::Name(_) | Kind::Duration | Kind::OneOf(_)) => {
            Some(s.to_string())
        }
        _ => None,
    }
}

fn wanted(kind: Kind) -> String {
    match kind {
        Kind::Text | Kind::Path | Kind::Url | Kind::Name(_) => "a string".into(),
        Kind::Bool => "true or false, without quotes".into(),
        Kind::Number(least, most) => format!("a whole number from {least} to {most}, without quotes"),
        Kind::Whole => "a whole number from 0 up, without quotes".into(),
        Kind::Factor(least, most) => format!("a number from {least} to {most}, without quotes"),
        Kind::Duration => "a duration such as \"10s\"".into(),
        Kind::OneOf(choices) => format!("one of \"{}\"", choices.join("\", \"")),
    }
}
