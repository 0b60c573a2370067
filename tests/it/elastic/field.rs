//! Responses as people met them in the field: undefined figures, other distributions.

use super::feed::{both, healthy};
use crate::it::support::fake_api::{Reply, Request};
use edot_tui::observe::{ElasticNodesSeen, Observation, Stamped, Time};
use edot_tui::session::Session;
use edot_tui::session::ingest::RejectionCause;
use edot_tui::source::live::elastic::convert;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The observation of a response, as JSON; the response must be accepted.
type Convert = fn(&[u8]) -> Value;

fn counters(body: &[u8]) -> Value {
    serde_json::to_value(convert::counters(body).unwrap()).unwrap()
}

fn counts(body: &[u8]) -> Value {
    serde_json::to_value(convert::counts(body).unwrap()).unwrap()
}

fn nodes(body: &[u8]) -> Value {
    serde_json::to_value(convert::nodes(body).unwrap()).unwrap()
}

fn health(body: &[u8]) -> Value {
    serde_json::to_value(convert::health(body).unwrap()).unwrap()
}

/// Every leaf by its JSON pointer.
fn leaves(of: &Value, at: &str, all: &mut BTreeMap<String, Value>) {
    match of {
        Value::Object(map) => {
            for (key, value) in map {
                leaves(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| leaves(v, &format!("{at}/{i}"), all)),
        leaf => _ = all.insert(at.to_owned(), leaf.clone()),
    }
}

fn leaves_of(of: &Value) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    leaves(of, "", &mut all);
    all
}

#[test]
fn an_undefined_figure_is_unknown_and_the_rest_is_used() {
    let count = r#"{"_shards": {"failed": 0}, "aggregations": {"indices": {"buckets": [
        {"key": "logs-a", "doc_count": 5}, {"key": "logs-b", "doc_count": 7}]}}}"#;
    let responses: [(&str, &str, Convert); 6] = [
        ("_stats", include_str!("../../data/elastic/stats-shards-after-rollover.json"), counters),
        ("_nodes/stats", include_str!("../../data/elastic/nodes-stats.json"), nodes),
        ("_nodes/stats, rejecting", include_str!("../../data/elastic/nodes-stats-rejected.json"), nodes),
        ("_nodes/stats of the field", NODES, nodes),
        ("_cluster/health", include_str!("../../data/elastic/cluster-health.json"), health),
        ("_search", count, counts),
    ];
    for (api, text, convert) in responses {
        let healthy: Value = serde_json::from_str(text).unwrap();
        let expected = leaves_of(&convert(text.as_bytes()));
        let mut unknown = 0;
        for (pointer, _) in leaves_of(&healthy).into_iter().filter(|(_, leaf)| leaf.is_number()) {
            // -1 is a figure there: nothing was written yet.
            let undefined = if pointer.ends_with("max_seq_no") { json!(-2) } else { json!(-1) };
            for undefined in [undefined, json!(i64::MIN), json!(-0.5), json!("NaN"), Value::Null] {
                let mut response = healthy.clone();
                *response.pointer_mut(&pointer).unwrap() = undefined.clone();
                let seen = leaves_of(&convert(response.to_string().as_bytes()));
                let changed: Vec<&String> = expected.keys().filter(|k| seen.get(*k) != expected.get(*k)).collect();
                let gone = |k: &&String| seen.get(*k).is_none_or(Value::is_null);
                // A shard without its counter is left out as a whole, which moves those after it.
                let shard = pointer.ends_with("max_seq_no") && changed.iter().all(|k| k.contains("/shards/"));
                assert!(
                    shard || (changed.len() <= 1 && changed.iter().all(gone)),
                    "{api} {pointer} {undefined}: {changed:?}"
                );
                unknown += changed.len();
            }
        }
        assert!(unknown > 0, "{api}: some figure is read");
    }
}

const NODES: &str = r#"{"_nodes": {"failed": 0}, "nodes": {"N1": {"name": "n1",
    "thread_pool": {"write": {"threads": 4, "active": 1, "queue": 0, "rejected": 0}},
    "indexing_pressure": {"memory": {"limit_in_bytes": 107374182, "current": {"all_in_bytes": 1000},
        "total": {"coordinating_rejections": 0, "primary_rejections": 0, "replica_rejections": 0}}},
    "breakers": {"parent": {"limit_size_in_bytes": 1020054732, "estimated_size_in_bytes": 500000000, "tripped": 0}},
    "jvm": {"uptime_in_millis": 100000, "mem": {"heap_used_percent": 51},
        "gc": {"collectors": {"young": {"collection_time_in_millis": 12}, "old": {"collection_time_in_millis": -1}}}},
    "os": {"cpu": {"percent": 12}, "cgroup": {"cpu": {"stat": {"time_throttled_nanos": 0}}}},
    "fs": {"total": {"total_in_bytes": 100000000, "available_in_bytes": 60000000}}}}}"#;

#[test]
fn what_an_answer_has_beyond_the_bounds_is_counted() {
    let mut response: Value = serde_json::from_str(NODES).unwrap();
    let mut node = response["nodes"]["N1"].take();
    let breaker = node["breakers"]["parent"].clone();
    for n in 0..70 {
        node["breakers"][format!("b{n}")] = breaker.clone();
    }
    response["nodes"] = (0..503).map(|n| (format!("n{n:03}"), node.clone())).collect();
    let seen = convert::nodes(response.to_string().as_bytes()).unwrap();
    assert_eq!((seen.nodes.len(), seen.left_out, seen.breakers_left_out), (500, 3, 500 * 7));
    let other = br#"{"aggregations": {"indices": {"sum_other_doc_count": 99, "buckets": [{"key": "logs-a", "doc_count": 5}]}}}"#;
    assert_eq!(convert::counts(other).unwrap().left_out, 99);
    let failures: Vec<Value> = (0..3000).map(|n| json!({"index": format!("logs-{n}-default")})).collect();
    let stats = json!({"_shards": {"failed": 3000, "failures": failures}}).to_string();
    assert_eq!(convert::counters(stats.as_bytes()).unwrap().failed.len(), 3000);
}

#[test]
fn a_negative_gc_time_leaves_the_node_readable() {
    let seen = convert::nodes(NODES.as_bytes()).unwrap();
    let node = &seen.nodes[0];
    assert_eq!((node.gc_ms, node.heap_percent, node.disk_bytes), (None, Some(51.0), Some(100_000_000)));
}

/// The field's node after `second` seconds, with its write pool's rejections.
fn rejecting(second: i64, rejected: i64) -> Stamped {
    let mut response: Value = serde_json::from_str(NODES).unwrap();
    response["nodes"]["N1"]["thread_pool"]["write"]["rejected"] = json!(rejected);
    response["nodes"]["N1"]["jvm"]["uptime_in_millis"] = json!(100_000 + second * 1000);
    let seen: ElasticNodesSeen = convert::nodes(response.to_string().as_bytes()).unwrap();
    Stamped {
        at: Time::from_timestamp(1_795_000_000 + second, 0).unwrap(),
        what: Observation::ElasticNodes(Box::new(seen)),
    }
}

#[test]
fn an_undefined_counter_in_between_neither_hides_nor_invents_rejections() {
    for (counts, expected) in [
        ([5000, -1, 5000, 5000], None),
        ([5000, -1, 5006, 5006], Some(6)),
        ([5000, 5002, -1, 5006], Some(6)),
        ([-1, 5000, 5006, -1], Some(6)),
        ([-1, -1, -1, -1], None),
    ] {
        let mut session = Session::default();
        for (second, count) in (0..).step_by(10).zip(counts) {
            session.apply(&rejecting(second, count));
        }
        assert_eq!(session.ingest.pressure.rejected.get(&RejectionCause::WritePool).copied(), expected, "{counts:?}");
    }
}

#[tokio::test]
async fn opensearch_is_named_as_what_it_is() {
    const NAMED: &str = r#"{"name": "os-1", "cluster_name": "opensearch-cluster", "cluster_uuid": "u",
        "version": {"distribution": "opensearch", "number": "2.17.1", "build_type": "tar"}}"#;
    // Set to give a version that clients of Elasticsearch accept.
    const DISGUISED: &str = r#"{"name": "os-1", "cluster_name": "opensearch-cluster", "cluster_uuid": "u",
        "version": {"number": "7.10.2", "build_type": "tar"}, "tagline": "The OpenSearch Project: https://opensearch.org/"}"#;
    for (root, version) in [(NAMED, "2.17.1"), (DISGUISED, "7.10.2")] {
        let script = move |r: &Request| match r.path.as_str() {
            "/" => Reply::Whole(200, "application/json", root.as_bytes().to_vec()),
            _ => healthy(r),
        };
        let (_api, mut seen) = both(script).await;
        let about =
            seen.next("cluster", |o| if let Observation::Elastic(e) = o { Some(e.clone()) } else { None }).await;
        assert_eq!((about.product(), &*about.version, &*about.distribution), ("OpenSearch", version, "opensearch"));
        assert!(about.notes.iter().any(|n| n.starts_with("this is OpenSearch: ")), "{:?}", about.notes);
    }
}

#[tokio::test]
async fn elasticsearch_is_named_without_a_note() {
    let (_api, mut seen) = both(healthy).await;
    let about = seen.next("cluster", |o| if let Observation::Elastic(e) = o { Some(e.clone()) } else { None }).await;
    assert_eq!((about.product(), about.notes.len()), ("Elasticsearch", 0));
}
