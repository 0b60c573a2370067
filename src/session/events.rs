//! Events, one for each uid with its latest count, bounded. Must not judge them.

use crate::observe::{EventSeen, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Events kept at most. A thousand pods have several each, so the oldest events of pods are dropped before any other.
const MOST: usize = 2000;
/// Events dropped at once, since finding the oldest takes time.
const AT_ONCE: usize = 100;

/// The events that concern this session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    by_uid: BTreeMap<Arc<str>, Arc<EventSeen>>,
    /// How many were dropped for lack of room.
    pub dropped: u64,
}

/// When an event last happened.
pub fn time_of(event: &EventSeen) -> Option<Time> {
    event.last.or(event.first)
}

impl Events {
    /// Takes in a version of an event. Returns whether it is news: an unknown uid or a higher count.
    pub fn take(&mut self, event: &EventSeen) -> bool {
        let news =
            self.by_uid.get(event.uid.as_str()).is_none_or(|e| e.count < event.count || time_of(e) < time_of(event));
        if news {
            self.by_uid.insert(event.uid.as_str().into(), Arc::new(event.clone()));
        }
        if self.by_uid.len() > MOST {
            let mut all: Vec<(bool, Option<Time>, Arc<str>)> =
                self.by_uid.iter().map(|(uid, e)| (e.object.kind != "Pod", time_of(e), uid.clone())).collect();
            all.sort_unstable();
            for (.., uid) in all.iter().take(AT_ONCE) {
                self.by_uid.remove(uid);
                self.dropped += 1;
            }
        }
        news
    }

    pub fn get(&self, uid: &str) -> Option<&EventSeen> {
        self.by_uid.get(uid).map(Arc::as_ref)
    }

    pub fn len(&self) -> usize {
        self.by_uid.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_uid.is_empty()
    }

    /// Newest first.
    pub fn newest(&self) -> Vec<&EventSeen> {
        self.newest_of(|_| true)
    }

    /// Those for which `wanted` holds, newest first; only they are sorted.
    pub fn newest_of(&self, wanted: impl Fn(&EventSeen) -> bool) -> Vec<&EventSeen> {
        let mut all: Vec<&EventSeen> = self.by_uid.values().map(Arc::as_ref).filter(|e| wanted(e)).collect();
        all.sort_by(|a, b| time_of(b).cmp(&time_of(a)).then_with(|| a.uid.cmp(&b.uid)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(uid: &str, count: i32, second: i64) -> EventSeen {
        EventSeen { uid: uid.into(), count, last: Time::from_timestamp(second, 0), ..Default::default() }
    }

    #[test]
    fn counts_are_kept_and_repeats_are_not_news() {
        let mut e = Events::default();
        assert!(e.take(&event("a", 1, 10)));
        assert!(!e.take(&event("a", 1, 10)));
        assert!(e.take(&event("a", 2, 20)));
        assert!(!e.take(&event("a", 1, 10)), "an older version that comes late changes nothing");
        assert_eq!((e.len(), e.get("a").unwrap().count), (1, 2));
    }

    #[test]
    fn the_oldest_go_first() {
        let mut e = Events::default();
        (0..3000).for_each(|i| {
            e.take(&event(&format!("{i:05}"), 1, 5000 - i));
        });
        assert_eq!(e.len() as u64 + e.dropped, 3000);
        assert!(e.len() > MOST - AT_ONCE && e.len() <= MOST);
        assert!(e.get("00000").is_some(), "the newest by time stayed");
    }

    #[test]
    fn a_flood_of_pods_takes_nothing_else_away() {
        let mut e = Events::default();
        e.take(&event("rescale", 1, 1));
        (0..3000).for_each(|i| {
            let mut of_pod = event(&format!("{i:05}"), 1, 10 + i);
            of_pod.object.kind = "Pod".into();
            e.take(&of_pod);
        });
        assert!(
            e.len() > MOST - AT_ONCE
                && e.get("rescale").is_some()
                && e.get("02999").is_some()
                && e.get("00000").is_none()
        );
    }
}
