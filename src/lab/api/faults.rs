//! The API's faults, enacted: who is denied, how late answers come, what is cut.

use super::face::{Cuts, Face};
use super::failure::Failure;
use super::kinds::METRICS;
use super::path::Place;
use crate::lab::model::{ApiFault, ApiFaultKind};
use std::time::Duration;

/// The user that the token stands for.
pub const USER: &str = "lab";

/// How much later every answer comes, in lab time.
pub fn delay(faults: &[ApiFault]) -> Duration {
    let all = faults.iter().filter_map(|fault| match fault.what {
        ApiFaultKind::Slow { delay } => delay.to_std().ok(),
        _ => None,
    });
    all.max().unwrap_or_default()
}

/// The server is gone for now.
pub fn away(faults: &[ApiFault]) -> bool {
    faults.iter().any(|fault| fault.what == ApiFaultKind::Restart)
}

/// Something in between swallows every answer.
pub fn swallowed(faults: &[ApiFault]) -> bool {
    faults.iter().any(|fault| fault.what == ApiFaultKind::EmptyAnswer)
}

/// Watches tell nothing.
pub fn silent(faults: &[ApiFault]) -> bool {
    faults.iter().any(|fault| fault.what == ApiFaultKind::SilentWatch)
}

/// metrics-server is away.
pub fn unmeasured(faults: &[ApiFault], place: &Place) -> bool {
    place.kind.group == METRICS && faults.iter().any(|fault| fault.what == ApiFaultKind::MetricsOutage)
}

/// Whether a verb is denied on a resource, which may name a part (`pods/log`).
pub fn forbidden(faults: &[ApiFault], verb: &str, resource: &str) -> bool {
    faults.iter().any(|fault| match &fault.what {
        ApiFaultKind::Forbidden { verb: v, resource: r } => (v == "*" || v == verb) && (r == "*" || r == resource),
        _ => false,
    })
}

/// 403 in the words of RBAC, if the verb is denied.
pub fn check(faults: &[ApiFault], verb: &str, place: &Place) -> Result<(), Failure> {
    let resource = place.resource();
    if !forbidden(faults, verb, &resource) {
        return Ok(());
    }
    let name = place.name.as_ref().map(|name| format!(" \"{name}\"")).unwrap_or_default();
    let scope = match &place.namespace {
        Some(namespace) => format!("in the namespace \"{namespace}\""),
        None => "at the cluster scope".to_owned(),
    };
    let what = place.kind.qualified();
    let group = place.kind.group;
    let message = format!(
        "{what}{name} is forbidden: User \"{USER}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {scope}"
    );
    Err(Failure::new(403, "Forbidden", message))
}

/// Which momentary faults were enacted, by when they began.
#[derive(Debug, Default)]
pub struct Enacted(Vec<ApiFault>);

impl Enacted {
    /// Enact what began since the last call.
    pub fn enact(&mut self, face: &Face) {
        let now = face.faults();
        for fault in now.iter().filter(|fault| !self.0.contains(fault)) {
            let count = |cut: fn(&mut Cuts) -> &mut u64| face.cuts.send_modify(|cuts| *cut(cuts) += 1);
            match fault.what {
                ApiFaultKind::WatchCut => count(|cuts| &mut cuts.watches),
                ApiFaultKind::Restart => count(|cuts| &mut cuts.restarts),
                ApiFaultKind::Compacted => {
                    face.with(|lab| lab.store.compact());
                    count(|cuts| &mut cuts.compactions);
                }
                _ => {}
            }
        }
        if self.0 != now {
            face.cuts.send_modify(|cuts| cuts.faults += 1);
            self.0 = now;
        }
    }
}
