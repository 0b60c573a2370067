//! The collector feed: scrapes the internal metrics of every collector (gateway, agents, cluster collector) as pods come
//! and go.
//!
//! A collector reports only on its own pod, so each one is scraped through its own port-forward, which stays open. All
//! scrapes together stay below four a second; a pod that does not answer is retried less and less often.

mod config;
mod discover;
pub mod documents;
mod endpoint;
mod mounts;
pub mod normalize;
pub mod pod;
mod prometheus_text;
mod scrape;
mod service;

pub use config::whole as configuration;
pub use endpoint::Endpoint;

use super::client::{ApiError, ApiErrorKind, RetryGate};
use super::context::{FeedContext, StatusReporter};
use super::discovered::{Discovered, PodTarget, PodTargets, SendingCollectors, StoredMetrics};
use super::retry::{Tries, state};
use crate::observe::{CollectorLost, CollectorSeen, Feed, FeedState, FeedStatus, Observation, Role};
use config::Reading;
use discover::OtherCollectors;
use scrape::{ScrapeOutcome, ScrapeTarget};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

/// Scrape all collectors until the program ends; none of them when `endpoint` is None.
pub async fn run(shared: FeedContext, namespace: String, discovered: Discovered, endpoint: Option<Endpoint>) {
    let mut reporter = StatusReporter::new(shared.out.clone(), Feed::Collector, 1);
    let Some(endpoint) = endpoint else {
        reporter.report(0, state(Feed::Collector, FeedState::Absent, "switched off (--no-collector)")).await;
        return;
    };
    let mut tries = Tries::default();
    let endpoint = loop {
        match service::resolved(&shared, &endpoint).await {
            Ok(endpoint) => break endpoint,
            Err(fault) => tries.failed(&shared, &mut reporter, 0, Feed::Collector, &fault).await,
        }
    };
    let others = watch::Sender::new(OtherCollectors::default());
    let unread = watch::Sender::new(Reading::default());
    let pods = CollectorPods { gateways: discovered.gateways.subscribe(), others: others.subscribe() };
    let reading = config::run(shared.clone(), pods.clone(), unread.clone());
    let scraping = scrape_all(&shared, endpoint, reporter, pods, unread.subscribe(), &discovered);
    tokio::select! {
        () = discover::run(shared.clone(), namespace, others) => {}
        () = reading => {}
        () = scraping => {}
    }
}

/// Keep one scrape task for each running collector, and pass on what the tasks report.
async fn scrape_all(
    shared: &FeedContext,
    endpoint: Endpoint,
    mut reporter: StatusReporter,
    mut pods: CollectorPods,
    mut unread: watch::Receiver<Reading>,
    discovered: &Discovered,
) {
    let (to, mut outcomes) = mpsc::channel(64);
    let mut stored = discovered.stored.subscribe();
    let mut scrapes = Scrapes {
        shared,
        endpoint,
        to,
        count: watch::Sender::new(0),
        turns: shared.scrape_gate(),
        collectors: BTreeMap::new(),
        tasks: JoinSet::new(),
    };
    loop {
        let (gateways, others) = pods.latest();
        scrapes.update(&gateways, &others).await;
        let read = unread.borrow_and_update().clone();
        let sending = scrapes.sending(&read);
        discovered.sending.send_if_modified(|old| std::mem::replace(old, sending.clone()) != sending);
        let stored_now = stored.borrow_and_update().clone();
        reporter.report(0, status(&scrapes.collectors, &others, &read, &stored_now)).await;
        tokio::select! {
            changed = pods.changed() => if !changed { return },
            changed = unread.changed() => if changed.is_err() { return },
            changed = stored.changed() => if changed.is_err() { return },
            outcome = outcomes.recv() => match outcome {
                Some(outcome) => scrapes.report(outcome).await,
                None => return,
            },
            // Tasks end only by being aborted.
            Some(_) = scrapes.tasks.join_next() => {}
        }
    }
}

/// The collectors' pods, as they come and go: those of the HPA's target, and the others.
#[derive(Clone)]
struct CollectorPods {
    gateways: watch::Receiver<PodTargets>,
    others: watch::Receiver<OtherCollectors>,
}

impl CollectorPods {
    fn latest(&mut self) -> (PodTargets, OtherCollectors) {
        (self.gateways.borrow_and_update().clone(), self.others.borrow_and_update().clone())
    }

    /// Wait for a change; false when there can be none any more.
    async fn changed(&mut self) -> bool {
        tokio::select! {
            changed = self.gateways.changed() => changed.is_ok(),
            changed = self.others.changed() => changed.is_ok(),
        }
    }
}

/// A collector that is being scraped.
struct Scraped {
    role: Role,
    pod: PodTarget,
    task: AbortHandle,
    /// Why its last scrape failed; None when it succeeded.
    fault: Option<ApiError>,
    /// No scrape has finished yet.
    pending: bool,
}

/// The scrape tasks, one for each running collector.
struct Scrapes<'a> {
    shared: &'a FeedContext,
    endpoint: Endpoint,
    to: mpsc::Sender<ScrapeOutcome>,
    /// How many collectors there are, for the tasks' retry intervals.
    count: watch::Sender<usize>,
    turns: RetryGate,
    /// By pod uid.
    collectors: BTreeMap<String, Scraped>,
    tasks: JoinSet<()>,
}

impl Scrapes<'_> {
    /// Start scraping collectors that are new or changed; stop those that are gone.
    async fn update(&mut self, gateways: &PodTargets, others: &OtherCollectors) {
        let running = running(gateways, others, &self.endpoint);
        let unchanged = |uid: &str, one: &Scraped| running.get(uid).is_some_and(|(_, pod)| *pod == one.pod);
        let gone = self.collectors.iter().filter(|(uid, one)| !unchanged(uid, one)).map(|(uid, _)| uid.clone());
        for uid in gone.collect::<Vec<_>>() {
            let Some(one) = self.collectors.remove(&uid) else { continue };
            one.task.abort();
            // A pod that is gone altogether is reported by the feed that watches it.
            if !running.contains_key(&uid) && (gateways.contains_key(&uid) || others.pods.contains_key(&uid)) {
                let (pod, reason) = (one.pod.name, "its container does not run".to_owned());
                let lost = CollectorLost { pod, uid, role: one.role, reason };
                self.shared.out.emit(Observation::CollectorLost(lost)).await;
            }
        }
        self.count.send_replace(running.len());
        for (uid, (role, pod)) in running {
            self.collectors.entry(uid.clone()).or_insert_with(|| {
                let target =
                    ScrapeTarget { endpoint: self.endpoint.clone(), pod: pod.clone(), count: self.count.subscribe() };
                let scraping = scrape::run(self.shared.clone(), target, self.turns.clone(), uid, self.to.clone());
                Scraped { role, pod, task: self.tasks.spawn(scraping), fault: None, pending: true }
            });
        }
    }

    /// The collectors that send their own metrics, as their configuration says, and whose port is closed.
    fn sending(&self, read: &Reading) -> SendingCollectors {
        let closed = self.collectors.iter().filter(|(_, one)| one.fault.is_some() && read.sending.contains(&one.role));
        closed.map(|(uid, one)| (uid.clone(), (one.role, one.pod.name.clone()))).collect()
    }

    /// Pass on the outcome of a scrape; a failure only when its reason is new.
    async fn report(&mut self, scrape: ScrapeOutcome) {
        let Some(one) = self.collectors.get_mut(&scrape.uid) else { return };
        let (pod, uid, role) = (one.pod.name.clone(), scrape.uid, one.role);
        one.pending = false;
        match scrape.outcome {
            Ok(seen) => {
                one.fault = None;
                let seen = CollectorSeen { pod, uid, role, ..*seen };
                self.shared.out.emit(Observation::Collector(Arc::new(seen))).await;
            }
            Err(fault) => {
                if one.fault.as_ref().is_none_or(|before| before.reason != fault.reason) {
                    let reason = fault.reason.clone();
                    let lost = CollectorLost { pod, uid, role, reason };
                    self.shared.out.emit(Observation::CollectorLost(lost)).await;
                }
                one.fault = Some(fault);
            }
        }
    }
}

/// The collectors that are running, by pod uid. A pod of the HPA's target is a gateway even if its labels match another role.
fn running(
    gateways: &PodTargets,
    others: &OtherCollectors,
    endpoint: &Endpoint,
) -> BTreeMap<String, (Role, PodTarget)> {
    if let Some(host) = endpoint.single() {
        return [(host.clone(), (Role::Gateway, PodTarget { name: host, runs: true, ..PodTarget::default() }))].into();
    }
    let others = others.pods.iter().map(|(uid, (role, pod))| (uid.clone(), (*role, pod.clone())));
    let gateways = gateways.iter().map(|(uid, pod)| (uid.clone(), (Role::Gateway, pod.clone())));
    others.chain(gateways).filter(|(_, (_, pod))| pod.runs).collect()
}

/// The feed's status: up while any collector answers, and its reason names what may not be read.
fn status(
    all: &BTreeMap<String, Scraped>,
    others: &OtherCollectors,
    read: &Reading,
    stored: &StoredMetrics,
) -> FeedStatus {
    let unread = read.fault.as_ref();
    let is_stored = |uid: &String| stored.fault.is_none() && stored.read.contains(uid);
    let (from_elasticsearch, scraped): (Vec<_>, Vec<_>) =
        all.iter().partition(|(uid, one)| one.fault.is_some() && is_stored(uid));
    let faults: Vec<&ApiError> = scraped.iter().filter_map(|(_, one)| one.fault.as_ref()).collect();
    let of = |fault: &ApiError| FeedStatus { attempt: 0, ..fault.feed_status(Feed::Collector, 0) };
    if let Some(denied) = faults.iter().find(|f| matches!(f.kind, ApiErrorKind::Denied | ApiErrorKind::Unauthorized)) {
        return of(denied);
    }
    let up = scraped.iter().filter(|(_, one)| !one.pending && one.fault.is_none()).count() + from_elasticsearch.len();
    match (all.len(), up, faults.first()) {
        (0, ..) => state(Feed::Collector, FeedState::Absent, "no collector runs"),
        // Their ports stay closed, however often they are tried.
        (n, 0, Some(_)) if faults.len() == n && all.values().all(|one| read.sending.contains(&one.role)) => {
            let elasticsearch = match &stored.fault {
                Some(fault) => format!("; they cannot be read in Elasticsearch: {fault}"),
                None => ", and Elasticsearch has none that name their pods".into(),
            };
            FeedStatus {
                hint: Some(
                    "set k8s.pod.name in service.telemetry.resource, or add a pull reader (prometheus, port 8888) to \
                     service.telemetry.metrics.readers"
                        .into(),
                ),
                ..state(
                    Feed::Collector,
                    FeedState::Absent,
                    format!("the collectors send their own metrics, and open no port for them{elasticsearch}"),
                )
            }
        }
        (n, 0, Some(fault)) if faults.len() == n => FeedStatus {
            state: FeedState::Retrying,
            hint: fault.hint.clone().or(Some(
                "is the collector's telemetry on? give --collector-metrics PORT[/PATH] if it is elsewhere".into(),
            )),
            ..of(fault)
        },
        (n, up, fault) if up > 0 => {
            let sent = match from_elasticsearch.len() {
                0 => String::new(),
                sent => format!(" ({sent} read in Elasticsearch, where they send their own metrics)"),
            };
            let missing = fault.map(|f| &f.reason).or(others.fault.as_ref()).map(|reason| format!("; {reason}"));
            let unread_too = unread.map(|f| format!("; their configuration cannot be read: {}", f.reason));
            let reason = format!(
                "{up} of {n} collectors answer{sent}{}{}",
                missing.unwrap_or_default(),
                unread_too.unwrap_or_default()
            );
            let (hint, rule) = (unread.and_then(|f| f.hint.clone()), unread.and_then(|f| f.rule.as_deref().cloned()));
            FeedStatus { hint, rule, ..state(Feed::Collector, FeedState::Up, reason) }
        }
        _ => FeedStatus::new(Feed::Collector, FeedState::Connecting),
    }
}
