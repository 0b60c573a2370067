//! Changes that a user makes in the lab's store take effect, as in a cluster.

use crate::it::support::lab_run::{NS, start};
use chrono::TimeDelta;
use edot_tui::lab::model::{Lab, setup};
use edot_tui::lab::processes::{self, PodRequest, PortError};
use edot_tui::lab::scenario::Scenario;
use serde_json::{Value, json};

fn lab() -> Lab {
    Lab::new(&Scenario::shipped("guide").unwrap(), 5, start())
}

fn advance(lab: &mut Lab, seconds: i64) {
    let to = lab.now() + TimeDelta::seconds(seconds);
    lab.advance(to);
}

fn pods(lab: &Lab, namespace: &str, app: &str) -> Vec<Value> {
    lab.store.list("pods", Some(namespace)).filter(|p| p["metadata"]["labels"]["app"] == app).cloned().collect()
}

fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap().to_owned()
}

fn events(lab: &Lab, reason: &str) -> Vec<String> {
    let all = lab.store.list("events", None).filter(|e| e["reason"] == reason);
    all.map(|e| e["message"].as_str().unwrap().to_owned()).collect()
}

fn run_pod(lab: &Lab) -> Value {
    pods(lab, setup::DEMO, "k6-load").remove(0)
}

fn get(path: &str) -> PodRequest {
    PodRequest { method: "GET".into(), path: path.into(), ..PodRequest::default() }
}

#[test]
fn a_fresh_lab_is_a_cluster_at_rest() {
    let lab = lab();
    for (namespace, app, count) in [
        (NS, "edot-gateway", 1),
        (NS, "edot-agent", 3),
        (NS, "edot-cluster-collector", 1),
        (setup::DEMO, "frontend", 2),
        (setup::DEMO, "redis", 1),
    ] {
        let pods = pods(&lab, namespace, app);
        assert_eq!(pods.len(), count, "{app}");
        for pod in &pods {
            assert_eq!(pod["status"]["phase"], "Running", "{pod}");
            assert!(pod["status"]["conditions"].as_array().unwrap().iter().all(|c| c["status"] == "True"));
            assert!(pod["spec"]["nodeName"].is_string() && pod["status"]["podIP"].is_string());
        }
    }
    let hpa = lab.store.get("horizontalpodautoscalers", NS, "edot-gateway-hpa").unwrap();
    assert_eq!(hpa["status"]["currentReplicas"], 1);
    assert!(hpa["status"]["currentMetrics"][0]["resource"]["current"]["averageUtilization"].is_number(), "{hpa}");
    let all = lab.store.list("pods", None).count();
    assert_eq!(lab.samples().len(), all);
    assert_eq!(lab.node_samples().len(), 3);
    assert!(lab.store.get("jobs", setup::DEMO, "k6-load").is_none(), "the load is not started");
    for resource in ["deployments", "replicasets", "statefulsets"] {
        assert!(lab.store.list(resource, None).all(|d| d["status"]["readyReplicas"] == d["spec"]["replicas"]));
    }
}

#[test]
fn a_deleted_pod_ends_gracefully_and_is_replaced() {
    let mut lab = lab();
    let first = name(&pods(&lab, NS, "edot-gateway")[0]);
    let object = lab.delete("pods", NS, &first).unwrap();
    assert!(object["metadata"]["deletionTimestamp"].is_string());
    advance(&mut lab, 1);
    let both = pods(&lab, NS, "edot-gateway");
    assert!(both.iter().any(|p| name(p) != first), "its replacement is made at once");
    advance(&mut lab, 15);
    let now = pods(&lab, NS, "edot-gateway");
    assert_eq!(now.len(), 1);
    assert_ne!(name(&now[0]), first);
    assert!(events(&lab, "Killing").contains(&"Stopping container edot-collector".to_owned()));
    // Removed from the store by force, it is replaced, too.
    lab.store.delete("pods", NS, &name(&now[0])).unwrap();
    advance(&mut lab, 10);
    assert_eq!(pods(&lab, NS, "edot-gateway").len(), 1);
    assert!(lab.delete("pods", NS, "no-such").is_err());
}

#[test]
fn manual_scaling_and_the_bounds_of_the_hpa_take_effect() {
    let mut lab = lab();
    lab.store.update("deployments", NS, "edot-gateway", |d| d["spec"]["replicas"] = json!(6)).unwrap();
    advance(&mut lab, 20);
    assert!(
        events(&lab, "SuccessfulRescale")
            .contains(&"New size: 4; reason: Current number of replicas above Spec.MaxReplicas".to_owned())
    );
    lab.store
        .update("horizontalpodautoscalers", NS, "edot-gateway-hpa", |h| h["spec"]["maxReplicas"] = json!(2))
        .unwrap();
    advance(&mut lab, 20);
    assert_eq!(lab.store.get("deployments", NS, "edot-gateway").unwrap()["spec"]["replicas"], 2);
    lab.store.update("deployments", NS, "edot-gateway", |d| d["spec"]["replicas"] = json!(0)).unwrap();
    advance(&mut lab, 30);
    assert!(pods(&lab, NS, "edot-gateway").is_empty());
    let hpa = lab.store.get("horizontalpodautoscalers", NS, "edot-gateway-hpa").unwrap();
    assert_eq!(hpa["status"]["conditions"][1]["reason"], "ScalingDisabled", "{hpa}");
}

#[test]
fn a_new_template_rolls_over() {
    let mut lab = lab();
    let before = name(&pods(&lab, NS, "edot-gateway")[0]);
    lab.store
        .update("deployments", NS, "edot-gateway", |d| {
            d["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = json!("now");
        })
        .unwrap();
    advance(&mut lab, 30);
    let after = pods(&lab, NS, "edot-gateway");
    assert_eq!(after.len(), 1);
    assert_ne!(name(&after[0]), before);
    let d = lab.store.get("deployments", NS, "edot-gateway").unwrap();
    assert_eq!(
        (&d["status"]["updatedReplicas"], &d["metadata"]["annotations"]["deployment.kubernetes.io/revision"]),
        (&json!(1), &json!("2"))
    );
}

#[test]
fn a_pod_that_fits_no_node_reports_why() {
    let mut lab = lab();
    lab.store
        .update("deployments", NS, "edot-gateway", |d| {
            d["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = json!("16");
        })
        .unwrap();
    advance(&mut lab, 5);
    let text = "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.";
    assert_eq!(events(&lab, "FailedScheduling"), [text]);
    let pending = pods(&lab, NS, "edot-gateway").into_iter().find(|p| p["status"]["phase"] == "Pending").unwrap();
    assert_eq!(pending["status"]["conditions"][0]["reason"], "Unschedulable");
}

#[test]
fn a_run_is_stopped_by_rest_and_by_deleting_its_job() {
    let mut lab = lab();
    let now = lab.now();
    lab.store.create("jobs", setup::job(), now).unwrap();
    advance(&mut lab, 20);
    let pod = name(&run_pod(&lab));
    let status = processes::ask(&mut lab, setup::DEMO, &pod, 6565, &get("/v1/status")).unwrap();
    let status: Value = serde_json::from_slice(&status.body).unwrap();
    assert_eq!(status["data"]["attributes"]["running"], true, "{status}");
    assert!(matches!(processes::ask(&mut lab, setup::DEMO, &pod, 80, &get("/")), Err(PortError::NoListener(80))));
    let body = br#"{"data":{"type":"status","id":"default","attributes":{"stopped":true}}}"#.to_vec();
    let stop = PodRequest { method: "PATCH".into(), path: "/v1/status".into(), body, ..PodRequest::default() };
    assert_eq!(processes::ask(&mut lab, setup::DEMO, &pod, 6565, &stop).unwrap().status, 200);
    advance(&mut lab, 3);
    let ended = run_pod(&lab);
    assert_eq!(ended["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"], 103, "{ended}");
    let job = lab.store.get("jobs", setup::DEMO, "k6-load").unwrap();
    assert_eq!(job["status"]["conditions"][1]["reason"], "BackoffLimitExceeded", "{job}");
    let log = lab.log(setup::DEMO, &pod).unwrap();
    assert!(log.iter().any(|l| l.text.ends_with("level=error msg=\"test run stopped from REST API\"")));
    // The pod is deleted with its Job, and a new Job runs the stages that are in the ConfigMap then.
    lab.delete("jobs", setup::DEMO, "k6-load").unwrap();
    advance(&mut lab, 2);
    assert!(pods(&lab, setup::DEMO, "k6-load").is_empty());
    lab.store
        .update("configmaps", setup::DEMO, "k6-scripts", |m| {
            m["data"]["scenario.js"] = json!("export const options = { vus: 7, duration: '20s' };");
        })
        .unwrap();
    let now = lab.now();
    lab.store.create("jobs", setup::job(), now).unwrap();
    advance(&mut lab, 10);
    assert_eq!(lab.flow().runs.values().next().unwrap().figures.users, 7);
    advance(&mut lab, 20);
    let job = lab.store.get("jobs", setup::DEMO, "k6-load").unwrap();
    assert_eq!(job["status"]["succeeded"], 1, "{job}");
    assert!(events(&lab, "Completed").contains(&"Job completed".to_owned()));
    // Deleting a running Job ends k6 by a signal.
    lab.delete("jobs", setup::DEMO, "k6-load").unwrap();
    advance(&mut lab, 2);
    let now = lab.now();
    lab.store.create("jobs", setup::job(), now).unwrap();
    advance(&mut lab, 8);
    assert_eq!(lab.flow().runs.len(), 1);
    lab.delete("jobs", setup::DEMO, "k6-load").unwrap();
    advance(&mut lab, 3);
    assert!(lab.flow().runs.is_empty() && pods(&lab, setup::DEMO, "k6-load").is_empty());
}

#[test]
fn without_frontends_every_request_is_refused() {
    let mut lab = lab();
    lab.store.update("deployments", setup::DEMO, "frontend", |d| d["spec"]["replicas"] = json!(0)).unwrap();
    advance(&mut lab, 15);
    let now = lab.now();
    lab.store.create("jobs", setup::job(), now).unwrap();
    advance(&mut lab, 30);
    let run = &lab.flow().runs.values().next().unwrap().figures;
    assert!(run.requests > 100 && run.failed == run.requests);
    let log = lab.log(setup::DEMO, &name(&run_pod(&lab))).unwrap();
    assert!(log.iter().any(|l| l.text.contains("level=warning msg=\"Request Failed\"")));
}
