//! A gateway collector: OTLP receiver, memory_limiter, batch, Elasticsearch exporter. Its CPU follows the items, its
//! memory what it holds; a request that the pipeline cannot take waits in the receiver.

use super::bulk_indexing::{BulkCounters, BulkOutcome, ElasticNode};
use super::exporter_pipeline::SignalPipeline;
use super::heap::Heap;
use super::items::{ItemKind, Items, SIGNALS, Signal};
use super::process::Process;
use crate::lab::model::objects::Key;
use crate::lab::model::params::{
    APM_FLUSH_MS, APM_POINTS, BYTES_PER_ITEM, GATEWAY_CORE_S_PER_ITEM, LIMITER_MS, MIB, RECEIVING,
};
use crate::lab::model::{Ms, Time};
use crate::lab::scenario;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The immediate result of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Accepted,
    /// Retryable: memory_limiter.
    Refused,
    /// No response yet; ask `was_accepted`.
    Held,
    /// Not listening.
    Unreachable,
}

/// The gateways as an agent sees them.
pub struct GatewayTier<'a> {
    pub gateways: &'a mut BTreeMap<Key, Gateway>,
    /// The gateways that accept new connections.
    pub ready: &'a [Key],
    pub t: Ms,
}

impl GatewayTier<'_> {
    pub fn offer(&mut self, to: &Key, ticket: u64, signal: Signal, items: &Items) -> Admission {
        let t = self.t;
        self.gateways.get_mut(to).map_or(Admission::Unreachable, |gateway| gateway.offer(ticket, signal, items, t))
    }

    /// Whether a held request was accepted since; None when the gateway is gone.
    pub fn was_accepted(&mut self, by: &Key, ticket: u64) -> Option<bool> {
        self.gateways.get_mut(by).map(|gateway| gateway.was_accepted(ticket))
    }

    pub fn gave_up(&mut self, by: &Key, ticket: u64) {
        if let Some(gateway) = self.gateways.get_mut(by) {
            gateway.gave_up(ticket);
        }
    }
}

#[derive(Debug, Clone)]
struct HeldRequest {
    ticket: u64,
    signal: Signal,
    items: Items,
}

#[derive(Debug, Clone)]
pub struct Gateway {
    pub process: Process,
    pub pipelines: [SignalPipeline; 3],
    pub outcomes: BulkCounters,
    pub heap: Heap,
    pub refusing: bool,
    settings: scenario::GatewaySettings,
    waiting: VecDeque<HeldRequest>,
    accepted: BTreeSet<u64>,
    /// Core-seconds of work that is accepted and not done.
    backlog: f64,
    checked: Ms,
    apm_spans: u64,
    apm_flushed: Ms,
    items_taken: u64,
    /// When a drop was last logged.
    drop_logged: Ms,
    /// Whether the log says that it refuses.
    refusal_logged: bool,
}

impl Gateway {
    pub fn new(process: Process, settings: &scenario::GatewaySettings, t: Ms) -> Self {
        Gateway {
            process,
            pipelines: Default::default(),
            outcomes: BulkCounters::default(),
            heap: Heap::new(settings.idle_memory.units()),
            refusing: false,
            settings: settings.clone(),
            waiting: VecDeque::new(),
            accepted: BTreeSet::new(),
            backlog: 0.0,
            checked: t,
            apm_spans: 0,
            apm_flushed: t,
            items_taken: 0,
            drop_logged: t - 60_000,
            refusal_logged: false,
        }
    }

    pub fn listens(&self, t: Ms) -> bool {
        t - self.process.started >= self.settings.startup.ms()
            && self.process.exit.is_none()
            && self.process.terminated.is_none()
    }

    pub fn settings(&self) -> &scenario::GatewaySettings {
        &self.settings
    }

    /// Receive a request of one signal.
    pub fn offer(&mut self, ticket: u64, signal: Signal, items: &Items, t: Ms) -> Admission {
        if !self.listens(t) {
            return Admission::Unreachable;
        }
        if self.refusing {
            self.pipelines[signal as usize].refused += items.total();
            return Admission::Refused;
        }
        if self.can_take(signal) {
            self.take(signal, items, t);
            return Admission::Accepted;
        }
        self.waiting.push_back(HeldRequest { ticket, signal, items: *items });
        Admission::Held
    }

    /// Whether a held request was accepted since; true is returned once.
    pub fn was_accepted(&mut self, ticket: u64) -> bool {
        self.accepted.remove(&ticket)
    }

    /// The client gave up waiting; the request stays, and is accepted later all the same.
    pub fn gave_up(&mut self, ticket: u64) {
        self.waiting.iter_mut().filter(|w| w.ticket == ticket).for_each(|w| w.ticket = 0);
    }

    fn can_take(&self, signal: Signal) -> bool {
        // More than half a second of work waits for the CPU.
        let busy = self.backlog > self.process.cores.min(64.0) * 0.5;
        !busy && !self.pipelines[signal as usize].is_blocked()
    }

    fn take(&mut self, signal: Signal, items: &Items, t: Ms) {
        self.pipelines[signal as usize].accept(items, t);
        self.items_taken += items.total();
        self.backlog += items.total() as f64 * self.core_seconds(signal) * RECEIVING;
        if signal == Signal::Traces {
            self.apm_spans += items.total();
        }
    }

    fn core_seconds(&self, signal: Signal) -> f64 {
        let cost = self.settings.cost.max(0.1);
        GATEWAY_CORE_S_PER_ITEM * if signal == Signal::Traces { cost } else { cost.sqrt() }
    }

    /// What it holds, in bytes of bulk JSON.
    pub fn held_bytes(&self) -> f64 {
        let waiting: u64 = self.waiting.iter().map(|w| w.items.total()).sum();
        (self.pipelines.iter().map(SignalPipeline::held).sum::<u64>() + waiting) as f64 * BYTES_PER_ITEM
    }

    pub fn step(&mut self, elastic: &mut Option<ElasticNode>, now: Time, t: Ms, dt: f64) {
        if t - self.process.started < self.settings.startup.ms() {
            // Starting up: the binary is read and the pipelines are built.
            self.process.work(0.45 * dt, dt);
            self.update_memory(dt);
            return;
        }
        self.check_memory(now, t);
        for _ in 0..self.waiting.len() {
            let Some(next) = self.waiting.pop_front() else { break };
            if self.refusing || !self.can_take(next.signal) {
                self.waiting.push_back(next);
                continue;
            }
            self.take(next.signal, &next.items, t);
            if next.ticket != 0 {
                self.accepted.insert(next.ticket);
            }
        }
        self.flush_apm(t);
        let drain = self.process.terminated.is_some();
        for signal in SIGNALS {
            let pipeline = &mut self.pipelines[signal as usize];
            let done = pipeline.step(&self.settings.batch, &self.settings.queue, elastic, &mut self.outcomes, drain, t);
            self.backlog += done.encoded as f64 * self.core_seconds(signal) * (1.0 - RECEIVING);
            if let Some((items, why)) = done.dropped {
                self.log_drop(signal, items, why, now, t);
            }
        }
        let idle = self.settings.idle_cpu.units() * dt;
        let done = self.process.work(self.backlog + idle, dt);
        self.backlog = (self.backlog - (done - idle).max(0.0)).max(0.0);
        self.update_memory(dt);
        if drain && self.pipelines.iter().all(SignalPipeline::is_empty) {
            self.process.log_line(now, self.line(now, "info", "Shutdown complete."));
            self.process.end(0);
        }
    }

    /// Update the memory.
    fn update_memory(&mut self, dt: f64) {
        let items = std::mem::take(&mut self.items_taken) as f64;
        self.heap.step(items, self.held_bytes(), dt);
        self.process.hold(self.heap.rss);
    }

    /// memory_limiter's check, once a second.
    fn check_memory(&mut self, now: Time, t: Ms) {
        if t - self.checked < LIMITER_MS {
            return;
        }
        self.checked = t;
        let limiter = &self.settings.memory_limiter;
        let soft = f64::from(limiter.limit_mib.saturating_sub(limiter.spike_mib)) * MIB;
        self.refusing = self.heap.alloc > soft;
        if self.refusing != self.refusal_logged {
            self.refusal_logged = self.refusing;
            let mib = (self.heap.alloc / MIB) as u64;
            let text = match self.refusing {
                true => format!("Memory usage is above soft limit. Refusing data.\t{{\"cur_mem_mib\": {mib}}}"),
                false => {
                    format!("Memory usage back within limits. Resuming normal operation.\t{{\"cur_mem_mib\": {mib}}}")
                }
            };
            let level = if self.refusing { "warn" } else { "info" };
            self.process.log_line(now, self.line(now, level, &text));
        }
    }

    /// Send the elasticapm connector's aggregates.
    fn flush_apm(&mut self, t: Ms) {
        if t - self.apm_flushed >= APM_FLUSH_MS {
            self.apm_flushed = t;
            if self.settings.cost > 1.0 && std::mem::take(&mut self.apm_spans) > 0 {
                self.pipelines[Signal::Metrics as usize].add(&Items::of(ItemKind::ApmPoint, APM_POINTS), t);
            }
        }
    }

    /// Log dropped items, at most once a second.
    fn log_drop(&mut self, signal: Signal, items: u64, why: BulkOutcome, now: Time, t: Ms) {
        if t - self.drop_logged < 1000 {
            return;
        }
        self.drop_logged = t;
        let error = match why {
            BulkOutcome::TooMany => {
                "flush failed (429): [es_rejected_execution_exception] rejected execution of coordinating operation"
            }
            BulkOutcome::Unavailable => "flush failed (503): Service Unavailable",
            _ => "dial tcp 10.43.12.7:9200: connect: connection refused",
        };
        let text = format!(
            "Exporting failed. Dropping data.\t{{\"otelcol.component.id\": \"elasticsearch/otel\", \"otelcol.signal\": \"{}\", \"error\": \"{error}\", \"dropped_items\": {items}}}",
            signal.name()
        );
        self.process.log_line(now, self.line(now, "error", &text));
    }

    /// A log line in the format of the collector's console encoder.
    fn line(&self, now: Time, level: &str, text: &str) -> String {
        format!("{}\t{level}\t{text}", now.format("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }

    /// Write the log lines of its startup.
    pub fn log_startup(&mut self, now: Time) {
        let version = self.settings.version.clone();
        let lines = [
            format!("Starting elastic-agent...\t{{\"Version\": \"{version}\", \"NumCPU\": 4}}"),
            "Starting extensions...".to_owned(),
            "Starting GRPC server\t{\"otelcol.component.id\": \"otlp\", \"otelcol.component.kind\": \"receiver\", \"endpoint\": \"0.0.0.0:4317\"}".to_owned(),
            "Everything is ready. Begin running and processing data.".to_owned(),
        ];
        for line in lines {
            let line = self.line(now, "info", &line);
            self.process.log_line(now, line);
        }
    }
}
