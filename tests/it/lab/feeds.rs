//! The live feeds over the embedded lab: they observe what happens there, and report each fault of its API until it ends.

use crate::it::lab::api as lab_api;
use crate::it::lab::api::cluster;
use crate::it::support::seen::{self, Seen};
use edot_tui::lab::scenario::Scenario;
use edot_tui::observe::{ConfigSeen, Feed, FeedState, FeedStatus, Observation, Role};
use edot_tui::source::live::cluster::{self as live, Cluster};
use edot_tui::source::live::collector::Endpoint;
use edot_tui::source::live::connect::{Access, Environment, Lab};
use edot_tui::source::live::{Settings, Timing};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The feeds that need only the Kubernetes API.
const FEEDS: [Feed; 6] = [Feed::Hpa, Feed::Target, Feed::Pods, Feed::Usage, Feed::Events, Feed::Load];

async fn connect(lab: &lab_api::Cluster) -> Cluster {
    let served = &lab.served;
    let (server, certificate) = (served.url.clone(), served.certificate.clone());
    let own =
        Lab { server, certificate, token: served.token.clone().into(), clock: lab.clock, note: None, _running: None };
    live::open(Access { lab: Some(own), ..Access::new(Environment::default()) }).await.unwrap()
}

/// The live source over a lab.
async fn watch(lab: &lab_api::Cluster) -> Seen {
    let mut seen = seen::watch(connect(lab).await, Timing::default(), "edot-gateway-hpa");
    seen.patience = Duration::from_secs(60);
    seen
}

/// The same, with the lab's collectors.
async fn watch_collectors(lab: &lab_api::Cluster) -> Seen {
    let settings = seen::settings(Timing::default(), "edot-gateway-hpa");
    seen::watch_as(connect(lab).await, Settings { collector: Some(Endpoint::default()), ..settings })
}

fn config(seen: &Observation) -> Option<ConfigSeen> {
    match seen {
        Observation::CollectorConfig(config) => Some((**config).clone()),
        _ => None,
    }
}

fn reports(link: &FeedStatus, words: &[&str]) {
    let text = format!("{} | {}", link.reason.as_deref().unwrap_or_default(), link.hint.as_deref().unwrap_or_default());
    for word in words {
        assert!(text.contains(word), "{:?} does not report {word:?}: {text}", link.feed);
    }
}

#[tokio::test]
async fn the_lab_is_watched_as_any_cluster_in_its_own_time() {
    let lab = cluster(&Scenario::shipped("guide").unwrap(), 60.0).await;
    let mut seen = watch(&lab).await;
    let is_lab = |o: &Observation| matches!(o, Observation::Watching(w) if w.lab && w.context == "lab");
    seen.ever("badge", is_lab).await;
    for feed in FEEDS {
        seen.ever("link", |o| matches!(o, Observation::FeedStatus(l) if l.feed == feed && matches!(l.state, FeedState::Up | FeedState::Absent))).await;
    }
    let newest = |o: &Observation| match o {
        Observation::Usage(usage) => usage.pods.iter().map(|pod| pod.at).max(),
        _ => None,
    };
    let first = seen.next("usage", newest).await;
    let second = seen.next("newer usage", newest).await;
    assert!((second - first).num_seconds() >= 10, "samples are stamped in lab time: {first} {second}");
    let behind = seen.all.last().map(|stamped| (lab.clock.now() - stamped.at).num_seconds()).unwrap();
    assert!((0..120).contains(&behind), "so is everything else: {behind} s");
}

#[tokio::test]
async fn every_fault_of_the_hostile_lab_is_reported_and_recovers() {
    let lab = cluster(&Scenario::shipped("hostile").unwrap(), 40.0).await;
    let mut seen = watch(&lab).await;
    seen.link(Feed::Hpa, FeedState::Up).await;
    // Cut and compacted watches resume without a report: nothing that was known is in doubt.
    let denied = seen.link(Feed::Hpa, FeedState::Denied).await;
    reports(
        &denied,
        &["user lab may not", "horizontalpodautoscalers.autoscaling", "403", "verbs [\"list\", \"watch\"]"],
    );
    seen.link(Feed::Hpa, FeedState::Up).await;
    reports(&seen.link(Feed::Usage, FeedState::Retrying).await, &["the metrics API's answer is no list"]);
    seen.link(Feed::Usage, FeedState::Up).await;
    reports(&seen.link(Feed::Usage, FeedState::Retrying).await, &["no PodMetrics", "503", "metrics-server"]);
    seen.link(Feed::Usage, FeedState::Up).await;
    let away = seen.link(Feed::Hpa, FeedState::Retrying).await;
    reports(&away, &["https://127.0.0.1"]);
    seen.link(Feed::Hpa, FeedState::Up).await;
    seen.next("a step of the HPA", |o| matches!(o, Observation::Hpa(_)).then_some(())).await;
    reports(&seen.link(Feed::Hpa, FeedState::Stale).await, &["no sign of life for 75 s"]);
    seen.link(Feed::Hpa, FeedState::Up).await;
    seen.next("a step of the HPA", |o| matches!(o, Observation::Hpa(_)).then_some(())).await;
    for feed in FEEDS {
        let last = seen.all.iter().rev().find_map(|s| match &s.what {
            Observation::FeedStatus(link) if link.feed == feed => Some(link.state),
            _ => None,
        });
        if last != Some(FeedState::Up) {
            seen.link(feed, FeedState::Up).await;
        }
    }
}

#[tokio::test]
async fn the_collectors_configuration_is_read_without_its_secrets() {
    let lab = cluster(&Scenario::shipped("guide").unwrap(), 20.0).await;
    let path = "/api/v1/namespaces/observability-lab/configmaps/edot-gateway-config";
    let mut map: Value = lab.client.request(http::Request::get(path).body(Vec::new()).unwrap()).await.unwrap();
    let text = map["data"]["config.yaml"].as_str().unwrap();
    let secrets =
        "    api_key: hidden-4711\n    headers: {authorization: ApiKey hidden-4711}\n    password: hidden-4711";
    let secret = text.replace("    password: ${env:ELASTIC_PASSWORD}", secrets);
    assert_ne!(secret, text);
    map["data"]["config.yaml"] = secret.into();
    map["data"]["other.yaml"] = "token: hidden-4711".into();
    let put = http::Request::put(path).header("content-type", "application/json").body(map.to_string().into_bytes());
    lab.client.request::<Value>(put.unwrap()).await.unwrap();

    let mut seen = watch_collectors(&lab).await;
    for role in [Role::Gateway, Role::Agent, Role::Cluster] {
        seen.ever("configuration", |o| config(o).is_some_and(|c| c.role == role && !c.pipelines.is_empty())).await;
    }
    seen.ever("a scrape", |o| matches!(o, Observation::Collector(_))).await;
    let gateway = seen.all.iter().filter_map(|s| config(&s.what)).find(|c| c.role == Role::Gateway).unwrap();
    assert_eq!(gateway.from, ["edot-gateway-config/config.yaml"]);
    let traces = gateway.pipelines.iter().find(|p| p.name == "traces").unwrap();
    assert_eq!(traces.processors, ["memory_limiter", "batch", "elasticapm"]);
    assert_eq!(gateway.exporters[0].queue_size, Some(10.0));
    let recorded = serde_json::to_string(&seen.all).unwrap();
    assert!(!recorded.contains("hidden"), "nothing of it is recorded");
}

/// Requests to routes that are not served fail; the guide's own load has none of them.
#[tokio::test]
async fn a_load_that_calls_routes_which_are_not_there_is_found() {
    for (name, fails) in [("lab", true), ("guide", false)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("assets/scenarios/{name}.toml"));
        let text = std::fs::read_to_string(path).unwrap().replace("[load]\n", "[load]\nstart = \"1s\"\n");
        let lab = cluster(&Scenario::parse(name, "test.toml", &text).unwrap(), 60.0).await;
        let mut seen = watch(&lab).await;
        let counted =
            |o: &Observation| matches!(o, Observation::K6(k6) if k6.requests > Some(2000) && k6.failed_ratio.is_some());
        seen.next("requests of k6", |o| counted(o).then_some(())).await;
        let mut session = edot_tui::advise::session();
        seen.all.iter().for_each(|stamped| session.apply(stamped));
        let found: Vec<&str> = edot_tui::advise::findings(&session).iter().map(|f| f.id).collect();
        assert_eq!(found.contains(&"load-requests-fail"), fails, "{name}: {found:?}");
    }
}

#[tokio::test]
async fn a_denied_configuration_is_reported_and_all_else_works() {
    let text = include_str!("../../../assets/scenarios/guide.toml");
    let fault =
        "\n[[fault]]\nat = \"0s\"\nkind = \"forbidden\"\nverb = \"get\"\nresource = \"configmaps\"\nfor = \"60s\"\n";
    let lab = cluster(&Scenario::parse("guide", "guide.toml", &format!("{text}{fault}")).unwrap(), 20.0).await;
    let mut seen = watch_collectors(&lab).await;
    seen.reported("their configuration cannot be read: user lab may not get configmaps").await;
    let hint_of = |o: &Observation| match o {
        Observation::FeedStatus(link) if link.feed == Feed::Collector => link.hint.clone(),
        _ => None,
    };
    let hint = seen.all.iter().find_map(|s| hint_of(&s.what)).unwrap();
    assert!(hint.contains("resources [\"configmaps\"], verbs [\"get\"]"), "{hint}");
    assert_eq!(seen.standing(Feed::Collector), Some(FeedState::Up), "all else works");
    seen.ever("configuration, once it may be read", |o| config(o).is_some()).await;
}
