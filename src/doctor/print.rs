//! The report as text and as JSON. Must not judge.

use super::check::{Check, Outcome};
use serde_json::json;
use std::fmt::Write;

/// A line a check, then how many there are of each.
pub fn text(checks: &[Check], ascii: bool) -> String {
    let mut out = String::new();
    let dash = if ascii { "-" } else { "—" };
    for check in checks {
        let mark = match (check.result, ascii) {
            (Outcome::Ok, false) => "✓",
            (Outcome::Ok, true) => "ok  ",
            (Outcome::Warn, false) => "!",
            (Outcome::Warn, true) => "!   ",
            (Outcome::Fail, false) => "✗",
            (Outcome::Fail, true) => "FAIL",
            (Outcome::Skip, false) => "·",
            (Outcome::Skip, true) => "skip",
        };
        let hint = check.hint.as_ref().map(|m| format!("; {m}")).unwrap_or_default();
        let _ = writeln!(out, "{mark} {} {dash} {}{hint}", check.what, check.detail);
    }
    let count = |outcome| checks.iter().filter(|c| c.result == outcome).count();
    let _ = writeln!(
        out,
        "\n{} fine, {} worth knowing, {} wrong, {} not checked",
        count(Outcome::Ok),
        count(Outcome::Warn),
        count(Outcome::Fail),
        count(Outcome::Skip)
    );
    out
}

/// `edot-tui/doctor/2`.
pub fn json(checks: &[Check]) -> String {
    let any = |outcome| checks.iter().any(|c| c.result == outcome);
    let result = match (any(Outcome::Fail), any(Outcome::Warn)) {
        (true, _) => "fail",
        (_, true) => "warn",
        _ => "ok",
    };
    let report = json!({"schema": "edot-tui/doctor/2", "result": result, "checks": checks});
    format!("{report:#}\n")
}
