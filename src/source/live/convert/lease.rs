//! Lease -> LeaseSeen.

use super::name;
use crate::observe::{LeaseSeen, Time};
use crate::source::live::wire;
use chrono::TimeDelta;
use std::time::Duration;

/// A lease is renewed every few seconds; one that was not for this long is left over.
const LEFT_OVER: TimeDelta = TimeDelta::minutes(10);

/// The controller manager's default, seconds.
const DURATION: i32 = 15;

/// The lease as it is `now`; None for one that is left over, as the controller manager that runs needs none.
pub fn lease(from: &wire::Lease, now: Time) -> Option<LeaseSeen> {
    let in_use = from.spec.renew_time.is_some_and(|renewed| now - renewed < LEFT_OVER);
    in_use.then(|| LeaseSeen {
        holder: name(&from.spec.holder_identity),
        acquired: from.spec.acquire_time,
        transitions: from.spec.lease_transitions.unwrap_or(0),
        lapsed: None,
    })
}

/// How long a holder that runs may take from one renewal to the next: then it gives the lease up, after two thirds of its duration
/// by default.
pub fn longest_pause(lease: &wire::Lease) -> Duration {
    let seconds = lease.spec.lease_duration_seconds.unwrap_or(DURATION).clamp(1, 600);
    Duration::from_secs(u64::from(seconds.unsigned_abs())) * 2 / 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_tells_when_its_holder_acquired_it() {
        let text = r#"{"spec":{"holderIdentity":"node_5f","leaseDurationSeconds":15,"acquireTime":"2026-11-28T11:53:39.123456Z",
          "renewTime":"2026-11-28T11:55:00.000000Z","leaseTransitions":3}}"#;
        let lease = serde_json::from_str(text).unwrap();
        let read = |at: &str| super::lease(&lease, at.parse().unwrap());
        let seen = read("2026-11-28T11:55:02Z").unwrap();
        assert_eq!((seen.holder.as_str(), seen.transitions, seen.lapsed), ("node_5f", 3, None));
        assert_eq!(longest_pause(&lease), Duration::from_secs(10));
        assert_eq!(seen.acquired.unwrap().to_rfc3339(), "2026-11-28T11:53:39.123456+00:00");
        assert_eq!(read("2026-11-28T12:55:00Z"), None);
    }
}
