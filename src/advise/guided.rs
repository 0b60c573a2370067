//! Findings from the guidance for production: what in a collector's configuration loses telemetry or makes it wrong. The rules are
//! those of `guidance`; the feed that reads the configurations has evaluated them. Must not judge.

use super::configured::origin;
use super::{Finding, FindingKind, Rule, Severity};
use crate::guidance::{self, HARMS};
use crate::observe::Role;
use crate::session::Session;

const fn kind(rule: &guidance::Rule) -> FindingKind {
    FindingKind {
        id: rule.id,
        severity: &[Severity::Warning],
        when: match rule.harm {
            Some(when) => when,
            None => "",
        },
        evidence: "the ConfigMap",
        hint: rule.hint,
        source: "the collectors' configuration (ConfigMaps)",
    }
}

const KINDS: [FindingKind; HARMS.len()] =
    [kind(&HARMS[0]), kind(&HARMS[1]), kind(&HARMS[2]), kind(&HARMS[3]), kind(&HARMS[4])];

pub const RULES: &[Rule] = &[Rule { rank: 330, check: harmful, finds: &KINDS }];

fn harmful(session: &Session) -> Vec<Finding> {
    let tiers = [(Role::Gateway, "the gateway"), (Role::Agent, "the agents"), (Role::Cluster, "the cluster collector")];
    let mut out = Vec::new();
    for (role, tier) in tiers {
        let Some(config) = session.collectors.config(role) else { continue };
        for harm in &config.harms {
            // One of a later version is not known.
            let Some(rule) = guidance::rule(&harm.rule) else { continue };
            out.push(Finding {
                id: rule.id,
                severity: Severity::Warning,
                text: format!("{tier}: {}", harm.seen),
                evidence: origin(config),
                hint: rule.hint.to_owned(),
            });
        }
    }
    out
}
