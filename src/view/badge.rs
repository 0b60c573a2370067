//! What a screen's tab says about it while another one is shown: how many expectations failed, that something is lost, that
//! something stands out. Must not judge: the findings and the verdict do.

use super::{Cx, theme::Role};
use crate::advise::Severity;
use crate::session::decisions::sync::Verdict;
use crate::ui::Screen;

/// The findings that a screen explains; those of no other screen are Overview's.
const FINDINGS: [(Screen, &[&str]); 3] = [
    (
        Screen::Gateways,
        &["oom-killed", "container-restarted", "pod-not-running", "cpu-throttled", "idle-replica", "uneven-load"],
    ),
    (
        Screen::Pipeline,
        &[
            "oom-killed",
            "send-failed",
            "enqueue-failed",
            "documents-rejected",
            "memory-limiter-refuses",
            "backlog",
            "queue-full",
            "agents-wait",
        ],
    ),
    (
        Screen::Ingest,
        &[
            "elasticsearch-limits",
            "elasticsearch-red",
            "elasticsearch-disk",
            "elasticsearch-rejects",
            "elasticsearch-near-limit",
            "elasticsearch-queue",
            "elasticsearch-merging",
            "elasticsearch-heap",
            "logs-without-level",
            "logs-without-trace",
            "logs-without-service",
        ],
    ),
];

/// The badge of a screen, if there is something to say.
pub fn of(cx: &Cx, screen: Screen) -> Option<(String, Role)> {
    let count = |n: usize, role| (n > 0).then(|| (format!("{}{n}", cx.look.symbols.glyphs().cross), role));
    match screen {
        Screen::Timeline => {
            // Before a load there is no run, and inferring one is work.
            let run = cx.session.markers.last_load().is_some();
            count(if run { cx.verdict().count("failed") } else { 0 }, Role::Bad)
        }
        Screen::Decisions => {
            let differs = cx.session.decisions.rows().iter().filter(|row| row.verdict() == Verdict::Differs).count();
            count(differs, Role::Warn)
        }
        Screen::Overview => {
            let standing = cx.findings.iter().map(|f| f.severity).filter(|s| *s > Severity::Info);
            let worst = standing.clone().max()?;
            Some((format!("!{}", standing.count()), role(worst)))
        }
        _ => stands_out(cx, screen).map(|worst| ("!".into(), role(worst))),
    }
}

fn role(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::Bad,
        Severity::Warning => Role::Warn,
        Severity::Info => Role::Muted,
    }
}

/// The worst of what a screen explains. What was lost during this load stays lost when it is over.
fn stands_out(cx: &Cx, screen: Screen) -> Option<Severity> {
    let (_, ids) = FINDINGS.iter().find(|(s, _)| *s == screen)?;
    let now = cx.findings.iter().filter(|f| ids.contains(&f.id)).map(|f| f.severity);
    let over = cx.session.findings.over().into_iter().map(|s| &s.finding);
    let lost = over.filter(|f| ids.contains(&f.id) && f.severity == Severity::Critical).map(|f| f.severity);
    now.chain(lost).filter(|s| *s > Severity::Info).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_that_a_tab_shows_exists() {
        let known: Vec<&str> = crate::advise::kinds().iter().map(|kind| kind.id).collect();
        for id in FINDINGS.iter().flat_map(|(_, ids)| ids.iter()) {
            assert!(known.contains(id), "{id}");
        }
    }
}
