//! What collectors and k6 report during a world's run, as observations.

use super::world::at;
use edot_tui::observe::{
    CollectorSeen, ExporterSeen, K6Seen, K6Source, Observation, OutcomeSeen, ReceiverSeen, Role, Signal, Stamped,
};
use std::sync::Arc;

/// One collector: its items/s of each signal, and how full its queues are.
#[derive(Clone)]
pub struct Flow {
    pub name: String,
    pub uid: String,
    pub role: Role,
    pub accepted: f64,
    pub refused: f64,
    pub sent: f64,
    pub send_failed: f64,
    pub enqueue_failed: f64,
    /// The queue's size at a second.
    pub queue: fn(i64) -> f64,
    pub capacity: f64,
    /// Outcome, code, error, and documents/s.
    pub documents: Vec<(&'static str, &'static str, &'static str, f64)>,
    /// The duration of a bulk request in seconds; `None`: no request comes back.
    pub latency_s: Option<f64>,
}

impl Flow {
    /// The gateway pod `n` of a world, which sends on what it accepts.
    pub fn gateway(n: usize, rate: f64) -> Flow {
        Flow { accepted: rate, sent: rate, ..Flow::idle(&format!("gateway-{n}"), &format!("uid-{n}"), Role::Gateway) }
    }

    pub fn agent(n: usize, rate: f64) -> Flow {
        let idle = Flow::idle(&format!("agent-{n}"), &format!("agent-uid-{n}"), Role::Agent);
        Flow { accepted: rate, sent: rate, capacity: 1000.0, queue: |_| 0.0, ..idle }
    }

    fn idle(name: &str, uid: &str, role: Role) -> Flow {
        Flow {
            name: name.into(),
            uid: uid.into(),
            role,
            accepted: 0.0,
            refused: 0.0,
            sent: 0.0,
            send_failed: 0.0,
            enqueue_failed: 0.0,
            queue: |_| 2.0,
            capacity: 10.0,
            documents: Vec::new(),
            latency_s: Some(0.05),
        }
    }

    /// A scrape every five seconds.
    pub fn scrapes(&self, seconds: i64) -> Vec<Stamped> {
        let one = |s: i64| Stamped { at: at(s), what: Observation::Collector(Arc::new(self.scrape(s))) };
        (0..=seconds).step_by(5).map(one).collect()
    }

    fn scrape(&self, second: i64) -> CollectorSeen {
        // It was started ten minutes before the world begins.
        let up = (second + 600) as f64;
        let mut seen =
            CollectorSeen { pod: self.name.clone(), uid: self.uid.clone(), role: self.role, ..Default::default() };
        seen.process.uptime_s = Some(up);
        for signal in Signal::ALL {
            let some = |rate: f64| (rate > 0.0).then_some(rate * second as f64);
            seen.receivers.push(ReceiverSeen {
                name: "otlp".into(),
                signal,
                accepted: Some(self.accepted * up),
                refused: some(self.refused),
                ..Default::default()
            });
            seen.exporters.push(ExporterSeen {
                name: if self.role == Role::Gateway { "elasticsearch/otel".into() } else { "otlp".into() },
                signal,
                sent: Some(self.sent * up),
                send_failed: some(self.send_failed),
                enqueue_failed: some(self.enqueue_failed),
                queue_size: Some((self.queue)(second)),
                queue_capacity: Some(self.capacity),
                in_flight: Some(4.0),
            });
        }
        let requests = self.latency_s.map_or(100.0, |_| up);
        seen.elastic.outcomes = vec![OutcomeSeen {
            outcome: "success".into(),
            code: "200".into(),
            requests: Some(requests),
            latency_s: Some(requests * self.latency_s.unwrap_or(0.05)),
            documents: Some(self.sent * up),
            ..Default::default()
        }];
        for (outcome, code, error, rate) in &self.documents {
            let (outcome, code, error) = ((*outcome).into(), (*code).into(), (*error).into());
            let documents = Some(rate * second as f64);
            seen.elastic.outcomes.push(OutcomeSeen { outcome, code, error, documents, ..Default::default() });
        }
        seen
    }
}

/// k6 with 200 users, 400 iterations and as many requests a second, `failed` of them failing.
pub fn k6(seconds: i64, failed: f64) -> Vec<Stamped> {
    let one = |s: i64| {
        let seen = K6Seen {
            pod: "k6-load-x".into(),
            uid: "k6".into(),
            from: K6Source::Rest,
            elapsed_s: Some(s as f64),
            duration_s: Some(300.0),
            vus: Some(200),
            vus_max: Some(200),
            iterations: Some(400 * s as u64),
            requests: Some(400 * s as u64),
            failed_ratio: Some(failed),
            p95_ms: Some(310.0),
            ..Default::default()
        };
        Stamped { at: at(s), what: Observation::K6(Box::new(seen)) }
    };
    (0..=seconds).step_by(2).map(one).collect()
}
