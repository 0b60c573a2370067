//! Elasticsearch on `:9200`: the reads that observers make, as a single node of the model answers them.

mod about;
mod filter;
mod nodes;
mod search;
mod stats;

use super::Moment;
use crate::lab::model::flow::elastic::Elastic;
use crate::lab::model::flow::streams::{Index, Stream, Streams};
use crate::lab::model::setup::elastic_password_of;
use crate::lab::model::{Answer, Ask};
use serde_json::{Value, json};

/// What an answer is made of.
struct Cx<'a> {
    elastic: &'a Elastic,
    streams: &'a Streams,
    moment: &'a Moment<'a>,
    ask: &'a Ask,
}

pub fn answer(elastic: &Elastic, streams: &Streams, moment: &Moment<'_>, ask: &Ask) -> Answer {
    let cx = Cx { elastic, streams, moment, ask };
    if let Some(refused) = refused(&cx) {
        return refused;
    }
    let (status, body) = match elastic.trouble.unavailable {
        true => error(
            503,
            "cluster_block_exception",
            "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered / initialized];",
        ),
        false => routed(&cx),
    };
    let body = match query(&cx, "filter_path") {
        Some(paths) if status == 200 => filter::kept(&body, &paths),
        _ => body,
    };
    let mut answer = Answer::json(status, &body);
    answer.headers.push(("X-elastic-product".into(), "Elasticsearch".into()));
    answer
}

fn routed(cx: &Cx<'_>) -> (u16, Value) {
    let path = decoded(&cx.ask.path);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let post = matches!(cx.ask.method.as_str(), "GET" | "POST");
    if cx.ask.method != "GET" && !(post && matches!(parts.last(), Some(&"_search" | &"_count"))) {
        let uri = &cx.ask.path;
        let said = format!("Incorrect HTTP method for uri [{uri}] and method [{}], allowed: [GET]", cx.ask.method);
        return (405, json!({"error": said, "status": 405}));
    }
    match parts.as_slice() {
        [] => (200, about::root(cx)),
        ["_cluster", "health", ..] => (200, about::health(cx)),
        ["_security", "_authenticate"] => (200, json!({"username": user(cx.ask).0, "enabled": true})),
        ["_nodes", "stats", ..] => (200, nodes::stats(cx)),
        ["_data_stream", "_stats"] => about::stream_stats(cx, "*"),
        ["_data_stream", of, "_stats"] => about::stream_stats(cx, of),
        ["_data_stream"] => about::streams(cx, "*"),
        ["_data_stream", of] => about::streams(cx, of),
        ["_cat", "indices"] => (200, stats::cat(cx, "*")),
        ["_cat", "indices", of] => (200, stats::cat(cx, of)),
        ["_stats", ..] => stats::stats(cx, "*"),
        [of, "_stats", ..] => stats::stats(cx, of),
        ["_search"] => search::search(cx, "*", false),
        [of, "_search"] => search::search(cx, of, false),
        ["_count"] => search::search(cx, "*", true),
        [of, "_count"] => search::search(cx, of, true),
        [named, ..] => no_index(named),
    }
}

/// 401, without the product's header, for whoever does not say the right password.
fn refused(cx: &Cx<'_>) -> Option<Answer> {
    let elastic = cx.moment.password;
    let (user, password) = user(cx.ask);
    let right = match user.as_str() {
        "elastic" => password == elastic,
        "elastic-internal-monitoring" => password == elastic_password_of(elastic, "monitoring"),
        "elastic-internal-diagnostics" => password == elastic_password_of(elastic, "diagnostics"),
        _ => false,
    };
    if right {
        return None;
    }
    let path = &cx.ask.path;
    let reason = match user.as_str() {
        "" => format!("missing authentication credentials for REST request [{path}]"),
        user => format!("unable to authenticate user [{user}] for REST request [{path}]"),
    };
    let header = json!({"WWW-Authenticate": ["Basic realm=\"security\", charset=\"UTF-8\"", "ApiKey"]});
    let cause = json!({"type": "security_exception", "reason": reason, "header": header});
    let mut error = cause.clone();
    error["root_cause"] = json!([cause]);
    let mut answer = Answer::json(401, &json!({"error": error, "status": 401}));
    answer.headers.push(("WWW-Authenticate".into(), "Basic realm=\"security\", charset=\"UTF-8\"".into()));
    Some(answer)
}

/// User and password of basic authentication; both empty when there is none.
fn user(ask: &Ask) -> (String, String) {
    let basic = ask.header("authorization").and_then(|h| h.strip_prefix("Basic "));
    let bytes = basic.and_then(|text| serde_json::from_value::<k8s_openapi::ByteString>(json!(text.trim())).ok());
    let text = bytes.and_then(|bytes| String::from_utf8(bytes.0).ok()).unwrap_or_default();
    text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned())).unwrap_or_default()
}

fn error(status: u16, kind: &str, reason: &str) -> (u16, Value) {
    let cause = json!({"type": kind, "reason": reason});
    let mut error = cause.clone();
    error["root_cause"] = json!([cause]);
    (status, json!({"error": error, "status": status}))
}

fn no_index(named: &str) -> (u16, Value) {
    let mut cause = json!({
        "type": "index_not_found_exception", "reason": format!("no such index [{named}]"),
        "resource.type": "index_or_alias", "resource.id": named, "index_uuid": "_na_", "index": named,
    });
    let root = json!([cause.clone()]);
    cause["root_cause"] = root;
    (404, json!({"error": cause, "status": 404}))
}

/// A parameter of the query, decoded.
fn query(cx: &Cx<'_>, key: &str) -> Option<String> {
    let all = cx.ask.query.split('&').filter_map(|pair| pair.split_once('=').or(Some((pair, ""))));
    all.into_iter().find(|(name, _)| *name == key).map(|(_, value)| decoded(value))
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3).filter(|_| *byte == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Whether a name is among a list such as `traces-*,logs-*`.
fn matches(pattern: &str, name: &str) -> bool {
    pattern.split(',').any(|one| one == "_all" || filter::wild(one, name))
}

/// The streams and backing indices that a pattern names.
fn chosen<'a>(cx: &'a Cx<'_>, pattern: &str) -> Vec<(&'a str, &'a Stream, &'a Index)> {
    let of = |(name, stream): (&'a String, &'a Stream)| {
        let whole = matches(pattern, name);
        let some = stream.indices.iter().filter(move |index| whole || matches(pattern, &index.name));
        some.map(move |index| (name.as_str(), stream, index)).collect::<Vec<_>>()
    };
    cx.streams.all.iter().flat_map(of).collect()
}

/// A name without wildcards that is not there.
fn missing(cx: &Cx<'_>, pattern: &str) -> Option<(u16, Value)> {
    let lenient = query(cx, "ignore_unavailable").is_some_and(|v| v == "true" || v.is_empty());
    let plain = pattern.split(',').filter(|one| !one.contains('*') && *one != "_all");
    plain.into_iter().find(|one| chosen(cx, one).is_empty()).filter(|_| !lenient).map(no_index)
}

#[cfg(test)]
mod tests;
