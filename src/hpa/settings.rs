//! The controller's flags, and what each Kubernetes minor changed in the algorithm. Constants and version switches: must not
//! read a file or a flag.

use chrono::TimeDelta;

use super::conversions::Conversions;

/// The controller's flags and version switches. `Settings::default()` is the newest released behaviour with
/// every flag at its default.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// `--horizontal-pod-autoscaler-sync-period`, 15 s. The arithmetic does not use it; its callers do.
    pub sync_period: TimeDelta,
    /// `--horizontal-pod-autoscaler-downscale-stabilization`, 300 s.
    pub downscale_stabilization: TimeDelta,
    /// `--horizontal-pod-autoscaler-tolerance`, 0.1.
    pub tolerance: f64,
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`, 300 s.
    pub cpu_initialization: TimeDelta,
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`, 30 s.
    pub readiness_delay: TimeDelta,
    /// Legacy scale-up limit: this factor of the current replicas, 2.0 …
    pub scale_up_factor: f64,
    /// … but at least this many, 4.0.
    pub scale_up_minimum: f64,
    /// Up to 1.32: `|1 - ratio| <= tolerance` instead of a closed interval.
    pub strict_tolerance: bool,
    /// From 1.35: `behavior.scaleUp.tolerance` and `behavior.scaleDown.tolerance` are used.
    pub tolerance_fields: bool,
    /// Up to 1.32: one sample without the named container fails a ContainerResource metric.
    pub absent_container_fails: bool,
    /// From 1.34: a named container that a pod lacks fails the metric, before it counted as a request of 0.
    pub absent_container_request_fails: bool,
    /// From 1.29: restartable init containers count towards a pod's request.
    pub restartable_init: bool,
    /// From 1.34: pod-level requests are used (gate PodLevelResources).
    pub pod_level_requests: bool,
    /// From 1.29: `currentMetrics` is rewritten when the metrics fail, before it stayed stale.
    pub metrics_on_failure: bool,
    /// From 1.36 with gate HPAScaleToZero: scaling from zero asks for the ScaledToZero condition.
    pub scaled_to_zero_condition: bool,
    /// From 1.37: a new or edited HPA is synced at once. The arithmetic does not use it; its callers do.
    pub edits_at_once: bool,
    /// Which conversions and sums saturate.
    pub conversions: Conversions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sync_period: TimeDelta::seconds(15),
            downscale_stabilization: TimeDelta::seconds(300),
            tolerance: 0.1,
            cpu_initialization: TimeDelta::seconds(300),
            readiness_delay: TimeDelta::seconds(30),
            scale_up_factor: 2.0,
            scale_up_minimum: 4.0,
            strict_tolerance: false,
            tolerance_fields: true,
            absent_container_fails: false,
            absent_container_request_fails: true,
            restartable_init: true,
            pod_level_requests: true,
            metrics_on_failure: true,
            scaled_to_zero_condition: false,
            edits_at_once: true,
            // 1.37 is the newest release
            conversions: Conversions::of_minor(37),
        }
    }
}

impl Settings {
    /// The defaults of Kubernetes 1.`minor`, from 1.26 on. Gates count as on from the minor where they are on by default.
    #[must_use]
    pub fn of_minor(minor: u32) -> Self {
        Self {
            strict_tolerance: minor <= 32,
            tolerance_fields: minor >= 35,
            absent_container_fails: minor <= 32,
            absent_container_request_fails: minor >= 34,
            restartable_init: minor >= 29,
            pod_level_requests: minor >= 34,
            metrics_on_failure: minor >= 29,
            scaled_to_zero_condition: minor >= 37,
            edits_at_once: minor >= 37,
            conversions: Conversions::of_minor(minor),
            ..Self::default()
        }
    }
}
