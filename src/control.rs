//! The vocabulary downwards: what the program may ask of a source. Must not carry data back; that is `observe`'s part.

use crate::observe::Time;

/// A request to the source. Answers come back as observations.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// Say what starting the load (or stopping the one that runs) would do.
    PlanLoad,
    StartLoad,
    StopLoad,
    /// Replay: stand still, go on.
    Pause(bool),
    /// Replay: go to a moment.
    Seek(Time),
    /// Replay: times real time.
    Speed(f64),
    /// Replay: pass over stretches in which nothing happens.
    SkipIdle(bool),
}

/// What a source can do, so that keys which cannot act are not offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// A load can be started and stopped.
    pub load: bool,
    /// It has a position that can be moved.
    pub seek: bool,
}
