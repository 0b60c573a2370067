//! The scalers feed: KEDA's ScaledObject of the HPA, and VerticalPodAutoscalers, where they are served and may be read.

use crate::it::support::fake_api::world::{event, hpa, list};
use crate::it::support::fake_api::{FakeApi, Reply};
use edot_tui::observe::Observation;
use serde_json::{Value, json};

fn made_by_keda() -> Value {
    let mut hpa = hpa("9");
    hpa["metadata"]["ownerReferences"] = json!([{"kind": "ScaledObject", "name": "web", "controller": true}]);
    hpa
}

fn scaled_object(version: &str, paused: bool) -> Value {
    let annotations = if paused { json!({"autoscaling.keda.sh/paused": "true"}) } else { json!({}) };
    json!({"metadata": {"name": "web", "uid": "so", "resourceVersion": version, "annotations": annotations},
        "spec": {"triggers": [{"type": "cpu"}]}})
}

fn vpa() -> Value {
    json!({"metadata": {"name": "web", "uid": "v", "resourceVersion": "1"},
        "spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "edot-gateway"}}})
}

#[tokio::test]
async fn the_scaled_object_of_the_hpa_and_the_vpas_are_watched_where_they_are_served() {
    let api = FakeApi::start(|r| match r.path.split('?').next().unwrap() {
        path if path.ends_with("/horizontalpodautoscalers") && !r.is_watch() => Some(list(1, [made_by_keda()])),
        "/apis/keda.sh/v1alpha1" | "/apis/autoscaling.k8s.io/v1" => Some(Reply::json(json!({"resources": []}))),
        path if path.ends_with("/scaledobjects") && r.is_watch() => {
            Some(Reply::hold([event("MODIFIED", scaled_object("2", true))]))
        }
        path if path.ends_with("/scaledobjects") => Some(list(1, [scaled_object("1", false)])),
        path if path.ends_with("/verticalpodautoscalers") && r.is_watch() => Some(Reply::hold([])),
        path if path.ends_with("/verticalpodautoscalers") => Some(list(1, [vpa()])),
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    seen.ever("a pause", |o| matches!(o, Observation::ScaledObject(made) if made.annotations.contains_key("paused")))
        .await;
    seen.ever("the VPA", |o| matches!(o, Observation::Vpa(vpa) if vpa.target.name == "edot-gateway")).await;
    seen.all_up().await;
    let asked = api.requests(|r| r.path.contains("/scaledobjects"));
    assert!(asked.iter().all(|r| r.query("fieldSelector") == Some("metadata.name=web")), "{asked:?}");
}

#[tokio::test]
async fn what_is_not_served_is_not_asked_for_and_what_may_not_be_read_is_reported() {
    let api = FakeApi::start(|r| match r.path.split('?').next().unwrap() {
        path if path.ends_with("/horizontalpodautoscalers") && !r.is_watch() => Some(list(1, [made_by_keda()])),
        "/apis/autoscaling.k8s.io/v1" => Some(Reply::json(json!({"resources": []}))),
        path if path.ends_with("/verticalpodautoscalers") => Some(Reply::forbidden("list", "verticalpodautoscalers")),
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    seen.reported("verticalpodautoscalers").await;
    assert!(seen.links().iter().any(|line| line.contains("scalers Denied")), "{:?}", seen.links());
    assert!(api.requests(|r| r.path.contains("/scaledobjects")).is_empty());
    assert!(api.requests(|r| r.path.contains("/verticalpodautoscalers")).len() <= 1, "not again and again");
}

#[tokio::test]
async fn an_hpa_that_is_no_longer_kedas_loses_its_scaled_object() {
    let api = FakeApi::start(|r| match r.path.split('?').next().unwrap() {
        path if path.ends_with("/horizontalpodautoscalers") && r.is_watch() => {
            Some(Reply::hold([event("MODIFIED", hpa("10"))]))
        }
        path if path.ends_with("/horizontalpodautoscalers") => Some(list(1, [made_by_keda()])),
        "/apis/keda.sh/v1alpha1" => Some(Reply::json(json!({"resources": []}))),
        path if path.ends_with("/scaledobjects") && r.is_watch() => Some(Reply::hold([])),
        path if path.ends_with("/scaledobjects") => Some(list(1, [scaled_object("1", false)])),
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    seen.ever("its end", |o| matches!(o, Observation::ScaledObjectGone)).await;
    seen.all_up().await;
}
