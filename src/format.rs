//! Values as text, and text as values: numbers, sizes, durations, times, and what fits into a width. Must not know what a
//! value is of: it uses no other room.

pub mod duration;
pub mod number;
pub mod parse;
pub mod resource;
pub mod size;
pub mod text;
pub mod time;
pub mod yaml;

pub use duration::{age, clock, duration, millis};
pub use number::{UNKNOWN, count, percent, percent_change, rate};
pub use resource::{amount, millicores};
pub use size::bytes;
