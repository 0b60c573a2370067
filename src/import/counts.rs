//! Documents of each index by time, as counters that grow. They are counted by the documents' own times, not by when they were
//! indexed. Must not ask.

use crate::observe::text::{NAME, clean};
use crate::observe::{CountedBy, CountersSeen, IndexSeen, Observation, Stamped, Time};
use crate::source::live::elastic::fields::buckets;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Seconds between two counts.
pub const EVERY_S: i64 = 10;
/// Indices that are counted at most.
const INDICES: usize = 500;

/// Documents of an index, of the seconds before a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    pub until: Time,
    pub index: String,
    pub documents: u64,
}

/// What [`of`] reads.
pub fn aggregations() -> Value {
    let by_time =
        json!({"date_histogram": {"field": "@timestamp", "fixed_interval": format!("{EVERY_S}s"), "min_doc_count": 1}});
    json!({"index": {"terms": {"field": "_index", "size": INDICES}, "aggs": {"time": by_time}}})
}

/// From the answer's aggregations.
pub fn of(aggregations: &Value) -> Vec<Counted> {
    let mut out = Vec::new();
    for index in buckets(&aggregations["index"]) {
        let Some(name) = index["key"].as_str().map(|name| clean(name, NAME)) else { continue };
        for bucket in buckets(&index["time"]) {
            let from = bucket["key"].as_i64().and_then(Time::from_timestamp_millis);
            let until = from.and_then(|from| from.checked_add_signed(chrono::TimeDelta::seconds(EVERY_S)));
            if let Some((until, documents)) = until.zip(bucket["doc_count"].as_u64()) {
                out.push(Counted { until, index: name.clone(), documents });
            }
        }
    }
    out.sort_by(|a, b| (a.until, &a.index).cmp(&(b.until, &b.index)));
    out
}

/// The sums so far.
#[derive(Debug, Default)]
pub struct Counters(BTreeMap<String, u64>);

impl Counters {
    /// The counters at a time, with what was counted up to then.
    pub fn at(&mut self, at: Time, counted: &[Counted]) -> Stamped {
        for one in counted {
            if self.0.len() < INDICES || self.0.contains_key(&one.index) {
                let sum = self.0.entry(one.index.clone()).or_default();
                *sum = sum.saturating_add(one.documents);
            }
        }
        let index = |(name, documents): (&String, &u64)| IndexSeen {
            name: name.clone(),
            documents: Some(*documents),
            ..IndexSeen::default()
        };
        let what = Observation::Counters(Box::new(CountersSeen {
            by: CountedBy::Documents,
            every_ms: (EVERY_S * 1000) as u32,
            indices: self.0.iter().map(index).collect(),
            ..CountersSeen::default()
        }));
        Stamped { at, what }
    }
}
