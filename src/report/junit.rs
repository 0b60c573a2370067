//! The verdict as JUnit XML, so that a CI pipeline shows each expectation as a test. What is waiting or not observable is
//! skipped. Must not judge.

use super::json::{CheckPart, Report};
use super::svg::escaped;
use std::fmt::Write;

/// One test suite with a test case for each expectation.
pub fn junit(r: &Report) -> String {
    let checks = &r.verdict.checks;
    let failed = checks.iter().filter(|c| c.result == "failed").count();
    let skipped = checks.iter().filter(|c| is_skipped(c)).count();
    let at = r.began.map(|t| t.format("%Y-%m-%dT%H:%M:%S").to_string()).unwrap_or_default();
    let suite = format!("edot-tui.{}", r.verdict.expectations);
    let counts = format!(
        "tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"{skipped}\" time=\"{:.3}\"",
        checks.len(),
        r.duration_s.unwrap_or(0.0)
    );
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"edot-tui\" {}>\n  <testsuite name=\"{}\" {counts} timestamp=\"{at}\" hostname=\"{}\">\n",
        counts.replace(&format!(" skipped=\"{skipped}\""), ""),
        xml(&suite),
        xml(if r.status.context.is_empty() { "unknown" } else { &r.status.context }),
    );
    for c in checks {
        let _ = write!(
            out,
            "    <testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\"",
            xml(&c.id),
            xml(&format!("{suite}.{}", c.phase.as_deref().unwrap_or("run"))),
            c.after_s.unwrap_or(0.0).max(0.0)
        );
        let _ = match c.result {
            "passed" => writeln!(out, ">\n      <system-out>{}</system-out>\n    </testcase>", xml(&detail(c))),
            "failed" => writeln!(
                out,
                ">\n      <failure message=\"{}\" type=\"expectation\">{}</failure>\n    </testcase>",
                xml(&c.observed),
                xml(&detail(c))
            ),
            other => {
                let why = xml(&format!("{}: {}", other.replace('_', " "), c.observed));
                writeln!(out, ">\n      <skipped message=\"{why}\"/>\n    </testcase>")
            }
        };
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn is_skipped(c: &CheckPart) -> bool {
    !matches!(c.result, "passed" | "failed")
}

fn detail(c: &CheckPart) -> String {
    let note = c.note.as_ref().map(|e| format!("; {e}")).unwrap_or_default();
    format!("{} | expected: {} | observed: {}{note}", c.message, c.expected, c.observed)
}

/// Text for an attribute or an element: what XML does not allow is left out.
fn xml(text: &str) -> String {
    let allowed = |c: &char| matches!(c, '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    escaped(&text.chars().filter(allowed).collect::<String>())
}
