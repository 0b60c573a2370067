//! Terminals that flood, stall, shrink and vanish. What can be restored is restored, in every ending that a program survives.

use crate::process::{Family, HANGS, MEMORY, peak_of, together};
use crate::pty::{Pty, clean};
use crate::recorder::last_seen;
use portable_pty::CommandBuilder;
use std::time::{Duration, Instant};

fn program() -> CommandBuilder {
    clean(CommandBuilder::new(env!("CARGO_BIN_EXE_edot-tui")))
}

fn lab(size: (u16, u16)) -> Pty {
    let mut command = program();
    command.args(["lab", "--speed", "20"]);
    let mut pty = Pty::spawn(command, size);
    pty.until("the first frame", |s| s.contents().contains("edot-tui"));
    pty
}

/// Leaves by `q`, and holds the end to what is expected of every end.
fn quit(family: &Family, case: &str, mut pty: Pty, began: Instant) {
    let memory = peak_of(pty.id());
    pty.keys("q");
    let code = pty.exit();
    pty.assert_restored(case);
    family.expect(code == 0, || format!("{case}: exit code {code}"));
    family.expect(memory < MEMORY, || format!("{case}: {} MB", memory >> 20));
    family.note(memory, began.elapsed());
}

fn many_sizes(count: u16) {
    let family = Family::new("a storm of sizes");
    let began = Instant::now();
    let mut pty = lab((120, 36));
    for n in 0..u32::from(count) {
        let cells = |step: u32, most: u32| u16::try_from(1 + n * step % most).unwrap();
        pty.resize((cells(37, 240), cells(17, 70)));
    }
    pty.resize((120, 36));
    pty.until_text("Overview");
    quit(&family, "many sizes", pty, began);
    family.end();
}

fn many_keys(count: usize) {
    let family = Family::new("a storm of keys");
    let began = Instant::now();
    let mut pty = lab((120, 36));
    // All that is sent acts, without a further key.
    pty.keys(&format!("{}2", "jk".repeat(count / 2)));
    pty.until_text("Decisions");
    quit(&family, "many keys at once", pty, began);
    family.end();
}

fn large_paste(bytes: usize) {
    let family = Family::new("a large paste");
    let began = Instant::now();
    let mut pty = lab((120, 36));
    let text = "s\r y q\n".repeat(bytes / 7);
    // As a terminal does: it marks what is pasted only where it was asked to.
    let is_marked = crate::pty::find(&pty.raw, b"\x1b[?2004h").is_some();
    pty.keys(&if is_marked { format!("\x1b[200~{text}\x1b[201~") } else { text });
    pty.keys("?");
    pty.until_text("show a screen");
    pty.keys("\x1b");
    pty.until("the help to close", |s| !s.contents().contains("show a screen"));
    family.expect(!pty.text().contains("Leave?"), || "pasted text acted as keys".into());
    quit(&family, "a large paste", pty, began);
    family.end();
}

#[test]
fn sizes_that_no_screen_has() {
    let family = Family::new("sizes of the terminal");
    for size in [(1, 1), (2, 500), (500, 2), (5, 5), (0, 0), (u16::MAX, 1), (1, u16::MAX), (u16::MAX, u16::MAX)] {
        let began = Instant::now();
        let mut pty = lab((120, 36));
        pty.resize(size);
        std::thread::sleep(Duration::from_millis(200));
        pty.resize((120, 36));
        pty.until_text("Overview");
        quit(&family, &format!("{size:?}"), pty, began);
    }
    family.end();
}

#[test]
fn sizes_in_short() {
    many_sizes(60);
}

#[test]
fn keys_in_short() {
    many_keys(4_000);
}

#[test]
fn pastes_in_short() {
    large_paste(60_000);
}

#[test]
#[ignore = "long"]
fn storms_long() {
    many_sizes(3_000);
    many_keys(100_000);
    large_paste(1 << 20);
}

/// A terminal that reads nothing for a while keeps the program from nothing but the screen.
fn not_reading(seconds: u64) {
    let family = Family::new("terminal that does not read");
    let wait = Duration::from_secs(seconds);
    // Enough to fill what lies between the program and the terminal.
    let fill = |pty: &mut Pty| {
        pty.pause(true);
        for n in 0..120 {
            pty.resize((120 + n % 2, 36));
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let reads_on = || {
        let began = Instant::now();
        let mut pty = lab((120, 36));
        fill(&mut pty);
        std::thread::sleep(wait);
        pty.pause(false);
        pty.resize((120, 36));
        pty.keys("2");
        pty.until_text("Decisions");
        quit(&family, "it reads on", pty, began);
    };
    let ends = |case: &str, end: fn(&mut Pty)| {
        let began = Instant::now();
        let mut pty = lab((120, 36));
        fill(&mut pty);
        std::thread::sleep(wait);
        end(&mut pty);
        family.expect(pty.ends_within(HANGS), || format!("{case}: it does not end"));
        // Only now it reads what was left for it.
        pty.pause(false);
        pty.exit();
        pty.assert_restored(case);
        family.note(0, began.elapsed());
    };
    let is_killed = || {
        let began = Instant::now();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.jsonl");
        let mut command = program();
        command.args(["lab", "--record"]);
        command.arg(&file);
        let mut pty = Pty::spawn(command, (120, 36));
        pty.until("the first frame", |s| s.contents().contains("edot-tui"));
        fill(&mut pty);
        std::thread::sleep(wait);
        pty.signal("KILL");
        let (killed, last) = (chrono::Utc::now(), last_seen(&file));
        family.expect(last.is_some_and(|last| (killed - last).num_milliseconds() < 3_000), || {
            format!("killed at {killed}, and the last observation is of {last:?}")
        });
        pty.pause(false);
        pty.exit();
        family.note(0, began.elapsed());
    };
    let cases: [&(dyn Fn() + Sync); 4] = [
        &reads_on,
        &|| ends("SIGTERM", |pty| pty.signal("TERM")),
        &|| ends("SIGINT", |pty| pty.signal("INT")),
        &|| ends("a key", |pty| pty.keys("q")),
    ];
    together(cases, |case| case());
    // By itself: it measures how old the last line is.
    is_killed();
    family.end();
}

#[test]
fn not_reading_in_short() {
    not_reading(1);
}

#[test]
#[ignore = "long"]
fn not_reading_long() {
    not_reading(30);
}

/// Nothing that a terminal sends keeps a key from being read for ever, or ends the program.
#[test]
fn sequences_without_an_end() {
    let family = Family::new("input without an end");
    let cases = [
        ("a paste that never ends", format!("\x1b[200~{}", "s\r".repeat(5_000))),
        ("a control sequence that never ends", format!("\x1b[{}", "1;".repeat(5_000))),
        ("half a mouse report", "\x1b[<0;1".into()),
        ("half an old mouse report", "\x1b[M ".into()),
        ("half a character", "\u{1f469}".chars().map(|_| '\u{f0}').collect()),
        ("a mouse report outside of the screen", "\x1b[<0;0;0M\x1b[<35;65535;65535M\x1b[M   ".into()),
        ("answers to what nobody asked", "\x1b[0;0R\x1b[?62;c\x1b]11;rgb:0/0/0\x07\x1b[I\x1b[O".into()),
        ("NULs", "\0".repeat(10_000)),
    ];
    together(cases, |(case, sent)| {
        let began = Instant::now();
        let mut pty = lab((120, 36));
        pty.keys(&sent);
        std::thread::sleep(Duration::from_millis(1_500));
        family.expect(!pty.text().contains("Leave?"), || format!("{case} acted as keys"));
        pty.keys("\x1b\x1b");
        std::thread::sleep(Duration::from_millis(200));
        pty.keys("2");
        pty.until_text("Decisions");
        quit(&family, case, pty, began);
    });
    family.end();
}

#[test]
fn stopped_and_continued() {
    let family = Family::new("SIGSTOP");
    let began = Instant::now();
    let mut pty = lab((120, 36));
    pty.signal("STOP");
    pty.resize((80, 24));
    std::thread::sleep(Duration::from_secs(1));
    pty.signal("CONT");
    pty.until("the whole screen", |s| s.contents().contains("edot-tui"));
    pty.signal("PIPE");
    pty.keys("2");
    pty.until_text("Decisions");
    quit(&family, "stopped, and SIGPIPE", pty, began);
    let began = Instant::now();
    let mut pty = lab((120, 36));
    pty.signal("STOP");
    pty.signal("TERM");
    pty.signal("CONT");
    pty.exit();
    pty.assert_restored("stopped, ended, continued");
    family.note(0, began.elapsed());
    family.end();
}

/// A file that reaches its limit ends the recording and not the dashboard.
#[test]
fn a_file_limit_leaves_the_terminal_alone() {
    let family = Family::new("file limit in the dashboard");
    let began = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let mut command = clean(CommandBuilder::new("/bin/sh"));
    let program = env!("CARGO_BIN_EXE_edot-tui");
    let file = folder.path().join("run.jsonl");
    command.args(["-c", &format!("ulimit -f 8; exec {program} lab --speed 20 --record {}", file.display())]);
    let mut pty = Pty::spawn(command, (120, 36));
    pty.until_text("recording ended");
    quit(&family, "ulimit -f", pty, began);
    family.end();
}

#[test]
fn signals_and_a_terminal_that_goes_away() {
    let family = Family::new("signals");
    for signal in ["TERM", "INT", "HUP", "QUIT"] {
        let began = Instant::now();
        let mut pty = lab((120, 36));
        pty.signal(signal);
        pty.exit();
        if signal != "QUIT" {
            pty.assert_restored(signal);
        }
        family.note(0, began.elapsed());
    }
    let began = Instant::now();
    let pty = lab((120, 36));
    let pid = pty.id();
    let mut pty = pty.hang_up();
    let gone = crate::process::ended_within(&mut *pty, Duration::from_secs(10));
    family.expect(gone, || format!("the terminal went away and {pid} runs on"));
    family.note(0, began.elapsed());
    family.end();
}

/// A load that a recording shows is not running: there is nothing to leave behind, and nothing to ask.
#[test]
fn a_replay_is_left_without_a_question() {
    let family = Family::new("leaving a replay");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    let mut command = program();
    command.args(["lab", "--record"]);
    command.arg(&file);
    let mut pty = Pty::spawn(command, (120, 36));
    pty.until_text("s load");
    pty.keys("s");
    pty.until("the question", |s| s.contents().contains("Start"));
    std::thread::sleep(Duration::from_secs(1));
    pty.keys("\r");
    pty.until("the load", |s| s.contents().contains("VU"));
    pty.keys("q");
    pty.until_text("Leave?");
    std::thread::sleep(Duration::from_secs(1));
    pty.keys("\r");
    family.expect(pty.exit() == 0, || "the dashboard that was recorded did not end".into());
    for (case, pace) in [("played through the start of the load", "4"), ("played fast", "64")] {
        let began = Instant::now();
        let mut command = program();
        command.args(["replay", "--pace", pace]);
        command.arg(&file);
        let mut pty = Pty::spawn(command, (120, 36));
        pty.until("the load", |s| s.contents().contains("VU"));
        quit(&family, case, pty, began);
    }
    family.end();
}

#[test]
fn a_terminal_that_is_no_screen_is_refused_with_words() {
    let family = Family::new("poor terminals");
    for (term, color) in [(Some("dumb"), None), (Some("dumb"), Some("truecolor")), (Some(""), None), (None, None)] {
        let began = Instant::now();
        let mut command = program();
        command.args(["lab"]);
        for (name, value) in [("TERM", term), ("COLORTERM", color)] {
            command.env_remove(name);
            value.iter().for_each(|value| command.env(name, value));
        }
        let mut pty = Pty::spawn(command, (100, 30));
        let (code, text) = (pty.exit(), pty.text());
        family.expect(code == 2 && text.contains("status"), || format!("TERM={term:?}: exit code {code}: {text}"));
        family.note(0, began.elapsed());
    }
    family.end();
}
