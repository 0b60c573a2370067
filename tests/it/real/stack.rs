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

/// The program, as it was built last; `EDOT_TUI` names another.
fn program(args: &[&str]) -> Command {
    let built = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/debug/edot-tui");
    let mut command = Command::new(std::env::var_os("EDOT_TUI").unwrap_or(built.into()));
    command.args(["stack"]).args(args);
    command
}

/// Its exit code, and what it printed.
fn stack(args: &[&str]) -> (Option<i32>, String) {
    let out = program(args).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap();
    println!("stack {args:?}: {:?}\n{text}", out.status.code());
    (out.status.code(), text)
}

fn kubectl(args: &[&str]) -> String {
    let words = std::env::var("KUBECTL").unwrap_or_else(|_| "kubectl".into());
    let mut words = words.split_whitespace();
    let out = Command::new(words.next().unwrap()).args(words).args(args).output().unwrap();
    assert!(out.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
#[ignore = "needs kubectl"]
fn every_overlay_is_printed_as_kubectl_kustomize_prints_it() {
    let overlays = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/stack/overlays");
    for overlay in edot_tui::stack::choice::Choice::overlays() {
        let rendered = kubectl(&["kustomize", overlays.join(overlay).to_str().unwrap()]);
        let (code, printed) = stack(&["up", "-o", "yaml", "--overlay", overlay]);
        assert_eq!((code, printed), (Some(0), rendered), "{overlay}");
    }
}

/// What is left of the stack's kinds in its namespaces and the cluster.
fn left() -> String {
    let kinds = "all,configmaps,secrets,serviceaccounts,hpa,pdb,clusterroles,clusterrolebindings,namespaces";
    kubectl(&["get", kinds, "-A", "-l", "app.kubernetes.io/part-of=edot-stack", "-o", "name"])
}

#[test]
#[ignore = "needs an empty cluster in KUBECONFIG, kubectl, and ten minutes"]
fn from_nothing_to_nothing_on_a_cluster() {
    assert_eq!(stack(&["status"]).0, Some(3));
    assert_eq!(stack(&["up", "--yes"]).0, Some(0));
    assert_eq!(stack(&["status"]).0, Some(0));
    let (code, text) = stack(&["diff"]);
    assert!(code == Some(0) && text.contains("nothing differs"));
    // By hand: another image, and a field of a ConfigMap's.
    kubectl(&["-n", "observability-lab", "set", "image", "deployment/edot-gateway", "edot-collector=mine:1"]);
    let (code, text) = stack(&["diff"]);
    assert!(code == Some(1) && text.contains("containers[edot-collector].image: is mine:1, will be "), "{text}");
    assert_eq!(stack(&["up", "--yes"]).0, Some(0));
    assert_eq!(stack(&["diff"]).0, Some(0));
    kubectl(&["-n", "demo-app", "create", "configmap", "mine", "--from-literal=a=b"]);
    let (code, text) = stack(&["down", "--yes"]);
    assert!(code == Some(0) && text.contains("Namespace demo-app is kept: it also holds configmaps/mine"), "{text}");
    assert_eq!(kubectl(&["-n", "demo-app", "get", "configmap", "mine", "-o", "jsonpath={.data.a}"]), "b");
    assert_eq!(left(), "namespace/demo-app\n");
    kubectl(&["delete", "namespace", "demo-app"]);
}

#[test]
#[ignore = "needs an empty cluster in KUBECONFIG, kubectl, and ten minutes"]
fn interrupted_at_any_moment_it_goes_on() {
    for round in 0..10_u64 {
        let mut running = program(&["up", "--yes"]).spawn().unwrap();
        // From before the first request until it waits.
        std::thread::sleep(std::time::Duration::from_millis(150 + 397 * round));
        let interrupt = Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
        let code = running.wait().unwrap().code();
        println!("round {round}: kill {interrupt}, ended {code:?}");
        if round % 3 == 2 {
            assert_eq!(stack(&["down", "--yes"]).0, Some(0));
            assert_eq!(left(), "", "round {round}");
        }
    }
    assert_eq!(stack(&["up", "--yes"]).0, Some(0));
    assert_eq!(stack(&["diff"]).0, Some(0));
    assert_eq!(stack(&["down", "--yes"]).0, Some(0));
    assert_eq!(left(), "");
}
