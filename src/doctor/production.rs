//! `doctor --production`: the guidance for production as checks over what is in the cluster. Fetches; the rules are in `guidance`.
//! Nothing in the cluster is changed.

use super::check::Check;
use crate::config::Settings;
use crate::guidance::{Collector, Judged, Setup, judge, rules};
use crate::observe::Role;
use crate::observe::text::clean;
use crate::source::live::client::{ApiClient, ApiError, encode};
use crate::source::live::collector::configuration;
use crate::stack::api::items;
use futures::future::join_all;
use serde_json::Value;
use std::collections::BTreeMap;

/// The most that is shown of what was seen, in bytes.
const SHOWN: usize = 600;
/// Deployments whose logs are looked at, and how much of each.
const MOST_APPS: usize = 20;
const TAIL: u32 = 50;
const TAIL_BYTES: u32 = 64 << 10;

/// A check for each rule that concerns something here.
pub async fn all(client: &ApiClient, settings: &Settings) -> Vec<Check> {
    match fetch(client, settings).await {
        Ok(objects) => {
            let mut setup = setup(&objects, &settings.namespace, &settings.load_namespace, &settings.hpa);
            setup.app_logs = app_logs(client, &settings.load_namespace, &setup.apps).await;
            checks(&setup)
        }
        Err(error) => {
            let hint = error.hint.clone().unwrap_or_default();
            vec![Check::fail("production", "the guidance for production", error.to_string(), hint)]
        }
    }
}

/// The rules' answers.
pub fn checks(setup: &Setup) -> Vec<Check> {
    let check = |rule: &'static crate::guidance::Rule| {
        let what = rule.advice;
        Some(match judge(rule, setup)? {
            Judged::Fine(seen) => Check::ok(rule.id, what, clean(&seen, SHOWN)),
            Judged::Unknown(why) => Check::skip(rule.id, what, clean(&why, SHOWN)),
            Judged::Against(seen) => {
                Check::warn(rule.id, what, clean(&seen, SHOWN), format!("{} ({})", rule.hint, rule.source))
            }
        })
    };
    let found: Vec<Check> = rules().filter_map(check).collect();
    match setup.collectors.is_empty() {
        true => {
            vec![Check::skip("production", "the guidance for production", "no collector was found in the namespace")]
        }
        false => found,
    }
}

/// Everything that the rules look at. What may not be read, besides the workloads and ConfigMaps, counts as not there.
async fn fetch(client: &ApiClient, settings: &Settings) -> Result<Vec<Value>, ApiError> {
    let (own, load) = (encode(&settings.namespace), encode(&settings.load_namespace));
    let must = [
        format!("/api/v1/namespaces/{own}/configmaps"),
        format!("/apis/apps/v1/namespaces/{own}/deployments"),
        format!("/apis/apps/v1/namespaces/{own}/daemonsets"),
        format!("/apis/apps/v1/namespaces/{own}/statefulsets"),
    ];
    let may = [
        format!("/api/v1/namespaces/{own}/services"),
        format!("/apis/policy/v1/namespaces/{own}/poddisruptionbudgets"),
        format!("/apis/autoscaling/v2/namespaces/{own}/horizontalpodautoscalers"),
        format!("/apis/elasticsearch.k8s.elastic.co/v1/namespaces/{own}/elasticsearches"),
        format!("/apis/apps/v1/namespaces/{load}/deployments"),
        format!("/api/v1/namespaces/{load}/configmaps"),
        "/apis/rbac.authorization.k8s.io/v1/clusterroles".to_owned(),
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings".to_owned(),
        format!(
            "/apis/apps/v1/namespaces/kube-system/deployments?fieldSelector={}",
            encode("metadata.name=metrics-server")
        ),
    ];
    let mut all = Vec::new();
    for list in join_all(must.iter().map(|path| client.get(path))).await {
        all.extend(list?.map(items).unwrap_or_default());
    }
    for list in join_all(may.iter().map(|path| client.get(path))).await {
        all.extend(list.ok().flatten().map(items).unwrap_or_default());
    }
    Ok(all)
}

/// The end of what one pod of each Deployment wrote to stdout, of those that wrote anything and may be read.
async fn app_logs(client: &ApiClient, namespace: &str, apps: &[Value]) -> Vec<(String, Vec<String>)> {
    let read = |app: &Value| {
        let name = clean(app["metadata"]["name"].as_str().unwrap_or_default(), 63);
        let labels = app.pointer("/spec/selector/matchLabels").and_then(Value::as_object).into_iter().flatten();
        let labels: Vec<String> = labels.filter_map(|(key, of)| Some(format!("{key}={}", of.as_str()?))).collect();
        let container =
            app.pointer("/spec/template/spec/containers/0/name").and_then(Value::as_str).unwrap_or_default();
        let (own, selector, container) = (encode(namespace), encode(&labels.join(",")), encode(container));
        async move {
            let pods =
                client.get(&format!("/api/v1/namespaces/{own}/pods?limit=1&labelSelector={selector}")).await.ok()??;
            let pod = encode(pods.pointer("/items/0/metadata/name")?.as_str()?);
            let path = format!(
                "/api/v1/namespaces/{own}/pods/{pod}/log?container={container}&tailLines={TAIL}&limitBytes={TAIL_BYTES}"
            );
            let lines: Vec<String> = client.text(&path).await.ok()?.lines().map(str::to_owned).collect();
            (!lines.is_empty()).then_some((name, lines))
        }
    };
    join_all(apps.iter().take(MOST_APPS).map(read)).await.into_iter().flatten().collect()
}

/// What the rules look at, from objects of any kind; `namespace` is the gateway's, `load` the application's.
pub fn setup(objects: &[Value], namespace: &str, load: &str, hpa: &str) -> Setup {
    let of = |kind: &str, place: &str| -> Vec<&Value> {
        let here = |one: &&Value| one["kind"] == kind && (place.is_empty() || one["metadata"]["namespace"] == place);
        objects.iter().filter(here).collect()
    };
    let own = |all: Vec<&Value>| all.into_iter().cloned().collect::<Vec<_>>();
    let named =
        |all: &[&Value], name: &str| all.iter().find(|one| one["metadata"]["name"] == name).map(|one| (*one).clone());
    let hpas = of("HorizontalPodAutoscaler", namespace);
    let hpa = named(&hpas, hpa).or(if let [only] = hpas[..] { Some(only.clone()) } else { None });
    let maps: Maps = of("ConfigMap", namespace).into_iter().map(data).collect();
    let (roles, bindings) = (of("ClusterRole", ""), of("ClusterRoleBinding", ""));
    let kinds = ["Deployment", "DaemonSet", "StatefulSet"];
    let workloads = kinds.into_iter().flat_map(|kind| of(kind, namespace));
    let collectors = workloads.filter_map(|workload| {
        let rights = (!roles.is_empty()).then(|| rights(&roles, &bindings, namespace, workload));
        Some(Collector { rights, ..collector(workload, &maps, hpa.as_ref())? })
    });
    Setup {
        collectors: collectors.collect(),
        services: own(of("Service", namespace)),
        budgets: own(of("PodDisruptionBudget", namespace)),
        elasticsearches: own(of("Elasticsearch", namespace)),
        apps: own(of("Deployment", load)),
        app_logs: Vec::new(),
        scripts: named(&of("ConfigMap", load), "k6-scripts"),
        metrics_server: named(&of("Deployment", "kube-system"), "metrics-server"),
        hpa,
    }
}

type Maps = BTreeMap<String, BTreeMap<String, String>>;

/// A ConfigMap's name and texts.
fn data(map: &Value) -> (String, BTreeMap<String, String>) {
    let texts = map["data"].as_object().into_iter().flatten();
    let texts = texts.filter_map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned())));
    (map["metadata"]["name"].as_str().unwrap_or_default().to_owned(), texts.collect())
}

/// A workload as a collector; None where it is none. Of its containers, the one that reads a collector's configuration.
fn collector(workload: &Value, maps: &Maps, hpa: Option<&Value>) -> Option<Collector> {
    let spec = workload.pointer("/spec/template/spec")?;
    let containers = spec["containers"].as_array()?;
    let (container, config) =
        containers.iter().find_map(|one| Some((one, configuration(spec, one["name"].as_str()?, maps)?)))?;
    let (kind, name) = (workload["kind"].as_str()?, workload["metadata"]["name"].as_str()?);
    let target = hpa.map(|hpa| &hpa["spec"]["scaleTargetRef"]);
    let scaled = target.is_some_and(|target| target["name"] == name && target["kind"] == kind);
    let watches = config["receivers"].as_object().is_some_and(|all| all.keys().any(|id| id.starts_with("k8s_cluster")));
    let role = match () {
        () if scaled => Role::Gateway,
        () if kind == "DaemonSet" => Role::Agent,
        () if watches => Role::Cluster,
        () => Role::Other,
    };
    Some(Collector {
        role,
        name: format!("{kind} {}", clean(name, 63)),
        labels: workload.pointer("/spec/template/metadata/labels").cloned().unwrap_or_default(),
        container: container.clone(),
        replicas: workload["spec"]["replicas"].as_i64(),
        rights: None,
        config,
    })
}

/// The rules of the ClusterRoles that a workload's service account has.
fn rights(roles: &[&Value], bindings: &[&Value], namespace: &str, workload: &Value) -> Vec<Value> {
    let account =
        workload.pointer("/spec/template/spec/serviceAccountName").and_then(Value::as_str).unwrap_or("default");
    let subject =
        |one: &Value| one["name"] == account && one["namespace"] == namespace && one["kind"] == "ServiceAccount";
    let bound = bindings.iter().filter(|one| one["subjects"].as_array().is_some_and(|all| all.iter().any(subject)));
    let names: Vec<&Value> = bound.map(|one| &one["roleRef"]["name"]).collect();
    let rules = roles.iter().filter(|role| names.contains(&&role["metadata"]["name"]));
    rules.filter_map(|role| role["rules"].as_array()).flatten().cloned().collect()
}
