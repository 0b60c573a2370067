//! Conformance of `hpa` with the Kubernetes controller: runs every case of a file of inputs and expected outputs.
//! The file is `EDOT_HPA_CASES`, else `tests/data/hpa_cases.json`. An unknown kind, setting or
//! expectation is a failure, never a skip.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod behavior;
mod input;
mod reconcile;
mod replicas;

use serde_json::{Map, Value};

/// The result of a case: values by the names that the expectations use, or the error's text.
pub type Got = Result<Map<String, Value>, String>;

/// The expectations that compare only a part: keys that are not named are not compared.
const PARTIAL: [&str; 1] = ["messages"];

#[test]
fn hpa_cases() {
    let path = std::env::var("EDOT_HPA_CASES")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/hpa_cases.json").to_owned());
    all_pass(&path);
}

/// Our own cases, for rules that the others do not distinguish.
#[test]
fn own_cases() {
    all_pass(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/hpa_own_cases.json"));
}

fn all_pass(path: &str) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let file: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
    // the whole file, or a bare list of cases
    let cases = file.get("cases").unwrap_or(&file);
    let cases = cases.as_array().expect("a list of cases");
    assert!(!cases.is_empty(), "{path} has no cases");
    let failed: Vec<String> = cases.iter().filter_map(|case| check(case).err()).collect();
    let passed = cases.len() - failed.len();
    println!("{passed} of {} cases passed ({path})", cases.len());
    assert!(
        failed.is_empty(),
        "{passed} of {} cases passed, {} differ ({path}):\n{}",
        cases.len(),
        failed.len(),
        failed.join("\n")
    );
}

/// Runs one case; the error has its id, what was expected, and the result.
fn check(case: &Value) -> Result<(), String> {
    let id = case["id"].as_str().unwrap_or("(no id)");
    let kind = case["kind"].as_str().unwrap_or("(no kind)");
    let run = || -> Result<(), String> {
        let expect = case["expect"].as_object().ok_or("nothing expected")?;
        if expect.is_empty() {
            return Err("nothing expected".to_owned());
        }
        input::settings(case)?;
        compare(expect, &dispatch(kind, case)?)
    };
    run().map_err(|difference| format!("  {id} [{kind}]: {difference}"))
}

fn dispatch(kind: &str, case: &Value) -> Result<Got, String> {
    Ok(match kind {
        "utilization" => replicas::utilization(case),
        "plain" => replicas::plain(case),
        "object" | "object_per_pod" | "external" | "external_per_pod" => replicas::whole(case, kind),
        "group_pods" => replicas::group_pods(case),
        "requests" => replicas::requests(case),
        "utilization_ratio" => replicas::utilization_ratio(case),
        "usage_ratio" => replicas::usage_ratio(case),
        "defaults" => behavior::defaults(case),
        "legacy_rules" => behavior::legacy_rules(case),
        "legacy_stabilize" => behavior::legacy_stabilize(case),
        "rate_limit" => behavior::rate_limit(case),
        "behavior_rate" => behavior::behavior_rate(case),
        "store_event" => behavior::store_event(case),
        "behavior_stabilize" => behavior::behavior_stabilize(case),
        "reconcile" => reconcile::reconcile(case),
        _ => return Err(format!("unknown kind {kind:?}")),
    })
}

fn compare(expect: &Map<String, Value>, got: &Got) -> Result<(), String> {
    let wanted = expect.get("error_contains");
    let got = match (got, wanted) {
        (Err(error), Some(part)) => {
            let part = part.as_str().ok_or("error_contains is no text")?;
            return match error.contains(part) {
                true => Ok(()),
                false => Err(format!("expected an error with {part:?}, got {error:?}")),
            };
        }
        (Err(error), None) => return Err(format!("unexpected error {error:?}")),
        (Ok(_), Some(part)) => return Err(format!("expected an error with {part}, got none")),
        (Ok(got), None) => got,
    };
    let mut differences = Vec::new();
    for (key, want) in expect {
        match got.get(key) {
            None => differences.push(format!("unknown expectation {key:?}")),
            Some(have) if same(want, have, PARTIAL.contains(&key.as_str())) => {}
            Some(have) => differences.push(format!("{key}: expected {want}, got {have}")),
        }
    }
    match differences.is_empty() {
        true => Ok(()),
        false => Err(differences.join("; ")),
    }
}

/// Equality of JSON with numbers by value; `partial` lets `have` hold more keys than `want`.
fn same(want: &Value, have: &Value, partial: bool) -> bool {
    match (want, have) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, false)),
        (Value::Object(a), Value::Object(b)) => {
            let inside = |(k, v)| b.get(k).is_some_and(|have| same(v, have, false));
            (partial || a.len() == b.len()) && a.iter().all(inside)
        }
        _ => want == have,
    }
}

#[test]
fn an_unknown_kind_setting_or_expectation_fails() {
    let case = |change: fn(&mut Value)| {
        let mut case = serde_json::json!({
            "id": "x", "kind": "legacy_rules", "versions": "all", "config": {},
            "current": 5, "desired": 7, "min": 3, "max": 8, "expect": {"replicas": 7}
        });
        change(&mut case);
        check(&case)
    };
    assert_eq!(case(|_| ()), Ok(()));
    assert!(case(|c| c["kind"] = "other".into()).is_err());
    assert!(case(|c| c["config"]["other"] = 1.into()).is_err());
    assert!(case(|c| c["expect"]["other"] = 1.into()).is_err());
    assert!(case(|c| c["expect"]["replicas"] = 8.into()).is_err());
    assert!(case(|c| c["expect"] = serde_json::json!({})).is_err());
}
