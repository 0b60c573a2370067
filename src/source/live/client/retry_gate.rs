//! What all feeds share about the server: whether it can be reached at all, and turns for requests that follow a failure,
//! so that a server that comes back is not flooded. Must not make requests itself.

use crate::clock::Clock;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until};

/// Whether the server can be reached, as far as requests have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reach {
    /// Since when it cannot be reached; None: it can.
    pub down: Option<Instant>,
    /// When it was last found unreachable.
    pub last_down: Option<Instant>,
    /// How often it became reachable again.
    pub recoveries: u64,
}

/// What all feeds share about the server; cloning is cheap.
#[derive(Clone)]
pub struct RetryGate {
    queue: Arc<Semaphore>,
    last: watch::Sender<Option<Instant>>,
    reach: watch::Sender<Reach>,
    between: Duration,
    clock: Clock,
}

impl RetryGate {
    /// A gate that lets one retried request through every `between` of the clock.
    pub fn new(between: Duration, clock: Clock) -> Self {
        let (last, reach) = (watch::Sender::new(None), watch::Sender::new(Reach::default()));
        RetryGate { queue: Arc::new(Semaphore::new(1)), last, reach, between, clock }
    }

    /// Wait for the turn of a retried request; first come, first served.
    pub async fn turn(&self) {
        // The semaphore is never closed, so this is always a permit.
        let _first = self.queue.acquire().await;
        let last = *self.last.borrow();
        if let Some(last) = last {
            sleep_until(last + self.clock.real(self.between)).await;
        }
        self.last.send_replace(Some(Instant::now()));
    }

    /// A request did not get through to the server.
    pub fn unreachable(&self) {
        let now = Instant::now();
        self.reach.send_if_modified(|reach| {
            reach.last_down = Some(now);
            reach.down.is_none() && reach.down.replace(now).is_none()
        });
    }

    /// A request was answered. If the server was unreachable, all feeds that wait for it are woken.
    pub fn reached(&self) {
        self.reach.send_if_modified(|reach| match reach.down.take() {
            Some(_) => {
                reach.recoveries += 1;
                true
            }
            None => false,
        });
    }

    /// Whether the server can be reached, and changes of it.
    pub fn reach(&self) -> watch::Receiver<Reach> {
        self.reach.subscribe()
    }

    /// Wait `at_most`, or less if the server becomes reachable meanwhile.
    pub async fn pause(&self, at_most: Duration) {
        let mut reach = self.reach();
        let before = reach.borrow_and_update().recoveries;
        let recovered = reach.wait_for(|now| now.recoveries != before);
        // Either outcome ends the wait.
        let _ = tokio::time::timeout(at_most, recovered).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_are_never_closer_than_the_distance() {
        let gate = RetryGate::new(Duration::from_millis(550), Clock::system());
        let start = Instant::now();
        let all = (0..5).map(|_| async {
            gate.turn().await;
            start.elapsed().as_millis()
        });
        let turns = futures::future::join_all(all).await;
        assert!(turns[0] < 5);
        assert!(turns.windows(2).all(|w| w[1] - w[0] >= 550), "{turns:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn coming_back_ends_every_pause() {
        let gate = RetryGate::new(Duration::ZERO, Clock::system());
        gate.unreachable();
        gate.unreachable();
        let start = Instant::now();
        tokio::join!(gate.pause(Duration::from_secs(60)), gate.pause(Duration::from_secs(60)), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            gate.reached();
            gate.reached();
        });
        assert_eq!(start.elapsed().as_secs(), 1);
        assert_eq!(gate.reach().borrow().recoveries, 1);
        gate.pause(Duration::from_secs(5)).await;
        assert_eq!(start.elapsed().as_secs(), 6, "a pause without a recovery lasts");
    }
}
