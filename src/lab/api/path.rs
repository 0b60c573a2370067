//! What a request asks for, read off its path and query. Pure.

use super::kinds::{self, Kind};
use std::collections::BTreeMap;

/// Query parameters; of one that is given twice both values, in order.
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

    /// The value, empty when it is not given.
    pub fn get(&self, key: &str) -> &str {
        self.0.get(key).and_then(|values| values.first()).map_or("", String::as_str)
    }

    pub fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.0.get(key).into_iter().flatten().map(String::as_str)
    }

    /// `true` and `1`, in the ways that Go's clients write them.
    pub fn yes(&self, key: &str) -> bool {
        matches!(self.get(key), "true" | "True" | "TRUE" | "1" | "t")
    }

    pub fn number(&self, key: &str) -> Option<u64> {
        self.get(key).parse().ok()
    }
}

/// `%20` and `+` are spaces.
pub fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let hex: Vec<u8> = bytes.by_ref().take(2).collect();
                let read = std::str::from_utf8(&hex).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                out.push(read.unwrap_or(b'?'));
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A resource, an object of it, or a part of an object.
#[derive(Clone, Debug)]
pub struct Place {
    pub kind: &'static Kind,
    pub version: String,
    /// None: all namespaces, or cluster-scoped.
    pub namespace: Option<String>,
    /// None: the collection.
    pub name: Option<String>,
    /// The subresource, such as `log`.
    pub part: Option<String>,
}

impl Place {
    /// The namespace as the store has it.
    pub fn at(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// `pods/log`.
    pub fn resource(&self) -> String {
        match &self.part {
            Some(part) => format!("{}/{part}", self.kind.plural),
            None => self.kind.plural.to_owned(),
        }
    }

    /// `apps/v1`.
    pub fn api_version(&self) -> String {
        kinds::api_version(self.kind.group, &self.version)
    }
}

/// What a path leads to.
#[derive(Clone, Debug)]
pub enum Target {
    Place(Place),
    /// Discovery, health, version: the segments.
    Other(Vec<String>),
}

/// Read a path.
pub fn target(path: &str) -> Target {
    let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
    let words: Vec<&str> = parts.iter().map(String::as_str).collect();
    let found = match words.as_slice() {
        ["api", version, rest @ ..] => place("", version, rest),
        ["apis", group, version, rest @ ..] => place(group, version, rest),
        _ => None,
    };
    found.map_or_else(|| Target::Other(parts.clone()), Target::Place)
}

fn place(group: &str, version: &str, rest: &[&str]) -> Option<Place> {
    let (namespace, rest) = match rest {
        // `namespaces/x/status` is a part of a namespace, not a resource in it.
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
    let (name, part) = match rest {
        [] => (None, None),
        [name] => (Some(own(name)), None),
        [name, part] if kind.parts.contains(part) => (Some(own(name)), Some(own(part))),
        _ => return None,
    };
    if kind.namespaced && name.is_some() && namespace.is_none() {
        return None;
    }
    Some(Place { kind, version: version.to_owned(), namespace, name, part })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> String {
        match target(path) {
            Target::Place(p) => format!("{} {:?} {:?} {:?}", p.kind.qualified(), p.namespace, p.name, p.part),
            Target::Other(parts) => parts.join(" "),
        }
    }

    #[test]
    fn paths_are_read_as_an_api_server_reads_them() {
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
        assert_eq!(query.get("broken"), "?");
    }
}
