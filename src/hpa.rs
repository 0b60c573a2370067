//! The HorizontalPodAutoscaler controller's arithmetic (autoscaling/v2), exact down to its truncations and wording.
//!
//! Pure: no I/O, no clock (`now` is an argument), no threads, no terminal, and no other room of this crate. Values are
//! what the controller uses: milli-units in int64 (millicores; bytes × 1000), percentages and replicas in int32, ratios in
//! float64. No input makes it panic. Nothing here reads an API object; callers turn quantities and JSON into these types.
//!
//! [`reconcile`] is one whole sync and returns a [`Decision`] that holds every step as data. Each step can be called alone,
//! too: [`quantity::milli`], [`groups::group`], [`metric::resource_utilization`], [`metric::propose`], [`rate::limit`],
//! [`stabilize`], [`limit`].
//!
//! # Example
//!
//! Two pods request 200 millicores each and use 240: 120 % against a target of 80 %, outside of the band of 72…88 %. The
//! proposal is ceil(120 / 80 × 2) = 3 replicas.
//!
//! ```
//! use chrono::{DateTime, TimeDelta};
//! use edot_tui::hpa::{self, quantity::milli, *};
//! use std::sync::Arc;
//!
//! let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
//! let an_hour_ago = now - TimeDelta::hours(1);
//! let pods = ["gateway-0", "gateway-1"].map(|name| {
//!     let requests = [("cpu".to_string(), milli("200m").unwrap())].into();
//!     Arc::new(Pod {
//!         name: name.into(),
//!         phase: Phase::Running,
//!         deleted: false,
//!         ready: Some(Ready { status: ConditionStatus::True, since: an_hour_ago }),
//!         started: Some(an_hour_ago),
//!         containers: vec![Container { name: "collector".into(), requests, restartable: false }],
//!         init_containers: vec![],
//!         pod_level_requests: Resources::new(),
//!     })
//! });
//! let samples = pods.iter().map(|pod| PodSample {
//!     pod: pod.name.clone(),
//!     at: now,
//!     window: TimeDelta::seconds(15),
//!     containers: vec![ContainerUsage {
//!         name: "collector".into(),
//!         usage: [("cpu".to_string(), milli("240m").unwrap())].into(),
//!     }],
//! });
//! let world = World {
//!     namespace: "observability-lab".into(),
//!     scale: Ok(Scale { spec: 2, status: 2 }),
//!     selector: Selector::Own,
//!     samples: Ok(samples.collect()),
//!     pods: pods.to_vec(),
//!     values: Default::default(),
//!     update_error: None,
//! };
//! let cpu = Metric { source: Source::Resource { resource: "cpu".into() }, target: Target::Utilization(80) };
//! let spec = Spec { min: Some(1), max: 4, metrics: vec![cpu], behavior: None };
//!
//! let mut memory = Memory::default();
//! let decision = hpa::reconcile(&spec, &Status::default(), &world, &mut memory, now, &Settings::default());
//!
//! assert_eq!(decision.recommended, Some(3));
//! assert_eq!(decision.replicas, Some(3));
//! assert_eq!(decision.action, Action::ScaleUp);
//! assert_eq!(decision.reason, "cpu resource utilization (percentage of request) above target");
//! let band = Band::of(None, &Settings::default());
//! assert_eq!(band.percentages(80), Some((72, 88)));
//! ```
//!
//! # Order of the steps
//!
//! ```text
//! samples ─ readings ─┐
//! pods ─ requests ────┼─ groups ─ per_pod ─┐
//! values ─────────────┴────────── whole ───┴─ metric ─ metrics ─ stabilize ─ rate ─ limit ─ reconcile ─► Decision
//! ```

pub mod conversions;
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
pub mod versions;
pub mod whole;
pub mod wording;
pub mod world;

pub use conversions::Conversions;
pub use decision::{Action, Branch, Decision};
pub use fault::{Api, Fault};
pub use groups::{Group, GroupReason, GroupedPod, Groups};
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
