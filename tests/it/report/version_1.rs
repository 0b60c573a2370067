//! Recordings in format 1: their verdict, figures and decisions are those that the program of that time found. The expected
//! values in `tests/golden/v1` were taken from its own output and are never written again.

use edot_tui::decide::rerun;
use edot_tui::recording;
use edot_tui::report::{self, Origin, what_if};
use edot_tui::verdict::{self, Expectations};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn fixtures() -> Vec<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let folders = [data.join("recordings/v1"), data.join("decisions")];
    let files = folders.iter().flat_map(|f| std::fs::read_dir(f).unwrap().map(|e| e.unwrap().path()));
    let mut all: Vec<PathBuf> = files.filter(|p| p.to_string_lossy().contains(".jsonl")).collect();
    all.sort();
    all
}

/// What must not change: everything but wording.
pub fn summary(file: &Path) -> Value {
    let observations: Vec<_> = recording::open(file).unwrap().collect();
    let recorded = rerun::record(observations.into_iter());
    let judged = verdict::run(&recorded.session, Expectations::guide());
    let r = serde_json::to_value(report::report(&recorded.session, &judged, &Origin::default())).unwrap();
    let unchanged = rerun::simulate(&recorded, &rerun::Changes::default()).unwrap();
    let w = serde_json::to_value(what_if::summarize(&unchanged, &recorded, None)).unwrap();
    let list = |v: &Value, keys: &[&str]| Value::Array(keys.iter().map(|k| v[*k].clone()).collect());
    let all = |v: &Value, keys: &[&str]| Value::Array(v.as_array().unwrap().iter().map(|v| list(v, keys)).collect());
    let checks = r["verdict"]["checks"].as_array().unwrap().iter();
    let checks: serde_json::Map<_, _> =
        checks.map(|c| (c["id"].as_str().unwrap().to_owned(), list(c, &["result", "at"]))).collect();
    let mut figures = r["figures"].clone();
    let stages = r["figures"]["budget"].as_array().unwrap().iter();
    figures["budget"] = stages.map(|s| (s["stage"].as_str().unwrap().to_owned(), s["after_s"].clone())).collect();
    let decision = |d: &Value| {
        let keys =
            ["at", "until", "count", "current", "recommended", "stabilized", "limited_by", "result", "controller"];
        let Value::Array(mut out) = list(d, &keys) else { unreachable!() };
        let metrics = all(&d["metrics"], &["name", "figure", "proposal"]);
        out.extend([
            d["agrees"].clone(),
            d["exact"].clone(),
            json!(!d["cause"].is_null()),
            d["winner"].clone(),
            metrics,
        ]);
        Value::Array(out)
    };
    let mut points = serde_json::Map::new();
    for series in r["series"].as_array().unwrap() {
        let count = points.entry(series["series"].as_str().unwrap()).or_insert(json!(0));
        *count = json!(count.as_u64().unwrap() + series["points"].as_array().unwrap().len() as u64);
    }
    let losses = match &r["losses"] {
        Value::Null => Value::Null,
        losses => all(losses, &["since", "tier", "signal", "outcome", "items"]),
    };
    let agreement = &w["agreement"];
    json!({
        "began": r["began"],
        "ended": r["ended"],
        "result": r["verdict"]["result"],
        "checks": checks,
        "figures": figures,
        "rescales": all(&r["rescales"], &["at", "from", "to", "reason"]),
        "losses": losses,
        "what_if": {
            "agreed": agreement["agreed"],
            "syncs": agreement["syncs"],
            "corrected": agreement["corrected"],
            "actual": w["actual"],
        },
        "decisions": r["decisions"].as_array().unwrap().iter().map(decision).collect::<Vec<_>>(),
        "points": points,
    })
}

/// That version counted syncs that it inferred, a little beside where they are inferred now, and gave two of them a cause. Compares
/// these counts, and leaves what is the same in both.
fn as_counted_now(name: &str, want: &mut Value, got: &mut Value) {
    let count = |figures: &Value, key: &str| figures[key].as_u64().unwrap();
    let (was, is) = (&want["figures"], &got["figures"]);
    assert_eq!(count(was, "syncs"), count(was, "syncs_agreed"), "{name}");
    assert_eq!(count(is, "syncs"), count(is, "syncs_agreed"), "{name}");
    assert!(count(is, "syncs") + count(is, "syncs_inferred") >= count(was, "syncs"), "{name}: {is}");
    let points = |all: &Value| all["points"]["recommendation"].as_u64();
    assert!(points(got) >= points(want), "{name}");
    // It could say that pods were created before the decision, whose time has milliseconds.
    let budget = &mut want["figures"]["budget"];
    for stage in ["pods_created", "pods_scheduled"] {
        if let (Some(at), Some(decision)) = (budget[stage].as_f64(), budget["decision"].as_f64()) {
            budget[stage] = at.max(decision).into();
        }
    }
    for all in [want, got] {
        let figures = all["figures"].as_object_mut().unwrap();
        figures.retain(|key, _| !key.starts_with("sync"));
        all["what_if"].as_object_mut().unwrap().retain(|key, _| key == "actual");
        all["points"].as_object_mut().unwrap().remove("recommendation");
        for decision in all["decisions"].as_array_mut().unwrap() {
            let decision = decision.as_array_mut().unwrap();
            decision.remove(CAUSE);
            decision.drain(UNTIL..=COUNT);
        }
    }
}

/// Columns of a decision.
const UNTIL: usize = 1;
const COUNT: usize = 2;
const CAUSE: usize = 11;

/// Numbers are compared by value, `12.0` is `12`, and to a thousandth; times to 50 ms.
fn same(a: &Value, b: &Value) -> bool {
    let time = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= a.abs() * 0.001
        }
        (Value::String(x), Value::String(y)) => match (time(x), time(y)) {
            (Some(x), Some(y)) => (x - y).num_milliseconds().abs() <= 50,
            _ => x == y,
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, a)| b.get(k).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

#[test]
fn recordings_of_format_1_have_the_verdict_figures_and_decisions_they_had() {
    let fixtures = fixtures();
    let mut compared = 0;
    for file in fixtures {
        let name = file.file_name().unwrap().to_string_lossy().split('.').next().unwrap().to_owned();
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/v1/{name}.json"));
        // What was recorded since has no figures of the version before.
        if !golden.exists() {
            continue;
        }
        compared += 1;
        let mut want: Value = serde_json::from_str(&std::fs::read_to_string(&golden).unwrap()).unwrap();
        let mut got = summary(&file);
        as_counted_now(&name, &mut want, &mut got);
        for (key, want) in want.as_object().unwrap() {
            assert!(same(want, &got[key]), "{name}, {key}:\n{want}\n{}", got[key]);
        }
        assert_eq!(want.as_object().unwrap().len(), got.as_object().unwrap().len(), "{name}");
    }
    let goldens = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")).unwrap().count();
    assert!(compared == goldens && goldens >= 8, "{compared} of {goldens} compared");
}
