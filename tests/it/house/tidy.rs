//! The rules of the source tree that can be read off its text: imports between rooms, file headers, file sizes, clocks, locks,
//! panics. The table of rooms is the one in `docs/architecture.md`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The most lines that a file may have, and from where on it is mentioned.
const WALL: usize = 600;
const NOTICE: usize = 400;

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
            let (mut depth, mut name, mut in_path) = (0, String::new(), false);
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth > 0 => depth -= 1,
                    // A name alone imports the room itself, so the end of an entry counts as well as its first `::`.
                    ':' | ',' | '}' if depth == 0 => {
                        if !in_path && !name.is_empty() {
                            out.push(std::mem::take(&mut name));
                        }
                        name.clear();
                        in_path = c == ':';
                        if c == '}' {
                            break;
                        }
                    }
                    c if depth == 0 && (c.is_alphanumeric() || c == '_') => name.push(c),
                    _ => {}
                }
            }
        } else {
            out.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    out
}

/// One row of the table of rooms: `| `name`, `name` | what they hold | `used`, `used` |`.
struct Row {
    names: Vec<String>,
    may_use: Vec<String>,
    /// The row ends in `all`: these rooms tie the others together.
    all: bool,
}

/// Rooms that the table may name before their first file is there.
const EXPECTED: [&str; 7] = ["format", "explain", "error", "signals", "stdio", "open", "commands"];

/// The rows of the table between `<!-- rooms -->` and `<!-- /rooms -->` in `docs/architecture.md`.
fn table() -> Vec<Row> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md")).unwrap();
    let (_, rest) = text.split_once("<!-- rooms -->").unwrap();
    let (table, _) = rest.split_once("<!-- /rooms -->").unwrap();
    let ticked = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<String>>();
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 3, "a row has three cells: {line}");
        Row { names: ticked(cells[0]), may_use: ticked(cells[2]), all: cells[2] == "all" }
    };
    table.lines().filter(|line| line.starts_with("| `")).map(row).collect()
}

#[test]
fn the_table_of_rooms_reads_from_the_bottom_up() {
    let mut faults = Vec::new();
    let mut above: Vec<String> = Vec::new();
    for row in table() {
        for used in row.may_use.iter().filter(|used| !above.contains(used)) {
            faults.push(format!("{}: `{used}` is not in a row above", row.names.join(", ")));
        }
        for name in &row.names {
            if above.contains(name) {
                faults.push(format!("`{name}` is there twice"));
            }
        }
        above.extend(row.names);
    }
    report(&faults);
}

#[test]
fn rooms_import_only_what_they_may() {
    let rows = table();
    let row_of = |name: &str| rows.iter().find(|row| row.names.iter().any(|n| n == name));
    let mut faults = Vec::new();
    // Room -> the rooms that its files import.
    let mut used: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in sources("src") {
        let here = room(&file);
        used.entry(here.to_owned()).or_default();
        let Some(row) = row_of(here) else {
            faults.push(format!("{file}: `{here}` is not in the table of docs/architecture.md"));
            continue;
        };
        if only_tests(&file) {
            continue;
        }
        for import in imports(&code(&text)) {
            if import == here || row_of(&import).is_none() {
                continue;
            }
            if !row.all && !row.may_use.contains(&import) {
                faults.push(format!("{file}: `{here}` may not use `{import}`"));
            }
            used.entry(here.to_owned()).or_default().push(import);
        }
    }
    for row in &rows {
        let here = row.names.join("`, `");
        for gone in row.names.iter().filter(|name| !used.contains_key(*name) && !EXPECTED.contains(&name.as_str())) {
            faults.push(format!("the table names `{gone}`, and there is no such room"));
        }
        // A permission that is not needed goes, so that the table stays true.
        let members: Vec<&Vec<String>> = row.names.iter().filter_map(|name| used.get(name)).collect();
        let needed = |room: &String| members.iter().any(|imports| imports.contains(room));
        for spare in row.may_use.iter().filter(|room| !members.is_empty() && used.contains_key(*room) && !needed(room))
        {
            faults.push(format!("`{here}` may use `{spare}`, and does not"));
        }
    }
    report(&faults);
}

#[test]
fn the_import_reader_reads_imports() {
    let found =
        imports("use crate::{observe::{A, b::C}, session::Session};\nuse crate::ui::Ui; let x = crate::view::f();");
    assert_eq!(found, ["observe", "session", "ui", "view"]);
    let alone = imports("use crate::{exit, out::{self, print}, report::status, start};");
    assert_eq!(alone, ["exit", "out", "report", "start"]);
}

#[test]
fn every_file_has_a_header_and_one_idea() {
    let mut faults = Vec::new();
    for (file, text) in sources("src").into_iter().chain(sources("tests")) {
        if !text.starts_with("//! ") {
            faults.push(format!("{file}: no `//!` header in its first line"));
        }
        match text.lines().count() {
            lines if lines > WALL => faults.push(format!("{file}: {lines} lines; the wall is {WALL}")),
            lines if lines > NOTICE => println!("{file}: {lines} lines; is it still one idea?"),
            _ => {}
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
    // Only the credentials of others end by the system's time itself, which may be set.
    let expires = |file: &str| ["src/clock.rs", "src/source/live/client/connect/provider.rs"].contains(&file);
    forbid(&["Utc::now", "SystemTime"], expires, "reads a time that may be set back");
}

#[test]
fn nothing_is_shared_behind_a_lock() {
    forbid(&["Mutex", "RwLock", "RefCell"], |file| file.starts_with("src/lab/api"), "shares state behind a lock");
}

#[test]
fn nothing_panics_on_purpose() {
    // JSON that is no object panics when a key of it is taken.
    let words = [".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!(", "\"].take()"];
    forbid(&words, |_| false, "can panic");
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
