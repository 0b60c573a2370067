//! The `status` command: watch until everything is known, or known to be absent, and print it once. Must not format
//! figures; that is `report`'s part.

use crate::{
    observe::{Feed, FeedState, K6State, Signal},
    report,
    session::{Collector, Phase, Session},
    source::Source,
    ui::Ui,
    view::{self, Cx, Look},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::time::Duration;

/// What to print.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    Json,
    Text,
    /// The screen as the user would have it.
    Screen {
        size: (u16, u16),
        ui: Box<Ui>,
    },
}

/// Folds what the source says until every feed has settled, at most for `wait`.
pub async fn settle(source: &mut Source, wait: Duration) -> Session {
    let mut session = Session::default();
    let all = async {
        while !settled(&session) {
            let Some(seen) = source.observations.recv().await else { break };
            session.apply(&seen);
        }
    };
    // At the limit, what is known is what is printed.
    let _ = tokio::time::timeout(wait, all).await;
    session
}

/// Whether every feed is up with what it has to say, or cannot be.
pub fn settled(session: &Session) -> bool {
    let state = |feed| session.feeds.state(feed);
    let done = |feed: Feed| match state(feed) {
        FeedState::Denied | FeedState::Absent => true,
        FeedState::Up => match feed {
            // Pods that do not run are not measured.
            Feed::Usage => session.resolution_s.is_some() || !session.pods.live().any(|p| p.seen.phase == "Running"),
            Feed::Hpa => session.hpa.is_some() && !session.watching.server_version.is_empty(),
            // Rates need two scrapes, and two words of k6.
            Feed::Collector => {
                let waits = |c: &Collector| c.lost.is_none() && c.accepted.rate.last().is_none();
                session.collectors.all().next().is_some() && !session.collectors.all().any(waits)
            }
            Feed::K6 => {
                let known = session.load.progress(session.now_ms());
                known.state == Some(K6State::Ended) || known.iterations_per_s.is_some() || !runs(session)
            }
            Feed::Ingest => session.ingest.signal(Signal::Logs).is_some(),
            _ => true,
        },
        _ => false,
    };
    // Without the HPA the feeds that follow from it never start.
    state(Feed::Hpa) == FeedState::Absent || Feed::ALL.into_iter().all(done)
}

/// k6 runs, so that it has something to tell.
fn runs(session: &Session) -> bool {
    session.load.phase() == Phase::Running
}

/// The session in the asked form.
///
/// # Errors
/// None in practice; JSON is fallible by type.
pub fn render(session: &Session, output: &Output, look: &Look) -> serde_json::Result<String> {
    Ok(match output {
        Output::Json => serde_json::to_string_pretty(&report::status(session))? + "\n",
        Output::Text => report::status_as_text(&report::status(session)),
        Output::Screen { size, ui } => {
            let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
            view::draw(&mut buffer, &Cx::new(session, session.now_ms(), ui, look));
            let rows = view::plane::planes(&buffer).text;
            rows.join("\n") + "\n"
        }
    })
}
