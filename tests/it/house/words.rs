//! Words that are not used, because they are not the field's, and what is used in their place. `docs/glossary.md` has the rest.

use std::path::{Path, PathBuf};

/// Each with what it is replaced by.
const NOT_USED: &[(&str, &str)] = &[
    ("mend", "fix, hint"),
    ("mends", "fixes"),
    ("mended", "fixed"),
    ("told", "reported, observed"),
    ("anew", "again, after a restart"),
    ("befall", "apply"),
    ("spoilt", "corrupt, damaged"),
    ("unheard", "unknown, unreachable"),
    ("whoever", "what, a caller, a user"),
    ("somebody", "a user, another writer"),
];

/// A line that contains this quotes another's text, or names what recordings of format 1 contain.
const EXEMPT: [&str; 2] = ["format 1", "quoted:"];

/// Files and folders, from the project's root.
const CHECKED: &[&str] = &["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "src", "assets", "themes"];

fn files(path: &Path, out: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        return out.push(path.to_owned());
    }
    for entry in std::fs::read_dir(path).unwrap() {
        files(&entry.unwrap().path(), out);
    }
}

/// The words of a line that are not used.
fn found(line: &str) -> Vec<&'static (&'static str, &'static str)> {
    if EXEMPT.iter().any(|marker| line.contains(marker)) {
        return Vec::new();
    }
    let words = line.split(|c: char| !c.is_alphanumeric());
    words.filter_map(|word| NOT_USED.iter().find(|(not, _)| word.eq_ignore_ascii_case(not))).collect()
}

#[test]
fn plain_words_are_used() {
    let mut all = Vec::new();
    for path in CHECKED {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        assert!(path.exists(), "{}", path.display());
        files(&path, &mut all);
    }
    let mut faults = Vec::new();
    for path in all {
        // Pictures and the like are no text.
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            let words = found(line).into_iter();
            faults.extend(words.map(|(word, use_)| format!("{}:{}: {word}: use {use_}", path.display(), number + 1)));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn words_are_found_whole_and_in_any_case() {
    let words = |line| found(line).into_iter().map(|(word, _)| *word).collect::<Vec<_>>();
    assert_eq!(words("Mend it, and `told_by` Anew."), ["mend", "told", "anew"]);
    assert!(words("recommend, amended, newborn").is_empty());
    assert!(words("#[serde(alias = \"mend\")] // format 1").is_empty());
}
