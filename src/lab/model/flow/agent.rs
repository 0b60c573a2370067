//! A collector that sends to the gateways: one on each node, and one for the cluster. It batches, queues, and keeps its
//! connections; a request that is not answered in time is sent again.

use super::gateway::{Admission, GatewayTier};
use super::heap::Heap;
use super::items::{Items, SIGNALS, Signal};
use super::process::Process;
use crate::lab::model::objects::Key;
use crate::lab::model::params::{
    AGENT_CONSUMERS, AGENT_CORE_S_PER_ITEM, BYTES_PER_ITEM, MIB, REDIAL_MS, RESOLVE_MS, RETRY_GIVE_UP_MS, RETRY_GROWTH,
    RETRY_MOST_MS, RETRY_MS,
};
use crate::lab::model::rng::Rng;
use crate::lab::model::{Ms, Time};
use crate::lab::scenario::{self, Connections};
use std::collections::VecDeque;

/// A request from the sending queue that a consumer is sending.
#[derive(Debug, Clone)]
struct ExportRequest {
    items: Items,
    first: Ms,
    tries: i32,
    state: ExportState,
}

#[derive(Debug, Clone)]
enum ExportState {
    /// Until its next attempt.
    Waiting { until: Ms },
    /// A gateway has not answered it yet.
    Held { by: Key, ticket: u64, since: Ms },
}

#[derive(Debug, Clone, Default)]
pub struct AgentPipeline {
    pending: Items,
    pending_since: Option<Ms>,
    queue: VecDeque<Items>,
    requests: Vec<ExportRequest>,
    pub accepted: u64,
    pub sent: u64,
    pub send_failed: u64,
    pub enqueue_failed: u64,
    pub batches: (u64, u64, u64),
}

impl AgentPipeline {
    pub fn in_flight(&self) -> usize {
        self.requests.len()
    }

    /// Requests in the queue, including those that consumers are sending.
    pub fn size(&self) -> usize {
        self.queue.len() + self.requests.len()
    }

    fn held(&self) -> u64 {
        let queued: u64 = self.queue.iter().map(Items::total).sum();
        self.pending.total() + queued + self.requests.iter().map(|r| r.items.total()).sum::<u64>()
    }
}

#[derive(Debug, Clone)]
pub struct Agent {
    pub process: Process,
    pub node: String,
    /// Whether it collects for the cluster instead of its node.
    pub of_cluster: bool,
    pub pipelines: [AgentPipeline; 3],
    pub heap: Heap,
    /// The gateways it is connected to; several with round_robin.
    pub connections: Vec<Key>,
    connected: Ms,
    resolved: Ms,
    /// Each signal has its own round-robin picker.
    turn: [usize; 3],
    ticket: u64,
    received: u64,
    capacity: usize,
}

impl Agent {
    pub fn new(process: Process, node: &str, of_cluster: bool, number: u64, capacity: usize, t: Ms) -> Self {
        Agent {
            process,
            node: node.to_owned(),
            of_cluster,
            pipelines: Default::default(),
            heap: Heap::new(78.0 * MIB),
            connections: Vec::new(),
            connected: t,
            resolved: t,
            turn: [0, 1, 2],
            ticket: number << 40,
            received: 0,
            capacity,
        }
    }

    /// How many requests its queue holds at most, per signal.
    pub fn queue_capacity(&self) -> usize {
        self.capacity
    }

    /// Receive telemetry.
    pub fn receive(&mut self, items: &Items, t: Ms) {
        for signal in SIGNALS {
            let own = items.signal(signal);
            if own.total() > 0 {
                let pipeline = &mut self.pipelines[signal as usize];
                pipeline.accepted += own.total();
                pipeline.pending.add(&own);
                pipeline.pending_since.get_or_insert(t);
                self.received += own.total();
            }
        }
    }

    pub fn step(
        &mut self,
        settings: (&scenario::Agents, &scenario::GatewaySettings),
        gateways: &mut GatewayTier<'_>,
        rng: &mut Rng,
        now: Time,
        t: Ms,
        dt: f64,
    ) {
        let (agents, gateway) = settings;
        self.connect(gateway, gateways, rng, t);
        for signal in SIGNALS {
            self.batch(signal, agents, t);
            self.send(signal, agents, gateways, t);
        }
        let work = self.received as f64 * AGENT_CORE_S_PER_ITEM + 0.006 * dt;
        self.process.work(work, dt);
        let held: u64 = self.pipelines.iter().map(AgentPipeline::held).sum();
        self.heap.step(std::mem::take(&mut self.received) as f64, held as f64 * BYTES_PER_ITEM, dt);
        self.process.hold(self.heap.rss);
        if self.process.terminated.is_some() {
            let line = format!("{}\tinfo\tShutdown complete.", now.format("%Y-%m-%dT%H:%M:%S%.3fZ"));
            self.process.log_line(now, line);
            self.process.end(0);
        }
    }

    fn connect(&mut self, gateway: &scenario::GatewaySettings, gateways: &mut GatewayTier<'_>, rng: &mut Rng, t: Ms) {
        let aged = gateway.max_connection_age.is_some_and(|age| t - self.connected >= age.ms());
        match gateway.connections {
            Connections::Sticky => {
                if aged || (self.connections.is_empty() && t - self.connected >= REDIAL_MS) {
                    let ready = gateways.ready;
                    self.connections = ready.get(rng.below(ready.len())).into_iter().cloned().collect();
                    // Ages vary a little, so that not all connections end at once.
                    self.connected = t - rng.between(0.0, 2000.0) as Ms;
                }
            }
            Connections::RoundRobin => {
                let lost = self.connections.is_empty() && t - self.resolved >= REDIAL_MS;
                if lost || t - self.resolved >= RESOLVE_MS {
                    self.connections = gateways.ready.to_vec();
                    self.resolved = t;
                }
            }
        }
    }

    fn batch(&mut self, signal: Signal, agents: &scenario::Agents, t: Ms) {
        let pipeline = &mut self.pipelines[signal as usize];
        let Some(since) = pipeline.pending_since else { return };
        let full = pipeline.pending.total() >= agents.batch.size;
        if !full && t - since < agents.batch.timeout.ms() {
            return;
        }
        let items = std::mem::take(&mut pipeline.pending);
        pipeline.pending_since = None;
        if full {
            pipeline.batches.0 += 1;
        } else {
            pipeline.batches.1 += 1;
        }
        pipeline.batches.2 += items.total();
        if pipeline.size() >= agents.queue {
            pipeline.enqueue_failed += items.total();
        } else {
            pipeline.queue.push_back(items);
        }
    }

    fn send(&mut self, signal: Signal, agents: &scenario::Agents, gateways: &mut GatewayTier<'_>, t: Ms) {
        while self.pipelines[signal as usize].requests.len() < AGENT_CONSUMERS {
            let pipeline = &mut self.pipelines[signal as usize];
            let Some(items) = pipeline.queue.pop_front() else { break };
            pipeline.requests.push(ExportRequest {
                items,
                first: t,
                tries: 0,
                state: ExportState::Waiting { until: t },
            });
        }
        let mut requests = std::mem::take(&mut self.pipelines[signal as usize].requests);
        requests.retain_mut(|request| !self.advance(request, signal, agents, gateways, t));
        self.pipelines[signal as usize].requests = requests;
    }

    /// Advance a request; true when it was sent or given up.
    fn advance(
        &mut self,
        request: &mut ExportRequest,
        signal: Signal,
        agents: &scenario::Agents,
        gateways: &mut GatewayTier<'_>,
        t: Ms,
    ) -> bool {
        let count = request.items.total();
        match &request.state {
            ExportState::Waiting { until } if *until > t => return false,
            ExportState::Waiting { .. } => {
                let Some(to) = self.next_connection(signal) else {
                    return self.retry(request, signal, t);
                };
                self.ticket += 1;
                match gateways.offer(&to, self.ticket, signal, &request.items) {
                    Admission::Accepted => {
                        self.pipelines[signal as usize].sent += count;
                        return true;
                    }
                    Admission::Held => request.state = ExportState::Held { by: to, ticket: self.ticket, since: t },
                    Admission::Refused => return self.retry(request, signal, t),
                    Admission::Unreachable => {
                        // A server that shuts down sends GOAWAY: another connection is used at once.
                        self.lose(&to, t);
                        return match self.connections.is_empty() {
                            true => self.retry(request, signal, t),
                            false => false,
                        };
                    }
                }
            }
            ExportState::Held { by, ticket, since } => {
                let (by, ticket, since) = (by.clone(), *ticket, *since);
                match gateways.was_accepted(&by, ticket) {
                    Some(true) => {
                        self.pipelines[signal as usize].sent += count;
                        return true;
                    }
                    Some(false) if t - since < agents.timeout.ms() => {}
                    Some(false) => {
                        gateways.gave_up(&by, ticket);
                        return self.retry(request, signal, t);
                    }
                    None => {
                        self.lose(&by, t);
                        return self.retry(request, signal, t);
                    }
                }
            }
        }
        false
    }

    fn next_connection(&mut self, signal: Signal) -> Option<Key> {
        let turn = &mut self.turn[signal as usize];
        *turn = turn.wrapping_add(1);
        let count = self.connections.len().max(1);
        self.connections.get(*turn % count).cloned()
    }

    fn lose(&mut self, gateway: &Key, t: Ms) {
        self.connections.retain(|key| key != gateway);
        if self.connections.is_empty() {
            self.connected = t;
            self.resolved = t;
        }
    }

    /// Schedule another attempt, or give up after too long; true when given up.
    fn retry(&mut self, request: &mut ExportRequest, signal: Signal, t: Ms) -> bool {
        if t - request.first >= RETRY_GIVE_UP_MS {
            self.pipelines[signal as usize].send_failed += request.items.total();
            return true;
        }
        let wait = RETRY_MS as f64 * RETRY_GROWTH.powi(request.tries.min(20));
        request.tries += 1;
        request.state = ExportState::Waiting { until: t + (wait as Ms).min(RETRY_MOST_MS) };
        false
    }
}
