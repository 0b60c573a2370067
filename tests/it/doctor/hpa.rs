//! What the doctor makes of HPAs, their targets and pods; the HPAs are real ones (tests/data/hpa-*.json).

use edot_tui::doctor::check::{Check, Outcome, exit_code};
use edot_tui::doctor::facts::Facts;
use edot_tui::doctor::{hpa, load};
use edot_tui::source::live::client::ResourceAttributes;
use edot_tui::source::live::{ApiError, convert};
use serde_json::{Value, json};

/// A real HPA of the lab.
pub fn real(moment: &str) -> Value {
    let file = format!("{}/tests/data/hpa-{moment}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn container(name: &str) -> Value {
    json!({"name": name, "resources": {"requests": {"cpu": "50m", "memory": "256Mi"}}})
}

fn pod(spec: Value) -> Value {
    json!({"metadata": {"name": "gw-1"}, "spec": spec,
        "status": {"conditions": [{"type": "Ready", "status": "True"}]}})
}

pub fn refused(code: u16) -> ApiError {
    let body = json!({"kind": "Status", "reason": "R", "message": "M"}).to_string();
    ApiError::from_answer(code, None, body.as_bytes(), &ResourceAttributes::default())
}

/// All is well, with these HPAs and these pods.
pub fn facts(hpas: &[Value], pods: &[Value]) -> Facts {
    Facts {
        namespace: "observability-lab".into(),
        hpa: "edot-gateway-hpa".into(),
        version: "v1.36.3".into(),
        metrics_root: "/apis/metrics.k8s.io/v1beta1".into(),
        load_namespace: "demo-app".into(),
        load_job: "k6-load".into(),
        allowed: Vec::new(),
        metrics_api: Ok(Some(json!({}))),
        usage_later: None,
        more_pods: false,
        usage: Ok(Some(json!({"items": [{"window": "15.007s"}, {"window": "10.9s"}]}))),
        hpas: Ok(hpas.iter().map(|h| convert::hpa(&serde_json::from_value(h.clone()).unwrap())).collect()),
        scale: Some(Ok(Some(json!({"spec": {"replicas": 2}, "status": {"selector": "app=edot-gateway"}})))),
        pods: Some(Ok(pods.iter().map(|p| convert::pod(&serde_json::from_value(p.clone()).unwrap())).collect())),
        load_namespace_object: Ok(Some(json!({}))),
        job: Ok(None),
        scripts: Ok(None),
    }
}

fn well(hpa: Value) -> Facts {
    facts(&[hpa], &[pod(json!({"containers": [container("collector")]}))])
}

/// The checks that are not fine, as `id outcome`.
fn odd(checks: &[Check]) -> Vec<(&str, Outcome)> {
    checks.iter().filter(|c| c.result != Outcome::Ok).map(|c| (c.id, c.result)).collect()
}

fn one<'a>(checks: &'a [Check], id: &str) -> &'a Check {
    checks.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("no check {id} in {checks:?}"))
}

#[test]
fn the_labs_hpa_is_fine_but_for_memory_as_a_metric() {
    let checks = hpa::all(&well(real("steady-2")));
    assert_eq!(odd(&checks), [("memory", Outcome::Warn)]);
    assert_eq!(exit_code(&checks), 0);
    for id in ["hpa", "able", "active", "target", "pods", "bounds", "requests", "window"] {
        assert_eq!(one(&checks, id).result, Outcome::Ok);
    }
    assert!(one(&checks, "memory").detail.contains("80 % of the request"));
}

#[test]
fn what_the_controller_complains_of_is_passed_on() {
    let checks = hpa::all(&well(real("metrics-missing")));
    let active = one(&checks, "active");
    assert_eq!((active.result, exit_code(&checks)), (Outcome::Fail, 1));
    assert!(active.detail.starts_with("FailedGetResourceMetric: the HPA was unable to compute"), "{}", active.detail);

    let checks = hpa::all(&well(real("scaling-disabled")));
    assert!(one(&checks, "active").detail.starts_with("ScalingDisabled"));
    assert_eq!(one(&checks, "active").result, Outcome::Warn);

    let checks = hpa::all(&well(real("maxed-out")));
    assert!(one(&checks, "limited").detail.starts_with("TooManyReplicas"));
    assert!(one(&checks, "bounds").detail.starts_with("4 replicas, the maximum"));

    let mut new = real("steady-2");
    new["status"] = Value::Null;
    assert_eq!(one(&hpa::all(&well(new)), "conditions").result, Outcome::Skip);
}

#[test]
fn requests_are_missed_by_container_and_pod() {
    let missing = |hpa: Value, spec: Value| {
        let checks = hpa::all(&facts(&[hpa], &[pod(spec)]));
        checks
            .into_iter()
            .filter(|c| c.id == "requests" && c.result == Outcome::Fail)
            .map(|c| c.detail)
            .collect::<Vec<_>>()
    };
    let hpa = || real("steady-2");
    let no_memory = json!({"name": "side", "resources": {"requests": {"cpu": "5m"}}});
    assert_eq!(
        missing(hpa(), json!({"containers": [container("main"), no_memory]})),
        ["missing on container side of pod gw-1: utilization of memory is a percentage of it"]
    );
    let sidecar = json!({"name": "proxy", "restartPolicy": "Always"});
    let setup = json!({"name": "setup"});
    let init = json!({"containers": [container("main")], "initContainers": [setup, sidecar]});
    assert_eq!(missing(hpa(), init).len(), 2, "a sidecar counts for both metrics, an init container for none");
    let whole = json!({"containers": [{"name": "main"}], "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}});
    assert_eq!(missing(hpa(), whole), Vec::<String>::new(), "the pod's own requests count for all");

    let mut by_container = hpa();
    by_container["spec"]["metrics"] = json!([{"type": "ContainerResource",
        "containerResource": {"name": "cpu", "container": "main", "target": {"type": "Utilization", "averageUtilization": 50}}}]);
    let bare_side = json!({"containers": [container("main"), {"name": "side"}]});
    assert_eq!(missing(by_container.clone(), bare_side), Vec::<String>::new());
    assert_eq!(missing(by_container, json!({"containers": [{"name": "main"}]})).len(), 1);

    let mut by_value = hpa();
    by_value["spec"]["metrics"] = json!([{"type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "100m"}}}]);
    assert_eq!(missing(by_value, json!({"containers": [{"name": "main"}]})), Vec::<String>::new());
    let mut none = hpa();
    none["spec"]["metrics"] = json!([]);
    assert_eq!(missing(none, json!({"containers": [{"name": "main"}]})).len(), 1, "no metrics means cpu");

    let many: Vec<Value> = (0..9).map(|_| pod(json!({"containers": [{"name": "main"}]}))).collect();
    let detail = &one(&hpa::all(&facts(&[hpa()], &many)), "requests").detail.clone();
    assert!(detail.contains("and 6 more"), "{detail}");
}

#[test]
fn two_hpas_on_one_target_fail() {
    let (first, mut second) = (real("steady-2"), real("steady-2"));
    second["metadata"]["name"] = json!("other");
    let pods = [pod(json!({"containers": [container("main")]}))];
    let checks = hpa::all(&facts(&[first.clone(), second.clone()], &pods));
    assert_eq!(one(&checks, "alone").result, Outcome::Fail);
    let detail = &one(&checks, "alone").detail;
    assert!(
        detail.starts_with("scaled by other as well: the controller stops all of them (AmbiguousSelector)"),
        "{detail}"
    );
    second["spec"]["scaleTargetRef"]["name"] = json!("elsewhere");
    assert!(hpa::all(&facts(&[first, second], &pods)).iter().all(|c| c.id != "alone"));
}

#[test]
fn an_absent_hpa_is_named_with_those_that_are_there() {
    let named = |name: &str| {
        let mut hpa = real("steady-2");
        hpa["metadata"]["name"] = json!(name);
        hpa
    };
    let none = hpa::all(&facts(&[], &[]));
    assert_eq!((none[0].detail.as_str(), exit_code(&none)), ("there is no HPA in namespace observability-lab", 3));
    let only = hpa::all(&well(named("a")));
    assert_eq!((only[0].result, only[0].hint.as_deref()), (Outcome::Warn, Some("pass --hpa a")));
    let two = hpa::all(&facts(&[named("a"), named("b")], &[]));
    assert!(two[0].hint.as_ref().unwrap().ends_with("a, b"));
    assert_eq!((two.len(), exit_code(&two)), (1, 3));
    let mut denied = facts(&[], &[]);
    denied.hpas = Err(refused(403));
    assert_eq!(exit_code(&hpa::all(&denied)), 6);
}

#[test]
fn a_target_that_cannot_be_scaled_is_reported() {
    let mut missing = well(real("steady-2"));
    (missing.scale, missing.pods) = (Some(Ok(None)), None);
    let checks = hpa::all(&missing);
    assert_eq!((one(&checks, "target").result, exit_code(&checks)), (Outcome::Fail, 1));
    assert!(one(&checks, "target").detail.contains("apps/v1 has no /scale"));

    let empty = hpa::all(&facts(&[real("steady-2")], &[]));
    assert!(one(&empty, "pods").detail.starts_with("no pod matches app=edot-gateway, though 2 are wanted"));
    let mut unready = pod(json!({"containers": [container("main")]}));
    unready["status"]["conditions"][0]["status"] = json!("False");
    assert_eq!(one(&hpa::all(&facts(&[real("steady-2")], &[unready])), "pods").detail, "0 of 1 ready");
    let mut blind = well(real("steady-2"));
    blind.scale = Some(Ok(Some(json!({"spec": {"replicas": 2}}))));
    assert!(one(&hpa::all(&blind), "pods").detail.contains("has no selector"));
}

#[test]
fn bounds_and_windows_that_cannot_work_are_reported() {
    let mut pinned = real("steady-2");
    pinned["spec"]["minReplicas"] = json!(4);
    assert!(one(&hpa::all(&well(pinned)), "bounds").detail.contains("both 4"));
    let mut slow = well(real("steady-2"));
    slow.usage = Ok(Some(json!({"items": [{"window": "1m0.5s"}]})));
    let checks = hpa::all(&slow);
    let window = one(&checks, "window");
    assert_eq!((window.result, window.detail.starts_with("30 s, while samples are 60 s apart")), (Outcome::Warn, true));
    assert_eq!(window.hint.as_deref(), Some("make stabilizationWindowSeconds at least 121"));
}

#[test]
fn the_loads_room_job_and_script_are_looked_at() {
    let mut f = facts(&[], &[]);
    assert_eq!(odd(&load::all(&f)), []);
    (f.scripts, f.job) = (Ok(Some(json!({"data": {"x.txt": ""}}))), Err(refused(403)));
    assert_eq!(odd(&load::all(&f)), [("job", Outcome::Skip), ("scripts", Outcome::Warn)]);
    f.job = Ok(Some(json!({"status": {"conditions": [{"type": "Failed", "status": "True"}]}})));
    assert!(one(&load::all(&f), "job").detail.contains("has failed"));
    f.load_namespace_object = Ok(None);
    assert_eq!(odd(&load::all(&f)), [("load", Outcome::Warn)]);
}

#[test]
fn an_ambiguous_selector_stops_each_hpa_of_it() {
    let mut hpa = real("steady-2");
    let condition = json!({"type": "ScalingActive", "status": "False", "reason": "AmbiguousSelector",
        "message": "pods by selector app=a are controlled by multiple HPAs: [ns/a ns/b]"});
    hpa["status"]["conditions"] = json!([condition]);
    let checks = hpa::all(&well(hpa));
    let active = one(&checks, "active");
    assert_eq!(active.result, Outcome::Fail);
    assert!(active.hint.as_ref().unwrap().starts_with("each of the HPAs listed is stopped"), "{active:?}");
}

#[test]
fn an_edit_that_the_controller_has_not_used_is_reported_where_that_is_known() {
    let of = |generation: Value, observed: Value| {
        let mut hpa = real("steady-2");
        hpa["metadata"]["generation"] = generation;
        hpa["status"]["observedGeneration"] = observed;
        hpa::all(&well(hpa)).into_iter().find(|c| c.id == "generation").map(|c| c.result)
    };
    assert_eq!(of(json!(3), json!(2)), Some(Outcome::Warn));
    assert_eq!(of(json!(3), json!(3)), Some(Outcome::Ok));
    assert_eq!(of(Value::Null, Value::Null), None, "before 1.37");
}
