//! Fetches what the rules look at. Must not judge, nor change anything in the cluster.

use super::access::{COARSE_S, window_s};
use super::facts::{Allowed, Answer, Facts};
use super::permissions::{PERMISSIONS, Permission, Place};
use crate::config::Settings;
use crate::observe::{HpaSeen, TargetRef};
use crate::source::live::client::{ApiClient, ApiError, Request, encode, selector};
use crate::source::live::{convert, metrics_version, not_served, scale_target, wire};
use futures::future::join_all;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// Pods of the target that are read at most; whether there are more is said.
pub const MOST_PODS: usize = 500;

/// `/version`, which every authenticated user may read.
///
/// # Errors
/// The server does not answer, or denies access.
pub async fn version(client: &ApiClient) -> Result<Value, ApiError> {
    client.send(Request { method: "GET", path: "/version".into(), ..Request::default() }).await
}

/// Everything else. `version` is the server's.
pub async fn facts(client: &ApiClient, settings: &Settings, version: &str) -> Facts {
    let Settings { namespace, load_namespace, load_job, .. } = settings;
    let hpas_path = format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers");
    let group = client.get("/apis/metrics.k8s.io").await.ok().flatten();
    let group = group.and_then(|group| serde_json::from_value(group).ok()).unwrap_or_default();
    let metrics_root = format!("/apis/metrics.k8s.io/{}", metrics_version(&group));
    let usage_path = format!("{metrics_root}/namespaces/{namespace}/pods");
    let namespace_path = format!("/api/v1/namespaces/{load_namespace}");
    let job_path = format!("/apis/batch/v1/namespaces/{load_namespace}/jobs/{load_job}");
    let scripts_path = format!("/api/v1/namespaces/{load_namespace}/configmaps/k6-scripts");
    let (metrics_api, usage, hpas, load_namespace_object, job, scripts) = tokio::join!(
        client.get(&metrics_root),
        client.get(&usage_path),
        hpas(client, &hpas_path, version),
        client.get(&namespace_path),
        client.get(&job_path),
        client.get(&scripts_path),
    );
    let mut facts = Facts {
        namespace: namespace.clone(),
        hpa: settings.hpa.clone(),
        version: version.to_owned(),
        metrics_root: metrics_root.clone(),
        load_namespace: load_namespace.clone(),
        load_job: load_job.clone(),
        allowed: Vec::new(),
        metrics_api,
        usage_later: None,
        usage,
        hpas,
        scale: None,
        pods: None,
        more_pods: false,
        load_namespace_object,
        job,
        scripts,
    };
    let target = facts.watched().map(|h| h.target.clone());
    let kind = match &target {
        None => "Deployment",
        Some(of) => scale_target::workload(of).map_or("", |w| w.kind),
    };
    if let Some(of) = target {
        let scale = scale(client, namespace, &of).await;
        let selector = scale.as_ref().ok().and_then(Option::as_ref).and_then(|s| s.pointer("/status/selector"));
        if let Some(selector) = selector.and_then(Value::as_str).filter(|s| !s.is_empty()) {
            let selector = encode(selector);
            let path = format!("/api/v1/namespaces/{namespace}/pods?limit={MOST_PODS}&labelSelector={selector}");
            let list = client.get(&path).await.map(Option::unwrap_or_default);
            facts.more_pods =
                list.as_ref().is_ok_and(|list| list["metadata"]["continue"].as_str().is_some_and(|c| !c.is_empty()));
            facts.pods = Some(list.map(|list| listed(list, convert::pod)));
        }
        facts.scale = Some(scale);
    }
    facts.allowed = allowed(client, &facts, kind).await;
    facts.usage_later = usage_later(client, &usage_path, &facts.usage).await;
    facts
}

/// A second reading of the samples, where the windows of the first are so long that new samples may come less often than the
/// controller asks for them, or with each request.
async fn usage_later(client: &ApiClient, path: &str, first: &Answer) -> Option<Value> {
    let first = first.as_ref().ok()?.as_ref()?;
    if window_s(first)? <= COARSE_S {
        return None;
    }
    // Timestamps may be in whole seconds.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    client.get(path).await.ok()?
}

/// The HPAs of the namespace. The list is absent only where autoscaling/v2 is not served.
async fn hpas(client: &ApiClient, path: &str, version: &str) -> Result<Vec<HpaSeen>, ApiError> {
    match client.get(path).await? {
        Some(list) => Ok(listed(list, convert::hpa)),
        None => Err(not_served(version)),
    }
}

/// The items of a list; those that cannot be read are left out.
fn listed<T: DeserializeOwned, S>(list: Value, seen: fn(&T) -> S) -> Vec<S> {
    let all = list["items"].as_array().cloned().unwrap_or_default();
    all.into_iter().filter_map(|item| serde_json::from_value(item).ok()).map(|item| seen(&item)).collect()
}

/// The target's Scale. A target of a well-known kind is read itself, as its feed does, which needs no right on `/scale`;
/// the resource of any other kind is discovered.
async fn scale(client: &ApiClient, namespace: &str, target: &TargetRef) -> Answer {
    let name = encode(&target.name);
    if let Some(known) = scale_target::workload(target) {
        let path = format!("{}?fieldSelector=metadata.name%3D{name}", known.collection(namespace));
        let list = client.get(&path).await?.unwrap_or_default();
        return Ok(list["items"].get(0).map(as_scale));
    }
    let answer = |path: String| client.send(Request { method: "GET", path, ..Request::default() });
    let served = scale_target::find(target, namespace, answer).await?;
    client.get(&format!("{}/{name}/scale", served.collection)).await
}

/// The workload as its Scale would be: replicas wanted, and the selector in its string form.
fn as_scale(workload: &Value) -> Value {
    let spec = serde_json::from_value::<wire::Workload>(workload.clone()).unwrap_or_default().spec;
    json!({"spec": {"replicas": spec.replicas}, "status": {"selector": selector(&spec.selector)}})
}

/// Every permission that applies to a target of that kind, with the result for each verb.
async fn allowed(client: &ApiClient, facts: &Facts, kind: &str) -> Vec<(Permission, Vec<Allowed>)> {
    // What an extra is for may not be installed; where the groups cannot be listed, all are asked about.
    let listed = client.get("/apis").await.ok().flatten().unwrap_or_default();
    let groups: Vec<&str> =
        listed["groups"].as_array().into_iter().flatten().filter_map(|g| g["name"].as_str()).collect();
    let served =
        |p: &&Permission| p.group.is_empty() || groups.is_empty() || !p.need.is_extra() || groups.contains(&p.group);
    let rows = PERMISSIONS.iter().filter(|p| p.target.is_none_or(|t| t == kind)).filter(served);
    join_all(rows.map(|p| async {
        let namespace = if p.place == Place::Hpa { &facts.namespace } else { &facts.load_namespace };
        (*p, join_all(p.verbs.iter().map(|verb| may(client, p, verb, namespace, &facts.metrics_root))).await)
    }))
    .await
}

/// Whether a verb is allowed, by SelfSubjectAccessReview; where that itself is denied, reading is tried.
async fn may(client: &ApiClient, permission: &Permission, verb: &str, namespace: &str, metrics_root: &str) -> Allowed {
    let (resource, subresource) = permission.resource.split_once('/').unwrap_or((permission.resource, ""));
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"namespace": namespace, "verb": verb, "group": permission.group,
                                        "resource": resource, "subresource": subresource}},
    });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews".to_owned();
    match client.send(Request { method: "POST", path, body: Some(body), ..Request::default() }).await {
        Ok(review) if review.pointer("/status/allowed") == Some(&Value::Bool(true)) => Allowed::Yes,
        Ok(_) => Allowed::No,
        Err(e) if e.denied() && verb == "list" => try_list(client, permission, namespace, metrics_root).await,
        Err(e) => Allowed::Unknown(e.to_string()),
    }
}

async fn try_list(client: &ApiClient, permission: &Permission, namespace: &str, metrics_root: &str) -> Allowed {
    let root = match permission.group {
        "" => "/api/v1".to_owned(),
        "autoscaling" => "/apis/autoscaling/v2".to_owned(),
        "metrics.k8s.io" => metrics_root.to_owned(),
        group => format!("/apis/{group}/v1"),
    };
    match client.get(&format!("{root}/namespaces/{namespace}/{}?limit=1", permission.resource)).await {
        Ok(_) => Allowed::Yes,
        Err(e) if e.denied() => Allowed::No,
        Err(e) => Allowed::Unknown(e.to_string()),
    }
}

/// Which user we are, by SelfSubjectReview (Kubernetes 1.28).
///
/// # Errors
/// The server does not have that API, or denies it.
pub async fn user(client: &ApiClient) -> Result<Value, ApiError> {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews".to_owned();
    client.send(Request { method: "POST", path, body: Some(body), ..Request::default() }).await
}
