//! The values of the HPA's external and pods metrics, polled where the controller reads them: between its syncs they are seen
//! here only. Object metrics are left out: their paths need the plural of any kind.

use crate::observe::{Feed, FeedState, FeedStatus, Metric, MetricKind, MetricValuesSeen, Observation};
use crate::source::live::client::{ApiError, ApiErrorKind, ResourceAttributes, encode, get, read};
use crate::source::live::context::FeedContext;
use crate::source::live::convert;
use crate::source::live::discovered::{Discovered, until_changed};
use crate::source::live::retry::state;
use crate::source::live::wire::MetricValues;
use tokio::sync::mpsc;

const FEED: Feed = Feed::Scalers;
/// Series or pods of one metric that are kept at most.
const MOST: usize = 1000;

/// Poll them until the program ends; `statuses` gets the state.
pub async fn run(
    shared: &FeedContext,
    namespace: &str,
    discovered: &Discovered,
    (part, statuses): (usize, &mpsc::Sender<(usize, FeedStatus)>),
) {
    let mut metrics = discovered.metrics.subscribe();
    loop {
        let all = metrics.borrow_and_update().clone();
        let polling = async {
            let _ = statuses.send((part, FeedStatus::new(FEED, FeedState::Up))).await;
            while !all.is_empty() {
                let failed = poll(shared, namespace, discovered, &all).await;
                let timing = shared.timing();
                let lasting =
                    matches!(failed.as_ref().map(|f| f.kind), Some(ApiErrorKind::Denied | ApiErrorKind::Absent));
                let status = match &failed {
                    // The controller says so itself, as a condition.
                    Some(fault) if fault.kind == ApiErrorKind::Absent => {
                        state(FEED, FeedState::Up, "the API of a metric is not served")
                    }
                    Some(fault) => fault.feed_status(FEED, 1),
                    None => FeedStatus::new(FEED, FeedState::Up),
                };
                let _ = statuses.send((part, status)).await;
                shared.out.clock().sleep(if lasting { timing.watch } else { timing.poll }).await;
                shared.gate.turn().await;
            }
        };
        if !until_changed(&mut metrics, polling).await {
            return;
        }
    }
}

/// Each metric once; returns the first failure.
async fn poll(shared: &FeedContext, namespace: &str, discovered: &Discovered, all: &[Metric]) -> Option<ApiError> {
    let mut failed = None;
    for metric in all {
        let pods = discovered.scaled.borrow().known().map(|scaled| scaled.selector.clone());
        let Some((path, attributes)) = place(namespace, metric, pods.as_deref()) else { continue };
        let answer = get(shared, &path, &attributes, shared.timing().request).await;
        let unreadable =
            |why: String| ApiError::new(ApiErrorKind::Garbled, format!("{} cannot be read: {why}", metric.name));
        match answer.and_then(|body| read::<MetricValues>(&body).map_err(unreadable)) {
            Ok(values) => {
                let values = values.items.iter().take(MOST).map(|item| convert::name(&item.value)).collect();
                let (kind, name, selector) = (metric.kind, metric.name.clone(), metric.selector.clone());
                let seen = MetricValuesSeen { kind, name, selector, values };
                shared.out.emit(Observation::MetricValues(Box::new(seen))).await;
            }
            Err(fault) => failed = failed.or(Some(fault)),
        }
    }
    failed
}

/// Where the values of a metric are; None for a pods metric while the pods are not known.
fn place(namespace: &str, metric: &Metric, pods: Option<&str>) -> Option<(String, ResourceAttributes)> {
    let labels = |key: &str, selector: Option<&str>| selector.map(|of| format!("{key}={}", encode(of)));
    let (group, version, resource, object, queries) = match metric.kind {
        MetricKind::External => {
            let own = labels("labelSelector", metric.selector.as_deref());
            ("external.metrics.k8s.io", "v1beta1", metric.name.clone(), encode(&metric.name), [own, None])
        }
        MetricKind::Pods => {
            let own = labels("metricLabelSelector", metric.selector.as_deref());
            let object = format!("pods/*/{}", encode(&metric.name));
            let resource = format!("pods/{}", metric.name);
            ("custom.metrics.k8s.io", "v1beta2", resource, object, [labels("labelSelector", Some(pods?)), own])
        }
        _ => return None,
    };
    let queries: Vec<String> = queries.into_iter().flatten().collect();
    let query = if queries.is_empty() { String::new() } else { format!("?{}", queries.join("&")) };
    let path = format!("/apis/{group}/{version}/namespaces/{}/{object}{query}", encode(namespace));
    let attributes = ResourceAttributes {
        verb: "list",
        group: group.into(),
        version: version.into(),
        resource,
        namespace: namespace.to_owned(),
    };
    Some((path, attributes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_asked_for_where_the_controller_asks() {
        let metric = |kind, selector: Option<&str>| Metric {
            kind,
            name: "s0-queue".into(),
            selector: selector.map(str::to_owned),
            ..Metric::default()
        };
        let path = |metric: &Metric, pods| place("web", metric, pods).map(|(path, _)| path);
        let keda = metric(MetricKind::External, Some("scaledobject.keda.sh/name=web"));
        let external = "/apis/external.metrics.k8s.io/v1beta1/namespaces/web/s0-queue";
        assert_eq!(path(&keda, None), Some(format!("{external}?labelSelector=scaledobject.keda.sh%2Fname%3Dweb")));
        assert_eq!(path(&metric(MetricKind::External, None), None).as_deref(), Some(external));
        let of_pods = metric(MetricKind::Pods, Some("a=b"));
        let custom = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/web/pods/*/s0-queue";
        let asked = format!("{custom}?labelSelector=app%3Dweb&metricLabelSelector=a%3Db");
        assert_eq!((path(&of_pods, None), path(&of_pods, Some("app=web"))), (None, Some(asked)));
        assert_eq!(path(&metric(MetricKind::Object, None), Some("app=web")), None);
    }
}
