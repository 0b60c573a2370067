//! The feeds that watch or poll the Kubernetes API: one file each. Must not fail: what goes wrong becomes the feed's status.

mod cadence;
mod concerns;
pub mod cost;
pub mod events;
pub mod hpa;
pub mod lease;
mod metric_values;
pub mod pods;
mod scale;
pub mod scalers;
pub mod session_info;
mod target;
pub mod usage;
pub mod workload;
