//! Recorders that are killed, and disks, pipes and limits that refuse.

use crate::dice::Dice;
use crate::process::{Family, HANGS, cases, edot_tui, run, together};
use chrono::{DateTime, Utc};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn opened(file: &Path) -> (Option<i32>, usize) {
    let mut command = edot_tui(&["report", "-o", "json"]);
    command.arg(file);
    let ended = run(command, Duration::ZERO);
    let lines = serde_json::from_slice::<serde_json::Value>(&ended.stdout).map(|_| 1).unwrap_or(0);
    (ended.code, lines)
}

/// The time of the last observation that can be read of a recording, whole or not.
pub fn last_seen(file: &Path) -> Option<DateTime<Utc>> {
    let bytes = std::fs::read(file).ok()?;
    let mut text = Vec::new();
    match bytes.starts_with(&[0x1f, 0x8b]) {
        // The rest is cut off.
        true => _ = flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut text),
        false => text = bytes,
    }
    let end = text.iter().rposition(|b| *b == b'\n')?;
    let line = text[..end].rsplit(|b| *b == b'\n').next()?;
    let line: serde_json::Value = serde_json::from_slice(line).ok()?;
    line["at"].as_str()?.parse().ok()
}

/// Killed at random moments from its first line on, everything older than two seconds is there and opens.
fn killed(times: u64) {
    let family = Family::new("recorders killed");
    let folder = tempfile::tempdir().unwrap();
    for n in 0..times {
        let file = folder.path().join(format!("{n}.jsonl{}", if n % 2 == 0 { ".gz" } else { "" }));
        let mut command = edot_tui(&["record", "--lab"]);
        command.arg("-o").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        while began.elapsed() < HANGS && std::fs::metadata(&file).map_or(0, |m| m.len()) == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let wait = Duration::from_millis(Dice::new(n).below(4_500) as u64);
        std::thread::sleep(wait);
        let memory = crate::process::peak(&child);
        child.kill().unwrap();
        let at = Utc::now();
        child.wait().unwrap();
        let last = last_seen(&file);
        // What came next is a second younger, and is what was lost.
        let lost = last.map(|last| (at - last).num_milliseconds() - 1_000);
        family.expect(lost.map_or(wait.as_millis() < 1_500, |lost| lost < 2_000), || {
            format!("killed at {at} after {wait:?}, and the last observation is of {last:?}")
        });
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
    let family = Family::new("disks and pipes");
    let asked = Duration::from_secs(3);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display().to_string();
    let never = "schema = \"edot-tui/expectations/1\"\nname = \"never\"\nabout = \"what no run does\"\n[[phase]]\nid = \"p\"\n\
                 message = \"m\"\nfrom = \"0:00\"\nto = \"1:00\"\n[[expect]]\nid = \"e\"\nphase = \"p\"\nmessage = \"m\"\n\
                 check = \"replicas-reach\"\nby = \"0:01\"\nat_least = 4\n";
    std::fs::write(folder.path().join("e.toml"), never).unwrap();
    let cases = [
        ("stdout is full", "exec $PROGRAM record --lab --for 3s -o - >/dev/full".to_owned(), 1),
        ("the reader goes", "$PROGRAM record --lab --for 3s -o - 2>/dev/null | head -c 100 >/dev/null".to_owned(), 0),
        ("stdout is full at its last flush", "exec $PROGRAM record --lab --for 1s -o - >/dev/full".to_owned(), 1),
        ("a file limit", format!("ulimit -f 2; exec $PROGRAM record --lab --for 3s -o {at}/small.jsonl"), 1),
        ("a folder", format!("exec $PROGRAM record --lab --for 3s -o {at}"), 1),
        ("no such folder", format!("exec $PROGRAM record --lab --for 3s -o {at}/no/such.jsonl"), 1),
        ("status to a full disk", "exec $PROGRAM status --lab --wait 1s >/dev/full".to_owned(), 1),
        (
            "a judged run whose reader goes",
            format!(
                "($PROGRAM record --lab --speed 20 --simulate --for 60s --expectations {at}/e.toml -o -; echo $? >{at}/code) \
                 2>/dev/null | head -c 100 >/dev/null; exit $(cat {at}/code)"
            ),
            4,
        ),
        ("/dev/full by name", "exec $PROGRAM record --lab --for 3s --overwrite -o /dev/full".to_owned(), 1),
        ("a FIFO", format!("mkfifo {at}/f; exec $PROGRAM record --lab --for 3s --overwrite -o {at}/f"), 1),
        (
            "a pipe by name",
            "$PROGRAM record --lab --for 2s -o - | exec $PROGRAM report -o json /dev/stdin >/dev/null".to_owned(),
            0,
        ),
        ("lab --list to a full disk", "exec $PROGRAM lab --list >/dev/full".to_owned(), 1),
    ];
    together(cases, |(case, script, code)| {
        let ended = run(sh(&script), asked);
        family.hold(case, &ended, asked);
        family.expect(ended.code == Some(code), || {
            format!("{case}: exit code {:?}, wanted {code}: {}", ended.code, ended.stderr)
        });
    });
    family.end();
}
