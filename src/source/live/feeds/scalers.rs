//! The scalers feed: what decides over the target besides the HPA. KEDA's ScaledObject where the HPA is of one, and the
//! VerticalPodAutoscalers of the namespace; each watched where its API is served, and asked for again seldom where not. The
//! values of external and pods metrics are a part of it, too.

use super::metric_values;
use crate::observe::{Feed, FeedState, FeedStatus, Observation};
use crate::source::live::client::{ApiErrorKind, ResourceAttributes, encode, get};
use crate::source::live::context::{FeedContext, StatusReporter};
use crate::source::live::convert;
use crate::source::live::discovered::{Discovered, until_changed};
use crate::source::live::retry::state;
use crate::source::live::watch::{Spec, WatchEvent, follow, next_of};
use crate::source::live::wire::{Object, ScaledObject, Vpa};
use tokio::sync::mpsc;

const FEED: Feed = Feed::Scalers;

/// A kind that a cluster may serve.
struct Kind {
    group: &'static str,
    version: &'static str,
    resource: &'static str,
}

const SCALED_OBJECTS: Kind = Kind { group: "keda.sh", version: "v1alpha1", resource: "scaledobjects" };
const VPAS: Kind = Kind { group: "autoscaling.k8s.io", version: "v1", resource: "verticalpodautoscalers" };

/// The parts of the feed, and the status of each.
type Statuses = mpsc::Sender<(usize, FeedStatus)>;
const OF_KEDA: usize = 0;
const OF_VPAS: usize = 1;
const OF_VALUES: usize = 2;

/// Watch both until the program ends.
pub async fn run(shared: FeedContext, namespace: String, discovered: Discovered) {
    let mut reporter = StatusReporter::new(shared.out.clone(), FEED, 3);
    let (to, mut statuses) = mpsc::channel(8);
    let reports = async {
        while let Some((part, status)) = statuses.recv().await {
            reporter.report(part, status).await;
        }
    };
    let (of_values, of_keda, of_vpas) = (to.clone(), to.clone(), to);
    tokio::join!(
        vpas(&shared, &namespace, of_vpas),
        scaled_object(&shared, &namespace, &discovered, of_keda),
        metric_values::run(&shared, &namespace, &discovered, (OF_VALUES, &of_values)),
        reports
    );
}

async fn vpas(shared: &FeedContext, namespace: &str, to: Statuses) {
    let seen = |change: Change<Vpa>| match change {
        Change::Object(vpa) => Observation::Vpa(Box::new(convert::vpa(&vpa))),
        Change::Gone(uid) => Observation::VpaGone { uid },
    };
    watch(shared, (&VPAS, namespace, None), seen, (OF_VPAS, &to)).await;
}

/// That of the HPA, and another when the HPA becomes one of another.
async fn scaled_object(shared: &FeedContext, namespace: &str, discovered: &Discovered, to: Statuses) {
    let seen = |change: Change<ScaledObject>| match change {
        Change::Object(made) => Observation::ScaledObject(Box::new(convert::scaled_object(&made))),
        Change::Gone(_) => Observation::ScaledObjectGone,
    };
    let mut names = discovered.scaled_object.subscribe();
    let mut before = None;
    loop {
        let name = names.borrow_and_update().clone();
        if before.is_some() && before != name {
            shared.out.emit(Observation::ScaledObjectGone).await;
        }
        let following = async {
            match &name {
                Some(name) => watch(shared, (&SCALED_OBJECTS, namespace, Some(name)), seen, (OF_KEDA, &to)).await,
                None => drop(to.send((OF_KEDA, FeedStatus::new(FEED, FeedState::Up))).await),
            }
        };
        if !until_changed(&mut names, following).await {
            return;
        }
        before = name;
    }
}

/// What happened to an object of a kind.
enum Change<T> {
    Object(T),
    /// By its uid.
    Gone(String),
}

/// Watch a kind where it is served; elsewhere, and where it may not be read, look again as seldom as a watch is opened.
async fn watch<T: Object>(
    shared: &FeedContext,
    of: (&Kind, &str, Option<&str>),
    seen: fn(Change<T>) -> Observation,
    (part, to): (usize, &Statuses),
) {
    let kind = of.0;
    loop {
        let status = match is_served(shared, kind).await {
            Ok(true) => once(shared, of, seen, (part, to)).await,
            Ok(false) => {
                Some(state(FEED, FeedState::Up, format!("{}/{} is not served here", kind.group, kind.version)))
            }
            Err(status) => Some(*status),
        };
        if let Some(status) = status {
            let _ = to.send((part, status)).await;
        }
        shared.out.clock().sleep(shared.timing().watch).await;
        shared.gate.turn().await;
    }
}

/// Whether the server knows the kind's version.
async fn is_served(shared: &FeedContext, kind: &Kind) -> Result<bool, Box<FeedStatus>> {
    let path = format!("/apis/{}/{}", kind.group, kind.version);
    match get(shared, &path, &ResourceAttributes::default(), shared.timing().request).await {
        Ok(_) => Ok(true),
        Err(fault) if fault.kind == ApiErrorKind::Absent => Ok(false),
        Err(fault) => Err(Box::new(fault.feed_status(FEED, 1))),
    }
}

/// Watch until it turns out that it may not be read, or is no longer served; returns that.
async fn once<T: Object>(
    shared: &FeedContext,
    (kind, namespace, name): (&Kind, &str, Option<&str>),
    seen: fn(Change<T>) -> Observation,
    (part, statuses): (usize, &Statuses),
) -> Option<FeedStatus> {
    let Kind { group, version, resource } = *kind;
    let spec = Spec {
        feed: FEED,
        collection: format!("/apis/{group}/{version}/namespaces/{}/{resource}", encode(namespace)),
        selectors: name.map(|name| ("fieldSelector", format!("metadata.name={name}"))).into_iter().collect(),
        attributes: ResourceAttributes {
            verb: "list",
            group: group.into(),
            version: version.into(),
            resource: resource.into(),
            namespace: namespace.to_owned(),
        },
        bookmarks: true,
    };
    let (to, mut from) = mpsc::channel(64);
    let following = follow::<T>(shared, spec, to);
    tokio::pin!(following);
    loop {
        match next_of(following.as_mut(), &mut from).await? {
            WatchEvent::Object(object) => shared.out.emit(seen(Change::Object(object))).await,
            WatchEvent::Gone { uid, .. } => shared.out.emit(seen(Change::Gone(uid))).await,
            WatchEvent::Listed => {}
            WatchEvent::State(status) if matches!(status.state, FeedState::Denied | FeedState::Absent) => {
                return Some(status);
            }
            WatchEvent::State(status) => drop(statuses.send((part, status)).await),
        }
    }
}
