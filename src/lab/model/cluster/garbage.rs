//! The garbage collector: deletes objects whose owner is gone.

use super::pods;
use crate::lab::model::objects::{deleting, key, owner, uid};
use crate::lab::model::{Store, Time};
use std::collections::BTreeSet;

const OWNERS: [&str; 5] = ["deployments", "replicasets", "statefulsets", "daemonsets", "jobs"];

pub fn sync(store: &mut Store, now: Time) {
    let live: BTreeSet<String> =
        OWNERS.iter().flat_map(|resource| store.list(resource, None)).map(|object| uid(object).to_owned()).collect();
    for resource in ["replicasets", "pods"] {
        let orphans: Vec<_> = store
            .list(resource, None)
            .filter(|object| !deleting(object) && owner(object).is_some_and(|(_, _, owner)| !live.contains(owner)))
            .map(key)
            .collect();
        for (namespace, name) in orphans {
            match resource {
                "pods" => pods::delete(store, &namespace, &name, now),
                _ => drop(store.delete(resource, &namespace, &name)),
            }
        }
    }
}
