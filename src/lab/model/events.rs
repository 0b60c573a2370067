//! Events as the components of a cluster record them: their names, the counting of repeats, and their end after an hour.

use super::objects::{name, text, uid};
use super::{Store, Time};
use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Events are forgotten after this time (`--event-ttl`, 1 h).
const KEPT: TimeDelta = TimeDelta::hours(1);

/// Repeats are counted on one event: object uid, reason and message -> namespace and name of the event.
#[derive(Debug, Clone, Default)]
pub struct Events {
    known: BTreeMap<(String, String, String), (String, String)>,
    recorded: i64,
}

/// What is told.
pub struct Told<'a> {
    pub component: &'a str,
    pub warning: bool,
    pub reason: &'a str,
    pub message: String,
}

impl Events {
    /// Record an event about an object of a kind.
    pub fn tell(&mut self, store: &mut Store, now: Time, kind: (&str, &str), object: &Value, told: &Told<'_>) {
        let (about, reason) = (uid(object).to_owned(), told.reason.to_owned());
        let known = self.known.get(&(about.clone(), reason.clone(), told.message.clone()));
        if let Some((namespace, event)) = known {
            let counted = store.update("events", namespace, event, |e| {
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
        // The name's end is the nanosecond it was made; those of one step differ by what was recorded before.
        self.recorded += 1;
        let nanos = now.timestamp_nanos_opt().unwrap_or(0) + self.recorded % 1_000_000 * 97;
        let made = format!("{}.{nanos:x}", name(object));
        let (api_version, kind) = kind;
        let mut event = json!({
            "kind": "Event", "apiVersion": "v1",
            "metadata": {"name": made, "namespace": namespace},
            "involvedObject": {
                "kind": kind, "namespace": namespace, "name": name(object), "uid": about,
                "apiVersion": api_version, "resourceVersion": object["metadata"]["resourceVersion"],
            },
            "reason": told.reason, "message": told.message,
            "type": if told.warning { "Warning" } else { "Normal" },
            "reportingComponent": told.component, "reportingInstance": "",
        });
        let to_second = json!(now.to_rfc3339_opts(SecondsFormat::Secs, true));
        let more = match told.component {
            // It records in the newer form.
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
        if let (Some(event), Some(more)) = (event.as_object_mut(), more.as_object()) {
            event.extend(more.clone());
        }
        if told.component == "kubelet" {
            let host = &object["spec"]["nodeName"];
            event["source"]["host"] = host.clone();
            event["reportingInstance"] = host.clone();
            event["involvedObject"]["fieldPath"] =
                json!(format!("spec.containers{{{}}}", text(&object["spec"]["containers"][0]["name"])));
        }
        if store.create("events", event, now).is_ok() {
            self.known.insert((about, reason, told.message.clone()), (namespace.to_owned(), made));
        }
    }

    /// Forget what is too old.
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
            let _gone = store.delete("events", namespace, name);
        }
        if !old.is_empty() {
            self.known.retain(|_, place| !old.contains(place));
        }
    }
}
