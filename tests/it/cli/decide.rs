//! `tune` and `size` as a user runs them: every format, and what is wrong named.

use crate::it::support::program;
use serde_json::Value;

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let out = std::process::Command::new(program()).args(args).env_clear().env("HOME", home.path()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

#[test]
fn tune_writes_every_format() {
    let tune = |format: &str| run(&["tune", "lab:guide", "--candidates", "80", "-o", format]);
    for (format, part) in [
        ("text", "P present, R recommended"),
        ("markdown", "```yaml"),
        ("html", "<svg"),
        ("yaml", "kind: HorizontalPodAutoscaler"),
        ("patch", "# kubectl patch hpa -n observability-lab edot-gateway-hpa"),
    ] {
        let (code, out, err) = tune(format);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{format}");
        assert!(out.contains(part), "{format}\n{out}");
    }
    let patch: Value = serde_saphyr::from_str(&tune("patch").1).unwrap();
    let all: Value = serde_json::from_str(&tune("json").1).unwrap();
    assert_eq!(patch, all["patch"]);
    let manifest: Value = serde_saphyr::from_str(&tune("yaml").1).unwrap();
    assert_eq!(manifest, all["manifest"]);
    assert_eq!(all["files"][0], "lab:guide");
}

#[test]
fn a_recommendation_is_verified_in_the_lab() {
    let (code, out, _) =
        run(&["tune", "lab:guide", "--candidates", "80", "--verify", "guide", "--verify-seeds", "2", "-o", "json"]);
    let all: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, all["verified"]["runs"].as_array().unwrap().len()), (Some(0), 2));
    assert_eq!(all["verified"]["scenario"], "guide");
}

#[test]
fn it_says_where_more_gateways_would_not_help() {
    let (_, out, _) = run(&["tune", "lab:backpressure", "--candidates", "40"]);
    assert!(out.contains("Elasticsearch was the limit, so more gateways would not help"), "{out}");
    let (_, out, _) = run(&["tune", "lab:guide", "--candidates", "40"]);
    assert!(!out.contains("Elasticsearch was the limit"), "{out}");
}

#[test]
fn size_writes_a_forecast() {
    let (code, out, err) = run(&["size", "lab:guide", "--rate", "traces=50k,logs=20k"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("replicas at the target") && out.contains("none was reached"), "{out}");
}

#[test]
fn what_is_wrong_is_named() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recordings/v1/cycle.jsonl.gz");
    for (args, part) in [
        (&["tune", "lab:nowhere"][..], "no scenario \"nowhere\""),
        (&["tune", "lab:guide@x"], "the seed is a number"),
        (&["tune", "lab:guide", "--verify", "gide"], "did you mean guide"),
        (&["tune", "lab:guide", "--line", "disk=9"], "there is no metric disk"),
        (&["size", data], "pods/portforward"),
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}: {err}");
        assert!(err.contains(part), "{args:?}: {err}");
    }
    let (code, _, err) = run(&["tune", "not-there.jsonl"]);
    assert!(code == Some(1) && err.contains("not-there.jsonl cannot be read"), "{err}");
}
