//! Runs a scenario of the lab's model in simulated time, starts the load as a user would, and samples the run.

use chrono::{DateTime, TimeDelta, Utc};
use edot_tui::lab::model::{Lab, Time, setup};
use edot_tui::lab::scenario::Scenario;
use serde_json::Value;

/// The figures at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Seconds since the load was started.
    pub s: i64,
    pub replicas: i64,
    pub ready: usize,
    /// From the HPA's status; None when it has no value.
    pub cpu: Option<i64>,
    pub memory: Option<i64>,
    pub accepted: u64,
    pub refused: u64,
    pub sent: u64,
    pub send_failed: u64,
    /// Sum over all gateways and signals.
    pub queue: usize,
    pub agents_queue: usize,
    pub agents_lost: u64,
    pub documents: u64,
    pub users: u32,
    pub iterations: u64,
    /// Accepted by each gateway, in order of their names.
    pub shares: Vec<u64>,
    pub restarts: i64,
}

/// A finished run.
pub struct ScenarioRun {
    pub lab: Lab,
    pub rows: Vec<Row>,
}

pub const NS: &str = "observability-lab";

pub fn start() -> DateTime<Utc> {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

/// Half a minute idle, then the load for `seconds` (the scenario's length when None).
pub fn run_scenario(scenario: &Scenario, seed: u64, seconds: Option<i64>) -> ScenarioRun {
    let mut lab = Lab::new(scenario, seed, start());
    let began = start() + TimeDelta::seconds(30);
    lab.advance(began);
    if scenario.load.start.is_none() {
        lab.store.create("jobs", setup::job(), began).unwrap();
    }
    let mut rows = vec![row(&lab, began)];
    let end = seconds.unwrap_or(scenario.length.ms() / 1000);
    for s in (5..=end).step_by(5) {
        lab.advance(began + TimeDelta::seconds(s));
        rows.push(row(&lab, began));
    }
    ScenarioRun { lab, rows }
}

pub fn shipped(name: &str) -> ScenarioRun {
    run_scenario(&Scenario::shipped(name).unwrap(), 7, None)
}

fn row(lab: &Lab, began: Time) -> Row {
    let deployment = lab.store.get("deployments", NS, "edot-gateway").unwrap();
    let hpa = lab.store.get("horizontalpodautoscalers", NS, "edot-gateway-hpa");
    let metric = |place: usize| {
        hpa.and_then(|h| h["status"]["currentMetrics"][place]["resource"]["current"]["averageUtilization"].as_i64())
    };
    let flow = lab.flow();
    let lines = || flow.gateways.values().flat_map(|g| &g.pipelines);
    let agents = || flow.agents.values().flat_map(|a| &a.pipelines);
    let documents = flow.streams.all.values().flat_map(|s| &s.indices).map(|i| i.documents).sum();
    let runs = || flow.runs.values();
    let pods = lab.store.list("pods", Some(NS)).filter(|p| p["metadata"]["labels"]["app"] == "edot-gateway");
    Row {
        s: (lab.now() - began).num_seconds(),
        replicas: deployment["spec"]["replicas"].as_i64().unwrap(),
        ready: deployment["status"]["readyReplicas"].as_u64().unwrap_or(0) as usize,
        cpu: metric(0),
        memory: metric(1),
        accepted: lines().map(|l| l.accepted).sum(),
        refused: lines().map(|l| l.refused).sum(),
        sent: lines().map(|l| l.sent).sum(),
        send_failed: lines().map(|l| l.send_failed).sum(),
        queue: lines().map(|l| l.size).sum(),
        agents_queue: agents().map(|l| l.size()).sum(),
        agents_lost: agents().map(|l| l.enqueue_failed + l.send_failed).sum(),
        documents,
        users: runs().map(|r| r.figures.users).sum(),
        iterations: runs().map(|r| r.figures.iterations).sum(),
        shares: flow.gateways.values().map(|g| g.pipelines.iter().map(|l| l.accepted).sum()).collect(),
        restarts: pods.map(|p| p["status"]["containerStatuses"][0]["restartCount"].as_i64().unwrap_or(0)).sum(),
    }
}

impl ScenarioRun {
    /// The sequence of the gateway's sizes, without repeats.
    pub fn sizes(&self) -> Vec<i64> {
        let mut sizes: Vec<i64> = self.rows.iter().map(|r| r.replicas).collect();
        sizes.dedup();
        sizes
    }

    /// The first second from `from` on at which a condition holds.
    pub fn when(&self, from: i64, is: impl Fn(&Row) -> bool) -> Option<i64> {
        self.rows.iter().find(|r| r.s >= from && is(r)).map(|r| r.s)
    }

    pub fn at(&self, s: i64) -> &Row {
        self.rows.iter().rev().find(|r| r.s <= s).unwrap()
    }

    /// The maximum of a figure.
    pub fn most<T: Ord>(&self, of: impl Fn(&Row) -> T) -> T {
        self.rows.iter().map(of).max().unwrap()
    }

    pub fn last(&self) -> &Row {
        self.rows.last().unwrap()
    }

    /// The messages of events with a reason.
    pub fn events(&self, reason: &str) -> Vec<String> {
        let all = self.lab.store.list("events", None).filter(|e| e["reason"] == reason);
        all.map(|e| e["message"].as_str().unwrap().to_owned()).collect()
    }

    pub fn condition(&self, kind: &str) -> Value {
        let hpa = self.lab.store.get("horizontalpodautoscalers", NS, "edot-gateway-hpa").unwrap();
        let all = hpa["status"]["conditions"].as_array().unwrap();
        all.iter().find(|c| c["type"] == kind).cloned().unwrap_or_default()
    }

    /// The run as a table, for failure messages.
    pub fn table(&self) -> String {
        let mut out = String::from(
            "    s  repl ready  cpu%  mem%  users   it   accepted  refused     sent   failed  q  agentq  lost  docs  restarts shares\n",
        );
        for r in self.rows.iter().filter(|r| r.s % 15 == 0) {
            let percent = |p: Option<i64>| p.map_or("-".into(), |p| p.to_string());
            out += &format!(
                "{:5} {:5} {:5} {:>5} {:>5} {:6} {:6} {:9} {:8} {:9} {:8} {:3} {:6} {:5} {:8} {:3} {:?}\n",
                r.s,
                r.replicas,
                r.ready,
                percent(r.cpu),
                percent(r.memory),
                r.users,
                r.iterations,
                r.accepted,
                r.refused,
                r.sent,
                r.send_failed,
                r.queue,
                r.agents_queue,
                r.agents_lost,
                r.documents,
                r.restarts,
                r.shares
            );
        }
        out
    }
}
