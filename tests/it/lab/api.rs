//! The lab's API from outside, over TLS, as any client sees it.

use edot_tui::clock::Clock;
use edot_tui::lab::api::{self, Served};
use edot_tui::lab::model::Lab;
use edot_tui::lab::scenario::Scenario;
use futures::AsyncBufReadExt;
use http::Request;
use kube::{Client, Config};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A lab that is served until this value is dropped.
pub struct Cluster {
    pub served: Served,
    pub client: Client,
    pub clock: Clock,
    _stop: DropGuard,
}

/// Serve a scenario's lab at a speed.
pub async fn cluster(scenario: &Scenario, speed: f64) -> Cluster {
    let start = Clock::system().now();
    // Creating it takes a while, which must not count as its time.
    let lab = Lab::new(scenario, 1, start);
    serve_at(lab, start, speed).await
}

/// Serve a lab whose time begins now.
pub async fn serve(lab: Lab, speed: f64) -> Cluster {
    serve_at(lab, Clock::system().now(), speed).await
}

async fn serve_at(lab: Lab, start: edot_tui::lab::model::Time, speed: f64) -> Cluster {
    let clock = Clock::lab(start, speed);
    let stop = CancellationToken::new();
    let served = api::serve(lab, clock, stop.clone()).await.unwrap();
    let client = client(&served, &served.token);
    Cluster { served, client, clock, _stop: stop.drop_guard() }
}

fn client(served: &Served, token: &str) -> Client {
    // A second call finds it installed, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut config = Config::new(served.url.parse().unwrap());
    config.root_cert = Some(vec![served.certificate.clone()]);
    config.auth_info.token = Some(token.to_owned().into());
    config.default_retry = false;
    Client::try_from(config).unwrap()
}

async fn guide() -> Cluster {
    cluster(&Scenario::shipped("guide").unwrap(), 1.0).await
}

async fn ask(cluster: &Cluster, method: &str, path: &str, kind: &str, body: Value) -> Result<Value, kube::Error> {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let request = Request::builder().method(method).uri(path).header("content-type", kind).body(body).unwrap();
    cluster.client.request::<Value>(request).await
}

async fn get(cluster: &Cluster, path: &str) -> Value {
    ask(cluster, "GET", path, "application/json", Value::Null).await.unwrap()
}

async fn post(cluster: &Cluster, path: &str, body: Value) -> Result<Value, kube::Error> {
    ask(cluster, "POST", path, "application/json", body).await
}

fn code(result: Result<Value, kube::Error>) -> (u16, String) {
    match result {
        Err(kube::Error::Api(status)) => (status.code, status.message.clone()),
        other => panic!("{other:?}"),
    }
}

const CONFIGS: &str = "/api/v1/namespaces/own/configmaps";

async fn own_namespace(cluster: &Cluster) {
    post(cluster, "/api/v1/namespaces", json!({"metadata": {"name": "own"}})).await.unwrap();
}

fn config(name: &str, app: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"app": app}}, "data": {"a": "1"}})
}

/// The lines of a watch.
async fn watch(cluster: &Cluster, query: &str) -> impl futures::AsyncBufRead + Unpin + use<> {
    let path = format!("{CONFIGS}?watch=1&{query}");
    Box::pin(cluster.client.request_stream(Request::get(path).body(Vec::new()).unwrap()).await.unwrap())
}

async fn line(lines: &mut (impl futures::AsyncBufRead + Unpin)) -> Option<Value> {
    let mut text = String::new();
    let read = tokio::time::timeout(Duration::from_secs(5), lines.read_line(&mut text)).await.expect("a line in time");
    (read.ok()? > 0).then(|| serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn only_the_token_is_accepted_and_only_loopback_listens() {
    let lab = guide().await;
    assert_eq!(get(&lab, "/version").await["gitVersion"], "v1.36.3");
    for wrong in ["", "x", &lab.served.token.replace(|c: char| c.is_ascii_digit(), "0")] {
        let stranger = client(&lab.served, wrong);
        for path in ["/version", "/api", "/api/v1/pods"] {
            let refused = stranger.request::<Value>(Request::get(path).body(Vec::new()).unwrap()).await;
            assert_eq!(code(refused).0, 401, "{path}");
        }
    }
    let other = std::net::SocketAddr::from(([127, 0, 0, 2], lab.served.port));
    assert!(std::net::TcpStream::connect(other).is_err(), "it listens on 127.0.0.1 alone");
}

#[tokio::test]
async fn objects_are_written_as_in_any_cluster() {
    let lab = guide().await;
    assert_eq!(code(post(&lab, CONFIGS, config("a", "x")).await), (404, "namespaces \"own\" not found".into()));
    own_namespace(&lab).await;
    let dry = post(&lab, &format!("{CONFIGS}?dryRun=All"), config("a", "x")).await.unwrap();
    assert!(dry["metadata"]["uid"].is_string(), "a dry run shows what would be");
    post(&lab, CONFIGS, config("a", "x")).await.unwrap();
    assert_eq!(code(post(&lab, CONFIGS, config("a", "x")).await), (409, "configmaps \"a\" already exists".into()));
    let one = format!("{CONFIGS}/a");
    let merge = "application/merge-patch+json";
    let patched = ask(&lab, "PATCH", &one, merge, json!({"data": {"a": null, "b": "2"}})).await.unwrap();
    assert_eq!(patched["data"], json!({"b": "2"}));
    let stale = json!({"metadata": {"resourceVersion": "1"}, "data": {}});
    assert_eq!(code(ask(&lab, "PUT", &one, "application/json", stale).await).0, 409);
    assert_eq!(code(ask(&lab, "PATCH", &one, "text/plain", json!({})).await).0, 415);
    let apply = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "z"}, "data": {"c": "3"}});
    let applied = format!("{CONFIGS}/z?fieldManager=t&force=true");
    ask(&lab, "PATCH", &applied, "application/apply-patch+yaml", apply).await.unwrap();
    let gone = ask(&lab, "DELETE", &one, "application/json", json!({"preconditions": {"uid": "other"}})).await;
    assert_eq!(code(gone).0, 409);
    ask(&lab, "DELETE", &one, "application/json", Value::Null).await.unwrap();
    let missing = ask(&lab, "GET", &one, "application/json", Value::Null).await;
    assert_eq!(code(missing), (404, "configmaps \"a\" not found".into()));
    assert_eq!(code(ask(&lab, "GET", "/apis/no/v1/things", "application/json", Value::Null).await).0, 404);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let lab = guide().await;
    own_namespace(&lab).await;
    for n in 0..7 {
        let app = if n % 2 == 0 { "even" } else { "odd" };
        post(&lab, CONFIGS, config(&format!("c{n}"), app)).await.unwrap();
    }
    let (mut names, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = get(&lab, &format!("{CONFIGS}?limit=3&continue={token}")).await;
        let items = page["items"].as_array().unwrap();
        names.extend(items.iter().map(|one| one["metadata"]["name"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["metadata"]["continue"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    assert_eq!((names.join(" "), pages), ("c0 c1 c2 c3 c4 c5 c6".into(), 3));
    let even = get(&lab, &format!("{CONFIGS}?labelSelector=app%3Deven&fieldSelector=metadata.name%21%3Dc0")).await;
    assert_eq!(even["items"].as_array().unwrap().len(), 3);
    assert_eq!(even["kind"], "ConfigMapList");
}

#[tokio::test]
async fn a_watch_sends_the_changes_for_its_selector() {
    let lab = guide().await;
    own_namespace(&lab).await;
    post(&lab, CONFIGS, config("before", "x")).await.unwrap();
    let version = get(&lab, CONFIGS).await["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let mut all = watch(&lab, "").await;
    let mut later = watch(&lab, &format!("resourceVersion={version}&labelSelector=app%3Dx")).await;
    let summary = |line: Option<Value>| {
        let line = line.unwrap();
        format!("{} {}", line["type"].as_str().unwrap(), line["object"]["metadata"]["name"].as_str().unwrap_or("-"))
    };
    assert_eq!(summary(line(&mut all).await), "ADDED before");
    post(&lab, CONFIGS, config("a", "x")).await.unwrap();
    let merge = "application/merge-patch+json";
    let moved = json!({"metadata": {"labels": {"app": "y"}}});
    ask(&lab, "PATCH", &format!("{CONFIGS}/a"), merge, moved).await.unwrap();
    ask(&lab, "DELETE", &format!("{CONFIGS}/a"), merge, Value::Null).await.unwrap();
    for expected in ["ADDED a", "MODIFIED a", "DELETED a"] {
        assert_eq!(summary(line(&mut all).await), expected);
    }
    // For this one it is deleted once its label no longer matches.
    for expected in ["ADDED a", "DELETED a"] {
        assert_eq!(summary(line(&mut later).await), expected);
    }
    let mut initial = watch(&lab, "sendInitialEvents=true&allowWatchBookmarks=true&timeoutSeconds=1").await;
    assert_eq!(summary(line(&mut initial).await), "ADDED before");
    let mark = line(&mut initial).await.unwrap();
    assert_eq!(mark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(line(&mut initial).await, None, "it ends after timeoutSeconds");
    let too_old = line(&mut watch(&lab, "resourceVersion=1").await).await.unwrap();
    assert!(too_old["object"]["code"] == 410 || too_old["type"] == "ADDED", "{too_old}");
}

#[tokio::test]
async fn a_bookmark_comes_once_a_minute_of_the_labs() {
    let lab = cluster(&Scenario::shipped("guide").unwrap(), 100.0).await;
    own_namespace(&lab).await;
    let version = get(&lab, CONFIGS).await["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let query = format!("resourceVersion={version}&allowWatchBookmarks=true");
    let mark = line(&mut watch(&lab, &query).await).await.unwrap();
    assert_eq!((&mark["type"], &mark["object"]["kind"]), (&json!("BOOKMARK"), &json!("ConfigMap")));
}
