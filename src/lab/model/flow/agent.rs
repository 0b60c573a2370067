//! A collector in front of the gateways: on each node, and one for the cluster. It batches, queues, and keeps its
//! connections; what is not answered in time is sent again.

use super::gateway::{Tier, Verdict};
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

/// A request of the sending queue that a consumer has.
#[derive(Debug, Clone)]
struct Flight {
    items: Items,
    first: Ms,
    tries: i32,
    state: State,
}

#[derive(Debug, Clone)]
enum State {
    Waits { until: Ms },
    Held { by: Key, ticket: u64, since: Ms },
}

#[derive(Debug, Clone, Default)]
pub struct AgentLine {
    pending: Items,
    pending_since: Option<Ms>,
    queue: VecDeque<Items>,
    flights: Vec<Flight>,
    pub accepted: u64,
    pub sent: u64,
    pub send_failed: u64,
    pub enqueue_failed: u64,
    pub batches: (u64, u64, u64),
}

impl AgentLine {
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Requests in the queue: those that consumers have count, too.
    pub fn size(&self) -> usize {
        self.queue.len() + self.flights.len()
    }

    fn held(&self) -> u64 {
        let queued: u64 = self.queue.iter().map(Items::total).sum();
        self.pending.total() + queued + self.flights.iter().map(|f| f.items.total()).sum::<u64>()
    }
}

#[derive(Debug, Clone)]
pub struct Agent {
    pub process: Process,
    pub node: String,
    /// It watches the cluster, not its node.
    pub of_cluster: bool,
    pub lines: [AgentLine; 3],
    pub heap: Heap,
    /// Where it is connected to, and since when; round_robin has several.
    pub connections: Vec<Key>,
    connected: Ms,
    resolved: Ms,
    /// Each signal has a picker of its own.
    turn: [usize; 3],
    ticket: u64,
    taken: u64,
    capacity: usize,
}

impl Agent {
    pub fn new(process: Process, node: &str, of_cluster: bool, number: u64, capacity: usize, t: Ms) -> Self {
        Agent {
            process,
            node: node.to_owned(),
            of_cluster,
            lines: Default::default(),
            heap: Heap::new(78.0 * MIB),
            connections: Vec::new(),
            connected: t,
            resolved: t,
            turn: [0, 1, 2],
            ticket: number << 40,
            taken: 0,
            capacity,
        }
    }

    /// Requests that its queue takes.
    pub fn queue_capacity(&self) -> usize {
        self.capacity
    }

    /// Telemetry comes.
    pub fn take(&mut self, items: &Items, t: Ms) {
        for signal in SIGNALS {
            let own = items.signal(signal);
            if own.total() > 0 {
                let line = &mut self.lines[signal as usize];
                line.accepted += own.total();
                line.pending.add(&own);
                line.pending_since.get_or_insert(t);
                self.taken += own.total();
            }
        }
    }

    pub fn step(
        &mut self,
        settings: (&scenario::Agents, &scenario::Gateway),
        gateways: &mut Tier<'_>,
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
        let work = self.taken as f64 * AGENT_CORE_S_PER_ITEM + 0.006 * dt;
        self.process.work(work, dt);
        let held: u64 = self.lines.iter().map(AgentLine::held).sum();
        self.heap.step(std::mem::take(&mut self.taken) as f64, held as f64 * BYTES_PER_ITEM, dt);
        self.process.hold(self.heap.rss);
        if self.process.terminated.is_some() {
            let line = format!("{}\tinfo\tShutdown complete.", now.format("%Y-%m-%dT%H:%M:%S%.3fZ"));
            self.process.say(now, line);
            self.process.end(0);
        }
    }

    fn connect(&mut self, gateway: &scenario::Gateway, gateways: &mut Tier<'_>, rng: &mut Rng, t: Ms) {
        let aged = gateway.max_connection_age.is_some_and(|age| t - self.connected >= age.ms());
        match gateway.connections {
            Connections::Sticky => {
                if aged || (self.connections.is_empty() && t - self.connected >= REDIAL_MS) {
                    let ready = gateways.ready;
                    self.connections = ready.get(rng.below(ready.len())).into_iter().cloned().collect();
                    // Ages differ a little, so that not all connections end at once.
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
        let line = &mut self.lines[signal as usize];
        let Some(since) = line.pending_since else { return };
        let full = line.pending.total() >= agents.batch.size;
        if !full && t - since < agents.batch.timeout.ms() {
            return;
        }
        let items = std::mem::take(&mut line.pending);
        line.pending_since = None;
        if full {
            line.batches.0 += 1;
        } else {
            line.batches.1 += 1;
        }
        line.batches.2 += items.total();
        if line.size() >= agents.queue {
            line.enqueue_failed += items.total();
        } else {
            line.queue.push_back(items);
        }
    }

    fn send(&mut self, signal: Signal, agents: &scenario::Agents, gateways: &mut Tier<'_>, t: Ms) {
        while self.lines[signal as usize].flights.len() < AGENT_CONSUMERS {
            let line = &mut self.lines[signal as usize];
            let Some(items) = line.queue.pop_front() else { break };
            line.flights.push(Flight { items, first: t, tries: 0, state: State::Waits { until: t } });
        }
        let mut flights = std::mem::take(&mut self.lines[signal as usize].flights);
        flights.retain_mut(|flight| !self.settled(flight, signal, agents, gateways, t));
        self.lines[signal as usize].flights = flights;
    }

    /// Move a request on; true when it is done with, one way or the other.
    fn settled(
        &mut self,
        flight: &mut Flight,
        signal: Signal,
        agents: &scenario::Agents,
        gateways: &mut Tier<'_>,
        t: Ms,
    ) -> bool {
        let count = flight.items.total();
        match &flight.state {
            State::Waits { until } if *until > t => return false,
            State::Waits { .. } => {
                let Some(to) = self.next_connection(signal) else {
                    return self.again(flight, signal, t);
                };
                self.ticket += 1;
                match gateways.offer(&to, self.ticket, signal, &flight.items) {
                    Verdict::Accepted => {
                        self.lines[signal as usize].sent += count;
                        return true;
                    }
                    Verdict::Held => flight.state = State::Held { by: to, ticket: self.ticket, since: t },
                    Verdict::Refused => return self.again(flight, signal, t),
                    Verdict::Unreachable => {
                        // A server that ends says so (GOAWAY): another connection is used at once.
                        self.lose(&to, t);
                        return match self.connections.is_empty() {
                            true => self.again(flight, signal, t),
                            false => false,
                        };
                    }
                }
            }
            State::Held { by, ticket, since } => {
                let (by, ticket, since) = (by.clone(), *ticket, *since);
                match gateways.answered(&by, ticket) {
                    Some(true) => {
                        self.lines[signal as usize].sent += count;
                        return true;
                    }
                    Some(false) if t - since < agents.timeout.ms() => {}
                    Some(false) => {
                        gateways.gave_up(&by, ticket);
                        return self.again(flight, signal, t);
                    }
                    None => {
                        self.lose(&by, t);
                        return self.again(flight, signal, t);
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

    /// Later again, unless it has been tried for too long.
    fn again(&mut self, flight: &mut Flight, signal: Signal, t: Ms) -> bool {
        if t - flight.first >= RETRY_GIVE_UP_MS {
            self.lines[signal as usize].send_failed += flight.items.total();
            return true;
        }
        let wait = RETRY_MS as f64 * RETRY_GROWTH.powi(flight.tries.min(20));
        flight.tries += 1;
        flight.state = State::Waits { until: t + (wait as Ms).min(RETRY_MOST_MS) };
        false
    }
}
