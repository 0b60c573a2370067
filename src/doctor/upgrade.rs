//! What later versions of Kubernetes change for the HPA: a check for each of them. Pure: facts in, checks out; what changes is
//! in the table of `hpa::versions`.

use super::check::Check;
use super::facts::Facts;
use crate::hpa::Pod;
use crate::hpa::versions::{Change, RELEASED, Row, ahead};
use crate::observe::HpaSeen;
use crate::session::controller;
use std::sync::Arc;

/// A check for each later version that changes something for this HPA.
pub fn upgrade(facts: &Facts, hpa: &HpaSeen) -> Vec<Check> {
    let (Some(minor), Some(spec)) = (controller::minor(&facts.version), controller::spec(hpa)) else {
        let why = "the server's version, or the HPA's spec, could not be read";
        return vec![Check::skip("upgrade", "later versions of Kubernetes", why)];
    };
    let seen = facts.pods.as_ref().and_then(|pods| pods.as_ref().ok());
    let pods: Vec<Arc<Pod>> = seen.into_iter().flatten().map(|p| Arc::new(controller::pod(p))).collect();
    let now = controller::proven(controller::settings(&facts.version), hpa);
    let is_new = |row: &&Row| match row.change {
        Change::ToleranceFields => !now.tolerance_fields,
        Change::ScaledToZeroCondition => !now.scaled_to_zero_condition,
        _ => true,
    };
    let rows: Vec<&Row> = ahead(minor, &spec.defaulted(), &pods).filter(is_new).collect();
    let mut minors: Vec<u32> = rows.iter().map(|row| row.since).collect();
    minors.sort_unstable();
    minors.dedup();
    if minors.is_empty() {
        return vec![Check::ok(
            "upgrade",
            "later versions of Kubernetes",
            "none that is known changes anything for this HPA",
        )];
    }
    let at_zero = hpa.status.current_replicas == Some(0);
    let check = |since: u32| {
        let all: Vec<&&Row> = rows.iter().filter(|row| row.since == since).collect();
        let released = if since > RELEASED { " (not released yet)" } else { "" };
        let what = format!("upgrade to Kubernetes 1.{since}{released}");
        let detail = all.iter().map(|row| row.what).collect::<Vec<_>>().join("; ");
        match at_zero && all.iter().any(|row| row.change == Change::ZeroByCondition) {
            true => Check::warn("upgrade", what, detail, "scale the target to 1 after the upgrade, or it stays at 0"),
            false => Check::ok("upgrade", what, detail),
        }
    };
    minors.into_iter().map(check).collect()
}
