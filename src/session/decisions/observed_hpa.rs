//! The HPA as last observed, with what is derived from it once, and a sync that waits to be settled. Data only.

use super::evidence::Evidence;
use crate::hpa::{self, Spec, Status};
use crate::observe::HpaSeen;
use crate::session::{controller, metrics};
use std::sync::Arc;

/// A version comes after a newer one by less than this, milliseconds.
const LATE: i64 = 2000;

/// The HPA and what is derived from it.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedHpa {
    /// When it was seen, milliseconds since 1970.
    pub ms: i64,
    pub seen: Arc<HpaSeen>,
    /// None when a target or quantity in it cannot be parsed.
    pub spec: Option<Arc<Spec>>,
    /// The names of the spec's metrics.
    pub names: Arc<[String]>,
}

/// A sync that is not settled yet.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingSync {
    /// Milliseconds since 1970.
    pub ms: i64,
    /// The status changed with it; otherwise it is inferred.
    pub observed: bool,
    pub before: ObservedHpa,
    pub evidence: Evidence,
    /// It was tried once without a full fit.
    pub tried: bool,
    /// The controller was held up about then: it may have been none. It takes part in the memory, and is not listed.
    pub doubtful: bool,
}

impl ObservedHpa {
    /// `before` lends what did not change.
    pub fn of(ms: i64, seen: &HpaSeen, before: Option<&ObservedHpa>) -> Self {
        let alike = |b: &&ObservedHpa| {
            b.seen.metrics == seen.metrics
                && b.seen.behavior == seen.behavior
                && (b.seen.min_replicas, b.seen.max_replicas) == (seen.min_replicas, seen.max_replicas)
        };
        let (spec, names) = match before.filter(alike) {
            Some(b) => (b.spec.clone(), b.names.clone()),
            None => (controller::spec(seen).map(Arc::new), seen.metrics.iter().map(metrics::label).collect()),
        };
        ObservedHpa { ms, seen: Arc::new(seen.clone()), spec, names }
    }

    /// Whether `seen`, which came at `ms`, is an older version that came late. Resource versions go back by themselves where
    /// the API server's store was restored, so only one that came soon after this counts.
    pub fn is_after(&self, ms: i64, seen: &HpaSeen) -> bool {
        let version = |hpa: &HpaSeen| hpa.resource_version.parse::<u64>().ok();
        let older = version(seen).zip(version(&self.seen)).is_some_and(|(late, here)| late < here);
        older && self.seen.uid == seen.uid && ms - self.ms < LATE
    }

    /// What a sync reads of the status before it.
    pub fn status(&self) -> Status {
        let seen = &self.seen.status;
        let zero = seen.conditions.iter().find(|c| c.kind == hpa::ConditionType::ScaledToZero.name());
        let conditions = zero.map(|c| hpa::Condition {
            kind: hpa::ConditionType::ScaledToZero,
            status: if c.status == "True" { hpa::ConditionStatus::True } else { hpa::ConditionStatus::False },
            reason: c.reason.clone().into(),
            message: c.message.clone().into(),
            since: c.since,
        });
        Status {
            current: seen.current_replicas.unwrap_or_default(),
            desired: seen.desired_replicas,
            last_scale: seen.last_scale,
            metrics: Vec::new(),
            conditions: conditions.into_iter().collect(),
        }
    }
}
