//! The events feed: events of the two namespaces that concern the HPA, its target, its pods, and the load. Those that
//! concern none of them yet are kept for a while, since a pod's first events may come before the pod itself.

use super::concerns::{Concern, OfLoad, OfTarget};
use crate::observe::{EventSeen, Feed, Observation, Time};
use crate::source::live::client::{ResourceAttributes, encode};
use crate::source::live::context::{FeedContext, StatusReporter};
use crate::source::live::convert;
use crate::source::live::discovered::{Discovered, Fact};
use crate::source::live::watch::{Spec, WatchEvent, follow};
use crate::source::live::wire::Event;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long to wait for the target, so that the first list need not be read twice.
const PATIENCE: Duration = Duration::from_secs(3);
/// Events kept at most that concern nothing known: as many as a session keeps.
const MOST: usize = 2000;
/// Events dropped at once, since finding the oldest takes time.
const AT_ONCE: usize = 100;
/// The two parts of the feed, each with a watch: the HPA's namespace, and the load's if it is another.
const LAB: usize = 0;
const LOAD: usize = 1;

/// Where to look for events, and of which load.
#[derive(Clone, Debug)]
pub struct Places {
    pub namespace: String,
    pub load_namespace: String,
    pub load_job: String,
}

/// Watch the events until the program ends.
pub async fn run(shared: FeedContext, places: Places, discovered: Discovered) {
    let both = places.namespace != places.load_namespace;
    let mut reporter = StatusReporter::new(shared.out.clone(), Feed::Events, if both { 2 } else { 1 });
    let (mut targets, mut hpas) = (discovered.target.subscribe(), discovered.hpa.subscribe());
    let (mut pods, mut loads, mut load_pods) =
        (discovered.pods.subscribe(), discovered.load.subscribe(), discovered.k6.subscribe());
    // If the target is late, the list is read again below.
    let _ = tokio::time::timeout(PATIENCE, targets.wait_for(|fact| *fact != Fact::NotYet)).await;
    let (to_lab, mut from_lab) = mpsc::channel(64);
    let (to_load, mut from_load) = mpsc::channel(64);
    let load = async {
        if both {
            follow::<Event>(&shared, spec(&places.load_namespace), to_load).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::pin!(load);
    let mut wanted = Wanted { both, ..Wanted::default() };
    let mut later = Later::default();
    // The HPA's namespace was listed, so that everything that has events is known.
    let mut listed = false;
    let mut target = targets.borrow_and_update().known().cloned();
    let mut lab = Box::pin(follow::<Event>(&shared, spec(&places.namespace), to_lab.clone()));
    wanted.update(&discovered, &places);
    loop {
        let saw = tokio::select! {
            () = &mut lab => return,
            () = &mut load => return,
            saw = from_lab.recv() => saw.map(|saw| (LAB, saw)),
            saw = from_load.recv(), if both => saw.map(|saw| (LOAD, saw)),
            Ok(()) = targets.changed() => {
                let now = targets.borrow_and_update().known().cloned();
                if now != target {
                    // Events that were dropped may belong to the new target.
                    (target, listed) = (now, false);
                    lab = Box::pin(follow::<Event>(&shared, spec(&places.namespace), to_lab.clone()));
                }
                None
            }
            Ok(()) = hpas.changed() => None,
            Ok(()) = pods.changed() => None,
            Ok(()) = loads.changed() => None,
            Ok(()) = load_pods.changed() => None,
        };
        let mut changed = false;
        match saw {
            None => {
                wanted.update(&discovered, &places);
                changed = true;
            }
            Some((part, WatchEvent::State(status))) => reporter.report(part, status).await,
            Some((part, WatchEvent::Object(event))) => {
                let event = convert::event(&event);
                changed = wanted.learn(part, &event);
                match wanted.concern(part, &event) {
                    Concern::Yes => shared.out.emit(Observation::Event(Box::new(event))).await,
                    Concern::Perhaps | Concern::No => later.keep(part, event),
                }
            }
            Some((_, WatchEvent::Gone { uid, .. })) => later.forget(&uid),
            Some((part, WatchEvent::Listed)) => {
                listed |= part == LAB;
                changed = true;
            }
        }
        if changed {
            for event in later.release(&mut wanted, listed) {
                shared.out.emit(Observation::Event(Box::new(event))).await;
            }
        }
    }
}

/// What is wanted, as far as it is known.
#[derive(Debug, Default)]
struct Wanted {
    /// The load's namespace is not the HPA's.
    both: bool,
    of_target: OfTarget,
    of_load: OfLoad,
}

impl Wanted {
    /// Takes in what the other feeds know by now.
    fn update(&mut self, discovered: &Discovered, places: &Places) {
        self.of_target.watch(&discovered.hpa.borrow(), discovered.target.borrow().known().cloned());
        self.of_target.pods(&discovered.pods.borrow());
        match &*discovered.load.borrow() {
            Fact::NotYet => {}
            Fact::Missing(_) => self.of_load.none(&places.load_job),
            Fact::Is(load) => self.of_load.chosen(load),
        }
        self.of_load.pods(&discovered.k6.borrow());
    }

    /// Learns from an event; returns whether others may be judged differently now.
    fn learn(&mut self, part: usize, event: &EventSeen) -> bool {
        let target = part == LAB && self.of_target.learn(event);
        let load = (part == LOAD || !self.both) && self.of_load.learn(event);
        target || load
    }

    fn concern(&self, part: usize, event: &EventSeen) -> Concern {
        match (part == LOAD || !self.both) && self.of_load.concerns(&event.object) {
            true => Concern::Yes,
            false if part == LAB => self.of_target.concerns(&event.object),
            false => Concern::No,
        }
    }
}

/// Events that concern nothing known so far, with their part of the feed, by uid.
#[derive(Debug, Default)]
struct Later {
    by_uid: BTreeMap<String, (usize, EventSeen)>,
}

impl Later {
    fn keep(&mut self, part: usize, event: EventSeen) {
        self.by_uid.insert(event.uid.clone(), (part, event));
        if self.by_uid.len() > MOST {
            let mut all: Vec<(Option<Time>, String)> =
                self.by_uid.iter().map(|(uid, (_, e))| (e.last.or(e.first), uid.clone())).collect();
            all.sort_unstable();
            for (_, uid) in all.iter().take(AT_ONCE) {
                self.by_uid.remove(uid);
            }
        }
    }

    fn forget(&mut self, uid: &str) {
        self.by_uid.remove(uid);
    }

    /// Those that are wanted by now. Once everything was `listed`, a name is taken for what it seems.
    fn release(&mut self, wanted: &mut Wanted, listed: bool) -> Vec<EventSeen> {
        for (part, event) in self.by_uid.values() {
            wanted.learn(*part, event);
        }
        let is = |(part, event): &(usize, EventSeen)| match wanted.concern(*part, event) {
            Concern::Yes => true,
            Concern::Perhaps => listed,
            Concern::No => false,
        };
        let uids: Vec<String> = self.by_uid.iter().filter(|(_, kept)| is(kept)).map(|(uid, _)| uid.clone()).collect();
        uids.iter().filter_map(|uid| self.by_uid.remove(uid)).map(|(_, event)| event).collect()
    }
}

fn spec(namespace: &str) -> Spec {
    Spec {
        feed: Feed::Events,
        collection: format!("/api/v1/namespaces/{}/events", encode(namespace)),
        selectors: Vec::new(),
        attributes: ResourceAttributes {
            verb: "list",
            version: "v1".into(),
            resource: "events".into(),
            namespace: namespace.to_owned(),
            ..ResourceAttributes::default()
        },
        // Events are not cached by the API server, and so it sends no bookmarks for them.
        bookmarks: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_of_the_kept_events_are_dropped_first() {
        let mut later = Later::default();
        for i in 0..MOST as i64 + 1 {
            let last = Time::from_timestamp(10_000 - i, 0);
            later.keep(LAB, EventSeen { uid: i.to_string(), last, ..EventSeen::default() });
        }
        assert_eq!(later.by_uid.len(), MOST + 1 - AT_ONCE);
        assert!(later.by_uid.contains_key("0") && !later.by_uid.contains_key(&MOST.to_string()));
    }
}
