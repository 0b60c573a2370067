//! `edot-tui stack` on the command line: what is refused before anything is asked of a cluster.

use clap::Parser;
use edot_tui::commands::{Cli, run};
use serde_json::json;

/// The error, with its exit code, of a command on a cluster that does not answer, in a context of that name.
fn refused(context: &str, args: &[&str]) -> (u8, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = json!({"apiVersion": "v1", "kind": "Config", "current-context": context,
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "hidden"}}],
        "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}]});
    std::fs::write(file.path(), text.to_string()).unwrap();
    let kubeconfig = file.path().to_str().unwrap();
    let typed = [&["edot-tui", "stack"], args, &["--kubeconfig", kubeconfig]].concat();
    let error = run(&Cli::try_parse_from(typed).unwrap()).unwrap_err();
    assert!(!error.to_string().contains("hidden"), "{error}");
    (error.exit_code(), error.to_string())
}

#[test]
fn what_looks_like_production_has_to_be_named() {
    for action in ["up", "down"] {
        let (code, text) = refused("shop-prod", &[action, "--yes"]);
        assert_eq!(code, 2);
        assert!(text.contains("looks like production (\"prod\"") && text.ends_with("--context shop-prod"), "{text}");
        // Then it is asked, and does not answer.
        assert_eq!(refused("shop-prod", &[action, "--yes", "--context", "shop-prod"]).0, 5);
        assert_eq!(refused("kind-kind", &[action, "--yes"]).0, 5);
    }
    // Looking changes nothing.
    assert_eq!(refused("shop-prod", &["status"]).0, 5);
}

#[test]
fn flags_that_make_no_sense_are_said() {
    for (args, words) in [
        (&["up", "--readonly"] as &[&str], "--readonly is set"),
        (&["up", "--lab"], "the embedded lab has the whole system already"),
        (&["up", "-o", "yaml", "--overlay", "non"], "there are: guide, production, public-lab, queue-hpa"),
        (&["up", "-o", "yaml", "--es-url", "https://u:hidden@es:9200"], "--es-user"),
        (&["up", "--scenario", "guide"], "leave out --lab, --scenario"),
    ] {
        let (code, text) = refused("kind-kind", args);
        assert!(code == 2 && text.contains(words), "{args:?}: {text}");
    }
}
