//! Every command of the README runs as it is written there: by a shell, in a folder of its own, on the lab. Those of one
//! section run one after the other, and the sections beside each other. Must not know a line by heart: a new one runs, too.

use super::pty::{Pty, clean};
use crate::it::support::program;
use portable_pty::CommandBuilder;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What is not run, and why.
const LEFT_OUT: [(&str, &str); 8] = [
    ("kubectl krew", "needs a release"),
    ("brew install", "needs a release"),
    ("nix run", "needs a release"),
    ("cargo install", "builds the program"),
    ("cargo run", "builds the program"),
    ("cargo build", "builds the program"),
    ("kubectl create", "needs a cluster and the network"),
    ("edot-tui stack up", "needs an empty cluster: tests/it/real/stack.rs"),
];
/// A name that no cluster here has: the command says so, with this exit code.
const NOT_FOUND: (&str, u32) = ("--hpa checkout", 3);
/// A run against a cluster takes as long as it takes there: it is stopped after this long.
const RUN: Duration = Duration::from_secs(4);
/// Nothing takes this long unless it hangs.
const HANGS: Duration = Duration::from_secs(100);

/// The sections with the commands of their `sh` blocks.
fn sections() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let of = |section: &str| -> Vec<String> {
        let blocks = section.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
        blocks.flat_map(str::lines).map(str::to_owned).filter(|line| !line.is_empty()).collect()
    };
    text.split("\n## ").map(of).filter(|commands| !commands.is_empty()).collect()
}

/// A command draws the dashboard.
fn is_shown(line: &str) -> bool {
    let first = line.split_whitespace().nth(1).unwrap_or("#");
    (first.starts_with(['-', '#']) || first == "lab" || first == "replay" || is_shadow(line) && !line.contains("--for"))
        && !line.contains("--list")
        && !is_served(line)
}

/// Without a screen it observes for as long as it is given.
fn is_shadow(line: &str) -> bool {
    line.starts_with("edot-tui shadow")
}

fn is_served(line: &str) -> bool {
    line.contains("--serve")
}

/// A folder with the program on its path, and recordings under the names of the README, unless a command writes them.
fn folder(commands: &[String]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(program(), folder.path().join("edot-tui")).unwrap();
    if commands.iter().any(|line| line.contains("-o run.jsonl.gz")) {
        return folder;
    }
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings/v1/simulate.jsonl.gz");
    for name in ["run.jsonl.gz", "other.jsonl.gz"] {
        std::fs::copy(&data, folder.path().join(name)).unwrap();
    }
    folder
}

/// The line in a shell; `exec` makes a single command the shell's own process, so that a signal reaches it.
fn shell(line: &str, folder: &Path, kubeconfig: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("exec {line}")]).current_dir(folder).env_clear();
    for (name, value) in environment(folder, kubeconfig) {
        command.env(name, value);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn environment(folder: &Path, kubeconfig: &Path) -> [(&'static str, String); 3] {
    let text = |path: &Path| path.display().to_string();
    [("PATH", format!("{}:/usr/bin:/bin", text(folder))), ("HOME", text(folder)), ("KUBECONFIG", text(kubeconfig))]
}

/// Waits for the end, and stops a run that would take as long as a cluster does: exit code, and what was printed.
fn end(line: &str, command: &mut Command) -> (Option<i32>, String) {
    // Into a file: a pipe that nobody empties would be full.
    let printed = tempfile::NamedTempFile::new().unwrap();
    let out = || Stdio::from(printed.reopen().unwrap());
    let mut child = command.stdout(out()).stderr(out()).spawn().unwrap();
    let begun = Instant::now();
    let endless = line.contains("--simulate") && !line.contains("--scenario") || is_shadow(line);
    let mut stopped = false;
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < HANGS, "{line}: hangs");
        if endless && !stopped && begun.elapsed() > RUN {
            assert!(Command::new("/bin/kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
            stopped = true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let code = child.wait().unwrap().code();
    (code, String::from_utf8_lossy(&std::fs::read(printed.path()).unwrap()).into_owned())
}

/// The dashboard shows its screens, and leaves with `q`.
fn show(line: &str, folder: &Path, kubeconfig: &Path) -> Option<i32> {
    let mut command = clean(CommandBuilder::new("/bin/sh"));
    command.args(["-c", &format!("exec {line}")]);
    command.cwd(folder);
    for (name, value) in environment(folder, kubeconfig) {
        command.env(name, value);
    }
    let mut pty = Pty::spawn(command, (120, 36));
    if !line.contains(NOT_FOUND.0) {
        // The hint at a first start may lie over one of them.
        let replicas = |text: &str| text.contains("replicas") || text.contains("desired");
        pty.until("the dashboard", |s| s.contents().contains("Overview") && replicas(&s.contents()));
        pty.keys("q");
    }
    Some(pty.exit() as i32)
}

fn run(line: &str, folder: &Path, kubeconfig: &Path) {
    let (code, said) = if is_shown(line) {
        (show(line, folder, kubeconfig), String::new())
    } else if is_served(line) {
        let (served, _) = serve(&mut shell(line, folder, kubeconfig));
        let code = stop(served);
        assert!(code == Some(143), "{line}: ends with {code:?}");
        return;
    } else {
        // What goes to a file is looked at there.
        let (code, text) = end(line, &mut shell(line, folder, kubeconfig));
        let file = line.split("> ").nth(1).map(|rest| rest.split_whitespace().next().unwrap());
        let printed = file.map_or(text.len(), |file| std::fs::read(folder.join(file)).unwrap().len());
        assert!(printed > 20, "{line}: prints {printed} bytes, ends with {code:?}");
        (code, text)
    };
    let wanted = if line.contains(NOT_FOUND.0) { NOT_FOUND.1 as i32 } else { 0 };
    // `doctor` has something to say about the lab, a stopped run is not judged, and some HPA may be in trouble.
    let others: &[i32] = if line.contains("doctor") {
        &[1]
    } else if line.contains("-A") {
        &[4]
    } else if is_shadow(line) {
        &[130]
    } else if line.contains("--simulate") {
        &[4, 130]
    } else {
        &[]
    };
    let said: String = said.chars().take(2000).collect();
    assert!(code.is_some_and(|c| c == wanted || others.contains(&c)), "{line}: ends with {code:?}\n{said}");
}

/// The contexts that the README names, all of one cluster; the first is the current one.
const CONTEXTS: [&str; 3] = ["prod", "prod-eu", "prod-us"];

/// The lab's kubeconfig with them.
fn with_contexts(text: &str) -> String {
    let mut config: serde_json::Value = serde_saphyr::from_str(text).unwrap();
    let one = config["contexts"][0]["context"].clone();
    config["contexts"] = CONTEXTS.map(|name| serde_json::json!({"name": name, "context": one})).to_vec().into();
    config["current-context"] = CONTEXTS[0].into();
    config.to_string()
}

/// A lab that is served; it ends with the test, however that ends.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A lab's API, and its kubeconfig.
fn serve(command: &mut Command) -> (Served, String) {
    let mut child = command.spawn().unwrap();
    let mut path = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut path).unwrap();
    (Served(child), path.trim().to_owned())
}

fn stop(mut served: Served) -> Option<i32> {
    let id = served.0.id().to_string();
    assert!(Command::new("/bin/kill").args(["-TERM", &id]).status().unwrap().success());
    served.0.wait().unwrap().code()
}

#[test]
fn every_command_of_the_readme_runs() {
    let sections = sections();
    let all: Vec<&String> = sections.iter().flatten().collect();
    assert!(all.len() > 25, "{all:?}");
    let own = folder(&[]);
    let none = own.path().join("none");
    let (served, path) = serve(&mut shell("edot-tui lab --serve --speed 20", own.path(), &none));
    let kubeconfig = own.path().join("kubeconfig");
    std::fs::write(&kubeconfig, with_contexts(&std::fs::read_to_string(&path).unwrap())).unwrap();
    std::thread::scope(|scope| {
        for commands in &sections {
            let kubeconfig = &kubeconfig;
            scope.spawn(move || {
                let folder = folder(commands);
                for line in commands {
                    match LEFT_OUT.iter().find(|(start, _)| line.starts_with(start)) {
                        Some((_, why)) => println!("left out, {why}: {line}"),
                        None => run(line, folder.path(), kubeconfig),
                    }
                }
            });
        }
    });
    stop(served);
    for (start, _) in LEFT_OUT {
        assert!(all.iter().any(|line| line.starts_with(start)), "the README has no {start:?} any more");
    }
}
