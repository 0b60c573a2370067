//! README agrees with the program: keys, flags, commands, permissions, themes, and its pictures.

use crate::it::support::golden;
use crate::it::support::recorded::scale_cycle;
use clap::{CommandFactory, Parser};
use edot_tui::{
    commands::Cli,
    doctor::permissions::roles,
    observe::Stamped,
    recording, report,
    session::Session,
    ui::{HelpLine, Keymap, Ui},
    view::{
        self, Cx, Look,
        symbols::Symbols,
        theme::{Level, Theme},
    },
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::path::{Path, PathBuf};

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The file's text; with `BLESS` set, the text between the marks is written first.
fn between(name: &str, from: &str, to: &str, want: &str) {
    let text = std::fs::read_to_string(root(name)).unwrap();
    let (head, rest) = text.split_once(from).expect(from);
    let (got, tail) = rest.split_once(to).expect(to);
    if golden::blessing() {
        std::fs::write(root(name), format!("{head}{from}{want}{to}{tail}")).unwrap();
    } else {
        assert_eq!(got, want, "BLESS=1 accepts it");
    }
}

#[test]
fn the_key_table_is_the_programs_own() {
    let keys = |line: &HelpLine| line.keys.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(" ");
    let rows: String = Keymap::default().help().iter().map(|l| format!("| {} | {} |\n", keys(l), l.label)).collect();
    let table = format!("\n| key | does |\n|---|---|\n{rows}");
    between("README.md", "held by a test -->", "<!-- /keys -->", &table);
}

#[test]
fn the_roles_are_the_programs_own() {
    let yaml = format!("\n{}", roles("observability-lab", "demo-app"));
    between("docs/permissions.md", "# roles: written by the program, held by a test", "# /roles", &yaml);
}

#[test]
fn every_flag_and_command_exists() {
    let read = |name| std::fs::read_to_string(root(name)).unwrap();
    let text = read("README.md") + &read("docs/usage.md") + &read("docs/permissions.md");
    let command = Cli::command();
    let flags: Vec<String> = std::iter::once(&command)
        .chain(command.get_subcommands().flat_map(|c| std::iter::once(c).chain(c.get_subcommands())))
        .flat_map(|c| c.get_arguments().filter_map(|a| a.get_long()).map(|l| format!("--{l}")))
        .chain(["--help", "--release", "--profile", "--locked", "--path"].map(String::from))
        .collect();
    let mut seen = 0;
    for word in text.split(|c: char| !(c.is_alphanumeric() || c == '-')) {
        if word.len() > 2 && word.starts_with("--") && word[2..].starts_with(|c: char| c.is_ascii_lowercase()) {
            assert!(flags.contains(&word.to_string()), "README has {word}");
            seen += 1;
        }
    }
    assert!(seen > 8);
    let mut commands = 0;
    for line in text.lines().filter(|l| l.starts_with("edot-tui")) {
        let typed = line.split(['#', '>']).next().unwrap_or_default().split_whitespace();
        Cli::try_parse_from(typed).unwrap_or_else(|e| panic!("{line}: {e}"));
        commands += 1;
    }
    assert!(commands >= 7);
}

#[test]
fn every_theme_is_named() {
    let text = std::fs::read_to_string(root("README.md")).unwrap();
    for name in Theme::names() {
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
}

/// What the dashboard draws of a session at 140 columns.
fn drawn(session: &Session, ui: &Ui, rows: u16) -> String {
    let look = Look::new("dark", Level::TrueColor, PathBuf::new(), Symbols::Braille, 0).unwrap();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 140, rows));
    view::draw(&mut buffer, &Cx::new(session, session.now_ms(), ui, &look));
    report::svg(&buffer, look.theme())
}

/// The same of Overview, live, this many seconds after the first observation.
fn overview(mut session: Session, all: &[Stamped], seconds: i64) -> String {
    let until = all[0].at + chrono::TimeDelta::seconds(seconds);
    all.iter().take_while(|s| s.at < until).for_each(|s| session.apply(s));
    let mut ui = Ui::new(false, edot_tui::view::panes());
    ui.can_load = true;
    drawn(&session, &ui, 40)
}

#[test]
fn the_picture_is_what_the_program_draws() {
    golden::check("assets/overview.svg", &overview(Session::default(), &scale_cycle(), 296));
}

#[test]
fn the_picture_of_the_verdict_is_what_the_program_draws() {
    let mut session = Session::default();
    scale_cycle().iter().for_each(|s| session.apply(s));
    let mut ui = Ui::new(true, edot_tui::view::panes());
    ui.screen = edot_tui::ui::Screen::Timeline;
    golden::check("assets/timeline.svg", &drawn(&session, &ui, 42));
}

#[test]
fn the_picture_of_a_run_on_a_cluster_is_what_the_program_draws() {
    let all: Vec<_> = recording::open(&root("tests/data/recordings/real/stack.jsonl.gz")).unwrap().collect();
    golden::check("assets/stack.svg", &overview(edot_tui::advise::session(), &all, 228));
}

/// Each command over a recording in README, run as it is written there.
#[test]
fn the_commands_over_recordings_run() {
    use std::io::Write;
    let dir = tempfile::tempdir().unwrap();
    for (name, lines) in [
        ("run", include_str!("../../data/decisions/two.jsonl")),
        ("other", include_str!("../../data/decisions/slow.jsonl")),
    ] {
        let file = std::fs::File::create(dir.path().join(format!("{name}.jsonl.gz"))).unwrap();
        let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gz.write_all(lines.as_bytes()).unwrap();
        gz.finish().unwrap();
    }
    let program = crate::it::support::program().display().to_string();
    let text = std::fs::read_to_string(root("README.md")).unwrap();
    let over =
        |l: &&str| ["report", "compare", "what-if", "tune"].iter().any(|c| l.starts_with(&format!("edot-tui {c} ")));
    let mut written = 0;
    for line in text.lines().filter(over) {
        let command = line.split('#').next().unwrap_or_default().replacen("edot-tui", &format!("'{program}'"), 1);
        let mut shell = std::process::Command::new("sh");
        let out = shell.args(["-c", &command]).current_dir(dir.path()).env("HOME", dir.path()).output().unwrap();
        assert!(matches!(out.status.code(), Some(0 | 4)), "{line}: {}", String::from_utf8_lossy(&out.stderr));
        let to = command.split('>').nth(1).map(|f| std::fs::metadata(dir.path().join(f.trim())).unwrap().len());
        assert!(to.unwrap_or(out.stdout.len() as u64) > 1000, "{line}");
        written += 1;
    }
    assert!(written >= 11);
}
