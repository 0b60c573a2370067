//! The question what log records lack: one small aggregation over the session's own window. Pure.

use crate::observe::text::{NAME, clean};
use crate::observe::{LogGroup, LogQualitySeen, Time};
use serde::Deserialize;
use serde_json::{Value, json};

/// Where it is asked.
pub const PATH: &str =
    "logs-*/_search?size=0&ignore_unavailable=true&filter_path=hits.total,aggregations,_shards.failed,_shards.total";

/// The search's body, for records from `from` and before `to`. Span events are no log records.
pub fn body(from: Time, to: Time) -> String {
    let missing = |field: &str| json!({"filter": {"bool": {"must_not": [{"exists": {"field": field}}]}}});
    // The alias is empty though an attribute of its name is set.
    let shadowed = |name: &str, home: &str| {
        json!({"filter": {"bool": {"filter": [{"exists": {"field": format!("attributes.{name}")}}],
            "must_not": [{"exists": {"field": home}}]}}})
    };
    let lacks = json!({
        "no_level": missing("log.level"),
        "no_trace": missing("trace.id"),
        "no_span": missing("span.id"),
        "no_service": missing("service.name"),
        "level_attribute": shadowed("log.level", "severity_text"),
        "trace_attribute": shadowed("trace.id", "trace_id"),
        "span_attribute": shadowed("span.id", "span_id"),
    });
    let services = json!({"terms": {"field": "service.name", "size": 20}, "aggs": lacks});
    let time = json!({"gte": from.to_rfc3339(), "lt": to.to_rfc3339()});
    json!({
        "track_total_hits": true,
        "query": {"bool": {"filter": [{"range": {"@timestamp": time}}], "must_not": [{"exists": {"field": "event_name"}}]}},
        "aggs": {"datasets": {"terms": {"field": "data_stream.dataset", "size": 20}, "aggs": {
            "services": services,
            "none": {"filter": {"bool": {"must_not": [{"exists": {"field": "service.name"}}]}}, "aggs": lacks},
        }}},
    })
    .to_string()
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "_shards", default)]
    shards: Shards,
    #[serde(default)]
    hits: Hits,
    #[serde(default)]
    aggregations: Value,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Shards {
    failed: u32,
    total: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Hits {
    total: Total,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Total {
    value: u64,
}

/// What the answer tells.
///
/// # Errors
/// It is no answer to such a search.
pub fn seen(answer: &[u8], from: Time, to: Time) -> Result<LogQualitySeen, serde_json::Error> {
    let answer: Answer = serde_json::from_slice(answer)?;
    let mut groups = Vec::new();
    for dataset in buckets(&answer.aggregations["datasets"]) {
        let name = clean(dataset["key"].as_str().unwrap_or_default(), NAME);
        let services =
            buckets(&dataset["services"]).map(|s| (s, Some(clean(s["key"].as_str().unwrap_or_default(), NAME))));
        let all = services.chain(std::iter::once((&dataset["none"], None)));
        groups.extend(all.map(|(bucket, service)| group(bucket, &name, service)).filter(|g| g.records > 0));
    }
    let records = answer.hits.total.value;
    Ok(LogQualitySeen { from, to, records, groups, failed_shards: answer.shards.failed, ..LogQualitySeen::default() })
}

/// The search went over no shard at all.
pub fn searched_nothing(answer: &[u8]) -> bool {
    serde_json::from_slice::<Answer>(answer).is_ok_and(|a| a.shards.total == Some(0))
}

fn buckets(aggregation: &Value) -> impl Iterator<Item = &Value> {
    aggregation["buckets"].as_array().into_iter().flatten()
}

fn group(bucket: &Value, dataset: &str, service: Option<String>) -> LogGroup {
    let of = |name: &str| bucket[name]["doc_count"].as_u64().unwrap_or(0);
    LogGroup {
        dataset: dataset.to_owned(),
        service,
        records: bucket["doc_count"].as_u64().unwrap_or(0),
        without_level: of("no_level"),
        without_trace: of("no_trace"),
        without_span: of("no_span"),
        without_service: of("no_service"),
        level_in_attribute: of("level_attribute"),
        trace_in_attribute: of("trace_attribute"),
        span_in_attribute: of("span_attribute"),
    }
}
