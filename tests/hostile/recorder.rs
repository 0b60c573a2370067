//! Recorders that are killed, and disks, pipes and limits that refuse.

use crate::dice::Dice;
use crate::process::{Family, cases, edot_tui, run};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RECORD: [&str; 4] = ["record", "--lab", "--speed", "20"];

fn opened(file: &Path) -> (Option<i32>, usize) {
    let mut command = edot_tui(&["report", "-o", "json"]);
    command.arg(file);
    let ended = run(command, Duration::ZERO);
    let lines = serde_json::from_slice::<serde_json::Value>(&ended.stdout).map(|_| 1).unwrap_or(0);
    (ended.code, lines)
}

/// Killed at random moments, what was on disk two seconds before opens.
fn killed(times: u64) {
    let mut family = Family::new("recorders killed");
    let folder = tempfile::tempdir().unwrap();
    for n in 0..times {
        let file = folder.path().join(format!("{n}.jsonl{}", if n % 2 == 0 { ".gz" } else { "" }));
        let mut command = edot_tui(&RECORD);
        command.arg("-o").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        let wait = Duration::from_millis(2_200 + Dice::new(n).below(1500) as u64);
        std::thread::sleep(wait);
        let memory = crate::process::peak(&child);
        child.kill().unwrap();
        child.wait().unwrap();
        let (code, whole) = opened(&file);
        family.expect(matches!(code, Some(0 | 4)) && whole == 1, || {
            format!("killed after {wait:?}: report ends with {code:?}")
        });
        family.note(memory, began.elapsed());
    }
    family.end();
}

#[test]
fn killed_at_once_or_later() {
    killed(2);
}

#[test]
#[ignore = "long"]
fn killed_at_random() {
    killed(cases(60));
}

fn sh(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", script])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null());
    command.env("PROGRAM", env!("CARGO_BIN_EXE_edot-tui"));
    command
}

#[test]
fn disks_and_pipes_that_refuse() {
    let mut family = Family::new("disks and pipes");
    let asked = Duration::from_secs(3);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display().to_string();
    for (case, script, code) in [
        ("stdout is full", "exec $PROGRAM record --lab --for 3s -o - >/dev/full".to_owned(), 1),
        ("the reader goes", "$PROGRAM record --lab --for 3s -o - 2>/dev/null | head -c 100 >/dev/null".to_owned(), 0),
        ("stdout is full at its last flush", "exec $PROGRAM record --lab --for 1s -o - >/dev/full".to_owned(), 1),
        ("a file limit", format!("ulimit -f 2; exec $PROGRAM record --lab --for 3s -o {at}/small.jsonl"), 1),
        ("a folder", format!("exec $PROGRAM record --lab --for 3s -o {at}"), 1),
        ("no such folder", format!("exec $PROGRAM record --lab --for 3s -o {at}/no/such.jsonl"), 1),
        ("status to a full disk", "exec $PROGRAM status --lab --wait 1s >/dev/full".to_owned(), 1),
        ("lab --list to a full disk", "exec $PROGRAM lab --list >/dev/full".to_owned(), 1),
    ] {
        let ended = run(sh(&script), asked);
        family.hold(case, &ended, asked);
        family.expect(ended.code == Some(code), || {
            format!("{case}: exit code {:?}, wanted {code}: {}", ended.code, ended.stderr)
        });
    }
    family.end();
}
