//! Wrong input: one clear message on stderr, the documented exit code, and a terminal that was not even taken.

use crate::it::cli::program::edot_tui;
use crate::it::cli::pty::{Pty, find};
use crate::it::support::stub_cluster::{self, Kubeconfig};
use std::path::Path;

/// Runs to the end: the exit code, what is on the screen as one line, and whether the screen was taken.
fn run(kubeconfig: &Path, args: &[&str]) -> (u32, String, bool) {
    let mut pty = Pty::spawn(edot_tui(kubeconfig, args), (400, 10));
    let code = pty.exit();
    pty.assert_restored(&args.join(" "));
    (code, pty.text(), find(&pty.raw, b"\x1b[?1049h").is_some())
}

fn refused(kubeconfig: &Path, args: &[&str], code: u32, words: &[&str]) {
    let (ended, text, taken) = run(kubeconfig, args);
    assert_eq!(ended, code, "{args:?}: {text}");
    assert!(!taken, "{args:?}: the screen was taken first");
    for word in words {
        assert!(text.contains(word), "{args:?} does not contain {word:?}: {text}");
    }
}

#[test]
fn flags_settings_and_themes() {
    let cluster = stub_cluster::start();
    let path = cluster.path();
    refused(&path, &["--no-such-flag"], 2, &["--no-such-flag"]);
    refused(&path, &["--fps", "0"], 2, &["--fps", "from 1 to 60"]);
    refused(&path, &["--theme", "drak"], 2, &["drak", "did you mean dark?", "gruvbox-dark"]);
    let config = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    std::fs::write(config.path(), "nmespace = \"x\"\n").unwrap();
    refused(&path, &["--config", config.path().to_str().unwrap()], 2, &["nmespace", "namespace", ".toml"]);
}

#[test]
fn kubeconfigs() {
    let cluster = stub_cluster::start();
    let path = cluster.path();
    refused(&path, &["--context", "prod"], 2, &["prod", "stub"]);
    refused(&path, &["--kubeconfig", "/nonexistent/config"], 2, &["/nonexistent/config"]);
    refused(Path::new("/nonexistent/config"), &[], 2, &["/nonexistent/config"]);
    refused(&Kubeconfig::of("clusters: [\n: :").path(), &[], 2, &["config"]);
    // Where nothing is configured but a cluster is named, it is not the lab that is shown.
    refused(&Kubeconfig::of("").path(), &["--context", "prod"], 2, &["--kubeconfig", "--lab"]);
    refused(
        &path,
        &["--scenario", "sticky", "--kibana-url", "http://k"],
        2,
        &["--kibana-url", "--scenario", "embedded lab"],
    );
    refused(&path, &["record", "--seed", "7", "--context", "prod"], 2, &["--context", "--seed", "embedded lab"]);
    refused(&path, &["status", "--lab", "--load-manifest", "k6.yaml"], 2, &["--load-manifest", "--lab"]);
    refused(&path, &["lab", "--scenario", "stiky"], 2, &["stiky", "did you mean sticky?", "memory-hold"]);
    refused(&path, &["lab", "--scenario", "/nonexistent/x.toml"], 2, &["/nonexistent/x.toml"]);
    refused(&path, &["lab", "--speed", "0"], 2, &["--speed", "from 0.1 to 100"]);
}

#[test]
fn an_hpa_that_was_named_and_is_not_there() {
    let cluster = stub_cluster::start();
    refused(&cluster.path(), &["--hpa", "nope"], 3, &["nope", "edot-gateway-hpa, frontend"]);
    refused(&cluster.path(), &["-n", "nowhere"], 3, &["nowhere"]);
}

#[test]
fn output_that_is_no_terminal() {
    let ended = std::process::Command::new(crate::it::support::program()).env_clear().output().unwrap();
    assert_eq!((ended.status.code(), ended.stdout.as_slice()), (Some(2), &b""[..]));
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert!(stderr.contains("needs a terminal") && stderr.contains("status"), "{stderr}");
}
