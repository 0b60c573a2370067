//! Which settings an HPA should have: what recorded runs would have been under others, how good that is, and what a replica
//! carries. Must not know how a recording is read, nor how results are shown.

mod all_cores;
pub mod front;
pub mod queue;
pub mod rerun;
pub mod score;
pub mod shadow;
pub mod size;
pub mod space;
pub mod tune;
pub mod verify;
