//! Sentences for people: what a sync computed and why, what comes next, why something is missing or failed. It words what a
//! session knows. Must not compute anything but differences, nor draw.

pub mod cause;
pub mod elasticsearch;
pub mod explanation;
pub mod fleet;
pub mod forecast;
pub mod incident;
pub mod left_out;
mod limits;
pub mod load;
pub mod log_quality;
mod metric;
pub mod missing;
pub mod reaction;
pub mod scalers;
pub mod shadow;
pub mod sync;
