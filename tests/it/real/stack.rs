//! The files of `assets/stack` as real processes. `tests/stack/run --help` lists what that needs.

use std::process::Command;

fn run(program: &str, args: &[&str]) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack").join(program);
    let ended = Command::new(&path).args(args).status().unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(ended.success(), "{program} {args:?}: {ended}");
}

#[test]
#[ignore = "needs redis-server, k6, a collector and an Elasticsearch; six minutes"]
fn every_overlay_delivers_what_is_made() {
    for overlay in ["guide", "queue-hpa", "split", "sharded", "tail-sampling"] {
        run("run", &["--overlay", overlay]);
    }
}

#[test]
#[ignore = "needs a cluster in KUBECONFIG"]
fn an_api_server_takes_every_overlay() {
    run("dry-run", &[]);
}
