//! The cluster's objects as etcd keeps them behind an API server: JSON by resource, namespace and name, with versions and a
//! change log. Pure: no clock, no I/O. It must not know what objects mean.

mod ids;

use chrono::{DateTime, SecondsFormat, Utc};
use ids::Ids;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How many changes are kept for watches that resume. Each holds the object as it was.
const REMEMBERED: usize = 512;

/// Objects and their changes. A resource is a plural in lower case (`pods`); a cluster-scoped object has an empty
/// namespace.
#[derive(Clone, Debug)]
pub struct Store {
    objects: BTreeMap<String, BTreeMap<(String, String), Arc<Value>>>,
    /// The version of the latest change; each change has its own.
    version: u64,
    /// Changes up to this version are not in the log.
    forgotten: u64,
    log: VecDeque<Change>,
    ids: Ids,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

/// A change of an object.
#[derive(Clone, Debug)]
pub struct Change {
    pub version: u64,
    pub kind: ChangeKind,
    pub resource: String,
    pub namespace: String,
    /// After the change; for a deletion the last state, with the version of the deletion.
    pub object: Arc<Value>,
    /// Before the change; None when it was added.
    pub before: Option<Arc<Value>>,
}

/// Why the store refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
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
    /// An empty store; equal seeds give equal uids and name suffixes.
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

    /// The objects of a resource in a namespace, or in all; ordered by namespace and name.
    pub fn list(&self, resource: &str, namespace: Option<&str>) -> impl Iterator<Item = &Value> {
        let all = self.objects.get(resource).into_iter().flatten();
        all.filter(move |((at, _), _)| namespace.is_none_or(|asked| asked == at)).map(|(_, object)| object.as_ref())
    }

    /// Add an object in `metadata.namespace`, named by `metadata.name` or generated from `metadata.generateName`. Returns
    /// the stored object.
    ///
    /// # Errors
    /// It has no name, or the name is taken.
    pub fn create(&mut self, resource: &str, object: Value, now: DateTime<Utc>) -> Result<&Value, StoreError> {
        let mut object = object;
        let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return Err(StoreError::Invalid(format!("{resource}: metadata is missing")));
        };
        let name = match (text(meta, "name"), text(meta, "generateName")) {
            ("", "") => return Err(StoreError::Invalid(format!("{resource}: name or generateName is required"))),
            ("", stem) => format!("{stem}{}", self.ids.suffix(5)),
            (name, _) => name.to_owned(),
        };
        let namespace = text(meta, "namespace").to_owned();
        let key = (namespace.clone(), name.clone());
        if self.objects.get(resource).is_some_and(|all| all.contains_key(&key)) {
            return Err(StoreError::Exists { resource: resource.to_owned(), name });
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
        self.remember(ChangeKind::Added, resource, &namespace, Arc::clone(&object), None);
        let place = self.objects.entry(resource.to_owned()).or_default().entry(key).or_insert(object);
        Ok(place)
    }

    /// Change an object; without a difference there is no new version. Name, namespace and uid stay, the generation counts
    /// the changes of the spec. Returns the stored object.
    ///
    /// # Errors
    /// It is not there.
    pub fn update(
        &mut self,
        resource: &str,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<&Value, StoreError> {
        let key = (namespace.to_owned(), name.to_owned());
        let Some(place) = self.objects.get_mut(resource).and_then(|all| all.get_mut(&key)) else {
            return Err(StoreError::NotFound { resource: resource.to_owned(), name: name.to_owned() });
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
            self.remember(ChangeKind::Modified, resource, namespace, object, Some(before));
        }
        let there = self.objects.get(resource).and_then(|all| all.get(&key));
        there.map(AsRef::as_ref).ok_or_else(|| StoreError::NotFound { resource: resource.to_owned(), name: key.1 })
    }

    /// Remove an object; returns its last state.
    ///
    /// # Errors
    /// It is not there.
    pub fn delete(&mut self, resource: &str, namespace: &str, name: &str) -> Result<Arc<Value>, StoreError> {
        let key = (namespace.to_owned(), name.to_owned());
        let Some(before) = self.objects.get_mut(resource).and_then(|all| all.remove(&key)) else {
            return Err(StoreError::NotFound { resource: resource.to_owned(), name: name.to_owned() });
        };
        self.version += 1;
        let mut object = before.as_ref().clone();
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let object = Arc::new(object);
        self.remember(ChangeKind::Deleted, resource, namespace, Arc::clone(&object), Some(before));
        Ok(object)
    }

    /// The changes after a version, oldest first.
    ///
    /// # Errors
    /// The log does not reach back that far.
    pub fn since(&self, version: u64) -> Result<impl Iterator<Item = &Change>, StoreError> {
        if version < self.forgotten {
            return Err(StoreError::Gone { asked: version, oldest: self.forgotten });
        }
        let first = self.log.partition_point(|change| change.version <= version);
        Ok(self.log.range(first..))
    }

    /// Drop all changes, as a compaction does: clients with an older version have to list again.
    pub fn compact(&mut self) {
        self.log.clear();
        self.forgotten = self.version;
    }

    fn remember(
        &mut self,
        kind: ChangeKind,
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

/// A time in the format of objects: to the second.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Restore the fields that a change must not touch.
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
