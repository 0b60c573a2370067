//! The collectors' configuration: read from their ConfigMaps, one tier (role) at a time: at the start, when a pod mounts
//! another ConfigMap, and again every few minutes. Only what the rules need leaves this file. Without permission to read
//! ConfigMaps, everything else works.

mod components;

use super::super::client::{ApiError, ApiErrorKind, ResourceAttributes, encode, get, read};
use super::super::context::FeedContext;
use super::super::convert;
use super::super::discovered::{ConfigFile, PodTarget, PodTargets};
use super::super::wire::PodSpec;
use super::CollectorPods;
use super::discover::OtherCollectors;
use super::mounts;
use crate::guidance;
use crate::observe::text::clean;
use crate::observe::{ConfigSeen, HarmSeen, Observation, Role};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::watch;

/// Where a tier's configuration is: the files, and the container that reads them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ConfigSource {
    namespace: String,
    container: String,
    files: Vec<ConfigFile>,
    /// GOMEMLIMIT is set for the container.
    go_limit: bool,
}

/// How reading the configurations went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Why one of them cannot be read.
    pub fault: Option<ApiError>,
    /// The tiers that send their own metrics and open no port for them.
    pub sending: BTreeSet<Role>,
}

/// Read the configurations until the program ends; `reading` holds how that goes.
pub async fn run(shared: FeedContext, mut pods: CollectorPods, reading: watch::Sender<Reading>) {
    let mut reported: BTreeMap<Role, ConfigSeen> = BTreeMap::new();
    loop {
        let sources = sources(&mut pods);
        let mut failed = None;
        let mut sending = BTreeSet::new();
        for (role, ConfigSource { namespace, container, files, go_limit }) in &sources {
            match configuration(&shared, namespace, files).await {
                Ok(config) => {
                    let seen = components::extract(&config);
                    let harms = guidance::harms(*role, &config).into_iter();
                    let harms =
                        harms.map(|(rule, seen)| HarmSeen { rule: rule.to_owned(), seen: clean(&seen, 300) }).collect();
                    let from = files.iter().map(|f| format!("{}/{}", f.map, f.key).trim_end_matches('/').to_owned());
                    let seen = ConfigSeen {
                        role: *role,
                        container: container.clone(),
                        from: from.collect(),
                        harms,
                        go_limit: *go_limit,
                        ..seen
                    };
                    if seen.pushes_metrics {
                        sending.insert(*role);
                    }
                    if reported.get(role) != Some(&seen) {
                        reported.insert(*role, seen.clone());
                        shared.out.emit(Observation::CollectorConfig(Box::new(seen))).await;
                    }
                }
                Err(fault) => failed = Some(fault),
            }
        }
        let wait = if failed.is_some() { shared.timing().inside } else { shared.timing().config };
        let now = Reading { fault: failed, sending };
        reading.send_if_modified(|old| std::mem::replace(old, now.clone()) != now);
        let clock = shared.out.clock();
        let again = clock.sleep(wait);
        tokio::pin!(again);
        loop {
            tokio::select! {
                () = &mut again => break,
                true = pods.changed() => {}
            }
            if self::sources(&mut pods) != sources {
                break;
            }
        }
    }
}

fn sources(pods: &mut CollectorPods) -> BTreeMap<Role, ConfigSource> {
    let (gateways, others) = pods.latest();
    sources_of(&gateways, &others)
}

/// Where the configuration of each tier is. Where two are mounted, as during a rollout, that of most pods.
fn sources_of(gateways: &PodTargets, others: &OtherCollectors) -> BTreeMap<Role, ConfigSource> {
    let all = gateways.values().map(|pod| (Role::Gateway, pod)).chain(others.pods.values().map(|(r, pod)| (*r, pod)));
    let mut counted: BTreeMap<Role, BTreeMap<ConfigSource, usize>> = BTreeMap::new();
    // The gateway's own pods may carry the labels of the others as well.
    let gateway = |pod: &PodTarget| gateways.values().any(|g| g.name == pod.name);
    for (role, pod) in all.filter(|(role, pod)| pod.runs && (*role == Role::Gateway || !gateway(pod))) {
        if !pod.config.is_empty() {
            let (namespace, container) = (pod.namespace.clone(), pod.container.clone());
            let source = ConfigSource { namespace, container, files: pod.config.clone(), go_limit: pod.go_limit };
            *counted.entry(role).or_default().entry(source).or_default() += 1;
        }
    }
    let most = |of: BTreeMap<ConfigSource, usize>| of.into_iter().max_by_key(|(_, n)| *n).map(|(source, _)| source);
    counted.into_iter().filter_map(|(role, of)| Some((role, most(of)?))).collect()
}

/// The files, merged in their order.
async fn configuration(shared: &FeedContext, namespace: &str, files: &[ConfigFile]) -> Result<Value, ApiError> {
    let mut config = Value::Null;
    for file in files {
        lay(&mut config, file, &config_map(shared, namespace, &file.map).await?)?;
    }
    Ok(config)
}

/// The whole configuration of a container of a pod's spec, from ConfigMaps by their names; None where that is no collector's.
pub fn whole(spec: &Value, container: &str, maps: &BTreeMap<String, BTreeMap<String, String>>) -> Option<Value> {
    let spec: PodSpec = serde_json::from_value(spec.clone()).ok()?;
    let mut config = Value::Null;
    for file in mounts::files(&spec, container) {
        lay(&mut config, &file, maps.get(&file.map)?).ok()?;
    }
    components::has_pipelines(&config).then_some(config)
}

/// Lays a file out of a ConfigMap's data over what was read before it.
fn lay(config: &mut Value, file: &ConfigFile, data: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let mut texts = data.iter().filter(|(key, _)| file.key.is_empty() || file.key == convert::name(key));
    let found = texts
        .find_map(|(_, text)| components::parse(text).filter(|c| !file.key.is_empty() || components::has_pipelines(c)));
    match found {
        Some(found) => components::merge(config, found),
        None if file.key.is_empty() => {}
        // Must not quote the text: it may hold secrets.
        None => {
            let why = format!("ConfigMap {} has no configuration that can be read in {}", file.map, file.key);
            return Err(ApiError::new(ApiErrorKind::Garbled, why));
        }
    }
    Ok(())
}

async fn config_map(shared: &FeedContext, namespace: &str, name: &str) -> Result<BTreeMap<String, String>, ApiError> {
    #[derive(serde::Deserialize)]
    struct ConfigMap {
        #[serde(default)]
        data: Option<BTreeMap<String, String>>,
    }
    let path = format!("/api/v1/namespaces/{}/configmaps/{}", encode(namespace), encode(name));
    let (version, resource, namespace) = ("v1".to_owned(), "configmaps".to_owned(), namespace.to_owned());
    let asked = ResourceAttributes { verb: "get", version, resource, namespace, ..ResourceAttributes::default() };
    let body = get(shared, &path, &asked, shared.timing().request).await.map_err(|fault| match fault.kind {
        ApiErrorKind::Absent => ApiError::new(ApiErrorKind::Absent, format!("ConfigMap {name} is not there")),
        _ => fault,
    })?;
    let map: ConfigMap =
        read(&body).map_err(|_| ApiError::new(ApiErrorKind::Garbled, format!("ConfigMap {name} cannot be read")))?;
    Ok(map.data.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, map: &str) -> PodTarget {
        let config = vec![ConfigFile { map: map.into(), key: "c".into() }];
        PodTarget { name: name.into(), runs: true, config, ..PodTarget::default() }
    }

    #[test]
    fn the_configuration_of_most_pods_counts_and_each_tier_has_its_own() {
        let gateways: PodTargets =
            [("1", "old"), ("2", "new"), ("3", "new")].map(|(n, m)| (n.into(), pod(n, m))).into();
        let agents = [("a".to_owned(), (Role::Agent, pod("a", "agent"))), ("1".into(), (Role::Cluster, pod("1", "x")))];
        let others = OtherCollectors { pods: agents.into(), fault: None };
        let sources = sources_of(&gateways, &others);
        let maps: Vec<(Role, String)> = sources.into_iter().map(|(role, s)| (role, s.files[0].map.clone())).collect();
        assert_eq!(maps, [(Role::Gateway, "new".into()), (Role::Agent, "agent".into())]);
    }
}
