//! The HPA feed: one HorizontalPodAutoscaler, watched by its name. Makes its scale target known to the other feeds.

use crate::observe::{Feed, FeedState, FeedStatus, Metric, MetricKind, MetricValue, Observation, WatchingSeen};
use crate::source::live::client::{ApiError, ApiErrorKind, ResourceAttributes, encode, get, read};
use crate::source::live::context::{FeedContext, StatusReporter};
use crate::source::live::convert;
use crate::source::live::discovered::{Discovered, Fact, miss, set};
use crate::source::live::retry::state;
use crate::source::live::watch::{Spec, WatchEvent, follow, next_of};
use crate::source::live::wire::{Bare, Hpa, List};
use tokio::sync::{mpsc, watch};

/// What RBAC calls it.
pub fn attributes(namespace: &str) -> ResourceAttributes {
    ResourceAttributes {
        verb: "list",
        group: "autoscaling".into(),
        version: "v2".into(),
        resource: "horizontalpodautoscalers".into(),
        namespace: namespace.to_owned(),
    }
}

/// Their collection; without a namespace that of the whole cluster.
pub fn collection(namespace: &str) -> String {
    match namespace {
        "" => "/apis/autoscaling/v2/horizontalpodautoscalers".to_owned(),
        one => format!("/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers", encode(one)),
    }
}

/// Why there are no HPAs to read on a server without autoscaling/v2. `version` is the server's; empty: not known.
pub fn not_served(version: &str) -> ApiError {
    let seen = if version.is_empty() { "its version is not known".to_owned() } else { format!("this is {version}") };
    let reason = format!("autoscaling/v2 is not served here: Kubernetes 1.23 or later is needed, and {seen}");
    ApiError::new(ApiErrorKind::Absent, reason).with_hint("upgrade the cluster to Kubernetes 1.23 or later")
}

/// The names of all HPAs of the namespace, sorted.
///
/// # Errors
/// See [`ApiErrorKind`].
pub async fn list_hpas(shared: &FeedContext, namespace: &str) -> Result<Vec<String>, ApiError> {
    let body = get(shared, &collection(namespace), &attributes(namespace), shared.timing().request).await?;
    let list: List<Bare> =
        read(&body).map_err(|e| ApiError::new(ApiErrorKind::Garbled, format!("the answer is no list: {e}")))?;
    let mut names: Vec<String> = list.items.into_iter().flatten().map(|o| convert::name(&o.metadata.name)).collect();
    names.sort();
    Ok(names)
}

/// The namespaces and names of all HPAs of the cluster, sorted; none where they may not be listed.
pub async fn list_everywhere(shared: &FeedContext) -> Vec<(String, String)> {
    let path = format!("{}?limit=200", collection(""));
    let Ok(body) = get(shared, &path, &attributes(""), shared.timing().request).await else { return Vec::new() };
    let items = read::<List<Bare>>(&body).map(|list| list.items).unwrap_or_default();
    let place = |o: Bare| (convert::name(&o.metadata.namespace), convert::name(&o.metadata.name));
    let mut all: Vec<(String, String)> = items.into_iter().flatten().map(place).collect();
    all.sort();
    all
}

/// Whether the namespace exists; None if it may not be read or there is no answer.
pub async fn namespace_exists(shared: &FeedContext, namespace: &str) -> Option<bool> {
    let attributes = ResourceAttributes {
        verb: "get",
        version: "v1".into(),
        resource: "namespaces".into(),
        ..ResourceAttributes::default()
    };
    let path = format!("/api/v1/namespaces/{}", encode(namespace));
    match get(shared, &path, &attributes, shared.timing().request).await {
        Ok(_) => Some(true),
        Err(fault) if fault.kind == ApiErrorKind::Absent => Some(false),
        Err(_) => None,
    }
}

/// Watch the HPA until the program ends; with `any`, the only HPA of the namespace if the named one does not exist.
pub async fn run(
    shared: FeedContext,
    namespace: String,
    any: bool,
    discovered: Discovered,
    watching: watch::Sender<WatchingSeen>,
) {
    let mut reporter = StatusReporter::new(shared.out.clone(), Feed::Hpa, 1);
    loop {
        let name = discovered.hpa.borrow().clone();
        let Some(other) = one(&shared, (&namespace, &name, any), &discovered, &watching, &mut reporter).await else {
            return;
        };
        watching.send_modify(|seen| {
            seen.notes.push(format!("there is no HPA {name}; watching {other}, the only one in namespace {namespace}"));
            seen.hpa = other.clone();
        });
        discovered.hpa.send_replace(other);
    }
}

/// Watch one HPA. Returns the name of another that is to be watched instead.
async fn one(
    shared: &FeedContext,
    (namespace, name, any): (&str, &str, bool),
    discovered: &Discovered,
    watching: &watch::Sender<WatchingSeen>,
    reporter: &mut StatusReporter,
) -> Option<String> {
    let spec = Spec {
        feed: Feed::Hpa,
        collection: collection(namespace),
        selectors: vec![("fieldSelector", format!("metadata.name={name}"))],
        attributes: attributes(namespace),
        bookmarks: true,
    };
    let (to, mut from) = mpsc::channel(64);
    let following = follow::<Hpa>(shared, spec, to);
    tokio::pin!(following);
    // The uid of the HPA that exists; whether one ever did; the watch's status; the status while there is none.
    let (mut current, mut ever) = (None, false);
    let mut status = FeedStatus::new(Feed::Hpa, FeedState::Connecting);
    let mut absence = None;
    loop {
        match next_of(following.as_mut(), &mut from).await? {
            WatchEvent::Object(hpa) => {
                let seen = convert::hpa(&hpa);
                (current, ever, absence) = (Some(seen.uid.clone()), true, None);
                set(&discovered.target, Fact::Is(seen.target.clone()));
                let polled = |m: &&Metric| matches!(m.kind, MetricKind::External | MetricKind::Pods);
                let bare = |m: &Metric| Metric { value: MetricValue::default(), ..m.clone() };
                let metrics: Vec<Metric> = seen.metrics.iter().filter(polled).map(bare).collect();
                discovered.metrics.send_if_modified(|old| std::mem::replace(old, metrics.clone()) != metrics);
                let made_of = convert::made_of(&hpa.metadata);
                discovered.scaled_object.send_if_modified(|old| std::mem::replace(old, made_of.clone()) != made_of);
                shared.out.emit(Observation::Hpa(Box::new(seen))).await;
            }
            WatchEvent::Gone { uid, .. } if current.as_ref() == Some(&uid) => {
                current = None;
                shared.out.emit(Observation::HpaGone).await;
                absence = Some(state(Feed::Hpa, FeedState::Absent, format!("HPA {name} was deleted")));
            }
            WatchEvent::Gone { .. } => {}
            WatchEvent::Listed if current.is_none() && absence.is_none() => {
                let others = list_hpas(shared, namespace).await.unwrap_or_default();
                match others.as_slice() {
                    [only] if any && only != name && !ever => return Some(only.clone()),
                    _ => absence = Some(absent(shared, namespace, name, &others).await),
                }
                shared.out.emit(Observation::HpaGone).await;
                miss(&discovered.target, "there is no HPA, so its scale target is not known");
            }
            WatchEvent::Listed => {}
            WatchEvent::State(now) => {
                if now.state == FeedState::Denied {
                    miss(&discovered.target, "the HPA may not be read, so its scale target is not known");
                }
                // A collection is absent only where its API is not served.
                status = match now.state {
                    FeedState::Absent => {
                        let fault = not_served(&watching.borrow().server_version);
                        miss(&discovered.target, "HPAs cannot be read, so the scale target is not known");
                        FeedStatus { reason: Some(fault.reason), hint: fault.hint, ..now }
                    }
                    _ => now,
                };
            }
        }
        let shown = match (&absence, status.state) {
            (Some(absence), FeedState::Up) => absence.clone(),
            _ => status.clone(),
        };
        reporter.report(0, shown).await;
    }
}

async fn absent(shared: &FeedContext, namespace: &str, name: &str, others: &[String]) -> FeedStatus {
    let reason = format!("there is no HPA {name} in namespace {namespace}");
    let (reason, hint) = match others {
        [] if namespace_exists(shared, namespace).await == Some(false) => {
            (format!("there is no namespace {namespace}"), "pass --namespace, or create it".to_owned())
        }
        [] => (format!("{reason}, nor any other"), "create it, or pass --namespace".to_owned()),
        _ => (format!("{reason}; there are: {}", others.join(", ")), "pass --hpa with one of these names".to_owned()),
    };
    FeedStatus { hint: Some(hint), ..state(Feed::Hpa, FeedState::Absent, reason) }
}
