//! The live feeds over the embedded lab: they see what happens there, and name what befalls its API until it is over.

use crate::lab_api::{self, cluster};
use crate::seen::{self, Seen};
use edot_tui::lab::scenario::Scenario;
use edot_tui::observe::{Feed, Link, LinkState, Observation};
use edot_tui::source::live::Pace;
use edot_tui::source::live::cluster::{self as live, Cluster};
use edot_tui::source::live::connect::{Access, Environment, Lab};
use std::time::Duration;

/// The feeds that the Kubernetes API alone has to offer.
const FEEDS: [Feed; 6] = [Feed::Hpa, Feed::Target, Feed::Pods, Feed::Usage, Feed::Events, Feed::Load];

async fn connect(lab: &lab_api::Cluster) -> Cluster {
    let served = &lab.served;
    let (server, certificate) = (served.url.clone(), served.certificate.clone());
    let own = Lab { server, certificate, token: served.token.clone().into(), clock: lab.clock, note: None };
    live::open(Access { lab: Some(own), ..Access::new(Environment::default()) }).await.unwrap()
}

/// The live source over a lab.
async fn watch(lab: &lab_api::Cluster) -> Seen {
    let mut seen = seen::watch(connect(lab).await, Pace::default(), "edot-gateway-hpa");
    seen.patience = Duration::from_secs(60);
    seen
}

fn says(link: &Link, words: &[&str]) {
    let told = format!("{} | {}", link.reason.as_deref().unwrap_or_default(), link.mend.as_deref().unwrap_or_default());
    for word in words {
        assert!(told.contains(word), "{:?} does not say {word:?}: {told}", link.feed);
    }
}

#[tokio::test]
async fn the_lab_is_watched_as_any_cluster_in_its_own_time() {
    let lab = cluster(&Scenario::shipped("guide").unwrap(), 60.0).await;
    let mut seen = watch(&lab).await;
    let is_lab = |o: &Observation| matches!(o, Observation::Watching(w) if w.lab && w.context == "lab");
    seen.ever("badge", is_lab).await;
    for feed in FEEDS {
        seen.ever("link", |o| matches!(o, Observation::Link(l) if l.feed == feed && matches!(l.state, LinkState::Up | LinkState::Absent))).await;
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
async fn every_fault_of_the_hostile_lab_is_named_and_heals() {
    let lab = cluster(&Scenario::shipped("hostile").unwrap(), 40.0).await;
    let mut seen = watch(&lab).await;
    seen.link(Feed::Hpa, LinkState::Up).await;
    // Cut and compacted watches go on without a word: nothing that was known is in doubt.
    let denied = seen.link(Feed::Hpa, LinkState::Denied).await;
    says(&denied, &["user lab may not", "horizontalpodautoscalers.autoscaling", "403", "verbs [\"list\", \"watch\"]"]);
    seen.link(Feed::Hpa, LinkState::Up).await;
    says(&seen.link(Feed::Usage, LinkState::Retrying).await, &["the metrics API's answer is no list"]);
    seen.link(Feed::Usage, LinkState::Up).await;
    says(&seen.link(Feed::Usage, LinkState::Retrying).await, &["no PodMetrics", "503", "metrics-server"]);
    seen.link(Feed::Usage, LinkState::Up).await;
    let away = seen.link(Feed::Hpa, LinkState::Retrying).await;
    says(&away, &["https://127.0.0.1"]);
    seen.link(Feed::Hpa, LinkState::Up).await;
    seen.next("a step of the HPA", |o| matches!(o, Observation::Hpa(_)).then_some(())).await;
    says(&seen.link(Feed::Hpa, LinkState::Stale).await, &["no sign of life for 75 s"]);
    seen.link(Feed::Hpa, LinkState::Up).await;
    seen.next("a step of the HPA", |o| matches!(o, Observation::Hpa(_)).then_some(())).await;
    for feed in FEEDS {
        let last = seen.all.iter().rev().find_map(|s| match &s.what {
            Observation::Link(link) if link.feed == feed => Some(link.state),
            _ => None,
        });
        if last != Some(LinkState::Up) {
            seen.link(feed, LinkState::Up).await;
        }
    }
}
