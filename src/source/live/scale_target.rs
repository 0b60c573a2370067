//! Which resource a `scaleTargetRef` names, found as the HPA controller's REST mapper finds it: by API group and kind; the
//! version in the reference does not matter. The live feeds and the doctor both ask here, so that they never disagree.
//! Must not read the object itself.

use super::client::{ApiError, ApiErrorKind, ResourceAttributes, encode};
use super::convert;
use super::wire::{Group, Resources};
use crate::observe::{TargetRef, is_kind};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A kind that is watched directly, which needs no permission on `/scale`.
#[derive(Debug, PartialEq, Eq)]
pub struct Workload {
    pub group: &'static str,
    pub kind: &'static str,
    /// Its plural.
    pub resource: &'static str,
}

const WORKLOADS: [Workload; 4] = [
    Workload { group: "apps", kind: "Deployment", resource: "deployments" },
    Workload { group: "apps", kind: "StatefulSet", resource: "statefulsets" },
    Workload { group: "apps", kind: "ReplicaSet", resource: "replicasets" },
    Workload { group: "", kind: "ReplicationController", resource: "replicationcontrollers" },
];

impl Workload {
    /// Where its objects are. All of these groups serve v1 since Kubernetes 1.9.
    pub fn collection(&self, namespace: &str) -> String {
        collection(self.group, "v1", namespace, self.resource)
    }

    pub fn attributes(&self, namespace: &str) -> ResourceAttributes {
        ResourceAttributes {
            verb: "list",
            group: self.group.to_owned(),
            version: "v1".to_owned(),
            resource: self.resource.to_owned(),
            namespace: namespace.to_owned(),
        }
    }
}

/// The well-known kind that the reference names; None for any other, which [`find`] discovers.
pub fn workload(target: &TargetRef) -> Option<&'static Workload> {
    WORKLOADS.iter().find(|w| w.group == target.group() && is_kind(&target.kind, w.kind))
}

/// Where a discovered kind is served.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// As the server writes it.
    pub kind: String,
    /// `/apis/argoproj.io/v1alpha1/namespaces/lab/rollouts`.
    pub collection: String,
    pub attributes: ResourceAttributes,
    pub watchable: bool,
}

/// Find where a kind that can be scaled is served: in the version of the reference, else in any other of the group. `get`
/// answers a GET of a path.
///
/// # Errors
/// Absent if no version serves the kind, or it has no `/scale`; else that of `get`.
pub async fn find<F: Future<Output = Result<Value, ApiError>>>(
    target: &TargetRef,
    namespace: &str,
    get: impl Fn(String) -> F,
) -> Result<Served, ApiError> {
    let group = target.group();
    let named = target.api_version.rsplit('/').next().unwrap_or_default();
    // The core group has one version.
    let named = if group.is_empty() { "v1" } else { named };
    let mut last = match resources(group, named, &get).await {
        Ok(all) => match served(target, namespace, named, &all) {
            Err(fault) if fault.kind == ApiErrorKind::Absent && !group.is_empty() => fault,
            other => return other,
        },
        Err(fault) if fault.kind == ApiErrorKind::Absent && !group.is_empty() => fault,
        Err(fault) => return Err(fault),
    };
    let known: Group = match get(format!("/apis/{}", encode(group))).await {
        Ok(known) => from(known)?,
        Err(fault) if fault.kind == ApiErrorKind::Absent => {
            let reason = format!("the API group {} is not served", convert::name(group));
            return Err(corrected(ApiError { reason, ..fault }, target));
        }
        Err(fault) => return Err(fault),
    };
    let others = known.preferred_version.into_iter().chain(known.versions).map(|v| v.version);
    let mut asked = vec![named.to_owned()];
    for version in others {
        if asked.contains(&version) {
            continue;
        }
        match resources(group, &version, &get).await.and_then(|all| served(target, namespace, &version, &all)) {
            Err(fault) if fault.kind == ApiErrorKind::Absent => last = fault,
            other => return other,
        }
        asked.push(version);
    }
    Err(corrected(last, target))
}

async fn resources<F: Future<Output = Result<Value, ApiError>>>(
    group: &str,
    version: &str,
    get: &impl Fn(String) -> F,
) -> Result<Resources, ApiError> {
    from(get(base(group, version)).await?)
}

/// The kind among what a version serves.
fn served(target: &TargetRef, namespace: &str, version: &str, all: &Resources) -> Result<Served, ApiError> {
    let attributes = ResourceAttributes {
        verb: "list",
        group: target.group().to_owned(),
        version: version.to_owned(),
        namespace: namespace.to_owned(),
        ..ResourceAttributes::default()
    };
    let absent = |what: String| corrected(ApiError::new(ApiErrorKind::Absent, what), target);
    let found = all.resources.iter().find(|r| is_kind(&target.kind, &r.kind) && !r.name.contains('/'));
    let found = found.ok_or_else(|| absent(format!("{} does not serve the kind {}", attributes.api(), target.kind)))?;
    if !all.resources.iter().any(|r| r.name == format!("{}/scale", found.name)) {
        let dot = if attributes.group.is_empty() { "" } else { "." };
        let what = format!("{}{dot}{} cannot be scaled: it has no /scale", found.name, attributes.group);
        return Err(absent(what));
    }
    Ok(Served {
        kind: convert::name(&found.kind),
        collection: collection(&attributes.group, version, namespace, &found.name),
        attributes: ResourceAttributes { resource: convert::name(&found.name), ..attributes },
        watchable: ["list", "watch"].iter().all(|verb| found.verbs.iter().any(|v| v == verb)),
    })
}

/// The failure with the hint that the reference is to be corrected, and how where that is known.
fn corrected(fault: ApiError, target: &TargetRef) -> ApiError {
    let other = WORKLOADS.iter().find(|w| is_kind(&target.kind, w.kind) && w.group != target.group());
    match other {
        Some(w) => {
            let api = if w.group.is_empty() { "v1".to_owned() } else { format!("{}/v1", w.group) };
            fault.with_hint(format!("write apiVersion: {api} in the HPA's scaleTargetRef"))
        }
        None => fault.with_hint("correct the HPA's scaleTargetRef"),
    }
}

fn base(group: &str, version: &str) -> String {
    match group {
        "" => format!("/api/{}", encode(version)),
        _ => format!("/apis/{}/{}", encode(group), encode(version)),
    }
}

/// The controller reads every target in its HPA's namespace.
fn collection(group: &str, version: &str, namespace: &str, resource: &str) -> String {
    format!("{}/namespaces/{}/{}", base(group, version), encode(namespace), encode(resource))
}

fn from<T: DeserializeOwned>(value: Value) -> Result<T, ApiError> {
    serde_json::from_value(value)
        .map_err(|e| ApiError::new(ApiErrorKind::Garbled, format!("the answer cannot be read: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn target(api: &str, kind: &str) -> TargetRef {
        TargetRef { api_version: api.into(), kind: kind.into(), name: "web".into() }
    }

    #[test]
    fn a_workload_is_found_by_group_and_kind_in_any_version() {
        for (api, kind, resource) in [
            ("apps/v1", "Deployment", Some("deployments")),
            ("apps/v1beta1", "Deployment", Some("deployments")),
            ("apps/v1beta2", "StatefulSet", Some("statefulsets")),
            ("apps/v1", "deployment", Some("deployments")),
            ("apps/v9", "statefulset", Some("statefulsets")),
            ("v1", "ReplicationController", Some("replicationcontrollers")),
            ("", "replicationcontroller", Some("replicationcontrollers")),
            ("apps/v1", "DEPLOYMENT", None),
            ("apps/v1", "deployments", None),
            ("", "Deployment", None),
            ("extensions/v1beta1", "Deployment", None),
            ("apps.openshift.io/v1", "DeploymentConfig", None),
            ("argoproj.io/v1alpha1", "Deployment", None),
        ] {
            assert_eq!(workload(&target(api, kind)).map(|w| w.resource), resource, "{api} {kind}");
        }
    }

    #[test]
    fn references_are_the_same_whatever_their_version_and_case() {
        assert!(target("apps/v1", "Deployment").same(&target("apps/v1beta1", "deployment")));
        assert!(!target("apps/v1", "Deployment").same(&target("argoproj.io/v1", "Deployment")));
        assert!(!target("apps/v1", "Deployment").same(&target("apps/v1", "StatefulSet")));
    }

    /// A server whose group `x.io` prefers v2, which serves nothing, and serves Things in v1 only.
    async fn answer(path: String) -> Result<Value, ApiError> {
        match path.as_str() {
            "/apis/x.io" => Ok(json!({"preferredVersion": {"version": "v2"},
                "versions": [{"version": "v2"}, {"version": "v1"}]})),
            "/apis/x.io/v2" => Ok(json!({"resources": []})),
            "/apis/x.io/v1" => Ok(json!({"resources": [
                {"name": "things", "kind": "Thing", "namespaced": true, "verbs": ["list", "watch"]},
                {"name": "things/scale", "kind": "Scale", "namespaced": true, "verbs": ["get"]},
                {"name": "parts", "kind": "Part", "namespaced": true, "verbs": ["list"]}]})),
            "/api/v1" => Ok(json!({"resources": [{"name": "pods", "kind": "Pod", "namespaced": true}]})),
            _ => Err(ApiError::new(ApiErrorKind::Absent, format!("{path} is not served"))),
        }
    }

    #[tokio::test]
    async fn any_other_kind_is_found_in_any_served_version() {
        for (api, kind) in [("x.io/v1", "Thing"), ("x.io/v2", "Thing"), ("x.io/v1beta7", "thing")] {
            let found = find(&target(api, kind), "lab", answer).await.unwrap();
            assert_eq!((&*found.collection, &*found.kind), ("/apis/x.io/v1/namespaces/lab/things", "Thing"), "{api}");
            assert!(found.watchable);
        }
        for (api, kind, reason, hint) in [
            ("x.io/v2", "Part", "parts.x.io cannot be scaled: it has no /scale", "correct the HPA's scaleTargetRef"),
            ("x.io/v1", "THING", "x.io/v2 does not serve the kind THING", "correct the HPA's scaleTargetRef"),
            (
                "",
                "Deployment",
                "v1 does not serve the kind Deployment",
                "write apiVersion: apps/v1 in the HPA's scaleTargetRef",
            ),
            (
                "extensions/v1beta1",
                "deployment",
                "the API group extensions is not served",
                "write apiVersion: apps/v1 in the HPA's scaleTargetRef",
            ),
        ] {
            let fault = find(&target(api, kind), "lab", answer).await.unwrap_err();
            assert_eq!((&*fault.reason, fault.hint.as_deref()), (reason, Some(hint)), "{api} {kind}");
        }
    }
}
