//! Rows of documents into the observations of a recording, in the order of their times, second by second. Must not ask, and keeps
//! only what the next minutes need.

use super::counts::{Counted, Counters};
use super::document::{Row, Says};
use super::found::{Found, Kind};
use super::pods::Pods;
use super::status::{Change, Replicas, What};
use super::{Names, Wanted, sync_period};
use crate::observe::{
    CollectorSeen, ElasticsearchSeen, EventSeen, Feed, FeedState, FeedStatus, HpaSeen, HpaStatus, Observation, Role,
    Stamped, TargetRef, TargetSeen, Time, WatchingSeen,
};
use crate::source::live::collector::documents::{self, APART, CollectorRow, Exports};
use chrono::TimeDelta;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// How much later than what is reported documents must be known, seconds: whether a pod is gone shows only then.
const AHEAD_S: i64 = 90;
/// The number of its intervals without documents of a kind after which its feed is silent.
const SILENT: i32 = 4;
/// The least of that, seconds.
const SILENT_S: i64 = 90;
/// Events that are remembered, so that none is reported twice.
const EVENTS: usize = 20_000;
/// What says that a feed is not in Elasticsearch.
const NOT_KEPT: &str = "it is not kept in Elasticsearch";

/// What is known before the first document.
#[derive(Clone, Debug)]
pub struct Plan {
    pub wanted: Wanted,
    /// What documents are looked for by.
    pub names: Names,
    pub target: TargetRef,
    /// The HPA as far as it is known: its spec.
    pub hpa: HpaSeen,
    pub found: Found,
    /// Which Elasticsearch.
    pub elastic: ElasticsearchSeen,
    /// Whether documents are counted, and why not.
    pub counted: Result<(), String>,
    pub context: String,
    pub notes: Vec<String>,
}

/// A feed that goes silent where documents are missing.
#[derive(Debug)]
struct Watch {
    feeds: &'static [Feed],
    last: Option<Time>,
    silent: bool,
}

impl Watch {
    fn new(feeds: &'static [Feed]) -> Watch {
        Watch { feeds, last: None, silent: false }
    }

    fn seen(&mut self, at: Time, out: &mut Vec<Stamped>) {
        self.last = Some(at);
        if std::mem::take(&mut self.silent) {
            out.extend(self.feeds.iter().map(|feed| up(at, *feed, "documents come again")));
        }
    }

    fn tick(&mut self, now: Time, every: TimeDelta, out: &mut Vec<Stamped>) {
        let patience = (every * SILENT).max(TimeDelta::seconds(SILENT_S));
        let Some(last) = self.last.filter(|last| !self.silent && now - *last > patience) else { return };
        self.silent = true;
        let reason = format!("no document since {}", last.format("%H:%M:%S"));
        out.extend(self.feeds.iter().map(|feed| state(now, *feed, FeedState::Stale, &reason)));
    }
}

/// Builds a recording.
pub struct Build {
    plan: Plan,
    /// The latest version of the HPA that was reported.
    hpa: HpaSeen,
    target: TargetSeen,
    /// Rows that are not known to be complete, and those of which the time has not come.
    open: Vec<Row>,
    queue: VecDeque<Row>,
    changes: VecDeque<Change>,
    counted: VecDeque<Counted>,
    counters: Counters,
    replicas: Replicas,
    pods: Pods,
    /// The next second to report.
    now: Time,
    events: BTreeSet<(String, i32, Option<Time>)>,
    collectors: Exports,
    of_pods: Watch,
    of_hpa: Watch,
    /// Seconds between two samples of the HPA.
    hpa_every: TimeDelta,
    is_first: bool,
}

/// What the recording has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub rescales: u32,
    pub without_event: u32,
    pub samples: u64,
    /// Seconds between two samples of a pod.
    pub every_s: i64,
}

impl Build {
    pub fn new(plan: Plan) -> Build {
        let Wanted { namespace, hpa, from, spec, requests, .. } = &plan.wanted;
        let period = plan.hpa.sync_period_s.map_or_else(sync_period, |s| TimeDelta::seconds(s.into()));
        let own = plan.found.has(Kind::Hpa);
        let replicas = Replicas::new(namespace, hpa, &plan.target.name, period, *from, own);
        let today = spec.target.clone().unwrap_or_default();
        let mut pods = Pods::new(namespace, &plan.target, today.containers.clone(), requests.clone(), *from);
        pods.has_state = plan.found.has(Kind::Pods);
        let target = TargetSeen {
            api_version: plan.target.api_version.clone(),
            kind: plan.target.kind.clone(),
            namespace: namespace.clone(),
            name: plan.target.name.clone(),
            selector: today.selector,
            containers: today.containers,
            uid: today.uid,
            created: today.created,
            ..TargetSeen::default()
        };
        Build {
            hpa: plan.hpa.clone(),
            target,
            open: Vec::new(),
            queue: VecDeque::new(),
            changes: VecDeque::new(),
            counted: VecDeque::new(),
            counters: Counters::default(),
            replicas,
            pods,
            now: *from,
            events: BTreeSet::new(),
            collectors: Exports::new(),
            of_pods: Watch::new(&[Feed::Pods, Feed::Usage]),
            of_hpa: Watch::new(&[Feed::Hpa]),
            hpa_every: sync_period(),
            is_first: true,
            plan,
        }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What is being watched, as the recording's header has it.
    pub fn watching(&self) -> WatchingSeen {
        WatchingSeen {
            context: self.plan.context.clone(),
            server_version: self.plan.wanted.spec.server_version.clone(),
            namespace: self.plan.wanted.namespace.clone(),
            hpa: self.plan.wanted.hpa.clone(),
            load_namespace: self.plan.wanted.load.0.clone(),
            load_job: self.plan.wanted.load.1.clone(),
            notes: self.plan.notes.clone(),
            ..WatchingSeen::default()
        }
    }

    /// Takes in rows and counts, all of them before `complete`; what is certain then, in the order of its times.
    pub fn take(&mut self, rows: Vec<Row>, counted: Vec<Counted>, complete: Time) -> Vec<Stamped> {
        self.open.extend(rows);
        self.counted.extend(counted);
        self.open.sort_by_key(|row| row.at);
        let mut changes = Vec::new();
        for row in std::mem::take(&mut self.open) {
            self.pods.announce(&row);
            self.replicas.take(&row, &mut changes);
            self.queue.push_back(row);
        }
        self.replicas.pass(complete, &mut changes);
        self.changes.extend(changes);
        self.changes.make_contiguous().sort_by_key(|change| change.at);
        let until = complete.min(self.plan.wanted.to) - TimeDelta::seconds(AHEAD_S);
        self.report(until)
    }

    /// The rest.
    pub fn end(mut self) -> (Vec<Stamped>, Summary) {
        let mut changes = Vec::new();
        self.replicas.pass(Time::MAX_UTC, &mut changes);
        self.changes.extend(changes);
        let out = self.report(self.plan.wanted.to);
        let Replicas { rescales, without_event, .. } = self.replicas;
        let every_s = (self.pods.every().num_milliseconds() + 500) / 1000;
        (out, Summary { rescales, without_event, samples: self.pods.samples, every_s })
    }

    fn report(&mut self, until: Time) -> Vec<Stamped> {
        let mut out = Vec::new();
        if std::mem::take(&mut self.is_first) {
            self.begin(&mut out);
        }
        while self.now <= until {
            let now = self.now;
            self.second(now, &mut out);
            self.now = now + TimeDelta::seconds(1);
        }
        out
    }

    fn begin(&self, out: &mut Vec<Stamped>) {
        let at = self.plan.wanted.from;
        let stamped = |what| Stamped { at, what };
        out.push(stamped(Observation::Watching(self.watching())));
        let found = &self.plan.found;
        let has = |feed, kind: Kind, reason: String, hint: &str| match found.has(kind) {
            true => up(at, feed, &reason),
            false => absent(at, feed, &format!("no document of {} in the span", kind.words()), hint),
        };
        let stored = |what: &str| format!("from documents: {what}");
        let replicas = if found.has(Kind::Hpa) { Kind::Hpa } else { Kind::Workload };
        let spec =
            format!("replicas as stored; metrics and conditions are not; the spec is {}", self.plan.wanted.spec.from);
        let cluster = "the cluster receiver (k8scluster) writes them";
        out.push(has(Feed::Hpa, replicas, spec, cluster));
        out.push(has(Feed::Target, Kind::Workload, stored("replicas and those available"), cluster));
        let pods = match found.has(Kind::Pods) {
            true => up(at, Feed::Pods, "as stored: phase, readiness and requests, each known between two documents"),
            false => match found.has(Kind::Samples) {
                true => up(
                    at,
                    Feed::Pods,
                    "only those with samples; their readiness is not stored, and taken from the first sample",
                ),
                false => absent(at, Feed::Pods, "no document of the pods in the span", cluster),
            },
        };
        out.push(pods);
        let samples = "the kubelet's own samples, which are not those that the controller read".to_owned();
        out.push(has(Feed::Usage, Kind::Samples, samples, "the kubelet receiver (kubeletstats) writes them"));
        let events = stored("of the namespace");
        out.push(has(Feed::Events, Kind::Events, events, "the objects receiver (k8sobjects, events) writes them"));
        out.push(absent(at, Feed::Load, NOT_KEPT, ""));
        out.push(absent(at, Feed::K6, NOT_KEPT, ""));
        let collectors = stored("what the collectors sent of themselves");
        out.push(has(Feed::Collector, Kind::Collectors, collectors, "a collector's service::telemetry can send them"));
        out.push(match &self.plan.counted {
            Ok(()) => up(
                at,
                Feed::Ingest,
                "documents by their own times; what it indexed when, its nodes and queues are not stored",
            ),
            Err(why) => absent(at, Feed::Ingest, why, ""),
        });
        out.push(stamped(Observation::Elastic(Box::new(self.plan.elastic.clone()))));
        out.push(stamped(Observation::Hpa(Box::new(self.plan.hpa.clone()))));
        out.push(stamped(Observation::Target(Box::new(self.target.clone()))));
    }

    /// What came within a second, and that it passed.
    fn second(&mut self, now: Time, out: &mut Vec<Stamped>) {
        let from = out.len();
        loop {
            let row = self.queue.front().map(|row| row.at).filter(|at| *at <= now);
            let change = self.changes.front().map(|change| change.at).filter(|at| *at <= now);
            match (row, change) {
                (None, None) => break,
                // Pods and samples first: the controller had them.
                (Some(row), change) if change.is_none_or(|change| row <= change) => {
                    if let Some(row) = self.queue.pop_front() {
                        self.row(&row, out);
                    }
                }
                _ => {
                    if let Some(change) = self.changes.pop_front() {
                        self.change(change, out);
                    }
                }
            }
        }
        self.scrapes(now, out);
        let (pods, hpa) = (self.pods.every(), self.hpa_every);
        self.of_pods.tick(now, pods, out);
        self.of_hpa.tick(now, hpa, out);
        if self.of_pods.last.is_some() && !self.of_pods.silent {
            self.pods.tick(now, out);
        }
        self.count(now, out);
        // Nothing is before what was reported already.
        let least = now - TimeDelta::milliseconds(999);
        for seen in &mut out[from..] {
            seen.at = seen.at.clamp(least.max(self.plan.wanted.from), now.max(self.plan.wanted.from));
        }
        out[from..].sort_by_key(|seen| seen.at);
        out.push(Stamped { at: now, what: Observation::Tick });
    }

    fn row(&mut self, row: &Row, out: &mut Vec<Stamped>) {
        match &row.says {
            Says::Pod(pod) => {
                if self.pods.is_own(pod) {
                    self.of_pods.seen(row.at, out);
                }
                self.pods.take(row, out);
            }
            Says::Event(event) => {
                self.pods.take(row, out);
                self.event(row.at, event, out);
            }
            Says::Hpa(hpa) if hpa.name == self.hpa.name && hpa.namespace == self.hpa.namespace => {
                if let Some(before) = self.of_hpa.last {
                    self.hpa_every = (row.at - before).clamp(TimeDelta::seconds(1), TimeDelta::seconds(120));
                }
                self.of_hpa.seen(row.at, out);
            }
            Says::Workload(seen) if seen.name == self.target.name && seen.namespace == self.target.namespace => {
                let before = (self.target.spec_replicas, self.target.ready);
                self.target.spec_replicas = seen.desired.or(before.0);
                (self.target.replicas, self.target.ready) = (self.target.spec_replicas, seen.ready.or(before.1));
                self.target.available = self.target.ready;
                if (self.target.spec_replicas, self.target.ready) != before {
                    out.push(Stamped { at: row.at, what: Observation::Target(Box::new(self.target.clone())) });
                }
            }
            Says::Collector(collector) => {
                documents::add(&mut self.collectors, row.at, collector.instance.clone(), collector.clone());
            }
            _ => {}
        }
    }

    fn event(&mut self, at: Time, event: &EventSeen, out: &mut Vec<Stamped>) {
        if event.namespace != self.plan.wanted.namespace {
            return;
        }
        let key = (event.uid.clone(), event.count, event.last);
        if self.events.len() < EVENTS && self.events.insert(key) {
            out.push(Stamped { at, what: Observation::Event(Box::new(event.clone())) });
        }
    }

    fn change(&mut self, change: Change, out: &mut Vec<Stamped>) {
        let at = change.at;
        match change.what {
            What::Note(text) => out.push(Stamped { at, what: Observation::Note { text } }),
            What::Bounds(min, max) => {
                let bounds = (min.or(self.hpa.min_replicas), max.unwrap_or(self.hpa.max_replicas));
                if bounds != (self.hpa.min_replicas, self.hpa.max_replicas) {
                    (self.hpa.min_replicas, self.hpa.max_replicas) = bounds;
                    out.push(Stamped { at, what: Observation::Hpa(Box::new(self.hpa.clone())) });
                }
            }
            What::Status(status) => self.status(at, status, out),
        }
    }

    fn status(&mut self, at: Time, status: HpaStatus, out: &mut Vec<Stamped>) {
        // The target is at the size that was asked for, before documents of it say so.
        let size = Some(status.desired_replicas);
        if self.target.spec_replicas != size {
            (self.target.spec_replicas, self.target.replicas) = (size, size);
            out.push(Stamped { at, what: Observation::Target(Box::new(self.target.clone())) });
        }
        self.hpa.status = status;
        out.push(Stamped { at, what: Observation::Hpa(Box::new(self.hpa.clone())) });
    }

    /// Each export is a scrape, seen when its last document may have been written.
    fn scrapes(&mut self, now: Time, out: &mut Vec<Stamped>) {
        while let Some(entry) = self.collectors.first_entry().filter(|entry| entry.key().0 + APART <= now) {
            let ((at, _), rows) = entry.remove_entry();
            let own = rows.iter().find_map(|row| row.pod.clone());
            let is_own = own.as_deref().is_some_and(|pod| super::pods::is_named(&self.plan.target, pod));
            if let Some(seen) = scrape(&rows, is_own) {
                out.push(Stamped { at: at + APART, what: Observation::Collector(Arc::new(seen)) });
            }
        }
    }

    fn count(&mut self, now: Time, out: &mut Vec<Stamped>) {
        let due = now.timestamp().rem_euclid(super::counts::EVERY_S) == 0;
        if self.plan.counted.is_err() || !due {
            return;
        }
        let mut counted = Vec::new();
        while self.counted.front().is_some_and(|one| one.until <= now) {
            counted.extend(self.counted.pop_front());
        }
        out.push(self.counters.at(now, &counted));
    }
}

/// A scrape out of documents, and whose it is.
fn scrape(rows: &[CollectorRow], is_own: bool) -> Option<CollectorSeen> {
    let first = rows.first()?;
    let pod = rows.iter().find_map(|row| row.pod.clone()).unwrap_or_else(|| first.instance.clone());
    let uid = rows.iter().find_map(|row| row.uid.clone()).unwrap_or_else(|| pod.clone());
    let named = |part: &str| pod.contains(part) || first.service.contains(part);
    let role = match () {
        () if is_own || named("gateway") => Role::Gateway,
        () if named("agent") || named("daemon") => Role::Agent,
        () if named("cluster") => Role::Cluster,
        () => Role::Other,
    };
    Some(CollectorSeen { pod, uid, role, ..documents::seen(rows)? })
}

fn up(at: Time, feed: Feed, reason: &str) -> Stamped {
    state(at, feed, FeedState::Up, reason)
}

fn state(at: Time, feed: Feed, state: FeedState, reason: &str) -> Stamped {
    let status = FeedStatus { reason: Some(reason.to_owned()), ..FeedStatus::new(feed, state) };
    Stamped { at, what: Observation::FeedStatus(status) }
}

fn absent(at: Time, feed: Feed, reason: &str, hint: &str) -> Stamped {
    let hint = Some(hint.to_owned()).filter(|hint| !hint.is_empty());
    let status = FeedStatus { reason: Some(reason.to_owned()), hint, ..FeedStatus::new(feed, FeedState::Absent) };
    Stamped { at, what: Observation::FeedStatus(status) }
}
