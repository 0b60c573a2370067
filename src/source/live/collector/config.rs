//! How the collectors are configured: read from their ConfigMaps, a tier at a time, at the start, when another is mounted,
//! and again every few minutes. Only what rules need leaves this file; whoever may not read them goes without.

mod extract;
mod place;

use super::super::client::{ApiError, ErrorKind, ResourceAttributes, encode, get, read};
use super::super::context::FeedContext;
use super::super::convert;
use super::super::discovered::{ConfigFile, PodTarget, PodTargets};
use super::super::pods::is_collector;
use super::super::wire::Pod;
use super::others::Found;
use crate::observe::{ConfigSeen, Observation, PodSeen, Role};
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::sync::watch;

/// The collector in a pod, where its configuration is, and the ports that have a name.
pub fn inside(pod: &Pod, seen: &PodSeen) -> PodTarget {
    let inside = PodTarget::of(seen, is_collector);
    let ports = pod.spec.containers.iter().flat_map(|c| &c.ports).map(|p| (p.name.clone(), p.container_port));
    PodTarget { config: place::files(&pod.spec, &inside.container), ports: ports.collect(), ..inside }
}

/// A tier's configuration: the namespace, the container that reads it, and its files.
type Wanted = (String, String, Vec<ConfigFile>);

/// Read them until the program ends; `fault` is what stands in the way.
pub async fn run(
    shared: FeedContext,
    mut gateways: watch::Receiver<PodTargets>,
    mut others: watch::Receiver<Found>,
    fault: watch::Sender<Option<ApiError>>,
) {
    let mut told: BTreeMap<Role, ConfigSeen> = BTreeMap::new();
    loop {
        let wanted = wanted(&gateways.borrow_and_update(), &others.borrow_and_update());
        let mut failed = None;
        for (role, (namespace, container, files)) in &wanted {
            match configuration(&shared, namespace, files).await {
                Ok(seen) => {
                    let from = files.iter().map(|f| format!("{}/{}", f.map, f.key).trim_end_matches('/').to_owned());
                    let seen = ConfigSeen { role: *role, container: container.clone(), from: from.collect(), ..seen };
                    if told.get(role) != Some(&seen) {
                        told.insert(*role, seen.clone());
                        shared.out.emit(Observation::CollectorConfig(Box::new(seen))).await;
                    }
                }
                Err(fault) => failed = Some(fault),
            }
        }
        let wait = if failed.is_some() { shared.timing.inside } else { shared.timing.config };
        fault.send_if_modified(|old| std::mem::replace(old, failed.clone()) != failed);
        let again = tokio::time::sleep(wait);
        tokio::pin!(again);
        loop {
            tokio::select! {
                () = &mut again => break,
                Ok(()) = gateways.changed() => {}
                Ok(()) = others.changed() => {}
            }
            if self::wanted(&gateways.borrow_and_update(), &others.borrow_and_update()) != wanted {
                break;
            }
        }
    }
}

/// The configuration of each tier: of two that are mounted, as while a change is rolled out, that of most pods.
fn wanted(gateways: &PodTargets, others: &Found) -> BTreeMap<Role, Wanted> {
    let all = gateways.values().map(|pod| (Role::Gateway, pod)).chain(others.pods.values().map(|(r, pod)| (*r, pod)));
    let mut counted: BTreeMap<Role, BTreeMap<Wanted, usize>> = BTreeMap::new();
    // The gateway's own pods may carry the labels of the others as well.
    let gateway = |pod: &PodTarget| gateways.values().any(|g| g.name == pod.name);
    for (role, pod) in all.filter(|(role, pod)| pod.runs && (*role == Role::Gateway || !gateway(pod))) {
        if !pod.config.is_empty() {
            let wanted = (pod.namespace.clone(), pod.container.clone(), pod.config.clone());
            *counted.entry(role).or_default().entry(wanted).or_default() += 1;
        }
    }
    let most = |of: BTreeMap<Wanted, usize>| of.into_iter().max_by_key(|(_, n)| *n).map(|(wanted, _)| wanted);
    counted.into_iter().filter_map(|(role, of)| Some((role, most(of)?))).collect()
}

/// The files put together.
async fn configuration(shared: &FeedContext, namespace: &str, files: &[ConfigFile]) -> Result<ConfigSeen, ApiError> {
    let mut config = Value::Null;
    for file in files {
        let data = config_map(shared, namespace, &file.map).await?;
        let mut texts = data.iter().filter(|(key, _)| file.key.is_empty() || file.key == convert::name(key));
        let found = texts
            .find_map(|(_, text)| extract::parse(text).filter(|c| !file.key.is_empty() || extract::has_pipelines(c)));
        match found {
            Some(found) => extract::merge(&mut config, found),
            None if file.key.is_empty() => {}
            // What is wrong in it must not be quoted.
            None => {
                let why = format!("ConfigMap {} has no configuration that can be read in {}", file.map, file.key);
                return Err(ApiError::new(ErrorKind::Garbled, why));
            }
        }
    }
    Ok(extract::extract(&config))
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
    let body = get(shared, &path, &asked, shared.timing.request).await.map_err(|fault| match fault.kind {
        ErrorKind::Absent => ApiError::new(ErrorKind::Absent, format!("ConfigMap {name} is not there")),
        _ => fault,
    })?;
    let map: ConfigMap =
        read(&body).map_err(|_| ApiError::new(ErrorKind::Garbled, format!("ConfigMap {name} cannot be read")))?;
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
        let others = Found { pods: agents.into(), fault: None };
        let maps: Vec<(Role, String)> =
            wanted(&gateways, &others).into_iter().map(|(role, (_, _, files))| (role, files[0].map.clone())).collect();
        assert_eq!(maps, [(Role::Gateway, "new".into()), (Role::Agent, "agent".into())]);
    }
}
