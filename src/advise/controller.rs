//! Rules over the HPA controller itself: whether it still decides anything. Must not judge what it decides.

use super::{Finding, FindingKind, Rule, Severity};
use crate::format::{duration::duration, text};
use crate::session::Session;

const SILENT: FindingKind = FindingKind {
    id: "controller-silent",
    severity: &[Severity::Critical],
    when: "three syncs in a row should have changed the HPA's status and did not, and none was seen for 75 s, or for four \
           sync periods (twice that while the period is not known); or the controller manager's lease was not renewed \
           for 30 s",
    evidence: "the last sync, how many are missing since, and when the lease was renewed last",
    hint: "look at the controller manager: `kubectl -n kube-system get pods,lease`",
    source: "HPA status, pods, usage, values of metrics; lease of the controller manager",
};

pub const RULES: &[Rule] = &[Rule { rank: 5, check: silent, finds: &[SILENT] }];

fn silent(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let Some(silence) = session.decisions.silence(now) else { return Vec::new() };
    let ago = |ms: i64| format!("{} ago", duration((now - ms).max(0) / 1000));
    let missing = match silence.missing {
        0 => String::new(),
        n => format!("; since then {} that should have changed its status", text::plural(n as usize, "sync")),
    };
    let lease = silence.lapsed.map(|ms| format!("; the controller manager last renewed its lease {}", ago(ms)));
    vec![Finding {
        id: SILENT.id,
        severity: Severity::Critical,
        text: "the HPA controller does not sync: nothing scales".into(),
        evidence: format!("last sync {}{missing}{}", ago(silence.since), lease.unwrap_or_default()),
        hint: "look at the controller manager: kubectl -n kube-system get pods,lease".into(),
    }]
}
