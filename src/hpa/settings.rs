//! The controller's flags, and the switches of its version as the table in `versions` has them. Must not read a file or a flag.

use chrono::TimeDelta;

use super::{
    conversions::Conversions,
    versions::{Change, RELEASED, holds},
};

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
    /// `|1 - ratio| <= tolerance` instead of a closed interval; until [`Change::ClosedBand`].
    pub strict_tolerance: bool,
    /// [`Change::ToleranceFields`].
    pub tolerance_fields: bool,
    /// One sample without the named container fails a ContainerResource metric; until [`Change::AbsentContainerSample`].
    pub absent_container_fails: bool,
    /// [`Change::AbsentContainerRequest`].
    pub absent_container_request_fails: bool,
    /// [`Change::SidecarRequests`].
    pub restartable_init: bool,
    /// [`Change::PodLevelRequests`].
    pub pod_level_requests: bool,
    /// [`Change::StatusOnFailure`].
    pub metrics_on_failure: bool,
    /// [`Change::ZeroByCondition`]. Where the condition is not written, nothing leaves 0.
    pub zero_by_condition: bool,
    /// [`Change::ScaledToZeroCondition`].
    pub scaled_to_zero_condition: bool,
    /// [`Change::ObjectErrorText`].
    pub object_error_ends_with_cause: bool,
    /// [`Change::EditsAtOnce`]. The arithmetic does not use it; its callers do.
    pub edits_at_once: bool,
    /// Which conversions and sums saturate.
    pub conversions: Conversions,
}

impl Default for Settings {
    fn default() -> Self {
        Self::of_minor(RELEASED)
    }
}

impl Settings {
    /// The defaults of Kubernetes 1.`minor`, from 1.26 on. Gates count as on from the minor where they are on by default.
    #[must_use]
    pub fn of_minor(minor: u32) -> Self {
        let has = |change| holds(change, minor);
        Self {
            sync_period: TimeDelta::seconds(15),
            downscale_stabilization: TimeDelta::seconds(300),
            tolerance: 0.1,
            cpu_initialization: TimeDelta::seconds(300),
            readiness_delay: TimeDelta::seconds(30),
            scale_up_factor: 2.0,
            scale_up_minimum: 4.0,
            strict_tolerance: !has(Change::ClosedBand),
            tolerance_fields: has(Change::ToleranceFields),
            absent_container_fails: !has(Change::AbsentContainerSample),
            absent_container_request_fails: has(Change::AbsentContainerRequest),
            restartable_init: has(Change::SidecarRequests),
            pod_level_requests: has(Change::PodLevelRequests),
            metrics_on_failure: has(Change::StatusOnFailure),
            zero_by_condition: has(Change::ZeroByCondition),
            scaled_to_zero_condition: has(Change::ScaledToZeroCondition),
            object_error_ends_with_cause: has(Change::ObjectErrorText),
            edits_at_once: has(Change::EditsAtOnce),
            conversions: Conversions::of_minor(minor),
        }
    }

    /// The settings with the gates that an HPA itself proves to be on: a field that an API server returns, and a condition that
    /// a controller writes, exist only there.
    #[must_use]
    pub fn proven_by(self, tolerance_field: bool, scaled_to_zero_condition: bool) -> Self {
        Self {
            tolerance_fields: self.tolerance_fields || tolerance_field,
            scaled_to_zero_condition: self.scaled_to_zero_condition || scaled_to_zero_condition,
            ..self
        }
    }
}
