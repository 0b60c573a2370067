//! The controller's flags that can be inferred, with a value. Data only.

use crate::hpa::Settings;
use chrono::TimeDelta;

/// A flag and the value tried for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flag {
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`, seconds.
    Initialization(i64),
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`, seconds.
    Readiness(i64),
    /// `--horizontal-pod-autoscaler-downscale-stabilization`, seconds.
    Stabilization(i64),
    /// `--horizontal-pod-autoscaler-tolerance`, a ratio.
    Tolerance(f64),
}

impl Flag {
    /// Sets it in `settings`.
    pub fn set(self, settings: &mut Settings) {
        match self {
            Flag::Initialization(s) => settings.cpu_initialization = TimeDelta::seconds(s),
            Flag::Readiness(s) => settings.readiness_delay = TimeDelta::seconds(s),
            Flag::Stabilization(s) => settings.downscale_stabilization = TimeDelta::seconds(s),
            Flag::Tolerance(t) => settings.tolerance = t,
        }
    }

    /// Whether both are the same flag, with any value.
    pub fn same_kind(self, other: Flag) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}
