//! `x`: what is shown as a file of its own, in each form that the picker names, and over no other file.

use crate::it::cli::program::edot_tui;
use crate::it::cli::pty::Pty;
use crate::it::replay::reading::{fold, write};
use crate::it::support::recorded::scale_cycle;
use edot_tui::report::csv;
use edot_tui::ui::EXPORTS;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// A paused replay of the recorded cycle, whose exports go to `folder`.
fn shown(recording: &Path, folder: &Path) -> Pty {
    let args = ["replay", recording.to_str().unwrap(), "--at", "150s", "--paused"];
    let mut command = edot_tui(Path::new("/no/such/kubeconfig"), &args);
    command.cwd(folder);
    let mut pty = Pty::spawn(command, (130, 40));
    pty.until("the moment", |s| s.contents().contains("2:29 / 5:08") && s.contents().contains("REPLAY paused"));
    pty
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Chooses the form in this row of the picker and waits for the sentence that begins so; returns it to its end.
fn choose(pty: &mut Pty, row: usize, sentence: &str) {
    pty.keys("x");
    pty.until_text("an asciicast, of a recording");
    pty.keys(&"j".repeat(row));
    pty.keys("\r");
    pty.until(sentence, |s| s.contents().contains(sentence) && !s.contents().contains("an asciicast, of a recording"));
}

#[test]
fn each_form_of_the_picker_is_written_with_what_it_promises() {
    let folder = tempfile::tempdir().unwrap();
    let recording = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(recording.path(), write(&scale_cycle(), true)).unwrap();
    let mut pty = shown(recording.path(), folder.path());
    for (row, (form, _)) in EXPORTS.iter().enumerate() {
        let before = names(folder.path());
        if *form == "cast" {
            choose(&mut pty, row, "not exported: a film is made of a recording");
            assert_eq!(names(folder.path()), before, "a film is not among what is written");
            continue;
        }
        // The footer shows one sentence after the other, so the file's end tells whose it is.
        let end = match *form {
            "text" => "txt",
            "markdown" => "md",
            "junit" => "xml",
            same => same,
        };
        let what = if *form == "svg" { "overview" } else { "report" };
        let name = format!("edot-tui-{what}-20261124-003350.{end}");
        choose(&mut pty, row, &name);
        let after = names(folder.path());
        assert_eq!(after.difference(&before).collect::<Vec<_>>(), [&name]);
        let text = std::fs::read_to_string(folder.path().join(&name)).unwrap();
        is_whole(form, &text);
    }
    // The same moment once more: what is there stays as it is, and the footer says so.
    let svg = folder.path().join("edot-tui-overview-20261124-003350.svg");
    std::fs::write(&svg, "mine").unwrap();
    choose(&mut pty, 0, "not exported: ");
    pty.until_text("File exists");
    assert_eq!(std::fs::read_to_string(&svg).unwrap(), "mine");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}

/// What each form tells of the moment: 4 replicas, of the cycle as it was known then.
fn is_whole(form: &str, text: &str) {
    match form {
        "svg" => {
            assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"), "{text}");
            assert!(text.contains("Utilization"), "it is the screen that was shown");
        }
        "text" => assert!(text.contains("edot-tui report: observability-lab/edot-gateway-hpa") && !text.contains('|')),
        "markdown" => assert!(text.starts_with("# edot-tui report") && text.contains("| figure | value |")),
        "html" => assert!(text.to_lowercase().starts_with("<!doctype html>") && text.trim_end().ends_with("</html>")),
        "json" => {
            let json: Value = serde_json::from_str(text).unwrap();
            assert_eq!(json["schema"], "edot-tui/report/2");
            assert_eq!(json["status"]["hpa"]["replicas"]["current"], 4);
            // Nothing of what came later.
            assert!(json["ended"].as_str().unwrap() < "2026-11-24T00:33:51Z", "{}", json["ended"]);
        }
        "csv" => {
            let rows = csv::read(text).unwrap();
            let whole = fold(&scale_cycle());
            assert!(rows.iter().all(|r| r.at < whole.now.unwrap()), "nothing of what came later");
            let replicas = rows.iter().filter(|r| r.series == "replicas" && r.labels == "state=current");
            let replicas: Vec<f64> = replicas.filter_map(|r| r.value).collect();
            assert!(replicas.ends_with(&[4.0]) && replicas.starts_with(&[1.0]), "{replicas:?}");
        }
        "junit" => assert!(text.starts_with("<?xml") && text.contains("<testsuite") && text.contains("<testcase")),
        other => panic!("{other} is a form that nobody looked at"),
    }
}
