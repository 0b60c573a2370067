//! Each question put once, for the `doctor`: what is found, and what of it may be asked.

use super::plan::Question;
use super::{Asking, IngestSettings, Line, find, wire};
use crate::source::live::Timing;
use crate::source::live::client::ApiError;
use crate::source::live::cluster::Cluster;
use std::time::Duration;
use tokio::sync::mpsc;

/// One question and what came of it.
#[derive(Debug)]
pub struct Answered {
    pub what: &'static str,
    pub outcome: Result<String, ApiError>,
}

/// Finds Elasticsearch and puts each question to it once.
pub async fn examine(cluster: &Cluster, namespace: &str, settings: &IngestSettings) -> Vec<Answered> {
    let (to, mut heard) = mpsc::channel(64);
    let shared = super::super::shared(cluster.clone(), to, Timing::default());
    let what = "Elasticsearch";
    let found = match find(&shared, namespace, settings).await {
        Ok(found) => found,
        Err(fault) => return vec![Answered { what, outcome: Err(fault) }],
    };
    let about = format!("{}, {}", found.url.as_str().trim_end_matches('/'), found.credential.whose());
    let notes = found.notes.iter().map(|n| format!("; {n}")).collect::<String>();
    let (line, carrying) = match Line::open(found, &shared).await {
        Ok(open) => open,
        Err(fault) => return vec![Answered { what, outcome: Err(fault) }],
    };
    let mut asking = Asking::new(&shared, line);
    let all = async {
        let root = asking.get("").await.map(|body| serde_json::from_slice::<wire::Root>(&body).unwrap_or_default());
        let reached = root.map(|r| format!("{about}: {} {}{notes}", r.cluster_name, r.version.number));
        let mut all = vec![Answered { what, outcome: reached }];
        if all.iter().all(|a| a.outcome.as_ref().is_ok_and(|_| true) || a.outcome.as_ref().is_err_and(super::optional))
        {
            for (what, question) in [
                ("data streams", Question::Counters),
                ("back-pressure", Question::Nodes),
                ("cluster health", Question::Health),
                ("log quality", Question::Quality),
            ] {
                let outcome = asking.put(question).await.map(|()| "may be asked".to_owned());
                all.push(Answered { what, outcome });
            }
        }
        all
    };
    tokio::select! {
        all = all => all,
        // The answers' contents are nobody's business here.
        () = async { while heard.recv().await.is_some() {} } => Vec::new(),
        () = async { carrying.await; tokio::time::sleep(Duration::MAX).await } => Vec::new(),
    }
}
