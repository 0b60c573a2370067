//! What every request is handed: the lab behind a lock, word of its changes, the clock and the token.

use crate::clock::Clock;
use crate::lab::model::{ApiFault, Lab};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The lab and all that is shared about it.
pub struct Face {
    /// Never held across an await.
    lab: Mutex<Lab>,
    pub clock: Clock,
    pub token: String,
    /// The store's version, for watches.
    pub version: watch::Sender<u64>,
    /// Counts the driver's steps, for what changes without a version: logs.
    pub steps: watch::Sender<u64>,
    /// What befalls all requests.
    pub cuts: watch::Sender<Cuts>,
}

/// How often what befell all watches or connections has happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cuts {
    /// The faults in force are others.
    pub faults: u64,
    /// All watches were cut.
    pub watches: u64,
    /// The log of changes was compacted.
    pub compactions: u64,
    /// All connections were dropped.
    pub restarts: u64,
}

impl Face {
    pub fn new(lab: Lab, clock: Clock, token: String) -> Self {
        let version = watch::Sender::new(lab.store.version());
        let (steps, cuts) = (watch::Sender::new(0), watch::Sender::new(Cuts::default()));
        Face { lab: Mutex::new(lab), clock, token, version, steps, cuts }
    }

    /// The lab, for as long as no one awaits. A thread that panicked with it left it whole enough to be read.
    pub fn lab(&self) -> MutexGuard<'_, Lab> {
        self.lab.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Do something with the lab, and tell the watches if it changed its objects.
    pub fn with<T>(&self, act: impl FnOnce(&mut Lab) -> T) -> T {
        let mut lab = self.lab();
        let done = act(&mut lab);
        let version = lab.store.version();
        drop(lab);
        self.version.send_if_modified(|known| std::mem::replace(known, version) != version);
        done
    }

    pub fn faults(&self) -> Vec<ApiFault> {
        self.lab().faults()
    }
}
