//! What the doctor makes of versions, permissions and the metrics API.

use crate::it::doctor::hpa::{facts, refused};
use edot_tui::doctor::access::{go_duration_s, metrics, permissions, reach, version};
use edot_tui::doctor::check::{Check, Outcome, exit_code};
use edot_tui::doctor::facts::Allowed;
use edot_tui::doctor::permissions::{Need, PERMISSIONS, Permission};
use edot_tui::doctor::print;
use edot_tui::error::ErrorKind;
use edot_tui::observe::Feed;
use edot_tui::source::live::{ApiError, ApiErrorKind};
use serde_json::{Value, json};

#[test]
fn the_way_to_the_server_decides_the_exit_code() {
    let code = |v: Result<Value, ApiError>| exit_code(&[reach(&v, "https://x")]);
    assert_eq!(code(Ok(json!({"gitVersion": "v1.36.3"}))), 0);
    assert_eq!(code(Err(ApiError::new(ApiErrorKind::Unreachable, "refused"))), 5);
    assert_eq!(code(Err(ApiError::new(ApiErrorKind::Unreachable, "no answer within 10s"))), 5);
    assert_eq!(code(Err(refused(401))), 6);
    assert_eq!(code(Err(refused(403))), 6);
}

#[test]
fn versions_before_autoscaling_v2_fail() {
    let of = |major: &str, minor: &str| version(&json!({"major": major, "minor": minor, "gitVersion": "v"})).result;
    assert_eq!(
        (of("1", "22"), of("1", "23"), of("1", "36+"), of("2", "0")),
        (Outcome::Fail, Outcome::Ok, Outcome::Ok, Outcome::Ok)
    );
    assert_eq!(of("", ""), Outcome::Skip);
}

fn with(lacking: impl Fn(&Permission, &str) -> Allowed) -> Vec<Check> {
    let mut f = facts(&[], &[]);
    let row = |p: &Permission| (*p, p.verbs.iter().map(|v| lacking(p, v)).collect());
    f.allowed = PERMISSIONS.iter().filter(|p| p.target.is_none_or(|t| t == "Deployment")).map(row).collect();
    permissions(&f)
}

#[test]
fn a_missing_verb_is_named_with_the_rule_that_gives_it() {
    let all = with(|_, _| Allowed::Yes);
    assert_eq!(all.len(), 12, "hpa, target, pods, usage, events, load, k6, collector, ingest, scalers, s and l");
    assert!(all.iter().all(|c| c.result == Outcome::Ok));

    let checks = with(|p, v| if p.need == Need::Feed(Feed::Pods) && v == "watch" { Allowed::No } else { Allowed::Yes });
    let odd: Vec<&Check> = checks.iter().filter(|c| c.result != Outcome::Ok).collect();
    assert_eq!(odd.len(), 1);
    assert_eq!(odd[0].detail, "may not watch pods in observability-lab");
    assert_eq!(
        odd[0].hint.as_deref(),
        Some("add to a Role: {apiGroups: [\"\"], resources: [pods], verbs: [watch]} (namespace observability-lab)")
    );
    assert_eq!(exit_code(&checks), 6);
}

#[test]
fn what_only_the_key_s_lacks_is_no_failure() {
    let checks = with(|p, _| if p.need == Need::Simulate { Allowed::No } else { Allowed::Yes });
    let last = checks.iter().find(|c| c.what.ends_with("the key s")).unwrap();
    assert_eq!((last.result, exit_code(&checks)), (Outcome::Warn, 0));
    assert!(last.detail.contains("may not get, create, delete jobs.batch in demo-app"), "{}", last.detail);
}

#[test]
fn a_permission_that_could_not_be_asked_is_not_taken_for_given() {
    let checks = with(|_, v| if v == "watch" { Allowed::Unknown("no answer".into()) } else { Allowed::Yes });
    let pods = checks.iter().find(|c| c.what.ends_with("pods")).unwrap();
    assert_eq!((pods.result, pods.detail.as_str()), (Outcome::Skip, "could not be checked (no answer)"));
}

#[test]
fn an_absent_metrics_api_is_distinguished_from_one_that_is_down() {
    let list = |window: &str| Ok(Some(json!({"items": [{"window": window}]})));
    let there = || Ok(Some(json!({})));
    let results = |checks: Vec<Check>| checks.into_iter().map(|c| (c.id, c.result)).collect::<Vec<_>>();
    assert_eq!(
        results(metrics(&there(), &list("15.1s"), None)),
        [("metrics", Outcome::Ok), ("resolution", Outcome::Ok)]
    );
    assert_eq!(
        results(metrics(&there(), &list("60.2s"), None)),
        [("metrics", Outcome::Ok), ("resolution", Outcome::Warn)]
    );
    let absent = metrics(&Ok(None), &Ok(None), None);
    assert!(absent[0].detail.contains("404") && absent[0].hint.as_deref() == Some("install metrics-server"));
    let down = metrics(&Err(refused(503)), &Err(refused(503)), None);
    assert!(down[0].detail.contains("down") && exit_code(&down) == 1);
    assert_eq!(results(metrics(&there(), &Err(refused(403)), None)), [("metrics", Outcome::Skip)]);
}

#[test]
fn samples_that_are_computed_for_each_request_are_not_coarse_however_long_they_cover() {
    let at = |second: u32, window: &str| json!({"items": [{"window": window, "timestamp": format!("2026-11-24T04:00:{second:02}Z")}]});
    for (window, later, result, text) in [
        ("5m0s", 2, Outcome::Ok, "a sample every 15 s"),
        ("5m0s", 15, Outcome::Ok, "a sample every 15 s"),
        ("1m0s", 0, Outcome::Warn, "a sample every 60 s"),
        ("15s", 0, Outcome::Ok, "a sample every 15 s"),
    ] {
        let later = at(later, window);
        let checks = metrics(&Ok(Some(json!({}))), &Ok(Some(at(0, window))), Some(&later));
        assert_eq!((checks[1].id, checks[1].result), ("resolution", result), "{window} {later}");
        assert!(checks[1].detail.starts_with(text), "{}", checks[1].detail);
    }
}

#[test]
fn durations_as_go_writes_them() {
    let close = |text: &str, want: f64| (go_duration_s(text).unwrap() - want).abs() < 1e-9;
    assert!(close("15.061s", 15.061) && close("1m0.5s", 60.5) && close("2h3m", 7380.0) && close("250ms", 0.25));
    for wrong in ["", "s", "5", "5x", "1.2.3s", "-5s"] {
        assert_eq!(go_duration_s(wrong), None, "{wrong}");
    }
}

#[test]
fn the_failure_that_prevents_most_decides_the_exit_code() {
    use ErrorKind::*;
    let fail = |kind| Check::fail("x", "x", "x", "x").exits(kind);
    assert_eq!(exit_code(&[fail(Failed), fail(NotFound), fail(Denied), fail(Unreachable)]), 5);
    assert_eq!(exit_code(&[fail(Failed), fail(NotFound), fail(Denied)]), 6);
    assert_eq!(exit_code(&[fail(Failed), fail(NotFound)]), 3);
    assert_eq!(exit_code(&[Check::warn("x", "x", "x", "x"), Check::skip("x", "x", "x")]), 0);
}

#[test]
fn the_report_reads_as_a_line_a_check_and_as_json() {
    let checks = [
        Check::ok("a", "one", "good"),
        Check::warn("b", "two", "odd", "do this"),
        Check::fail("c", "three", "bad", ""),
        Check::skip("d", "four", "not known"),
    ];
    assert_eq!(
        print::text(&checks, false),
        "✓ one — good\n! two — odd; do this\n✗ three — bad\n· four — not known\n\n1 fine, 1 worth knowing, 1 wrong, 1 not checked\n"
    );
    assert!(print::text(&checks, true).is_ascii());
    let report: Value = serde_json::from_str(&print::json(&checks)).unwrap();
    assert_eq!((&report["schema"], &report["result"]), (&json!("edot-tui/doctor/2"), &json!("fail")));
    assert_eq!(
        report["checks"][1],
        json!({"id": "b", "result": "warn", "what": "two", "detail": "odd", "hint": "do this"})
    );
}
