//! Containers for values over time: samples with gaps, counters of other programs, values that hold until they change, and
//! the packed, shared storage below them. Must not know what the values mean.

mod chunked_list;
mod codec;
mod counter;
mod points;
mod step_series;
mod time_series;

pub use chunked_list::ChunkedList;
pub use counter::{Counter, Life, total};
pub use points::Points;
pub use step_series::StepSeries;
pub use time_series::{Series, rate};
