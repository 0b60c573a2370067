//! Applies the API's faults: denied verbs, delayed or empty responses, cut watches and connections.

use super::failure::Failure;
use super::kinds::METRICS;
use super::path::ResourcePath;
use super::state::{ApiState, Disruptions};
use crate::lab::model::{ApiFault, ApiFaultKind};
use std::time::Duration;

/// The user that the token authenticates.
pub const USER: &str = "lab";

/// The delay of every response, in lab time.
pub fn delay(faults: &[ApiFault]) -> Duration {
    let all = faults.iter().filter_map(|fault| match fault.what {
        ApiFaultKind::Slow { delay } => delay.to_std().ok(),
        _ => None,
    });
    all.max().unwrap_or_default()
}

/// Whether the API server is down.
pub fn is_down(faults: &[ApiFault]) -> bool {
    faults.iter().any(|fault| fault.what == ApiFaultKind::Restart)
}

/// Whether a proxy in between empties every response.
pub fn are_responses_empty(faults: &[ApiFault]) -> bool {
    faults.iter().any(|fault| fault.what == ApiFaultKind::EmptyAnswer)
}

/// Whether watches send nothing.
pub fn are_watches_silent(faults: &[ApiFault]) -> bool {
    faults.iter().any(|fault| fault.what == ApiFaultKind::SilentWatch)
}

/// Whether a path needs metrics-server while that is down.
pub fn is_unmeasured(faults: &[ApiFault], path: &ResourcePath) -> bool {
    path.kind.group == METRICS && faults.iter().any(|fault| fault.what == ApiFaultKind::MetricsOutage)
}

/// Whether a verb is denied on a resource, which may be a subresource (`pods/log`).
pub fn is_forbidden(faults: &[ApiFault], verb: &str, resource: &str) -> bool {
    faults.iter().any(|fault| match &fault.what {
        ApiFaultKind::Forbidden { verb: v, resource: r } => (v == "*" || v == verb) && (r == "*" || r == resource),
        _ => false,
    })
}

/// Check a verb on a path.
///
/// # Errors
/// 403 in the words of RBAC, if the verb is denied.
pub fn check(faults: &[ApiFault], verb: &str, path: &ResourcePath) -> Result<(), Failure> {
    let resource = path.resource();
    if !is_forbidden(faults, verb, &resource) {
        return Ok(());
    }
    let name = path.name.as_ref().map(|name| format!(" \"{name}\"")).unwrap_or_default();
    let scope = match &path.namespace {
        Some(namespace) => format!("in the namespace \"{namespace}\""),
        None => "at the cluster scope".to_owned(),
    };
    let what = path.kind.qualified();
    let group = path.kind.group;
    let message = format!(
        "{what}{name} is forbidden: User \"{USER}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {scope}"
    );
    Err(Failure::new(403, "Forbidden", message))
}

/// The faults in force at the last call; momentary ones among them have been applied.
#[derive(Debug, Default)]
pub struct AppliedFaults(Vec<ApiFault>);

impl AppliedFaults {
    /// Apply the faults that have begun since the last call.
    pub fn apply(&mut self, state: &ApiState) {
        let now = state.faults();
        for fault in now.iter().filter(|fault| !self.0.contains(fault)) {
            let count = |cut: fn(&mut Disruptions) -> &mut u64| {
                state.disruptions.send_modify(|disruptions| *cut(disruptions) += 1)
            };
            match fault.what {
                ApiFaultKind::WatchCut => count(|disruptions| &mut disruptions.watches),
                ApiFaultKind::Restart => count(|disruptions| &mut disruptions.restarts),
                ApiFaultKind::Compacted => {
                    state.with(|lab| lab.store.compact());
                    count(|disruptions| &mut disruptions.compactions);
                }
                _ => {}
            }
        }
        if self.0 != now {
            state.disruptions.send_modify(|disruptions| disruptions.faults += 1);
            self.0 = now;
        }
    }
}
