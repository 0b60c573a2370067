//! `doctor --production`: the guidance for production as checks over what is in the cluster. Fetches; the rules are in `guidance`.
//! Nothing in the cluster is changed.

use super::check::Check;
use crate::config::Settings;
use crate::guidance::{Collector, Judged, Setup, judge, rules};
use crate::observe::Role;
use crate::observe::text::clean;
use crate::source::live::client::{ApiClient, ApiError, encode};
use crate::source::live::collector::configuration;
use serde_json::Value;
use std::collections::BTreeMap;

/// The most that is shown of what was seen, in bytes.
const SHOWN: usize = 600;

/// A check for each rule that concerns something here.
pub async fn all(client: &ApiClient, settings: &Settings) -> Vec<Check> {
    let setup = match fetch(client, settings).await {
        Ok(setup) => setup,
        Err(error) => {
            let hint = error.hint.clone().unwrap_or_default();
            return vec![Check::fail("production", "the guidance for production", error.to_string(), hint)];
        }
    };
    checks(&setup)
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

/// What the rules look at. What may not be read, besides the workloads and ConfigMaps, counts as not there.
async fn fetch(client: &ApiClient, settings: &Settings) -> Result<Setup, ApiError> {
    let (namespace, load) = (encode(&settings.namespace), encode(&settings.load_namespace));
    let apps = |kind: &str| format!("/apis/apps/v1/namespaces/{namespace}/{kind}");
    let core = |kind: &str| format!("/api/v1/namespaces/{namespace}/{kind}");
    let paths = [
        core("services"),
        format!("/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"),
        format!("/apis/elasticsearch.k8s.elastic.co/v1/namespaces/{namespace}/elasticsearches"),
        format!("/apis/apps/v1/namespaces/{load}/deployments"),
        format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers"),
    ];
    let maps = list(client, &core("configmaps")).await?;
    let mut workloads = Vec::new();
    for (kind, plural) in [("Deployment", "deployments"), ("DaemonSet", "daemonsets"), ("StatefulSet", "statefulsets")]
    {
        workloads.extend(list(client, &apps(plural)).await?.into_iter().map(|one| (kind, one)));
    }
    let [services, budgets, elasticsearches, applications, hpas] = &paths;
    let (services, budgets, elasticsearches, applications, hpas) = tokio::join!(
        list(client, services),
        list(client, budgets),
        list(client, elasticsearches),
        list(client, applications),
        list(client, hpas),
    );
    let named = |all: &[Value]| {
        let own = all.iter().find(|one| one["metadata"]["name"] == settings.hpa.as_str());
        own.or(if let [only] = all { Some(only) } else { None }).cloned()
    };
    let hpa = named(&hpas.unwrap_or_default());
    let maps = maps.iter().map(data).collect();
    let mut collectors = Vec::new();
    for (kind, workload) in &workloads {
        collectors.extend(collector(kind, workload, &maps, hpa.as_ref()));
    }
    let rights = rights(client, &settings.namespace, &workloads).await;
    for collector in &mut collectors {
        collector.rights = rights.as_ref().map(|all| all.get(&collector.name).cloned().unwrap_or_default());
    }
    let metrics_server = client.get("/apis/apps/v1/namespaces/kube-system/deployments/metrics-server").await;
    let scripts = client.get(&format!("/api/v1/namespaces/{load}/configmaps/k6-scripts")).await;
    Ok(Setup {
        collectors,
        hpa,
        services: services.unwrap_or_default(),
        budgets: budgets.unwrap_or_default(),
        elasticsearches: elasticsearches.unwrap_or_default(),
        apps: applications.unwrap_or_default(),
        scripts: scripts.ok().flatten(),
        metrics_server: metrics_server.ok().flatten(),
    })
}

async fn list(client: &ApiClient, path: &str) -> Result<Vec<Value>, ApiError> {
    let list = client.get(path).await?.unwrap_or_default();
    Ok(list["items"].as_array().cloned().unwrap_or_default())
}

type Maps = BTreeMap<String, BTreeMap<String, String>>;

/// A ConfigMap's name and texts.
fn data(map: &Value) -> (String, BTreeMap<String, String>) {
    let texts = map["data"].as_object().into_iter().flatten();
    let texts = texts.filter_map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned())));
    (name(map), texts.collect())
}

fn name(of: &Value) -> String {
    of["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

/// A workload as a collector; None where it is none. Of its containers, the one that reads a collector's configuration.
pub fn collector(kind: &str, workload: &Value, maps: &Maps, hpa: Option<&Value>) -> Option<Collector> {
    let spec = workload.pointer("/spec/template/spec")?;
    let containers = spec["containers"].as_array()?;
    let (container, config) =
        containers.iter().find_map(|one| Some((one, configuration(spec, one["name"].as_str()?, maps)?)))?;
    let target = hpa.map(|hpa| &hpa["spec"]["scaleTargetRef"]);
    let scaled = target.is_some_and(|target| target["name"] == workload["metadata"]["name"] && target["kind"] == kind);
    let watches = config["receivers"].as_object().is_some_and(|all| all.keys().any(|id| id.starts_with("k8s_cluster")));
    let role = match () {
        () if scaled => Role::Gateway,
        () if kind == "DaemonSet" => Role::Agent,
        () if watches => Role::Cluster,
        () => Role::Other,
    };
    Some(Collector {
        role,
        name: format!("{kind} {}", clean(&name(workload), 63)),
        labels: workload.pointer("/spec/template/metadata/labels").cloned().unwrap_or_default(),
        container: container.clone(),
        replicas: workload["spec"]["replicas"].as_i64(),
        rights: None,
        config,
    })
}

/// The rules of the ClusterRoles that each workload's service account has; None where they may not be read.
async fn rights(
    client: &ApiClient,
    namespace: &str,
    workloads: &[(&str, Value)],
) -> Option<BTreeMap<String, Vec<Value>>> {
    let rbac = |plural: &str| format!("/apis/rbac.authorization.k8s.io/v1/{plural}");
    let bindings = list(client, &rbac("clusterrolebindings")).await.ok()?;
    let roles = list(client, &rbac("clusterroles")).await.ok()?;
    let of = |(kind, workload): &(&str, Value)| {
        let account = workload.pointer("/spec/template/spec/serviceAccountName").and_then(Value::as_str);
        let account = account.unwrap_or("default");
        let subject =
            |one: &Value| one["name"] == account && one["namespace"] == namespace && one["kind"] == "ServiceAccount";
        let bound = bindings.iter().filter(|one| one["subjects"].as_array().is_some_and(|all| all.iter().any(subject)));
        let names: Vec<&Value> = bound.map(|one| &one["roleRef"]["name"]).collect();
        let rules = roles.iter().filter(|role| names.contains(&&role["metadata"]["name"]));
        let rules = rules.filter_map(|role| role["rules"].as_array()).flatten().cloned().collect();
        (format!("{kind} {}", clean(&name(workload), 63)), rules)
    };
    Some(workloads.iter().map(of).collect())
}
