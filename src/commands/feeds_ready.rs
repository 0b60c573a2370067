//! Whether every feed has delivered what it has, for commands that wait for a first complete picture.

use crate::{
    observe::{Feed, FeedState, K6State, Signal},
    session::{Collector, LoadPhase, Session},
    source::Source,
};
use std::time::Duration;

/// Folds what the source observes until every feed is ready, at most for `wait`.
pub async fn wait_until_ready(source: &mut Source, wait: Duration) -> Session {
    let mut session = Session::default();
    let all = async {
        while !feeds_ready(&session) {
            let Some(seen) = source.observations.recv().await else { break };
            session.apply(&seen);
        }
    };
    // At the limit, what is known is what is printed.
    let _ = tokio::time::timeout(wait, all).await;
    session
}

/// Whether every feed is up and has delivered its first figures, or cannot be up.
pub fn feeds_ready(session: &Session) -> bool {
    let state = |feed| session.feeds.state(feed);
    let ready = |feed: Feed| match state(feed) {
        FeedState::Denied | FeedState::Absent => true,
        FeedState::Up => match feed {
            // Pods that do not run are not measured.
            Feed::Usage => {
                let mut running = session.pods.live().filter(|p| p.seen.phase == "Running").peekable();
                running.peek().is_none() || running.any(|p| p.usage.is_some())
            }
            Feed::Hpa => session.hpa.is_some() && !session.watching.server_version.is_empty(),
            // Rates need two scrapes, and two reports of k6.
            Feed::Collector => {
                let waits = |c: &Collector| c.lost.is_none() && c.accepted.rate.last().is_none();
                session.collectors.all().next().is_some() && !session.collectors.all().any(waits)
            }
            Feed::K6 => {
                let known = session.load.progress(session.now_ms());
                let runs = session.load.phase() == LoadPhase::Running;
                known.state == Some(K6State::Ended) || known.iterations_per_s.is_some() || !runs
            }
            Feed::Ingest => session.ingest.signal(Signal::Logs).is_some(),
            _ => true,
        },
        // It is no part of the figures.
        _ => feed == Feed::Scalers,
    };
    // Without the HPA the feeds that follow from it never start.
    state(Feed::Hpa) == FeedState::Absent || Feed::ALL.into_iter().all(ready)
}
