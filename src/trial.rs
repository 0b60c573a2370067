//! A scenario of the lab, run to its end in simulated time: the observations of a dashboard, without a server or a clock in between.
//! The same seed gives the same run. Must not judge it.

use crate::hpa::{PolicyKind, ScalingRules, SelectPolicy, Source, Spec, Target};
use crate::lab::model::{Lab, PodSample, Time, setup};
use crate::lab::processes::{self, PodRequest};
use crate::lab::scenario::{self, Dur, Hpa, Scenario};
use crate::observe::{
    CollectorSeen, CountersSeen, Feed, FeedState, FeedStatus, Observation, PodGone, PodUsage, Resources, Role, Stamped,
    TargetRef, UsageSeen, WatchingSeen,
};
use crate::source::live::collector::normalize::normalize;
use crate::source::live::elastic::convert as elastic;
use crate::source::live::{convert, wire};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The interval of looks at the store, milliseconds.
const LOOK: i64 = 500;
/// Seconds before the load.
const IDLE: i64 = 60;
const NS: &str = setup::OBSERVABILITY;

/// When every run begins: 2026-11-24 12:00 UTC.
fn start() -> Time {
    Time::from_timestamp(1_795_521_600, 0).unwrap_or_default()
}

/// Seconds from the load's start until a scenario is over, and its HPA has settled.
pub fn length(scenario: &Scenario) -> i64 {
    scenario.length.ms() / 1000
}

/// A scenario with the HPA under a spec, as far as the lab has it: targets of cpu and memory, bounds and behavior.
pub fn under(scenario: &Scenario, spec: &Spec) -> Scenario {
    let target = |resource: &str| {
        spec.metrics.iter().find_map(|m| match (&m.source, m.target) {
            (Source::Resource { resource: r }, Target::Utilization(percent)) if r == resource => Some(percent),
            _ => None,
        })
    };
    let rules = |rules: &ScalingRules| scenario::Rules {
        window: rules.window_seconds.map(|s| Dur::seconds(i64::from(s))),
        select: Some(match rules.select {
            SelectPolicy::Max => scenario::Select::Max,
            SelectPolicy::Min => scenario::Select::Min,
            SelectPolicy::Disabled => scenario::Select::Disabled,
        }),
        policies: Some(rules.policies.iter().map(policy).collect()),
    };
    let hpa = Hpa {
        min: spec.min_replicas(),
        max: spec.max,
        cpu: target("cpu"),
        memory: target("memory"),
        up: spec.behavior.as_ref().map(|b| rules(&b.up)),
        down: spec.behavior.as_ref().map(|b| rules(&b.down)),
    };
    Scenario { hpa, ..scenario.clone() }
}

fn policy(of: &crate::hpa::Policy) -> scenario::Policy {
    scenario::Policy {
        kind: match of.kind {
            PolicyKind::Pods => scenario::PolicyType::Pods,
            PolicyKind::Percent => scenario::PolicyType::Percent,
        },
        value: u32::try_from(of.value).unwrap_or(1),
        period: Dur::seconds(i64::from(of.period_seconds)),
    }
}

struct Watch {
    out: Vec<Stamped>,
    now: Time,
    /// Each object's last seen version, by uid.
    versions: BTreeMap<String, Value>,
    /// The names of the pods that exist, by uid.
    pods: BTreeMap<String, String>,
}

fn read<T: DeserializeOwned>(object: &Value) -> Option<T> {
    serde_json::from_value(object.clone()).ok()
}

impl Watch {
    fn push(&mut self, what: Observation) {
        if let Observation::Pod(pod) | Observation::LoadPod(pod) = &what {
            self.pods.insert(pod.uid.clone(), pod.name.clone());
        }
        self.out.push(Stamped { at: self.now, what });
    }

    fn observe<T: DeserializeOwned>(&mut self, object: Option<&Value>, what: impl FnOnce(T) -> Observation) {
        let Some(object) = object else { return };
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        let version = object["metadata"]["resourceVersion"].clone();
        if self.versions.insert(uid, version.clone()) != Some(version)
            && let Some(read) = read(object)
        {
            self.push(what(read));
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
    for ms in (0..(IDLE + seconds) * 1000).step_by(usize::try_from(LOOK).unwrap_or(1)) {
        watch.now = start() + TimeDelta::milliseconds(ms);
        lab.advance(watch.now);
        // A scenario may start a load itself.
        if ms == IDLE * 1000 && lab.store.get("jobs", setup::DEMO, "k6-load").is_none() {
            // It was looked for just now.
            let _ = lab.store.create("jobs", setup::job(), watch.now);
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
            let size = lab.store.get("deployments", NS, "edot-gateway").and_then(|d| d["spec"]["replicas"].as_i64());
            sizes.push(size.and_then(|size| i32::try_from(size).ok()).unwrap_or(0));
        }
    }
    (watch.out, sizes)
}

fn look(watch: &mut Watch, lab: &Lab) {
    let target = TargetRef { api_version: "apps/v1".into(), kind: "Deployment".into(), name: "edot-gateway".into() };
    let hpa = lab.store.get("horizontalpodautoscalers", NS, "edot-gateway-hpa");
    watch.observe(hpa, |o: wire::Hpa| Observation::Hpa(Box::new(convert::hpa(&o))));
    watch.observe(lab.store.get("deployments", NS, "edot-gateway"), |o: wire::Workload| {
        Observation::Target(Box::new(convert::workload(&target, &o)))
    });
    let of_gateway = |o: &&Value| o["metadata"]["labels"]["app"] == "edot-gateway";
    for pod in lab.store.list("pods", Some(NS)).filter(of_gateway) {
        watch.observe(Some(pod), |o: wire::Pod| Observation::Pod(Box::new(convert::pod(&o))));
    }
    for pod in lab.store.list("pods", Some(setup::DEMO)).filter(|o| o["metadata"]["labels"]["job-name"] == "k6-load") {
        watch.observe(Some(pod), |o: wire::Pod| Observation::LoadPod(Box::new(convert::pod(&o))));
    }
    watch.observe(lab.store.get("jobs", setup::DEMO, "k6-load"), |o: wire::Job| {
        Observation::Job(Box::new(convert::job(&o)))
    });
    let events = lab.store.list("events", Some(NS));
    for event in events {
        watch.observe(Some(event), |o: wire::Event| Observation::Event(Box::new(convert::event(&o))));
    }
    let here: BTreeSet<&str> = lab.store.list("pods", None).filter_map(|p| p["metadata"]["uid"].as_str()).collect();
    let gone: Vec<String> = watch.pods.keys().filter(|uid| !here.contains(uid.as_str())).cloned().collect();
    for uid in gone {
        if let Some(name) = watch.pods.remove(&uid) {
            watch.push(Observation::PodGone(PodGone { uid, name }));
        }
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
        let text = |v: &Value| v.as_str().map(str::to_owned);
        Some((role(pod)?, text(&pod["metadata"]["name"])?, text(&pod["metadata"]["uid"])?))
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
fn usage(sample: PodSample) -> PodUsage {
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
