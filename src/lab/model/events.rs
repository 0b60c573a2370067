//! Events as the components of a cluster record them: names, counts of repeats, expiry after an hour.

use super::objects::{name, text, uid};
use super::{Store, Time};
use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How long events are kept (`--event-ttl`, 1 h).
const KEPT: TimeDelta = TimeDelta::hours(1);

/// The events in the store, to count repeats on one of them.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// Object uid, reason and message -> namespace and name of the event.
    known: BTreeMap<(String, String, String), (String, String)>,
    recorded: i64,
}

/// What an event reports.
pub struct EventRecord<'a> {
    pub component: &'a str,
    pub warning: bool,
    pub reason: &'a str,
    pub message: String,
}

impl Events {
    /// Record an event about an object; `kind` is its API version and kind.
    pub fn record(
        &mut self,
        store: &mut Store,
        now: Time,
        kind: (&str, &str),
        object: &Value,
        event: &EventRecord<'_>,
    ) {
        let (about, reason) = (uid(object).to_owned(), event.reason.to_owned());
        let known = self.known.get(&(about.clone(), reason.clone(), event.message.clone()));
        if let Some((namespace, name)) = known {
            let counted = store.update("events", namespace, name, |e| {
                e["count"] = json!(e["count"].as_i64().unwrap_or(1) + 1);
                e["lastTimestamp"] = json!(now.to_rfc3339_opts(SecondsFormat::Secs, true));
            });
            if counted.is_ok() {
                return;
            }
        }
        let namespace = match text(&object["metadata"]["namespace"]) {
            "" => "default",
            namespace => namespace,
        };
        // The name ends with the nanosecond of creation; events of one step differ by the number recorded before.
        self.recorded += 1;
        let nanos = now.timestamp_nanos_opt().unwrap_or(0) + self.recorded % 1_000_000 * 97;
        let new_name = format!("{}.{nanos:x}", name(object));
        let (api_version, kind) = kind;
        let mut created = json!({
            "kind": "Event", "apiVersion": "v1",
            "metadata": {"name": new_name, "namespace": namespace},
            "involvedObject": {
                "kind": kind, "namespace": namespace, "name": name(object), "uid": about,
                "apiVersion": api_version, "resourceVersion": object["metadata"]["resourceVersion"],
            },
            "reason": event.reason, "message": event.message,
            "type": if event.warning { "Warning" } else { "Normal" },
            "reportingComponent": event.component, "reportingInstance": "",
        });
        let to_second = json!(now.to_rfc3339_opts(SecondsFormat::Secs, true));
        let more = match event.component {
            // It uses the newer events API.
            "default-scheduler" => json!({
                "source": {}, "firstTimestamp": null, "lastTimestamp": null,
                "eventTime": now.to_rfc3339_opts(SecondsFormat::Micros, true),
                "action": "Binding", "reportingInstance": "default-scheduler-lab",
            }),
            component => json!({
                "source": {"component": component}, "firstTimestamp": to_second, "lastTimestamp": to_second,
                "count": 1, "eventTime": null,
            }),
        };
        if let (Some(created), Some(more)) = (created.as_object_mut(), more.as_object()) {
            created.extend(more.clone());
        }
        if event.component == "kubelet" {
            let host = &object["spec"]["nodeName"];
            created["source"]["host"] = host.clone();
            created["reportingInstance"] = host.clone();
            created["involvedObject"]["fieldPath"] =
                json!(format!("spec.containers{{{}}}", text(&object["spec"]["containers"][0]["name"])));
        }
        if store.create("events", created, now).is_ok() {
            self.known.insert((about, reason, event.message.clone()), (namespace.to_owned(), new_name));
        }
    }

    /// Delete events that are too old.
    pub fn expire(&mut self, store: &mut Store, now: Time) {
        let latest = |event: &Value| {
            let times = ["lastTimestamp", "eventTime"].into_iter().filter_map(|key| super::objects::time(&event[key]));
            times.max()
        };
        let old: Vec<_> = store
            .list("events", None)
            .filter(|event| latest(event).is_some_and(|at| at + KEPT < now))
            .map(super::objects::key)
            .collect();
        for (namespace, name) in &old {
            let _deleted = store.delete("events", namespace, name);
        }
        if !old.is_empty() {
            self.known.retain(|_, place| !old.contains(place));
        }
    }
}
