//! `edot-tui record` of every HPA of the lab: a file each, which can be replayed, and what does not go with it.

use crate::it::support::program;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn record(args: &[&str], home: &Path) -> Output {
    let mut command = Command::new(program());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home);
    command.args(["record", "--lab", "--scenario", "shards"]).args(args).output().unwrap()
}

#[test]
fn each_has_a_file_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("runs");
    let ended = record(&["-A", "--speed", "10", "--for", "4s", "-o", folder.to_str().unwrap()], home.path());
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{said}");
    let mut watched: Vec<String> = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(said.contains(&format!("recorded: {}", path.display())), "{said}");
        let recording = edot_tui::recording::open(&path).unwrap();
        let watching = recording.header.watching.clone();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.starts_with(&format!("{}-{}-20", watching.namespace, watching.hpa)), "{name}");
        watched.push(watching.namespace);
    }
    watched.sort();
    let all = ["gateway-batch", "gateway-dev", "gateway-prod", "gateway-staging", "observability-lab"];
    assert_eq!(watched, all, "{said}");
}

#[test]
fn labels_choose() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("runs");
    let args = ["--selector", "no=such", "-o", folder.to_str().unwrap(), "--speed", "10", "--for", "2s"];
    let ended = record(&args, home.path());
    assert!(ended.status.success() && !folder.exists(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn what_is_about_one_run_is_refused() {
    let home = tempfile::tempdir().unwrap();
    for (args, named) in [
        (&["-A", "--simulate"][..], "--simulate is about the recording of one HPA"),
        (&["-A", "--until", "settled"], "--until is about the recording of one HPA"),
        (&["-A", "-o", "-"], "every HPA has its own"),
        (&["--forever", "--for", "1h"], "--for"),
        (&["--keep", "3"], "--forever"),
        (&["--forever", "--keep", "0"], "--keep"),
    ] {
        let ended = record(args, home.path());
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.code() == Some(2) && said.contains(named), "{args:?}: {said}");
    }
}
