//! What the session watches, sent first and again when it changes; the server's version; the tick.

use crate::observe::text::{NAME, clean};
use crate::observe::{Observation, WatchingSeen};
use crate::source::live::client::{ErrorKind, ResourceAttributes, get, read};
use crate::source::live::context::{Emitter, FeedContext};
use crate::source::live::wire::Version;
use std::time::Duration;
use tokio::sync::watch;

/// The platform in the version of the embedded lab.
const LAB: &str = "edot-tui/lab";

/// Send what is watched each time it changes.
pub async fn watching(out: Emitter, mut seen: watch::Receiver<WatchingSeen>) {
    while seen.changed().await.is_ok() {
        let now = seen.borrow_and_update().clone();
        out.emit(Observation::Watching(now)).await;
    }
}

/// Ask for the server's version until it is known or denied.
pub async fn version(shared: FeedContext, seen: watch::Sender<WatchingSeen>) {
    let attributes = ResourceAttributes {
        verb: "get",
        version: "v1".into(),
        resource: "/version".into(),
        ..ResourceAttributes::default()
    };
    let mut attempt = 0;
    loop {
        match get(&shared, "/version", &attributes, shared.timing.request).await {
            Ok(body) => {
                let version = read::<Version>(&body).unwrap_or_default();
                seen.send_modify(|seen| {
                    seen.server_version = clean(&version.git_version, NAME);
                    // A lab in another process is a lab too.
                    seen.lab |= version.platform == LAB;
                });
                return;
            }
            Err(fault) if matches!(fault.kind, ErrorKind::Denied | ErrorKind::Absent) => return,
            Err(fault) => {
                attempt += 1;
                shared.gate.pause(fault.wait(attempt, &shared.timing).max(shared.timing.longest)).await;
                shared.gate.turn().await;
            }
        }
    }
}

/// The shortest time between two ticks, however fast the clock runs.
const TICK: Duration = Duration::from_millis(50);

/// Send a tick at every whole second of the clock.
pub async fn tick(out: Emitter) {
    loop {
        let into = Duration::from_nanos(u64::from(out.now().timestamp_subsec_nanos()));
        let rest = Duration::from_secs(1).saturating_sub(into);
        tokio::time::sleep(out.clock().real(rest).max(if out.clock().speed() > 1.0 { TICK } else { Duration::ZERO }))
            .await;
        out.emit(Observation::Tick).await;
    }
}
