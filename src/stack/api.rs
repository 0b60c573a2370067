//! The requests about single objects: read, apply, delete, list. Must not decide what is wanted.

use crate::observe::text::{NAME, clean};
use crate::source::live::client::{ApiClient, ApiError, Request, ResourceAttributes, encode, found};
use serde_json::{Value, json};

/// Who applies, in the objects' managed fields.
const MANAGER: &str = "edot-tui";

/// The kinds that the stack has, with their plurals; each in the one version that is used.
const KINDS: [(&str, &str, &str); 17] = [
    ("v1", "Namespace", "namespaces"),
    ("v1", "ServiceAccount", "serviceaccounts"),
    ("v1", "ConfigMap", "configmaps"),
    ("v1", "Secret", "secrets"),
    ("v1", "Service", "services"),
    ("apps/v1", "Deployment", "deployments"),
    ("apps/v1", "DaemonSet", "daemonsets"),
    ("batch/v1", "Job", "jobs"),
    ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    ("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
    ("apiregistration.k8s.io/v1", "APIService", "apiservices"),
    ("elasticsearch.k8s.elastic.co/v1", "Elasticsearch", "elasticsearches"),
    ("kibana.k8s.elastic.co/v1", "Kibana", "kibanas"),
    ("keda.sh/v1alpha1", "ScaledObject", "scaledobjects"),
];

/// Which object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    pub api_version: String,
    pub kind: String,
    /// Empty for none.
    pub namespace: String,
    pub name: String,
}

impl Id {
    pub fn new(api_version: &str, kind: &str, namespace: &str, name: &str) -> Id {
        let own = str::to_owned;
        Id { api_version: own(api_version), kind: own(kind), namespace: own(namespace), name: own(name) }
    }

    /// That of an object.
    pub fn of(object: &Value) -> Id {
        let text = |pointer: &str| clean(object.pointer(pointer).and_then(Value::as_str).unwrap_or_default(), NAME);
        Id {
            api_version: text("/apiVersion"),
            kind: text("/kind"),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
        }
    }

    /// `Deployment demo-app/frontend`.
    pub fn title(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{} {}", self.kind, self.name),
            namespace => format!("{} {namespace}/{}", self.kind, self.name),
        }
    }

    /// `/apis/apps/v1`.
    fn root(&self) -> String {
        let prefix = if self.api_version.contains('/') { "/apis" } else { "/api" };
        format!("{prefix}/{}", self.api_version)
    }

    /// None for a kind that the stack does not have.
    fn plural(&self) -> Option<&'static str> {
        let known = KINDS.iter().find(|(version, kind, _)| *version == self.api_version && *kind == self.kind);
        known.map(|(_, _, plural)| *plural)
    }

    /// The path of all objects of the kind, in its namespace if it has one.
    fn collection(&self) -> String {
        let plural = self.plural().unwrap_or_default();
        match self.namespace.as_str() {
            "" => format!("{}/{plural}", self.root()),
            namespace => format!("{}/namespaces/{}/{plural}", self.root(), encode(namespace)),
        }
    }

    fn attributes(&self, verb: &'static str) -> ResourceAttributes {
        let (group, version) = self.api_version.split_once('/').unwrap_or(("", &self.api_version));
        ResourceAttributes {
            verb,
            group: group.to_owned(),
            version: version.to_owned(),
            resource: self.plural().unwrap_or_default().to_owned(),
            namespace: self.namespace.clone(),
        }
    }
}

/// The cluster, for single objects.
#[derive(Clone)]
pub struct Api(pub ApiClient);

impl Api {
    /// An object; None where there is none, or no such kind.
    ///
    /// # Errors
    /// Those of a request.
    pub async fn get(&self, id: &Id) -> Result<Option<Value>, ApiError> {
        let path = format!("{}/{}", id.collection(), encode(&id.name));
        found(self.0.send(Request { method: "GET", path, body: None, attributes: id.attributes("get") }).await)
    }

    /// Server-side apply, which takes over fields that others set; the object as it then is, or with `dry` would be.
    ///
    /// # Errors
    /// Those of a request.
    pub async fn apply(&self, body: &Value, dry: bool) -> Result<Value, ApiError> {
        let id = Id::of(body);
        let dry = if dry { "&dryRun=All" } else { "" };
        let query = format!("fieldManager={MANAGER}&force=true&fieldValidation=Strict{dry}");
        let path = format!("{}/{}?{query}", id.collection(), encode(&id.name));
        let request = Request { method: "PATCH", path, body: Some(body.clone()), attributes: id.attributes("patch") };
        self.0.send(request).await
    }

    /// Deletes an object, if it is still the one with this uid; its pods go in the background.
    ///
    /// # Errors
    /// Those of a request, but for an object that is gone.
    pub async fn delete(&self, id: &Id, uid: &str) -> Result<(), ApiError> {
        let path = format!("{}/{}", id.collection(), encode(&id.name));
        let body = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
                          "preconditions": {"uid": uid}});
        let request = Request { method: "DELETE", path, body: Some(body), attributes: id.attributes("delete") };
        found(self.0.send(request).await).map(drop)
    }

    /// The objects of the kind and namespace of `id`, with a label selector, which may be empty. None where the kind is not served.
    ///
    /// # Errors
    /// Those of a request.
    pub async fn list(&self, id: &Id, selector: &str) -> Result<Vec<Value>, ApiError> {
        let path = format!("{}?labelSelector={}", id.collection(), encode(selector));
        let request = Request { method: "GET", path, body: None, attributes: id.attributes("list") };
        Ok(found(self.0.send(request).await)?.map(items).unwrap_or_default())
    }

    /// The answer to any GET; None for a 404.
    ///
    /// # Errors
    /// Those of a request.
    pub async fn read(&self, path: &str) -> Result<Option<Value>, ApiError> {
        self.0.get(path).await
    }

    /// Whether the version of the group that `id` is of is served.
    ///
    /// # Errors
    /// Those of a request.
    pub async fn serves(&self, id: &Id) -> Result<bool, ApiError> {
        let list = self.0.get(&id.root()).await?;
        let all = list.as_ref().and_then(|list| list["resources"].as_array());
        Ok(all.is_some_and(|all| all.iter().any(|one| one["name"] == id.plural().unwrap_or_default())))
    }

    /// Whether the user may do this; unknown counts as yes, and the request itself will tell.
    pub async fn may(&self, id: &Id, verb: &str) -> bool {
        let of = id.attributes("create");
        let wanted = json!({"namespace": of.namespace, "verb": verb, "group": of.group, "resource": of.resource});
        let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                          "spec": {"resourceAttributes": wanted}});
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews".to_owned();
        let answer = self.0.send(Request { method: "POST", path, body: Some(body), ..Request::default() }).await;
        answer.map_or(true, |review| review.pointer("/status/allowed") != Some(&Value::Bool(false)))
    }
}

/// The items of a list; each gets the version and kind that a list leaves out.
pub fn items(mut list: Value) -> Vec<Value> {
    let version = list["apiVersion"].clone();
    let kind = list["kind"].as_str().and_then(|kind| kind.strip_suffix("List")).map(str::to_owned);
    let all = list.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    let whole = |mut item: Value| {
        if let (Some(item), Some(kind)) = (item.as_object_mut(), &kind) {
            item.entry("apiVersion").or_insert_with(|| version.clone());
            item.entry("kind").or_insert_with(|| json!(kind));
        }
        item
    };
    all.into_iter().map(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::choice::{Choice, metrics_server};

    #[test]
    fn every_kind_of_every_overlay_has_a_path() {
        let of = |overlay: &str| Choice { overlay: overlay.into(), ..Choice::default() }.objects().unwrap();
        let all = Choice::overlays().into_iter().flat_map(of).chain(metrics_server(false).unwrap());
        for id in all.map(|object| Id::of(&object)) {
            assert!(id.plural().is_some(), "{id:?}");
        }
        let id = Id::new("apps/v1", "Deployment", "a b", "c");
        assert_eq!(id.collection(), "/apis/apps/v1/namespaces/a%20b/deployments");
        assert_eq!(Id::new("v1", "Namespace", "", "c").collection(), "/api/v1/namespaces");
    }

    #[test]
    fn the_items_of_a_list_get_its_kind() {
        let list = serde_json::json!({"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "p"}}]});
        assert_eq!((&items(list.clone())[0]["kind"], &items(list)[0]["apiVersion"]), (&"Pod".into(), &"v1".into()));
    }
}
