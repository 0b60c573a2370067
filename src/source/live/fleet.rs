//! Every HPA of one or several clusters: one list and one watch a cluster, and the events of their rescales. A cluster that is
//! down, slow or refuses reports it and delays no other. Pods and usage are not read.

use super::client::{Timing, cluster, connect::Access};
use super::cluster::Cluster;
use super::context::{Emitter, FeedContext};
use super::convert;
use super::feeds::{hpa, session_info};
use super::watch::{Spec, WatchEvent, follow, next_of};
use super::wire::{Event, Hpa, Meta};
use super::{not_served, shared};
use crate::clock::Clock;
use crate::control::Died;
use crate::observe::{Feed, FeedState, FeedStatus, FleetChange, FleetSeen, Observation, Stamped, WatchingSeen};
use crate::source::live::client::{ResourceAttributes, encode};
use crate::source::live::retry::state;
use std::collections::BTreeMap;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Labels of an HPA that are kept at most.
const LABELS: usize = 32;

/// Which HPAs.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// None: those of all namespaces.
    pub namespace: Option<String>,
    /// A label selector, as kubectl takes it.
    pub selector: Option<String>,
}

/// One of the clusters.
pub enum Member {
    Connected(Cluster),
    /// The context's name, and how to connect.
    Named(String, Box<Access>),
}

/// What is observed, and the clusters that are connected, by context: for what is looked at closer.
pub struct FleetSource {
    pub observations: mpsc::Receiver<Stamped>,
    pub clusters: watch::Receiver<BTreeMap<String, Cluster>>,
}

/// A source over all members, and the future that drives it until `stop`.
pub fn open(
    members: Vec<Member>,
    scope: Scope,
    timing: Timing,
    stop: CancellationToken,
) -> (FleetSource, impl Future<Output = Result<(), Died>> + Send) {
    let (to, observations) = mpsc::channel(1024);
    let clusters = watch::Sender::new(BTreeMap::new());
    let source = FleetSource { observations, clusters: clusters.subscribe() };
    (source, run(members, scope, timing, (to, clusters), stop))
}

type Out = (mpsc::Sender<Stamped>, watch::Sender<BTreeMap<String, Cluster>>);

async fn run(
    members: Vec<Member>,
    scope: Scope,
    timing: Timing,
    (to, clusters): Out,
    stop: CancellationToken,
) -> Result<(), Died> {
    let clock = members.iter().find_map(|member| match member {
        Member::Connected(cluster) => Some(cluster.clock()),
        Member::Named(..) => None,
    });
    let out = Emitter::new(to.clone(), clock.unwrap_or_else(Clock::system));
    let mut tasks = JoinSet::new();
    // Each has its row from the beginning, in the order in which it was named.
    for member in &members {
        emit(&out, &member.context(), FleetChange::State(FeedStatus::new(Feed::Hpa, FeedState::Connecting))).await;
    }
    for member in members {
        tasks.spawn(one(member, scope.clone(), timing.clone(), (to.clone(), clusters.clone())));
    }
    drop((to, clusters));
    tasks.spawn(session_info::tick(out));
    super::driven(tasks, stop).await
}

impl Member {
    fn context(&self) -> String {
        match self {
            Member::Connected(cluster) => cluster.context(),
            Member::Named(context, _) => context.clone(),
        }
    }
}

async fn emit(out: &Emitter, context: &str, what: FleetChange) {
    out.emit(Observation::Fleet(Box::new(FleetSeen { context: context.to_owned(), what }))).await;
}

/// One cluster, from connecting to it on.
async fn one(member: Member, scope: Scope, timing: Timing, (to, clusters): Out) {
    let context = member.context();
    let cluster = match member {
        Member::Connected(cluster) => cluster,
        Member::Named(_, access) => connected(&context, *access, &timing, &to).await,
    };
    clusters.send_modify(|all| {
        all.insert(context.clone(), cluster.clone());
    });
    let shared = shared(cluster, to, timing);
    let seen = watch::Sender::new(WatchingSeen::default());
    let versions = seen.subscribe();
    tokio::join!(session_info::version(shared.clone(), seen), hpas(&shared, &context, &scope, versions),);
}

/// Connects, and tries again until that works.
async fn connected(context: &str, access: Access, timing: &Timing, to: &mpsc::Sender<Stamped>) -> Cluster {
    let out = Emitter::new(to.clone(), Clock::system());
    let mut attempt = 0;
    loop {
        match cluster::open(access.clone()).await {
            Ok(cluster) => return cluster,
            Err(error) => {
                attempt += 1;
                let retry_at = out.after(timing.inside);
                let status =
                    FeedStatus { attempt, retry_at, ..state(Feed::Hpa, FeedState::Retrying, error.to_string()) };
                emit(&out, context, FleetChange::State(status)).await;
                tokio::time::sleep(timing.inside).await;
            }
        }
    }
}

/// The HPAs of one cluster, and once they are known the events of their rescales.
async fn hpas(shared: &FeedContext, context: &str, scope: &Scope, mut versions: watch::Receiver<WatchingSeen>) {
    let (to, mut from) = mpsc::channel(64);
    let (to_events, mut events) = mpsc::channel(64);
    let following = follow::<Hpa>(shared, of_hpas(scope), to);
    tokio::pin!(following);
    let (listed, mut after) = watch::channel(false);
    let rescales = async {
        let _ = after.wait_for(|listed| *listed).await;
        follow::<Event>(shared, of_rescales(scope), to_events).await;
    };
    tokio::pin!(rescales);
    let mut up = false;
    loop {
        let seen = tokio::select! {
            seen = next_of(following.as_mut(), &mut from) => match seen {
                Some(seen) => seen,
                None => return,
            },
            () = &mut rescales => continue,
            Some(seen) = events.recv() => {
                // Whether events may be read is of no weight here.
                if let WatchEvent::Object(event) = seen {
                    emit(&shared.out, context, FleetChange::Event(Box::new(convert::event(&event)))).await;
                }
                continue;
            }
            Ok(()) = versions.changed() => {
                let version = versions.borrow_and_update().server_version.clone();
                emit(&shared.out, context, FleetChange::Version { version }).await;
                continue;
            }
        };
        let what = match seen {
            WatchEvent::Object(object) => FleetChange::Hpa {
                labels: labels(&object.metadata),
                owner: owner(&object.metadata),
                hpa: Box::new(convert::hpa(&object)),
            },
            WatchEvent::Gone { uid, .. } => FleetChange::Gone { uid },
            // All are known and current, though the watch is still to be opened.
            WatchEvent::Listed if !up => {
                listed.send_replace(true);
                FleetChange::State(FeedStatus::new(Feed::Hpa, FeedState::Up))
            }
            WatchEvent::Listed => continue,
            WatchEvent::State(status) if status.state == FeedState::Up && up => continue,
            WatchEvent::State(status) => FleetChange::State(worded(status, &versions.borrow().server_version)),
        };
        if let FleetChange::State(status) = &what {
            up = status.state == FeedState::Up;
        }
        emit(&shared.out, context, what).await;
    }
}

/// A collection is absent only where its API is not served.
fn worded(status: FeedStatus, version: &str) -> FeedStatus {
    match status.state {
        FeedState::Absent => {
            let fault = not_served(version);
            FeedStatus { reason: Some(fault.reason), hint: fault.hint, ..status }
        }
        _ => status,
    }
}

fn of_hpas(scope: &Scope) -> Spec {
    let namespace = scope.namespace.clone().unwrap_or_default();
    Spec {
        feed: Feed::Hpa,
        collection: hpa::collection(&namespace),
        selectors: scope.selector.iter().map(|selector| ("labelSelector", selector.clone())).collect(),
        attributes: hpa::attributes(&namespace),
        bookmarks: true,
    }
}

fn of_rescales(scope: &Scope) -> Spec {
    let namespace = scope.namespace.clone().unwrap_or_default();
    let collection = match namespace.as_str() {
        "" => "/api/v1/events".to_owned(),
        one => format!("/api/v1/namespaces/{}/events", encode(one)),
    };
    let about = "involvedObject.kind=HorizontalPodAutoscaler,reason=SuccessfulRescale";
    Spec {
        feed: Feed::Events,
        collection,
        selectors: vec![("fieldSelector", about.to_owned())],
        attributes: ResourceAttributes {
            verb: "list",
            version: "v1".into(),
            resource: "events".into(),
            namespace,
            ..ResourceAttributes::default()
        },
        bookmarks: false,
    }
}

fn labels(meta: &Meta) -> BTreeMap<String, String> {
    meta.labels.iter().take(LABELS).map(|(key, value)| (convert::name(key), convert::name(value))).collect()
}

fn owner(meta: &Meta) -> Option<String> {
    let owner = meta.controller()?;
    Some(format!("{}/{}", convert::name(&owner.kind), convert::name(&owner.name)))
}
