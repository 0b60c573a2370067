//! The contract between the program and a source: what a source offers, and what may be requested of it. Must not carry data
//! back; that is `observe`'s part.

use crate::observe::text::{MESSAGE, clean};
use crate::observe::{Stamped, Time};
use tokio::sync::mpsc;
use tokio::task::JoinError;

/// A request to the source. Answers come back as observations.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// Report what starting the load (or stopping the one that runs) would do.
    PlanLoad,
    StartLoad,
    StopLoad,
    /// Replay: pause, or continue.
    Pause(bool),
    /// Replay: jump to a time.
    Seek(Time),
    /// Replay: the speed, as a multiple of real time.
    Speed(f64),
    /// Replay: skip stretches in which nothing happens.
    SkipIdle(bool),
}

/// What the user wants to read of the cluster, once. It is shown and nothing else: neither folded nor recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inspect {
    /// The end of the log of a pod's container.
    Log { namespace: String, pod: String, container: String },
    /// An object and its events.
    Object { kind: String, namespace: String, name: String },
}

impl Inspect {
    /// `log of pod x`, `Pod x`.
    pub fn title(&self) -> String {
        match self {
            Inspect::Log { pod, container, .. } => format!("log of {pod}, {container}"),
            Inspect::Object { kind, name, .. } => format!("{kind} {name}"),
        }
    }
}

/// What a source can do, so that keys without an effect are not offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// A load can be started and stopped.
    pub load: bool,
    /// It has a position that can be moved.
    pub seek: bool,
}

/// What every source offers. A future of its own drives it, and returns [`Died`] when a part of it panics.
pub struct Source {
    pub observations: mpsc::Receiver<Stamped>,
    pub controls: mpsc::Sender<Control>,
    pub abilities: Abilities,
}

/// A part of a source panicked: a bug in the program, which has to end.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("a part of the source died: {0}")]
pub struct Died(pub String);

impl Died {
    /// From a task that panicked.
    pub fn from_panic(error: JoinError) -> Died {
        let message = match error.try_into_panic() {
            Ok(panic) => match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
                (Some(text), _) => (*text).to_owned(),
                (_, Some(text)) => text.clone(),
                _ => "it panicked".to_owned(),
            },
            Err(error) => error.to_string(),
        };
        Died(clean(&message, MESSAGE))
    }
}
