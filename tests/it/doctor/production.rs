//! The guidance for production: on a system with all the faults of the guide's public lab, on ours, and on others that are as
//! advised in their own way.

use edot_tui::doctor::check::{Check, Outcome};
use edot_tui::doctor::production::{checks, setup};
use edot_tui::guidance::{Collector, HARMS, Judged, harms, judge, rule, rules};
use edot_tui::observe::Role;
use edot_tui::stack::choice::{Choice, metrics_server};
use serde_json::{Value, json};

const PUBLIC_LAB: &str = include_str!("../../data/guidance/public-lab.yaml");

fn examined(objects: &[Value]) -> Vec<Check> {
    checks(&setup(objects, "observability-lab", "demo-app", "edot-gateway-hpa"))
}

fn ids(checks: &[Check], result: Outcome) -> Vec<&str> {
    checks.iter().filter(|check| check.result == result).map(|check| check.id).collect()
}

#[test]
fn every_fault_of_the_public_lab_has_a_check_that_says_so() {
    let objects: Vec<Value> = serde_saphyr::from_multiple(PUBLIC_LAB).unwrap();
    let checks = examined(&objects);
    let of = |id: &str| checks.iter().find(|check| check.id == id).unwrap_or_else(|| panic!("{id}"));
    for (id, seen) in [
        ("resources", "DaemonSet edot-agent: no cpu in requests"),
        ("readiness", "Deployment edot-gateway: Ready as soon as it runs"),
        ("memory-bounded", "Deployment edot-cluster: neither in pipeline"),
        ("limiter-place", "after k8sattributes, resourcedetection"),
        ("limiter-place", "memory_limiter at 1024 Mi, the container at 1024 Mi"),
        ("bounded-queue", "elasticsearch/otel has no sending_queue of its own"),
        ("retry", "elasticsearch/otel has no retry of its own"),
        ("persistent-queue", "the queue of otlp is in memory"),
        ("otlp-logs-refused", "not for logs"),
        ("container-logs-unparsed", "filelog has no operator container"),
        ("own-logs-read", "filelog excludes no collector"),
        ("log-level-lost", "only the attribute log.level"),
        ("gateway-replicas", "minReplicas 1"),
        ("gateway-budget", "none for Deployment edot-gateway"),
        ("gateway-balancing", "DaemonSet edot-agent's otlp keeps one connection to the Service edot-gateway"),
        ("message-size", "sends batches of any size"),
        ("node-local-agents", "the Service edot-agent leads to agents on any node"),
        (
            "cluster-rights",
            "may not watch horizontalpodautoscalers; Deployment edot-cluster may not watch replicationcontrollers",
        ),
        ("environments", "lab, staging"),
        ("elasticsearch-nodes", "quickstart has 1"),
        ("elasticsearch-storage", "quickstart has the default of 1Gi"),
        ("application-probes", "none in backend"),
        ("metrics-server", "no --metric-resolution"),
        ("metrics-server", "--kubelet-insecure-tls is there 2 times"),
        ("load-thresholds", "every run passes"),
    ] {
        let check = of(id);
        assert_eq!(check.result, Outcome::Warn, "{check:?}");
        assert!(check.detail.contains(seen), "{id}: {}", check.detail);
        assert!(check.hint.as_ref().is_some_and(|hint| hint.ends_with(')')), "with its source: {check:?}");
    }
}

#[test]
fn our_production_overlay_is_as_advised_and_the_others_differ_in_what_they_say() {
    let of = |overlay: &str| {
        let choice = Choice { overlay: overlay.into(), ..Choice::default() };
        let mut objects = choice.objects().unwrap();
        objects.extend(metrics_server(false).unwrap());
        let checks = examined(&objects);
        assert!(checks.len() > 20, "{checks:#?}");
        ids(&checks, Outcome::Warn).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of("production"), Vec::<String>::new());
    // One gateway at rest, agents with queues in memory, one node of Elasticsearch: the guide's own settings.
    for overlay in ["guide", "split", "public-lab", "tail-sampling"] {
        assert_eq!(of(overlay), ["persistent-queue", "gateway-replicas", "elasticsearch-nodes"], "{overlay}");
    }
}

/// The faults of the guide's public lab, and the check that says each. That its load calls routes which are not there is a
/// finding while it runs: see `lab::feeds`.
#[test]
fn every_fault_of_the_public_lab_is_said_by_a_check() {
    let objects: Vec<Value> = serde_saphyr::from_multiple(PUBLIC_LAB).unwrap();
    let mut lab = setup(&objects, "observability-lab", "demo-app", "edot-gateway-hpa");
    // `time.strftime` leaves %f as it is.
    let line = r#"{"@timestamp": "2026-11-30T03:13:10.%fZ", "log.level": "info", "service.name": "backend", "message": "GET /"}"#;
    lab.app_logs = vec![("backend".into(), vec!["INFO: started".into(), line.into()])];
    let warned = checks(&lab);
    let warned = ids(&warned, Outcome::Warn);
    for (fault, said) in [
        ("logs over OTLP are refused by the agent", "otlp-logs-refused"),
        ("%f stays in the time of the application's lines", "application-logs"),
        ("container logs are not parsed", "container-logs-unparsed"),
        ("collectors read their own logs", "own-logs-read"),
        ("log.level is an attribute only", "log-level-lost"),
        ("memory_limiter is third, and its limit is the container's", "limiter-place"),
        ("the ClusterRole lacks HPAs and replication controllers", "cluster-rights"),
        ("no probes", "readiness"),
        ("no probes in the application", "application-probes"),
        ("one connection of each agent to a ClusterIP", "gateway-balancing"),
        ("Elasticsearch has the default volume", "elasticsearch-storage"),
        ("metrics-server without resolution, and its flag added each time", "metrics-server"),
        ("the exporter has no queue of its own", "bounded-queue"),
        ("the exporter has no retry of its own", "retry"),
        ("the application's Service leads to agents of other nodes", "node-local-agents"),
    ] {
        assert!(warned.contains(&said), "{fault}: {said} is not in {warned:?}");
    }
}

#[test]
fn lines_of_the_application_are_judged_by_their_fields() {
    let with = |line: &str| {
        let app_logs = vec![("web".to_owned(), vec!["Uvicorn running".to_owned(), line.to_owned()])];
        judge(rule("application-logs").unwrap(), &edot_tui::guidance::Setup { app_logs, ..Default::default() })
    };
    let fine = r#"{"@timestamp":"2026-11-30T03:13:10.123456+00:00","log":{"level":"info"},"service.name":"web"}"#;
    assert!(matches!(with(fine), Some(Judged::Fine(_))), "{:?}", with(fine));
    for (line, seen) in [
        ("plain text with hidden words", "no Deployment writes lines of JSON"),
        (r#"{"log.level":"info","service.name":"web","hidden":1}"#, "no @timestamp"),
        (r#"{"@timestamp":"yesterday","log.level":"info","service.name":"web"}"#, "cannot be read"),
        (r#"{"@timestamp":"2026-11-30T03:13:10Z","message":"hidden"}"#, "no log.level, no service.name"),
    ] {
        let Some(Judged::Against(text)) = with(line) else { panic!("{line}") };
        assert!(text.contains(seen) && !text.contains("hidden"), "{line}: {text}");
    }
    assert_eq!(judge(rule("application-logs").unwrap(), &edot_tui::guidance::Setup::default()), None);
}

fn gateway(container: Value, config: &str) -> Collector {
    Collector {
        role: Role::Gateway,
        name: "Deployment gateway".into(),
        container,
        config: serde_saphyr::from_str(config).unwrap(),
        ..Collector::default()
    }
}

fn judged(id: &str, collector: &Collector) -> Option<Judged> {
    let setup = edot_tui::guidance::Setup { collectors: vec![collector.clone()], ..Default::default() };
    judge(rule(id).unwrap(), &setup)
}

#[test]
fn elastics_own_gateway_which_has_gomemlimit_and_no_limiter_passes() {
    let config = "receivers: {otlp: {}}\nexporters: {elasticsearch/otel: {sending_queue: {batch: {}}}}\n\
                  service: {pipelines: {logs: {receivers: [otlp], processors: [], exporters: [elasticsearch/otel]}}}";
    let with = gateway(json!({"env": [{"name": "GOMEMLIMIT", "value": "1025MiB"}]}), config);
    for id in ["memory-bounded", "batching", "bounded-queue", "retry"] {
        assert!(matches!(judged(id, &with), Some(Judged::Fine(_))), "{id}: {:?}", judged(id, &with));
    }
    assert_eq!(judged("limiter-place", &with), None);
    assert!(matches!(judged("memory-bounded", &gateway(json!({}), config)), Some(Judged::Against(_))));
}

#[test]
fn apm_has_to_be_wired_through_its_connector() {
    let with = |connectors: &str, traces: &str, more: &str| {
        let config = format!(
            "processors: {{elasticapm: {{}}}}\nconnectors: {connectors}\nservice: {{pipelines: {{traces: {{receivers: [otlp], exporters: {traces}}}{more}}}}}"
        );
        harms(Role::Gateway, &serde_saphyr::from_str(&config).unwrap())
    };
    let metrics = ", metrics/apm: {receivers: [elasticapm], exporters: [x]}";
    assert_eq!(with("{elasticapm: {}}", "[elasticapm, x]", metrics), []);
    for (connectors, traces, more, seen) in [
        ("{}", "[x]", "", "not declared under connectors"),
        ("{elasticapm: {}}", "[x]", metrics, "no traces pipeline exports to it"),
        ("{elasticapm: {}}", "[elasticapm]", "", "no metrics pipeline receives from it"),
    ] {
        let found = with(connectors, traces, more);
        assert!(matches!(&found[..], [("elasticapm-wiring", text)] if text.contains(seen)), "{found:?}");
    }
}

#[test]
fn samplers_that_an_hpa_scales_tear_traces_apart() {
    let config = "processors: {tail_sampling: {}}\nreceivers: {otlp: {}}\nservice: {pipelines: {traces: {receivers: [otlp], processors: [tail_sampling], exporters: [x]}}}";
    let scaled = edot_tui::guidance::Setup {
        collectors: vec![gateway(json!({}), config)],
        hpa: Some(json!({"spec": {}})),
        ..Default::default()
    };
    let Some(Judged::Against(seen)) = judge(rule("tail-sampling").unwrap(), &scaled) else { panic!() };
    assert!(seen.contains("nothing routes them") && seen.contains("an HPA changes"), "{seen}");
    let fixed = Collector { role: Role::Other, replicas: Some(2), ..gateway(json!({}), config) };
    let router = gateway(
        json!({}),
        "exporters: {loadbalancing: {routing_key: traceID}}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [loadbalancing]}}}",
    );
    let routed = edot_tui::guidance::Setup { collectors: vec![fixed, router], ..Default::default() };
    assert!(matches!(judge(rule("tail-sampling").unwrap(), &routed), Some(Judged::Fine(_))));
}

#[test]
fn a_collector_that_only_sends_its_own_metrics_is_said_to() {
    let with =
        |readers: &str| gateway(json!({}), &format!("service: {{telemetry: {{metrics: {{readers: {readers}}}}}}}"));
    assert!(
        matches!(judged("own-metrics", &with("[{periodic: {}}]")), Some(Judged::Against(seen)) if seen.contains("8888"))
    );
    assert!(matches!(judged("own-metrics", &with("[{periodic: {}}, {pull: {}}]")), Some(Judged::Fine(_))));
}

#[test]
fn every_rule_has_an_id_of_its_own_and_texts() {
    let mut all: Vec<&str> = rules().map(|rule| rule.id).collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
    assert!(rules().all(|rule| !rule.advice.is_empty() && !rule.hint.is_empty() && !rule.source.is_empty()));
    assert_eq!(rules().filter(|rule| rule.harm.is_some()).count(), HARMS.len());
}

#[test]
fn nothing_that_a_configuration_holds_is_quoted() {
    let secret = "receivers: {filelog: {include: [/var/log/pods/*/hidden-path]}}\nexporters: {elasticsearch: {password: hidden-password}}\nservice: {pipelines: {logs: {receivers: [filelog], exporters: [elasticsearch]}}}";
    let all = harms(Role::Agent, &serde_saphyr::from_str(secret).unwrap());
    assert!(!all.is_empty() && !format!("{all:?}").contains("hidden"), "{all:?}");
}
