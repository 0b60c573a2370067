//! `_search` and `_count` without hits: queries and aggregations over which fields the indexed documents have. Documents
//! with the same fields are one group with a count.

use super::{Cx, chosen, error, missing, query};
use crate::lab::model::Time;
use crate::lab::model::flow::items::ItemKind;
use crate::lab::model::flow::log_classes::{LevelLocation, LogClass};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Documents with the same fields and values; a field whose value is not modelled is empty.
struct DocumentGroup {
    fields: BTreeMap<&'static str, String>,
    count: u64,
}

/// The HTTP status and body of a query that is refused.
type SearchError = (u16, Value);

pub fn search(cx: &Cx<'_>, pattern: &str, count_only: bool) -> (u16, Value) {
    if let Some(missing) = missing(cx, pattern) {
        return missing;
    }
    let body = match cx.request.body.is_empty() {
        true => json!({}),
        false => match serde_json::from_slice::<Value>(&cx.request.body) {
            Ok(body) => body,
            Err(e) => return error(400, "json_parse_exception", &e.to_string()),
        },
    };
    let shards = chosen(cx, pattern).len();
    match answered(cx, pattern, &body) {
        Err(error) => error,
        Ok((count, aggregations)) => {
            let shards = json!({"total": shards, "successful": shards, "skipped": 0, "failed": 0});
            if count_only {
                return (200, json!({"count": count, "_shards": shards}));
            }
            let mut out = json!({
                "took": 4, "timed_out": false, "_shards": shards,
                "hits": {"total": {"value": count, "relation": "eq"}, "max_score": null, "hits": []},
            });
            let typed = query(cx, "typed_keys").is_some();
            if aggregations.as_object().is_some_and(|all| !all.is_empty()) && !typed {
                out["aggregations"] = aggregations;
            }
            (200, out)
        }
    }
}

fn answered(cx: &Cx<'_>, pattern: &str, body: &Value) -> Result<(u64, Value), SearchError> {
    let (mut from, mut to) = (i64::MIN / 4, i64::MAX / 4);
    narrow(cx, &body["query"], &mut from, &mut to);
    let mut rows = Vec::new();
    for row in groups_of(cx, pattern, from, to) {
        if body["query"].is_null() || holds(&body["query"], &row)? {
            rows.push(row);
        }
    }
    let refs: Vec<&DocumentGroup> = rows.iter().collect();
    let all = body.get("aggs").or_else(|| body.get("aggregations"));
    let aggregations = all.map_or(Ok(json!({})), |all| aggregate(all, &refs))?;
    Ok((sum(&refs), aggregations))
}

fn sum(rows: &[&DocumentGroup]) -> u64 {
    rows.iter().map(|row| row.count).sum()
}

/// The documents indexed from one time to another (ms since the lab's start).
fn groups_of(cx: &Cx<'_>, pattern: &str, from: i64, to: i64) -> Vec<DocumentGroup> {
    let mut rows = Vec::new();
    for (name, stream, index) in chosen(cx, pattern) {
        let mut parts = name.splitn(2, '-');
        let kind = parts.next().unwrap_or_default().to_owned();
        let (dataset, namespace) = parts.next().and_then(|rest| rest.rsplit_once('-')).unwrap_or_default();
        let base = BTreeMap::from([
            ("_index", index.name.clone()),
            ("data_stream.type", kind),
            ("data_stream.dataset", dataset.to_owned()),
            ("data_stream.namespace", namespace.to_owned()),
            ("@timestamp", String::new()),
        ]);
        let newest = stream.indices.last().is_some_and(|last| last.name == index.name);
        if name == ItemKind::Log.stream() {
            // Log classes are counted for the stream, not for its indices.
            if newest {
                let classes = cx.streams.logs.between(from, to);
                rows.extend(classes.into_iter().filter(|(_, n)| *n > 0).map(|(class, n)| of_class(&base, &class, n)));
            }
            continue;
        }
        let within = stream.latest.is_some_and(|at| cx.lab.ms_of(at) >= from);
        if within && index.visible > 0 {
            rows.push(DocumentGroup { fields: base, count: index.visible });
        }
    }
    rows
}

fn of_class(base: &BTreeMap<&'static str, String>, class: &LogClass, count: u64) -> DocumentGroup {
    let mut fields = base.clone();
    fields.insert("body.text", String::new());
    fields.insert("message", String::new());
    fields.insert("observed_timestamp", String::new());
    let level = class.level_text.to_owned();
    match class.level {
        LevelLocation::Field => {
            ["severity_text", "log.level"].into_iter().for_each(|f| drop(fields.insert(f, level.clone())))
        }
        LevelLocation::Attribute => drop(fields.insert("attributes.log.level", level)),
        LevelLocation::Nowhere => {}
    }
    if class.trace {
        let all = ["trace_id", "trace.id", "span_id", "span.id"];
        all.into_iter().for_each(|f| drop(fields.insert(f, String::new())));
    }
    if let Some(service) = class.service {
        let all = ["service.name", "resource.attributes.service.name"];
        all.into_iter().for_each(|f| drop(fields.insert(f, service.to_owned())));
    }
    DocumentGroup { fields, count }
}

/// Narrow `from` and `to` by the ranges of `@timestamp` anywhere in a query.
fn narrow(cx: &Cx<'_>, query: &Value, from: &mut i64, to: &mut i64) {
    match query {
        Value::Object(all) => {
            if let Some(range) = all.get("range").and_then(|r| r.get("@timestamp")) {
                let at = |key: &str| range.get(key).and_then(|value| time_ms(cx, value));
                *from = at("gte").or_else(|| at("gt")).map_or(*from, |ms| (*from).max(ms));
                *to = at("lt").or_else(|| at("lte").map(|ms| ms + 1)).map_or(*to, |ms| (*to).min(ms));
            }
            all.iter().filter(|(key, _)| *key != "must_not").for_each(|(_, inner)| narrow(cx, inner, from, to));
        }
        Value::Array(all) => all.iter().for_each(|inner| narrow(cx, inner, from, to)),
        _ => {}
    }
}

/// A time as Elasticsearch reads it (RFC 3339, milliseconds since 1970, `now`, `now-5m`), in ms since the lab's start.
fn time_ms(cx: &Cx<'_>, value: &Value) -> Option<i64> {
    if let Some(ms) = value.as_i64() {
        return chrono::DateTime::from_timestamp_millis(ms).map(|at| cx.lab.ms_of(at));
    }
    let text = value.as_str()?;
    if let Some(rest) = text.strip_prefix("now") {
        let back = match rest.strip_prefix('-') {
            Some(length) => i64::try_from(humantime::parse_duration(length).ok()?.as_millis()).ok()?,
            None => 0,
        };
        return Some(cx.lab.elapsed_ms() - back);
    }
    text.parse::<Time>().ok().map(|at| cx.lab.ms_of(at))
}

fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(all) => all.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

fn holds(query: &Value, row: &DocumentGroup) -> Result<bool, SearchError> {
    let Some((kind, of)) = query.as_object().and_then(|all| all.iter().next()) else { return Ok(true) };
    let all = |key: &str| each(&of[key]).into_iter().map(|q| holds(q, row)).collect::<Result<Vec<bool>, SearchError>>();
    Ok(match kind.as_str() {
        "match_all" => true,
        "bool" => {
            let should = all("should")?;
            let musts = all("filter")?.into_iter().chain(all("must")?).all(|h| h);
            musts && !all("must_not")?.into_iter().any(|h| h) && (should.is_empty() || should.contains(&true))
        }
        "exists" => row.fields.contains_key(of["field"].as_str().unwrap_or_default()),
        "range" => of.as_object().into_iter().flatten().all(|(field, _)| row.fields.contains_key(field.as_str())),
        "term" | "terms" | "match" => of.as_object().into_iter().flatten().all(|(field, wanted)| {
            let wanted = wanted.get("value").or_else(|| wanted.get("query")).unwrap_or(wanted);
            let there = row.fields.get(field.as_str());
            each(wanted).into_iter().any(|w| there.is_some_and(|t| w.as_str() == Some(t)))
        }),
        other => return Err(error(400, "parsing_exception", &format!("unknown query [{other}]"))),
    })
}

fn aggregate(all: &Value, rows: &[&DocumentGroup]) -> Result<Value, SearchError> {
    let mut out = Map::new();
    for (name, of) in all.as_object().into_iter().flatten() {
        let inner = of.get("aggs").or_else(|| of.get("aggregations"));
        let bucket = |rows: &[&DocumentGroup]| -> Result<Value, SearchError> {
            let mut bucket = json!({"doc_count": sum(rows)});
            if let (Some(inner), Some(bucket)) = (inner, bucket.as_object_mut())
                && let Value::Object(more) = aggregate(inner, rows)?
            {
                bucket.extend(more);
            }
            Ok(bucket)
        };
        let those = |query: &Value| -> Result<Vec<&DocumentGroup>, SearchError> {
            let mut kept = Vec::new();
            for row in rows {
                if holds(query, row)? {
                    kept.push(*row);
                }
            }
            Ok(kept)
        };
        let kind = of.as_object().into_iter().flatten().map(|(kind, _)| kind.as_str()).find(|k| !k.starts_with("agg"));
        let value = match kind {
            Some("filter") => bucket(&those(&of["filter"])?)?,
            Some("filters") => {
                let mut buckets = Map::new();
                for (key, query) in of["filters"]["filters"].as_object().into_iter().flatten() {
                    buckets.insert(key.clone(), bucket(&those(query)?)?);
                }
                json!({"buckets": buckets})
            }
            Some("missing") => {
                let field = of["missing"]["field"].as_str().unwrap_or_default();
                let kept: Vec<&DocumentGroup> =
                    rows.iter().filter(|row| !row.fields.contains_key(field)).copied().collect();
                bucket(&kept)?
            }
            Some("value_count") => {
                let field = of["value_count"]["field"].as_str().unwrap_or_default();
                let kept: Vec<&DocumentGroup> =
                    rows.iter().filter(|row| row.fields.contains_key(field)).copied().collect();
                json!({"value": sum(&kept)})
            }
            Some("terms") => terms(&of["terms"], rows, &bucket)?,
            other => {
                let named = other.unwrap_or_default();
                return Err(error(400, "parsing_exception", &format!("Unknown aggregation type [{named}]")));
            }
        };
        out.insert(name.clone(), value);
    }
    Ok(Value::Object(out))
}

/// The most frequent values of a field, with a bucket for each.
fn terms(
    of: &Value,
    rows: &[&DocumentGroup],
    bucket: &dyn Fn(&[&DocumentGroup]) -> Result<Value, SearchError>,
) -> Result<Value, SearchError> {
    let field = of["field"].as_str().unwrap_or_default();
    let mut groups: BTreeMap<&str, Vec<&DocumentGroup>> = BTreeMap::new();
    for row in rows {
        if let Some(value) = row.fields.get(field) {
            groups.entry(value).or_default().push(row);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, rows)| std::cmp::Reverse(sum(rows)));
    let size = usize::try_from(of["size"].as_u64().unwrap_or(10)).unwrap_or(10);
    let rest: u64 = groups.iter().skip(size).map(|(_, rows)| sum(rows)).sum();
    let mut buckets = Vec::new();
    for (key, rows) in groups.iter().take(size) {
        let mut one = bucket(rows)?;
        one["key"] = json!(key);
        buckets.push(one);
    }
    Ok(json!({"doc_count_error_upper_bound": 0, "sum_other_doc_count": rest, "buckets": buckets}))
}
