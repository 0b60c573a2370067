//! Progress of one process and of several.

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
    let thresholds = vec![ThresholdSeen { metric: "http_req_failed".into(), rule: String::new(), held: failed < 0.5 }];
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
fn a_backlog_is_read_at_the_times_it_was_written() {
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
fn the_summary_has_the_last_word() {
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
