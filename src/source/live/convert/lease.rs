//! Lease -> LeaseSeen.

use super::name;
use crate::observe::{LeaseSeen, Time};
use crate::source::live::wire;
use chrono::TimeDelta;

/// A lease is renewed every few seconds; one that was not for this long is left over.
const LEFT_OVER: TimeDelta = TimeDelta::minutes(10);

/// The lease as it is `now`; None for one that is left over, as the controller manager that runs needs none. `before` is when it
/// had been renewed at the reading before: at the same time means that its holder no longer renews it.
pub fn lease(from: &wire::Lease, before: Option<Time>, now: Time) -> Option<LeaseSeen> {
    let in_use = from.spec.renew_time.is_some_and(|renewed| now - renewed < LEFT_OVER);
    in_use.then(|| LeaseSeen {
        holder: name(&from.spec.holder_identity),
        acquired: from.spec.acquire_time,
        transitions: from.spec.lease_transitions.unwrap_or(0),
        lapsed: from.spec.renew_time.filter(|renewed| before == Some(*renewed)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_tells_when_its_holder_acquired_it() {
        let text = r#"{"spec":{"holderIdentity":"node_5f","leaseDurationSeconds":15,"acquireTime":"2026-11-28T11:53:39.123456Z",
          "renewTime":"2026-11-28T11:55:00.000000Z","leaseTransitions":3}}"#;
        let read_after = |before: Option<&str>, at: &str| {
            lease(&serde_json::from_str(text).unwrap(), before.map(|b| b.parse().unwrap()), at.parse().unwrap())
        };
        let read = |at| read_after(None, at);
        let seen = read("2026-11-28T11:55:02Z").unwrap();
        assert_eq!((seen.holder.as_str(), seen.transitions, seen.lapsed), ("node_5f", 3, None));
        let lapsed = |before| read_after(Some(before), "2026-11-28T11:56:02Z").unwrap().lapsed.is_some();
        assert_eq!(["2026-11-28T11:54:02Z", "2026-11-28T11:55:00Z"].map(lapsed), [false, true]);
        assert_eq!(seen.acquired.unwrap().to_rfc3339(), "2026-11-28T11:53:39.123456+00:00");
        assert_eq!(read("2026-11-28T12:55:00Z"), None);
    }
}
