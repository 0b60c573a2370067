//! Parses k6's log line by line: progress, summary, errors. Works for every k6 from 0.49 to 2.x. Pure.
//!
//! Without a terminal k6 prints, once a second, an empty line, `running (0m37.0s), 200/200 VUs, 1234 complete and 0
//! interrupted iterations`, and a line for each scenario. The summary comes before the last of these, errors in between.

use super::progress::{planned, progress, scenario_total};
use super::summary::SummaryParser;
use crate::observe::text::{MESSAGE, clean};
use crate::observe::{K6Seen, K6State, K6SummarySeen};

/// What a line, together with those before it, reports.
#[derive(Clone, Debug, PartialEq)]
pub enum LogEntry {
    Progress(Box<K6Seen>),
    Summary(Box<K6SummarySeen>),
    Error(String),
}

/// Parses a log in order.
#[derive(Clone, Debug, Default)]
pub struct LogParser {
    /// The longest scenario, in seconds: as announced, and as the progress lines have it.
    announced: Option<f64>,
    shown: Option<f64>,
    summary: SummaryParser,
    paused: bool,
}

impl LogParser {
    /// The entries of the next line: at most two, a summary before the progress line that ends it.
    pub fn line(&mut self, line: &str) -> Vec<LogEntry> {
        let line = line.trim_end();
        if line.starts_with("time=\"") || line.starts_with('{') {
            return error(line).map(LogEntry::Error).into_iter().collect();
        }
        if let Some(progress) = progress(line, self.duration()) {
            let ended = self.end();
            let state = if ended.is_some() { K6State::Ended } else { progress.state };
            return ended.into_iter().chain([LogEntry::Progress(Box::new(K6Seen { state, ..progress }))]).collect();
        }
        let text = line.trim_start();
        if text.starts_with("* ") {
            let planned = planned(text);
            self.announced = longer(self.announced, planned);
        } else if let Some(total) = scenario_total(text) {
            self.shown = longer(self.shown, Some(total));
        } else if text.starts_with("Run ") && text.ends_with("paused") {
            let first = !std::mem::replace(&mut self.paused, true);
            let waiting = K6Seen { state: K6State::Waiting, duration_s: self.duration(), ..K6Seen::default() };
            return first.then_some(LogEntry::Progress(Box::new(waiting))).into_iter().collect();
        } else {
            self.summary.line(line);
        }
        Vec::new()
    }

    /// The log or the summary is over: the summary, if there was one.
    pub fn end(&mut self) -> Option<LogEntry> {
        std::mem::take(&mut self.summary).end().map(|s| LogEntry::Summary(Box::new(s)))
    }

    fn duration(&self) -> Option<f64> {
        self.announced.or(self.shown)
    }
}

fn longer(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.into_iter().chain(b).reduce(f64::max)
}

/// The message of a log line at level error or above, with the error field that explains it.
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

/// Logs of real k6 runs.
#[cfg(test)]
mod tests {
    use super::super::progress::seconds;
    use super::super::rest;
    use super::*;
    use crate::observe::K6Source;
    use proptest::prelude::*;

    fn file(name: &str) -> String {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/k6/{name}"));
        std::fs::read_to_string(path).unwrap()
    }

    fn entries(text: &str) -> Vec<LogEntry> {
        let mut log = LogParser::default();
        let mut all: Vec<LogEntry> = text.lines().flat_map(|l| log.line(l)).collect();
        all.extend(log.end());
        all
    }

    fn progress(all: &[LogEntry]) -> Vec<&K6Seen> {
        all.iter().filter_map(|s| if let LogEntry::Progress(p) = s { Some(&**p) } else { None }).collect()
    }

    fn summaries(all: &[LogEntry]) -> Vec<&K6SummarySeen> {
        all.iter().filter_map(|s| if let LogEntry::Summary(p) = s { Some(&**p) } else { None }).collect()
    }

    #[test]
    fn a_passing_run_is_read() {
        for (version, iterations, requests, p95) in [("0.49", 28_307, 56_614, 8.35), ("1.8", 28_411, 56_822, 7.44)] {
            let all = entries(&file(&format!("{version}-pass.stdout")));
            let seen = progress(&all);
            assert!(seen[..seen.len() - 1].iter().all(|p| p.state == K6State::Running), "{version}");
            assert!(seen.iter().all(|p| p.duration_s == Some(60.0) && p.vus_max == Some(50)), "{version}");
            assert!(seen.windows(2).all(|w| w[0].iterations <= w[1].iterations), "{version}");
            let last = seen[seen.len() - 1];
            assert_eq!(
                (last.state, last.vus, last.iterations),
                (K6State::Ended, Some(0), Some(iterations)),
                "{version}"
            );
            assert_eq!(last.elapsed_s, Some(60.1), "{version}");
            let [summary] = summaries(&all)[..] else { panic!("{version}: one summary") };
            assert_eq!((summary.iterations, summary.requests), (Some(iterations), Some(requests)), "{version}");
            assert_eq!((summary.failed, summary.failed_ratio), (Some(0), Some(0.0)), "{version}");
            assert!((summary.p95_ms.unwrap() - p95).abs() < 1e-9, "{version}");
            assert_eq!(summary.checks_ratio, Some(1.0), "{version}");
            let held: Vec<_> = summary.thresholds.iter().map(|t| (t.metric.as_str(), t.held)).collect();
            assert_eq!(held, [("http_req_duration", true), ("http_req_failed", true)], "{version}");
            assert!(summary.text.iter().any(|l| l.contains("http_reqs")), "{version}");
        }
    }

    #[test]
    fn a_threshold_that_is_crossed_is_named() {
        let all = entries(&file("1.8-threshold.stdout"));
        let summary = summaries(&all)[0];
        assert_eq!(summary.thresholds.len(), 1);
        let crossed = &summary.thresholds[0];
        assert_eq!((&*crossed.metric, &*crossed.rule, crossed.held), ("http_req_duration", "p(95)<0.01", false));
        let all = entries(&file("0.49-threshold.stdout"));
        let crossed = &summaries(&all)[0].thresholds[0];
        assert_eq!((&*crossed.metric, crossed.held), ("http_req_duration", false));
        assert!(progress(&all).iter().all(|p| p.duration_s == Some(20.0)), "stages");
    }

    #[test]
    fn all_ways_to_end_are_recognised() {
        for version in ["0.49", "1.8"] {
            for kind in ["pass", "threshold", "threshold-abort", "sigterm", "rest-stop", "refused", "paused-start"] {
                let all = entries(&file(&format!("{version}-{kind}.stdout")));
                assert_eq!(summaries(&all).len(), 1, "{version}-{kind}");
                let seen = progress(&all);
                let (last, before) = seen.split_last().unwrap();
                assert_eq!(last.state, K6State::Ended, "{version}-{kind}");
                assert!(before.iter().all(|p| p.state != K6State::Ended), "{version}-{kind}");
                let whole = last.iterations.unwrap();
                assert_eq!(summaries(&all)[0].iterations, Some(whole), "{version}-{kind}");
            }
            let quiet = entries(&file(&format!("{version}-quiet.stdout")));
            assert_eq!((progress(&quiet).len(), summaries(&quiet).len()), (0, 1), "{version}");
        }
    }

    #[test]
    fn an_unreachable_target_fails_every_request() {
        for version in ["0.49", "1.8"] {
            let all = entries(&file(&format!("{version}-refused.stdout")));
            let summary = summaries(&all)[0];
            assert_eq!((summary.failed_ratio, summary.failed, summary.checks_ratio), (Some(1.0), Some(300), Some(0.0)));
        }
        assert!(entries(&file("0.49-refused.stderr")).is_empty(), "warnings are none of our business");
    }

    #[test]
    fn a_paused_run_is_reported_once() {
        let all = entries(&file("1.8-paused-start.stdout"));
        let waiting = progress(&all).iter().filter(|p| p.state == K6State::Waiting).count();
        assert_eq!(waiting, 1);
    }

    #[test]
    fn errors_keep_k6s_message() {
        let line = r#"time="2026-11-24T00:27:30Z" level=error msg="a \"b\"\nc" error="listen tcp: in use""#;
        assert_eq!(entries(line), [LogEntry::Error("a \"b\" c: listen tcp: in use".into())]);
        let line = r#"{"level":"error","msg":"ReferenceError: x","time":"t"}"#;
        assert_eq!(entries(line), [LogEntry::Error("ReferenceError: x".into())]);
        assert!(entries(r#"{"level":"info","msg":"hello"}"#).is_empty());
    }

    #[test]
    fn the_length_of_every_executor_is_read() {
        for (line, takes) in [
            ("* default: 50 looping VUs for 1m0s (gracefulStop: 30s)", Some(60.0)),
            ("* ramp: Up to 30 looping VUs for 20s over 3 stages (gracefulRampDown: 30s, startTime: 1m5s)", Some(85.0)),
            ("* a: 100 iterations shared among 10 VUs (maxDuration: 10m0s, gracefulStop: 30s)", Some(600.0)),
            ("* b: 10 iterations for each of 5 VUs (maxDuration: 1m30s)", Some(90.0)),
            ("* c: 50.00 iterations/s for 30s (maxVUs: 2-10, startTime: 10s, gracefulStop: 30s)", Some(40.0)),
            ("* d: nonsense for ever", None),
        ] {
            assert_eq!(planned(line), takes, "{line}");
        }
        assert_eq!(scenario_total("c [  30% ] 02/10 VUs  09.0s/30s  50.00 iters/s"), Some(30.0));
        assert_eq!(scenario_total("c [-----] waiting  0m10s"), None);
        assert_eq!(seconds("1d02h03m04.5s"), Some(93_784.5));
        assert!(seconds("µs").is_none() && seconds("1.2.3s").is_none() && seconds("").is_none());
    }

    #[test]
    fn rest_answers_are_read() {
        let read = |version: &str, at: &str, of: &str| {
            let part = |kind: &str, at: &str| file(&format!("{version}-rest-{at}-{kind}.json"));
            rest::read(part("status", at).as_bytes(), part("metrics", of).as_bytes()).unwrap()
        };
        for version in ["0.49", "1.8"] {
            let seen = read(version, "pass-20s", "pass-20s");
            assert_eq!(
                (seen.from, seen.state, seen.vus, seen.vus_max),
                (K6Source::Rest, K6State::Running, Some(50), Some(50))
            );
            assert!(seen.iterations > Some(9000) && seen.requests > Some(18_000) && seen.p95_ms > Some(1.0));
            assert_eq!(seen.failed_ratio, Some(0.0));
            assert!(seen.thresholds.iter().all(|t| t.held) && seen.thresholds.len() == 2, "{:?}", seen.thresholds);
            let refused = read(version, "pass-20s", "refused-06s");
            assert_eq!((refused.failed_ratio, refused.p95_ms, refused.avg_ms), (Some(1.0), None, None));
            let crossed = read(version, "threshold-06s", "threshold-06s");
            assert!(crossed.thresholds.iter().any(|t| t.metric == "http_req_duration" && !t.held));
            assert_eq!(read(version, "paused-03s", "pass-20s").state, K6State::Waiting);
        }
        assert_eq!(rest::read(b"{}", b"{}"), None);
        assert_eq!(rest::read(b"404 page not found", b""), None);
        assert!(rest::can_be_stopped(file("1.8-rest-pass-20s-status.json").as_bytes()) && !rest::can_be_stopped(b"{}"));
    }

    proptest! {
        #[test]
        fn any_line_is_accepted(lines in prop::collection::vec(any::<String>(), 0..8)) {
            entries(&lines.join("\n"));
        }

        #[test]
        fn a_real_log_damaged_anywhere_is_accepted(at in 0usize..12_000, len in 0usize..60, with in any::<char>(), new in any::<bool>()) {
            let text = file(if new { "1.8-pass.stdout" } else { "0.49-pass.stdout" });
            let chars: Vec<char> = text.chars().collect();
            let (from, to) = (at.min(chars.len()), (at + len).min(chars.len()));
            let mut damaged = chars.clone();
            damaged[from..to].fill(with);
            let all = entries(&damaged.into_iter().collect::<String>());
            prop_assert!(summaries(&all).len() <= 3);
        }

        #[test]
        fn progress_reads_back(h in 0u32..30, m in 0u32..60, s in 0u32..600, vus in 0u64..9999, done in 0u64..u64::MAX, cut in 0u64..9999) {
            let line = format!("running ({h}h{m:02}m{:02}.{}s), {vus:04}/9999 VUs, {done} complete and {cut} interrupted iterations", s / 10, s % 10);
            let all = entries(&line);
            let seen = progress(&all)[0];
            let elapsed = f64::from(h * 3600 + m * 60) + f64::from(s) / 10.0;
            prop_assert!((seen.elapsed_s.unwrap() - elapsed).abs() < 1e-6);
            prop_assert_eq!((seen.vus, seen.iterations, seen.interrupted), (Some(vus), Some(done), Some(cut)));
        }
    }
}
