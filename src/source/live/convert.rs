//! From the API's objects to observations: pure functions, one file a kind. Text is cleaned and bounded here.

mod event;
mod hpa;
mod job;
mod lease;
mod pod;
mod scaler;
mod usage;
mod workload;

pub use event::event;
pub use hpa::hpa;
pub use job::job;
pub use lease::{lease, longest_pause};
use pod::quantities;
pub use pod::{containers, pod};
pub use scaler::{made_of, scaled_object, vpa, writer};
pub use usage::{pod_usage, seconds};
pub use workload::{scale, workload};

use super::wire;
use crate::observe::Condition;
use crate::observe::text::{MESSAGE, NAME, clean};

/// A name, cleaned and bounded.
pub fn name(text: &str) -> String {
    clean(text, NAME)
}

/// A message, cleaned and bounded.
pub fn message(text: &str) -> String {
    clean(text, MESSAGE)
}

/// Conditions of an HPA, a workload or a Job.
pub(super) fn conditions(from: &[wire::Condition]) -> Vec<Condition> {
    let one = |c: &wire::Condition| Condition {
        kind: name(&c.kind),
        status: name(&c.status),
        reason: name(&c.reason),
        message: message(&c.message),
        since: c.last_transition_time,
    };
    from.iter().map(one).collect()
}
