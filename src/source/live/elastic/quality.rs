//! The search for what log records lack: one small aggregation over the last minutes, and its response. Pure.

use super::fields::buckets;
use super::wire::Figure;
use crate::observe::text::{NAME, clean};
use crate::observe::{LogGroup, LogQualitySeen, Time};
use serde::Deserialize;
use serde_json::{Value, json};

/// The search's path and query.
pub const PATH: &str =
    "logs-*/_search?size=0&ignore_unavailable=true&filter_path=hits.total,aggregations,_shards.failed,_shards.total";

/// The search's body, for records from `from` and before `to`. Span events are left out.
pub fn body(from: Time, to: Time) -> String {
    let missing = |field: &str| json!({"filter": {"bool": {"must_not": [{"exists": {"field": field}}]}}});
    // The field is empty although an attribute of that name is set.
    let misplaced = |name: &str, home: &str| {
        json!({"filter": {"bool": {"filter": [{"exists": {"field": format!("attributes.{name}")}}],
            "must_not": [{"exists": {"field": home}}]}}})
    };
    let counts = json!({
        "no_level": missing("log.level"),
        "no_trace": missing("trace.id"),
        "no_span": missing("span.id"),
        "no_service": missing("service.name"),
        "level_attribute": misplaced("log.level", "severity_text"),
        "trace_attribute": misplaced("trace.id", "trace_id"),
        "span_attribute": misplaced("span.id", "span_id"),
    });
    let services = json!({"terms": {"field": "service.name", "size": 20}, "aggs": counts});
    let time = json!({"gte": from.to_rfc3339(), "lt": to.to_rfc3339()});
    json!({
        "track_total_hits": true,
        "query": {"bool": {"filter": [{"range": {"@timestamp": time}}], "must_not": [{"exists": {"field": "event_name"}}]}},
        "aggs": {"datasets": {"terms": {"field": "data_stream.dataset", "size": 20}, "aggs": {
            "services": services,
            "none": {"filter": {"bool": {"must_not": [{"exists": {"field": "service.name"}}]}}, "aggs": counts},
        }}},
    })
    .to_string()
}

#[derive(Deserialize)]
struct SearchResponse {
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
    failed: Figure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Hits {
    total: Total,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Total {
    value: Figure,
}

/// What the response reports.
///
/// # Errors
/// It is no response to such a search.
pub fn seen(body: &[u8], from: Time, to: Time) -> Result<LogQualitySeen, serde_json::Error> {
    let response: SearchResponse = serde_json::from_slice(body)?;
    let mut groups = Vec::new();
    for dataset in buckets(&response.aggregations["datasets"]) {
        let name = clean(dataset["key"].as_str().unwrap_or_default(), NAME);
        let services =
            buckets(&dataset["services"]).map(|s| (s, Some(clean(s["key"].as_str().unwrap_or_default(), NAME))));
        let all = services.chain(std::iter::once((&dataset["none"], None)));
        groups.extend(all.filter_map(|(bucket, service)| group(bucket, &name, service)).filter(|g| g.records > 0));
    }
    let records = response.hits.total.value.count().unwrap_or(0);
    let failed_shards = u32::try_from(response.shards.failed.count().unwrap_or(0)).unwrap_or(u32::MAX);
    Ok(LogQualitySeen { from, to, records, groups, failed_shards, ..LogQualitySeen::default() })
}

/// One group's counts; None when one of them is undefined.
fn group(bucket: &Value, dataset: &str, service: Option<String>) -> Option<LogGroup> {
    let of = |name: &str| match &bucket[name]["doc_count"] {
        Value::Null => Some(0),
        count => count.as_u64(),
    };
    Some(LogGroup {
        dataset: dataset.to_owned(),
        service,
        records: bucket["doc_count"].as_u64().unwrap_or(0),
        without_level: of("no_level")?,
        without_trace: of("no_trace")?,
        without_span: of("no_span")?,
        without_service: of("no_service")?,
        level_in_attribute: of("level_attribute")?,
        trace_in_attribute: of("trace_attribute")?,
        span_in_attribute: of("span_attribute")?,
    })
}
