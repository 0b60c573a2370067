//! A recording with its names replaced: nothing of them is left in it, and it gives the same verdict, figures and decisions.

use super::version_1::summary;
use crate::it::support::any_seen;
use edot_tui::observe::{Observation, Stamped};
use edot_tui::{recording, redact};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Every recording in `tests/data`.
fn recordings() -> Vec<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let folders = ["recordings/v1", "decisions", "what_if"].map(|f| data.join(f));
    let files = folders.iter().flat_map(|f| std::fs::read_dir(f).unwrap().map(|e| e.unwrap().path()));
    let mut all: Vec<PathBuf> = files.filter(|p| p.to_string_lossy().contains(".jsonl")).collect();
    all.sort();
    assert!(all.len() > 20, "{all:?}");
    all
}

fn redacted(file: &Path) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("shared.jsonl.gz");
    let mut out = std::fs::File::create(&to).unwrap();
    let open = || recording::open(file).map_err(std::io::Error::other);
    redact::recording(open, &mut out, true).unwrap();
    (folder, to)
}

fn text(file: &Path) -> String {
    let bytes = std::fs::read(file).unwrap();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    text
}

/// What must be gone: found in another way than the program does, by the keys under which the original has names.
fn secrets(file: &Path) -> BTreeSet<String> {
    const KEYS: [&str; 18] = [
        "namespace",
        "load_namespace",
        "hpa",
        "load_job",
        "context",
        "pod",
        "node",
        "image",
        "cluster",
        "url",
        "user",
        "service",
        "kibana",
        "owner",
        "object",
        "selector",
        "container",
        "name",
    ];
    fn walk(value: &Value, key: &str, out: &mut BTreeSet<String>) {
        match value {
            Value::String(text) if KEYS.contains(&key) => {
                let _ = out.insert(text.clone());
            }
            Value::Array(all) => all.iter().for_each(|one| walk(one, key, out)),
            Value::Object(map) => map.iter().for_each(|(key, one)| walk(one, key, out)),
            _ => {}
        }
    }
    let mut out = BTreeSet::new();
    for seen in recording::open(file).unwrap() {
        // Names of components, breakers, pools and metrics of the API are words, and no names of anything.
        let kept = matches!(seen.what, Observation::Collector(_) | Observation::CollectorConfig(_));
        if !kept {
            walk(&serde_json::to_value(&seen).unwrap(), "", &mut out);
        }
        if let Observation::Collector(seen) = &seen.what {
            out.insert(seen.pod.clone());
        }
    }
    let header = recording::open(file).unwrap().header;
    walk(&serde_json::to_value(&header).unwrap(), "", &mut out);
    let parts: Vec<String> = out.iter().filter_map(|s| s.split_once('/')).map(|(_, name)| name.to_owned()).collect();
    out.extend(parts);
    // Words of the API, or too short to be distinguished from other words by a search.
    const WORDS: [&str; 14] = [
        "",
        "lab",
        "cpu",
        "memory",
        "default",
        "k6",
        "app",
        "fielddata",
        "inflight_requests",
        "parent",
        "request",
        "x",
        "elasticsearch",
        "collector",
    ];
    // Ids of Elasticsearch's nodes are random.
    out.retain(|s| s.len() != 22 || s.contains('-'));
    out.retain(|s| !WORDS.contains(&s.as_str()) && s.len() > 1);
    out
}

/// Whether `word` is in `text` and is not part of a longer word.
fn has_word(text: &str, word: &str) -> bool {
    let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(word)
        .any(|(at, _)| !joins(text[..at].chars().next_back()) && !joins(text[at + word.len()..].chars().next()))
}

/// The two are the same, except that names have others in their place, always the same one.
fn same(a: &Value, b: &Value, names: &mut BTreeMap<String, String>, at: &str) {
    match (a, b) {
        (Value::String(a), Value::String(b)) => {
            assert_eq!(names.entry(a.clone()).or_insert_with(|| b.clone()), b, "{at}");
        }
        (Value::Array(x), Value::Array(y)) => {
            assert_eq!(x.len(), y.len(), "{at}");
            x.iter().zip(y).enumerate().for_each(|(n, (x, y))| same(x, y, names, &format!("{at}[{n}]")));
        }
        (Value::Object(x), Value::Object(y)) => {
            assert_eq!(x.len(), y.len(), "{at}");
            x.iter().zip(y).for_each(|((k, x), (_, y))| same(x, y, names, &format!("{at}.{k}")));
        }
        _ => assert_eq!(a, b, "{at}"),
    }
}

#[test]
fn nothing_that_must_be_gone_is_left_and_the_run_is_judged_as_before() {
    for file in recordings() {
        let (_folder, to) = redacted(&file);
        // The program's own name is no name of theirs.
        let written = text(&to).replace("edot-tui", "").replace("edot_session", "");
        // What is random, and times, may hold short names by chance; their fields are not searched.
        let searched: Vec<&str> = written.split('"').collect();
        let left: Vec<String> = secrets(&file)
            .into_iter()
            .filter(|secret| searched.iter().any(|part| has_word(part, secret) && !is_key_or_word(part)))
            .collect();
        assert!(left.is_empty(), "{}: {left:?}", file.display());
        same(&summary(&file), &summary(&to), &mut BTreeMap::new(), &file.display().to_string());
    }
}

/// Keys of the format, and words of the API that a name may be equal to.
fn is_key_or_word(part: &str) -> bool {
    ["node", "pods", "metrics", "two", "hpa", "object", "job", "collector"].contains(&part)
}

#[test]
fn a_redacted_recording_has_as_many_observations_at_the_same_times() {
    for file in recordings() {
        let (_folder, to) = redacted(&file);
        let of = |f: &Path| {
            recording::open(f).unwrap().filter(|s| s.what != Observation::Unknown).map(|s| s.at).collect::<Vec<_>>()
        };
        assert_eq!(of(&file), of(&to), "{}", file.display());
    }
}

#[test]
fn texts_lose_names_hosts_and_paths_and_keep_their_sentences() {
    let known =
        [("namespace", "acme"), ("node", "ip-10-0-0-1.eu.compute"), ("metric", "orders_open"), ("pod", "web-7d9f-x2")];
    for (text, want) in [
        ("New size: 4; reason: cpu resource utilization (percentage of request) above target", None),
        ("the HPA controller was able to get the target's current scale", None),
        ("0/3 nodes are available: 3 Insufficient cpu.", None),
        (
            "Successfully assigned acme/web-7d9f-x2 to ip-10-0-0-1.eu.compute",
            Some("Successfully assigned namespace-1/pod-1 to node-1"),
        ),
        (
            "New size: 2; reason: external metric orders_open(nil) above target",
            Some("New size: 2; reason: external metric metric-1(nil) above target"),
        ),
        ("Get \"https://10.1.2.3:6443/api/v1\": refused", Some("Get \"https://host-x1:6443\": refused")),
        ("volume \"secretname\" of acme is gone", Some("volume \"name-x1\" of namespace-1 is gone")),
        ("port 8888 of pod other-5f-zz is closed", Some("port 8888 of pod name-x1 is closed")),
        (
            "mail to jo@acme.example, file /home/jo/run.jsonl",
            Some("mail to name-x1@name-x2, file /name-x3/name-x1/name-x4"),
        ),
    ] {
        let got = redact::text(&known, text);
        assert_eq!(got, want.unwrap_or(text), "{text}");
    }
}

proptest! {
    #[test]
    fn every_string_of_an_observation_has_a_row_of_its_own(seen in any_seen::observation()) {
        prop_assert_eq!(redact::unlisted(&seen), Vec::<String>::new());
    }

    #[test]
    fn what_is_written_can_be_read_again(seen in proptest::collection::vec(any_seen::observation(), 1..20)) {
        let at = chrono::DateTime::UNIX_EPOCH;
        let mut chunks = recording::Chunks::new(&recording::Header::default(), false);
        seen.iter().for_each(|what| { chunks.seen(&Stamped { at, what: what.clone() }); });
        let bytes = chunks.end().unwrap();
        let mut out = Vec::new();
        let open = || recording::read(&bytes[..]).map_err(std::io::Error::other);
        let done = redact::recording(open, &mut out, false).unwrap();
        prop_assert_eq!(recording::read(&out[..]).unwrap().count() as u64, done.observations);
    }
}
