//! Progress as k6 reports it, of each process and of all together. Counters become rates; figures of the whole run (failed
//! share, p95) stay marked as such. Must not know the Job; that is `load`'s part.

use crate::observe::{K6ErrorSeen, K6Seen, K6Source, K6State, K6SummarySeen, ThresholdSeen};
use crate::session::series::{Counter, Life, Series};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Milliseconds over which the rate of iterations is taken; k6 reports whole iterations only.
const WINDOW: i64 = 5000;
/// Milliseconds without a report that are a gap: the log has a line a second, REST is asked every few seconds.
const MAX_GAP: i64 = 15_000;
/// Errors kept of a process.
const ERRORS: usize = 8;
/// Samples kept of a series of one process; several processes share them.
const SAMPLES: usize = 8640;

/// One k6 process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct K6Process {
    pub pod: String,
    /// The latest progress in its log, and when it was written.
    pub log: Option<(i64, K6Seen)>,
    /// The latest answer of its REST API, and when it came.
    pub rest: Option<(i64, K6Seen)>,
    pub summary: Option<K6SummarySeen>,
    /// The latest errors in its log, without repetitions.
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
    runs: BTreeMap<String, K6Process>,
    /// There were more processes than are kept.
    pub crowded: bool,
}

/// All processes together, as of now. What none of them reported is None.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// k6 processes, and those of them whose figures are final.
    pub processes: usize,
    pub ended: usize,
    /// None while none has reported anything.
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
    /// Processes kept at most.
    pub const PROCESSES: usize = 64;

    /// Takes in progress; `ms` is when it was observed, used unless the log states when it was written.
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

    fn run(&mut self, uid: &str, pod: &str) -> Option<&mut K6Process> {
        if !self.runs.contains_key(uid) {
            if self.runs.len() == Self::PROCESSES {
                self.crowded = true;
                return None;
            }
            self.runs.insert(uid.to_owned(), K6Process { pod: pod.to_owned(), ..K6Process::default() });
        }
        self.runs.get_mut(uid)
    }

    /// Its processes, by pod uid.
    pub fn runs(&self) -> impl Iterator<Item = (&str, &K6Process)> {
        self.runs.iter().map(|(uid, run)| (uid.as_str(), run))
    }

    /// It has reported something.
    pub fn is_known(&self) -> bool {
        !self.runs.is_empty()
    }

    /// All processes together as of `now`.
    pub fn progress(&self, now: i64) -> Progress {
        let runs = || self.runs.values();
        let sum = |of: fn(&K6Process) -> Option<u64>| runs().filter_map(of).reduce(u64::saturating_add);
        let most = |of: fn(&K6Process) -> Option<f64>| runs().filter_map(of).reduce(f64::max);
        // The shares of several processes are weighted by their requests.
        let weighed = |of: fn(&K6Process) -> Option<f64>| {
            let all: Vec<(f64, f64)> =
                runs().filter_map(|r| Some((of(r)?, r.count(|k| k.requests, |s| s.requests)?.max(1) as f64))).collect();
            let weight: f64 = all.iter().map(|a| a.1).sum();
            (weight > 0.0).then(|| all.iter().map(|a| a.0 * a.1).sum::<f64>() / weight)
        };
        let rate = |of: fn(&K6Process) -> &Counter| {
            let running = runs().filter(|r| !r.has_ended());
            running.filter_map(|r| of(r).now(now, MAX_GAP)).reduce(|a, b| a + b)
        };
        let ended = runs().filter(|r| r.has_ended()).count();
        let states = || runs().filter_map(K6Process::state);
        let state = match () {
            () if self.runs.is_empty() => None,
            () if ended == self.runs.len() => Some(K6State::Ended),
            () => states().find(|s| *s == K6State::Running).or_else(|| states().find(|s| *s != K6State::Ended)),
        };
        let mut thresholds: Vec<ThresholdSeen> = Vec::new();
        for t in runs().flat_map(K6Process::thresholds) {
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

    /// Virtual users of all processes, over time.
    pub fn vus(&self) -> Cow<'_, Series> {
        self.joined(|r| &r.vus, |a, b| a + b)
    }

    /// Iterations per second of all processes, over time.
    pub fn iterations(&self) -> Cow<'_, Series> {
        self.joined(|r| &r.iterations.rate, |a, b| a + b)
    }

    /// Requests per second, over time; empty where only the log can be read.
    pub fn requests(&self) -> Cow<'_, Series> {
        self.joined(|r| &r.requests.rate, |a, b| a + b)
    }

    /// The share of requests that failed (0 to 1), over time; the worst of several processes. Empty where only the log can be
    /// read.
    pub fn failed(&self) -> Cow<'_, Series> {
        self.joined(|r| &r.failed, f64::max)
    }

    /// p95 of the whole run up to each time, milliseconds; the worst of several processes.
    pub fn p95(&self) -> Cow<'_, Series> {
        self.joined(|r| &r.p95, f64::max)
    }

    /// One series joined from those of all processes, at the times of the one with the most samples.
    fn joined(&self, of: fn(&K6Process) -> &Series, join: fn(f64, f64) -> f64) -> Cow<'_, Series> {
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

impl K6Process {
    /// Its figures are final.
    pub fn has_ended(&self) -> bool {
        self.summary.is_some() || self.state() == Some(K6State::Ended)
    }

    fn state(&self) -> Option<K6State> {
        self.newest().next().map(|k| k.state)
    }

    /// Its reports, the newest first.
    fn newest(&self) -> impl Iterator<Item = &K6Seen> {
        let mut both: Vec<&(i64, K6Seen)> = self.log.iter().chain(&self.rest).collect();
        both.sort_by_key(|(ms, _)| -ms);
        both.into_iter().map(|(_, seen)| seen)
    }

    fn last<T>(&self, of: fn(&K6Seen) -> Option<T>) -> Option<T> {
        self.newest().find_map(of)
    }

    /// A count: the summary's, else the highest that was reported.
    fn count(&self, of: fn(&K6Seen) -> Option<u64>, summed: fn(&K6SummarySeen) -> Option<u64>) -> Option<u64> {
        self.summary.as_ref().and_then(summed).or_else(|| self.newest().filter_map(of).max())
    }

    /// A figure of the whole run: the summary's, else the last that was reported.
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
mod tests {
    use super::*;
    use crate::observe::Time;

    fn log(uid: &str, s: i64, vus: u64, iterations: u64) -> K6Seen {
        K6Seen {
            uid: uid.into(),
            written: Time::from_timestamp(s, 0),
            vus: Some(vus),
            vus_max: Some(50),
            iterations: Some(iterations),
            elapsed_s: Some(s as f64),
            duration_s: Some(60.0),
            ..K6Seen::default()
        }
    }

    fn rest(uid: &str, requests: u64, failed: f64) -> K6Seen {
        let thresholds =
            vec![ThresholdSeen { metric: "http_req_failed".into(), rule: String::new(), held: failed < 0.5 }];
        K6Seen {
            uid: uid.into(),
            from: K6Source::Rest,
            requests: Some(requests),
            failed_ratio: Some(failed),
            p95_ms: Some(10.0),
            thresholds,
            ..K6Seen::default()
        }
    }

    #[test]
    fn a_backlog_is_placed_at_the_times_it_was_written() {
        let mut k6 = K6::default();
        (1..=10).for_each(|s| k6.take(99_000, &log("a", s, 20, s as u64 * 30)));
        assert_eq!(k6.vus().points().len(), 10);
        assert_eq!(k6.iterations().last(), Some((10_000, 30.0)));
        // A log read again from its start counts nothing twice.
        (1..=11).for_each(|s| k6.take(99_000, &log("a", s, 20, s as u64 * 30)));
        let progress = k6.progress(11_000);
        assert_eq!((progress.iterations, progress.iterations_per_s), (Some(330), Some(30.0)));
        assert_eq!((progress.vus, progress.vus_max, progress.duration_s), (Some(20), Some(50), Some(60.0)));
        assert_eq!((progress.state, progress.failed_ratio, progress.p95_ms), (Some(K6State::Running), None, None));
    }

    #[test]
    fn several_processes_are_summed() {
        let mut k6 = K6::default();
        for s in 1..=10 {
            k6.take(s * 1000, &log("a", s, 20, s as u64 * 30));
            k6.take(s * 1000, &log("b", s, 10, s as u64 * 10));
        }
        k6.take(5000, &rest("a", 300, 0.0));
        k6.take(5000, &rest("b", 100, 0.2));
        k6.take(10_000, &rest("a", 600, 0.5));
        k6.take(10_000, &rest("b", 200, 0.2));
        let progress = k6.progress(10_000);
        assert_eq!((progress.processes, progress.vus, progress.vus_max), (2, Some(30), Some(100)));
        assert_eq!((progress.iterations, progress.iterations_per_s), (Some(400), Some(40.0)));
        assert_eq!(progress.requests, Some(800));
        assert!((progress.failed_ratio.unwrap() - 340.0 / 800.0).abs() < 1e-9);
        assert!((progress.failed_now.unwrap() - 0.8).abs() < 1e-9, "{:?}", progress.failed_now);
        assert_eq!(progress.thresholds.len(), 1);
        assert!(!progress.thresholds[0].held, "one that is crossed anywhere is crossed");
        assert_eq!(k6.vus().last(), Some((10_000, 30.0)));
        assert_eq!(k6.iterations().last(), Some((10_000, 40.0)));
    }

    #[test]
    fn the_summary_wins() {
        let mut k6 = K6::default();
        k6.take(1000, &log("a", 1, 20, 30));
        k6.take(1500, &rest("a", 60, 0.0));
        let summary = K6SummarySeen {
            uid: "a".into(),
            iterations: Some(4139),
            requests: Some(8278),
            failed_ratio: Some(0.25),
            p95_ms: Some(1.61),
            ..K6SummarySeen::default()
        };
        k6.summary(&summary);
        let progress = k6.progress(2000);
        assert_eq!((progress.state, progress.ended), (Some(K6State::Ended), 1));
        assert_eq!((progress.iterations, progress.requests), (Some(4139), Some(8278)));
        assert_eq!((progress.failed_ratio, progress.p95_ms), (Some(0.25), Some(1.61)));
        assert_eq!((progress.iterations_per_s, progress.failed_now), (None, None), "nothing runs any more");
    }

    #[test]
    fn errors_are_kept_once_and_bounded() {
        let mut k6 = K6::default();
        for n in 0..100 {
            k6.error(&K6ErrorSeen { uid: "a".into(), text: format!("e{}", n / 2), ..K6ErrorSeen::default() });
        }
        let (_, run) = k6.runs().next().unwrap();
        assert_eq!((run.errors.len(), run.errors.last().map(String::as_str)), (ERRORS, Some("e49")));
    }
}
