//! The collector feed: the collectors' own metrics, scraped in every pod of the gateway, of the agents and of the cluster
//! collector, as they come and go.
//!
//! A collector tells only its own pod, so each is asked through a port-forward that stays open. All of them together are
//! asked less than four times a second; a pod that cannot be asked is tried again less and less often.

pub mod config;
mod endpoint;
mod others;
pub mod read;
mod scrape;
mod service;
mod text;

pub use endpoint::Endpoint;

use super::client::{ApiError, ErrorKind, RetryGate};
use super::context::{FeedContext, StatusReporter};
use super::discovered::{Discovered, PodTarget, PodTargets};
use super::retry::{Tries, state};
use crate::observe::{CollectorLost, CollectorSeen, Feed, FeedState, FeedStatus, Observation, Role};
use scrape::Target;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

/// What came of a scrape.
struct Told {
    uid: String,
    outcome: Result<Box<CollectorSeen>, ApiError>,
}

/// A collector that is scraped.
struct One {
    role: Role,
    pod: PodTarget,
    task: AbortHandle,
    /// Its last scrape's fault; None when that worked.
    fault: Option<ApiError>,
    /// Nothing was told of it yet.
    new: bool,
}

/// Scrape whatever collectors there are until the program ends; none of them when `endpoint` is None.
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
    let found = watch::Sender::new(others::Found::default());
    let looking = others::run(shared.clone(), namespace, found.clone());
    let unread = watch::Sender::new(None::<ApiError>);
    let reading = config::run(shared.clone(), discovered.gateways.subscribe(), found.subscribe(), unread.clone());
    tokio::pin!(looking, reading);
    let (mut gateways, mut others) = (discovered.gateways.subscribe(), found.subscribe());
    let mut unread = unread.subscribe();
    let (to, mut told) = mpsc::channel::<Told>(64);
    let many = watch::Sender::new(0);
    let turns = RetryGate::new(shared.timing.apart);
    let mut all: BTreeMap<String, One> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    loop {
        let (known, tier) = (gateways.borrow_and_update().clone(), others.borrow_and_update().clone());
        let wanted = wanted(&known, &tier, &endpoint);
        let stays = |uid: &str, one: &One| wanted.get(uid).is_some_and(|(_, pod)| *pod == one.pod);
        let gone: Vec<String> = all.iter().filter(|(uid, one)| !stays(uid, one)).map(|(uid, _)| uid.clone()).collect();
        for uid in gone {
            let Some(one) = all.remove(&uid) else { continue };
            one.task.abort();
            if !wanted.contains_key(&uid) && (known.contains_key(&uid) || tier.pods.contains_key(&uid)) {
                let (pod, reason) = (one.pod.name, "its container does not run".to_owned());
                shared.out.emit(Observation::CollectorLost(CollectorLost { pod, uid, role: one.role, reason })).await;
            }
        }
        many.send_replace(wanted.len());
        for (uid, (role, pod)) in wanted {
            all.entry(uid.clone()).or_insert_with(|| {
                let target = Target { endpoint: endpoint.clone(), pod: pod.clone(), many: many.subscribe() };
                let scraping = scrape::run(shared.clone(), target, turns.clone(), uid, to.clone());
                One { role, pod, task: tasks.spawn(scraping), fault: None, new: true }
            });
        }
        let without = unread.borrow_and_update().clone();
        reporter.report(0, standing(&all, &tier, without.as_ref())).await;
        loop {
            tokio::select! {
                () = &mut looking => return,
                () = &mut reading => return,
                changed = gateways.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
                changed = others.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
                changed = unread.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
                one = told.recv() => {
                    let Some(one) = one else { return };
                    take(&shared, &mut all, one).await;
                    reporter.report(0, standing(&all, &tier, without.as_ref())).await;
                }
                // A task that ended was told to.
                Some(_) = tasks.join_next() => {}
            }
        }
    }
}

/// Pass on what a scrape brought.
async fn take(shared: &FeedContext, all: &mut BTreeMap<String, One>, told: Told) {
    let Some(one) = all.get_mut(&told.uid) else { return };
    let (pod, uid, role) = (one.pod.name.clone(), told.uid, one.role);
    one.new = false;
    match told.outcome {
        Ok(seen) => {
            one.fault = None;
            let seen = CollectorSeen { pod, uid, role, ..*seen };
            shared.out.emit(Observation::Collector(Arc::new(seen))).await;
        }
        Err(fault) => {
            if one.fault.as_ref().is_none_or(|before| before.reason != fault.reason) {
                let reason = fault.reason.clone();
                shared.out.emit(Observation::CollectorLost(CollectorLost { pod, uid, role, reason })).await;
            }
            one.fault = Some(fault);
        }
    }
}

/// The collectors that run, by pod uid. A pod of the gateway is one, whatever its labels say.
fn wanted(gateways: &PodTargets, others: &others::Found, endpoint: &Endpoint) -> BTreeMap<String, (Role, PodTarget)> {
    let tier = others.pods.iter().map(|(uid, (role, pod))| (uid.clone(), (*role, pod.clone())));
    let gateways = gateways.iter().map(|(uid, pod)| (uid.clone(), (Role::Gateway, pod.clone())));
    let mut all: BTreeMap<String, (Role, PodTarget)> = tier.chain(gateways).filter(|(_, (_, pod))| pod.runs).collect();
    if let Some(host) = endpoint.single() {
        all = [(host.clone(), (Role::Gateway, PodTarget { name: host, runs: true, ..PodTarget::default() }))].into();
    }
    all
}

/// How the feed stands: up while any collector answers, but never silent about what may not be read.
fn standing(all: &BTreeMap<String, One>, others: &others::Found, unread: Option<&ApiError>) -> FeedStatus {
    let faults: Vec<&ApiError> = all.values().filter_map(|one| one.fault.as_ref()).collect();
    let link = |fault: &ApiError| FeedStatus { attempt: 0, ..fault.feed_status(Feed::Collector, 0) };
    if let Some(denied) = faults.iter().find(|f| matches!(f.kind, ErrorKind::Denied | ErrorKind::Unauthorized)) {
        return link(denied);
    }
    let up = all.values().filter(|one| !one.new && one.fault.is_none()).count();
    match (all.len(), up, faults.first()) {
        (0, ..) => state(Feed::Collector, FeedState::Absent, "no collector runs"),
        (n, 0, Some(fault)) if faults.len() == n => FeedStatus {
            state: FeedState::Retrying,
            hint: fault.hint.clone().or(Some(
                "is the collector's telemetry on? say --collector-metrics PORT[/PATH] if it is elsewhere".into(),
            )),
            ..link(fault)
        },
        (n, up, fault) if up > 0 => {
            let missing =
                fault.map(|f| format!("; {}", f.reason)).or_else(|| others.fault.clone().map(|f| format!("; {f}")));
            let unread_too = unread.map(|f| format!("; nothing is said of their configuration: {}", f.reason));
            let reason = format!(
                "{up} of {n} collectors answer{}{}",
                missing.unwrap_or_default(),
                unread_too.unwrap_or_default()
            );
            let (hint, rule) = (unread.and_then(|f| f.hint.clone()), unread.and_then(|f| f.rule.as_deref().cloned()));
            FeedStatus { hint, rule, ..state(Feed::Collector, FeedState::Up, reason) }
        }
        _ => FeedStatus::new(Feed::Collector, FeedState::Connecting),
    }
}
