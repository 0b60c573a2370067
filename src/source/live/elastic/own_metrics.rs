//! The collectors' own metrics, for those that only send them: the search for their documents, and which of them make a whole
//! export. Pure; must not send the search.

use super::super::collector::documents::{self, APART, Exports, POD};
use super::super::discovered::SendingCollectors;
use super::fields::Fields;
use crate::observe::{CollectorSeen, Time};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The search's path and query.
pub const PATH: &str = "metrics-*/_search?ignore_unavailable=true&filter_path=hits.hits._source,_shards.total";
/// How far back is searched, by Elasticsearch's clock: a few exports of the default interval of a minute.
const BACK: &str = "now-3m";
/// Documents of one answer at most: the newest. An export of a collector has about fifty.
const MOST: usize = 4000;
/// Where the host's name is the pod's, as a container has it.
const HOST: &str = "host.name";

/// The search's body: documents of these collectors after `after`, newest first.
pub fn body(pods: &SendingCollectors, after: Option<Time>) -> String {
    let names: Vec<&str> = pods.values().map(|(_, name)| name.as_str()).collect();
    let of = |field: &str| json!({"terms": {field: names}});
    let places =
        POD.into_iter().chain([HOST]).flat_map(|field| [of(field), of(&format!("resource.attributes.{field}"))]);
    let figures =
        ["metrics.otelcol_*", "metrics.otelcol.*", "otelcol_*"].map(|field| json!({"exists": {"field": field}}));
    let mut filter = vec![
        json!({"range": {"@timestamp": {"gte": BACK}}}),
        json!({"bool": {"should": places.collect::<Vec<_>>()}}),
        json!({"bool": {"should": figures}}),
    ];
    filter.extend(after.map(|after| json!({"range": {"@timestamp": {"gt": after.to_rfc3339()}}})));
    json!({
        "size": MOST, "track_total_hits": false, "query": {"bool": {"filter": filter}},
        "sort": [{"@timestamp": {"order": "desc", "unmapped_type": "date"}}],
    })
    .to_string()
}

/// An answer to the search.
#[derive(Deserialize, Default)]
#[serde(default)]
struct SearchResponse {
    hits: Hits,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Hits {
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_source")]
    source: Value,
}

/// What was read of each collector so far, by its pod's name.
#[derive(Clone, Debug, Default)]
pub struct OwnMetrics {
    taken: BTreeMap<String, Taken>,
    /// How many documents of each later export there were in the last answer.
    counted: BTreeMap<(String, Time), usize>,
}

/// The last export of a collector that was passed on.
#[derive(Clone, Debug)]
struct Taken {
    at: Time,
    /// Its process: the `service.instance.id`.
    instance: String,
    documents: usize,
}

impl OwnMetrics {
    /// Up to when all of these collectors' exports were passed on; None where one has none yet.
    pub fn after(&self, pods: &SendingCollectors) -> Option<Time> {
        let of = |(_, name): &(_, String)| self.taken.get(name).map(|taken| taken.at);
        Some(pods.values().map(of).collect::<Option<Vec<_>>>()?.into_iter().min()? + APART)
    }

    /// The exports in an answer that are new and whole, oldest first; of those before `since` only a collector's last, from
    /// which on is counted. The documents of an export are indexed in several requests: it is whole once an answer has no more
    /// of them than the one before, and as many as the export before, for a process goes on with what it has begun to count.
    ///
    /// # Errors
    /// It is no answer to such a search.
    pub fn take(
        &mut self,
        answer: &[u8],
        pods: &SendingCollectors,
        since: Time,
    ) -> Result<Vec<CollectorSeen>, serde_json::Error> {
        let response: SearchResponse = serde_json::from_slice(answer)?;
        let mut exports = Exports::new();
        for hit in response.hits.hits.iter().rev() {
            let fields = Fields::of(&hit.source);
            let Some(row) = documents::row(&fields) else { continue };
            let pod = row.pod.clone().or_else(|| fields.text(&[HOST]));
            let Some((at, pod)) = fields.time(&["@timestamp"]).zip(pod) else { continue };
            if self.taken.get(&pod).is_none_or(|taken| at > taken.at + APART) {
                documents::add(&mut exports, at, pod, row);
            }
        }
        self.taken.retain(|name, _| pods.values().any(|(_, of)| of == name));
        let before = std::mem::take(&mut self.counted);
        let mut whole: Vec<CollectorSeen> = Vec::new();
        for ((at, pod), rows) in exports {
            let key = (pod, at);
            let instance = rows[0].instance.clone();
            let least =
                self.taken.get(&key.0).filter(|taken| taken.instance == instance).map_or(0, |taken| taken.documents);
            let is_whole = before.get(&key) == Some(&rows.len()) && rows.len() >= least;
            let Some((uid, (role, name))) = pods.iter().find(|(_, (_, name))| *name == key.0) else { continue };
            if !is_whole {
                self.counted.insert(key, rows.len());
                continue;
            }
            self.taken.insert(key.0, Taken { at, instance, documents: rows.len() });
            let named =
                |seen| CollectorSeen { pod: name.clone(), uid: uid.clone(), role: *role, measured: Some(at), ..seen };
            whole.extend(documents::seen(&rows).map(named));
        }
        let early: BTreeMap<String, Option<Time>> =
            whole.iter().filter(|one| one.measured < Some(since)).map(|one| (one.uid.clone(), one.measured)).collect();
        whole.retain(|one| one.measured >= Some(since) || early.get(&one.uid) == Some(&one.measured));
        Ok(whole)
    }
}
