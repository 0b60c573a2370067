//! Items that were refused or lost: where, since when and how many. Retried is not lost: what a receiver refuses may be sent
//! again, what an exporter drops or cannot queue is lost. Must not judge.

use super::totals::Rise;
use crate::observe::{CollectorSeen, Role, Signal};

/// Losses kept at most; the oldest are dropped.
const MOST: usize = 256;
/// What is lost within this many milliseconds of the last is one loss.
const OVER: i64 = 60_000;
/// It goes on while no more than this has passed since, a few scrapes.
const GOES_ON: i64 = 20_000;

/// What became of items that were not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Undelivered {
    /// Refused by a receiver; they may be sent again, so they are not lost.
    Refused,
    /// Lost: an exporter's queue was full.
    EnqueueFailed,
    /// Lost: an exporter dropped them after its last retry.
    SendFailed,
    /// Lost: Elasticsearch refused the documents one by one.
    Rejected,
}

impl Undelivered {
    /// Whether the items are lost for good.
    pub fn is_loss(self) -> bool {
        self != Undelivered::Refused
    }
}

/// Undelivered items of one kind at one tier, from the first to the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    pub role: Role,
    /// None where signals are not distinguished.
    pub signal: Option<Signal>,
    pub how: Undelivered,
    /// The last scrape before it, so it began after that; None when the first scrape already showed it.
    pub after: Option<i64>,
    /// The scrape that first showed it, and the last so far (milliseconds since 1970).
    pub since: i64,
    pub until: i64,
    pub items: f64,
    /// The names of the pods where it happened.
    pub pods: Vec<String>,
}

impl Loss {
    /// Whether it happened so recently that it may go on.
    pub fn is_on(&self, now: i64) -> bool {
        now - self.until < OVER
    }

    /// Whether the last scrapes still showed it.
    pub fn goes_on(&self, now: i64) -> bool {
        now - self.until < GOES_ON
    }
}

/// All losses, by the time they began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Losses {
    all: Vec<Loss>,
}

impl Losses {
    pub fn take(&mut self, ms: i64, seen: &CollectorSeen, rise: &Rise) {
        for (signal, rose) in Signal::ALL.into_iter().zip(&rise.signals) {
            self.add(ms, seen, Some(signal), Undelivered::Refused, rise.after, rose.refused);
            self.add(ms, seen, Some(signal), Undelivered::EnqueueFailed, rise.after, rose.enqueue_failed);
            self.add(ms, seen, Some(signal), Undelivered::SendFailed, rise.after, rose.send_failed);
        }
        self.add(ms, seen, None, Undelivered::Rejected, rise.after, rise.rejected);
    }

    fn add(
        &mut self,
        ms: i64,
        seen: &CollectorSeen,
        signal: Option<Signal>,
        how: Undelivered,
        after: Option<i64>,
        items: f64,
    ) {
        if items <= 0.0 {
            return;
        }
        let role = seen.role;
        let same = |l: &&mut Loss| l.role == role && l.signal == signal && l.how == how && l.is_on(ms);
        match self.all.iter_mut().rev().find(same) {
            Some(loss) => {
                loss.until = loss.until.max(ms);
                loss.items += items;
                if !loss.pods.contains(&seen.pod) && loss.pods.len() < 64 {
                    loss.pods.push(seen.pod.clone());
                }
            }
            None => {
                if self.all.len() == MOST {
                    self.all.remove(0);
                }
                let pods = vec![seen.pod.clone()];
                self.all.push(Loss { role, signal, how, after, since: ms, until: ms, items, pods });
            }
        }
    }

    /// By the time they began.
    pub fn all(&self) -> &[Loss] {
        &self.all
    }

    /// The first loss in which items were lost for good.
    pub fn first(&self) -> Option<&Loss> {
        self.all.iter().find(|l| l.how.is_loss())
    }

    /// The losses that are still happening.
    pub fn on(&self, now: i64) -> impl Iterator<Item = &Loss> {
        self.all.iter().filter(move |l| l.is_on(now))
    }
}
