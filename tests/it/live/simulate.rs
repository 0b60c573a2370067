//! What the key `s` does, against a stub of the API server: the order of its steps, and a sentence for each refusal.

use crate::it::support::stub_api::{Asked, Log, start as serve, status};
use edot_tui::source::live::load_control::{LoadSettings, plan, start, stop, testrun};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn settings() -> LoadSettings {
    LoadSettings {
        namespace: "demo-app".into(),
        job: "k6-load".into(),
        manifest: None,
        readonly: false,
        timeout: Duration::from_secs(5),
        patience: Duration::from_secs(5),
    }
}

const SCRIPTS: &str = "/api/v1/namespaces/demo-app/configmaps/k6-scripts";
const JOB: &str = "/apis/batch/v1/namespaces/demo-app/jobs/k6-load";

fn absent() -> (u16, Value) {
    status(404, "NotFound", "not found")
}

fn done() -> (u16, Value) {
    (
        200,
        json!({"metadata": {"name": "k6-load", "uid": "old"},
        "status": {"completionTime": "2026-11-24T00:31:43Z", "conditions": [{"type": "Complete", "status": "True"}]}}),
    )
}

fn running() -> (u16, Value) {
    (
        200,
        json!({"metadata": {"name": "k6-load", "uid": "now"},
        "status": {"active": 1, "ready": 1, "startTime": "2026-11-24T00:31:43Z"}}),
    )
}

/// Nothing exists, everything is allowed.
fn empty(asked: &Asked) -> (u16, Value) {
    if asked.method == "GET" { absent() } else { (200, json!({})) }
}

/// The requests that change something, as `METHOD path`, without queries.
fn changes(log: &Log) -> Vec<String> {
    let log = log.lock().unwrap();
    let real = log.iter().filter(|a| a.method != "GET" && !a.dry());
    real.map(|a| format!("{} {}", a.method, a.path.split('?').next().unwrap())).collect()
}

#[tokio::test]
async fn a_plan_says_what_will_be_applied_and_changes_nothing() {
    let (client, log) = serve(empty).await;
    let answer = plan(&client, &settings()).await;
    assert!(answer.ok && !answer.stops, "{answer:?}");
    assert_eq!(answer.text, "Start the load: Job k6-load in namespace demo-app?");
    assert_eq!(
        answer.steps,
        [
            "use the built-in scenario: the guide's requests, 200 virtual users, 5 minutes",
            "apply ConfigMap edot-tui-k6-scenario in demo-app",
            "create Job demo-app/k6-load (grafana/k6:0.49.0)",
        ]
    );
    assert_eq!(changes(&log), Vec::<String>::new());
}

#[tokio::test]
async fn the_labs_script_is_used_when_it_exists() {
    let (client, log) = serve(|asked| match asked.path.as_str() {
        SCRIPTS => (200, json!({"data": {"readme.txt": "x", "load.js": "x"}})),
        _ => empty(asked),
    })
    .await;
    let answer = start(&client, &settings()).await;
    assert!(answer.ok, "{answer:?}");
    assert_eq!(changes(&log), ["POST /apis/batch/v1/namespaces/demo-app/jobs"]);
    let log = log.lock().unwrap();
    let body = &log.last().unwrap().body;
    assert_eq!(body.pointer("/spec/template/spec/containers/0/args"), Some(&json!(["run", "/scripts/load.js"])));
    assert_eq!(body.pointer("/spec/template/spec/volumes/0/configMap/name"), Some(&json!("k6-scripts")));
}

#[tokio::test]
async fn a_finished_job_is_deleted_and_waited_for_before_the_new_one() {
    let gone = Arc::new(AtomicBool::new(false));
    let deleted = gone.clone();
    let (client, log) = serve(move |asked| {
        if asked.method == "DELETE" && !asked.dry() {
            deleted.store(true, Ordering::SeqCst);
        }
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", JOB) if !gone.load(Ordering::SeqCst) => done(),
            _ => empty(asked),
        }
    })
    .await;
    let answer = plan(&client, &settings()).await;
    assert!(answer.steps.iter().any(|s| s.contains("delete the old Job demo-app/k6-load (completed at")), "{answer:?}");
    let answer = start(&client, &settings()).await;
    assert!(answer.ok, "{answer:?}");
    assert_eq!(
        changes(&log),
        [
            format!("DELETE {JOB}"),
            "PATCH /api/v1/namespaces/demo-app/configmaps/edot-tui-k6-scenario".into(),
            "POST /apis/batch/v1/namespaces/demo-app/jobs".into(),
        ]
    );
    let log = log.lock().unwrap();
    let delete = log.iter().find(|a| a.method == "DELETE" && !a.dry()).unwrap();
    assert_eq!(delete.body["preconditions"]["uid"], "old");
    let tried = log.iter().find(|a| a.method == "POST" && a.dry()).unwrap();
    assert_eq!(tried.body["metadata"]["generateName"], "k6-load-", "the old Job's name is still taken");
}

#[tokio::test]
async fn a_job_that_does_not_terminate_is_reported_and_nothing_is_created() {
    let (client, log) = serve(|asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", JOB) => (200, json!({"metadata": {"uid": "old", "deletionTimestamp": "2026-11-24T00:31:43Z"}})),
        _ => empty(asked),
    })
    .await;
    let impatient = LoadSettings { patience: Duration::from_millis(20), ..settings() };
    let answer = start(&client, &impatient).await;
    assert!(!answer.ok && answer.text.contains("still terminating after 20ms"), "{answer:?}");
    assert_eq!(changes(&log), Vec::<String>::new());
}

#[tokio::test]
async fn a_running_load_is_offered_to_be_stopped_and_never_started_over() {
    let (client, log) =
        serve(|asked| if asked.path == JOB && asked.method == "GET" { running() } else { empty(asked) }).await;
    let answer = plan(&client, &settings()).await;
    assert!(answer.ok && answer.stops, "{answer:?}");
    assert_eq!(answer.text, "Job k6-load in namespace demo-app runs since 2026-11-24T00:31:43Z: stop it?");
    let answer = start(&client, &settings()).await;
    assert!(!answer.ok && answer.text.contains("already: stop it first"), "{answer:?}");
    assert_eq!(changes(&log), Vec::<String>::new());
    let answer = stop(&client, &settings()).await;
    assert!(answer.ok, "{answer:?}");
    assert_eq!(changes(&log), [format!("DELETE {JOB}")]);
}

#[tokio::test]
async fn readonly_sends_no_request() {
    let (client, log) = serve(empty).await;
    let readonly = LoadSettings { readonly: true, ..settings() };
    for answer in [plan(&client, &readonly).await, start(&client, &readonly).await, stop(&client, &readonly).await] {
        assert!(!answer.ok && answer.text.contains("--readonly"), "{answer:?}");
    }
    assert!(log.lock().unwrap().is_empty());
}

/// The text of a plan whose dry run is refused with this status.
async fn refused(code: u16, reason: &'static str, message: &'static str) -> String {
    let (client, log) =
        serve(move |asked| if asked.method == "POST" { status(code, reason, message) } else { empty(asked) }).await;
    let answer = plan(&client, &settings()).await;
    assert!(!answer.ok && changes(&log).is_empty(), "{answer:?}");
    answer.text
}

#[tokio::test]
async fn every_refusal_has_its_sentence() {
    let denied = refused(
        403,
        "Forbidden",
        "jobs.batch is forbidden: User \"v\" cannot create resource \"jobs\" in API group \"batch\" in the namespace \"demo-app\"",
    );
    assert_eq!(
        denied.await,
        "denied: user v may not create jobs.batch in namespace demo-app (403); add to a Role in namespace demo-app: \
         apiGroups [\"batch\"], resources [\"jobs\"], verbs [\"create\"]"
    );
    let quota = refused(
        403,
        "Forbidden",
        "jobs.batch \"k6-load\" is forbidden: exceeded quota: q, requested: count/jobs.batch=1, used: count/jobs.batch=0, limited: count/jobs.batch=0",
    );
    assert!(quota.await.starts_with("quota: namespace demo-app does not allow it: exceeded quota: q, requested"));
    let ending = refused(
        403,
        "Forbidden",
        "jobs.batch \"k6-load\" is forbidden: unable to create new content in namespace demo-app because it is being terminated",
    );
    assert!(ending.await.starts_with("namespace demo-app is being deleted"));
    let missing = refused(404, "NotFound", "namespaces \"demo-app\" not found").await;
    assert!(missing.starts_with("namespace demo-app does not exist: create it"), "{missing}");
    let exists = refused(409, "AlreadyExists", "jobs.batch \"k6-load\" already exists").await;
    assert!(exists.contains("already exists in namespace demo-app"), "{exists}");
    let going = refused(409, "AlreadyExists", "object is being deleted: jobs.batch \"k6-load\" already exists").await;
    assert!(going.contains("still terminating"), "{going}");
    let webhook = refused(403, "Forbidden", "admission webhook \"w\" denied the request: no").await;
    assert!(webhook.contains("admission refuses Job k6-load"), "{webhook}");
    let invalid = refused(422, "Invalid", "Job.batch \"k6-load\" is invalid: spec.x: Required value").await;
    assert!(invalid.contains("spec.x: Required value"), "{invalid}");
    assert!(refused(401, "Unauthorized", "Unauthorized").await.contains("log in again"));
    assert!(refused(503, "ServiceUnavailable", "down").await.contains("try again"));
}

#[tokio::test]
async fn an_unreachable_server_is_reported() {
    let mut config = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
    config.default_retry = false;
    let answer = plan(&kube::Client::try_from(config).unwrap(), &settings()).await;
    assert!(!answer.ok && answer.text.contains("cannot reach the API server: Connection refused"), "{answer:?}");
}

#[tokio::test]
async fn a_run_of_the_operator_is_stopped_by_deleting_it() {
    const RUN: &str = "/apis/k6.io/v1alpha1/namespaces/demo-app/testruns/big";
    let settings = LoadSettings { job: "big".into(), ..settings() };
    let (client, log) = serve(|asked| if asked.path == RUN { (200, json!({})) } else { absent() }).await;
    let planned = testrun::plan(&client, &settings).await;
    assert!(planned.ok && planned.stops, "{planned:?}");
    assert_eq!(planned.steps, ["delete TestRun demo-app/big, its Jobs and pods (k6 is asked to end)"]);
    assert_eq!(changes(&log), Vec::<String>::new());
    let stopped = testrun::stop(&client, &settings).await;
    assert_eq!(stopped.text, "stopping the load: TestRun big in namespace demo-app is being deleted");
    assert_eq!(changes(&log), [format!("DELETE {RUN}")]);

    let forbidden = "testruns.k6.io \"big\" is forbidden: User \"u\" cannot delete resource \"testruns\"";
    let (client, _) = serve(move |_| status(403, "Forbidden", forbidden)).await;
    let refused = testrun::plan(&client, &settings).await;
    assert!(!refused.ok && refused.text.contains("may not delete testruns.k6.io in namespace demo-app"), "{refused:?}");
}
