//! What was turned away or lost, where, from which second on and how much. Retried is not lost: what a receiver refuses may
//! be sent again, what an exporter gives up or cannot queue is gone.

use crate::observe::{CollectorSeen, Role, Signal};

/// Losses that are kept; the oldest go.
const MOST: usize = 256;
/// A loss is over when nothing more was lost for so many milliseconds.
const OVER: i64 = 60_000;

/// What was counted between two scrapes of a collector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rise {
    /// The scrape before; None for the first.
    pub after: Option<i64>,
    /// In the order of [`Signal::ALL`].
    pub signals: [super::Totals; 3],
    /// Documents that Elasticsearch refused one by one, all signals together.
    pub rejected: f64,
}

/// How items went astray.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Turned away by a receiver; may be sent again, so not lost.
    Refused,
    /// Lost: there was no room in an exporter's queue.
    EnqueueFailed,
    /// Lost: an exporter gave up after its last try.
    SendFailed,
    /// Lost: Elasticsearch refused the documents one by one.
    Rejected,
}

impl Fate {
    /// Items are gone for good.
    pub fn is_loss(self) -> bool {
        self != Fate::Refused
    }
}

/// Items that went astray in one way at one tier, from the first to the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    pub role: Role,
    /// None where the signals are not told apart.
    pub signal: Option<Signal>,
    pub how: Fate,
    /// The last scrape before it, so that it began after that; None when it was met by the first scrape.
    pub after: Option<i64>,
    /// The scrape that first showed it, and the last so far (milliseconds since 1970).
    pub since: i64,
    pub until: i64,
    pub items: f64,
    /// The pods where, by name.
    pub pods: Vec<String>,
}

impl Loss {
    /// It goes on, as far as is known at `now`.
    pub fn is_on(&self, now: i64) -> bool {
        now - self.until < OVER
    }
}

/// All of them, by the time they began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Losses {
    all: Vec<Loss>,
}

impl Losses {
    pub(super) fn take(&mut self, ms: i64, seen: &CollectorSeen, rise: &Rise) {
        for (signal, rose) in Signal::ALL.into_iter().zip(&rise.signals) {
            self.add(ms, seen, Some(signal), Fate::Refused, rise.after, rose.refused);
            self.add(ms, seen, Some(signal), Fate::EnqueueFailed, rise.after, rose.enqueue_failed);
            self.add(ms, seen, Some(signal), Fate::SendFailed, rise.after, rose.send_failed);
        }
        self.add(ms, seen, None, Fate::Rejected, rise.after, rise.rejected);
    }

    fn add(
        &mut self,
        ms: i64,
        seen: &CollectorSeen,
        signal: Option<Signal>,
        how: Fate,
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

    /// The first in which items were lost for good.
    pub fn first(&self) -> Option<&Loss> {
        self.all.iter().find(|l| l.how.is_loss())
    }

    /// Those that go on.
    pub fn on(&self, now: i64) -> impl Iterator<Item = &Loss> {
        self.all.iter().filter(move |l| l.is_on(now))
    }
}
