//! Terminals that flood, stall, shrink and vanish. What can be restored is restored, in every ending that a program survives.

use crate::process::{Family, MEMORY, peak_of};
use crate::pty::{Pty, clean};
use portable_pty::CommandBuilder;
use std::time::{Duration, Instant};

fn lab(size: (u16, u16)) -> Pty {
    let mut command = clean(CommandBuilder::new(env!("CARGO_BIN_EXE_edot-tui")));
    command.args(["lab", "--speed", "20"]);
    let mut pty = Pty::spawn(command, size);
    pty.until("the first frame", |s| s.contents().contains("edot-tui"));
    pty
}

/// Leaves by `q`, and holds the end to what is expected of every end.
fn quit(family: &mut Family, case: &str, mut pty: Pty, began: Instant) {
    let memory = peak_of(pty.id());
    pty.keys("q");
    let code = pty.exit();
    pty.assert_restored(case);
    family.expect(code == 0, || format!("{case}: exit code {code}"));
    family.expect(memory < MEMORY, || format!("{case}: {} MB", memory >> 20));
    family.note(memory, began.elapsed());
}

fn storms(resizes: u16, keys: usize, pasted: usize) {
    let mut family = Family::new("terminal");
    let began = Instant::now();
    let mut pty = lab((120, 36));
    for n in 0..resizes {
        pty.resize((1 + n * 37 % 240, 1 + n * 17 % 70));
    }
    pty.resize((120, 36));
    pty.until_text("Overview");
    quit(&mut family, "a storm of sizes", pty, began);

    let began = Instant::now();
    let mut pty = lab((120, 36));
    pty.keys(&"jk".repeat(keys / 2));
    pty.keys("2");
    pty.until_text("Decisions");
    quit(&mut family, "many keys at once", pty, began);

    let began = Instant::now();
    let mut pty = lab((120, 36));
    pty.keys(&format!("\x1b[200~{}\x1b[201~", "s\r y q\n".repeat(pasted / 7)));
    pty.keys("?");
    pty.until_text("show a screen");
    pty.keys("\x1b");
    pty.until("the help to close", |s| !s.contents().contains("show a screen"));
    family.expect(!pty.text().contains("Leave?"), || "pasted text acted as keys".into());
    quit(&mut family, "a large paste", pty, began);

    for size in [(1, 1), (2, 500), (500, 2), (5, 5)] {
        let began = Instant::now();
        let mut pty = lab((120, 36));
        pty.resize(size);
        std::thread::sleep(Duration::from_millis(200));
        pty.resize((120, 36));
        pty.until_text("Overview");
        quit(&mut family, &format!("{size:?}"), pty, began);
    }
    family.end();
}

#[test]
fn storms_in_short() {
    storms(60, 4_000, 60_000);
}

#[test]
#[ignore = "long"]
fn storms_long() {
    storms(3_000, 100_000, 1 << 20);
}

#[test]
fn signals_and_a_terminal_that_goes_away() {
    let mut family = Family::new("signals");
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

#[test]
fn a_terminal_that_is_no_screen_is_refused_with_words() {
    let mut family = Family::new("poor terminals");
    let began = Instant::now();
    let mut command = clean(CommandBuilder::new(env!("CARGO_BIN_EXE_edot-tui")));
    command.args(["lab"]);
    command.env("TERM", "dumb");
    let mut pty = Pty::spawn(command, (100, 30));
    let code = pty.exit();
    let text = pty.text();
    family.expect(code == 2 && text.contains("status"), || format!("TERM=dumb: exit code {code}: {text}"));
    family.note(0, began.elapsed());
    family.end();
}
