//! k6 from inside: progress of each of its processes, and of all together. Counters become rates; what k6 tells of the whole
//! run (failed share, p95) stays marked as that. Must not know of the Job; that is `load`'s part.

use crate::observe::{K6ErrorSeen, K6Seen, K6Source, K6State, K6SummarySeen, ThresholdSeen};
use crate::session::Series;
use crate::session::counter::{Counter, Life};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Milliseconds over which iterations are a rate; k6 tells of whole ones only.
const WINDOW: i64 = 5000;
/// Milliseconds without a word that are a gap: the log has a line a second, REST is asked every few.
const MAX_GAP: i64 = 15_000;
/// Processes and errors that are kept.
const RUNS: usize = 64;
const ERRORS: usize = 8;
/// Samples kept of a series while there is one process; many share them.
const SAMPLES: usize = 8640;

/// One k6 process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub pod: String,
    /// The last word of its log, and when it was written.
    pub log: Option<(i64, K6Seen)>,
    /// The last answer of its REST API.
    pub rest: Option<(i64, K6Seen)>,
    pub summary: Option<K6SummarySeen>,
    /// The errors it wrote, the last ones, without repetitions.
    pub errors: Vec<String>,
    pub vus: Series,
    pub iterations: Counter,
    pub requests: Counter,
    /// Share of requests that failed between two answers of the REST API.
    pub failed: Series,
    failures: Counter,
    /// Milliseconds, of the whole run up to then.
    pub p95: Series,
}

/// All k6 processes of the load.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct K6 {
    runs: BTreeMap<String, Run>,
}

/// All processes together, as of now. What none of them told is None.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// k6 processes, and those of them whose figures are final.
    pub processes: usize,
    pub ended: usize,
    /// None while none has said anything.
    pub state: Option<K6State>,
    pub vus: Option<u64>,
    pub vus_max: Option<u64>,
    /// The longest of them.
    pub elapsed_s: Option<f64>,
    pub duration_s: Option<f64>,
    pub iterations: Option<u64>,
    pub interrupted: Option<u64>,
    pub dropped: Option<u64>,
    pub requests: Option<u64>,
    /// As of now; None once it has ended.
    pub iterations_per_s: Option<f64>,
    pub requests_per_s: Option<f64>,
    /// Of the whole run, and since the last answers.
    pub failed_ratio: Option<f64>,
    pub failed_now: Option<f64>,
    pub checks_ratio: Option<f64>,
    /// Of the whole run up to now; the worst of several processes.
    pub p95_ms: Option<f64>,
    /// Those that are crossed come first.
    pub thresholds: Vec<ThresholdSeen>,
}

impl K6 {
    /// Takes in progress; `ms` is when it was observed, which counts unless the log tells when it was written.
    pub fn take(&mut self, ms: i64, seen: &K6Seen) {
        let ms = seen.written.map_or(ms, |t| t.timestamp_millis());
        let share = (SAMPLES / (self.runs.len() + 1)).max(64);
        let Some(run) = self.run(&seen.uid, &seen.pod) else { return };
        let same = Life::default();
        if let Some(n) = seen.iterations {
            run.iterations.take(ms, n as f64, same, WINDOW, MAX_GAP);
        }
        if let Some(vus) = seen.vus {
            run.vus.push(ms, vus as f64, MAX_GAP);
        }
        if let Some(n) = seen.requests {
            let requests = run.requests.take(ms, n as f64, same, WINDOW, MAX_GAP);
            let failures = seen.failed_ratio.map(|r| run.failures.take(ms, r * n as f64, same, WINDOW, MAX_GAP));
            if let Some(failed) = failures.filter(|_| requests > 0.0) {
                run.failed.push(ms, (failed / requests).clamp(0.0, 1.0), MAX_GAP);
            }
        }
        if let Some(p95) = seen.p95_ms {
            run.p95.push(ms, p95, MAX_GAP);
        }
        let series = [&mut run.vus, &mut run.iterations.rate, &mut run.requests.rate, &mut run.failed, &mut run.p95];
        series.into_iter().for_each(|s| s.keep(share));
        let last = if seen.from == K6Source::Rest { &mut run.rest } else { &mut run.log };
        if last.as_ref().is_none_or(|(then, _)| *then <= ms) {
            *last = Some((ms, seen.clone()));
        }
    }

    pub fn summary(&mut self, seen: &K6SummarySeen) {
        if let Some(run) = self.run(&seen.uid, &seen.pod) {
            run.summary = Some(seen.clone());
        }
    }

    pub fn error(&mut self, seen: &K6ErrorSeen) {
        let Some(run) = self.run(&seen.uid, &seen.pod) else { return };
        if !run.errors.contains(&seen.text) {
            if run.errors.len() == ERRORS {
                run.errors.remove(0);
            }
            run.errors.push(seen.text.clone());
        }
    }

    fn run(&mut self, uid: &str, pod: &str) -> Option<&mut Run> {
        if !self.runs.contains_key(uid) {
            if self.runs.len() == RUNS {
                return None;
            }
            self.runs.insert(uid.to_owned(), Run { pod: pod.to_owned(), ..Run::default() });
        }
        self.runs.get_mut(uid)
    }

    /// Its processes, by pod uid.
    pub fn runs(&self) -> impl Iterator<Item = (&str, &Run)> {
        self.runs.iter().map(|(uid, run)| (uid.as_str(), run))
    }

    /// It has said something.
    pub fn is_known(&self) -> bool {
        !self.runs.is_empty()
    }

    /// All processes together as of `now`.
    pub fn progress(&self, now: i64) -> Progress {
        let runs = || self.runs.values();
        let sum = |of: fn(&Run) -> Option<u64>| runs().filter_map(of).reduce(u64::saturating_add);
        let most = |of: fn(&Run) -> Option<f64>| runs().filter_map(of).reduce(f64::max);
        // A share of several is weighed by the requests it is of.
        let weighed = |of: fn(&Run) -> Option<f64>| {
            let all: Vec<(f64, f64)> =
                runs().filter_map(|r| Some((of(r)?, r.count(|k| k.requests, |s| s.requests)?.max(1) as f64))).collect();
            let weight: f64 = all.iter().map(|a| a.1).sum();
            (weight > 0.0).then(|| all.iter().map(|a| a.0 * a.1).sum::<f64>() / weight)
        };
        let rate = |of: fn(&Run) -> &Counter| {
            let going = runs().filter(|r| !r.has_ended());
            going.filter_map(|r| of(r).now(now, MAX_GAP)).reduce(|a, b| a + b)
        };
        let ended = runs().filter(|r| r.has_ended()).count();
        let states = || runs().filter_map(Run::state);
        let state = match () {
            () if self.runs.is_empty() => None,
            () if ended == self.runs.len() => Some(K6State::Ended),
            () => states().find(|s| *s == K6State::Running).or_else(|| states().find(|s| *s != K6State::Ended)),
        };
        let mut thresholds: Vec<ThresholdSeen> = Vec::new();
        for t in runs().flat_map(Run::thresholds) {
            match thresholds.iter_mut().find(|o| o.metric == t.metric && o.rule == t.rule) {
                Some(other) => other.held &= t.held,
                None => thresholds.push(t.clone()),
            }
        }
        thresholds.sort_by_key(|t| t.held);
        Progress {
            processes: self.runs.len(),
            ended,
            state,
            vus: sum(|r| r.last(|k| k.vus)),
            vus_max: sum(|r| r.last(|k| k.vus_max)),
            elapsed_s: most(|r| r.last(|k| k.elapsed_s)),
            duration_s: most(|r| r.last(|k| k.duration_s)),
            iterations: sum(|r| r.count(|k| k.iterations, |s| s.iterations)),
            interrupted: sum(|r| r.last(|k| k.interrupted)),
            dropped: sum(|r| r.count(|k| k.dropped, |s| s.dropped)),
            requests: sum(|r| r.count(|k| k.requests, |s| s.requests)),
            iterations_per_s: rate(|r| &r.iterations),
            requests_per_s: rate(|r| &r.requests),
            failed_ratio: weighed(|r| r.figure(|k| k.failed_ratio, |s| s.failed_ratio)),
            failed_now: weighed(|r| r.failed.last().filter(|_| !r.has_ended()).map(|p| p.1)),
            checks_ratio: weighed(|r| r.figure(|k| k.checks_ratio, |s| s.checks_ratio)),
            p95_ms: most(|r| r.figure(|k| k.p95_ms, |s| s.p95_ms)),
            thresholds,
        }
    }

    /// Virtual users of all processes, in time.
    pub fn vus(&self) -> Cow<'_, Series> {
        self.joined(|r| &r.vus, |a, b| a + b)
    }

    /// Iterations a second of all processes, in time.
    pub fn iterations(&self) -> Cow<'_, Series> {
        self.joined(|r| &r.iterations.rate, |a, b| a + b)
    }

    /// Requests a second; empty where only the log can be read.
    pub fn requests(&self) -> Cow<'_, Series> {
        self.joined(|r| &r.requests.rate, |a, b| a + b)
    }

    /// The share of requests that failed, in time; the worst of several. Empty where only the log can be read.
    pub fn failed(&self) -> Cow<'_, Series> {
        self.joined(|r| &r.failed, f64::max)
    }

    /// p95 of the whole run up to then, in milliseconds; the worst of several.
    pub fn p95(&self) -> Cow<'_, Series> {
        self.joined(|r| &r.p95, f64::max)
    }

    /// One line out of those of all processes, at the moments of the one that says most.
    fn joined(&self, of: fn(&Run) -> &Series, join: fn(f64, f64) -> f64) -> Cow<'_, Series> {
        let all: Vec<&Series> = self.runs.values().map(of).filter(|s| !s.points().is_empty()).collect();
        match all.as_slice() {
            [] => Cow::Owned(Series::default()),
            [one] => Cow::Borrowed(*one),
            several => {
                let mut out = Series::default();
                let Some(most) = several.iter().max_by_key(|s| s.points().len()) else { return Cow::Owned(out) };
                for (ms, _) in most.points() {
                    let values = several.iter().filter_map(|s| Some(s.at(ms, MAX_GAP)?.1));
                    if let Some(value) = values.reduce(join) {
                        out.push(ms, value, MAX_GAP);
                    }
                }
                Cow::Owned(out)
            }
        }
    }
}

impl Run {
    /// Its figures are the last.
    pub fn has_ended(&self) -> bool {
        self.summary.is_some() || self.state() == Some(K6State::Ended)
    }

    fn state(&self) -> Option<K6State> {
        self.newest().next().map(|k| k.state)
    }

    /// What it told, the newest first.
    fn newest(&self) -> impl Iterator<Item = &K6Seen> {
        let mut both: Vec<&(i64, K6Seen)> = self.log.iter().chain(&self.rest).collect();
        both.sort_by_key(|(ms, _)| -ms);
        both.into_iter().map(|(_, seen)| seen)
    }

    fn last<T>(&self, of: fn(&K6Seen) -> Option<T>) -> Option<T> {
        self.newest().find_map(of)
    }

    /// A count: the summary's, else the highest that was told.
    fn count(&self, of: fn(&K6Seen) -> Option<u64>, summed: fn(&K6SummarySeen) -> Option<u64>) -> Option<u64> {
        self.summary.as_ref().and_then(summed).or_else(|| self.newest().filter_map(of).max())
    }

    /// A figure of the whole run: the summary's, else the last that was told.
    fn figure(&self, of: fn(&K6Seen) -> Option<f64>, summed: fn(&K6SummarySeen) -> Option<f64>) -> Option<f64> {
        self.summary.as_ref().and_then(summed).or_else(|| self.last(of))
    }

    fn thresholds(&self) -> &[ThresholdSeen] {
        match &self.summary {
            Some(summary) => &summary.thresholds,
            None => self.rest.as_ref().map_or(&[], |(_, rest)| &rest.thresholds),
        }
    }
}

#[cfg(test)]
#[path = "k6_tests.rs"]
mod tests;
