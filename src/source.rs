//! Where observations come from. Must not fold or draw: a source observes, stamps and sends.

pub mod live;

pub use crate::control::{Died, Source};
