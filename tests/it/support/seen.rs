//! What the live source says, gone through step by step.

use crate::it::support::fake_api::world;
use edot_tui::observe::{Feed, FeedState, FeedStatus, Observation, Stamped};
use edot_tui::source::live::cluster::Cluster;
use edot_tui::source::live::elastic::IngestSettings;
use edot_tui::source::live::load_control::LoadSettings;
use edot_tui::source::live::{Settings, Timing, open};
use edot_tui::source::{Died, Source};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The live source over a cluster, for the lab's namespaces, without Elasticsearch.
pub fn watch(cluster: Cluster, timing: Timing, hpa: &str) -> Seen {
    watch_as(cluster, settings(timing, hpa))
}

/// The same with an Elasticsearch of its own.
pub fn watch_with(cluster: Cluster, timing: Timing, hpa: &str, ingest: IngestSettings) -> Seen {
    watch_as(cluster, Settings { ingest, ..settings(timing, hpa) })
}

/// The lab's namespaces, neither collectors nor Elasticsearch.
pub fn settings(timing: Timing, hpa: &str) -> Settings {
    let load = LoadSettings {
        namespace: "demo-app".into(),
        job: "k6-load".into(),
        manifest: None,
        readonly: false,
        timeout: Duration::from_secs(1),
        patience: Duration::from_secs(1),
    };
    Settings {
        namespace: world::NAMESPACE.into(),
        hpa: hpa.into(),
        any: true,
        load,
        collector: None,
        ingest: IngestSettings { off: true, ..IngestSettings::default() },
        timing,
    }
}

/// The live source by these settings.
pub fn watch_as(cluster: Cluster, settings: Settings) -> Seen {
    let stop = CancellationToken::new();
    let (source, run) = open(settings, cluster, stop.clone());
    Seen { source, all: Vec::new(), at: 0, patience: Duration::from_secs(30), stop, run: tokio::spawn(run) }
}

/// What the source said so far.
pub struct Seen {
    pub source: Source,
    pub all: Vec<Stamped>,
    at: usize,
    /// How long anything may take to come.
    pub patience: Duration,
    pub stop: CancellationToken,
    pub run: JoinHandle<Result<(), Died>>,
}

impl Seen {
    /// Go on to the next observation that `pick` takes. Fails the test if there is none for long.
    pub async fn next<T>(&mut self, what: &str, pick: impl Fn(&Observation) -> Option<T>) -> T {
        let limit = tokio::time::Instant::now() + self.patience;
        loop {
            while let Some(stamped) = self.all.get(self.at) {
                self.at += 1;
                if let Some(found) = pick(&stamped.what) {
                    return found;
                }
            }
            match tokio::time::timeout_at(limit, self.source.observations.recv()).await {
                Ok(Some(stamped)) => self.all.push(stamped),
                _ => panic!("no {what}; seen: {:#?}", self.links()),
            }
        }
    }

    /// Go on until there was such an observation, be it long ago.
    pub async fn ever(&mut self, what: &str, is: impl Fn(&Observation) -> bool) {
        if !self.all.iter().any(|s| is(&s.what)) {
            self.next(what, |o| is(o).then_some(())).await;
        }
    }

    /// Go on until the feed stands so; its link then.
    pub async fn link(&mut self, feed: Feed, state: FeedState) -> FeedStatus {
        let is = move |o: &Observation| match o {
            Observation::FeedStatus(link) if link.feed == feed && link.state == state => Some(link.clone()),
            _ => None,
        };
        self.next(&format!("{} {state:?}", feed.name()), is).await
    }

    /// Go on until some link has said this, be it long ago.
    pub async fn reported(&mut self, text: &str) {
        while !self.links().iter().any(|line| line.contains(text)) {
            self.next(text, |o| matches!(o, Observation::FeedStatus(_)).then_some(())).await;
        }
    }

    /// Go on until every feed of the cluster but the load is up at the same time.
    pub async fn all_up(&mut self) {
        self.all_are(&[Feed::Hpa, Feed::Target, Feed::Pods, Feed::Usage, Feed::Events], FeedState::Up).await;
    }

    /// Go on until these feeds stand so at the same time.
    pub async fn all_are(&mut self, feeds: &[Feed], state: FeedState) {
        while !feeds.iter().all(|feed| self.standing(*feed) == Some(state)) {
            self.next(&format!("{state:?} of {feeds:?}"), |o| matches!(o, Observation::FeedStatus(_)).then_some(()))
                .await;
        }
    }

    /// How the feed stood at the point that was gone to.
    pub fn standing(&self, feed: Feed) -> Option<FeedState> {
        self.all[..self.at].iter().rev().find_map(|s| match &s.what {
            Observation::FeedStatus(link) if link.feed == feed => Some(link.state),
            _ => None,
        })
    }

    /// All links so far, for messages.
    pub fn links(&self) -> Vec<String> {
        let told = self.all.iter().filter_map(|s| match &s.what {
            Observation::FeedStatus(link) => Some(format!("{} {:?} {:?}", link.feed.name(), link.state, link.reason)),
            _ => None,
        });
        told.collect()
    }
}
