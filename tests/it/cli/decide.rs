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
fn the_queues_are_scaled_on_by_an_hpa_or_by_keda() {
    let queue = |format: &str| {
        let (code, out, err) =
            run(&["tune", "lab:backpressure", "--metric", "queue", "--candidates", "40", "-o", format]);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{format}");
        out
    };
    let keda = queue("keda");
    assert!(keda.starts_with("# kubectl apply") && keda.contains("risk: Elasticsearch was the limit"), "{keda}");
    let object: Value = serde_saphyr::from_str(&keda).unwrap();
    let all: Value = serde_json::from_str(&queue("json")).unwrap();
    assert_eq!((&object, object["kind"].as_str()), (&all["queue"]["scaled_object"], Some("ScaledObject")));
    let manifest: Value = serde_saphyr::from_str(&queue("yaml")).unwrap();
    assert_eq!(manifest["spec"]["metrics"][2]["pods"]["metric"]["name"], all["queue"]["metric"]);
    let (code, _, err) = run(&["tune", "lab:guide", "-o", "keda"]);
    assert!(code == Some(2) && err.contains("ScaledObject of --metric queue"), "{err}");
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

#[test]
fn shadows_are_printed_recorded_replayed_and_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (run_file, hpa) = (path("run.jsonl"), path("hpa.yaml"));
    std::fs::write(&hpa, run(&["tune", "lab:guide", "--candidates", "40", "-o", "yaml"]).1).unwrap();
    let lab = ["shadow", "--lab", "--no-state", "--speed", "20", "--for", "1m"];
    let (code, out, err) = run(&[&lab[..], &["-f", &hpa, "--record", &run_file]].concat());
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.contains("edot-tui shadow: observability-lab/edot-gateway-hpa") && out.contains("replica-minutes"),
        "{out}"
    );
    let recorded = std::fs::read_to_string(&run_file).unwrap();
    assert_eq!(recorded.matches("\"seen\":\"shadows\"").count(), 1);
    let (_, report, _) = run(&["report", &run_file, "-o", "json"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["shadows"][0]["name"], hpa.as_str());
    assert_eq!(report["shadows"][0]["error"], Value::Null);
    // Neither its file nor its figures stand in the way of sharing it.
    let shared = path("shared.jsonl");
    assert_eq!(run(&["report", &run_file, "--redact", &shared]).0, Some(0));
    assert!(!std::fs::read_to_string(&shared).unwrap().contains("hpa.yaml"));

    let wrong = |args: &[&str]| {
        let (code, _, err) = run(&[&["shadow", "--lab", "-o", "text"], args].concat());
        assert_eq!(code, Some(2), "{err}");
        err
    };
    assert!(wrong(&[]).contains("give a spec with -f hpa.yaml, or changes such as --target cpu=60 --max 8"));
    assert!(wrong(&["-f", "/nowhere.yaml"]).contains("/nowhere.yaml: "));
    assert!(wrong(&["-f", &hpa, "--max", "3"]).contains("cannot be used with"));
    assert!(wrong(&["--max", "3", "--record", &path("x"), "--store"]).contains("sessions push"));
}
