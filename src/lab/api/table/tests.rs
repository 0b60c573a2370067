//! Cells as a real API server prints them.

use super::*;
use crate::lab::api::path::{Route, route};
use chrono::DateTime;

fn now() -> Time {
    DateTime::from_timestamp(1_700_000_600, 0).unwrap()
}

fn printed(path: &str, object: &Value) -> String {
    let Route::Resource(resource) = route(path) else { panic!("{path}") };
    let table = of(&resource, &[object], json!({}), &Query::default(), now());
    let columns = table["columnDefinitions"].as_array().unwrap();
    let cells = table["rows"][0]["cells"].as_array().unwrap();
    assert_eq!(columns.len(), cells.len(), "{path}");
    let all = columns.iter().zip(cells).filter(|(column, _)| column["priority"] == 0);
    let text = |cell: &Value| cell.as_str().map_or(cell.to_string(), str::to_owned);
    all.map(|(_, cell)| text(cell)).collect::<Vec<_>>().join(" | ")
}

#[test]
fn durations_are_printed_as_by_kubectl() {
    let cases = [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (599, "9m59s"),
        (600, "10m"),
        (10_799, "179m"),
        (10_800, "3h"),
        (11_700, "3h15m"),
        (28_800, "8h"),
        (172_799, "47h"),
        (172_800, "2d"),
        (180_000, "2d2h"),
        (700_000, "8d"),
        (70_000_000, "2y80d"),
        (300_000_000, "9y"),
    ];
    for (seconds, text) in cases {
        assert_eq!(age::human(seconds), text, "{seconds}");
    }
    assert_eq!(age::since("2023-11-14T22:13:20Z", now()), "10m");
    assert_eq!(age::since("", now()), "<unknown>");
}

#[test]
fn a_pods_status_shows_its_reason() {
    let meta = json!({"name": "p", "creationTimestamp": "2023-11-14T22:13:20Z"});
    let pod = |statuses: Value, phase: &str| {
        json!({"metadata": meta, "spec": {"containers": [{"name": "c"}]},
               "status": {"phase": phase, "containerStatuses": statuses}})
    };
    let line = |pod: &Value| printed("/api/v1/namespaces/a/pods", pod);
    let up = json!([{"ready": true, "restartCount": 0, "state": {"running": {}}}]);
    assert_eq!(line(&pod(up.clone(), "Running")), "p | 1/1 | Running | 0 | 10m");
    assert_eq!(line(&pod(json!([]), "Pending")), "p | 0/1 | Pending | 0 | 10m");
    let waits = json!([{"ready": false, "restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}}}]);
    assert_eq!(line(&pod(waits, "Pending")), "p | 0/1 | ContainerCreating | 0 | 10m");
    let died = json!({"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2023-11-14T22:22:20Z"});
    let killed =
        json!([{"ready": false, "restartCount": 2, "state": {"terminated": died}, "lastState": {"terminated": died}}]);
    assert_eq!(line(&pod(killed, "Running")), "p | 0/1 | OOMKilled | 2 (60s ago) | 10m");
    let ended = json!([{"ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 105}}}]);
    assert_eq!(line(&pod(ended, "Failed")), "p | 0/1 | ExitCode:105 | 0 | 10m");
    let mut going = pod(up, "Running");
    going["metadata"]["deletionTimestamp"] = json!("2023-11-14T22:22:20Z");
    assert_eq!(line(&going), "p | 1/1 | Terminating | 0 | 10m");
}

#[test]
fn an_hpas_targets_are_printed_as_in_real_recordings() {
    let real = [
        (include_str!("../../../../tests/data/hpa-steady-2.json"), "cpu: 76%/80%, memory: 44%/80%"),
        (include_str!("../../../../tests/data/hpa-metrics-missing.json"), "cpu: <unknown>/80%, memory: <unknown>/80%"),
    ];
    for (text, targets) in real {
        let hpa: Value = serde_json::from_str(text).unwrap();
        let line = printed("/apis/autoscaling/v2/horizontalpodautoscalers", &hpa);
        assert!(line.contains(targets), "{line}");
        let as_v1 = convert::shown(
            &match route("/apis/autoscaling/v1/horizontalpodautoscalers") {
                Route::Resource(path) => path,
                Route::Other(_) => panic!(),
            },
            &hpa,
        )
        .into_owned();
        let old = printed("/apis/autoscaling/v1/horizontalpodautoscalers", &as_v1);
        assert!(old.contains("cpu: "), "{old}");
    }
}

#[test]
fn workloads_and_events() {
    let deploy = json!({"metadata": {"name": "d", "creationTimestamp": "2023-11-14T22:13:20Z"}, "spec": {"replicas": 4},
        "status": {"readyReplicas": 2, "updatedReplicas": 4, "availableReplicas": 2}});
    assert_eq!(printed("/apis/apps/v1/deployments", &deploy), "d | 2/4 | 4 | 2 | 10m");
    let job = json!({"metadata": {"name": "j", "creationTimestamp": "2023-11-14T22:13:20Z"}, "spec": {"completions": 1},
        "status": {"startTime": "2023-11-14T22:13:20Z", "completionTime": "2023-11-14T22:18:24Z", "succeeded": 1,
                   "conditions": [{"type": "Complete", "status": "True"}]}});
    assert_eq!(printed("/apis/batch/v1/jobs", &job), "j | Complete | 1/1 | 5m4s | 10m");
    let event = json!({"metadata": {"name": "e"}, "type": "Normal", "reason": "SuccessfulRescale", "count": 3,
        "involvedObject": {"kind": "HorizontalPodAutoscaler", "name": "h"}, "message": "New size: 4\n",
        "lastTimestamp": "2023-11-14T22:23:10Z"});
    let line = "10s | Normal | SuccessfulRescale | horizontalpodautoscaler/h | New size: 4";
    assert_eq!(printed("/api/v1/events", &event), line);
    let Route::Resource(path) = route("/apis/events.k8s.io/v1/events") else { panic!() };
    let in_group = convert::shown(&path, &event).into_owned();
    assert_eq!(printed("/apis/events.k8s.io/v1/events", &in_group), line);
}
