//! The feeds k6 and collector against real ones behind a real API server: `KUBECONFIG=… cargo test -- --ignored inside_real`.
//! A collector's metrics are attached to port 8888 of the gateway's pods and can be had at METRICS (default
//! `http://127.0.0.1:8888/metrics`) as well; SECONDS says how long to look.

use edot_tui::observe::{Feed, Role, Signal};
use edot_tui::report;
use edot_tui::session::Session;
use edot_tui::source::live::cluster;
use edot_tui::source::live::collector::{Endpoint, read::read};
use edot_tui::source::live::connect::{Access, Environment};
use edot_tui::source::live::load_control::LoadSettings;
use edot_tui::source::live::{Settings, Timing, open};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

async fn watch(seconds: u64) -> Session {
    let environment = Environment::read();
    assert!(environment.kubeconfig.is_some(), "KUBECONFIG names the cluster");
    let cluster = cluster::open(Access::new(environment)).await.unwrap();
    let load = LoadSettings {
        namespace: "demo-app".into(),
        job: "k6-load".into(),
        manifest: None,
        readonly: true,
        timeout: Duration::from_secs(5),
        patience: Duration::from_secs(5),
    };
    let settings = Settings {
        namespace: "observability-lab".into(),
        hpa: "edot-gateway-hpa".into(),
        any: true,
        load,
        ingest: Default::default(),
        collector: Some(Endpoint::default()),
        timing: Timing::default(),
    };
    let stop = CancellationToken::new();
    let (mut source, run) = open(settings, cluster, stop.clone());
    let driver = tokio::spawn(run);
    let mut session = Session::default();
    let folding = async {
        while let Some(seen) = source.observations.recv().await {
            session.apply(&seen);
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(seconds), folding).await;
    stop.cancel();
    driver.await.unwrap().unwrap();
    session
}

fn env(name: &str, otherwise: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| otherwise.into())
}

async fn accepted() -> f64 {
    let url = env("METRICS", "http://127.0.0.1:8888/metrics");
    let body = reqwest::get(url).await.unwrap().bytes().await.unwrap();
    read(&body).unwrap().receivers.iter().filter_map(|r| r.accepted).sum()
}

#[tokio::test]
#[ignore = "needs a real cluster and a real collector"]
async fn rates_and_totals_are_the_collectors_own() {
    let seconds: u64 = env("SECONDS", "30").parse().unwrap();
    let before = accepted().await;
    let session = watch(seconds).await;
    let after = accepted().await;
    println!("{}", serde_json::to_string_pretty(&report::status(&session)).unwrap());
    for loss in session.collectors.losses.all() {
        println!("{loss:?}");
    }
    assert!(session.feeds.is_up(Feed::Collector));
    let tier = session.collectors.tier(Role::Gateway).unwrap();
    let total: f64 = Signal::ALL.iter().map(|s| tier.totals(*s).accepted).sum();
    let rate = (after - before) / seconds as f64;
    println!("accepted meanwhile: {} by the collector, {total} by the session", after - before);
    // Scrapes do not begin and end with the test.
    assert!(total <= after - before && total >= after - before - rate * 12.0, "{total}");
}
