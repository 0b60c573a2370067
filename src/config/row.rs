//! What a row of the table of settings is: the kinds of values, how a value is checked and kept, and how it is shown. A new
//! kind of value is a variant of [`Field`] here, and its check in `values`.

use super::{Settings, duration, values};
use crate::view::symbols::Symbols;
use std::{path::PathBuf, time::Duration};

/// A setting. Its flag is `--key`, its environment variable `EDOT_TUI_KEY`.
pub struct Setting {
    pub key: &'static str,
    /// The heading it has in the help.
    pub group: Group,
    /// What the help shows in place of a value, such as `FILE`.
    pub placeholder: &'static str,
    pub field: Field,
    pub default: Fallback,
    /// Without the default, which is added.
    pub help: &'static str,
}

/// Where a value is kept, and with that which values are good: each variant is a kind of value.
pub enum Field {
    Text(fn(&mut Settings) -> &mut Option<String>),
    /// An address or a part of one, without credentials.
    Place(fn(&mut Settings) -> &mut Option<String>),
    /// `http://…` or `https://…`, without credentials.
    Url(fn(&mut Settings) -> &mut Option<String>),
    /// A Kubernetes name of at most this many characters.
    Name(usize, fn(&mut Settings) -> &mut String),
    /// A path; `~/` is the home, and one in the file is relative to the file's folder.
    File(fn(&mut Settings) -> &mut Option<PathBuf>),
    /// A name, or a path if it ends in `.toml`.
    NameOrFile(fn(&mut Settings) -> &mut String),
    /// true, false.
    On(fn(&mut Settings) -> &mut bool),
    /// The same for a field that the setting switches off (`no-…`).
    Off(fn(&mut Settings) -> &mut bool),
    /// A whole number within the bounds.
    Number(u16, u16, fn(&mut Settings) -> &mut u16),
    /// Any whole number that is not negative.
    Whole(fn(&mut Settings) -> &mut Option<u64>),
    /// A number within the bounds.
    Factor(f64, f64, fn(&mut Settings) -> &mut f64),
    /// From one second to one hour.
    Timeout(fn(&mut Settings) -> &mut Duration),
    Level(fn(&mut Settings) -> &mut Option<String>),
    Symbols(fn(&mut Settings) -> &mut Symbols),
}

/// What holds when nothing is given.
pub enum Fallback {
    /// This value, as it would be typed.
    Value(&'static str),
    /// The field stays empty; the help explains what that means.
    Described(&'static str),
    /// The field stays empty, which needs no explanation.
    Empty,
}

/// The headings of the help, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Cluster,
    Load,
    Lab,
    Collectors,
    Elasticsearch,
    Look,
    Files,
}

const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];
const SYMBOLS: &[&str] = &["braille", "block", "ascii"];
/// In the order of their names.
const SYMBOL_SETS: [Symbols; 3] = [Symbols::Braille, Symbols::Block, Symbols::Ascii];

impl Setting {
    /// The environment variable's name.
    pub fn env(&self) -> String {
        format!("EDOT_TUI_{}", self.key.to_uppercase().replace('-', "_"))
    }

    /// The flag's letter, where it has one.
    pub fn short(&self) -> Option<char> {
        [("namespace", 'n'), ("all-namespaces", 'A')]
            .into_iter()
            .find(|(key, _)| *key == self.key)
            .map(|(_, letter)| letter)
    }

    /// The help with the default.
    pub fn help(&self) -> String {
        match self.default {
            Fallback::Value(value) if !self.is_switch() => format!("{} [default: {value}]", self.help),
            Fallback::Described(what) => format!("{} [default: {what}]", self.help),
            _ => self.help.to_owned(),
        }
    }

    /// A flag without a value means true.
    pub fn is_switch(&self) -> bool {
        matches!(self.field, Field::On(_) | Field::Off(_))
    }

    /// The words to choose from, if the value is one of a few.
    pub fn choices(&self) -> Option<&'static [&'static str]> {
        match self.field {
            Field::Level(_) => Some(LEVELS),
            Field::Symbols(_) => Some(SYMBOLS),
            _ => None,
        }
    }

    /// Whether it is an address, which may hold a token.
    pub fn is_address(&self) -> bool {
        matches!(self.field, Field::Place(_) | Field::Url(_))
    }

    /// Whether TOML writes the value in quotes.
    pub fn is_quoted(&self) -> bool {
        !matches!(self.field, Field::On(_) | Field::Off(_) | Field::Number(..) | Field::Whole(_) | Field::Factor(..))
    }

    /// Checks the text and keeps its value; `path` makes a path absolute.
    ///
    /// # Errors
    /// What is wrong with it and what would be right; it names the key, but not where the value came from.
    pub fn set(&self, s: &mut Settings, text: &str, path: &dyn Fn(&str) -> PathBuf) -> Result<(), String> {
        self.keep(s, text, path).map_err(|what| format!("`{}` {what}", self.key))
    }

    fn keep(&self, s: &mut Settings, text: &str, path: &dyn Fn(&str) -> PathBuf) -> Result<(), String> {
        match self.field {
            Field::Text(at) => *at(s) = Some(values::text(text)?),
            Field::Place(at) => *at(s) = Some(values::place(text)?),
            Field::Url(at) => *at(s) = Some(values::url(text)?),
            Field::Name(longest, at) => *at(s) = values::name(text, longest)?,
            Field::File(at) => *at(s) = Some(path(&values::text(text)?)),
            Field::NameOrFile(at) => {
                let name = values::text(text)?;
                *at(s) = if name.ends_with(".toml") { path(&name).to_string_lossy().into_owned() } else { name };
            }
            Field::On(at) => *at(s) = values::switch(text)?,
            Field::Off(at) => *at(s) = !values::switch(text)?,
            Field::Number(least, most, at) => *at(s) = values::number(text, least, most)?,
            Field::Whole(at) => *at(s) = Some(values::whole(text)?),
            Field::Factor(least, most, at) => *at(s) = values::factor(text, least, most)?,
            Field::Timeout(at) => *at(s) = values::timeout(text)?,
            Field::Level(at) => *at(s) = values::choice(text, LEVELS).map(|_| Some(text.to_owned()))?,
            Field::Symbols(at) => {
                let index = values::choice(text, SYMBOLS)?;
                *at(s) = SYMBOL_SETS.get(index).copied().unwrap_or_default();
            }
        }
        Ok(())
    }

    /// The value as it would be typed; None while the field is empty.
    pub fn text(&self, settings: &Settings) -> Option<String> {
        // The accessors borrow mutably, so that one does for reading and for writing.
        let mut copy = settings.clone();
        let s = &mut copy;
        let shown = |path: &mut PathBuf| path.display().to_string();
        match self.field {
            Field::Text(at) | Field::Place(at) | Field::Url(at) | Field::Level(at) => at(s).clone(),
            Field::Name(_, at) | Field::NameOrFile(at) => Some(at(s).clone()),
            Field::File(at) => at(s).as_mut().map(shown),
            Field::On(at) => Some(at(s).to_string()),
            Field::Off(at) => Some((!*at(s)).to_string()),
            Field::Number(_, _, at) => Some(at(s).to_string()),
            Field::Whole(at) => at(s).map(|n| n.to_string()),
            Field::Factor(_, _, at) => Some(at(s).to_string()),
            Field::Timeout(at) => Some(duration::print(*at(s))),
            Field::Symbols(at) => {
                let index = SYMBOL_SETS.iter().position(|set| set == at(s));
                index.and_then(|i| SYMBOLS.get(i)).map(|name| (*name).to_owned())
            }
        }
    }
}
