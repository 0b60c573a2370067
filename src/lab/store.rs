//! What the lab's cluster consists of: JSON objects by resource, namespace and name, with versions and a log of changes,
//! as etcd keeps them behind an API server. Pure: no clock, no I/O. Says nothing about what objects mean.

mod ids;

use chrono::{DateTime, SecondsFormat, Utc};
use ids::Ids;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How many changes are remembered, for watches that come back. Each holds the object as it was.
const REMEMBERED: usize = 512;

/// Objects and their changes. A resource is a plural in lower case (`pods`); the namespace of a cluster-scoped object is
/// empty.
#[derive(Clone, Debug)]
pub struct Store {
    objects: BTreeMap<String, BTreeMap<(String, String), Arc<Value>>>,
    /// Of the latest change; every change has its own.
    version: u64,
    /// Changes up to this version are no longer in the log.
    forgotten: u64,
    log: VecDeque<Change>,
    ids: Ids,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Added,
    Modified,
    Deleted,
}

/// One change.
#[derive(Clone, Debug)]
pub struct Change {
    pub version: u64,
    pub kind: Kind,
    pub resource: String,
    pub namespace: String,
    /// As it is now; for a deleted one as it was last, with the version of its deletion.
    pub object: Arc<Value>,
    /// As it was before; None when it was added.
    pub before: Option<Arc<Value>>,
}

/// Why the store did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("{resource} \"{name}\" not found")]
    NotFound { resource: String, name: String },
    #[error("{resource} \"{name}\" already exists")]
    Exists { resource: String, name: String },
    #[error("{0}")]
    Invalid(String),
    /// The log does not reach back that far.
    #[error("too old resource version: {asked} ({oldest})")]
    Gone { asked: u64, oldest: u64 },
}

impl Store {
    /// An empty one; equal seeds give equal uids and name suffixes.
    pub fn new(seed: u64) -> Self {
        Store { objects: BTreeMap::new(), version: 1, forgotten: 1, log: VecDeque::new(), ids: Ids::new(seed) }
    }

    /// The version of the latest change.
    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.objects.get(resource)?.get(&(namespace.to_owned(), name.to_owned())).map(AsRef::as_ref)
    }

    /// All of a resource in a namespace, or in all of them; ordered by namespace and name.
    pub fn list(&self, resource: &str, namespace: Option<&str>) -> impl Iterator<Item = &Value> {
        let all = self.objects.get(resource).into_iter().flatten();
        all.filter(move |((at, _), _)| namespace.is_none_or(|asked| asked == at)).map(|(_, object)| object.as_ref())
    }

    /// Take in a new object: under `metadata.name`, or a name made from `metadata.generateName`, in
    /// `metadata.namespace`.
    ///
    /// # Errors
    /// It has no name, or there is one of this name.
    pub fn create(&mut self, resource: &str, object: Value, now: DateTime<Utc>) -> Result<&Value, Refused> {
        let mut object = object;
        let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return Err(Refused::Invalid(format!("{resource}: metadata is missing")));
        };
        let name = match (text(meta, "name"), text(meta, "generateName")) {
            ("", "") => return Err(Refused::Invalid(format!("{resource}: name or generateName is required"))),
            ("", stem) => format!("{stem}{}", self.ids.suffix(5)),
            (name, _) => name.to_owned(),
        };
        let namespace = text(meta, "namespace").to_owned();
        let key = (namespace.clone(), name.clone());
        if self.objects.get(resource).is_some_and(|all| all.contains_key(&key)) {
            return Err(Refused::Exists { resource: resource.to_owned(), name });
        }
        self.version += 1;
        meta.insert("name".into(), json!(name));
        meta.insert("uid".into(), json!(self.ids.uid()));
        meta.insert("creationTimestamp".into(), json!(time(now)));
        meta.insert("resourceVersion".into(), json!(self.version.to_string()));
        if object.get("spec").is_some() {
            object["metadata"]["generation"] = json!(1);
        }
        let object = Arc::new(object);
        self.remember(Kind::Added, resource, &namespace, Arc::clone(&object), None);
        let place = self.objects.entry(resource.to_owned()).or_default().entry(key).or_insert(object);
        Ok(place)
    }

    /// Change an object; a change that changes nothing makes no new version. Its name, namespace and uid stay, its
    /// generation counts the changes of its spec. Returns how it is then.
    ///
    /// # Errors
    /// It is not there.
    pub fn update(
        &mut self,
        resource: &str,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<&Value, Refused> {
        let key = (namespace.to_owned(), name.to_owned());
        let Some(place) = self.objects.get_mut(resource).and_then(|all| all.get_mut(&key)) else {
            return Err(Refused::NotFound { resource: resource.to_owned(), name: name.to_owned() });
        };
        let before = Arc::clone(place);
        let mut object = before.as_ref().clone();
        change(&mut object);
        keep_identity(&before, &mut object);
        if object != *before {
            self.version += 1;
            object["metadata"]["resourceVersion"] = json!(self.version.to_string());
            if object.get("spec") != before.get("spec") {
                let generation = before["metadata"]["generation"].as_u64().unwrap_or(1);
                object["metadata"]["generation"] = json!(generation + 1);
            }
            let object = Arc::new(object);
            *place = Arc::clone(&object);
            self.remember(Kind::Modified, resource, namespace, object, Some(before));
        }
        let there = self.objects.get(resource).and_then(|all| all.get(&key));
        there.map(AsRef::as_ref).ok_or_else(|| Refused::NotFound { resource: resource.to_owned(), name: key.1 })
    }

    /// Take an object away; returns it as it was last.
    ///
    /// # Errors
    /// It is not there.
    pub fn delete(&mut self, resource: &str, namespace: &str, name: &str) -> Result<Arc<Value>, Refused> {
        let key = (namespace.to_owned(), name.to_owned());
        let Some(before) = self.objects.get_mut(resource).and_then(|all| all.remove(&key)) else {
            return Err(Refused::NotFound { resource: resource.to_owned(), name: name.to_owned() });
        };
        self.version += 1;
        let mut object = before.as_ref().clone();
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let object = Arc::new(object);
        self.remember(Kind::Deleted, resource, namespace, Arc::clone(&object), Some(before));
        Ok(object)
    }

    /// The changes after a version, oldest first.
    ///
    /// # Errors
    /// The log does not reach back so far.
    pub fn since(&self, version: u64) -> Result<impl Iterator<Item = &Change>, Refused> {
        if version < self.forgotten {
            return Err(Refused::Gone { asked: version, oldest: self.forgotten });
        }
        let first = self.log.partition_point(|change| change.version <= version);
        Ok(self.log.range(first..))
    }

    /// Forget all changes, as a compaction does: whoever comes with an older version has to list anew.
    pub fn compact(&mut self) {
        self.log.clear();
        self.forgotten = self.version;
    }

    fn remember(
        &mut self,
        kind: Kind,
        resource: &str,
        namespace: &str,
        object: Arc<Value>,
        before: Option<Arc<Value>>,
    ) {
        let (resource, namespace) = (resource.to_owned(), namespace.to_owned());
        self.log.push_back(Change { version: self.version, kind, resource, namespace, object, before });
        if self.log.len() > REMEMBERED
            && let Some(oldest) = self.log.pop_front()
        {
            self.forgotten = oldest.version;
        }
    }
}

/// A time as objects hold it: to the second.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// What a change may not change: who the object is.
fn keep_identity(before: &Value, object: &mut Value) {
    for key in ["name", "namespace", "uid", "creationTimestamp", "resourceVersion", "generation"] {
        let now = object.get_mut("metadata").and_then(Value::as_object_mut);
        if let (Some(was), Some(now)) = (before["metadata"].get(key), now) {
            now.insert(key.to_owned(), was.clone());
        }
    }
}

#[cfg(test)]
mod tests;
