//! What `s` does, on a real cluster that `KUBECONFIG` names (see README): `cargo test -- --ignored`. Works in namespaces of
//! its own, which it deletes.

use edot_tui::source::live::load_control::{LoadSettings, plan, start, stop};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ResourceQuota};
use kube::api::{Api, DeleteParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

fn settings(namespace: &str) -> LoadSettings {
    LoadSettings {
        namespace: namespace.into(),
        job: "k6-load".into(),
        manifest: None,
        readonly: false,
        timeout: Duration::from_secs(10),
        patience: Duration::from_secs(30),
    }
}

fn is<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// A client of `KUBECONFIG`, and a new namespace.
async fn room(name: &str) -> kube::Client {
    let client = kube::Client::try_default().await.expect("KUBECONFIG must name a cluster");
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let created = namespaces.create(&PostParams::default(), &is(json!({"metadata": {"name": name}}))).await;
    created.expect("a namespace of that name is left from an earlier run: delete it");
    client
}

async fn tear_down(client: &kube::Client, name: &str) {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.delete(name, &DeleteParams::default()).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a real cluster"]
async fn starts_shows_stops_and_starts_again() {
    let name = "edot-tui-test-cycle";
    let client = room(name).await;
    let load = settings(name);
    let jobs: Api<Job> = Api::namespaced(client.clone(), name);
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), name);

    let answer = plan(&client, &load).await;
    assert!(answer.ok && !answer.stops, "{answer:?}");
    assert_eq!(jobs.list(&Default::default()).await.unwrap().items.len(), 0, "a plan creates nothing");
    assert!(maps.get_opt("edot-tui-k6-scenario").await.unwrap().is_none(), "a plan applies nothing");

    let answer = start(&client, &load).await;
    assert!(answer.ok, "{answer:?}");
    let first = jobs.get("k6-load").await.unwrap().metadata.uid;
    assert!(maps.get("edot-tui-k6-scenario").await.unwrap().data.unwrap()["scenario.js"].contains("/simulate"));

    let answer = plan(&client, &load).await;
    assert!(answer.ok && answer.stops, "{answer:?}");
    let answer = start(&client, &load).await;
    assert!(!answer.ok && answer.text.contains("stop it first"), "{answer:?}");

    let answer = stop(&client, &load).await;
    assert!(answer.ok, "{answer:?}");
    // Terminating or gone by now; in both cases a start waits and goes through.
    let answer = start(&client, &load).await;
    assert!(answer.ok, "{answer:?}");
    assert_ne!(jobs.get("k6-load").await.unwrap().metadata.uid, first);

    // A finished one is cleared away: with no time to run in, the Job fails at once.
    let patch = kube::api::Patch::Merge(json!({"spec": {"activeDeadlineSeconds": 1}}));
    jobs.patch("k6-load", &Default::default(), &patch).await.unwrap();
    let finished = || async {
        let status = jobs.get("k6-load").await.unwrap().status.unwrap();
        status.conditions.unwrap_or_default().iter().any(|c| c.type_ == "Failed")
    };
    while !finished().await {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let answer = plan(&client, &load).await;
    assert!(answer.steps.iter().any(|s| s.contains("failed: DeadlineExceeded")), "{answer:?}");
    let answer = start(&client, &load).await;
    assert!(answer.ok, "{answer:?}");

    // The user's own manifest, which also changes what another has applied.
    stop(&client, &load).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let job = "kind: Job\napiVersion: batch/v1\nmetadata: {name: k6-load}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: k6, image: my/k6:1}]}}}";
    let map = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: edot-tui-k6-scenario}\ndata: {mine.js: mine}";
    std::fs::write(file.path(), format!("{job}\n---\n{map}\n")).unwrap();
    let answer = start(&client, &LoadSettings { manifest: Some(file.path().into()), ..load }).await;
    assert!(answer.ok, "{answer:?}");
    let pod = jobs.get("k6-load").await.unwrap().spec.unwrap().template.spec.unwrap();
    assert_eq!(pod.containers[0].image.as_deref(), Some("my/k6:1"));
    assert_eq!(maps.get("edot-tui-k6-scenario").await.unwrap().data.unwrap()["mine.js"], "mine");
    tear_down(&client, name).await;
}

#[tokio::test]
#[ignore = "needs a real cluster"]
async fn quota_and_invalid_fields_are_said_before_anything_is_done() {
    let name = "edot-tui-test-quota";
    let client = room(name).await;
    let quotas: Api<ResourceQuota> = Api::namespaced(client.clone(), name);
    let quota = is(json!({"metadata": {"name": "none"}, "spec": {"hard": {"count/jobs.batch": "0"}}}));
    quotas.create(&PostParams::default(), &quota).await.unwrap();
    // The quota controller fills in `used` first; until then everything is refused with other words.
    while quotas.get("none").await.unwrap().status.and_then(|s| s.used).is_none() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let answer = plan(&client, &settings(name)).await;
    assert!(!answer.ok && answer.text.contains("exceeded quota: none"), "{answer:?}");

    let file = tempfile::NamedTempFile::new().unwrap();
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: k6-load}\nspec: {backofLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: k6, image: x}]}}}";
    std::fs::write(file.path(), job).unwrap();
    let answer = plan(&client, &LoadSettings { manifest: Some(file.path().into()), ..settings(name) }).await;
    assert!(!answer.ok && answer.text.contains("unknown field \"spec.backofLimit\""), "{answer:?}");
    let jobs: Api<Job> = Api::namespaced(client.clone(), name);
    assert_eq!(jobs.list(&Default::default()).await.unwrap().items.len(), 0);
    tear_down(&client, name).await;
    let answer = plan(&client, &settings(name)).await;
    assert!(
        !answer.ok && (answer.text.contains("is being deleted") || answer.text.contains("does not exist")),
        "{answer:?}"
    );
}

#[tokio::test]
#[ignore = "needs a real cluster"]
async fn a_namespace_that_is_missing_and_a_user_who_may_not_are_said() {
    let client = kube::Client::try_default().await.expect("KUBECONFIG must name a cluster");
    let answer = plan(&client, &settings("no-such-namespace")).await;
    assert!(!answer.ok && answer.text.starts_with("namespace no-such-namespace does not exist"), "{answer:?}");

    let mut config = kube::Config::infer().await.unwrap();
    config.auth_info.impersonate = Some("system:serviceaccount:default:nobody".into());
    let nobody = kube::Client::try_from(config).unwrap();
    let answer = plan(&nobody, &settings("demo-app")).await;
    assert!(
        !answer.ok && answer.text.starts_with("denied: may not get jobs.batch in namespace demo-app"),
        "{answer:?}"
    );

    let Some(viewer) = std::env::var("EDOT_TEST_VIEWER").ok() else { return };
    let file = Kubeconfig::read_from(viewer).unwrap();
    let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.unwrap();
    let viewer = kube::Client::try_from(config).unwrap();
    let answer = plan(&viewer, &settings("demo-app")).await;
    assert!(
        !answer.ok && answer.text.starts_with("denied: may not patch configmaps in namespace demo-app"),
        "{answer:?}"
    );
}
