//! Documents as receivers write them, in each mapping, and documents of any other shape.

use chrono::TimeDelta;
use edot_tui::import::{Build, Counted, Found, Kind, Names, Plan, Row, Says, Wanted, row};
use edot_tui::observe::{ElasticsearchSeen, HpaSeen, Observation, TargetRef, Time};
use proptest::prelude::*;
use serde_json::{Value, json};

const AT: i64 = 1_795_950_796_813;

fn read(source: &Value) -> Says {
    row(source).unwrap_or_else(|| panic!("{source} says nothing")).says
}

#[test]
fn a_pod_is_read_in_each_mapping() {
    let names = json!({"k8s.namespace.name": "shop", "k8s.pod.name": "web-1-a", "k8s.pod.uid": "u", "k8s.deployment.name": "web"});
    let otel = json!({"@timestamp": AT, "resource": {"attributes": names},
        "metrics": {"k8s.pod.cpu.usage": 0.25, "k8s.pod.memory.working_set": 1000}});
    let passthrough = json!({"@timestamp": AT.to_string(), "k8s.namespace.name": "shop", "k8s.pod.name": "web-1-a",
        "k8s.pod.uid": "u", "k8s.deployment.name": "web", "k8s.pod.cpu.usage": "0.25", "k8s.pod.memory.working_set": 1000});
    let ecs = json!({"@timestamp": "2026-11-29T11:13:16.813Z", "kubernetes": {"namespace": "shop", "deployment": {"name": "web"},
        "pod": {"name": "web-1-a", "uid": "u", "cpu": {"usage": {"nanocores": 250_000_000}},
            "memory": {"working_set": {"bytes": 1000}}}}});
    for doc in [otel, passthrough, ecs] {
        assert_eq!(row(&doc).map(|row| row.at.timestamp_millis()), Some(AT), "{doc}");
        let Says::Pod(pod) = read(&doc) else { panic!("{doc}") };
        assert_eq!((pod.namespace.as_str(), pod.pod.as_str(), pod.uid.as_str()), ("shop", "web-1-a", "u"));
        assert_eq!((pod.cpu, pod.memory, pod.workload.as_deref()), (Some(0.25), Some(1000.0), Some("Deployment/web")));
    }
}

#[test]
fn a_container_an_hpa_and_a_target_are_read() {
    let container = json!({"@timestamp": AT, "resource": {"attributes": {"k8s.pod.name": "p", "k8s.container.name": "c"}},
        "metrics": {"k8s.container.cpu_request": 0.05, "k8s.container.memory_request": 268_435_456, "k8s.container.ready": 0}});
    let Says::Pod(pod) = read(&container) else { panic!() };
    assert_eq!((pod.container.as_deref(), pod.ready), (Some("c"), Some(false)));
    assert_eq!((pod.requests["cpu"].as_str(), pod.requests["memory"].as_str()), ("50000000n", "268435456"));
    let hpa = json!({"@timestamp": AT, "resource": {"attributes": {"k8s.hpa.name": "h", "k8s.namespace.name": "n",
            "k8s.hpa.scaletargetref.kind": "Deployment", "k8s.hpa.scaletargetref.name": "web"}},
        "metrics": {"k8s.hpa.min_replicas": 1, "k8s.hpa.desired_replicas": 3}});
    let Says::Hpa(hpa) = read(&hpa) else { panic!() };
    assert_eq!((hpa.min, hpa.max, hpa.desired), (Some(1), None, Some(3)));
    assert_eq!(hpa.target.map(|t| t.1).as_deref(), Some("web"));
    let target = json!({"@timestamp": AT, "k8s.statefulset.name": "db", "k8s.statefulset.desired_pods": 2, "k8s.statefulset.ready_pods": 1});
    let Says::Workload(target) = read(&target) else { panic!() };
    assert_eq!((target.kind, target.desired, target.ready), ("StatefulSet", Some(2), Some(1)));
}

#[test]
fn an_event_is_read_from_each_receiver() {
    let object = json!({"metadata": {"uid": "e", "namespace": "n"}, "involvedObject": {"kind": "HorizontalPodAutoscaler", "name": "h"},
        "reason": "SuccessfulRescale", "message": "New size: 4; reason: All metrics below target", "type": "Normal",
        "count": "2", "lastTimestamp": "2026-11-29T11:13:16Z", "firstTimestamp": "", "eventTime": null});
    let new = json!({"metadata": {"uid": "e", "namespace": "n"}, "regarding": {"kind": "HorizontalPodAutoscaler", "name": "h"},
        "reason": "SuccessfulRescale", "note": "New size: 4; reason: All metrics below target", "type": "Normal",
        "deprecatedCount": 2, "deprecatedLastTimestamp": "2026-11-29T11:13:16Z", "reportingController": "hpa"});
    let body = |body: Value| json!({"@timestamp": AT, "body": body});
    let attributes = json!({"k8s.event.reason": "SuccessfulRescale", "k8s.event.count": 2, "k8s.event.uid": "e",
        "k8s.namespace.name": "n"});
    let fields = json!({"@timestamp": "2026-11-29T11:13:16Z", "attributes": attributes, "severity_text": "Normal",
        "body": {"text": "New size: 4; reason: All metrics below target"},
        "resource": {"attributes": {"k8s.object.kind": "HorizontalPodAutoscaler", "k8s.object.name": "h"}}});
    for doc in [
        body(json!({"structured": {"type": "ADDED", "object": object}})),
        body(json!({"flattened": object})),
        body(json!({"text": json!({"type": "MODIFIED", "object": new}).to_string()})),
        body(json!({"structured": {"object": new, "type": "ADDED"}})),
        fields,
    ] {
        let Says::Event(event) = read(&doc) else { panic!("{doc}") };
        assert_eq!(
            (event.reason.as_str(), event.count, event.namespace.as_str()),
            ("SuccessfulRescale", 2, "n"),
            "{doc}"
        );
        assert_eq!((event.object.name.as_str(), event.uid.as_str()), ("h", "e"), "{doc}");
        assert!(event.message.starts_with("New size: 4; "), "{doc}");
        assert_eq!(event.last.map(|at| at.timestamp()), Some(AT / 1000), "{doc}");
    }
    // An event that has expired is none.
    assert_eq!(row(&body(json!({"structured": {"type": "DELETED", "object": object}}))), None);
}

#[test]
fn a_collector_is_read() {
    let doc = json!({"@timestamp": AT, "attributes": {"exporter": "elasticsearch/otel"},
        "resource": {"attributes": {"service.instance.id": "i", "service.name": "edot-gateway", "k8s.pod.name": "p"}},
        "metrics": {"otelcol_exporter_sent_metric_points": 68}});
    let Says::Collector(collector) = read(&doc) else { panic!() };
    assert_eq!((collector.instance.as_str(), collector.pod.as_deref()), ("i", Some("p")));
    assert_eq!(collector.labels["exporter"], "elasticsearch/otel");
    assert_eq!(collector.figures, [("otelcol_exporter_sent_metric_points".to_owned(), 68.0)]);
}

/// A document with fields of an import whose values are odd.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(|n| json!(n)),
        (-5i64..50).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("web-1-a")),
        Just(json!("2026-11-29T11:13:16Z")),
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z.]{1,8}", inner, 0..3).prop_map(|all| json!(all)),
        ]
    });
    let names = prop::sample::select(vec![
        "k8s.pod.name",
        "k8s.pod.uid",
        "k8s.namespace.name",
        "k8s.container.name",
        "k8s.hpa.name",
        "k8s.hpa.desired_replicas",
        "k8s.hpa.current_replicas",
        "k8s.hpa.max_replicas",
        "k8s.pod.cpu.usage",
        "container.cpu.usage",
        "k8s.pod.phase",
        "k8s.container.ready",
        "k8s.container.cpu_request",
        "k8s.pod.start_time",
        "k8s.deployment.name",
        "k8s.deployment.desired",
        "k8s.event.reason",
        "k8s.event.count",
        "body",
        "otelcol_process_uptime",
        "service.instance.id",
        "kubernetes",
    ]);
    let fields = prop::collection::btree_map(names, value, 0..10);
    (fields, 0i64..600_000, any::<bool>()).prop_map(|(mut fields, ms, known)| {
        if known {
            fields.insert("k8s.namespace.name", json!("n"));
            fields.insert("k8s.pod.name", json!("web-1-a"));
        }
        let mut doc = json!(fields);
        doc["@timestamp"] = json!(AT + ms);
        doc
    })
}

fn plan(from: Time) -> Plan {
    let spec = HpaSeen { namespace: "n".into(), name: "h".into(), max_replicas: 4, ..HpaSeen::default() };
    let target = TargetRef { api_version: "apps/v1".into(), kind: "Deployment".into(), name: "web".into() };
    let wanted = Wanted {
        namespace: "n".into(),
        hpa: "h".into(),
        from,
        to: from + TimeDelta::seconds(600),
        spec: Default::default(),
        requests: Default::default(),
        load: Default::default(),
    };
    Plan {
        wanted,
        names: Names::default(),
        target,
        hpa: spec,
        found: Found::default(),
        elastic: ElasticsearchSeen::default(),
        counted: Ok(()),
        context: String::new(),
        notes: Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_documents_give_observations_in_order(docs in prop::collection::vec(document(), 0..40), parts in 1i64..4) {
        let from = Time::from_timestamp_millis(AT / 1000 * 1000).unwrap();
        let mut build = Build::new(plan(from));
        let rows: Vec<Row> = docs.iter().filter_map(row).collect();
        let mut all = Vec::new();
        for part in 0..parts {
            let (after, until) = (from + TimeDelta::seconds(600 * part / parts), from + TimeDelta::seconds(600 * (part + 1) / parts));
            let rows = rows.iter().filter(|row| row.at >= after && row.at < until).cloned().collect();
            let counted = Counted { until, index: "i".into(), documents: u64::MAX };
            all.extend(build.take(rows, vec![counted], until));
        }
        let (rest, _) = build.end();
        all.extend(rest);
        prop_assert!(all.is_sorted_by_key(|seen| seen.at));
        prop_assert_eq!(all.iter().filter(|seen| seen.what == Observation::Tick).count(), 601);
        // What is written can be read, and folded.
        for seen in &all {
            let line = serde_json::to_string(seen).unwrap();
            prop_assert_eq!(&serde_json::from_str::<edot_tui::observe::Stamped>(&line).unwrap(), seen);
        }
        super::agree::session(&all);
    }

    #[test]
    fn any_answer_is_read(answer in document()) {
        let _ = (Found::of(&answer).has(Kind::Hpa), row(&answer));
    }
}
