//! k6's progress lines and the durations in them. Pure.

use crate::observe::{K6Seen, K6State};
use crate::source::live::convert;

/// Parse `running (0m37.0s), 200/200 VUs, 1234 complete and 0 interrupted iterations`; None for any other line.
/// `duration_s` is the length of the run in seconds, as far as it is known.
pub fn progress(line: &str, duration_s: Option<f64>) -> Option<K6Seen> {
    let (state, rest) = match line.strip_prefix("running") {
        Some(rest) => (K6State::Running, rest),
        None => (K6State::Paused, line.strip_prefix("paused")?),
    };
    let (elapsed, rest) = match rest.strip_prefix(" (") {
        Some(rest) => {
            let (time, rest) = rest.split_once(')')?;
            (Some(seconds(time)?), rest)
        }
        None => (None, rest),
    };
    let (vus, rest) = rest.strip_prefix(", ")?.split_once(" VUs, ")?;
    let (vus, vus_max) = vus.split_once('/')?;
    let (complete, rest) = rest.split_once(" complete and ")?;
    let (interrupted, _) = rest.split_once(" interrupted iterations")?;
    Some(K6Seen {
        state,
        elapsed_s: elapsed,
        duration_s,
        vus: Some(vus.parse().ok()?),
        vus_max: Some(vus_max.parse().ok()?),
        iterations: Some(complete.parse().ok()?),
        interrupted: Some(interrupted.parse().ok()?),
        ..K6Seen::default()
    })
}

/// The length of a scenario as announced, in seconds:
/// `* ramp: Up to 30 looping VUs for 20s over 3 stages (startTime: 5s, gracefulStop: 30s)` -> 25 s.
pub fn planned(text: &str) -> Option<f64> {
    let after = |mark: &str| {
        let mut rest = text.split(mark).skip(1);
        rest.find_map(|r| seconds(r.split([' ', ',', ')']).next().unwrap_or_default()))
    };
    let takes = after(" for ").or_else(|| after("maxDuration: "))?;
    Some(takes + after("startTime: ").unwrap_or(0.0))
}

/// The length of a scenario as its progress line has it, in seconds: `default   [  12% ] 200 VUs  0m37.0s/5m0s` -> 300 s.
pub fn scenario_total(text: &str) -> Option<f64> {
    let (_, rest) = text.split_once('[')?;
    let (_, rest) = rest.split_once(']')?;
    rest.split_ascii_whitespace().find_map(|word| {
        let (done, total) = word.split_once('/')?;
        seconds(done).and(seconds(total))
    })
}

/// A duration as k6 and Go write it (`1m02.5s`, `8.35ms`, `1d02h`), in seconds.
pub fn seconds(text: &str) -> Option<f64> {
    match text.split_once('d') {
        Some((days, rest)) => {
            let days = f64::from(days.parse::<u32>().ok()?) * 86_400.0;
            if rest.is_empty() { Some(days) } else { convert::seconds(rest).map(|s| days + s) }
        }
        None => convert::seconds(text),
    }
}
