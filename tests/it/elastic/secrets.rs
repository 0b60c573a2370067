//! Credentials for Elasticsearch are never shown: not in the log at level trace, nor in recordings, nor in output or errors.

use crate::it::support::stub_cluster;
use std::process::Command;

const PASSWORD: &str = "pass-word-4711";
const KEY: &str = "api-key-0815";

fn edot_tui(arguments: &[&str]) -> Command {
    let mut command = Command::new(crate::it::support::program());
    command.args(arguments).env("EDOT_TUI_ES_PASSWORD", PASSWORD).env("EDOT_TUI_ES_API_KEY", KEY);
    command
}

fn shows_none(what: &str, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    // In base64 as well, as a header would have it.
    for secret in [PASSWORD, KEY, "cGFzcy13b3Jk", "d2F0Y2hlcjpwYXNz"] {
        assert!(!text.contains(secret), "{what} shows {secret}: {text}");
    }
}

#[test]
fn no_output_holds_a_secret() {
    let kubeconfig = stub_cluster::start();
    let folder = tempfile::tempdir().unwrap();
    let (log, key) = (folder.path().join("log"), folder.path().join("key"));
    std::fs::write(&key, KEY).unwrap();
    let config = kubeconfig.path();
    let (config, log_file, key) = (config.to_str().unwrap(), log.to_str().unwrap(), key.to_str().unwrap());
    let common =
        ["--kubeconfig", config, "--log-level", "trace", "--log-file", log_file, "--es-url", "http://127.0.0.1:1"];
    for more in [["--es-user", "watcher"], ["--es-api-key-file", key]] {
        for command in [&["status", "-o", "json", "--wait", "2s"][..], &["doctor"][..], &["--print-config"][..]] {
            let arguments: Vec<&str> = command.iter().chain(&common).chain(&more).copied().collect();
            let done = edot_tui(&arguments).output().unwrap();
            shows_none(&arguments.join(" "), &done.stdout);
            shows_none(&arguments.join(" "), &done.stderr);
        }
        // Not compressed, so that it can be searched.
        let file = folder.path().join(format!("{}.jsonl", &more[0][2..]));
        let record = ["record", "--for", "2s", "-o", file.to_str().unwrap()];
        let arguments: Vec<&str> = record.iter().chain(&common).chain(&more).copied().collect();
        let done = edot_tui(&arguments).output().unwrap();
        shows_none("record", &done.stderr);
        let recorded = std::fs::read(&file).unwrap();
        assert!(String::from_utf8_lossy(&recorded).contains("127.0.0.1:1"), "the address of Elasticsearch is recorded");
        shows_none("the recording", &recorded);
    }
    let logged = std::fs::read(&log).unwrap();
    assert!(String::from_utf8_lossy(&logged).contains("Elasticsearch"), "the log mentions it");
    shows_none("the log", &logged);
}

#[test]
fn an_address_with_a_password_is_rejected_without_showing_it() {
    let done = edot_tui(&["status", "--es-url", "https://watcher:pass-word-4711@es:9200"]).output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    shows_none("the error", &done.stderr);
    assert!(String::from_utf8_lossy(&done.stderr).contains("EDOT_TUI_ES_PASSWORD"), "a hint");
}
