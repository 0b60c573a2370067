//! `assets/stack`: what holds of its files without a cluster and without kubectl. What takes a cluster is in `tests/stack`.

use edot_tui::format::yaml;
use edot_tui::lab::scenario::Scenario;
use edot_tui::stack::kustomize::{Files, render};
use edot_tui::stack::{choice::Choice, files::files};
use edot_tui::verdict::Expectations;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn stack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/stack")
}

/// Every YAML file below a folder, by its path from `assets/stack`.
fn yaml_files(folder: &Path, out: &mut Vec<(String, Vec<Value>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            let name = path.strip_prefix(stack()).unwrap().display().to_string();
            let text = std::fs::read_to_string(&path).unwrap();
            out.push((name.clone(), serde_saphyr::from_multiple(&text).unwrap_or_else(|e| panic!("{name}: {e}"))));
        }
    }
}

fn all() -> Vec<(String, Vec<Value>)> {
    let mut out = Vec::new();
    yaml_files(&stack(), &mut out);
    assert!(out.len() > 40, "{}", out.len());
    out
}

/// The files that hold a whole configuration of a collector, or a part that is laid over one.
fn collectors() -> Vec<(String, Value)> {
    let whole = |(name, documents): (String, Vec<Value>)| {
        let first = documents.into_iter().next()?;
        first.get("service").is_some().then_some((name, first))
    };
    all().into_iter().filter_map(whole).collect()
}

#[test]
fn every_overlay_has_its_expectations_and_names_a_scenario_that_shows_the_same() {
    let mut overlays = 0;
    for entry in std::fs::read_dir(stack().join("overlays")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(folder.join("expectations.toml")).unwrap();
        let read = Expectations::read(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(read.name, name);
        for file in ["expectations.toml", "kustomization.yaml"] {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            let scenario =
                text.split("edot-tui lab --scenario ").nth(1).and_then(|rest| rest.split_whitespace().next());
            assert!(scenario.and_then(Scenario::shipped).is_some(), "{name}/{file}: {scenario:?}");
        }
        let row = format!("| `{name}` |");
        assert!(std::fs::read_to_string(stack().join("../../docs/stack.md")).unwrap().contains(&row), "{row}");
        overlays += 1;
    }
    assert_eq!(overlays, 7);
}

/// Every file below a folder, by its path from there.
fn texts(root: &Path, folder: &Path, out: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(root, &path, out);
        } else {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            out.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn the_program_holds_every_file_that_is_applied() {
    let mut there = Vec::new();
    texts(&stack(), &stack(), &mut there);
    let applied = |name: &str| {
        !name.starts_with("elastic/operator/") && !name.ends_with("Dockerfile") && !name.ends_with("expectations.toml")
    };
    there.retain(|(name, _)| applied(name));
    let there: Files<'_> = there.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(files(), there);
}

/// What kubectl kustomize prints of small folders that use all that ours do: `tests/data/kustomize/*/expected.yaml`.
#[test]
fn folders_are_rendered_as_kubectl_kustomize_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/kustomize");
    let mut there = Vec::new();
    texts(&root, &root, &mut there);
    let there: Files<'_> = there.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    for folder in ["once", "twice"] {
        let rendered = yaml::documents(&render(&there, folder).unwrap());
        assert_eq!(rendered, there[format!("{folder}/expected.yaml").as_str()], "{folder}");
    }
}

#[test]
fn every_overlay_is_rendered_and_what_is_printed_is_read_as_the_same() {
    assert_eq!(Choice::overlays().len(), 7);
    for overlay in Choice::overlays() {
        let objects = Choice { overlay: overlay.into(), ..Choice::default() }.objects().unwrap();
        assert!(objects.len() > 30, "{overlay}");
        let read: Vec<Value> = serde_saphyr::from_multiple(&yaml::documents(&objects)).unwrap();
        assert_eq!(read, objects, "{overlay}");
    }
}

/// kustomize has given one HPA another's target before.
#[test]
fn every_hpa_scales_a_deployment_of_its_own() {
    for overlay in Choice::overlays() {
        let objects = Choice { overlay: overlay.into(), ..Choice::default() }.objects().unwrap();
        let of = |kind: &str, field: &str| -> Vec<String> {
            let all = objects.iter().filter(|o| o["kind"] == kind);
            all.map(|o| o.pointer(field).unwrap().as_str().unwrap().to_owned()).collect()
        };
        let mut targets = of("HorizontalPodAutoscaler", "/spec/scaleTargetRef/name");
        let count = targets.len();
        targets.sort();
        targets.dedup();
        assert_eq!(targets.len(), count, "{overlay}");
        assert!(targets.iter().all(|t| of("Deployment", "/metadata/name").contains(t)), "{overlay}: {targets:?}");
    }
}

#[test]
fn every_limiter_is_first_and_below_its_containers_limit() {
    let mebibytes = |of: &Value, field: &str| of.pointer(&format!("/processors/memory_limiter/{field}"))?.as_u64();
    // The pod of each whole configuration, and the limit and GOMEMLIMIT that the files give its container.
    let pods = [
        ("otel/agent/agent.yaml", 512, 320),
        ("otel/cluster/cluster.yaml", 512, 320),
        ("otel/gateway/gateway.yaml", 1024, 640),
        ("overlays/production/larger.yaml", 2048, 1280),
        ("overlays/tail-sampling/sampler/sampler.yaml", 1536, 960),
    ];
    let files = all();
    let of = |name: &str| &files.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{name}")).1[0];
    for (name, container, runtime) in pods {
        let limit = mebibytes(of(name), "limit_mib").unwrap_or_else(|| panic!("{name}"));
        assert!(
            limit < container,
            "{name}: the container is killed at {container} MiB, before the limiter refuses at {limit}"
        );
        assert_eq!(limit * 4 / 5, runtime, "{name}: GOMEMLIMIT is 80 % of the limiter's limit");
    }
    for (name, config) in collectors() {
        for (pipeline, parts) in config["service"]["pipelines"].as_object().into_iter().flatten() {
            let Some(processors) = parts["processors"].as_array() else { continue };
            let at = processors.iter().position(|p| p == "memory_limiter");
            // A pipeline behind a connector gets what passed one already.
            let behind = parts["receivers"]
                .as_array()
                .is_some_and(|r| r.iter().all(|r| config["connectors"].get(r.as_str().unwrap()).is_some()));
            assert!(at == Some(0) || (at.is_none() && behind), "{name}, pipeline {pipeline}: {processors:?}");
        }
    }
}

#[test]
fn nothing_splits_metrics_and_every_exporter_has_a_bounded_queue() {
    for (name, config) in collectors() {
        for (pipeline, parts) in config["service"]["pipelines"].as_object().into_iter().flatten() {
            let batches = parts["processors"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .filter(|p| p.starts_with("batch"));
            let wanted = if pipeline.starts_with("metrics") { "batch/metrics" } else { "batch" };
            batches.for_each(|batch| assert_eq!(batch, wanted, "{name}, pipeline {pipeline}"));
        }
        if let Some(most) = config.pointer("/processors/batch~1metrics/send_batch_max_size") {
            assert_eq!(most, 0, "{name}: points of one moment that are cut apart collide in Elasticsearch");
        }
        for (exporter, of) in config["exporters"].as_object().into_iter().flatten() {
            let of = of.pointer("/protocol/otlp").unwrap_or(of);
            assert!(of["sending_queue"]["queue_size"].is_u64(), "{name}: {exporter}");
        }
    }
}

/// The faults of the guide's public lab that show in a file: each was there, and is not here.
#[test]
fn the_public_labs_faults_are_absent() {
    let text = |name: &str| std::fs::read_to_string(stack().join(name)).unwrap();
    for route in ["\"/\"", "\"/simulate\"", "\"/api/items\"", "\"/api/items/{key}\"", "\"/api/slow\""] {
        assert!(text("apps/frontend.py").contains(route), "k6 asks the frontend for {route}");
    }
    let agent = text("otel/agent/agent.yaml");
    assert!(agent.contains("receivers: [otlp, file_log]"), "logs over OTLP would be refused");
    assert!(
        agent.contains("type: container") && agent.contains("observability-lab_edot-*"),
        "lines stay text, or loop"
    );
    assert!(agent.contains("dns:///edot-gateway-headless") && agent.contains("balancer_name: round_robin"));
    assert!(text("otel/agent/daemonset.yaml").contains("internalTrafficPolicy: Local"));
    assert!(text("otel/cluster/rbac.yaml").contains("horizontalpodautoscalers"), "no k8s.hpa.* in Elasticsearch");
    assert!(text("otel/cluster/rbac.yaml").contains("replicationcontrollers"));
    let gateway = text("otel/gateway/gateway.yaml");
    for field in [
        "set(log.severity_text",
        "set(log.trace_id.string",
        "set(log.span_id.string",
        "set(resource.attributes[\"service.name\"]",
    ] {
        assert!(gateway.contains(field), "Kibana would say (missing value) without {field}");
    }
    assert!(gateway.contains("max_connection_age") && gateway.contains("retry:"));
    assert!(text("elastic/elasticsearch.yaml").contains("volumeClaimTemplates"), "ECK's default of 1Gi fills up");
    let metrics = text("observe/metrics-server/metrics-server.yaml");
    assert!(
        metrics.contains("kind: APIService")
            && metrics.contains("--metric-resolution=15s")
            && !metrics.contains("insecure-tls")
    );
    for (name, documents) in all() {
        for pod in documents.iter().filter(|d| d["kind"] == "Deployment" || d["kind"] == "DaemonSet") {
            for container in
                pod.pointer("/spec/template/spec/containers").and_then(Value::as_array).into_iter().flatten()
            {
                // A patch of an overlay repeats only what it changes.
                if container.get("image").is_none() {
                    continue;
                }
                for part in [
                    "/readinessProbe",
                    "/livenessProbe",
                    "/resources/requests/cpu",
                    "/resources/requests/memory",
                    "/resources/limits/memory",
                ] {
                    assert!(container.pointer(part).is_some(), "{name}: {part} of {}", container["name"]);
                }
            }
        }
    }
}

#[test]
fn the_stack_has_the_names_that_the_program_looks_for() {
    let of = |file: &str, kind: &str| {
        let (_, documents) = all().into_iter().find(|(name, _)| name == file).unwrap();
        documents.into_iter().find(|d| d["kind"] == kind).unwrap()["metadata"].clone()
    };
    let names = [
        ("otel/gateway/deployment.yaml", "Deployment", "edot-gateway"),
        ("otel/gateway/hpa.yaml", "HorizontalPodAutoscaler", "edot-gateway-hpa"),
        ("otel/agent/daemonset.yaml", "DaemonSet", "edot-agent"),
        ("otel/cluster/deployment.yaml", "Deployment", "edot-cluster"),
    ];
    for (file, kind, name) in names {
        let metadata = of(file, kind);
        assert_eq!((&metadata["name"], &metadata["namespace"]), (&name.into(), &"observability-lab".into()), "{file}");
    }
    assert_eq!(of("load/job.yaml", "Job")["name"], "k6-load");
}
