//! Recordings that are cut, flipped, shuffled, endless, or bombs. Every command over recordings must end with words.

use crate::dice::Dice;
use crate::process::{Family, cases, data, edot_tui, run};
use chrono::{DateTime, TimeDelta};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

const FORMS: [&[&str]; 5] = [
    &["report", "-o", "json"],
    &["report", "-o", "html"],
    &["report", "-o", "csv"],
    &["what-if", "--target", "cpu=60"],
    &["report", "-o", "junit"],
];

fn read(family: &Family, case: &str, file: &Path, args: &[&str]) {
    let mut command = edot_tui(&args[..1]);
    command.arg(file).args(&args[1..]);
    family.hold(&format!("{case} {args:?}"), &run(command, Duration::ZERO), Duration::ZERO);
}

fn sound() -> Vec<u8> {
    std::fs::read(data("decisions/two.jsonl")).unwrap()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A recording changed in one random way, and how.
fn changed(dice: &mut Dice) -> (Vec<u8>, String) {
    let mut bytes = sound();
    let lines = |bytes: &[u8]| bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let how = match dice.below(9) {
        0 => {
            let flips = 1 + dice.below(200);
            for _ in 0..flips {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }
            format!("{flips} bits flipped")
        }
        1 => {
            bytes.truncate(dice.below(bytes.len()));
            format!("cut at {}", bytes.len())
        }
        2 => {
            let mut all = lines(&bytes);
            for _ in 0..all.len() {
                let (a, b) = (dice.below(all.len()), dice.below(all.len()));
                all.swap(a, b);
            }
            bytes = all.concat();
            "lines shuffled".into()
        }
        3 => {
            let text = String::from_utf8(bytes).unwrap();
            let huge =
                ["1e308", "-1e308", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e-320"];
            let huge = huge[dice.below(huge.len())];
            let key = ["\"currentReplicas\":", "\"averageUtilization\":", "\"current\":", "\"replicas\":", "\"cpu\":"];
            let key = key[dice.below(key.len())];
            bytes = text.split(key).collect::<Vec<_>>().join(&format!("{key}{huge},\"x\":")).into_bytes();
            format!("{key} {huge}")
        }
        4 => {
            let mut all = lines(&bytes);
            let depth = 1 + dice.below(100_000);
            let deep = format!("{{\"at\":\"2026-11-24T00:00:00Z\",\"seen\":\"hpa\",\"x\":{}", "[".repeat(depth));
            all.insert(dice.below(all.len()), [deep.as_bytes(), b"\n"].concat());
            bytes = all.concat();
            format!("{depth} brackets")
        }
        5 => {
            let mut all = lines(&bytes);
            let seen = ["quasar", "feed_status", "hpa", "pod", ""][dice.below(5)];
            let future =
                format!("{{\"at\":\"9999-12-31T23:59:59Z\",\"seen\":\"{seen}\",\"moons\":{{\"a\":[1,2,{{}}]}}}}\n");
            for _ in 0..50 {
                all.insert(dice.below(all.len()), future.clone().into_bytes());
            }
            bytes = all.concat();
            format!("kind {seen:?} of a later version in the year 9999")
        }
        6 => {
            let mut all = lines(&bytes);
            all[1..].reverse();
            bytes = all.concat();
            "the clock runs backwards".into()
        }
        7 => {
            let text = String::from_utf8(bytes).unwrap();
            let year = ["0000", "0001", "9999", "-262143", "+262142"][dice.below(5)];
            bytes = text.replace("2026-", &format!("{year}-")).into_bytes();
            format!("the year {year}")
        }
        _ => {
            let junk: Vec<u8> = (0..dice.below(5000)).map(|_| dice.below(256) as u8).collect();
            let at = dice.below(bytes.len());
            bytes.splice(at..at, junk);
            format!("random bytes at {at}")
        }
    };
    if dice.below(3) == 0 {
        let mut packed = gzip(&bytes);
        if dice.below(2) == 0 {
            let at = dice.below(packed.len());
            packed[at] ^= 0xff;
        }
        return (packed, format!("{how}, compressed"));
    }
    (bytes, how)
}

fn random(count: u64, seed: u64) {
    let family = Family::new("recordings changed at random");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    for number in 0..count {
        let mut dice = Dice::new(seed + number);
        let (bytes, how) = changed(&mut dice);
        std::fs::write(&file, &bytes).unwrap();
        let args = FORMS[dice.below(FORMS.len())];
        read(&family, &format!("seed {}: {how}", seed + number), &file, args);
    }
    family.end();
}

#[test]
fn changed_at_random() {
    random(14, 1);
}

#[test]
#[ignore = "long"]
fn changed_at_random_long() {
    random(cases(600), 1_000);
}

/// A line of `length` bytes without an end, after a sound header.
fn long_line(file: &Path, length: u64) {
    let mut out = GzEncoder::new(std::fs::File::create(file).unwrap(), Compression::fast());
    let head = sound();
    let end = head.iter().position(|b| *b == b'\n').unwrap() + 1;
    out.write_all(&head[..end]).unwrap();
    out.write_all(b"{\"at\":\"2026-11-24T00:00:00Z\",\"seen\":\"note\",\"text\":\"").unwrap();
    let block = vec![b'a'; 1 << 20];
    for _ in 0..length >> 20 {
        out.write_all(&block).unwrap();
    }
    out.finish().unwrap();
}

/// `length` bytes of `fill`, compressed; behind a sound recording or alone.
fn bomb(file: &Path, fill: &[u8], length: u64) {
    bomb_after(file, b"", fill, length);
}

fn bomb_after(file: &Path, before: &[u8], fill: &[u8], length: u64) {
    let mut out = GzEncoder::new(std::fs::File::create(file).unwrap(), Compression::fast());
    out.write_all(before).unwrap();
    let block = fill.repeat((1 << 20) / fill.len());
    for _ in 0..length >> 20 {
        out.write_all(&block).unwrap();
    }
    out.finish().unwrap();
}

fn large(line: u64, zeros: u64, newlines: u64, ticks: u64) {
    let family = Family::new("recordings that are bombs");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl.gz");
    long_line(&file, line);
    read(&family, "one endless line", &file, FORMS[0]);
    bomb(&file, b"\0", zeros);
    read(&family, "zeros", &file, FORMS[0]);
    bomb(&file, b"\n", newlines);
    read(&family, "newlines", &file, FORMS[0]);
    bomb(&file, b"{}\n", newlines);
    read(&family, "empty objects", &file, FORMS[0]);
    for (case, fill) in
        [("newlines", &b"\n"[..]), ("empty objects", b"{}\n"), ("zeros", b"\0"), ("brackets", b"[[[[[[[\n")]
    {
        bomb_after(&file, &sound(), fill, newlines / 4);
        read(&family, &format!("{case} behind a recording"), &file, FORMS[0]);
    }
    bomb(&file, b"{\"at\":\"2026-11-24T00:00:00Z\",\"seen\":\"tick\"}\n", ticks);
    read(&family, "ticks", &file, FORMS[0]);
    let two =
        b"{\"at\":\"2026-11-24T00:00:00Z\",\"seen\":\"tick\"}\n{\"at\":\"2026-11-24T01:00:00Z\",\"seen\":\"tick\"}\n";
    bomb_after(&file, &sound(), two, ticks);
    read(&family, "ticks to and fro behind a recording", &file, FORMS[0]);
    family.end();
}

#[test]
fn bombs() {
    large(24 << 20, 64 << 20, 8 << 20, 4 << 20);
}

#[test]
#[ignore = "long"]
fn bombs_long() {
    large(1 << 30, 10 << 30, 2 << 30, 1 << 30);
}

/// A recording in which the controller rescales `count` times, `gap` seconds apart.
fn rescales(file: &Path, count: usize, gap: f64) {
    let text = String::from_utf8(sound()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = |kind: &str| lines.iter().rfind(|line| line["seen"] == kind).unwrap().clone();
    let (mut hpa, mut target, mut usage) = (last("hpa"), last("target"), last("usage"));
    let begin = DateTime::parse_from_rfc3339("2026-11-24T05:00:00Z").unwrap();
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).unwrap());
    out.write_all(text.as_bytes()).unwrap();
    for n in 0..count {
        let at = |seconds: f64| {
            let since = TimeDelta::microseconds(((n as f64 * gap + seconds) * 1e6) as i64);
            Value::from((begin + since).to_rfc3339())
        };
        let (old, new) = (1 + n % 2, 2 - n % 2);
        usage["at"] = at(-0.5 * gap);
        usage["pods"].as_array_mut().unwrap().iter_mut().for_each(|pod| pod["at"] = at(-0.6 * gap));
        hpa["at"] = at(0.0);
        hpa["resource_version"] = Value::from(n.to_string());
        let status = &mut hpa["status"];
        status["current_replicas"] = old.into();
        status["desired_replicas"] = new.into();
        status["last_scale"] = at(-0.1);
        status["conditions"][0]["reason"] = "SucceededRescale".into();
        target["at"] = at(0.01);
        target["spec_replicas"] = new.into();
        let event = json!({"at": at(0.02), "seen": "event", "uid": format!("e{n}"), "kind": "Normal", "reason": "SuccessfulRescale",
            "message": format!("New size: {new}; reason: cpu resource utilization (percentage of request) above target"),
            "object": {"kind": "HorizontalPodAutoscaler", "namespace": "two", "name": "h"}, "count": 1, "last": at(0.02), "first": at(0.02)});
        for line in [&usage, &hpa, &target, &event, &json!({"at": at(0.5 * gap), "seen": "tick"})] {
            writeln!(out, "{line}").unwrap();
        }
    }
}

fn many_rescales(count: usize) {
    let family = Family::new("recordings of many rescales");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    for gap in [15.0, 1.0] {
        rescales(&file, count, gap);
        for form in FORMS {
            read(&family, &format!("{count} rescales, {gap} s apart"), &file, form);
        }
    }
    family.end();
}

#[test]
fn many_rescales_in_short() {
    many_rescales(60);
}

#[test]
#[ignore = "long"]
fn many_rescales_long() {
    // An unoptimized program is twenty times slower.
    many_rescales(if cfg!(debug_assertions) { 150 } else { 8_000 });
}

/// The HPA's metrics are edited in the middle of a recording, as anybody may.
#[test]
fn metrics_edited_in_mid_run() {
    let family = Family::new("metrics edited in mid-run");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    let text = String::from_utf8(sound()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    type Edit = fn(&mut Vec<Value>);
    let edits: [(&str, Edit); 6] = [
        ("the first removed", |all| drop(all.remove(0))),
        ("the last removed", |all| drop(all.pop())),
        ("reordered", |all| all.reverse()),
        ("twice the same", |all| all.extend_from_within(..1)),
        ("none left", Vec::clear),
        ("another kind", |all| all[0]["kind"] = "External".into()),
    ];
    for (case, edit) in edits {
        let half = lines.len() / 2;
        let edited = lines.iter().cloned().enumerate().map(|(n, mut line)| {
            if n > half && line["seen"] == "hpa" {
                edit(line["metrics"].as_array_mut().unwrap());
                edit(line["status"]["metrics"].as_array_mut().unwrap());
            }
            format!("{line}\n")
        });
        std::fs::write(&file, edited.collect::<String>()).unwrap();
        for form in
            FORMS.into_iter().chain([&["what-if"][..], &["what-if", "--drop", "memory"], &["what-if", "--max", "2"]])
        {
            read(&family, case, &file, form);
        }
    }
    family.end();
}

#[test]
fn odd_files() {
    let family = Family::new("files that are no recordings");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x");
    let utf16: Vec<u8> = "{\"edot_session\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (case, bytes) in [
        ("empty", vec![]),
        ("a newline", b"\n".to_vec()),
        ("zeros", vec![0; 100_000]),
        ("UTF-16", utf16),
        ("the head of gzip", vec![0x1f, 0x8b]),
        ("half a header", b"{\"edot_session\":".to_vec()),
        ("an ELF program", b"\x7fELF\x02\x01\x01\0\0\0".repeat(1000)),
        ("version 4294967295", b"{\"edot_session\":4294967295}\n".to_vec()),
    ] {
        std::fs::write(&file, bytes).unwrap();
        for form in FORMS {
            read(&family, case, &file, form);
        }
    }
    read(&family, "a folder", folder.path(), FORMS[0]);
    read(&family, "/dev/null", Path::new("/dev/null"), FORMS[0]);
    family.end();
}
