//! Removes what the program made: by the inventory, by the label, and by the uid that was read. A namespace goes only if it is
//! ours and nothing else is left in it.

use super::MANAGED_BY;
use super::api::{Api, Id, items};
use super::inventory::{self, Inventory};
use super::plan::is_ours;
use crate::observe::text::{NAME, clean};
use crate::source::live::client::{ApiError, encode};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// How often is looked at what is being deleted.
const POLL: Duration = Duration::from_millis(500);

/// What would be removed, and what would be left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Removal {
    /// Each with its uid; the last to be applied first, namespaces last.
    pub objects: Vec<(Id, String)>,
    /// Namespaces that are ours.
    pub namespaces: Vec<(Id, String)>,
    /// In the inventory, but not made by the program.
    pub left: Vec<Id>,
}

impl Removal {
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.namespaces.is_empty()
    }
}

/// What of the inventory, and of what the key `s` started in its namespaces, is there and ours.
///
/// # Errors
/// The cluster does not answer, or something may not be read.
pub async fn plan(api: &Api, inventory: Option<&Inventory>) -> Result<Removal, ApiError> {
    let mut removal = Removal::default();
    let managed = format!("{}={}", MANAGED_BY.0, MANAGED_BY.1);
    let mut ids: Vec<Id> = inventory.map(|known| known.objects.clone()).unwrap_or_default();
    // An interrupted `up` may have made a namespace before it could write the inventory.
    let own = format!("{managed},app.kubernetes.io/part-of=edot-stack");
    // Who may not list them has what the inventory says.
    let namespaces = api.list(&Id::new("v1", "Namespace", "", ""), &own).await.unwrap_or_default();
    ids.extend(namespaces.iter().map(Id::of));
    let mut homes: Vec<String> = ids.iter().filter(|id| id.kind == "Namespace").map(|id| id.name.clone()).collect();
    homes.sort();
    homes.dedup();
    for home in &homes {
        for (version, kind) in [("batch/v1", "Job"), ("v1", "ConfigMap")] {
            let found = api.list(&Id::new(version, kind, home, ""), &managed).await?;
            ids.extend(found.iter().map(Id::of).filter(|id| *id != inventory::id()));
        }
    }
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    for id in ids.into_iter().rev() {
        let Some(object) = api.get(&id).await? else { continue };
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        match (is_ours(&object), id.kind.as_str()) {
            (false, _) => removal.left.push(id),
            (true, "Namespace") => removal.namespaces.push((id, uid)),
            (true, _) => removal.objects.push((id, uid)),
        }
    }
    // What uses the others goes first.
    removal.objects.sort_by_key(|(id, _)| std::cmp::Reverse(rank(&id.kind)));
    Ok(removal)
}

/// How late a kind is applied.
fn rank(kind: &str) -> usize {
    const ORDER: [&str; 6] = ["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "ConfigMap", "Secret", "Service"];
    ORDER.iter().position(|one| *one == kind).unwrap_or(ORDER.len())
}

/// Deletes the objects; `done` is called before each, with its number, from 1.
///
/// # Errors
/// A request failed; which object is in the error's context.
pub async fn objects(api: &Api, removal: &Removal, mut done: impl FnMut(usize, &Id)) -> Result<(), (Id, ApiError)> {
    for (number, (id, uid)) in removal.objects.iter().enumerate() {
        done(number + 1, id);
        api.delete(id, uid).await.map_err(|error| (id.clone(), error))?;
    }
    Ok(())
}

/// What is left in a namespace that neither it nor the garbage collector made; waits for what is on its way out. Each as
/// `configmaps/name`. None of it if a kind may not be listed: then it is not known.
///
/// # Errors
/// The cluster does not answer, or something may not be listed.
pub async fn others(api: &Api, namespace: &str) -> Result<Vec<String>, ApiError> {
    let resources = listable(api).await?;
    loop {
        let (mut foreign, mut leaving) = (Vec::new(), false);
        for (root, plural) in &resources {
            let path = format!("{root}/namespaces/{}/{plural}?limit=500", encode(namespace));
            for object in api.read(&path).await?.map(items).unwrap_or_default() {
                match leftover(plural, &object) {
                    Leftover::Expected => {}
                    Leftover::Leaving => leaving = true,
                    Leftover::Foreign => {
                        let name = clean(object["metadata"]["name"].as_str().unwrap_or_default(), NAME);
                        foreign.push(format!("{plural}/{name}"));
                    }
                }
            }
        }
        if !leaving || !foreign.is_empty() {
            return Ok(foreign);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// What becomes of an object that is left in a namespace.
enum Leftover {
    /// Each namespace has it, or it goes with the namespace and means nothing without what it is about.
    Expected,
    /// It is being deleted, or its owner is.
    Leaving,
    Foreign,
}

fn leftover(plural: &str, object: &Value) -> Leftover {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let owners = object["metadata"]["ownerReferences"].as_array().is_some_and(|owners| !owners.is_empty());
    match (plural, name) {
        ("serviceaccounts", "default") | ("configmaps", "kube-root-ca.crt") => Leftover::Expected,
        ("configmaps", own) if own == inventory::id().name => Leftover::Expected,
        ("events" | "endpoints" | "endpointslices" | "leases", _) => Leftover::Expected,
        // Of Services that are gone, by the controllers' own label.
        _ if !object["metadata"]["deletionTimestamp"].is_null() || owners => Leftover::Leaving,
        _ => Leftover::Foreign,
    }
}

/// The collections of every kind that lives in namespaces and can be listed: `/apis/apps/v1` and `deployments`.
async fn listable(api: &Api) -> Result<Vec<(String, String)>, ApiError> {
    let mut roots = vec!["/api/v1".to_owned()];
    let groups = api.read("/apis").await?.unwrap_or_default();
    let versions = groups["groups"].as_array().into_iter().flatten();
    roots.extend(versions.filter_map(|group| {
        let version = group.pointer("/preferredVersion/groupVersion")?.as_str()?;
        // Figures, not objects.
        (!version.contains("metrics.k8s.io/")).then(|| format!("/apis/{version}"))
    }));
    let mut out: Vec<(String, String)> = Vec::new();
    for root in roots {
        // Where a group's server is down, what it holds is not known: an error, and the namespace stays.
        let list = api.read(&root).await?.unwrap_or_default();
        for kind in list["resources"].as_array().into_iter().flatten() {
            let name = kind["name"].as_str().unwrap_or_default();
            let lists = kind["verbs"].as_array().is_some_and(|verbs| verbs.iter().any(|verb| verb == "list"));
            if kind["namespaced"] == true && lists && !name.contains('/') && !name.is_empty() {
                out.push((root.clone(), name.to_owned()));
            }
        }
    }
    Ok(out)
}

/// Waits until an object is gone.
///
/// # Errors
/// The cluster does not answer.
pub async fn gone(api: &Api, id: &Id) -> Result<(), ApiError> {
    while api.get(id).await?.is_some() {
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}
