//! create, update, patch, delete, also of `/scale` and `/status`. A dry run works on a copy.

use super::convert;
use super::defaults;
use super::failure::Failure;
use super::kinds;
use super::patch;
use super::path::{Query, ResourcePath};
use super::read;
use super::selector::Selector;
use crate::lab::model::Lab;
use crate::lab::store::{Store, time};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// The HTTP status code and the object, or the Status of a deletion.
pub type Written = Result<(u16, Value), Failure>;

/// The type of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    Json,
    Merge,
    Strategic,
    Apply,
}

impl PatchType {
    /// By the request's content type.
    pub fn of(content_type: &str) -> Option<PatchType> {
        Some(match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json-patch+json" => PatchType::Json,
            "application/merge-patch+json" => PatchType::Merge,
            "application/strategic-merge-patch+json" => PatchType::Strategic,
            "application/apply-patch+yaml" => PatchType::Apply,
            _ => return None,
        })
    }
}

/// Act on the lab's store, or on a copy of it.
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
pub fn create(lab: &mut Lab, path: &ResourcePath, body: Value, query: &Query) -> Written {
    on(lab, dry(query), |store, now| new(store, path, body, now)).map(|object| (201, object))
}

fn new(store: &mut Store, path: &ResourcePath, body: Value, now: DateTime<Utc>) -> Result<Value, Failure> {
    let kind = path.kind;
    let (api, name) = (&body["apiVersion"], &body["kind"]);
    if (!api.is_null() && *api != path.api_version()) || (!name.is_null() && *name != kind.name) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        return Err(Failure::bad_request(format!(
            "the object is {}, {}, but {} takes {}, {}",
            text(api),
            text(name),
            kind.qualified(),
            path.api_version(),
            kind.name
        )));
    }
    let mut object = convert::stored(path, body);
    if !object["metadata"].is_object() {
        return Err(Failure::bad_request("the object has no metadata"));
    }
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or(path.store_namespace()).to_owned();
    if namespace != path.store_namespace() {
        return Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if kind.namespaced {
        object["metadata"]["namespace"] = json!(path.store_namespace());
        if store.get("namespaces", "", path.store_namespace()).is_none() {
            let message = format!("namespaces \"{}\" not found", path.store_namespace());
            return Err(Failure::new(404, "NotFound", message));
        }
    }
    set_type(&mut object, path);
    defaults::fill(kind, &mut object);
    // The status is the controllers' to write.
    if kind.subresources.contains(&"status")
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
            store.update("jobs", path.store_namespace(), &name, defaults::select_own_pods).map_err(refused)?.clone()
        }
        _ => made,
    };
    Ok(convert::shown(path, &made).into_owned())
}

/// Set version and kind as they are stored.
fn set_type(object: &mut Value, path: &ResourcePath) {
    let stored = match path.kind.plural {
        "horizontalpodautoscalers" => "autoscaling/v2".to_owned(),
        "events" => "v1".to_owned(),
        _ => path.api_version(),
    };
    object["apiVersion"] = json!(stored);
    object["kind"] = json!(path.kind.name);
}

/// PUT.
pub fn update(lab: &mut Lab, path: &ResourcePath, body: Value, query: &Query) -> Written {
    let wanted = body["metadata"]["resourceVersion"].as_str().map(str::to_owned);
    on(lab, dry(query), |store, _| change(store, path, wanted.as_deref(), |_| Ok(body))).map(|object| (200, object))
}

/// PATCH.
pub fn patch(lab: &mut Lab, path: &ResourcePath, body: &Value, patch_type: PatchType, query: &Query) -> Written {
    let name = path.name.as_deref().unwrap_or_default();
    if patch_type == PatchType::Apply
        && path.subresource.is_none()
        && lab.store.get(path.kind.plural, path.store_namespace(), name).is_none()
    {
        let mut body = body.clone();
        body["metadata"]["name"] = json!(name);
        return create(lab, path, body, query);
    }
    let wanted = body["metadata"]["resourceVersion"].as_str().map(str::to_owned);
    let patched = |mut object: Value| {
        match patch_type {
            PatchType::Merge => patch::merge(&mut object, body),
            PatchType::Strategic | PatchType::Apply => patch::strategic(&mut object, body),
            PatchType::Json => {
                patch::json(&mut object, body).map_err(|why| Failure::new(422, "Invalid", why))?;
            }
        }
        Ok(object)
    };
    on(lab, dry(query), |store, _| change(store, path, wanted.as_deref(), patched)).map(|object| (200, object))
}

/// Change an object or its subresource; `wanted` is the resource version that it must have.
fn change(
    store: &mut Store,
    path: &ResourcePath,
    wanted: Option<&str>,
    act: impl FnOnce(Value) -> Result<Value, Failure>,
) -> Result<Value, Failure> {
    let (kind, name) = (path.kind, path.name.as_deref().unwrap_or_default());
    let before =
        store.get(kind.plural, path.store_namespace(), name).ok_or_else(|| Failure::not_found(kind, name))?.clone();
    if wanted.is_some_and(|wanted| !wanted.is_empty() && before["metadata"]["resourceVersion"] != wanted) {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(Failure::conflict(kind, name, why));
    }
    let subresource = path.subresource.as_deref();
    let mut after = before.clone();
    if subresource == Some("scale") {
        let replicas = act(convert::scale(&before))?["spec"]["replicas"].clone();
        after["spec"]["replicas"] = replicas;
    } else {
        let changed = convert::stored(path, act(convert::shown(path, &before).into_owned())?);
        match subresource {
            Some(_) => after["status"] = changed["status"].clone(),
            None => {
                let status = before.get("status").cloned();
                after = changed;
                set_type(&mut after, path);
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
    let made = store.update(kind.plural, path.store_namespace(), name, |object| *object = after).map_err(refused)?;
    Ok(match subresource {
        Some("scale") => convert::scale(made),
        _ => convert::shown(path, made).into_owned(),
    })
}

/// DELETE of one object. The options are in the body, or else in the query.
pub fn delete(lab: &mut Lab, path: &ResourcePath, options: &Value, query: &Query) -> Written {
    let (kind, name) = (path.kind, path.name.as_deref().unwrap_or_default());
    let object = read::found(lab, path, name)?.into_owned();
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
        remove(lab, path, name, options, query)?;
    }
    // An object that terminates gracefully is returned; for one that is gone, a Status.
    if let Some(left) = lab.store.get(kind.plural, path.store_namespace(), name).filter(|_| !dry) {
        return Ok((200, convert::shown(path, left).into_owned()));
    }
    let details = json!({"name": name, "group": kind.group, "kind": kind.plural, "uid": uid});
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
    Ok((200, status))
}

fn remove(lab: &mut Lab, path: &ResourcePath, name: &str, options: &Value, query: &Query) -> Result<(), Failure> {
    let kind = path.kind;
    let refused = |refused| Failure::from_store(&refused, kind);
    let grace = options["gracePeriodSeconds"].as_u64().or_else(|| query.number("gracePeriodSeconds"));
    let orphan = options["propagationPolicy"] == "Orphan" || query.get("propagationPolicy") == "Orphan";
    if kind.plural == "pods" && grace == Some(0) {
        // Forced: removed from the store at once, without waiting for the kubelet.
        return lab.store.delete("pods", path.store_namespace(), name).map(drop).map_err(refused);
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
        return lab.store.delete(kind.plural, path.store_namespace(), name).map(drop).map_err(refused);
    }
    lab.delete(kind.plural, path.store_namespace(), name).map(drop).map_err(refused)
}

/// Delete all objects in a namespace, then the namespace.
fn empty(lab: &mut Lab, namespace: &str) -> Result<(), Failure> {
    for kind in kinds::KINDS.iter().filter(|kind| kind.namespaced && kind.rights == kinds::Rights::Full) {
        let names: Vec<String> = lab.store.list(kind.plural, Some(namespace)).filter_map(name_of).collect();
        for name in names {
            // It may be gone already, with its owner.
            let _ = lab.delete(kind.plural, namespace, &name);
        }
    }
    let kind = kinds::find("", "namespaces").ok_or_else(Failure::no_such_path)?;
    lab.store.delete("namespaces", "", namespace).map(drop).map_err(|refused| Failure::from_store(&refused, kind))
}

/// DELETE of the selected objects.
pub fn delete_all(lab: &mut Lab, path: &ResourcePath, options: &Value, query: &Query) -> Written {
    let selector = Selector::read(query.get("labelSelector"), query.get("fieldSelector"))?;
    let all = lab.store.list(path.kind.plural, path.namespace.as_deref()).filter(|one| selector.matches(one));
    let paths: Vec<ResourcePath> = all
        .filter_map(|one| {
            let namespace = one["metadata"]["namespace"].as_str().map(str::to_owned);
            Some(ResourcePath { name: Some(name_of(one)?), namespace, ..path.clone() })
        })
        .collect();
    for one in paths {
        // It may be gone already, with its owner.
        let _ = delete(lab, &one, options, query);
    }
    Ok((200, json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})))
}

fn name_of(object: &Value) -> Option<String> {
    object["metadata"]["name"].as_str().map(str::to_owned)
}
