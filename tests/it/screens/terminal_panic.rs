//! A panic anywhere gives the terminal back and ends the program. The test binary runs itself in a pseudo-terminal, so
//! that the program needs no way to make it panic.

use crate::it::cli::pty::{Pty, clean};
use edot_tui::terminal::Terminal;
use portable_pty::CommandBuilder;

const WHERE: &str = "EDOT_TUI_TEST_PANIC";

#[test]
fn a_panic_gives_the_terminal_back_and_is_read() {
    for place in ["task", "drawing", "thread"] {
        let mut command = clean(CommandBuilder::new(std::env::current_exe().unwrap()));
        command.args(["--ignored", "--exact", "it::screens::terminal_panic::panics_on_purpose", "--nocapture"]);
        command.env(WHERE, place);
        let mut pty = Pty::spawn(command, (100, 30));
        assert_eq!(pty.exit(), 101, "{place}");
        pty.assert_restored(place);
        assert!(crate::it::cli::pty::find(&pty.raw, b"\x1b[?1049h").is_some(), "{place}: the screen was never taken");
        assert!(pty.text().contains(&format!("on purpose in {place}")), "{place}: {}", pty.text());
        assert!(!pty.text().contains("a frame"), "{place}: drawn on the main screen");
    }
}

#[test]
#[ignore = "is run by the test above"]
fn panics_on_purpose() {
    let Ok(place) = std::env::var(WHERE) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let mut terminal = Terminal::take(true).unwrap();
    terminal.draw(|b| b.set_string(0, 0, "a frame", ratatui::style::Style::new().reversed())).unwrap();
    match place.as_str() {
        "task" => drop(runtime.spawn(async { panic!("on purpose in task") })),
        "thread" => drop(std::thread::spawn(|| panic!("on purpose in thread"))),
        _ => drop(terminal.draw(|_| panic!("on purpose in drawing"))),
    }
    // As the loop keeps drawing while a task dies.
    for n in 0.. {
        terminal.draw(|b| b.set_string(0, 0, format!("a frame {n}"), ratatui::style::Style::new())).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}
