//! Lease -> LeaseSeen.

use super::name;
use crate::observe::LeaseSeen;
use crate::source::live::wire;

/// The lease as it is now.
pub fn lease(from: &wire::Lease) -> LeaseSeen {
    LeaseSeen {
        holder: name(&from.spec.holder_identity),
        acquired: from.spec.acquire_time,
        transitions: from.spec.lease_transitions.unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_tells_when_its_holder_acquired_it() {
        let text = r#"{"spec":{"holderIdentity":"node_5f","leaseDurationSeconds":15,"acquireTime":"2026-11-28T11:53:39.123456Z",
          "renewTime":"2026-11-28T11:55:00.000000Z","leaseTransitions":3}}"#;
        let seen = lease(&serde_json::from_str(text).unwrap());
        assert_eq!((seen.holder.as_str(), seen.transitions), ("node_5f", 3));
        assert_eq!(seen.acquired.unwrap().to_rfc3339(), "2026-11-28T11:53:39.123456+00:00");
    }
}
