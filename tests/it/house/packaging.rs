//! What releases are made from: the chart's Roles are what `doctor` asks for, versions are one, and the packaged crate has what it
//! is built from.

use edot_tui::doctor::permissions::{self, Need, PERMISSIONS, Place};
use edot_tui::observe::Feed;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn manifest() -> toml::Table {
    read("Cargo.toml").parse().unwrap()
}

/// The documents of a file that was rendered from the chart.
fn objects(path: &str) -> Vec<Value> {
    let text = read(path);
    let documents = text.split("\n---").map(|d| d.trim_start_matches("---"));
    documents.filter(|d| !d.trim().is_empty()).map(|d| serde_saphyr::from_str(d).unwrap()).collect()
}

#[test]
fn the_charts_permissions_are_the_programs_own() {
    let path = "packaging/chart/files/permissions.yaml";
    let head = "# Written by a test from the table that `edot-tui doctor` checks: what each need takes in the namespace of the HPA and of the load.\n";
    let want = head.to_owned() + &permissions::rows();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(root().join(path), &want).unwrap();
    }
    assert_eq!(read(path), want, "BLESS=1 writes it");
}

#[test]
fn rendered_roles_are_what_doctor_asks_for_and_no_more() {
    type Rules = BTreeSet<(&'static str, String, String, String)>;
    for (what, simulates) in [("recorder", false), ("nightly", true)] {
        let all = objects(&format!("packaging/kustomize/{what}/objects.yaml"));
        let mut have = Rules::new();
        for role in all.iter().filter(|o| o["kind"] == "Role") {
            let name = role["metadata"]["name"].as_str().unwrap();
            let place = if name.ends_with("-hpa") { "hpa" } else { "load" };
            let strings =
                |v: &Value| v.as_array().unwrap().iter().map(|s| s.as_str().unwrap().to_owned()).collect::<Vec<_>>();
            for rule in role["rules"].as_array().unwrap() {
                for verb in strings(&rule["verbs"]) {
                    have.insert((
                        place,
                        rule["apiGroups"][0].as_str().unwrap().into(),
                        rule["resources"][0].as_str().unwrap().into(),
                        verb,
                    ));
                }
                assert_eq!((strings(&rule["apiGroups"]).len(), strings(&rule["resources"]).len()), (1, 1));
            }
        }
        // As the chart's values are: without the Secrets of Elasticsearch.
        let wanted = |need: Need| match need {
            Need::Simulate => simulates,
            Need::Logs => false,
            Need::Feed(feed) => feed != Feed::Ingest,
        };
        let mut want = Rules::new();
        for p in PERMISSIONS.iter().filter(|p| wanted(p.need)) {
            let place = if p.place == Place::Hpa { "hpa" } else { "load" };
            want.extend(
                p.verbs.iter().map(|verb| (place, p.group.to_owned(), p.resource.to_owned(), (*verb).to_owned())),
            );
        }
        assert_eq!(have, want, "{what}: packaging/release kustomize renders it again");
        assert!(all.iter().all(|o| !o["kind"].as_str().unwrap().starts_with("Cluster")), "{what}");
    }
}

#[test]
fn rendered_pods_meet_the_restricted_standard() {
    for (what, pod) in [("recorder", "/spec/template/spec"), ("nightly", "/spec/jobTemplate/spec/template/spec")] {
        let all = objects(&format!("packaging/kustomize/{what}/objects.yaml"));
        let spec = all.iter().find_map(|o| o.pointer(pod)).unwrap();
        assert_eq!(spec["securityContext"]["runAsNonRoot"], true, "{what}");
        assert_eq!(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{what}");
        let container = &spec["containers"][0];
        assert_eq!(container["securityContext"]["allowPrivilegeEscalation"], false, "{what}");
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true, "{what}");
        assert_eq!(container["securityContext"]["capabilities"]["drop"][0], "ALL", "{what}");
        assert!(all.iter().any(|o| o["kind"] == "NetworkPolicy"), "{what}");
        // Its arguments are the program's.
        let args = container["args"].as_array().unwrap().iter().map(|a| a.as_str().unwrap());
        clap::Parser::try_parse_from::<_, &str>(std::iter::once("edot-tui").chain(args))
            .map(|_: edot_tui::commands::Cli| ())
            .unwrap();
    }
}

#[test]
fn versions_are_one() {
    let manifest = manifest();
    let version = manifest["package"]["version"].as_str().unwrap();
    let chart: Value = serde_saphyr::from_str(&read("packaging/chart/Chart.yaml")).unwrap();
    assert_eq!((chart["version"].as_str(), chart["appVersion"].as_str()), (Some(version), Some(version)));
    assert!(read("CHANGELOG.md").contains(&format!("\n## {version} ")), "the CHANGELOG has a section for {version}");
}

#[test]
fn the_packaged_crate_has_everything_that_is_compiled_in() {
    let manifest = manifest();
    let include: Vec<&str> =
        manifest["package"]["include"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
    let mut folders = vec![root().join("src")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for part in text.split("../").filter(|p| p.starts_with("assets/") || p.starts_with("themes/")) {
                let named = format!("/{}", part.split(['"', ')', '{']).next().unwrap());
                assert!(include.iter().any(|i| named.starts_with(i)), "{}: {named}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn every_target_that_is_released_is_in_the_manifests() {
    let workflow = read(".github/workflows/release.yml");
    let targets: Vec<&str> = workflow
        .lines()
        .filter_map(|l| l.split_once("target: "))
        .map(|(_, t)| t.trim_end_matches('}').trim())
        .collect();
    assert!(targets.len() >= 4, "{targets:?}");
    for template in ["krew.yaml", "formula.rb"] {
        let text = read(&format!("packaging/templates/{template}"));
        for target in &targets {
            assert!(text.contains(&format!("# only {target}\n")), "{template}: {target}");
        }
        assert_eq!(text.matches("# only ").count(), targets.len(), "{template}");
    }
}
