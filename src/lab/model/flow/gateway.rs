//! A gateway collector: OTLP in, memory_limiter, batch, Elasticsearch out. CPU comes from items, memory from what it
//! holds; a request that it cannot take waits in the receiver.

use super::elastic::{Elastic, Outcome, Outcomes};
use super::heap::Heap;
use super::items::{Items, Kind, SIGNALS, Signal};
use super::line::Line;
use super::process::Process;
use crate::lab::model::objects::Key;
use crate::lab::model::params::{
    APM_FLUSH_MS, APM_POINTS, BYTES_PER_ITEM, GATEWAY_CORE_S_PER_ITEM, LIMITER_MS, MIB, RECEIVING,
};
use crate::lab::model::{Ms, Time};
use crate::lab::scenario;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    /// Retryable: memory_limiter.
    Refused,
    /// No answer yet; `answered` tells.
    Held,
    /// Nobody listens.
    Unreachable,
}

/// The gateways as an agent meets them.
pub struct Tier<'a> {
    pub gateways: &'a mut BTreeMap<Key, Gateway>,
    /// Those that take new connections.
    pub ready: &'a [Key],
    pub t: Ms,
}

impl Tier<'_> {
    pub fn offer(&mut self, to: &Key, ticket: u64, signal: Signal, items: &Items) -> Verdict {
        let t = self.t;
        self.gateways.get_mut(to).map_or(Verdict::Unreachable, |gateway| gateway.offer(ticket, signal, items, t))
    }

    /// Whether a held request was taken; None when the gateway is gone.
    pub fn answered(&mut self, by: &Key, ticket: u64) -> Option<bool> {
        self.gateways.get_mut(by).map(|gateway| gateway.answered(ticket))
    }

    pub fn gave_up(&mut self, by: &Key, ticket: u64) {
        if let Some(gateway) = self.gateways.get_mut(by) {
            gateway.gave_up(ticket);
        }
    }
}

#[derive(Debug, Clone)]
struct Waiting {
    ticket: u64,
    signal: Signal,
    items: Items,
}

#[derive(Debug, Clone)]
pub struct Gateway {
    pub process: Process,
    pub lines: [Line; 3],
    pub outcomes: Outcomes,
    pub heap: Heap,
    pub refusing: bool,
    settings: scenario::Gateway,
    waiting: VecDeque<Waiting>,
    answered: BTreeSet<u64>,
    /// Core-seconds of work taken in and not done.
    debt: f64,
    checked: Ms,
    apm_spans: u64,
    apm_flushed: Ms,
    taken: u64,
    told_drop: Ms,
    told_refusal: bool,
}

impl Gateway {
    pub fn new(process: Process, settings: &scenario::Gateway, t: Ms) -> Self {
        Gateway {
            process,
            lines: Default::default(),
            outcomes: Outcomes::default(),
            heap: Heap::new(settings.idle_memory.units()),
            refusing: false,
            settings: settings.clone(),
            waiting: VecDeque::new(),
            answered: BTreeSet::new(),
            debt: 0.0,
            checked: t,
            apm_spans: 0,
            apm_flushed: t,
            taken: 0,
            told_drop: t - 60_000,
            told_refusal: false,
        }
    }

    pub fn listens(&self, t: Ms) -> bool {
        t - self.process.started >= self.settings.startup.ms()
            && self.process.exit.is_none()
            && self.process.terminated.is_none()
    }

    pub fn settings(&self) -> &scenario::Gateway {
        &self.settings
    }

    /// A request of one signal comes.
    pub fn offer(&mut self, ticket: u64, signal: Signal, items: &Items, t: Ms) -> Verdict {
        if !self.listens(t) {
            return Verdict::Unreachable;
        }
        if self.refusing {
            self.lines[signal as usize].refused += items.total();
            return Verdict::Refused;
        }
        if self.can_take(signal) {
            self.take(signal, items, t);
            return Verdict::Accepted;
        }
        self.waiting.push_back(Waiting { ticket, signal, items: *items });
        Verdict::Held
    }

    /// Whether a held request was taken meanwhile.
    pub fn answered(&mut self, ticket: u64) -> bool {
        self.answered.remove(&ticket)
    }

    /// The client gave up waiting; the request itself stays where it is, and is taken later all the same.
    pub fn gave_up(&mut self, ticket: u64) {
        self.waiting.iter_mut().filter(|w| w.ticket == ticket).for_each(|w| w.ticket = 0);
    }

    fn can_take(&self, signal: Signal) -> bool {
        // Half a second of work in hand: the rest waits for the CPU.
        let busy = self.debt > self.process.cores.min(64.0) * 0.5;
        !busy && !self.lines[signal as usize].is_blocked()
    }

    fn take(&mut self, signal: Signal, items: &Items, t: Ms) {
        self.lines[signal as usize].take(items, t);
        self.taken += items.total();
        self.debt += items.total() as f64 * self.core_seconds(signal) * RECEIVING;
        if signal == Signal::Traces {
            self.apm_spans += items.total();
        }
    }

    fn core_seconds(&self, signal: Signal) -> f64 {
        let cost = self.settings.cost.max(0.1);
        GATEWAY_CORE_S_PER_ITEM * if signal == Signal::Traces { cost } else { cost.sqrt() }
    }

    /// Bytes of bulk JSON that it holds.
    pub fn held_bytes(&self) -> f64 {
        let waiting: u64 = self.waiting.iter().map(|w| w.items.total()).sum();
        (self.lines.iter().map(Line::held).sum::<u64>() + waiting) as f64 * BYTES_PER_ITEM
    }

    pub fn step(&mut self, elastic: &mut Option<Elastic>, now: Time, t: Ms, dt: f64) {
        if t - self.process.started < self.settings.startup.ms() {
            // Starting: the binary is read and the pipelines are built.
            self.process.work(0.45 * dt, dt);
            self.settle(dt);
            return;
        }
        self.limiter(now, t);
        for _ in 0..self.waiting.len() {
            let Some(next) = self.waiting.pop_front() else { break };
            if self.refusing || !self.can_take(next.signal) {
                self.waiting.push_back(next);
                continue;
            }
            self.take(next.signal, &next.items, t);
            if next.ticket != 0 {
                self.answered.insert(next.ticket);
            }
        }
        self.apm(t);
        let drain = self.process.terminated.is_some();
        for signal in SIGNALS {
            let line = &mut self.lines[signal as usize];
            let done = line.step(&self.settings.batch, &self.settings.queue, elastic, &mut self.outcomes, drain, t);
            self.debt += done.encoded as f64 * self.core_seconds(signal) * (1.0 - RECEIVING);
            if let Some((items, why)) = done.dropped {
                self.tell_drop(signal, items, why, now, t);
            }
        }
        let idle = self.settings.idle_cpu.units() * dt;
        let done = self.process.work(self.debt + idle, dt);
        self.debt = (self.debt - (done - idle).max(0.0)).max(0.0);
        self.settle(dt);
        if drain && self.lines.iter().all(Line::is_empty) {
            self.process.say(now, self.line(now, "info", "Shutdown complete."));
            self.process.end(0);
        }
    }

    fn settle(&mut self, dt: f64) {
        let items = std::mem::take(&mut self.taken) as f64;
        self.heap.step(items, self.held_bytes(), dt);
        self.process.hold(self.heap.rss);
    }

    /// memory_limiter looks once a second.
    fn limiter(&mut self, now: Time, t: Ms) {
        if t - self.checked < LIMITER_MS {
            return;
        }
        self.checked = t;
        let limiter = &self.settings.memory_limiter;
        let soft = f64::from(limiter.limit_mib.saturating_sub(limiter.spike_mib)) * MIB;
        self.refusing = self.heap.alloc > soft;
        if self.refusing != self.told_refusal {
            self.told_refusal = self.refusing;
            let mib = (self.heap.alloc / MIB) as u64;
            let text = match self.refusing {
                true => format!("Memory usage is above soft limit. Refusing data.\t{{\"cur_mem_mib\": {mib}}}"),
                false => {
                    format!("Memory usage back within limits. Resuming normal operation.\t{{\"cur_mem_mib\": {mib}}}")
                }
            };
            let level = if self.refusing { "warn" } else { "info" };
            self.process.say(now, self.line(now, level, &text));
        }
    }

    /// The elasticapm connector's aggregates.
    fn apm(&mut self, t: Ms) {
        if t - self.apm_flushed >= APM_FLUSH_MS {
            self.apm_flushed = t;
            if self.settings.cost > 1.0 && std::mem::take(&mut self.apm_spans) > 0 {
                self.lines[Signal::Metrics as usize].put(&Items::of(Kind::ApmPoint, APM_POINTS), t);
            }
        }
    }

    fn tell_drop(&mut self, signal: Signal, items: u64, why: Outcome, now: Time, t: Ms) {
        if t - self.told_drop < 1000 {
            return;
        }
        self.told_drop = t;
        let error = match why {
            Outcome::TooMany => {
                "flush failed (429): [es_rejected_execution_exception] rejected execution of coordinating operation"
            }
            Outcome::Unavailable => "flush failed (503): Service Unavailable",
            _ => "dial tcp 10.43.12.7:9200: connect: connection refused",
        };
        let text = format!(
            "Exporting failed. Dropping data.\t{{\"otelcol.component.id\": \"elasticsearch/otel\", \"otelcol.signal\": \"{}\", \"error\": \"{error}\", \"dropped_items\": {items}}}",
            signal.name()
        );
        self.process.say(now, self.line(now, "error", &text));
    }

    /// A line as the collector's console encoder writes it.
    fn line(&self, now: Time, level: &str, text: &str) -> String {
        format!("{}\t{level}\t{text}", now.format("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }

    /// What it says when it starts.
    pub fn greet(&mut self, now: Time) {
        let version = self.settings.version.clone();
        let lines = [
            format!("Starting elastic-agent...\t{{\"Version\": \"{version}\", \"NumCPU\": 4}}"),
            "Starting extensions...".to_owned(),
            "Starting GRPC server\t{\"otelcol.component.id\": \"otlp\", \"otelcol.component.kind\": \"receiver\", \"endpoint\": \"0.0.0.0:4317\"}".to_owned(),
            "Everything is ready. Begin running and processing data.".to_owned(),
        ];
        for line in lines {
            let line = self.line(now, "info", &line);
            self.process.say(now, line);
        }
    }
}
