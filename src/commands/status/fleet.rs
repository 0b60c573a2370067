//! `edot-tui status -A`: watches until every cluster has answered or failed, and prints every HPA once. Must not format
//! figures; `report` does that.

use super::{Status, StatusFormat};
use crate::{
    config::Settings,
    error::{CommandError, ErrorKind, IN_TROUBLE, SUCCESS},
    observe::{FeedState, Time},
    open::{self, fleet::RunningFleet},
    report,
    session::{Fleet, Session},
    stdio,
};
use std::time::Duration;

/// The events about the last rescales come after the HPAs; it is not worth waiting longer for them.
const EVENTS: Duration = Duration::from_millis(300);

/// Prints the table; the exit code says whether an HPA is in trouble.
///
/// # Errors
/// The configuration is wrong.
pub async fn print(settings: &Settings, args: &Status) -> Result<u8, CommandError> {
    if args.output == StatusFormat::Screen {
        return Err(CommandError::usage(
            "-o screen prints the screen of one HPA; of every one there is -o text and -o json",
        ));
    }
    let mut running = open::fleet::open(settings, None, args.wait).await?;
    let session = wait(&mut running, args.wait).await;
    running.stop.cancel();
    let (fleet, now) = (session.fleet.unwrap_or_default(), session.now.unwrap_or_default());
    let text = match args.output {
        StatusFormat::Json => serde_json::to_string_pretty(&report::fleet::fleet(&fleet, now))? + "\n",
        _ => report::fleet::fleet_as_text(&fleet, now),
    };
    stdio::data(&text).map(|()| exit_code(&fleet, now))
}

/// Folds what is observed until every cluster has answered or failed, at most for `wait`.
async fn wait(running: &mut RunningFleet, wait: Duration) -> Session {
    let mut session = Session::default();
    let answered = |session: &Session| {
        let clusters = session.fleet.as_deref().map(Fleet::clusters).unwrap_or_default();
        let known = |state| !matches!(state, FeedState::Connecting);
        !clusters.is_empty() && clusters.iter().all(|c| known(c.status.state))
    };
    let all = async {
        while !answered(&session) {
            let Some(seen) = running.source.observations.recv().await else { return };
            session.apply(&seen);
        }
    };
    // At the limit, what is known is what is printed.
    let _ = tokio::time::timeout(wait, all).await;
    let rest = async {
        while let Some(seen) = running.source.observations.recv().await {
            session.apply(&seen);
        }
    };
    let _ = tokio::time::timeout(wait.min(EVENTS), rest).await;
    session
}

/// Trouble counts before a cluster that cannot be read.
fn exit_code(fleet: &Fleet, now: Time) -> u8 {
    if fleet.troubled(now).0 > 0 {
        return IN_TROUBLE;
    }
    let states: Vec<FeedState> = fleet.dark().map(|cluster| cluster.status.state).collect();
    match states.as_slice() {
        [] => SUCCESS,
        all if all.contains(&FeedState::Denied) => ErrorKind::Denied.exit_code(),
        _ => ErrorKind::Unreachable.exit_code(),
    }
}
