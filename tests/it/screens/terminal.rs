//! The program and its terminal: it never queries it, writes no more than needed, fits any size, gives it back.

use crate::it::cli::program::{dashboard, edot_tui};
use crate::it::cli::pty::{Pty, clean, find, sequences};
use crate::it::support::stub_cluster::{self, Kubeconfig};
use portable_pty::CommandBuilder;

/// A dashboard over a cluster at rest, with all its data.
fn steady(cluster: &Kubeconfig, args: &[&str]) -> Pty {
    let mut pty = dashboard(&cluster.path(), args);
    pty.until("data", |s| s.contents().contains("replicas 2") && s.contents().contains("ready 2"));
    pty
}

#[test]
fn the_terminal_is_given_back_however_it_ends() {
    let cluster = stub_cluster::start();
    for (how, code) in [("q", 0), ("\x03", 0), ("TERM", 143), ("HUP", 129), ("INT", 130), ("QUIT", 131)] {
        let mut pty = dashboard(&cluster.path(), &[]);
        assert!(pty.screen().alternate_screen() && pty.screen().hide_cursor() && !pty.cooked(), "{how:?}");
        assert_ne!(pty.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None, "{how:?}");
        if how.len() == 1 {
            pty.keys(how)
        } else {
            pty.signal(how)
        }
        assert_eq!(pty.exit(), code, "{how:?}");
        pty.assert_restored(how);
        assert_eq!(pty.text().trim(), "", "{how:?}: something is left on the main screen");
    }
}

#[test]
fn a_dead_api_server_does_not_keep_the_program_from_quitting() {
    for (cluster, reason) in [(stub_cluster::closed(), "refused"), (stub_cluster::silent(), "")] {
        let mut pty = dashboard(&cluster.path(), &[]);
        pty.keys("L");
        pty.until("the feeds", |s| s.contents().contains("Feeds") && s.contents().contains(reason));
        pty.keys("q");
        assert_eq!(pty.exit(), 0);
        pty.assert_restored("q");
    }
}

#[test]
fn stopped_and_continued_it_redraws_the_whole_screen() {
    let cluster = stub_cluster::start();
    let mut pty = steady(&cluster, &[]);
    pty.keys("\x1a");
    pty.until_raw("the terminal to be given back", |raw| find(raw, b"\x1b[?1049l").is_some());
    while pty.state() != 'T' {
        std::thread::yield_now();
    }
    pty.assert_restored("Ctrl-Z");
    // By Ctrl-Z there was time to give the terminal back, by a stop from outside there is none.
    for how in ["Ctrl-Z", "STOP"] {
        if how == "STOP" {
            pty.signal("STOP");
        }
        pty.raw.clear();
        pty.signal("CONT");
        pty.until_raw("the whole screen", |raw| {
            let cleared = find(raw, b"\x1b[2J");
            cleared.is_some_and(|at| find(&raw[at..], b"\x1b[?2026l").is_some())
        });
        assert!(pty.text().contains("edot-tui") && pty.text().contains("replicas 2"), "{how}: {}", pty.text());
        assert!(pty.screen().alternate_screen() && pty.screen().hide_cursor() && !pty.cooked(), "{how}");
        pty.keys("?");
        pty.until_text("Keys");
        pty.keys("?");
        pty.until("the window to go", |s| !s.contents().contains("Keys"));
    }
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    pty.assert_restored("q");
}

/// Keys, mouse and commands, on the lab: what each shows.
#[test]
fn commands_clicks_and_reads_work_in_a_terminal() {
    let empty = Kubeconfig::of("");
    let mut pty = dashboard(&empty.path(), &["lab", "--speed", "5"]);
    pty.until_text("replicas 1");
    pty.keys(":them\t");
    pty.until_text(":theme ");
    pty.keys("light\r:nope\r");
    pty.until_text("there is no command \"nope\"");
    // The tab of Gateways, and then the first pod.
    pty.keys("\x1b[<0;35;30M\x1b[<0;35;30m");
    pty.until_text("─ Gateways ─");
    pty.keys("\x1b[<0;5;4M\x1b[<0;5;4md");
    pty.until_text("kind: Pod");
    pty.keys("\rl");
    pty.until_text("log of edot-gateway");
    pty.keys("\ry");
    pty.until_raw("the clipboard", |raw| find(raw, b"\x1b]52;c;").is_some());
    pty.keys("<");
    pty.until_text("LAB ×2");
    pty.keys("S");
    pty.until_text("restarts the lab with it");
    pty.keys("\r");
    pty.until_text("scenario ");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}

/// A terminal that answers nothing, as this one, would leave a program that queries it hanging for seconds.
#[test]
fn it_never_queries_the_terminal_and_lets_no_hostile_text_through() {
    let cluster = stub_cluster::start();
    let mut pty = steady(&cluster, &[]);
    pty.until_text("done");
    for (keys, shows) in [("6", "Markers"), ("?", "Keys"), ("?", ""), ("1", "Events"), ("t", "theme"), ("q", "")] {
        pty.keys(keys);
        if !shows.is_empty() {
            pty.until_text(shows);
        }
    }
    assert_eq!(pty.exit(), 0);
    for sequence in sequences(&pty.raw) {
        let last = sequence.chars().last().unwrap_or_default();
        let mode = ["?1049", "?25", "?1000", "?1003", "?1006", "?2004", "?2026"];
        let known = match last {
            'H' | 'C' | 'J' | 'm' => sequence[1..sequence.len() - 1].chars().all(|c| c.is_ascii_digit() || c == ';'),
            'h' | 'l' => mode.contains(&&sequence[1..sequence.len() - 1]),
            _ => false,
        };
        assert!(known && sequence.starts_with('['), "ESC {sequence:?} is not allowed here");
    }
    let text = String::from_utf8(pty.raw.clone()).unwrap();
    assert!(!text.chars().any(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{80}'..='\u{9f}' | '\u{7}' | '\t')));
}

#[test]
fn every_frame_is_one_and_changes_something() {
    let cluster = stub_cluster::start();
    let mut pty = steady(&cluster, &[]);
    pty.keys(" ");
    pty.until_text("PAUSED");
    let paused = pty.frames().0.len();
    pty.until_raw("three seconds of the clock", |raw| {
        raw.windows(8).filter(|w| *w == b"\x1b[?2026l").count() > paused + 3
    });
    let (frames, outside) = pty.frames();
    assert_eq!(String::from_utf8_lossy(&outside), "", "something was written outside of a frame");

    let mut parser = vt100::Parser::new(30.try_into().unwrap(), 100.try_into().unwrap(), 0);
    for (i, frame) in frames.iter().enumerate() {
        let (before, rows) = (parser.screen().contents_formatted(), parser.screen().rows(0, 100).collect::<Vec<_>>());
        parser.process(frame);
        assert_ne!(before, parser.screen().contents_formatted(), "frame {i} changes nothing: {frame:?}");
        if i >= paused {
            let other: Vec<String> = parser.screen().rows(0, 100).collect();
            let changed: Vec<usize> = (0..30).filter(|y| rows[*y] != other[*y]).collect();
            assert_eq!(changed, [0], "only the clock changes while the view is paused");
            assert!(frame.len() < 60, "{} bytes for a second of the clock", frame.len());
        }
    }
}

#[test]
fn it_fits_any_size() {
    let cluster = stub_cluster::start();
    for size in [(1, 1), (5, 3), (39, 11)] {
        let mut pty = Pty::spawn(edot_tui(&cluster.path(), &[]), size);
        pty.until("something at a small size", |s| !s.contents().trim().is_empty());
        pty.keys("q");
        assert_eq!(pty.exit(), 0, "{size:?}");
    }
    let mut pty = steady(&cluster, &[]);
    for size in [(1, 1), (80, 24), (5, 3), (300, 100), (40, 12), (2, 60), (200, 1), (120, 36)] {
        pty.resize(size);
        pty.until_raw("a frame of the new size", |raw| {
            let cleared = find(raw, b"\x1b[2J");
            cleared.is_some_and(|at| find(&raw[at..], b"\x1b[?2026l").is_some())
        });
        assert!(!pty.text().trim().is_empty(), "{size:?} shows nothing");
        if size.0 >= 80 && size.1 >= 24 {
            assert!(pty.text().contains("replicas 2") && pty.text().contains("1 Overview"), "{size:?}: {}", pty.text());
        }
    }
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}

#[test]
fn without_colour_weight_and_reversal_remain() {
    let cluster = stub_cluster::start();
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "vt100")] {
        let mut command = edot_tui(&cluster.path(), &[]);
        command.env(name, value);
        if name == "TERM" {
            command.env_remove("COLORTERM");
        }
        let mut pty = Pty::spawn(command, (100, 30));
        pty.until_text("replicas 2");
        pty.keys("q");
        assert_eq!(pty.exit(), 0);
        let colours: Vec<String> = sequences(&pty.raw).into_iter().filter(|s| s.ends_with('m')).collect();
        let codes = || colours.iter().flat_map(|s| s[1..s.len() - 1].split(';'));
        assert!(codes().all(|c| c.parse::<u8>().is_ok_and(|c| c < 10)), "{name}: {colours:?}");
        assert!(codes().any(|c| c == "1") && codes().any(|c| c == "7" || c == "2"), "{name}: {colours:?}");
    }
}

#[test]
fn ascii_symbols_are_ascii() {
    let cluster = stub_cluster::start();
    let mut pty = steady(&cluster, &["--symbols", "ascii"]);
    for (keys, shows) in [("2", "Decisions"), ("3", "node-1"), ("6", "Markers"), ("L", "Feeds"), ("?", "Keys")] {
        pty.keys(keys);
        pty.until_text(shows);
    }
    let others: String = String::from_utf8_lossy(&pty.raw).chars().filter(|c| !c.is_ascii()).collect();
    assert_eq!(others, "");
}

#[test]
fn keys_come_from_the_terminal_even_where_stdin_is_something_else() {
    let cluster = stub_cluster::start();
    for stdin in ["</dev/null", "<&-", "0<&1"] {
        let mut command = clean(CommandBuilder::new("/bin/sh"));
        command.args(["-c", &format!("exec {} {stdin}", crate::it::support::program().display())]);
        command.env("KUBECONFIG", cluster.path());
        let mut pty = Pty::spawn(command, (100, 30));
        pty.until_text("replicas 2");
        pty.keys("q");
        assert_eq!(pty.exit(), 0, "{stdin}");
        pty.assert_restored(stdin);
    }
}

#[test]
fn rows_of_the_list_are_compared_and_found_by_a_command_and_nothing_is_recorded_from_it() {
    let args = ["-A", "--scenario", "shards", "--speed", "20"];
    let mut pty = Pty::spawn(edot_tui("/no/such/kubeconfig".as_ref(), &args), (120, 36));
    pty.until_text("gateway-prod");
    pty.keys("r");
    pty.until_text("open an HPA to record it");
    pty.keys("j ");
    pty.keys("j c");
    pty.until("both", |s| s.contents().contains("Percent of target") && s.contents().contains("target 100 %"));
    pty.keys("\x1b");
    pty.until_text("over target");
    pty.keys(":hpa gateway-d");
    pty.keys("\t");
    pty.until_text("gateway-dev/edot-gateway-hpa");
    pty.keys("\r");
    pty.until_text("Utilization of request");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    pty.assert_restored("q");
}
