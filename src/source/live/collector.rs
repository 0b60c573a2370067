//! The collector feed: the collectors' own metrics.

pub mod read;
mod text;
