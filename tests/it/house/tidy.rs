//! The house rules, held: who may import whom, file headers, file sizes, clocks, locks, panics.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Room -> the rooms it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("observe", &[]),
    ("control", &["observe"]),
    ("clock", &[]),
    ("hpa", &[]),
    ("session", &["observe", "hpa"]),
    ("advise", &["observe", "hpa", "session"]),
    ("verdict", &["observe", "hpa", "session"]),
    ("recording", &["observe"]),
    ("replay", &["observe", "control", "session", "recording", "source"]),
    ("source", &["observe", "control", "recording", "clock"]),
    ("lab", &["hpa", "clock"]),
    ("ui", &["observe", "control", "session", "verdict"]),
    ("view", &["observe", "session", "advise", "verdict", "ui"]),
    ("report", &["observe", "hpa", "session", "advise", "verdict", "recording", "ui", "view", "terminal"]),
    ("offline", &["observe", "session", "verdict", "recording", "ui", "view", "report", "config", "error"]),
    ("terminal", &[]),
    ("signals", &[]),
    ("error", &["config", "recording", "source", "view"]),
    ("stdio", &["error"]),
    ("config", &["view"]),
    ("logging", &["config"]),
    ("doctor", &["observe", "config", "source", "error", "open"]),
];
/// These may use every room.
const TIES: [&str; 5] = ["app", "commands", "main", "lib", "open"];

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Every file under `dir`: its path from the project's root, and its text.
fn sources(dir: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    rust_files(&root.join(dir), &mut paths);
    let named = |p: PathBuf| {
        let name = p.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        (name, std::fs::read_to_string(&p).unwrap())
    };
    paths.into_iter().map(named).collect()
}

/// `src/view/pane/now.rs` -> `view`; `src/app.rs` -> `app`.
fn room(file: &str) -> &str {
    file.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default()
}

/// The text before the file's tests, without comments: what is compiled into the program.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..end].lines().filter(|l| !l.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Files that only tests compile.
fn only_tests(file: &str) -> bool {
    file.ends_with("_tests.rs") || file.ends_with("/tests.rs")
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The rooms that a text imports: `crate::room` anywhere, and the names in `use crate::{…}`.
fn imports(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => name.clear(),
                    _ => {}
                }
                if depth == 0 && (c.is_alphanumeric() || c == '_') {
                    name.push(c);
                } else if depth == 0 && c == ':' && !name.is_empty() {
                    out.push(std::mem::take(&mut name));
                }
            }
        } else {
            out.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    out
}

#[test]
fn rooms_import_only_what_they_may() {
    let rooms: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut faults = Vec::new();
    for (file, text) in sources("src") {
        let here = room(&file);
        if TIES.contains(&here) || only_tests(&file) {
            continue;
        }
        let Some(may) = rooms.get(here) else {
            faults.push(format!("{file}: room `{here}` is not in the table"));
            continue;
        };
        for used in imports(&code(&text)) {
            let is_room = rooms.contains_key(used.as_str()) || TIES.contains(&used.as_str());
            if is_room && used != here && !may.contains(&used.as_str()) {
                faults.push(format!("{file}: `{here}` may not use `{used}`"));
            }
        }
    }
    report(&faults);
}

#[test]
fn the_import_reader_reads_imports() {
    let found =
        imports("use crate::{observe::{A, b::C}, session::Session};\nuse crate::ui::Ui; let x = crate::view::f();");
    assert_eq!(found, ["observe", "session", "ui", "view"]);
}

#[test]
fn every_file_has_a_header_and_one_idea() {
    let mut faults = Vec::new();
    for (file, text) in sources("src").into_iter().chain(sources("tests")) {
        if !text.starts_with("//! ") {
            faults.push(format!("{file}: no `//!` header in its first line"));
        }
        let lines = text.lines().count();
        if lines > 600 {
            faults.push(format!("{file}: {lines} lines; the wall is 600"));
        }
    }
    report(&faults);
}

#[test]
fn only_sources_read_clocks() {
    let may = |file: &str| {
        // The last times its own work, to space its checkpoints by it; what it makes does not depend on that.
        ["src/clock.rs", "src/source/", "src/lab/api/", "src/app.rs", "src/recording/writer.rs", "src/replay/index.rs"]
            .iter()
            .any(|p| file.starts_with(p))
    };
    forbid(&["Utc::now", "Local::now", "Instant::now", "SystemTime"], may, "reads a clock");
}

#[test]
fn nothing_is_shared_behind_a_lock() {
    forbid(&["Mutex", "RwLock", "RefCell"], |file| file.starts_with("src/lab/api"), "shares state behind a lock");
}

#[test]
fn nothing_panics_on_purpose() {
    forbid(&[".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!("], |_| false, "can panic");
}

fn forbid(words: &[&str], may: impl Fn(&str) -> bool, what: &str) {
    let mut faults = Vec::new();
    for (file, text) in sources("src") {
        if may(&file) || only_tests(&file) {
            continue;
        }
        let code = code(&text);
        for word in words.iter().filter(|w| code.contains(**w)) {
            faults.push(format!("{file}: `{word}` {what}"));
        }
    }
    report(&faults);
}
