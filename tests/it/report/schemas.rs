//! The JSON outputs against their schemas in `assets/schemas`: real outputs are valid, and no key can be added, renamed or
//! left out without the schema.

use crate::it::support::recorded::scale_cycle;
use edot_tui::decide::{rerun, shadow};
use edot_tui::lab::scenario::{SHIPPED, Scenario};
use edot_tui::observe::{Observation, ShadowSeen, Stamped};
use edot_tui::recording;
use edot_tui::report::{self, Origin, compare, schema, schema::Schema, what_if};
use edot_tui::session::Session;
use edot_tui::trial::watched;
use edot_tui::verdict::{self, Expectations, Verdict};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

fn parsed(schema: Schema) -> Value {
    serde_json::from_str(schema.text()).unwrap()
}

fn validator(schema: Schema) -> Validator {
    let mut registry = jsonschema::Registry::new();
    for other in [Schema::Status, Schema::Report, Schema::Shadow] {
        let text = parsed(other);
        let id = text["$id"].as_str().unwrap().to_owned();
        registry = registry.add(id, text).unwrap();
    }
    let registry = registry.prepare().unwrap();
    jsonschema::options().with_registry(&registry).should_validate_formats(true).build(&parsed(schema)).unwrap()
}

fn check(schema: Schema, validator: &Validator, value: &Value, what: &str) {
    let errors: Vec<String> = validator
        .iter_errors(value)
        .take(5)
        .map(|e| format!("{}: {}", e.instance_path(), e.to_string().chars().take(300).collect::<String>()))
        .collect();
    assert!(errors.is_empty(), "{what}, {}:\n{}", schema.id(), errors.join("\n"));
}

struct Run {
    name: String,
    seen: Vec<Stamped>,
    session: Session,
    verdict: Verdict,
}

fn run(name: &str, seen: Vec<Stamped>) -> Run {
    let mut session = Session::default();
    seen.iter().for_each(|s| session.apply(s));
    let verdict = verdict::run(&session, Expectations::guide());
    Run { name: name.into(), seen, session, verdict }
}

/// Every recording that there is, and runs of the lab.
static RUNS: LazyLock<Vec<Run>> = LazyLock::new(|| {
    let mut all = vec![run("cycle", scale_cycle()), run("nothing", Vec::new())];
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for folder in ["recordings/v1", "decisions"] {
        for entry in std::fs::read_dir(data.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains(".jsonl") {
                let seen = recording::open(&path).unwrap().collect();
                all.push(run(&path.file_name().unwrap().to_string_lossy(), seen));
            }
        }
    }
    for name in ["guide", "hostile"] {
        let text = SHIPPED.iter().find(|(n, _)| *n == name).unwrap().1;
        let scenario = Scenario::parse(name, "a test", text).unwrap();
        all.push(run(name, watched(&scenario, 7, 600).0));
    }
    all
});

/// Every output of a run, with its schema.
fn outputs(run: &Run) -> Vec<(Schema, Value)> {
    let side = compare::Side { name: &run.name, session: &run.session, verdict: &run.verdict };
    let origin = Origin { file: Some(run.name.clone()), damage: vec!["it stops in the middle".into()] };
    let mut out = vec![
        (Schema::Status, serde_json::to_value(report::status(&run.session)).unwrap()),
        (Schema::Report, serde_json::to_value(report::report(&run.session, &run.verdict, &origin)).unwrap()),
        (Schema::Compare, serde_json::to_value(compare::compare(&side, &side)).unwrap()),
    ];
    let recorded = rerun::record(run.seen.iter().cloned());
    let changes = [rerun::Changes::default(), rerun::Changes { max: Some(3), ..Default::default() }];
    for simulation in changes.iter().filter_map(|c| rerun::simulate(&recorded, c).ok()) {
        let summary = what_if::summarize(&simulation, &recorded, Some(run.name.clone()));
        out.push((Schema::WhatIf, serde_json::to_value(summary).unwrap()));
    }
    let mut session = Session::default();
    let flags = ["--max 3", "--target cpu=30 --max 9", "--drop nothing"];
    let all = flags.map(|flags| ShadowSeen { flags: flags.into(), ..Default::default() }).to_vec();
    let at = run.seen.first().map_or_else(Default::default, |seen| seen.at);
    session.apply(&Stamped { at, what: Observation::Shadows { all } });
    run.seen.iter().for_each(|seen| session.apply(seen));
    let summary = report::shadow::summarize(&session, &shadow::run(&session));
    out.push((Schema::Shadow, serde_json::to_value(summary).unwrap()));
    out.push((Schema::Report, serde_json::to_value(report::report(&session, &run.verdict, &origin)).unwrap()));
    out
}

#[test]
fn every_output_is_valid() {
    let validators: Vec<_> = Schema::ALL.iter().map(|s| (*s, validator(*s))).collect();
    for run in RUNS.iter() {
        for (schema, value) in outputs(run) {
            let validator = &validators.iter().find(|v| v.0 == schema).unwrap().1;
            check(schema, validator, &value, &run.name);
            assert_eq!(value["schema"], schema.id());
        }
    }
    let session = crate::it::fold::fleet::world();
    let fleet = report::fleet::fleet(session.fleet.as_deref().unwrap(), session.now.unwrap());
    check(Schema::Fleet, &validator(Schema::Fleet), &serde_json::to_value(fleet).unwrap(), "fleet");
    let checks = json!([{ "id": "a", "result": "skip", "what": "b", "detail": "c", "hint": null }]);
    let doctor = json!({ "schema": Schema::Doctor.id(), "result": "ok", "checks": checks });
    check(Schema::Doctor, &validator(Schema::Doctor), &doctor, "doctor");
}

/// The JSON on stdout of the program itself, run as a user would.
fn printed(args: &[&str]) -> Value {
    let home = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(crate::it::support::program());
    command.args(args).env_clear().env("HOME", home.path()).env("KUBECONFIG", home.path().join("none"));
    let done = command.output().unwrap();
    serde_json::from_slice(&done.stdout)
        .unwrap_or_else(|e| panic!("{args:?}: {e}: {}", String::from_utf8_lossy(&done.stderr)))
}

#[test]
fn what_the_commands_print_is_valid() {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings/v1/cycle.jsonl.gz");
    let file = recorded.to_str().unwrap();
    let commands: [(Schema, &[&str]); 8] = [
        (Schema::Fleet, &["status", "-A", "--lab", "-o", "json"]),
        (Schema::Status, &["status", "--lab", "--wait", "30s", "-o", "json"]),
        (Schema::Doctor, &["doctor", "--lab", "-o", "json"]),
        (Schema::Report, &["report", file, "-o", "json"]),
        (Schema::Compare, &["compare", file, file, "-o", "json"]),
        (Schema::WhatIf, &["what-if", file, "--max", "3", "-o", "json"]),
        (Schema::Shadow, &["shadow", "--lab", "--speed", "20", "--for", "1m", "--max", "2", "-o", "json"]),
        (Schema::Tune, &["tune", file, file, "--candidates", "60", "-o", "json"]),
    ];
    for (schema, args) in commands {
        let value = printed(args);
        check(schema, &validator(schema), &value, args[0]);
        assert_eq!(value["schema"], schema.id());
    }
}

#[test]
fn words_for_programs_are_in_snake_case() {
    let snake = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    // Names of metrics, pods and containers are not ours; ids of expectations and findings have always had hyphens.
    let words =
        ["result", "state", "tier", "signal", "outcome", "samples", "stage", "shape", "unit", "severity", "feed"];
    fn walk(v: &Value, see: &mut dyn FnMut(&str, &Value)) {
        match v {
            Value::Object(map) => map.iter().for_each(|(k, v)| {
                see(k, v);
                walk(v, see);
            }),
            Value::Array(all) => all.iter().for_each(|v| walk(v, see)),
            _ => {}
        }
    }
    for run in RUNS.iter() {
        for (schema, value) in outputs(run) {
            walk(&value, &mut |key, value| {
                assert!(
                    snake(key) || schema == Schema::Report || schema == Schema::Compare || key.contains("breaker"),
                    "{key}"
                );
                if let (true, Some(word)) = (words.contains(&key), value.as_str()) {
                    assert!(snake(word), "{key}: {word}");
                }
            });
        }
    }
}

/// Shortened lists, so that changing a key at a time stays quick.
fn shortened(value: &Value) -> Value {
    match value {
        Value::Array(all) => all.iter().take(2).map(shortened).collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), shortened(v))).collect(),
        other => other.clone(),
    }
}

/// JSON pointers of every object in a value whose keys are ours, one for each place in the schema.
fn objects(value: &Value, at: &str, place: &str, seen: &mut BTreeSet<String>, out: &mut Vec<String>) {
    match value {
        Value::Object(_) if place.ends_with("labels") || place.ends_with("rejected_by") => {}
        Value::Object(map) => {
            if seen.insert(place.to_owned()) {
                out.push(at.to_owned());
            }
            map.iter().for_each(|(k, v)| objects(v, &format!("{at}/{k}"), &format!("{place}/{k}"), seen, out));
        }
        Value::Array(all) => {
            all.iter()
                .enumerate()
                .for_each(|(i, v)| objects(v, &format!("{at}/{i}"), &format!("{place}/[]"), seen, out));
        }
        _ => {}
    }
}

#[test]
fn a_key_that_the_schema_does_not_have_fails() {
    let run = RUNS.iter().find(|r| r.name.starts_with("lab")).unwrap();
    for (schema, value) in outputs(run) {
        let validator = validator(schema);
        let value = shortened(&value);
        check(schema, &validator, &value, "shortened");
        let mut places = Vec::new();
        objects(&value, "", "", &mut BTreeSet::new(), &mut places);
        assert!(places.len() >= 5, "{places:?}");
        for at in places {
            let mut added = value.clone();
            added.pointer_mut(&at).unwrap()["surprise"] = Value::Null;
            assert!(!validator.is_valid(&added), "{}: a key more in {at}", schema.id());
            let keys: Vec<String> = value.pointer(&at).unwrap().as_object().unwrap().keys().cloned().collect();
            for key in keys {
                let mut renamed = value.clone();
                let map = renamed.pointer_mut(&at).unwrap().as_object_mut().unwrap();
                let old = map.remove(&key).unwrap();
                assert!(!validator.is_valid(&renamed), "{}: {at} without {key}", schema.id());
                renamed.pointer_mut(&at).unwrap()[format!("{key}_")] = old;
                assert!(!validator.is_valid(&renamed), "{}: {key} renamed in {at}", schema.id());
            }
        }
    }
}

#[test]
fn the_schemas_are_complete_and_describe_every_key() {
    fn walk(schema: &Value, at: &str) {
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            assert_eq!(schema["additionalProperties"], false, "{at}");
            assert_eq!(schema["required"].as_array().unwrap().len(), properties.len(), "{at}");
            for (key, property) in properties {
                let described = property.get("description").is_some() || property.get("$ref").is_some();
                assert!(described, "{at}.{key} has no description");
                walk(property, &format!("{at}.{key}"));
            }
        }
        for key in ["items", "$defs"] {
            match schema.get(key) {
                Some(Value::Object(defs)) if key == "$defs" => {
                    defs.iter().for_each(|(k, v)| walk(v, &format!("{at}#{k}")))
                }
                Some(items) => walk(items, &format!("{at}[]")),
                None => {}
            }
        }
    }
    for schema in Schema::ALL {
        let text = parsed(schema);
        jsonschema::meta::validate(&text).unwrap();
        assert_eq!(text["properties"]["schema"]["const"], schema.id());
        walk(&text, schema.id());
    }
}

#[test]
fn the_listing_has_every_key_with_its_meaning() {
    let listing = schema::listing(Schema::Status);
    assert!(listing.starts_with("JSON output (edot-tui/status/2):\n"));
    for part in [
        "  hpa.replicas.current ",
        "  pods[].cpu_percent ",
        "  ingest.streams[].name ",
        "number or null",
        "  feeds[].state ",
    ] {
        assert!(listing.contains(part), "{part}\n{listing}");
    }
    let described = |line: &&str| line.split_whitespace().count() > 2;
    for schema in Schema::ALL {
        let listing = schema::listing(schema);
        assert!(listing.lines().skip(1).all(|l| described(&l)), "{listing}");
    }
}
