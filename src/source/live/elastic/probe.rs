//! Sends each query once, for the `doctor` command: which Elasticsearch is found, and which queries it answers.

use super::super::discovered::Discovered;
use super::client::Client;
use super::discover::discover;
use super::poller::{self, Poller};
use super::schedule::Query;
use super::settings::IngestSettings;
use crate::source::live::Timing;
use crate::source::live::client::ApiError;
use crate::source::live::cluster::Cluster;
use std::time::Duration;
use tokio::sync::mpsc;

/// One query and its outcome.
#[derive(Debug)]
pub struct Probed {
    pub what: &'static str,
    pub outcome: Result<String, ApiError>,
}

/// Discover Elasticsearch and send each query to it once.
pub async fn probe(cluster: &Cluster, namespace: &str, settings: &IngestSettings) -> Vec<Probed> {
    let (to, mut observations) = mpsc::channel(64);
    let shared = super::super::shared(cluster.clone(), to, Timing::default());
    let what = "Elasticsearch";
    let target = match discover(&shared, namespace, settings).await {
        Ok(target) => target,
        Err(fault) => return vec![Probed { what, outcome: Err(fault) }],
    };
    let found = format!("{}, {}", target.url.as_str().trim_end_matches('/'), target.credential.whose());
    let notes = target.notes.iter().map(|n| format!("; {n}")).collect::<String>();
    let (client, bridge) = match Client::open(target, &shared).await {
        Ok(open) => open,
        Err(fault) => return vec![Probed { what, outcome: Err(fault) }],
    };
    let discovered = Discovered::new("");
    let mut poller = Poller::new(&shared, client, &discovered);
    let probing = async {
        let root = poller.root().await.map(|root| {
            let version = match root.distribution() {
                "" => root.version.number.clone(),
                other => format!("{other} {}", root.version.number),
            };
            format!("{found}: {} {version}{notes}", root.cluster_name)
        });
        let reached = root.as_ref().err().is_none_or(poller::is_optional);
        let mut all = vec![Probed { what, outcome: root }];
        if reached {
            for (what, query) in [
                ("data streams", Query::Counters),
                ("back-pressure", Query::Nodes),
                ("cluster health", Query::Health),
                ("log quality", Query::LogQuality),
            ] {
                let outcome = poller.send(query).await.map(|()| "may be asked".to_owned());
                all.push(Probed { what, outcome });
            }
        }
        all
    };
    tokio::select! {
        all = probing => all,
        // Only the outcomes matter here, not the observations.
        () = async { while observations.recv().await.is_some() {} } => Vec::new(),
        () = async { bridge.await; tokio::time::sleep(Duration::MAX).await } => Vec::new(),
    }
}
