//! The doctor as a whole, against a stand-in for the API server: what it asks, and how it gets by when it may ask little.

use crate::it::doctor::hpa::real;
use crate::it::support::stub_api::{Asked, listen, listen_secure, status};
use edot_tui::config::{Env, Given, Origin, Settings, resolve};
use edot_tui::doctor::check::{Check, Outcome, exit_code};
use edot_tui::doctor::examine;
use serde_json::{Value, json};

/// Settings for a cluster at `url`.
pub fn settings(url: &str) -> (tempfile::NamedTempFile, Settings) {
    settings_for(json!({"server": url}))
}

/// Settings for a cluster with these fields.
pub fn settings_for(cluster: Value) -> (tempfile::NamedTempFile, Settings) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = json!({"apiVersion": "v1", "kind": "Config", "current-context": "stub",
        "clusters": [{"name": "stub", "cluster": cluster}],
        "users": [{"name": "me", "user": {"token": "s3cr3t-token"}}],
        "contexts": [{"name": "stub", "context": {"cluster": "stub", "user": "me"}}]});
    std::fs::write(file.path(), text.to_string()).unwrap();
    let given = Given { key: "kubeconfig", value: file.path().display().to_string(), origin: Origin::Flag };
    let settings = resolve(vec![given], None, &Env::new()).unwrap();
    (file, settings)
}

/// A cluster where all is well.
pub fn well(asked: &Asked) -> (u16, Value) {
    let path = asked.path.split('?').next().unwrap();
    let body = match path {
        "/version" => json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3"}),
        "/apis/authentication.k8s.io/v1/selfsubjectreviews" => json!({"status": {"userInfo": {"username": "me"}}}),
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" => json!({"status": {"allowed": true}}),
        p if p.ends_with("/horizontalpodautoscalers") => json!({"items": [real("steady-2")]}),
        "/apis/apps/v1/namespaces/observability-lab/deployments" => {
            let in_two = json!({"key": "app", "operator": "In", "values": ["edot-gateway", "x"]});
            let selector = json!({"matchLabels": {"tier": "a"}, "matchExpressions": [in_two, {"key": "old", "operator": "DoesNotExist"}]});
            json!({"items": [{"spec": {"replicas": 1, "selector": selector}}]})
        }
        p if p.starts_with("/apis/metrics.k8s.io") => json!({"items": [{"window": "15s"}]}),
        "/api/v1/namespaces/observability-lab/pods" => json!({"items": [{"metadata": {"name": "gw-1"},
            "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}}]}),
        "/api/v1/namespaces/demo-app" => json!({}),
        _ => return status(404, "NotFound", "not found"),
    };
    (200, body)
}

fn ids(checks: &[Check], result: Outcome) -> Vec<&str> {
    checks.iter().filter(|c| c.result == result).map(|c| c.id).collect()
}

#[tokio::test]
async fn a_healthy_cluster_passes_and_nothing_in_it_is_changed() {
    let (cluster, log) = listen_secure(well).await;
    let (_file, settings) = settings_for(cluster);
    let checks = examine(&settings, &Env::new(), false).await;
    assert_eq!(ids(&checks, Outcome::Fail), Vec::<&str>::new(), "{checks:#?}");
    assert_eq!(ids(&checks, Outcome::Warn), ["memory"]);
    assert_eq!(exit_code(&checks), 0);
    let kubeconfig = checks.iter().find(|c| c.id == "kubeconfig").unwrap();
    assert!(kubeconfig.detail.contains("context stub") && kubeconfig.detail.ends_with("authenticated by a token"));
    assert!(!format!("{checks:?}").contains("s3cr3t"), "no secret in the report");
    let log = log.lock().unwrap();
    assert!(log.iter().all(|a| a.authorization == "Bearer s3cr3t-token"));
    let reviews = |p: &str| p.contains("selfsubject");
    assert!(log.iter().all(|a| a.method == "GET" || reviews(&a.path)), "{log:?}");
    let pods = log.iter().find(|a| a.path.starts_with("/api/v1/namespaces/observability-lab/pods")).unwrap();
    assert!(
        pods.path.ends_with("labelSelector=app%20in%20%28edot-gateway%2Cx%29%2C%21old%2Ctier%3Da"),
        "{}",
        pods.path
    );
}

#[tokio::test]
async fn credentials_that_are_not_sent_over_http_are_a_warning() {
    let (url, log) = listen(well).await;
    let (_file, settings) = settings(&url);
    let checks = examine(&settings, &Env::new(), false).await;
    let kubeconfig = checks.iter().find(|c| c.id == "kubeconfig").unwrap();
    assert_eq!(kubeconfig.result, Outcome::Warn);
    assert!(
        kubeconfig
            .detail
            .ends_with("; no credentials are sent, as with kubectl, because the server's address begins with http://"),
        "{kubeconfig:?}"
    );
    assert!(kubeconfig.hint.as_deref().is_some_and(|hint| hint.contains("https://")));
    assert!(log.lock().unwrap().iter().all(|a| a.authorization.is_empty()));
}

#[tokio::test]
async fn where_reviews_are_refused_reading_is_tried() {
    let (url, _) = listen(|asked| match asked.path.as_str() {
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" => status(403, "Forbidden", "no reviews"),
        p if p.starts_with("/api/v1/namespaces/observability-lab/events") => status(403, "Forbidden", "no events"),
        _ => well(asked),
    })
    .await;
    let (_file, settings) = settings(&url);
    let checks = examine(&settings, &Env::new(), false).await;
    let of = |feed: &str| checks.iter().find(|c| c.what.ends_with(&format!("feed {feed}"))).unwrap();
    assert_eq!(of("usage").result, Outcome::Ok, "list is all it needs, and that was tried");
    assert_eq!(of("events").result, Outcome::Fail);
    assert_eq!(of("pods").result, Outcome::Skip, "a watch cannot be tried");
    assert_eq!(exit_code(&checks), 6);
}

#[tokio::test]
async fn a_target_of_an_uncommon_kind_is_found_by_discovery() {
    let (url, log) = listen(|asked| match asked.path.as_str() {
        p if p.ends_with("/horizontalpodautoscalers") => {
            let mut hpa = real("steady-2");
            hpa["spec"]["scaleTargetRef"] = json!({"apiVersion": "x.io/v1", "kind": "Fleet", "name": "f"});
            (200, json!({"items": [hpa]}))
        }
        "/apis/x.io/v1" => (
            200,
            json!({"resources": [{"name": "fleets/scale", "kind": "Fleet"}, {"name": "fleets", "kind": "Fleet"}]}),
        ),
        "/apis/x.io/v1/namespaces/observability-lab/fleets/f/scale" => {
            (200, json!({"spec": {"replicas": 1}, "status": {"selector": "app=f"}}))
        }
        _ => well(asked),
    })
    .await;
    let (_file, settings) = settings(&url);
    let checks = examine(&settings, &Env::new(), false).await;
    let target = checks.iter().find(|c| c.id == "target").unwrap();
    assert_eq!(
        (target.result, target.what.as_str()),
        (Outcome::Ok, "scale target Fleet f"),
        "{:?}",
        log.lock().unwrap()
    );
}

#[tokio::test]
async fn the_served_version_of_the_metrics_api_is_asked() {
    let (url, log) = listen(|asked| match asked.path.as_str() {
        "/apis/metrics.k8s.io" => (
            200,
            json!({"versions": [{"version": "v1"}, {"version": "v1beta1"}], "preferredVersion": {"version": "v1"}}),
        ),
        p if p.starts_with("/apis/metrics.k8s.io/v1beta1") => status(404, "NotFound", "not found"),
        _ => well(asked),
    })
    .await;
    let (_file, settings) = settings(&url);
    let checks = examine(&settings, &Env::new(), false).await;
    assert_eq!(ids(&checks, Outcome::Fail), Vec::<&str>::new(), "{checks:#?}");
    let log = log.lock().unwrap();
    assert!(log.iter().any(|a| a.path == "/apis/metrics.k8s.io/v1/namespaces/observability-lab/pods"), "{log:?}");
}
