//! `docs/findings.md` is printed from the tables beside the rules: `BLESS=1 cargo test it::house::findings`.

use crate::it::support::golden;
use edot_tui::advise;
use edot_tui::guidance::HARMS;
use std::fmt::Write;

#[test]
fn the_document_is_the_rules_own() {
    let mut text = String::from(
        "# Findings\n\n\
         Every finding that the program can report, in the order in which findings of one severity are listed. It is \
         shown in the Findings pane and by `edot-tui status`, with its evidence in figures and a hint, and \
         it clears by itself when the condition no longer holds. The rules are in `src/advise`; this page is printed from \
         the tables beside them (`BLESS=1 cargo test it::house::findings`).\n\n\
         `edot-tui status -o json | jq -r '.findings[].id'` lists the present ones.\n",
    );
    for kind in advise::kinds() {
        let severity: Vec<&str> = kind.severity.iter().map(|s| s.word()).collect();
        let rows = [
            ("Severity", severity.join(" or ")),
            ("Appears when", kind.when.into()),
            ("Evidence", kind.evidence.into()),
            ("Hint", kind.hint.into()),
            ("Source", kind.source.into()),
        ];
        let _ = writeln!(text, "\n## `{}`\n", kind.id);
        rows.iter().for_each(|(name, value)| {
            let _ = writeln!(text, "- **{name}**: {value}");
        });
    }
    golden::check("docs/findings.md", &text);
}

#[test]
fn every_id_is_written_once() {
    let mut ids: Vec<&str> = advise::kinds().iter().map(|kind| kind.id).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|two| two[0] != two[1]), "{ids:?}");
    assert!(ids.iter().all(|id| id.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
    // Findings take their ids from the table: in the rules' files no other id is written.
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/advise");
    let mut written = 0;
    for entry in std::fs::read_dir(root).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        written += text.lines().filter(|line| line.trim_start().starts_with("id: \"")).count();
    }
    // Those of the guidance for production have theirs from its rules.
    assert_eq!(written + HARMS.len(), ids.len());
}
