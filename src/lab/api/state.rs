//! The state that all requests share: the lab behind a lock, notice of its changes, the clock, the token.

use crate::clock::Clock;
use crate::lab::model::{ApiFault, Lab};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The lab, and what requests need beside it.
pub struct ApiState {
    /// Never held across an await.
    lab: Mutex<Lab>,
    pub clock: Clock,
    /// The bearer token that clients need.
    pub token: String,
    /// The store's version, for watches.
    pub version: watch::Sender<u64>,
    /// Counts the driver's steps, for what changes without a version, such as logs.
    pub steps: watch::Sender<u64>,
    /// Faults that end watches or connections.
    pub disruptions: watch::Sender<Disruptions>,
}

/// How often each kind of disruption has happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disruptions {
    /// The faults in force changed.
    pub faults: u64,
    /// All watches were cut.
    pub watches: u64,
    /// The change log was compacted.
    pub compactions: u64,
    /// All connections were dropped.
    pub restarts: u64,
}

impl ApiState {
    pub fn new(lab: Lab, clock: Clock, token: String) -> Self {
        let version = watch::Sender::new(lab.store.version());
        let (steps, disruptions) = (watch::Sender::new(0), watch::Sender::new(Disruptions::default()));
        ApiState { lab: Mutex::new(lab), clock, token, version, steps, disruptions }
    }

    /// Lock the lab; not across an await. After a panic in another thread it is still good enough to read.
    pub fn lab(&self) -> MutexGuard<'_, Lab> {
        self.lab.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Do something with the lab, and notify the watches if its objects changed.
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
