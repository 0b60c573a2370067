//! What a request is for, read from its path and query. Pure.

use super::kinds::{self, ResourceKind};
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// Query parameters; a parameter may have several values, in order.
#[derive(Clone, Debug, Default)]
pub struct Query(BTreeMap<String, Vec<String>>);

impl Query {
    pub fn read(text: &str) -> Self {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            all.entry(decode(key)).or_default().push(decode(value));
        }
        Query(all)
    }

    /// The first value of a parameter; empty when it is not given.
    pub fn get(&self, key: &str) -> &str {
        self.0.get(key).and_then(|values| values.first()).map_or("", String::as_str)
    }

    pub fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.0.get(key).into_iter().flatten().map(String::as_str)
    }

    /// Whether a parameter is true, in the spellings that Go's `ParseBool` takes.
    pub fn yes(&self, key: &str) -> bool {
        matches!(self.get(key), "true" | "True" | "TRUE" | "1" | "t")
    }

    pub fn number(&self, key: &str) -> Option<u64> {
        self.get(key).parse().ok()
    }
}

/// Decode a part of a path or a query.
fn decode(text: &str) -> String {
    // In a query `+` is a space; Kubernetes names hold no `+`.
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// A resource, an object of it, or a subresource of an object.
#[derive(Clone, Debug)]
pub struct ResourcePath {
    pub kind: &'static ResourceKind,
    pub version: String,
    /// None for all namespaces, or when cluster-scoped.
    pub namespace: Option<String>,
    /// None for the collection.
    pub name: Option<String>,
    /// Such as `log`.
    pub subresource: Option<String>,
}

impl ResourcePath {
    /// The namespace as the store keys it: empty for none.
    pub fn store_namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// `pods/log`.
    pub fn resource(&self) -> String {
        match &self.subresource {
            Some(subresource) => format!("{}/{subresource}", self.kind.plural),
            None => self.kind.plural.to_owned(),
        }
    }

    /// `apps/v1`.
    pub fn api_version(&self) -> String {
        kinds::api_version(self.kind.group, &self.version)
    }
}

/// Where a path leads.
#[derive(Clone, Debug)]
pub enum Route {
    Resource(ResourcePath),
    /// Discovery, health, version: the segments of the path.
    Other(Vec<String>),
}

pub fn route(path: &str) -> Route {
    let segments: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect();
    let words: Vec<&str> = segments.iter().map(String::as_str).collect();
    let found = match words.as_slice() {
        ["api", version, rest @ ..] => resource_path("", version, rest),
        ["apis", group, version, rest @ ..] => resource_path(group, version, rest),
        _ => None,
    };
    found.map_or_else(|| Route::Other(segments.clone()), Route::Resource)
}

fn resource_path(group: &str, version: &str, rest: &[&str]) -> Option<ResourcePath> {
    let (namespace, rest) = match rest {
        // `namespaces/x/status` is a subresource of the namespace, not a resource in it.
        ["namespaces", _, "status" | "finalize"] | ["namespaces"] | ["namespaces", _] => (None, rest),
        ["namespaces", namespace, rest @ ..] => (Some((*namespace).to_owned()), rest),
        rest => (None, rest),
    };
    let [plural, rest @ ..] = rest else { return None };
    let kind = kinds::find(group, plural).filter(|kind| kind.versions.contains(&version))?;
    if !kind.namespaced && namespace.is_some() {
        return None;
    }
    let own = |text: &&str| (*text).to_owned();
    let (name, subresource) = match rest {
        [] => (None, None),
        [name] => (Some(own(name)), None),
        [name, sub] if kind.subresources.contains(sub) => (Some(own(name)), Some(own(sub))),
        _ => return None,
    };
    if kind.namespaced && name.is_some() && namespace.is_none() {
        return None;
    }
    Some(ResourcePath { kind, version: version.to_owned(), namespace, name, subresource })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> String {
        match route(path) {
            Route::Resource(p) => format!("{} {:?} {:?} {:?}", p.kind.qualified(), p.namespace, p.name, p.subresource),
            Route::Other(parts) => parts.join(" "),
        }
    }

    #[test]
    fn paths_are_read_as_by_an_api_server() {
        for (path, expected) in [
            ("/api/v1/namespaces", "namespaces None None None"),
            ("/api/v1/namespaces/a", "namespaces None Some(\"a\") None"),
            ("/api/v1/namespaces/a/status", "namespaces None Some(\"a\") Some(\"status\")"),
            ("/api/v1/pods", "pods None None None"),
            ("/api/v1/namespaces/a/pods/x/log", "pods Some(\"a\") Some(\"x\") Some(\"log\")"),
            (
                "/apis/apps/v1/namespaces/a/deployments/x/scale",
                "deployments.apps Some(\"a\") Some(\"x\") Some(\"scale\")",
            ),
            ("/apis/metrics.k8s.io/v1beta1/nodes", "nodes.metrics.k8s.io None None None"),
            ("/apis/apps/v1", "apis apps v1"),
            ("/api/v1/pods/x", "api v1 pods x"),
            ("/api/v1/namespaces/a/pods/x/nothing", "api v1 namespaces a pods x nothing"),
            ("/api/v1/namespaces/a/nodes", "api v1 namespaces a nodes"),
            ("/version", "version"),
        ] {
            assert_eq!(read(path), expected, "{path}");
        }
    }

    #[test]
    fn queries_are_decoded() {
        let query = Query::read("labelSelector=app%3Dx%2Ctier+in+%28a%29&watch=1&ports=1&ports=2&broken=%zz");
        assert_eq!(query.get("labelSelector"), "app=x,tier in (a)");
        assert!(query.yes("watch") && !query.yes("follow"));
        assert_eq!(query.all("ports").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(query.get("broken"), "%zz");
    }
}
