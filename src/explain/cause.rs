//! Why the arithmetic and the controller differ, and the flags that were inferred. Must not decide either.

use crate::session::decisions::flag::Flag;
use crate::session::decisions::sync::{Cause, Divergence, Suspicion};

/// A cause, as a clause.
pub fn cause(cause: &Cause) -> String {
    match cause {
        Cause::UnseenSample => "the controller used a sample that was not seen here".into(),
        Cause::SyncTime => "a pod or a sample changed within a second of the sync".into(),
        Cause::UnknownHistory => "what the controller recommended before this session began is not known".into(),
        Cause::Restart => "the controller restarted and forgot its recommendations".into(),
        Cause::ChangedByOther { from, to } => {
            format!("something else changed the replicas from {from} to {to} before this sync")
        }
        Cause::OtherFlag(other) => format!("the controller runs with another flag: {}", flag(*other)),
        Cause::UpdateFailed => "the scale could not be updated: FailedUpdateScale".into(),
        Cause::ScaleNotRead => "the scale could not be read".into(),
        Cause::NotExplained(it) => {
            let [likelier, other] = it.likely.map(suspicion);
            format!("not explained: {}; possibly {likelier}, or {other}", divergence(it.step))
        }
    }
}

/// `cpu initialization period about 10 s`.
pub fn flag(flag: Flag) -> String {
    match flag {
        Flag::Initialization(s) => format!("cpu initialization period about {s} s"),
        Flag::Readiness(s) => format!("initial readiness delay about {s} s"),
        Flag::Stabilization(s) => format!("downscale stabilization about {s} s"),
        Flag::Tolerance(t) => format!("tolerance about {t}"),
    }
}

/// A cause that nothing proves.
fn suspicion(suspicion: Suspicion) -> String {
    match suspicion {
        Suspicion::Restart => "the controller restarted".into(),
        Suspicion::OtherFlag(other) => format!("it runs with another flag ({})", flag(other)),
        Suspicion::OtherTime => "it saw a pod or a sample at another time".into(),
        Suspicion::UnseenSample => "it used a sample that was not seen here".into(),
    }
}

fn divergence(step: Divergence) -> String {
    match step {
        Divergence::Recommendation => "stabilization or a limit would have changed the recommendation".into(),
        Divergence::Stabilized => "a limit would have changed the stabilized size".into(),
        Divergence::Result { computed, controller } => {
            format!("the arithmetic asks for {computed}, the controller asked for {controller}")
        }
    }
}
