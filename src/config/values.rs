//! The checks of values, one function a kind. Each gives the value, or what is wrong with it and what would be right,
//! without naming the setting.

use super::duration;
use crate::format::parse;
use std::{fmt::Display, time::Duration};

fn wrong<T>(text: &str, want: impl Display) -> Result<T, String> {
    Err(format!("is {text:?}, but must be {want}"))
}

/// Any text without control characters.
pub fn text(text: &str) -> Result<String, String> {
    match text {
        _ if text.trim().is_empty() => wrong(text, "something; leave the key out for the default"),
        _ if text.chars().any(char::is_control) => wrong(text, "without control characters"),
        _ => Ok(text.to_owned()),
    }
}

/// A Kubernetes name. It goes into request paths, so nothing else may pass.
pub fn name(text: &str, longest: usize) -> Result<String, String> {
    if is_name(text, longest) {
        return Ok(text.to_owned());
    }
    let dot = if longest > 63 { " or `.`" } else { "" };
    wrong(text, format!("a Kubernetes name: lower-case letters, digits and `-`{dot}, at most {longest} characters"))
}

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

/// `true`, `false` and their usual spellings.
pub fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => wrong(text, "true or false"),
    }
}

/// A whole number within the bounds.
pub fn number(text: &str, least: u16, most: u16) -> Result<u16, String> {
    match text.parse() {
        Ok(n) if (least..=most).contains(&n) => Ok(n),
        _ => wrong(text, format!("a whole number from {least} to {most}")),
    }
}

/// Any whole number that is not negative.
pub fn whole(text: &str) -> Result<u64, String> {
    text.parse().or_else(|_| wrong(text, "a whole number from 0 up"))
}

/// A number within the bounds.
pub fn factor(text: &str, least: f64, most: f64) -> Result<f64, String> {
    match text.parse() {
        Ok(n) if (least..=most).contains(&n) => Ok(n),
        _ => wrong(text, format!("a number from {least} to {most}")),
    }
}

/// A timeout: from one second to one hour.
pub fn timeout(text: &str) -> Result<Duration, String> {
    let parsed = duration::parse(text, Duration::from_secs(1)..=Duration::from_secs(3600));
    parsed.map_or_else(|| wrong(text, "a duration from 1s to 1h, such as \"10s\" or \"1m30s\""), Ok)
}

/// An `http` or `https` address; one that holds credentials is not repeated in the message.
pub fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    let Some(rest) = rest.filter(|r| !r.is_empty() && !r.starts_with('/')) else {
        return Err("must begin with https:// or http:// and name a host, such as https://es.example.com:9200".into());
    };
    if holds_credentials(rest) {
        return Err("must not hold credentials: give --es-user and EDOT_TUI_ES_PASSWORD".into());
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return wrong(text, "without spaces and control characters");
    }
    Ok(text.to_owned())
}

/// Where something is: an address, or a part of one. One that holds credentials is not repeated in the message.
pub fn place(value: &str) -> Result<String, String> {
    match holds_credentials(value) {
        true => Err("must not hold credentials".into()),
        false => text(value),
    }
}

/// Also where the password has a `/`, before which an address would end.
fn holds_credentials(address: &str) -> bool {
    address.split(['?', '#']).next().is_some_and(|before| before.contains('@'))
}

/// One of the choices: its index.
pub fn choice(text: &str, choices: &[&str]) -> Result<usize, String> {
    if let Some(index) = choices.iter().position(|choice| *choice == text) {
        return Ok(index);
    }
    let hint = nearest(text, choices.iter().copied()).map(|c| format!(" (did you mean {c:?}?)"));
    wrong(text, format!("one of {}{}", choices.join(", "), hint.unwrap_or_default()))
}

/// The known word that is most like `word`, if one is close to it: for "did you mean".
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    parse::nearest(&word.to_lowercase().replace('_', "-"), known, 0.8)
}

/// ` (did you mean NAME?)`, or nothing where none is close.
pub fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(word, known).map(|near| format!(" (did you mean {near}?)")).unwrap_or_default()
}
