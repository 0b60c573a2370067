//! The HorizontalPodAutoscaler controller's arithmetic (autoscaling/v2), exact down to its truncations and wording.
//!
//! Pure: no I/O, no clock (`now` is an argument), no threads, no terminal, and no other room of this crate. Values are
//! what the controller uses: milli-units in int64, percentages and replicas in int32, ratios in float64. No input makes
//! it panic. Nothing here reads an API object; callers turn quantities and JSON into these types.
//!
//! [`reconcile`] is one whole sync and returns a [`Decision`] that holds every step as data. The steps stand alone, too:
//! [`quantity::milli`], [`groups::group`], [`metric::resource_utilization`], [`metric::propose`], [`rate::limit`],
//! [`stabilize`], [`limit`].
//!
//! ```text
//! samples ─ readings ─┐
//! pods ─ requests ────┼─ groups ─ per_pod ─┐
//! values ─────────────┴────────── whole ───┴─ metric ─ metrics ─ stabilize ─ rate ─ limit ─ reconcile ─► Decision
//! ```

pub mod decision;
pub mod fault;
pub mod groups;
pub mod history;
pub mod limit;
pub mod metric;
pub mod metrics;
pub mod per_pod;
pub mod pods;
pub mod quantity;
pub mod rate;
pub mod ratio;
pub mod readings;
mod reconcile;
pub mod requests;
pub mod settings;
pub mod spec;
pub mod stabilize;
pub mod status;
mod steps;
pub mod validate;
pub mod whole;
pub mod wording;
pub mod world;

pub use decision::{Action, Branch, Decision};
pub use fault::{Api, Fault};
pub use groups::{Group, Groups, Placed, Standing};
pub use history::{Memory, Recommendation, ScaleEvent};
pub use limit::{Limit, Limited};
pub use metric::{Failure, Proposal, Steps};
pub use metrics::Proposals;
pub use per_pod::{Basis, Pass, PassPod, PerPod, PodTarget, Verdict};
pub use pods::{ConditionStatus, Container, ContainerUsage, Phase, Pod, PodName, PodSample, Ready, Resources};
pub use rate::{Budget, RateLimit};
pub use ratio::{Band, Utilization};
pub use readings::{Reading, Readings};
pub use reconcile::reconcile;
pub use settings::Settings;
pub use spec::{
    Behavior, Direction, Metric, Policy, PolicyKind, ScalingRules, SelectPolicy, Source, Spec, Target, WrittenRules,
};
pub use stabilize::{Stabilization, Stabilized, Window};
pub use status::{Condition, ConditionType, Event, EventType, MetricStatus, Status};
pub use validate::{Invalid, validate};
pub use whole::{Divided, Whole};
pub use world::{Scale, Selector, Values, World};
