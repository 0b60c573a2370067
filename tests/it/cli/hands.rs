//! Keys, mouse and typed commands as a terminal sends them, one by one, and what the screen answers.

use super::program::edot_tui;
use super::pty::{Pty, find};

const SIZE: (u16, u16) = (120, 36);
const NO_CLUSTER: &str = "/nonexistent/kubeconfig";

fn replay(more: &[&str]) -> Pty {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recordings/v1/simulate.jsonl.gz");
    let mut pty =
        Pty::spawn(edot_tui(NO_CLUSTER.as_ref(), &[&["replay", file, "--paused", "--at", "3m"], more].concat()), SIZE);
    ready(&mut pty);
    pty
}

/// Waits until the recording is read and keys are answered.
fn ready(pty: &mut Pty) {
    pty.until_text("▼2→1");
    pty.until_text("REPLAY paused");
    pty.keys("?");
    pty.until_text("Keys and signs");
    close(pty, "Keys and signs");
}

fn lab() -> Pty {
    let args = ["lab", "--seed", "7", "--speed", "8", "--no-state"];
    let mut pty = Pty::spawn(edot_tui(NO_CLUSTER.as_ref(), &args), SIZE);
    pty.until_text("ready 1");
    pty
}

fn row(pty: &Pty, y: u16) -> String {
    pty.screen().rows(0, SIZE.0).nth(usize::from(y)).unwrap_or_default()
}

/// Where `text` begins, counted from 0.
fn place(pty: &Pty, text: &str) -> (u16, u16) {
    let at = |y: u16| {
        let row = row(pty, y);
        Some((row[..row.find(text)?].chars().count() as u16, y))
    };
    (0..SIZE.1).find_map(at).unwrap_or_else(|| panic!("no {text:?} in\n{}", pty.text()))
}

const PRESS: u8 = 0;
const MOVE: u8 = 35;
const WHEEL_UP: u8 = 64;
const WHEEL_DOWN: u8 = 65;

/// A mouse event as terminals send it (SGR).
fn mouse(pty: &mut Pty, what: u8, (x, y): (u16, u16)) {
    pty.keys(&format!("\x1b[<{what};{};{}M", x + 1, y + 1));
    if what == PRESS {
        pty.keys(&format!("\x1b[<{what};{};{}m", x + 1, y + 1));
    }
}

fn click(pty: &mut Pty, text: &str) {
    // A frame may arrive in pieces.
    pty.until_text(text);
    let at = place(pty, text);
    mouse(pty, PRESS, at);
}

/// Closes a window, which shows `text`.
fn close(pty: &mut Pty, text: &str) {
    pty.keys("\x1b");
    pty.until("the window to close", |s| !s.contents().contains(text));
}

#[test]
fn tabs_rows_dots_and_hints_can_be_clicked_and_charts_read_under_the_pointer() {
    let mut pty = replay(&["--no-state"]);
    click(&mut pty, "2 Decisions");
    pty.until_text("held by");
    let (x, y) = place(&pty, "held by");
    for below in [3, 2] {
        mouse(&mut pty, PRESS, (x, y + below));
        pty.until("the row that was clicked to be selected", |s| {
            s.rows(0, SIZE.0).nth(usize::from(y + below)).is_some_and(|row| row.contains('▸'))
        });
    }
    click(&mut pty, "●●");
    pty.until_text("Feeds");
    close(&mut pty, "Feeds");
    click(&mut pty, "? help");
    pty.until_text("Keys and signs");
    close(&mut pty, "Keys and signs");
    for screen in ["1 Overview", "3 Gateways", "4 Pipeline", "5 Ingest", "6 Timeline", "1 Overview"] {
        click(&mut pty, screen);
        let title = screen.split_once(' ').map(|(_, name)| name).unwrap_or_default();
        let shown = if title == "Overview" { "Utilization of request" } else { title };
        pty.until("the screen that was clicked", |s| {
            s.rows(0, SIZE.0).nth(1).is_some_and(|row| row.contains(shown)) || title == "Ingest"
        });
    }
    pty.until_text("Utilization of request");
    // The header names the moment under the pointer.
    mouse(&mut pty, MOVE, (40, 10));
    pty.until("a moment under the pointer", |s| s.contents().lines().next().is_some_and(|row| row.contains('┃')));
    mouse(&mut pty, MOVE, (40, 35));
    mouse(&mut pty, WHEEL_UP, (40, 10));
    pty.until("the wheel to zoom in", |s| !s.contents().contains("whole run"));
    mouse(&mut pty, WHEEL_DOWN, (40, 10));
    pty.until_text("whole run");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}

#[test]
fn a_row_is_sorted_copied_described_and_its_log_shown() {
    let mut pty = lab();
    pty.keys("3");
    pty.until_text("accepted");
    pty.keys("o");
    pty.until("a sorted column", |s| s.contents().contains('▼'));
    pty.keys("y");
    pty.until_text("copied");
    // OSC 52, which puts it on the clipboard.
    assert!(find(&pty.raw, b"\x1b]52;c;").is_some());
    pty.keys("d");
    pty.until_text("kind: Pod");
    close(&mut pty, "kind: Pod");
    pty.keys("l");
    pty.until("the end of the pod's log", |s| s.contents().contains("log of edot-gateway-"));
    close(&mut pty, "log of edot-gateway-");
    pty.keys("S");
    pty.until_text("new replicas idle");
    close(&mut pty, "new replicas idle");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}

#[test]
fn each_command_is_completed_and_carried_out() {
    let mut pty = lab();
    pty.keys(":th");
    pty.until_text("Tab completes");
    pty.keys("\t li\t");
    pty.until_text(":theme light");
    pty.keys("\r");
    pty.until("the light theme", |s| {
        s.cell(10, 10).is_some_and(|cell| matches!(cell.bgcolor(), vt100::Color::Rgb(r, ..) if r > 200))
    });
    pty.keys(":theme nihgt\r");
    pty.until_text("no theme `nihgt`");
    pty.keys(":hpa nope\r");
    pty.until_text("no HPA nope in namespace");
    pty.until_text("stays at 1");
    pty.keys(":ns demo-app\r");
    pty.until_text("in namespace demo-app");
    pty.until_text("stays at 1");
    // What is watched is kept.
    pty.keys(":ctx nowhere\r");
    pty.until_text("kubeconfig");
    pty.until_text("ready 1");
    pty.keys(":scenario sticky\r");
    pty.until_text("scenario sticky");
    pty.until_text("LAB ×8");
    pty.until_text("ready 1");
    pty.keys(":screen timeline\r");
    pty.until_text("load-starts");
    pty.keys(":nothing\r");
    pty.until_text("there is no command");
    pty.keys(":quit\r");
    assert_eq!(pty.exit(), 0);
}

#[test]
fn a_moment_is_gone_to_and_what_was_chosen_is_kept_over_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let kept = |more: &[&str]| {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recordings/v1/simulate.jsonl.gz");
        let args = [&["replay", file, "--paused", "--at", "3m"], more].concat();
        let mut command = edot_tui(NO_CLUSTER.as_ref(), &args);
        command.env("HOME", home.path());
        let mut pty = Pty::spawn(command, SIZE);
        ready(&mut pty);
        pty
    };
    let light = |s: &vt100::Screen| {
        s.cell(10, 10).is_some_and(|cell| matches!(cell.bgcolor(), vt100::Color::Rgb(r, ..) if r > 200))
    };
    let mut pty = kept(&[]);
    pty.keys(":go 1:00\r");
    pty.until("the moment to be gone to", |s| {
        s.contents().contains("0:59 / 3:20") || s.contents().contains("1:00 / 3:20")
    });
    pty.keys(":theme light\r");
    pty.until("the light theme", light);
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    let mut pty = kept(&[]);
    pty.until("the theme of the run before", light);
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    let mut pty = kept(&["--no-state"]);
    assert!(!light(pty.screen()), "--no-state keeps nothing");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}

#[test]
fn the_first_start_in_the_lab_says_once_what_can_be_done_there() {
    let home = tempfile::tempdir().unwrap();
    let start = |more: &[&str]| {
        let mut command = edot_tui(NO_CLUSTER.as_ref(), &[&["lab", "--speed", "8"], more].concat());
        command.env("HOME", home.path());
        let mut pty = Pty::spawn(command, SIZE);
        pty.until_text("ready 1");
        let welcomes = pty.text().contains("This is the lab");
        pty.keys("q");
        assert_eq!(pty.exit(), 0);
        welcomes
    };
    assert!(!start(&["--no-state"]), "a start that keeps nothing is not the first");
    assert!(start(&[]));
    assert!(!start(&[]), "it was said");
}
