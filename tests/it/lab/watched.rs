//! A scenario of the lab's model in simulated time as observations of a dashboard, without a server in between.

use crate::it::support::lab_run::{NS, start};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use edot_tui::lab::model::{Lab, Time, setup};
use edot_tui::lab::processes::{self, PodRequest};
use edot_tui::lab::scenario::Scenario;
use edot_tui::observe::{
    CollectorSeen, CountersSeen, Feed, FeedState, FeedStatus, Observation, PodGone, PodUsage, Resources, Role, Stamped,
    TargetRef, UsageSeen, WatchingSeen,
};
use edot_tui::source::live::collector::normalize::normalize;
use edot_tui::source::live::elastic::convert as elastic;
use edot_tui::source::live::{convert, wire};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The interval of looks at the store, milliseconds.
const LOOK: i64 = 500;

struct Watch {
    out: Vec<Stamped>,
    now: Time,
    /// Each object's last seen version, by uid.
    versions: BTreeMap<String, Value>,
    /// The names of the pods that exist, by uid.
    pods: BTreeMap<String, String>,
}

fn read<T: DeserializeOwned>(object: &Value) -> T {
    serde_json::from_value(object.clone()).unwrap()
}

impl Watch {
    fn push(&mut self, what: Observation) {
        if let Observation::Pod(pod) | Observation::LoadPod(pod) = &what {
            self.pods.insert(pod.uid.clone(), pod.name.clone());
        }
        self.out.push(Stamped { at: self.now, what });
    }

    fn observe(&mut self, object: Option<&Value>, what: impl FnOnce(&Value) -> Observation) {
        let Some(object) = object else { return };
        let uid = object["metadata"]["uid"].as_str().unwrap().to_owned();
        let version = object["metadata"]["resourceVersion"].clone();
        if self.versions.insert(uid, version.clone()) != Some(version) {
            self.push(what(object));
        }
    }
}

/// A minute idle, then the load for `seconds`: the observations, and the gateway's size at each second.
pub fn watched(scenario: &Scenario, seed: u64, seconds: i64) -> (Vec<Stamped>, Vec<i32>) {
    watch(scenario, seed, seconds, false)
}

/// The same with what the collectors and Elasticsearch report of themselves.
pub fn watched_inside(scenario: &Scenario, seed: u64, seconds: i64) -> Vec<Stamped> {
    watch(scenario, seed, seconds, true).0
}

fn watch(scenario: &Scenario, seed: u64, seconds: i64, inside: bool) -> (Vec<Stamped>, Vec<i32>) {
    let mut lab = Lab::new(scenario, seed, start());
    let mut watch = Watch { out: Vec::new(), now: start(), versions: BTreeMap::new(), pods: BTreeMap::new() };
    watch.push(Observation::Watching(WatchingSeen {
        server_version: "v1.36.0".into(),
        namespace: NS.into(),
        hpa: "edot-gateway-hpa".into(),
        load_namespace: setup::DEMO.into(),
        load_job: "k6-load".into(),
        lab: true,
        ..WatchingSeen::default()
    }));
    for feed in [Feed::Hpa, Feed::Target, Feed::Pods, Feed::Usage, Feed::Events, Feed::Load] {
        watch.push(Observation::FeedStatus(FeedStatus::new(feed, FeedState::Up)));
    }
    for feed in [Feed::Collector, Feed::Ingest].into_iter().filter(|_| inside) {
        watch.push(Observation::FeedStatus(FeedStatus::new(feed, FeedState::Up)));
    }
    let (mut sizes, mut newest) = (Vec::new(), None);
    for ms in (0..(60 + seconds) * 1000).step_by(LOOK as usize) {
        watch.now = start() + TimeDelta::milliseconds(ms);
        lab.advance(watch.now);
        // A scenario may start a load itself.
        if ms == 60_000 && lab.store.get("jobs", setup::DEMO, "k6-load").is_none() {
            lab.store.create("jobs", setup::job(), watch.now).unwrap();
        }
        look(&mut watch, &lab);
        if inside && ms % 5000 == 0 {
            scrape(&mut watch, &mut lab);
        }
        if inside && ms % 10_000 == 0 {
            elasticsearch(&mut watch, &mut lab);
        }
        let samples = lab.samples().into_iter().filter(|s| s.namespace == NS && s.pod.starts_with("edot-gateway"));
        let pods: Vec<PodUsage> = samples.map(usage).collect();
        let latest = pods.iter().map(|p| p.at).max();
        if latest > newest {
            newest = latest;
            watch.push(Observation::Usage(UsageSeen { pods }));
        }
        if ms % 1000 == 0 {
            watch.push(Observation::Tick);
            let size = &lab.store.get("deployments", NS, "edot-gateway").unwrap()["spec"]["replicas"];
            sizes.push(size.as_i64().unwrap() as i32);
        }
    }
    (watch.out, sizes)
}

fn look(watch: &mut Watch, lab: &Lab) {
    let target = TargetRef { api_version: "apps/v1".into(), kind: "Deployment".into(), name: "edot-gateway".into() };
    let hpa = lab.store.get("horizontalpodautoscalers", NS, "edot-gateway-hpa");
    watch.observe(hpa, |o| Observation::Hpa(Box::new(convert::hpa(&read::<wire::Hpa>(o)))));
    watch.observe(lab.store.get("deployments", NS, "edot-gateway"), |o| {
        Observation::Target(Box::new(convert::workload(&target, &read::<wire::Workload>(o))))
    });
    let of_gateway = |o: &&Value| o["metadata"]["labels"]["app"] == "edot-gateway";
    for pod in lab.store.list("pods", Some(NS)).filter(of_gateway) {
        watch.observe(Some(pod), |o| Observation::Pod(Box::new(convert::pod(&read::<wire::Pod>(o)))));
    }
    for pod in lab.store.list("pods", Some(setup::DEMO)).filter(|o| o["metadata"]["labels"]["job-name"] == "k6-load") {
        watch.observe(Some(pod), |o| Observation::LoadPod(Box::new(convert::pod(&read::<wire::Pod>(o)))));
    }
    watch.observe(lab.store.get("jobs", setup::DEMO, "k6-load"), |o| {
        Observation::Job(Box::new(convert::job(&read::<wire::Job>(o))))
    });
    let events = lab.store.list("events", Some(NS));
    for event in events {
        watch.observe(Some(event), |o| Observation::Event(Box::new(convert::event(&read::<wire::Event>(o)))));
    }
    let here: BTreeSet<&str> = lab.store.list("pods", None).filter_map(|p| p["metadata"]["uid"].as_str()).collect();
    let gone: Vec<String> = watch.pods.keys().filter(|uid| !here.contains(uid.as_str())).cloned().collect();
    for uid in gone {
        let name = watch.pods.remove(&uid).unwrap();
        watch.push(Observation::PodGone(PodGone { uid, name }));
    }
}

/// What a process in a pod answers to a GET; None where it does not.
fn get(lab: &mut Lab, pod: &str, port: u16, path: &str) -> Option<Vec<u8>> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let login = BASE64_STANDARD.encode(format!("elastic:{}", lab.elastic_password()));
    let request = PodRequest {
        method: "GET".into(),
        path: format!("/{}", path.trim_start_matches('/')),
        query: query.into(),
        headers: vec![("authorization".into(), format!("Basic {login}"))],
        body: Vec::new(),
    };
    processes::ask(lab, NS, pod, port, &request).ok().filter(|r| r.status == 200).map(|r| r.body)
}

/// The collectors' metrics pages.
fn scrape(watch: &mut Watch, lab: &mut Lab) {
    let role = |pod: &Value| match pod["metadata"]["labels"]["app"].as_str() {
        Some("edot-gateway") => Some(Role::Gateway),
        Some("edot-agent") => Some(Role::Agent),
        _ => None,
    };
    let named = |pod: &Value| {
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        Some((role(pod)?, text(&pod["metadata"]["name"]), text(&pod["metadata"]["uid"])))
    };
    let pods: Vec<_> = lab.store.list("pods", Some(NS)).filter_map(named).collect();
    for (role, pod, uid) in pods {
        let Some(seen) = get(lab, &pod, 8888, "metrics").and_then(|body| normalize(&body)) else { continue };
        watch.push(Observation::Collector(Arc::new(CollectorSeen { role, pod, uid, ..seen })));
    }
}

fn elasticsearch(watch: &mut Watch, lab: &mut Lab) {
    let Some((_, pod)) = lab.flow().elastic_pod.clone() else { return };
    let mut ask = |path: &str| get(lab, &pod, 9200, path);
    if let Some(counters) = ask(STATS).and_then(|body| elastic::counters(&body).ok()) {
        watch.push(Observation::Counters(Box::new(CountersSeen { every_ms: 10_000, ..counters })));
    }
    if let Some(nodes) = ask("_nodes/stats").and_then(|body| elastic::nodes(&body).ok()) {
        watch.push(Observation::ElasticNodes(Box::new(nodes)));
    }
    if let Some(health) = ask("_cluster/health").and_then(|body| elastic::health(&body).ok()) {
        watch.push(Observation::ElasticHealth(Box::new(health)));
    }
}

const STATS: &str = "traces-*,metrics-*,logs-*/_stats/indexing,docs,store,bulk?level=shards";

/// A sample as metrics-server serves it.
fn usage(sample: edot_tui::lab::model::PodSample) -> PodUsage {
    let containers = sample.containers.into_iter().map(|c| {
        let used = [("cpu", format!("{}n", c.cpu_nanocores)), ("memory", c.memory_bytes.to_string())];
        (c.name, used.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Resources>())
    });
    PodUsage {
        pod: sample.pod,
        at: sample.at,
        window_s: sample.window.num_milliseconds() as f64 / 1000.0,
        containers: containers.collect(),
    }
}
