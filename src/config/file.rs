//! Reads the configuration file (TOML: flat keys and the table `[keys]`) and names the line of what is wrong in it.

use super::row::{Field, Setting};
use super::settings::{self, SETTINGS};
use super::values::nearest;
use super::{ConfigError, Given, Origin};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A configuration is never larger; a larger file is something else.
const LARGEST: u64 = 1 << 20;

/// What a file sets. Values are not checked yet, only their TOML types.
#[derive(Debug, Default)]
pub struct Contents {
    /// In the order of the file.
    pub given: Vec<Given>,
    /// `[keys]`: an action's name and its key chords.
    pub keys: BTreeMap<String, Vec<String>>,
    pub keys_origin: Option<Origin>,
}

/// Reads a file.
///
/// # Errors
/// The file cannot be read or is not TOML; a key is unknown; a value is of the wrong type. Values themselves are
/// checked later, with those of the environment and the flags.
pub fn read(path: &Path) -> Result<Contents, ConfigError> {
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
    contents(&text, path)
}

/// What `text` sets; `path` is only named.
fn contents(text: &str, path: &Path) -> Result<Contents, ConfigError> {
    let at = |span: Range<usize>| 1 + text.get(..span.start).unwrap_or(text).matches('\n').count();
    let fail = |line: usize, what: String| ConfigError { place: format!("{}:{line}", path.display()), what };
    let origin = |line| Origin::File { path: path.to_path_buf(), line };
    let table = DeTable::parse(text)
        .map_err(|e| fail(at(e.span().unwrap_or_default()), format!("not valid TOML: {}", e.message())))?;
    let mut contents = Contents::default();
    let mut given = Vec::new();
    for (name, value) in table.get_ref() {
        let line = at(name.span());
        if name.get_ref() == "keys" {
            let DeValue::Table(keys) = value.get_ref() else {
                return Err(fail(line, "`keys` must be a table: [keys]".into()));
            };
            for (action, chords) in keys {
                let chords = chord_texts(chords.get_ref()).ok_or_else(|| {
                    let what = format!("`keys.{}` must be a string or a list of strings", action.get_ref());
                    fail(at(action.span()), what)
                })?;
                contents.keys.insert(action.get_ref().to_string(), chords);
            }
            contents.keys_origin = Some(origin(line));
            continue;
        }
        let setting = settings::find(name.get_ref()).ok_or_else(|| fail(line, unknown(name.get_ref())))?;
        let value = plain(value.get_ref(), setting)
            .ok_or_else(|| fail(line, format!("`{}` must be {}", setting.key, wanted(setting))))?;
        given.push((line, Given { key: setting.key, value, origin: origin(line) }));
    }
    given.sort_by_key(|(line, _)| *line);
    contents.given = given.into_iter().map(|(_, given)| given).collect();
    Ok(contents)
}

fn unknown(name: &str) -> String {
    let known = || SETTINGS.iter().map(|s| s.key).chain(["keys"]);
    match nearest(name, known()) {
        Some(near) => format!("unknown key `{name}`; did you mean `{near}`?"),
        None => format!("unknown key `{name}`; known keys: {}", known().collect::<Vec<_>>().join(", ")),
    }
}

/// One chord or a list of them; an empty list takes all keys from an action. None when it is neither.
fn chord_texts(value: &DeValue) -> Option<Vec<String>> {
    let one = |value: &DeValue| match value {
        DeValue::String(s) if !s.trim().is_empty() => Some(s.to_string()),
        _ => None,
    };
    match value {
        DeValue::Array(all) => all.iter().map(|v| one(v.get_ref())).collect(),
        _ => one(value).map(|chord| vec![chord]),
    }
}

/// The value as a flag would have it; None when TOML's type is not the setting's.
fn plain(value: &DeValue, setting: &Setting) -> Option<String> {
    match (value, &setting.field) {
        (DeValue::Boolean(b), Field::On(_) | Field::Off(_)) => Some(b.to_string()),
        (DeValue::Integer(n), Field::Number(..) | Field::Whole(_) | Field::Factor(..) | Field::Timeout(_)) => {
            Some(n.to_string())
        }
        (DeValue::Float(n), Field::Factor(..)) => Some(n.to_string()),
        (DeValue::String(s), _) if setting.is_quoted() => Some(s.to_string()),
        _ => None,
    }
}

fn wanted(setting: &Setting) -> String {
    match (&setting.field, setting.choices()) {
        (_, Some(choices)) => format!("one of \"{}\"", choices.join("\", \"")),
        (Field::On(_) | Field::Off(_), _) => "true or false, without quotes".into(),
        (Field::Number(least, most, _), _) => format!("a whole number from {least} to {most}, without quotes"),
        (Field::Whole(_), _) => "a whole number from 0 up, without quotes".into(),
        (Field::Factor(least, most, _), _) => format!("a number from {least} to {most}, without quotes"),
        (Field::Timeout(_), _) => "a duration such as \"10s\"".into(),
        _ => "a string".into(),
    }
}
