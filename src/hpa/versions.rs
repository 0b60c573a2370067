//! What each Kubernetes minor changed in the controller, as one table: [`Settings`](super::Settings) are made from it, `doctor`
//! reads it, and `docs/hpa-versions.md` is printed from it. Must not compute anything, nor look at a server.

use super::{
    pods::Pod,
    spec::{PolicyKind, Source, Spec, Target},
};
use std::sync::Arc;

/// The newest released minor.
pub const RELEASED: u32 = 37;

/// Something that the controller, or the API in front of it, does differently from a minor on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    SidecarRequests,
    StatusOnFailure,
    ClosedBand,
    AbsentContainerSample,
    PodLevelRequests,
    AbsentContainerRequest,
    ConflictRetry,
    MemoryInKi,
    ExternalAverageSaturates,
    ToleranceFields,
    ReadyCountSaturates,
    ExternalSumSaturates,
    ZeroByCondition,
    ScaledToZeroCondition,
    MinZero,
    Generation,
    EditsAtOnce,
    OwnWrites,
    ObjectErrorText,
    MetricsV1,
    CountsSaturate,
    SumsSaturate,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub change: Change,
    /// The minor from which it is in effect by default.
    pub since: u32,
    /// The feature gate, and the minor from which it can be switched on.
    pub gate: Option<(&'static str, u32)>,
    /// Pull requests of kubernetes/kubernetes.
    pub pulls: &'static [u32],
    /// What is so from then on, as a sentence without its end.
    pub what: &'static str,
    /// Whether it makes a difference to an HPA with this spec and these pods.
    pub concerns: fn(&Spec, &[Arc<Pod>]) -> bool,
}

/// The rows, oldest first.
pub const CHANGES: &[Row] = &[
    Row {
        change: Change::SidecarRequests,
        since: 29,
        gate: None,
        pulls: &[120_001],
        what: "the requests of restartable init containers (sidecars) count towards a pod's request",
        concerns: |spec, pods| {
            utilization(spec) && pods.iter().any(|p| p.init_containers.iter().any(|c| c.restartable))
        },
    },
    Row {
        change: Change::StatusOnFailure,
        since: 29,
        gate: None,
        pulls: &[121_039],
        what: "currentMetrics is rewritten when the metrics fail; before, it kept old figures",
        concerns: any,
    },
    Row {
        change: Change::ClosedBand,
        since: 33,
        gate: None,
        pulls: &[130_797],
        what: "a ratio exactly at the edge of the tolerance, such as 88 % of a target of 80 %, no longer scales",
        concerns: any,
    },
    Row {
        change: Change::AbsentContainerSample,
        since: 33,
        gate: None,
        pulls: &[127_193],
        what: "a sample without the container of a ContainerResource metric makes its pod a missing one; before, the metric failed",
        concerns: |spec, _| by_container(spec),
    },
    Row {
        change: Change::PodLevelRequests,
        since: 34,
        gate: Some(("PodLevelResources", 34)),
        pulls: &[132_430, 132_999],
        what: "requests at pod level are what utilization is a share of; before, each container needed its own",
        concerns: |spec, pods| utilization(spec) && pods.iter().any(|p| !p.pod_level_requests.is_empty()),
    },
    Row {
        change: Change::AbsentContainerRequest,
        since: 34,
        gate: None,
        pulls: &[132_430],
        what: "a pod without the container of a ContainerResource metric fails the metric; before, its request counted as 0",
        concerns: |spec, _| utilization(spec) && by_container(spec),
    },
    Row {
        change: Change::ConflictRetry,
        since: 34,
        gate: None,
        pulls: &[132_007],
        what: "a conflict while the scale is written is tried again, and gives no FailedRescale when that succeeds",
        concerns: any,
    },
    Row {
        change: Change::MemoryInKi,
        since: 34,
        gate: None,
        pulls: &[132_351],
        what: "memory in the status is written in Ki; before, in bytes or thousandths of them",
        concerns: |spec, _| spec.metrics.iter().any(|m| resource(&m.source) == Some("memory")),
    },
    Row {
        change: Change::ExternalAverageSaturates,
        since: 34,
        gate: None,
        pulls: &[127_050],
        what: "an External average: a count beyond int32 asks for the most replicas and no longer for the fewest, and so does a negative sum",
        concerns: |spec, _| any_metric(spec, |s, t| is_external(s) && matches!(t, Target::AverageValue(_))),
    },
    Row {
        change: Change::ToleranceFields,
        since: 35,
        gate: Some(("HPAConfigurableTolerance", 33)),
        pulls: &[130_797, 133_128, 140_107],
        what: "behavior.scaleUp.tolerance and behavior.scaleDown.tolerance are kept and used",
        concerns: |spec, _| spec.behavior.is_some(),
    },
    Row {
        change: Change::ReadyCountSaturates,
        since: 35,
        gate: None,
        pulls: &[126_979],
        what: "a Value target: a count beyond int32 asks for the most replicas and no longer for the fewest",
        concerns: |spec, _| any_metric(spec, |_, t| matches!(t, Target::Value(_))),
    },
    Row {
        change: Change::ExternalSumSaturates,
        since: 35,
        gate: None,
        pulls: &[133_888],
        what: "an External metric with a Value target: the sum of its values no longer wraps beyond int64",
        concerns: |spec, _| any_metric(spec, |s, t| is_external(s) && matches!(t, Target::Value(_))),
    },
    Row {
        change: Change::ZeroByCondition,
        since: 36,
        gate: None,
        pulls: &[135_118],
        what: "a target at 0 replicas is scaled up only where the condition ScaledToZero is True, so not where a person, \
               another tool or an older controller set 0",
        concerns: |spec, _| spec.min_replicas() == 0,
    },
    Row {
        change: Change::ScaledToZeroCondition,
        since: 37,
        gate: Some(("HPAScaleToZero", 36)),
        pulls: &[135_118, 139_648],
        what: "each rescale writes the condition ScaledToZero, and raising minReplicas ends a scale to zero; in 1.36 the gate must be \
               on in the controller manager, and not only in the API server",
        concerns: |spec, _| spec.watches_other_than_pods(),
    },
    Row {
        change: Change::MinZero,
        since: 37,
        gate: Some(("HPAScaleToZero", 16)),
        pulls: &[74_526, 139_648],
        what: "minReplicas may be 0 with an Object or External metric",
        concerns: |spec, _| spec.watches_other_than_pods(),
    },
    Row {
        change: Change::Generation,
        since: 37,
        gate: Some(("HPAGeneration", 37)),
        pulls: &[138_228, 138_653, 142_386],
        what: "metadata.generation counts edits of the spec, and status.observedGeneration is the one that the last sync used",
        concerns: any,
    },
    Row {
        change: Change::EditsAtOnce,
        since: 37,
        gate: Some(("HPAGeneration", 37)),
        pulls: &[138_294],
        what: "a new or edited HPA is reconciled at once; before, at the next sync, up to 15 s later",
        concerns: any,
    },
    Row {
        change: Change::OwnWrites,
        since: 37,
        gate: Some(("StaleControllerConsistencyHPA", 37)),
        pulls: &[139_025],
        what: "a sync is deferred while the controller has not seen its own last status",
        concerns: any,
    },
    Row {
        change: Change::ObjectErrorText,
        since: 37,
        gate: None,
        pulls: &[139_029],
        what: "the error of an Object metric ends with its cause; before, kind, name and cause were in the wrong places",
        concerns: |spec, _| any_metric(spec, |s, _| matches!(s, Source::Object { .. })),
    },
    Row {
        change: Change::MetricsV1,
        since: 37,
        gate: None,
        pulls: &[139_223, 139_726],
        what: "metrics.k8s.io/v1 is read where it is served; v1beta1 stays",
        concerns: |spec, _| spec.metrics.iter().any(|m| resource(&m.source).is_some()),
    },
    Row {
        change: Change::CountsSaturate,
        since: 38,
        gate: None,
        pulls: &[141_397],
        what: "every count beyond int32, that of a Percent policy too, is the highest and no longer the lowest: overload scales up, and \
               a large policy no longer stops scaling up",
        concerns: |spec, _| {
            let percent = |b: &super::spec::Behavior| b.up.policies.iter().any(|p| p.kind == PolicyKind::Percent);
            spec.behavior.as_ref().is_some_and(percent)
                || any_metric(spec, |s, t| !is_external(s) && matches!(t, Target::AverageValue(_)))
        },
    },
    Row {
        change: Change::SumsSaturate,
        since: 38,
        gate: None,
        pulls: &[142_192],
        what: "sums over pods and the utilization no longer wrap beyond int64 and int32",
        concerns: |spec, _| any_metric(spec, |s, _| resource(s).is_some() || matches!(s, Source::Pods { .. })),
    },
];

/// Whether a change is in effect by default in Kubernetes 1.`minor`.
#[must_use]
pub fn holds(change: Change, minor: u32) -> bool {
    CHANGES.iter().any(|row| row.change == change && minor >= row.since)
}

/// The changes that a controller of 1.`minor` does not have yet and that concern an HPA with this spec and these pods.
pub fn ahead<'a>(minor: u32, spec: &'a Spec, pods: &'a [Arc<Pod>]) -> impl Iterator<Item = &'static Row> + 'a {
    CHANGES.iter().filter(move |row| row.since > minor && (row.concerns)(spec, pods))
}

fn any(_: &Spec, _: &[Arc<Pod>]) -> bool {
    true
}

fn any_metric(spec: &Spec, is: fn(&Source, Target) -> bool) -> bool {
    spec.metrics.iter().any(|m| is(&m.source, m.target))
}

fn utilization(spec: &Spec) -> bool {
    any_metric(spec, |_, target| matches!(target, Target::Utilization(_)))
}

fn by_container(spec: &Spec) -> bool {
    any_metric(spec, |source, _| matches!(source, Source::ContainerResource { .. }))
}

fn is_external(source: &Source) -> bool {
    matches!(source, Source::External { .. })
}

fn resource(source: &Source) -> Option<&str> {
    match source {
        Source::Resource { resource } | Source::ContainerResource { resource, .. } => Some(resource),
        _ => None,
    }
}
