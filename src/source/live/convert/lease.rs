//! Lease -> LeaseSeen.

use super::name;
use crate::observe::{LeaseSeen, Time};
use crate::source::live::wire;
use chrono::TimeDelta;

/// A lease is renewed every few seconds; one that was not for this long is left over.
const LEFT_OVER: TimeDelta = TimeDelta::minutes(10);

/// The lease as it is `now`; None for one that is left over, as the controller manager that runs needs none.
pub fn lease(from: &wire::Lease, now: Time) -> Option<LeaseSeen> {
    let in_use = from.spec.renew_time.is_some_and(|renewed| now - renewed < LEFT_OVER);
    in_use.then(|| LeaseSeen {
        holder: name(&from.spec.holder_identity),
        acquired: from.spec.acquire_time,
        transitions: from.spec.lease_transitions.unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_tells_when_its_holder_acquired_it() {
        let text = r#"{"spec":{"holderIdentity":"node_5f","leaseDurationSeconds":15,"acquireTime":"2026-11-28T11:53:39.123456Z",
          "renewTime":"2026-11-28T11:55:00.000000Z","leaseTransitions":3}}"#;
        let read = |at: &str| lease(&serde_json::from_str(text).unwrap(), at.parse().unwrap());
        let seen = read("2026-11-28T11:55:02Z").unwrap();
        assert_eq!((seen.holder.as_str(), seen.transitions), ("node_5f", 3));
        assert_eq!(seen.acquired.unwrap().to_rfc3339(), "2026-11-28T11:53:39.123456+00:00");
        assert_eq!(read("2026-11-28T12:55:00Z"), None);
    }
}
