//! k6's log, a line at a time: progress, summary, errors. The same for every k6 from 0.49 to 2.x. Pure.
//!
//! Without a terminal k6 prints, once a second, an empty line, `running (0m37.0s), 200/200 VUs, 1234 complete and 0
//! interrupted iterations`, and a line a scenario. The summary stands before the last of these; errors stand between.

use super::summary::Summary;
use crate::observe::text::{MESSAGE, clean};
use crate::observe::{K6Seen, K6State, K6SummarySeen};
use crate::source::live::convert;

/// What a line, together with those before it, says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Progress(Box<K6Seen>),
    Summary(Box<K6SummarySeen>),
    Error(String),
}

/// Reads a log in order.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// What the scenarios are to take, as announced; else as their progress has it.
    announced: Option<f64>,
    shown: Option<f64>,
    summary: Summary,
    paused: bool,
}

impl Log {
    /// Takes a line; at most two things are said, a summary before the progress that ends it.
    pub fn line(&mut self, line: &str) -> Vec<Said> {
        let line = line.trim_end();
        if line.starts_with("time=\"") || line.starts_with('{') {
            return error(line).map(Said::Error).into_iter().collect();
        }
        if let Some(progress) = self.progress(line) {
            let ended = self.end();
            let state = if ended.is_some() { K6State::Ended } else { progress.state };
            return ended.into_iter().chain([Said::Progress(Box::new(K6Seen { state, ..progress }))]).collect();
        }
        let text = line.trim_start();
        if text.starts_with("* ") {
            let planned = planned(text);
            self.announced = longer(self.announced, planned);
        } else if let Some(total) = scenario_total(text) {
            self.shown = longer(self.shown, Some(total));
        } else if text.starts_with("Run ") && text.ends_with("paused") {
            let first = !std::mem::replace(&mut self.paused, true);
            let waits = K6Seen { state: K6State::Waiting, duration_s: self.duration(), ..K6Seen::default() };
            return first.then_some(Said::Progress(Box::new(waits))).into_iter().collect();
        } else {
            self.summary.line(line);
        }
        Vec::new()
    }

    /// The log is over, or the summary: what there is of one.
    pub fn end(&mut self) -> Option<Said> {
        std::mem::take(&mut self.summary).end().map(|s| Said::Summary(Box::new(s)))
    }

    fn duration(&self) -> Option<f64> {
        self.announced.or(self.shown)
    }

    /// `running (0m37.0s), 200/200 VUs, 1234 complete and 0 interrupted iterations`.
    fn progress(&self, line: &str) -> Option<K6Seen> {
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
            duration_s: self.duration(),
            vus: Some(vus.parse().ok()?),
            vus_max: Some(vus_max.parse().ok()?),
            iterations: Some(complete.parse().ok()?),
            interrupted: Some(interrupted.parse().ok()?),
            ..K6Seen::default()
        })
    }
}

fn longer(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.into_iter().chain(b).reduce(f64::max)
}

/// `* ramp: Up to 30 looping VUs for 20s over 3 stages (startTime: 5s, gracefulStop: 30s)` -> 25 s.
fn planned(text: &str) -> Option<f64> {
    let after = |mark: &str| {
        let mut rest = text.split(mark).skip(1);
        rest.find_map(|r| seconds(r.split([' ', ',', ')']).next().unwrap_or_default()))
    };
    let takes = after(" for ").or_else(|| after("maxDuration: "))?;
    Some(takes + after("startTime: ").unwrap_or(0.0))
}

/// `default   [  12% ] 200 VUs  0m37.0s/5m0s` -> 300 s.
fn scenario_total(text: &str) -> Option<f64> {
    let (_, rest) = text.split_once('[')?;
    let (_, rest) = rest.split_once(']')?;
    rest.split_ascii_whitespace().find_map(|word| {
        let (done, total) = word.split_once('/')?;
        seconds(done).and(seconds(total))
    })
}

/// The message of a log line at level error or worse, and the error that goes with it.
fn error(line: &str) -> Option<String> {
    let is_error = |level: &str| matches!(level, "error" | "fatal" | "panic");
    let (message, cause) = if line.starts_with('{') {
        let value: serde_json::Value = serde_json::from_str(line).ok()?;
        let text = |key: &str| value.get(key).and_then(|v| v.as_str()).map(str::to_owned);
        text("level").filter(|level| is_error(level))?;
        (text("msg")?, text("error"))
    } else {
        field(line, " level=").filter(|level| is_error(level))?;
        (field(line, " msg=")?, field(line, " error="))
    };
    Some(clean(&cause.map_or(message.clone(), |cause| format!("{message}: {cause}")), MESSAGE))
}

/// The value after `key`, quoted or not.
fn field(line: &str, key: &str) -> Option<String> {
    let (_, rest) = line.split_once(key)?;
    let Some(quoted) = rest.strip_prefix('"') else {
        return rest.split(' ').next().map(str::to_owned);
    };
    let (mut out, mut escaped) = (String::new(), false);
    for c in quoted.chars().take(MESSAGE) {
        match c {
            'n' | 't' if escaped => out.push(' '),
            c if escaped => out.push(c),
            '\\' => {
                escaped = true;
                continue;
            }
            '"' => break,
            c => out.push(c),
        }
        escaped = false;
    }
    Some(out)
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

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
