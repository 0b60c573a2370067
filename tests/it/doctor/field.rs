//! What the doctor makes of clusters as they are found in the field: references of every form, old servers, leftover pods.

use crate::it::doctor::hpa::{facts, real};
use crate::it::doctor::run::{settings, well};
use crate::it::support::stub_api::{Asked, listen, status};
use edot_tui::config::Env;
use edot_tui::doctor::check::{Check, Outcome};
use edot_tui::doctor::{examine, hpa};
use serde_json::{Value, json};

async fn examined(answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> Vec<Check> {
    let (url, _) = listen(answer).await;
    let (_file, settings) = settings(&url);
    examine(&settings, &Env::new(), false).await
}

fn one<'a>(checks: &'a [Check], id: &str) -> &'a Check {
    checks.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("no check {id} in {checks:?}"))
}

/// The HPA with this reference, in front of the healthy cluster.
fn referring(reference: Value, asked: &Asked) -> (u16, Value) {
    match asked.path.as_str() {
        p if p.ends_with("/horizontalpodautoscalers") => {
            let mut hpa = real("steady-2");
            hpa["spec"]["scaleTargetRef"] = reference;
            (200, json!({"items": [hpa]}))
        }
        "/api/v1" => (200, json!({"resources": [{"name": "pods", "kind": "Pod"}]})),
        "/apis/x.io" => (200, json!({"preferredVersion": {"version": "v1"}, "versions": [{"version": "v1"}]})),
        "/apis/x.io/v1" => (
            200,
            json!({"resources": [{"name": "fleets/scale", "kind": "Fleet"}, {"name": "fleets", "kind": "Fleet"}]}),
        ),
        p if p.ends_with("/fleets/f/scale") => (200, json!({"spec": {"replicas": 1}, "status": {"selector": "app=f"}})),
        _ => well(asked),
    }
}

#[tokio::test]
async fn the_target_is_found_as_the_controller_finds_it() {
    let hint = Some("write apiVersion: apps/v1 in the HPA's scaleTargetRef");
    for (api, kind, name, result, hinted) in [
        ("apps/v1", "Deployment", "edot-gateway", Outcome::Ok, None),
        ("apps/v1beta1", "Deployment", "edot-gateway", Outcome::Ok, None),
        ("apps/v1", "deployment", "edot-gateway", Outcome::Ok, None),
        ("x.io/v1alpha1", "Fleet", "f", Outcome::Ok, None),
        ("x.io/v1", "fleet", "f", Outcome::Ok, None),
        // The controller looks for these in the core group and in one that is gone, and finds nothing either.
        ("", "Deployment", "edot-gateway", Outcome::Fail, hint),
        ("extensions/v1beta1", "Deployment", "edot-gateway", Outcome::Fail, hint),
    ] {
        let reference = json!({"apiVersion": api, "kind": kind, "name": name});
        let checks = examined(move |asked| referring(reference.clone(), asked)).await;
        let target = one(&checks, "target");
        assert_eq!((target.result, target.hint.as_deref()), (result, hinted), "{api} {kind}: {}", target.detail);
    }
}

#[test]
fn two_hpas_on_one_target_are_found_however_they_write_it() {
    for (api, kind, alone) in
        [("apps/v1beta2", "deployment", false), ("x.io/v1", "Deployment", true), ("apps/v1", "StatefulSet", true)]
    {
        let mut other = real("steady-2");
        other["metadata"]["name"] = json!("other");
        other["spec"]["scaleTargetRef"] = json!({"apiVersion": api, "kind": kind, "name": "edot-gateway"});
        let checks = hpa::all(&facts(&[real("steady-2"), other], &[]));
        assert_eq!(!checks.iter().any(|c| c.id == "alone"), alone, "{api} {kind}");
    }
}

#[tokio::test]
async fn pods_beyond_those_that_are_read_are_mentioned() {
    let checks = examined(|asked| match well(asked) {
        (200, mut list) if asked.path.starts_with("/api/v1/namespaces/observability-lab/pods") => {
            list["metadata"] = json!({"continue": "more"});
            (200, list)
        }
        other => other,
    })
    .await;
    let pods = one(&checks, "pods");
    assert!(
        pods.detail.contains("1 of 1 ready") && pods.detail.ends_with("; there are more than these 500"),
        "{pods:?}"
    );
}

#[tokio::test]
async fn a_server_without_autoscaling_v2_is_too_old_and_not_without_hpas() {
    for (version, seen) in [
        (json!({"major": "1", "minor": "22", "gitVersion": "v1.22.17-eks-1"}), "this is v1.22.17-eks-1"),
        (json!({"gitVersion": "v1.34.1"}), "this is v1.34.1"),
    ] {
        let checks = examined(move |asked| match asked.path.as_str() {
            "/version" => (200, version.clone()),
            p if p.starts_with("/apis/autoscaling/v2") => status(404, "", "404 page not found"),
            _ => well(asked),
        })
        .await;
        let check = one(&checks, "hpa");
        assert_eq!(check.result, Outcome::Fail);
        assert!(
            check.detail.contains("Kubernetes 1.23 or later is needed") && check.detail.contains(seen),
            "{check:?}"
        );
        assert!(!check.hint.as_deref().unwrap_or_default().contains("create the HPA"), "{check:?}");
    }
}

#[test]
fn pods_that_the_controller_ignores_are_left_out() {
    let pod = |name: &str, phase: &str, ready: &str| {
        json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]},
            "status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]}})
    };
    let evicted = json!({"metadata": {"name": "e"}, "status": {"phase": "Failed", "reason": "Evicted"}});
    let mut deleted = pod("d", "Running", "False");
    deleted["metadata"]["deletionTimestamp"] = json!("2026-11-24T00:00:00Z");
    let well = pod("a", "Running", "True");
    for (pods, result, detail) in [
        (vec![well.clone(), evicted.clone(), evicted.clone()], Outcome::Ok, "1 of 1 ready; 2 more failed"),
        (vec![well.clone(), deleted], Outcome::Ok, "1 of 1 ready; 1 more failed"),
        (vec![well, pod("b", "Running", "False"), evicted.clone()], Outcome::Warn, "1 of 2 ready; 1 more failed"),
        (vec![evicted], Outcome::Warn, "0 of 0 ready; 1 more failed"),
    ] {
        let checks = hpa::all(&facts(&[real("steady-2")], &pods));
        let check = one(&checks, "pods");
        assert_eq!(check.result, result, "{check:?}");
        assert!(check.detail.starts_with(detail), "{check:?}");
    }
}
