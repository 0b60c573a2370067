//! `docs/hpa-versions.md` is printed from the table in `src/hpa/versions.rs`: `BLESS=1 cargo test it::house::versions`.

use crate::it::support::golden;
use edot_tui::hpa::versions::{CHANGES, RELEASED};
use std::fmt::Write;

#[test]
fn the_document_is_the_tables_own() {
    let mut text = format!(
        "# The HPA controller by version\n\n\
         What changed for an HPA, from which minor of Kubernetes on. Decisions, what-if and the lab compute as the version of the \
         API server does, and `edot-tui doctor` lists what a later one changes for the HPA that it looks at. A gate that is off by \
         default counts as on where the HPA itself proves it: by a field that the API server returned, or a condition that the \
         controller wrote. The newest release is 1.{RELEASED}; later rows are as they were merged. The table is \
         `src/hpa/versions.rs`; this page is printed from it (`BLESS=1 cargo test it::house::versions`).\n\n\
         | since | change | gate | kubernetes/kubernetes |\n|---|---|---|---|\n"
    );
    for row in CHANGES {
        let gate = row.gate.map(|(name, minor)| format!("{name}, from 1.{minor}")).unwrap_or_default();
        let pulls: Vec<String> = row.pulls.iter().map(|n| format!("#{n}")).collect();
        let _ = writeln!(text, "| 1.{} | {} | {gate} | {} |", row.since, row.what, pulls.join(", "));
    }
    text += "\n## Measured\n\nWhat real controllers did, explained by this arithmetic; how it was measured: [agreement.md](agreement.md).\n\n";
    let measured = include_str!("../../../docs/agreement.md").lines().filter(|line| line.starts_with('|'));
    measured.for_each(|line| text.extend([line, "\n"]));
    golden::check("docs/hpa-versions.md", &text);
}

#[test]
fn each_change_is_one_row() {
    assert!(CHANGES.is_sorted_by_key(|row| row.since), "oldest first");
    for (i, row) in CHANGES.iter().enumerate() {
        assert!(CHANGES[i + 1..].iter().all(|other| other.change != row.change), "{:?}", row.change);
        assert!(row.gate.is_none_or(|(_, minor)| minor <= row.since) && !row.pulls.is_empty(), "{:?}", row.change);
    }
}
