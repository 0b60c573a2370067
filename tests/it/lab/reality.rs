//! The model compared with reality: its HPA controller with recorded real ones, its collector with a real collector's
//! figures (0.157.0, 0.69 kB of bulk JSON per item; responses of the same runs are in `tests/data/collector`).

use chrono::{DateTime, TimeDelta, Utc};
use edot_tui::lab::model::cluster::hpa::HpaController;
use edot_tui::lab::model::flow::agent::Agent;
use edot_tui::lab::model::flow::bulk_indexing::{ElasticFaults, ElasticNode};
use edot_tui::lab::model::flow::data_streams::DataStreams;
use edot_tui::lab::model::flow::gateway::{Gateway, GatewayTier};
use edot_tui::lab::model::flow::items::{ItemKind, Items, SIGNALS, Signal};
use edot_tui::lab::model::flow::process::Process;
use edot_tui::lab::model::objects::{Key, key, name, time};
use edot_tui::lab::model::rng::Rng;
use edot_tui::lab::model::{Ms, PodSample, Usage};
use edot_tui::lab::scenario::{self, Batch, Dur, MemoryLimiter, Quantity, Scenario};
use edot_tui::lab::store::Store;
use edot_tui::source::live::convert;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The samples of a recorded list.
fn samples(list: &Value) -> Vec<PodSample> {
    let nano = |v: &Value| edot_tui::hpa::quantity::nano(v.as_str().unwrap()).unwrap() as u64;
    let milli = |v: &Value| edot_tui::hpa::quantity::milli(v.as_str().unwrap()).unwrap() as u64;
    let usage = |c: &Value| Usage {
        name: name(&json!({"metadata": {"name": c["name"]}})).to_owned(),
        cpu_nanocores: nano(&c["usage"]["cpu"]),
        memory_bytes: milli(&c["usage"]["memory"]) / 1000,
    };
    let one = |m: &Value| PodSample {
        namespace: m["metadata"]["namespace"].as_str().unwrap().into(),
        pod: name(m).into(),
        at: time(&m["timestamp"]).unwrap(),
        window: TimeDelta::milliseconds((convert::seconds(m["window"].as_str().unwrap()).unwrap() * 1000.0) as i64),
        containers: m["containers"].as_array().unwrap().iter().map(usage).collect(),
    };
    list["items"].as_array().unwrap().iter().map(one).collect()
}

/// Store an object as it was recorded.
fn put(store: &mut Store, resource: &str, object: &Value, now: DateTime<Utc>) {
    let (namespace, name) = key(object);
    if store.get(resource, &namespace, &name).is_none() {
        store.create(resource, object.clone(), now).unwrap();
    }
    let _put = store.update(resource, &namespace, &name, |o| *o = object.clone());
}

/// The public lab's HPA, with targets of 80 % of cpu and of memory.
#[test]
fn the_hpa_decides_as_the_recorded_real_controller_did() {
    // Its syncs were at :28.05, :43.07 …; the model's first sync is 15 s after it finds the HPA.
    decides_alike(include_str!("../../data/scale.jsonl"), "2026-11-24T00:31:13.100Z", &[1, 2, 4, 2, 1]);
}

/// 50 % of cpu and 400Mi of memory on average, two to six replicas, up by policies of pods and percent after a window of
/// 15 s, down by half in 60 s.
#[test]
fn the_hpa_decides_alike_under_policies_and_windows() {
    let sizes = [2, 3, 4, 5, 6, 3, 2];
    decides_alike(include_str!("../../data/scale-policies.jsonl"), "2026-11-25T02:46:09.300Z", &sizes);
}

/// Replays what the recorded controller saw to the model's, from `first` on, and compares their decisions.
fn decides_alike(recording: &str, first: &str, sizes: &[i64]) {
    let lines: Vec<Value> = recording.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let first: DateTime<Utc> = first.parse().unwrap();
    let end = (time(&lines[lines.len() - 1]["at"]).unwrap() - first).num_milliseconds() + 3000;
    let listed = time(&lines[0]["at"]).unwrap() + TimeDelta::seconds(1);
    let before = lines.iter().take_while(|l| time(&l["at"]).unwrap() < listed).count();
    let (mut store, mut events, mut controller) = (Store::new(1), Default::default(), HpaController::new(1));
    let (mut ours, mut real) = (Vec::new(), Vec::new());
    let lists = lines.iter().filter(|l| l["feed"] == "podmetrics");
    let all: Vec<PodSample> = lists.flat_map(|l| samples(&l["list"])).collect();
    let (mut real_events, mut next) = (Vec::new(), 0);
    let (mut size_before, mut status) = (1, json!(null));
    for t in (0..end).step_by(50) {
        let now = first + TimeDelta::milliseconds(t);
        // The results of the real decisions are replayed a little late, as ours come up to 0.2 s after them.
        let shown = now - TimeDelta::milliseconds(400);
        while let Some(line) = lines.get(next).filter(|l| time(&l["at"]).unwrap() <= shown || t == 0 && next < before) {
            next += 1;
            let object = &line["event"]["object"];
            let gone = line["event"]["type"] == "DELETED";
            match line["feed"].as_str().unwrap() {
                "pods" if gone => drop(store.delete("pods", &key(object).0, &key(object).1)),
                "pods" => put(&mut store, "pods", object, now),
                // The target and the HPA only start as recorded; the model changes them.
                "deployment" if store.list("deployments", None).next().is_none() => {
                    put(&mut store, "deployments", object, now)
                }
                "hpa" => {
                    let desired = object["status"]["desiredReplicas"].as_i64().unwrap();
                    if real.last().is_none_or(|(_, last)| *last != desired) {
                        real.push((now, desired));
                    }
                    if store.list("horizontalpodautoscalers", None).next().is_none() {
                        put(&mut store, "horizontalpodautoscalers", object, now);
                    }
                }
                "events" if object["reason"] == "SuccessfulRescale" => real_events.push(object["message"].clone()),
                _ => {}
            }
        }
        // metrics-server has a sample within a second of its scrape; the recording polled up to five seconds later.
        let known = || -> Result<Vec<PodSample>, String> {
            let mut latest: BTreeMap<&str, &PodSample> = BTreeMap::new();
            all.iter().filter(|s| s.at + TimeDelta::seconds(1) <= now).for_each(|s| {
                latest.insert(&s.pod, s);
            });
            Ok(latest.into_values().cloned().collect())
        };
        controller.step(&mut store, &mut events, &known, now, t);
        let size = store.list("deployments", None).next().unwrap()["spec"]["replicas"].as_i64().unwrap();
        if size != size_before || ours.is_empty() {
            ours.push((now, size));
        }
        size_before = size;
        status = store.list("horizontalpodautoscalers", None).next().unwrap()["status"].clone();
    }
    println!("real {real:?}\nours {ours:?}");
    assert_eq!(real.iter().map(|r| r.1).collect::<Vec<_>>(), sizes);
    assert_eq!(ours.iter().map(|r| r.1).collect::<Vec<_>>(), sizes);
    for (ours, real) in ours.iter().zip(&real).skip(1) {
        assert!((ours.0 - real.0).abs() < TimeDelta::seconds(3), "{ours:?} {real:?}");
    }
    let all = store.list("events", None).filter(|e| e["reason"] == "SuccessfulRescale");
    let mut ours: Vec<_> = all.map(|e| (e["firstTimestamp"].to_string(), e["message"].clone())).collect();
    ours.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(ours.into_iter().map(|e| e.1).collect::<Vec<_>>(), real_events);
    // The last conditions are equal word for word; only the first transition times lie before the recording.
    let last = lines.iter().rev().find(|l| l["feed"] == "hpa").unwrap();
    let words = |s: &Value| -> Vec<Value> {
        let all = s["conditions"].as_array().unwrap().iter();
        all.map(|c| json!([c["type"], c["status"], c["reason"], c["message"]])).collect()
    };
    let real = &last["event"]["object"]["status"];
    assert_eq!(words(&status), words(real));
    assert_eq!(status["currentMetrics"], real["currentMetrics"]);
}

/// One gateway under the load of the real one.
struct Bench {
    gateway: BTreeMap<Key, Gateway>,
    elastic: Option<ElasticNode>,
    streams: DataStreams,
    agent: Option<Agent>,
    agents: scenario::Agents,
    rng: Rng,
    t: Ms,
    rss: Vec<f64>,
    queues: Vec<usize>,
    flights: Vec<usize>,
}

fn at(t: Ms) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_800_000_000_000 + t).unwrap()
}

fn process() -> Process {
    Process::of(&json!({"spec": {"containers": [{"resources": {"limits": {"cpu": "2"}}}]}}), 0)
}

fn bench(batch: (u64, i64), limiter: (u32, u32), agent: bool) -> Bench {
    let base = Scenario::shipped("guide").unwrap();
    let settings = scenario::GatewaySettings {
        cost: 1.0,
        idle_memory: Quantity::of("39Mi"),
        idle_cpu: Quantity::of("2m"),
        startup: Dur::millis(200),
        batch: Batch { size: batch.0, timeout: Dur::seconds(batch.1) },
        memory_limiter: MemoryLimiter { limit_mib: limiter.0, spike_mib: limiter.1 },
        connections: scenario::Connections::Sticky,
        ..base.gateway
    };
    // The simulated Elasticsearch delays each request on its own: it has a thread for every one.
    let es = scenario::Elasticsearch {
        threads: 400,
        docs_per_second: 100_000,
        overhead: Dur::millis(45),
        heap: Quantity::of("64Gi"),
        ..base.elasticsearch
    };
    let at = ("ns".to_owned(), "gateway-0".to_owned());
    let agents = scenario::Agents { batch: Batch { size: 1000, timeout: Dur::seconds(1) }, ..base.agents };
    Bench {
        gateway: [(at, Gateway::new(process(), &settings, 0))].into(),
        elastic: Some(ElasticNode::new(process(), &es, 1)),
        streams: DataStreams::new(&base.logs, 1),
        agent: agent.then(|| Agent::new(process(), "node", false, 1, 1000, 0)),
        agents,
        rng: Rng::new(1, 1),
        t: 0,
        rss: Vec::new(),
        queues: Vec::new(),
        flights: Vec::new(),
    }
}

impl Bench {
    fn one(&self) -> &Gateway {
        self.gateway.values().next().unwrap()
    }

    fn set_faults(&mut self, faults: ElasticFaults) {
        self.elastic.as_mut().unwrap().faults = faults;
    }

    /// Run with `rate` items a second of each signal.
    fn run(&mut self, seconds: i64, rate: u64) {
        let kinds = [ItemKind::Span, ItemKind::AppPoint, ItemKind::Log];
        self.rss.clear();
        self.queues.clear();
        self.flights.clear();
        for step in 0..seconds * 5 {
            self.t += 200;
            let (t, now) = (self.t, at(self.t));
            let ready: Vec<Key> = self.gateway.keys().cloned().collect();
            for (signal, kind) in SIGNALS.into_iter().zip(kinds) {
                let items = Items::of(kind, rate / 5);
                match &mut self.agent {
                    Some(agent) => agent.receive(&items, t),
                    None if rate > 0 => {
                        for g in self.gateway.values_mut() {
                            let _verdict = g.offer(0, signal, &items, t);
                        }
                    }
                    None => {}
                }
            }
            if let Some(agent) = &mut self.agent {
                let settings = self.gateway.values().next().unwrap().settings().clone();
                let mut tier = GatewayTier { gateways: &mut self.gateway, ready: &ready, t };
                agent.step((&self.agents, &settings), &mut tier, &mut self.rng, now, t, 0.2);
            }
            if let Some(elastic) = &mut self.elastic {
                elastic.step(&mut self.streams, now, t, 0.2);
            }
            self.gateway.values_mut().for_each(|g| g.step(&mut self.elastic, now, t, 0.2));
            if step % 25 == 24 {
                let g = self.gateway.values().next().unwrap();
                self.rss.push(g.heap.rss / 1048576.0);
                self.queues.push(g.pipelines.iter().map(|l| l.size).sum());
                self.flights.push(g.pipelines.iter().map(|l| l.in_flight()).sum());
            }
        }
    }

    fn sum(&self, of: fn(&edot_tui::lab::model::flow::exporter_pipeline::SignalPipeline) -> u64) -> u64 {
        self.one().pipelines.iter().map(of).sum()
    }
}

fn range(all: &[f64]) -> (f64, f64) {
    (all.iter().copied().fold(f64::INFINITY, f64::min), all.iter().copied().fold(0.0, f64::max))
}

/// Rows of a figure: name, measured value, the model's value, the largest allowed difference.
struct Compared(Vec<(String, f64, f64, f64)>);

impl Compared {
    fn row(&mut self, what: &str, real: f64, ours: f64, within: f64) {
        self.0.push((what.to_owned(), real, ours, within));
    }
}

#[test]
fn the_collector_is_close_to_the_real_one() {
    let mut table = Compared(Vec::new());

    let mut b = bench((8192, 5), (1024, 256), false);
    b.run(10, 0);
    table.row("idle: RSS, MiB", 39.0, b.one().heap.rss / 1048576.0, 8.0);

    let before = b.one().process.core_seconds;
    b.run(40, 3000);
    table.row("3000/s a signal: share of a core, %", 14.0, (b.one().process.core_seconds - before) / 40.0 * 100.0, 2.0);
    let (low, high) = range(&b.rss[1..]);
    table.row("3000/s a signal: RSS at least, MiB", 72.0, low, 16.0);
    table.row("3000/s a signal: RSS at most, MiB", 101.0, high, 16.0);
    table.row("3000/s a signal: queue at most (3 signals)", 5.0, *b.queues.iter().max().unwrap() as f64, 3.0);
    let bulk: u64 = b.one().outcomes.requests.values().map(|r| r.0).sum();
    table.row("3000/s a signal: bulk requests a second", 1.7, bulk as f64 / 40.0, 0.5);
    b.run(20, 0);
    table.row("20 s after: RSS, MiB", 93.0, b.one().heap.rss / 1048576.0, 30.0);
    table.row("20 s after: accepted less sent", 0.0, (b.sum(|l| l.accepted) - b.sum(|l| l.sent)) as f64, 0.0);

    let mut b = bench((8192, 5), (1024, 256), false);
    b.run(12, 1000);
    b.set_faults(ElasticFaults { slow_ms: 8000, ..ElasticFaults::default() });
    b.run(35, 1000);
    let mean = |all: &[usize]| all[1..].iter().sum::<usize>() as f64 / (all.len() - 1) as f64;
    table.row("8 s a bulk request, 1000/s: queue, mean (3 signals)", 7.4, mean(&b.queues), 3.0);
    table.row("8 s a bulk request, 1000/s: in flight, mean", 4.7, mean(&b.flights), 3.0);
    table.row(
        "8 s a bulk request: refused and failed",
        0.0,
        (b.sum(|l| l.refused) + b.sum(|l| l.send_failed)) as f64,
        0.0,
    );

    let mut b = bench((1000, 1), (1024, 256), true);
    b.run(20, 1500);
    b.set_faults(ElasticFaults { slow_ms: 45_000, ..ElasticFaults::default() });
    b.run(12, 1500);
    table.row(
        "45 s a bulk request, 1000/1 s: queue after 12 s (3 signals)",
        30.0,
        *b.queues.last().unwrap() as f64,
        0.0,
    );
    let accepted = b.sum(|l| l.accepted);
    let queue = |b: &Bench| b.agent.as_ref().unwrap().pipelines.iter().map(|l| l.size()).sum::<usize>() as f64;
    let waiting = queue(&b);
    b.run(25, 1500);
    table.row("  then accepted in 25 s", 0.0, (b.sum(|l| l.accepted) - accepted) as f64, 0.0);
    table.row("  agent's queue, requests a second (3 signals)", 4.5, (queue(&b) - waiting) / 25.0, 1.0);
    table.row("  gateway's RSS after 40 s, MiB", 150.0, b.one().heap.rss / 1048576.0, 45.0);
    table.row("  refused and failed", 0.0, (b.sum(|l| l.refused) + b.sum(|l| l.send_failed)) as f64, 0.0);
    b.set_faults(ElasticFaults::default());
    b.run(20, 1500);
    let sent: u64 = b.agent.as_ref().unwrap().pipelines.iter().map(|l| l.sent).sum();
    let twice = b.sum(|l| l.accepted) - sent;
    table.row("  duplicates once it is quick again, thousands", 32.0, twice as f64 / 1000.0, 60.0);
    assert!(twice > 0, "what a blocked gateway holds is sent twice");
    assert!(b.one().pipelines[Signal::Traces as usize].size < 10);

    for (what, faults) in [
        ("429 on whole requests", ElasticFaults { refuses: true, ..ElasticFaults::default() }),
        ("no Elasticsearch", ElasticFaults { down: true, ..ElasticFaults::default() }),
    ] {
        let mut b = bench((8192, 5), (1024, 256), false);
        b.run(12, 1000);
        let sent = b.sum(|l| l.sent);
        b.set_faults(faults);
        b.run(30, 1000);
        // Measured: 94 000 to 95 000 items lost in 30 s: the 90 000 offered, and those in flight.
        table.row(&format!("{what}: lost in 30 s, thousands"), 95.0, b.sum(|l| l.send_failed) as f64 / 1000.0, 20.0);
        table.row(&format!("{what}: queue at most (3 signals)"), 2.0, *b.queues.iter().max().unwrap() as f64, 2.0);
        table.row(&format!("{what}: sent meanwhile"), 0.0, (b.sum(|l| l.sent) - sent) as f64, 0.0);
        table.row(&format!("{what}: refused to the sender"), 0.0, b.sum(|l| l.refused) as f64, 0.0);
    }

    // Items of 2.4 kB at 3000/s have the bytes of 10 500/s of the usual size.
    let mut b = bench((8192, 5), (70, 20), false);
    b.set_faults(ElasticFaults { slow_ms: 4000, ..ElasticFaults::default() });
    b.run(30, 10_500);
    let (refused, accepted) = (b.sum(|l| l.refused) as f64, b.sum(|l| l.accepted) as f64);
    table.row("memory_limiter 70/20 MiB: refused, %", 61.0, refused / (refused + accepted) * 100.0, 20.0);
    let (_, high) = range(&b.rss);
    table.row("memory_limiter 70/20 MiB: RSS at most, MiB", 125.0, high, 35.0);

    for (what, real, ours, within) in &table.0 {
        println!(
            "{what:62} real {real:8.1}  model {ours:8.1}  within {within:5.1} {}",
            if (real - ours).abs() <= *within { "" } else { "  <<<" }
        );
    }
    let far: Vec<_> = table.0.iter().filter(|(_, real, ours, within)| (real - ours).abs() > *within).collect();
    assert!(far.is_empty(), "{far:#?}");
}
