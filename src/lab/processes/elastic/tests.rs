//! Responses have the shape of a real node's, and the model's figures.

use super::*;
use crate::lab::processes;
use crate::lab::scenario::Scenario;

fn lab() -> Lab {
    let scenario = Scenario::shipped("guide").unwrap();
    Lab::new(&scenario, 3, "2026-11-24T12:00:00Z".parse().unwrap())
}

fn password(lab: &Lab) -> String {
    let secret = lab.store.get("secrets", "observability-lab", "elasticsearch-es-elastic-user").unwrap();
    String::from_utf8(BASE64_STANDARD.decode(secret["data"]["elastic"].as_str().unwrap()).unwrap()).unwrap()
}

fn ask(lab: &mut Lab, method: &str, path: &str, body: &str) -> (u16, Value, PodResponse) {
    let password = password(lab);
    ask_as(lab, &format!("elastic:{password}"), method, path, body)
}

fn ask_as(lab: &mut Lab, user: &str, method: &str, path: &str, body: &str) -> (u16, Value, PodResponse) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let basic = BASE64_STANDARD.encode(user);
    let request = PodRequest {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        headers: vec![("authorization".into(), format!("Basic {basic}"))],
        body: body.as_bytes().to_vec(),
    };
    let answer = processes::ask(lab, "observability-lab", "elasticsearch-es-default-0", 9200, &request).unwrap();
    (answer.status, serde_json::from_slice(&answer.body).unwrap(), answer)
}

/// Every key of our response is in the real one, with a value of the same type.
fn like(real: &Value, ours: &Value, at: &str) {
    match (real, ours) {
        (Value::Object(real), Value::Object(ours)) => {
            for (key, value) in ours {
                let place = format!("{at}.{key}");
                let named = ["indices", "nodes", "shards", "collectors", "thread_pool", "write_coordination"];
                let of = match real.get(key) {
                    Some(of) => Some(of),
                    // The names of indices, nodes and pools differ.
                    None if named.iter().any(|n| at.ends_with(n)) => real.values().next(),
                    None => panic!("the real response has no {place}"),
                };
                like(of.unwrap(), value, &place);
            }
        }
        (Value::Array(real), Value::Array(ours)) => {
            if let (Some(real), Some(ours)) = (real.first(), ours.first()) {
                like(real, ours, at);
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (a, b) => assert_eq!(std::mem::discriminant(a), std::mem::discriminant(b), "{at}: {a} and {b}"),
    }
}

#[test]
fn responses_have_the_keys_and_types_of_real_ones() {
    let mut lab = lab();
    let files = [
        ("/", include_str!("../../../../tests/data/elasticsearch/root.json")),
        ("/_cluster/health", include_str!("../../../../tests/data/elasticsearch/cluster-health.json")),
        ("/_data_stream/logs-*/_stats", include_str!("../../../../tests/data/elasticsearch/data_stream-stats.json")),
        (
            "/traces-*,metrics-*,logs-*/_stats/indexing,docs,store,bulk?level=shards",
            include_str!("../../../../tests/data/elasticsearch/stats-shards-after.json"),
        ),
        (
            "/_nodes/stats/thread_pool,indexing_pressure,breaker,jvm,os,process,fs",
            include_str!("../../../../tests/data/elasticsearch/nodes-stats.json"),
        ),
    ];
    for (path, real) in files {
        let (status, ours, answer) = ask(&mut lab, "GET", path, "");
        assert_eq!(status, 200, "{path}: {ours}");
        like(&serde_json::from_str(real).unwrap(), &ours, path);
        assert!(answer.headers.iter().any(|(name, _)| name == "X-elastic-product"));
    }
}

#[test]
fn counters_and_searches_agree_on_the_documents() {
    let mut lab = lab();
    let (_, stats, _) = ask(&mut lab, "GET", "/logs-generic*/_stats?level=shards", "");
    let shard = &stats["indices"].as_object().unwrap().values().next().unwrap()["shards"]["0"][0];
    let documents = shard["seq_no"]["max_seq_no"].as_u64().unwrap() + 1;
    let (_, count, _) = ask(&mut lab, "GET", "/logs-generic*/_count", "");
    assert_eq!(count["count"].as_u64().unwrap(), documents);
    assert!(documents > 100);
    let query = r#"{"query":{"bool":{"filter":[{"range":{"@timestamp":{"gte":"now-10m","lt":"now"}}}],"must_not":[{"exists":{"field":"event_name"}}]}},
      "aggs":{"ds":{"terms":{"field":"data_stream.dataset"},"aggs":{"no_trace":{"filter":{"bool":{"must_not":[{"exists":{"field":"trace.id"}}]}}}}}}}"#;
    let (status, found, _) =
        ask(&mut lab, "POST", "/logs-generic*/_search?size=0&filter_path=hits.total,aggregations", query);
    assert_eq!(status, 200, "{found}");
    let bucket = &found["aggregations"]["ds"]["buckets"][0];
    assert_eq!(bucket["key"], "generic.otel");
    assert_eq!(bucket["doc_count"], found["hits"]["total"]["value"]);
    let lacking = bucket["no_trace"]["doc_count"].as_f64().unwrap() / bucket["doc_count"].as_f64().unwrap();
    assert!((0.01..0.3).contains(&lacking), "{lacking}");
}

#[test]
fn the_monitoring_user_reads_figures_and_no_documents() {
    let mut lab = lab();
    let user = format!("elastic-internal-monitoring:{}", elastic_password_of(lab.elastic_password(), "monitoring"));
    assert_eq!(ask_as(&mut lab, &user, "GET", "/logs-*/_stats", "").0, 200);
    let (status, answer, _) = ask_as(&mut lab, &user, "GET", "/logs-*/_count", "");
    assert_eq!((status, &answer["error"]["type"]), (403, &json!("security_exception")));
}

#[test]
fn wrong_requests_are_refused_as_by_a_real_node() {
    let mut lab = lab();
    assert_eq!(ask(&mut lab, "GET", "/no-such-index/_stats", "").0, 404);
    assert_eq!(ask(&mut lab, "GET", "/no-such-*/_stats", "").1["indices"], json!({}));
    assert_eq!(ask(&mut lab, "POST", "/_cluster/health", "").0, 405);
    assert_eq!(ask(&mut lab, "POST", "/logs-*/_search", r#"{"query":{"nope":{}}}"#).0, 400);
    assert_eq!(ask(&mut lab, "POST", "/logs-*/_search", "{").0, 400);
    let none = PodRequest { method: "GET".into(), path: "/".into(), ..PodRequest::default() };
    let answer = processes::ask(&mut lab, "observability-lab", "elasticsearch-es-default-0", 9200, &none).unwrap();
    assert_eq!(answer.status, 401);
    assert!(answer.headers.iter().all(|(name, _)| name != "X-elastic-product"));
}
