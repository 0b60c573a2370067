//! Elasticsearch on `:9200`: the reads that observers make, answered as a cluster of one node would.

mod cluster;
mod filter_path;
mod nodes;
mod search;
mod stats;

use super::{PodRequest, PodResponse};
use crate::lab::model::Lab;
use crate::lab::model::flow::bulk_indexing::ElasticNode;
use crate::lab::model::flow::data_streams::{DataStream, DataStreams, Index};
use crate::lab::model::setup::elastic_password_of;
use base64::{Engine, prelude::BASE64_STANDARD};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// What a response is made of.
struct Cx<'a> {
    lab: &'a Lab,
    node: &'a ElasticNode,
    streams: &'a DataStreams,
    request: &'a PodRequest,
}

pub fn answer(lab: &Lab, node: &ElasticNode, request: &PodRequest) -> PodResponse {
    let cx = Cx { lab, node, streams: &lab.flow().streams, request };
    if let Some(refused) = refused(&cx) {
        return refused;
    }
    let (status, body) = match node.faults.unavailable {
        true => error(
            503,
            "cluster_block_exception",
            "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered / initialized];",
        ),
        false => routed(&cx),
    };
    let body = match query(&cx, "filter_path") {
        Some(paths) if status == 200 => filter_path::kept(&body, &paths),
        _ => body,
    };
    let mut answer = PodResponse::json(status, &body);
    answer.headers.push(("X-elastic-product".into(), "Elasticsearch".into()));
    answer
}

fn routed(cx: &Cx<'_>) -> (u16, Value) {
    let path = decoded(&cx.request.path);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let post = matches!(cx.request.method.as_str(), "GET" | "POST");
    if cx.request.method != "GET" && !(post && matches!(parts.last(), Some(&"_search" | &"_count"))) {
        let uri = &cx.request.path;
        let message =
            format!("Incorrect HTTP method for uri [{uri}] and method [{}], allowed: [GET]", cx.request.method);
        return (405, json!({"error": message, "status": 405}));
    }
    let user = user(cx.request).0;
    if user != "elastic" && matches!(parts.last(), Some(&"_search" | &"_count")) {
        let reason = format!(
            "action [indices:data/read/search] is unauthorized for user [{user}] with effective roles [remote_monitoring_collector], this action is granted by the index privileges [read,all]"
        );
        return error(403, "security_exception", &reason);
    }
    match parts.as_slice() {
        [] => (200, cluster::root(cx)),
        ["_cluster", "health", ..] => (200, cluster::health(cx)),
        ["_security", "_authenticate"] => (200, json!({"username": user, "enabled": true})),
        ["_nodes", "stats", ..] => (200, nodes::stats(cx)),
        ["_data_stream", "_stats"] => cluster::stream_stats(cx, "*"),
        ["_data_stream", of, "_stats"] => cluster::stream_stats(cx, of),
        ["_data_stream"] => cluster::streams(cx, "*"),
        ["_data_stream", of] => cluster::streams(cx, of),
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

/// 401, without the product header, unless user and password are right.
fn refused(cx: &Cx<'_>) -> Option<PodResponse> {
    let elastic = cx.lab.elastic_password();
    let (user, password) = user(cx.request);
    let right = match user.as_str() {
        "elastic" => password == elastic,
        "elastic-internal-monitoring" => password == elastic_password_of(elastic, "monitoring"),
        "elastic-internal-diagnostics" => password == elastic_password_of(elastic, "diagnostics"),
        _ => false,
    };
    if right {
        return None;
    }
    let path = &cx.request.path;
    let reason = match user.as_str() {
        "" => format!("missing authentication credentials for REST request [{path}]"),
        user => format!("unable to authenticate user [{user}] for REST request [{path}]"),
    };
    let header = json!({"WWW-Authenticate": ["Basic realm=\"security\", charset=\"UTF-8\"", "ApiKey"]});
    let cause = json!({"type": "security_exception", "reason": reason, "header": header});
    let mut error = cause.clone();
    error["root_cause"] = json!([cause]);
    let mut answer = PodResponse::json(401, &json!({"error": error, "status": 401}));
    answer.headers.push(("WWW-Authenticate".into(), "Basic realm=\"security\", charset=\"UTF-8\"".into()));
    Some(answer)
}

/// User and password of basic authentication; both empty without it.
fn user(request: &PodRequest) -> (String, String) {
    let basic = request.header("authorization").and_then(|h| h.strip_prefix("Basic "));
    let bytes = basic.and_then(|text| BASE64_STANDARD.decode(text.trim()).ok());
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
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

/// A query parameter, decoded.
fn query(cx: &Cx<'_>, key: &str) -> Option<String> {
    let all = cx.request.query.split('&').filter_map(|pair| pair.split_once('=').or(Some((pair, ""))));
    all.into_iter().find(|(name, _)| *name == key).map(|(_, value)| decoded(value))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Whether a list such as `traces-*,logs-*` names this stream or index.
fn matches(pattern: &str, name: &str) -> bool {
    pattern.split(',').any(|one| one == "_all" || filter_path::wild(one, name))
}

/// The backing indices that a pattern selects, each with its data stream.
fn chosen<'a>(cx: &'a Cx<'_>, pattern: &str) -> Vec<(&'a str, &'a DataStream, &'a Index)> {
    let of = |(name, stream): (&'a String, &'a DataStream)| {
        let whole = matches(pattern, name);
        let some = stream.indices.iter().filter(move |index| whole || matches(pattern, &index.name));
        some.map(move |index| (name.as_str(), stream, index)).collect::<Vec<_>>()
    };
    cx.streams.all.iter().flat_map(of).collect()
}

/// 404 for a name without wildcards that does not exist.
fn missing(cx: &Cx<'_>, pattern: &str) -> Option<(u16, Value)> {
    let lenient = query(cx, "ignore_unavailable").is_some_and(|v| v == "true" || v.is_empty());
    let plain = pattern.split(',').filter(|one| !one.contains('*') && *one != "_all");
    plain.into_iter().find(|one| chosen(cx, one).is_empty()).filter(|_| !lenient).map(no_index)
}

#[cfg(test)]
mod tests;
