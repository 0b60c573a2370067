//! A recording whose every text is hostile gives reports that are well-formed in every form.

use crate::process::{Family, data, edot_tui, run};
use serde_json::Value;
use std::time::Duration;

/// What names and messages are made to hold: markup, quotes, control and format characters, noncharacters, an endless word.
const HOSTILE: &str = "</script><script>alert(1)</script>\"'`|<!--]]>&amp;\u{1b}[2J\u{7}\u{0}\u{202e}\u{fffe}\u{ffff}\u{feff}\u{2028}=cmd|' /C calc'!A0\r\n,;\t\\";

/// Every string of a value made hostile: those that are free text, or `all` but what a line is known by.
fn poison(value: &mut Value, key: &str, all: bool) {
    const FREE: [&str; 14] = [
        "message", "reason", "text", "context", "tool", "node", "image", "note", "why", "label", "service", "dataset",
        "source", "hint",
    ];
    match value {
        Value::String(text) if FREE.contains(&key) || (all && !is_read(key, text)) => {
            *text = format!("{text}{HOSTILE}")
        }
        Value::Object(map) => map.iter_mut().for_each(|(k, v)| poison(v, k, all)),
        Value::Array(items) => items.iter_mut().for_each(|v| poison(v, key, all)),
        _ => {}
    }
}

/// What the program reads of a line: without these it would not take the line in at all.
fn is_read(key: &str, text: &str) -> bool {
    matches!(key, "seen" | "kind" | "state" | "feed" | "role" | "phase" | "status" | "select" | "type")
        || text.parse::<chrono::DateTime<chrono::Utc>>().is_ok()
}

fn poisoned(all: bool) -> String {
    let text = std::fs::read_to_string(data("decisions/two.jsonl")).unwrap();
    let line = |line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        poison(&mut value, "", all);
        value.to_string() + "\n"
    };
    // A pod of which even the name is hostile.
    text.lines().map(line).collect::<String>().replace("edot-gateway-", "gw<&\\u001b\\ufffe")
}

/// Whether `text` is XML 1.0 as far as its characters and the balance of its tags go.
fn xml_fault(text: &str) -> Option<String> {
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if let Some(c) = text.chars().find(|c| !allowed(*c)) {
        return Some(format!("U+{:04X} is not allowed in XML", u32::from(c)));
    }
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let Some(end) = rest.find('>') else { return Some("a tag without an end".into()) };
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if tag.starts_with(['?', '!']) || tag.ends_with('/') {
            continue;
        }
        match tag.strip_prefix('/') {
            Some(closed) => {
                let last = open.pop();
                if last != Some(closed) {
                    return Some(format!("</{closed}> closes {last:?}"));
                }
            }
            None => open.push(tag.split_whitespace().next().unwrap_or_default()),
        }
    }
    (!open.is_empty()).then(|| format!("left open: {open:?}"))
}

#[test]
fn every_form_is_well_formed() {
    let family = Family::new("reports of hostile text");
    for all in [false, true] {
        forms(&family, &poisoned(all));
    }
    family.end();
}

fn forms(family: &Family, text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    std::fs::write(&file, text).unwrap();
    let report = |form| vec!["report", "-o", form, "--speed", "1000"];
    let mut all: Vec<(&str, Vec<&str>)> =
        ["json", "csv", "html", "svg", "junit", "cast", "markdown", "text"].map(|form| (form, report(form))).to_vec();
    all.push(("json", vec!["what-if", "-o", "json"]));
    all.push(("html", vec!["what-if", "-o", "html"]));
    all.push(("text", vec!["what-if", "-o", "text"]));
    for form in ["json", "html", "text"] {
        all.push((form, vec!["compare", "-o", form, file.to_str().unwrap()]));
    }
    for (form, args) in all {
        let mut command = edot_tui(&args);
        command.arg(&file);
        let ended = run(command, Duration::ZERO);
        let form = form.to_owned();
        let name = format!("{args:?}");
        family.hold(&name, &ended, Duration::ZERO);
        let Ok(text) = String::from_utf8(ended.stdout) else {
            family.fault(format!("{name}: no UTF-8"));
            continue;
        };
        family.expect(text.len() > 500, || format!("{name}: only {} bytes", text.len()));
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        if form != "csv" {
            family.expect(!text.contains(control), || format!("{name}: holds control characters"));
        }
        let fault = match form.as_str() {
            "svg" | "junit" => xml_fault(&text),
            "json" => serde_json::from_str::<Value>(&text).err().map(|e| e.to_string()),
            "cast" => text.lines().find_map(|l| serde_json::from_str::<Value>(l).err().map(|e| e.to_string())),
            "html" => {
                text.contains("<script>alert(1)").then(|| "a script of the recording's is in the page".to_owned())
            }
            _ => None,
        };
        if let Some(fault) = fault {
            family.fault(format!("{name}: {fault}"));
        }
    }
}
