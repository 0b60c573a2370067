//! Where observations come from. Must not fold or draw: it sees, stamps and sends.

pub mod live;

use crate::control::{Abilities, Control};
use crate::observe::Stamped;
use crate::observe::text::{MESSAGE, clean};
use tokio::sync::mpsc;
use tokio::task::JoinError;

/// What every source offers. It is driven by a future of its own, which tells when a part of it died.
pub struct Source {
    pub observations: mpsc::Receiver<Stamped>,
    pub controls: mpsc::Sender<Control>,
    pub abilities: Abilities,
}

/// A part of a source panicked: a fault of the program, which has to end.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("a part of the source died: {0}")]
pub struct Died(pub String);

impl Died {
    /// From a task that panicked.
    pub fn from_panic(error: JoinError) -> Died {
        let words = match error.try_into_panic() {
            Ok(panic) => match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
                (Some(text), _) => (*text).to_owned(),
                (_, Some(text)) => text.clone(),
                _ => "it panicked".to_owned(),
            },
            Err(error) => error.to_string(),
        };
        Died(clean(&words, MESSAGE))
    }
}
