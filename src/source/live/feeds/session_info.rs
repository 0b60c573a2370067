//! What the session watches, sent first and again when it changes; the server's version; the tick.

use crate::observe::text::{NAME, clean};
use crate::observe::{Observation, WatchingSeen};
use crate::source::live::client::{ApiErrorKind, ResourceAttributes, get, read};
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
        match get(&shared, "/version", &attributes, shared.timing().request).await {
            Ok(body) => {
                let version = read::<Version>(&body).unwrap_or_default();
                seen.send_modify(|seen| {
                    seen.server_version = clean(&version.git_version, NAME);
                    // A lab in another process is a lab too.
                    seen.lab |= version.platform == LAB;
                });
                return;
            }
            Err(fault) if matches!(fault.kind, ApiErrorKind::Denied | ApiErrorKind::Absent) => return,
            Err(fault) => {
                attempt += 1;
                shared.gate.pause(fault.wait(attempt, &shared.timing()).max(shared.timing().longest)).await;
                shared.gate.turn().await;
            }
        }
    }
}

/// The shortest time between two ticks, no matter how fast the clock runs.
const TICK: Duration = Duration::from_millis(50);

/// Send a tick at every whole second of the clock, and a marker where the system's time was set.
pub async fn tick(out: Emitter) {
    loop {
        if let Some(by) = out.clock().set_by() {
            out.emit(Observation::Note { text: set(by) }).await;
        }
        let into = Duration::from_nanos(u64::from(out.now().timestamp_subsec_nanos()));
        let rest = Duration::from_secs(1).saturating_sub(into);
        let rest = out.clock().real(rest).max(if out.clock().speed() > 1.0 { TICK } else { Duration::ZERO });
        // A lab whose time is stopped ticks, too.
        let _ = tokio::time::timeout(rest * 2 + TICK, out.clock().sleep(rest)).await;
        out.emit(Observation::Tick).await;
    }
}

/// That the system's time was set.
fn set(by: chrono::TimeDelta) -> String {
    let span = humantime::format_duration(Duration::from_secs(by.num_seconds().unsigned_abs()));
    if by < chrono::TimeDelta::zero() {
        return format!("this computer's clock was set back by {span}: times go on as if it had not been");
    }
    format!("this computer's clock went forward by {span}: it was set, or it slept")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, Reading, System};
    use chrono::{DateTime, TimeDelta};
    use std::cell::{Cell, LazyCell};
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    #[test]
    fn a_clock_that_was_set_is_reported_in_words() {
        assert!(set(TimeDelta::seconds(-3600)).contains("set back by 1h: "));
        assert!(set(TimeDelta::milliseconds(90_500)).contains("forward by 1m 30s: "));
    }

    thread_local! {
        static BEGUN: LazyCell<Instant> = LazyCell::new(Instant::now);
        /// Seconds by which the system's time was set.
        static SET: Cell<i64> = const { Cell::new(0) };
    }

    fn read() -> Reading {
        let elapsed = BEGUN.with(|begun| begun.elapsed());
        let since = TimeDelta::from_std(elapsed).unwrap() + TimeDelta::seconds(SET.get());
        Reading { time: DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + since, elapsed }
    }

    #[tokio::test(start_paused = true)]
    async fn ticks_go_on_when_the_clock_is_set_back_and_a_marker_shows_it() {
        let (to, mut from) = mpsc::channel(64);
        let clock = Clock::of(Box::leak(Box::new(System::new(read))));
        tokio::spawn(tick(Emitter::new(to, clock)));
        let (mut last, mut notes) = (None, Vec::new());
        let begun = Instant::now();
        for (by, shown) in [(0, None), (-3600, Some("set back by 1h")), (600, Some("forward by 1h 10m"))] {
            SET.set(by);
            for _ in 0..3 {
                let mut seen = from.recv().await.unwrap();
                if let Observation::Note { text } = seen.what {
                    notes.push(text);
                    seen = from.recv().await.unwrap();
                }
                assert_eq!(seen.what, Observation::Tick);
                assert!(last < Some(seen.at), "{by}: time went back");
                last = Some(seen.at);
            }
            assert!(shown.is_none_or(|shown| notes.last().is_some_and(|note| note.contains(shown))), "{notes:?}");
        }
        assert_eq!(notes.len(), 2);
        assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    }
}
