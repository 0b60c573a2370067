//! The user's own manifest for the load: errors name file, document, kind and field, before anything is applied.

use crate::it::support::stub_api::{start as serve, status};
use edot_tui::source::live::load_control::{LoadSettings, plan, start};
use serde_json::json;
use std::time::Duration;

/// Whether a plan accepts a manifest, its text and its steps.
async fn planned(yaml: &str) -> (bool, String, Vec<String>) {
    let file = tempfile::Builder::new().prefix("load").suffix(".yaml").tempfile().unwrap();
    std::fs::write(file.path(), yaml).unwrap();
    let (client, log) =
        serve(|asked| if asked.method == "GET" { status(404, "NotFound", "") } else { (200, json!({})) }).await;
    let settings = LoadSettings {
        namespace: "demo-app".into(),
        job: "k6-load".into(),
        manifest: Some(file.path().into()),
        readonly: false,
        timeout: Duration::from_secs(5),
        patience: Duration::from_secs(5),
    };
    let answer = plan(&client, &settings).await;
    if !answer.ok {
        let started = start(&client, &settings).await;
        assert_eq!((started.ok, &started.text), (false, &answer.text));
        assert!(log.lock().unwrap().iter().all(|a| a.method == "GET"), "nothing may be tried with a wrong manifest");
    }
    let name = file.path().display().to_string();
    let steps = answer.steps.iter().map(|s| s.replace(&name, "FILE")).collect();
    (answer.ok, answer.text.replace(&name, "FILE"), steps)
}

const JOB: &str = "
apiVersion: batch/v1
kind: Job
metadata: {name: k6-load}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: k6, image: my/k6:1}]}}}
";

#[tokio::test]
async fn several_documents_are_applied_in_order_the_job_last() {
    let yaml = format!("{JOB}---\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: mine}}\ndata: {{a.js: x}}\n");
    let (ok, text, steps) = planned(&yaml).await;
    assert!(ok, "{text}");
    assert_eq!(
        steps,
        ["use the manifest FILE", "apply ConfigMap mine in demo-app", "create Job demo-app/k6-load (my/k6:1)"]
    );
}

#[tokio::test]
async fn what_is_wrong_is_named_with_its_place() {
    let cases = [
        ("a: [", "FILE: not valid YAML"),
        ("", "FILE: there is no Job in it"),
        (&format!("{JOB}---{JOB}"), "FILE: there are 2 Jobs in it"),
        ("hello", "FILE, document 1: not a Kubernetes object"),
        (
            &JOB.replace("k6-load", "other"),
            "FILE: the Job is named \"other\", but the load's Job is \"k6-load\": rename it, or pass --load-job other",
        ),
        (
            &JOB.replace("{name: k6-load}", "{name: k6-load, namespace: prod}"),
            "FILE, document 1: Job k6-load: metadata.namespace is \"prod\"",
        ),
        (&JOB.replace("{name: k6-load}", "{generateName: k6-}"), "FILE, document 1: Job: metadata.name is missing"),
        (&JOB.replace("batch/v1", "batch/v1beta1"), "FILE, document 1: Job (batch/v1beta1) is not among"),
        (
            &JOB.replace("restartPolicy: Never, ", ""),
            "FILE, document 1 (Job k6-load): spec.template.spec.restartPolicy must be",
        ),
        (
            &JOB.replace("image: my/k6:1", "x: y"),
            "FILE, document 1 (Job k6-load): spec.template.spec.containers[0].image is missing",
        ),
        (
            &JOB.replace("containers", "kontainers"),
            "FILE, document 1 (Job k6-load): spec.template.spec.containers is missing",
        ),
        (
            &format!("{JOB}---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: x}}\n"),
            "FILE, document 2: ClusterRole (rbac.authorization.k8s.io/v1) is not among what a load may hold: Job (batch/v1), ConfigMap (v1)",
        ),
        (
            &format!("{JOB}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: ../../secrets/x}}\n"),
            "FILE, document 2: ConfigMap: metadata.name \"../../secrets/x\" is not a Kubernetes name",
        ),
    ];
    for (yaml, want) in cases {
        let (ok, text, _) = planned(yaml).await;
        assert!(!ok && text.starts_with(want), "{yaml}\nsays  {text}\nwant  {want}");
    }
}

#[test]
fn the_scenario_is_the_guides_and_its_stages_make_five_minutes() {
    let script = include_str!("../../../assets/stack/load/scripts/scenario.js");
    for route in ["`${target}/`", "/simulate`", "/api/items`", "/api/items/${key}`", "/api/slow`"] {
        assert!(script.contains(route), "{route}");
    }
    assert!(script.contains("__ENV.VUS || \"200\""));
    let stages: Vec<&str> = script.lines().filter(|l| l.contains("duration:")).collect();
    assert_eq!(stages.len(), 3);
    assert!(stages[0].contains("\"30s\"") && stages[1].contains("\"4m\"") && stages[2].contains("\"30s\", target: 0"));
}
