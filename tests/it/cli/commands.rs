//! The command line: what is understood, what is refused, what help, completions and the manual say.

use crate::it::support::golden;
use clap::{CommandFactory, Parser};
use edot_tui::commands::{Cli, Command as Typed, StatusFormat, completions, man};
use edot_tui::config::{Env, resolve};
use edot_tui::offline::Format;
use edot_tui::ui::Screen;
use std::process::Command;

fn typed(args: &[&str]) -> Cli {
    Cli::try_parse_from([&["edot-tui"], args].concat()).unwrap_or_else(|e| panic!("{e}"))
}

fn refused(args: &[&str]) -> String {
    Cli::try_parse_from([&["edot-tui"], args].concat()).unwrap_err().to_string()
}

fn hpa_of(args: &[&str]) -> String {
    resolve(typed(args).given(), None, &Env::new()).unwrap().hpa
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn flags_count_before_and_after_the_command() {
    for args in [
        &["--hpa", "mine"] as &[&str],
        &["--hpa", "mine", "live"],
        &["live", "--hpa", "mine"],
        &["--hpa", "mine", "status"],
        &["status", "--hpa", "mine"],
        &["doctor", "--hpa=mine"],
        &["--hpa", "other", "doctor", "--hpa", "mine"],
    ] {
        assert_eq!(hpa_of(args), "mine", "{args:?}");
    }
    assert_eq!(typed(&["--config", "a", "status", "--config", "b"]).config(), Some("b".into()));
    assert!(typed(&["status", "--print-config"]).print_config());
}

#[test]
fn switches_can_be_switched_off() {
    let readonly = |args: &[&str]| resolve(typed(args).given(), None, &Env::new()).unwrap().readonly;
    assert!(readonly(&["--readonly"]) && readonly(&["--readonly=true"]) && readonly(&["--readonly", "status"]));
    assert!(!readonly(&["--readonly=false"]) && !readonly(&[]));
    let mouse = |args: &[&str]| resolve(typed(args).given(), None, &Env::new()).unwrap().mouse;
    assert!(!mouse(&["--no-mouse"]) && mouse(&[]));
}

#[test]
fn status_takes_its_own_flags() {
    let cli = typed(&["status", "-o", "screen", "--size", "200x50", "--wait", "30s", "--screen", "overview"]);
    let Some(Typed::Status(status)) = cli.command else { panic!("{cli:?}") };
    assert_eq!((status.output, status.size, status.wait.as_secs()), (StatusFormat::Screen, (200, 50), 30));
    assert_eq!(status.screen, Screen::Overview);
    for wrong in ["0x5", "5", "x", "1001x10", "99999999x1"] {
        assert!(refused(&["status", "--size", wrong]).contains("columns x rows, each from 1 to 1000"), "{wrong}");
    }
    assert!(refused(&["status", "--wait", "soon"]).contains("a duration from 0s to 1h"));
    assert!(refused(&["status", "-o", "yaml"]).contains("possible values: text, json, screen"));
    assert!(refused(&["status", "--screen", "overveiw"]).contains("'overview'"));
}

#[test]
fn what_a_recording_is_asked_for_is_checked() {
    let Some(Typed::Report(report)) = typed(&["report", "f", "-o", "cast", "--at", "4:12", "--speed", "30"]).command
    else {
        panic!("report")
    };
    assert_eq!((report.output, report.speed, report.at.is_some()), (Format::Cast, 30.0, true));
    assert!(refused(&["report"]).contains("<FILE>"));
    assert!(refused(&["report", "f", "-o", "pdf"]).contains("junit"));
    assert!(refused(&["report", "f", "--at", "soon"]).contains("4:12"));
    assert!(refused(&["report", "f", "--speed", "0"]).contains("0.25 to 1000"));
    assert!(refused(&["compare", "a"]).contains("<B>"));
    let Some(Typed::WhatIf(asked)) =
        typed(&["what-if", "f", "--request", "cpu=200m", "--policy", "down=Pods:1/15", "--select", "down=Min"]).command
    else {
        panic!("what-if")
    };
    assert_eq!(asked.changes.changes().sentences().len(), 3);
    assert!(refused(&["what-if", "f", "--policy", "down"]).contains("down=Pods:1/15"));
    assert!(refused(&["what-if", "f", "--max", "0"]).contains("1..=100000"));
}

#[test]
fn tune_and_size_take_what_they_say() {
    assert!(refused(&["tune"]).contains("RUN"));
    assert!(refused(&["tune", "f", "--objective", "fast"]).contains("p95-util"));
    assert!(refused(&["tune", "f", "--target", "cpu=90..50"]).contains("cpu=50..80"));
    assert!(refused(&["tune", "f", "--search", "luck"]).contains("policies"));
    assert!(refused(&["size", "f", "--rate", "spans=5"]).contains("traces=50k,logs=20k"));
}

#[test]
fn what_does_not_exist_is_refused() {
    assert!(refused(&["--namespce", "x"]).contains("--namespace"));
    assert!(refused(&["statsu"]).contains("status"));
    assert!(refused(&["fleet"]).contains("unrecognized subcommand"), "it is not there yet");
    assert!(refused(&["stack"]).contains("up") && refused(&["stack", "upp"]).contains("'up'"));
}

/// Help is part of the interface: when it changes, this file changes with it.
#[test]
fn help_is_as_agreed() {
    let mut all = String::new();
    for path in [
        &[] as &[&str],
        &["live"],
        &["lab"],
        &["status"],
        &["record"],
        &["import"],
        &["replay"],
        &["report"],
        &["compare"],
        &["what-if"],
        &["doctor"],
        &["stack"],
        &["stack", "up"],
        &["stack", "status"],
        &["stack", "diff"],
        &["stack", "down"],
        &["completions"],
        &["man"],
    ] {
        let args = [&["edot-tui"], path, &["--help"]].concat();
        let text = Cli::try_parse_from(args).unwrap_err().to_string();
        all.push_str(&format!("$ edot-tui {}\n{text}\n", [path, &["--help"]].concat().join(" ")));
    }
    golden::check("tests/data/help.txt", &all);
}

#[test]
fn completions_and_manual_know_every_command_and_flag() {
    let page = man().unwrap().replace("\\-", "-");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = completions(shell.parse().unwrap());
        for word in ["doctor", "status", "load-manifest", "request-timeout"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    for word in ["doctor", "status", "--load-manifest", "--size", "EDOT_TUI_CONFIG", "Exit codes", "edot-tui/status/2"]
    {
        assert!(page.contains(word), "the manual does not know {word}");
    }
}

fn program(args: &[&str]) -> std::process::Output {
    let mut command = Command::new(crate::it::support::program());
    command.env_clear().env("HOME", "/nonexistent").args(args).output().unwrap()
}

#[test]
fn the_program_ends_with_the_codes_it_documents() {
    let wrong = program(&["--fps", "0"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(wrong.stdout.is_empty());
    assert_eq!(
        String::from_utf8(wrong.stderr).unwrap(),
        "edot-tui: --fps: `fps` is \"0\", but must be a whole number from 1 to 60\n"
    );
    assert_eq!(program(&["--no-such-flag"]).status.code(), Some(2));
    assert_eq!(program(&["completions", "tcsh"]).status.code(), Some(2));
    let printed = program(&["--print-config", "-n", "shop"]);
    assert_eq!(printed.status.code(), Some(0));
    assert!(String::from_utf8(printed.stdout).unwrap().contains("namespace = \"shop\" # --namespace"));
}
