//! What applying would do to each object: asked of the API server by reading, and by dry runs. Changes nothing.

use super::MANAGED_BY;
use super::api::{Api, Id};
use super::choice::missing_kind;
use super::drift::{Difference, differences};
use super::inventory::{self, Inventory};
use crate::source::live::client::{ApiError, ApiErrorKind};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How many requests are under way at once.
const AT_ONCE: usize = 8;

/// What is done with an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Create,
    /// Set these fields.
    Change(Vec<Difference>),
    Keep,
    /// It was made earlier, and is no longer wanted.
    Remove,
    /// Its kind is not served: the hint says what to install.
    NoKind {
        hint: String,
    },
    /// It may not be written, or the server would refuse it.
    Refused {
        why: String,
        hint: Option<String>,
        denied: bool,
    },
}

/// An object and what is done with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub id: Id,
    /// As it is applied; null for one to be removed.
    pub body: Value,
    pub step: Step,
    /// It was there before and is not ours: `down` leaves it.
    pub foreign: bool,
    /// An older one of that name is still being deleted.
    pub terminating: bool,
}

/// What is done with all of them, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub objects: Vec<Planned>,
}

impl Plan {
    pub fn count(&self, wanted: fn(&Step) -> bool) -> usize {
        self.objects.iter().filter(|one| wanted(&one.step)).count()
    }

    /// Nothing would be done.
    pub fn is_empty(&self) -> bool {
        self.count(|step| matches!(step, Step::Create | Step::Change(_) | Step::Remove)) == 0
    }

    /// Something may not be written, or would be refused.
    pub fn refused(&self) -> impl Iterator<Item = &Planned> {
        self.objects.iter().filter(|one| matches!(one.step, Step::Refused { .. }))
    }
}

/// What applying `wanted` does, and which of the objects of `before` go.
///
/// # Errors
/// The cluster does not answer. What concerns a single object is in its step.
pub async fn plan(api: &Api, wanted: Vec<Value>, before: Option<&Inventory>) -> Result<Plan, ApiError> {
    let ids: Vec<Id> = wanted.iter().map(Id::of).collect();
    let missing = missing_kinds(api, &ids).await?;
    let lives: Vec<Live> = stream::iter(&ids)
        .map(|id| live(api, id, missing.contains(&id.api_version)))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    // Namespaces that will be made, or made again: nothing can be tried in them yet.
    let absent = |live: &Live| matches!(live, Live::None) || live.terminating();
    let made: BTreeSet<String> = ids
        .iter()
        .zip(&lives)
        .filter(|(id, live)| id.kind == "Namespace" && absent(live))
        .map(|(id, _)| id.name.clone())
        .collect();
    let allowed = allowed(api, &ids, &made).await;
    let all = ids.iter().zip(wanted).zip(lives);
    let mut objects: Vec<Planned> = stream::iter(all)
        .map(|((id, body), live)| {
            let untried = made.contains(&id.namespace) || (id.kind == "Namespace" && made.contains(&id.name));
            let allowed = allowed.get(&(id.api_version.clone(), id.kind.clone(), id.namespace.clone()));
            planned(api, id, body, live, untried, allowed.copied().unwrap_or(true))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    for id in before.into_iter().flat_map(|before| &before.objects).filter(|id| !ids.contains(id)) {
        if let Live::Found(object) = live(api, id, false).await?
            && is_ours(&object)
        {
            let (id, step) = (id.clone(), Step::Remove);
            objects.push(Planned { id, body: Value::Null, step, foreign: false, terminating: false });
        }
    }
    Ok(Plan { objects })
}

/// Whether an object has the label of what the program made.
pub fn is_ours(object: &Value) -> bool {
    object["metadata"]["labels"][MANAGED_BY.0] == MANAGED_BY.1
}

/// An object as it is in the cluster.
enum Live {
    None,
    Found(Box<Value>),
    NoKind,
    /// It may not be read.
    Denied(ApiError),
}

impl Live {
    fn terminating(&self) -> bool {
        matches!(self, Live::Found(object) if !object["metadata"]["deletionTimestamp"].is_null())
    }
}

async fn live(api: &Api, id: &Id, no_kind: bool) -> Result<Live, ApiError> {
    if no_kind {
        return Ok(Live::NoKind);
    }
    match api.get(id).await {
        Ok(None) => Ok(Live::None),
        Ok(Some(object)) => Ok(Live::Found(Box::new(object))),
        Err(e) if e.kind == ApiErrorKind::Denied => Ok(Live::Denied(e)),
        Err(e) => Err(e),
    }
}

/// The versions of groups whose kinds are not served.
async fn missing_kinds(api: &Api, ids: &[Id]) -> Result<BTreeSet<String>, ApiError> {
    let mut missing = BTreeSet::new();
    let groups: BTreeMap<&str, &Id> = ids.iter().map(|id| (id.api_version.as_str(), id)).collect();
    for (version, id) in groups {
        // Those of Kubernetes itself are always there.
        if version.contains('.') && !api.serves(id).await? {
            missing.insert(version.to_owned());
        }
    }
    Ok(missing)
}

type Place = (String, String, String);

/// Whether the objects of each kind may be made in namespaces where nothing can be tried.
async fn allowed(api: &Api, ids: &[Id], made: &BTreeSet<String>) -> BTreeMap<Place, bool> {
    let untried = ids.iter().filter(|id| made.contains(&id.namespace));
    let places: BTreeMap<Place, &Id> =
        untried.map(|id| ((id.api_version.clone(), id.kind.clone(), id.namespace.clone()), id)).collect();
    stream::iter(places)
        .map(|(place, id)| async move { (place, api.may(id, "create").await && api.may(id, "patch").await) })
        .buffered(AT_ONCE)
        .collect()
        .await
}

async fn planned(
    api: &Api,
    id: &Id,
    mut body: Value,
    live: Live,
    untried: bool,
    allowed: bool,
) -> Result<Planned, ApiError> {
    let terminating = live.terminating();
    let foreign = matches!(&live, Live::Found(object) if !is_ours(object)) && !terminating;
    if !foreign {
        body["metadata"]["labels"][MANAGED_BY.0] = json!(MANAGED_BY.1);
    }
    let step = match live {
        Live::NoKind => Step::NoKind { hint: missing_kind(&id.api_version) },
        Live::Denied(e) => Step::Refused { why: e.reason, hint: e.hint, denied: true },
        _ if untried && !allowed => Step::Refused {
            why: format!("this user may not create {}", id.title()),
            hint: Some(format!("it takes the verbs create and patch on {} ({})", id.kind, id.api_version)),
            denied: true,
        },
        // Tried when it is applied: the namespace is not there yet.
        _ if untried && id.kind != "Namespace" => Step::Create,
        _ if terminating => Step::Create,
        live => match api.apply(&body, true).await {
            Ok(after) => match live {
                Live::Found(object) => {
                    let found = differences(&object, &after, &body);
                    if found.is_empty() { Step::Keep } else { Step::Change(found) }
                }
                _ => Step::Create,
            },
            Err(e) if e.status.is_some() && e.kind != ApiErrorKind::Busy && e.kind != ApiErrorKind::Unauthorized => {
                Step::Refused { why: e.reason, hint: e.hint, denied: e.kind == ApiErrorKind::Denied }
            }
            Err(e) => return Err(e),
        },
    };
    Ok(Planned { id: id.clone(), body, step, foreign, terminating })
}

/// The inventory is written as soon as its namespace is there, before anything else.
pub fn is_first(id: &Id) -> bool {
    id.kind == "Namespace" && id.name == inventory::NAMESPACE
}
