//! What the live feeds make of clusters as they are found in the field.

use crate::it::support::fake_api::{FakeApi, Reply, Request, world};
use edot_tui::observe::{Feed, FeedState, Observation};
use serde_json::json;
use world::{hpa, list};

fn hpas(r: &Request) -> bool {
    r.of("/horizontalpodautoscalers")
}

#[tokio::test]
async fn the_target_is_followed_however_its_kind_and_version_are_written() {
    for (api, kind) in [("apps/v1", "deployment"), ("apps/v1beta1", "Deployment"), ("apps/v7", "deployment")] {
        let api = FakeApi::start(move |r| {
            let mut hpa = hpa("1");
            hpa["spec"]["scaleTargetRef"]["kind"] = json!(kind);
            hpa["spec"]["scaleTargetRef"]["apiVersion"] = json!(api);
            (hpas(r) && !r.is_watch()).then(|| list(1, [hpa]))
        })
        .await;
        let mut seen = api.watch().await;
        let kind = |o: &Observation| if let Observation::Target(t) = o { Some(t.kind.clone()) } else { None };
        assert_eq!(seen.next("target", kind).await, "Deployment");
        seen.all_up().await;
    }
}

#[tokio::test]
async fn a_reference_that_the_controller_cannot_map_is_reported_with_the_correction() {
    let api = FakeApi::start(|r| {
        let mut hpa = hpa("1");
        hpa["spec"]["scaleTargetRef"].as_object_mut().unwrap().remove("apiVersion");
        match r.path.as_str() {
            "/api/v1" => Some(Reply::json(json!({"resources": [{"name": "pods", "kind": "Pod"}]}))),
            _ => (hpas(r) && !r.is_watch()).then(|| list(1, [hpa])),
        }
    })
    .await;
    let mut seen = api.watch().await;
    let status = seen.link(Feed::Target, FeedState::Absent).await;
    assert_eq!(status.reason.as_deref(), Some("v1 does not serve the kind Deployment"));
    assert_eq!(status.hint.as_deref(), Some("write apiVersion: apps/v1 in the HPA's scaleTargetRef"));
}

#[tokio::test]
async fn a_server_without_autoscaling_v2_is_too_old() {
    let api = FakeApi::start(|r| match r.path.as_str() {
        "/version" => Some(Reply::json(json!({"gitVersion": "v1.22.9"}))),
        _ => hpas(r).then(|| Reply::Whole(404, "text/plain", b"404 page not found\n".to_vec())),
    })
    .await;
    let mut seen = api.watch().await;
    seen.told("Kubernetes 1.23 or later is needed, and this is v1.22.9").await;
}
