//! The files around the source: CI, licences, documents and the links between them.

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// README, CONTRIBUTING and everything in `docs`.
pub fn documents() -> Vec<PathBuf> {
    let mut all = vec![PathBuf::from("README.md"), PathBuf::from("CONTRIBUTING.md")];
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else {
                all.push(path);
            }
        }
    }
    all
}

#[test]
fn ci_is_a_workflow_that_checks_what_it_should() {
    let workflow: serde_json::Value = serde_saphyr::from_str(&read(".github/workflows/ci.yml")).unwrap();
    let jobs = workflow["jobs"].as_object().unwrap();
    for name in ["check", "musl", "msrv", "docs", "deny"] {
        assert!(jobs.contains_key(name), "no job {name}");
    }
    for (name, job) in jobs {
        assert!(job["runs-on"].is_string() && job["timeout-minutes"].is_number(), "{name}");
        let steps = job["steps"].as_array().unwrap();
        assert!(steps[0]["uses"].as_str().unwrap().starts_with("actions/checkout@"), "{name}");
        for step in steps {
            assert_ne!(
                step["uses"].is_string(),
                step["run"].is_string(),
                "{name}: a step uses an action or runs a command"
            );
        }
    }
    let systems = &jobs["check"]["strategy"]["matrix"]["os"];
    assert!(systems.to_string().contains("ubuntu") && systems.to_string().contains("macos"));
    assert_eq!(workflow["permissions"]["contents"], "read");
}

#[test]
fn the_oldest_rust_is_the_same_everywhere() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let oldest = manifest["package"]["rust-version"].as_str().unwrap();
    assert!(read(".github/workflows/ci.yml").contains(&format!("toolchain install {oldest} ")));
    assert!(read("README.md").contains(&format!("Rust ({oldest} or later)")));
    assert!(read("CONTRIBUTING.md").contains(&format!("Rust {oldest} or later")));
}

#[test]
fn deny_has_all_four_parts() {
    let deny: toml::Table = read("deny.toml").parse().unwrap();
    for part in ["advisories", "licenses", "bans", "sources"] {
        assert!(deny.contains_key(part), "{part}");
    }
    let allowed = deny["licenses"]["allow"].as_array().unwrap();
    assert!(allowed.iter().any(|l| l.as_str() == Some("Apache-2.0")), "the program's own");
}

#[test]
fn every_recipe_of_the_documents_is_in_the_justfile() {
    let just = read("justfile");
    for recipe in ["check", "bless", "lab", "bench", "real", "deny", "dist"] {
        let is_head = |line: &str| line.starts_with(recipe) && line.ends_with(':');
        assert!(just.lines().any(is_head), "{recipe}");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut links = 0;
    for document in documents() {
        let text = read(&document.to_string_lossy());
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap();
            if target.starts_with("http") || target.is_empty() {
                continue;
            }
            let folder = root().join(&document).parent().unwrap().to_owned();
            let path = folder.join(target.split('#').next().unwrap());
            assert!(path.exists(), "{}: {target}", document.display());
            links += 1;
        }
    }
    assert!(links > 10, "{links}");
}

#[test]
fn files_that_the_documents_name_are_there() {
    let named = |text: &str| -> Vec<String> {
        let quoted = text.split('`').skip(1).step_by(2);
        let is_path =
            |word: &&str| ["src/", "tests/", "docs/", "assets/", "themes/"].iter().any(|p| word.starts_with(p));
        let plain = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || "/_.-".contains(c));
        quoted.filter(is_path).filter(plain).map(str::to_owned).collect()
    };
    let mut gone = Vec::new();
    for document in documents() {
        let text = read(&document.to_string_lossy());
        for line in text.lines() {
            let stale = named(line).into_iter().filter(|path| !path.contains("NAME") && !root().join(path).exists());
            gone.extend(stale.map(|path| format!("{}: {path}", document.display())));
        }
    }
    assert!(gone.is_empty(), "{gone:#?}");
}
