//! create, update, patch, delete, and `/scale`. A dry run does the same to a copy.

use super::convert;
use super::defaults;
use super::failure::Failure;
use super::patch;
use super::path::{Place, Query};
use super::read;
use super::select::Selector;
use crate::lab::model::Lab;
use crate::lab::store::{Store, time};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// A status code and the object it is about.
pub type Written = Result<(u16, Value), Failure>;

/// How a patch is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Json,
    Merge,
    Strategic,
    Apply,
}

impl Way {
    /// By the request's content type.
    pub fn of(content_type: &str) -> Option<Way> {
        Some(match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json-patch+json" => Way::Json,
            "application/merge-patch+json" => Way::Merge,
            "application/strategic-merge-patch+json" => Way::Strategic,
            "application/apply-patch+yaml" => Way::Apply,
            _ => return None,
        })
    }
}

/// Do it on the lab's objects, or on a copy of them.
fn on<T>(lab: &mut Lab, dry: bool, act: impl FnOnce(&mut Store, DateTime<Utc>) -> T) -> T {
    let now = lab.now();
    match dry {
        true => act(&mut lab.store.clone(), now),
        false => act(&mut lab.store, now),
    }
}

fn dry(query: &Query) -> bool {
    query.all("dryRun").any(|value| value == "All")
}

/// POST.
pub fn create(lab: &mut Lab, place: &Place, body: Value, query: &Query) -> Written {
    on(lab, dry(query), |store, now| new(store, place, body, now)).map(|object| (201, object))
}

fn new(store: &mut Store, place: &Place, body: Value, now: DateTime<Utc>) -> Result<Value, Failure> {
    let kind = place.kind;
    let (api, name) = (&body["apiVersion"], &body["kind"]);
    if (!api.is_null() && *api != place.api_version()) || (!name.is_null() && *name != kind.name) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        return Err(Failure::bad_request(format!(
            "the object is {}, {}, but {} takes {}, {}",
            text(api),
            text(name),
            kind.qualified(),
            place.api_version(),
            kind.name
        )));
    }
    let mut object = convert::stored(place, body);
    if !object["metadata"].is_object() {
        return Err(Failure::bad_request("the object has no metadata"));
    }
    let told = object["metadata"]["namespace"].as_str().unwrap_or(place.at()).to_owned();
    if told != place.at() {
        return Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if kind.namespaced {
        object["metadata"]["namespace"] = json!(place.at());
        if store.get("namespaces", "", place.at()).is_none() {
            let message = format!("namespaces \"{}\" not found", place.at());
            return Err(Failure::new(404, "NotFound", message));
        }
    }
    identify(&mut object, place);
    defaults::fill(kind, &mut object);
    // What it is to become is the controllers' part.
    if kind.parts.contains(&"status")
        && kind.plural != "namespaces"
        && let Some(members) = object.as_object_mut()
    {
        members.insert("status".into(), json!({}));
    }
    defaults::check(kind, &object, None)?;
    let refused = |refused| Failure::from_store(&refused, kind);
    let made = store.create(kind.plural, object, now).map_err(refused)?.clone();
    let made = match kind.plural {
        "jobs" => {
            let name = made["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            store.update("jobs", place.at(), &name, defaults::select_own_pods).map_err(refused)?.clone()
        }
        _ => made,
    };
    Ok(convert::shown(place, &made).into_owned())
}

/// The stored form of a kind says which it is.
fn identify(object: &mut Value, place: &Place) {
    let stored = match place.kind.plural {
        "horizontalpodautoscalers" => "autoscaling/v2".to_owned(),
        "events" => "v1".to_owned(),
        _ => place.api_version(),
    };
    object["apiVersion"] = json!(stored);
    object["kind"] = json!(place.kind.name);
}

/// PUT.
pub fn update(lab: &mut Lab, place: &Place, body: Value, query: &Query) -> Written {
    let wanted = body["metadata"]["resourceVersion"].as_str().map(str::to_owned);
    on(lab, dry(query), |store, _| change(store, place, wanted.as_deref(), |_| Ok(body))).map(|object| (200, object))
}

/// PATCH.
pub fn patch(lab: &mut Lab, place: &Place, body: &Value, way: Way, query: &Query) -> Written {
    let name = place.name.as_deref().unwrap_or_default();
    if way == Way::Apply && place.part.is_none() && lab.store.get(place.kind.plural, place.at(), name).is_none() {
        let mut body = body.clone();
        body["metadata"]["name"] = json!(name);
        return create(lab, place, body, query);
    }
    let wanted = body["metadata"]["resourceVersion"].as_str().map(str::to_owned);
    let patched = |mut object: Value| {
        match way {
            Way::Merge => patch::merge(&mut object, body),
            Way::Strategic | Way::Apply => patch::strategic(&mut object, body),
            Way::Json => {
                patch::json(&mut object, body).map_err(|why| Failure::new(422, "Invalid", why))?;
            }
        }
        Ok(object)
    };
    on(lab, dry(query), |store, _| change(store, place, wanted.as_deref(), patched)).map(|object| (200, object))
}

/// Change an object, or the part of it that the place names; `wanted` is the version it must have.
fn change(
    store: &mut Store,
    place: &Place,
    wanted: Option<&str>,
    act: impl FnOnce(Value) -> Result<Value, Failure>,
) -> Result<Value, Failure> {
    let (kind, name) = (place.kind, place.name.as_deref().unwrap_or_default());
    let before = store.get(kind.plural, place.at(), name).ok_or_else(|| Failure::not_found(kind, name))?.clone();
    if wanted.is_some_and(|wanted| !wanted.is_empty() && before["metadata"]["resourceVersion"] != wanted) {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(Failure::conflict(kind, name, why));
    }
    let part = place.part.as_deref();
    let mut after = before.clone();
    if part == Some("scale") {
        let replicas = act(convert::scale(&before))?["spec"]["replicas"].clone();
        after["spec"]["replicas"] = replicas;
    } else {
        let changed = convert::stored(place, act(convert::shown(place, &before).into_owned())?);
        match part {
            Some(_) => after["status"] = changed["status"].clone(),
            None => {
                let status = before.get("status").cloned();
                after = changed;
                identify(&mut after, place);
                if let (Some(status), Some(members)) = (status, after.as_object_mut()) {
                    members.insert("status".into(), status);
                }
                defaults::fill(kind, &mut after);
            }
        }
    }
    after["metadata"]["name"] = before["metadata"]["name"].clone();
    defaults::check(kind, &after, Some(&before))?;
    let refused = |refused| Failure::from_store(&refused, kind);
    let made = store.update(kind.plural, place.at(), name, |object| *object = after).map_err(refused)?;
    Ok(match part {
        Some("scale") => convert::scale(made),
        _ => convert::shown(place, made).into_owned(),
    })
}

/// DELETE of one object. The options come in the body; without one, in the query.
pub fn delete(lab: &mut Lab, place: &Place, options: &Value, query: &Query) -> Written {
    let (kind, name) = (place.kind, place.name.as_deref().unwrap_or_default());
    let object = read::found(lab, place, name)?.into_owned();
    let uid = &object["metadata"]["uid"];
    let precondition = &options["preconditions"]["uid"];
    if !precondition.is_null() && precondition != uid {
        let why = format!(
            "Precondition failed: UID in precondition: {}, UID in object meta: {}",
            precondition.as_str().unwrap_or_default(),
            uid.as_str().unwrap_or_default()
        );
        return Err(Failure::conflict(kind, name, &why));
    }
    let dry = match options.is_object() {
        true => options["dryRun"].as_array().is_some_and(|all| all.iter().any(|value| value == "All")),
        false => dry(query),
    };
    if !dry {
        remove(lab, place, name, options, query)?;
    }
    // What goes at once is told of by a Status, what goes later is shown as it goes.
    if let Some(left) = lab.store.get(kind.plural, place.at(), name).filter(|_| !dry) {
        return Ok((200, convert::shown(place, left).into_owned()));
    }
    let details = json!({"name": name, "group": kind.group, "kind": kind.plural, "uid": uid});
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
    Ok((200, status))
}

fn remove(lab: &mut Lab, place: &Place, name: &str, options: &Value, query: &Query) -> Result<(), Failure> {
    let kind = place.kind;
    let refused = |refused| Failure::from_store(&refused, kind);
    let grace = options["gracePeriodSeconds"].as_u64().or_else(|| query.number("gracePeriodSeconds"));
    let orphan = options["propagationPolicy"] == "Orphan" || query.get("propagationPolicy") == "Orphan";
    if kind.plural == "pods" && grace == Some(0) {
        // Forced: gone from the store at once, whatever the kubelet does.
        return lab.store.delete("pods", place.at(), name).map(drop).map_err(refused);
    }
    if kind.plural == "namespaces" {
        let now = lab.now();
        let leaving = |namespace: &mut Value| {
            namespace["metadata"]["deletionTimestamp"] = json!(time(now));
            namespace["status"]["phase"] = json!("Terminating");
        };
        lab.store.update("namespaces", "", name, leaving).map_err(refused)?;
        return empty(lab, name);
    }
    if orphan {
        return lab.store.delete(kind.plural, place.at(), name).map(drop).map_err(refused);
    }
    lab.delete(kind.plural, place.at(), name).map(drop).map_err(refused)
}

/// All that is in a namespace goes, and then the namespace.
fn empty(lab: &mut Lab, namespace: &str) -> Result<(), Failure> {
    for kind in super::kinds::KINDS.iter().filter(|kind| kind.namespaced && kind.rights == super::kinds::Rights::Full) {
        let names: Vec<String> = lab.store.list(kind.plural, Some(namespace)).filter_map(name_of).collect();
        for name in names {
            // What is gone already went with its owner.
            let _ = lab.delete(kind.plural, namespace, &name);
        }
    }
    let kind = super::kinds::find("", "namespaces").ok_or_else(Failure::no_such_path)?;
    lab.store.delete("namespaces", "", namespace).map(drop).map_err(|refused| Failure::from_store(&refused, kind))
}

/// DELETE of all that are selected.
pub fn delete_all(lab: &mut Lab, place: &Place, options: &Value, query: &Query) -> Written {
    let selector = Selector::read(query.get("labelSelector"), query.get("fieldSelector"))?;
    let all = lab.store.list(place.kind.plural, place.namespace.as_deref()).filter(|one| selector.meets(one));
    let places: Vec<Place> = all
        .filter_map(|one| {
            let namespace = one["metadata"]["namespace"].as_str().map(str::to_owned);
            Some(Place { name: Some(name_of(one)?), namespace, ..place.clone() })
        })
        .collect();
    for one in places {
        // What is gone already went with its owner.
        let _ = delete(lab, &one, options, query);
    }
    Ok((200, json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})))
}

fn name_of(object: &Value) -> Option<String> {
    object["metadata"]["name"].as_str().map(str::to_owned)
}
