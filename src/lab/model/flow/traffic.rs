//! The demo application under k6's closed model: a user starts the next iteration when the last one ended, so what is
//! slow is asked less. Frontends, backends and Redis share the work; the tightest of them sets the pace.

use super::process::Process;
use super::run::Run;
use crate::lab::model::objects::Key;
use crate::lab::model::rng::Rng;
use crate::lab::model::{Ms, Time};
use crate::lab::scenario::{App, Load};
use std::collections::BTreeMap;

/// A part of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    Frontend,
    Backend,
    Redis,
}

/// A process of it.
#[derive(Debug, Clone)]
pub struct Member {
    pub process: Process,
    pub tier: Tier,
    pub node: String,
    pub ready: bool,
}

/// The pace of the last step.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    /// Iterations a second, all runs together.
    per_second: f64,
}

/// What a step of the application did.
#[derive(Debug, Clone, Default)]
pub struct Served {
    /// Iterations of it.
    pub iterations: f64,
}

/// How sharply the pace bends where the application is full: 1 is soft, more is a corner.
const KNEE: f64 = 5.0;

/// The iterations a second of `users`, when an unhindered one takes `alone` seconds and `most` can be served.
pub fn pace(users: f64, alone: f64, most: f64) -> f64 {
    if users <= 0.0 || most <= 0.0 {
        return 0.0;
    }
    let free = users / alone.max(0.001);
    free * most / (free.powf(KNEE) + most.powf(KNEE)).powf(1.0 / KNEE)
}

impl Pace {
    /// Let all runs iterate for `dt` seconds.
    pub fn step(
        &mut self,
        settings: (&App, &Load),
        runs: &mut BTreeMap<Key, Run>,
        members: &mut BTreeMap<Key, Member>,
        rng: &mut Rng,
        (now, t, dt): (Time, Ms, f64),
    ) -> Served {
        let (app, load) = settings;
        let users: f64 = runs.values().map(|run| run.active(t)).sum();
        let cost = [(Tier::Frontend, app.frontend_cpu), (Tier::Backend, app.backend_cpu), (Tier::Redis, app.redis_cpu)];
        let most = |(tier, cpu): (Tier, crate::lab::scenario::Dur)| {
            let cores: f64 =
                members.values().filter(|m| m.tier == tier && m.ready).map(|m| m.process.cores.min(64.0)).sum();
            cores / cpu.s().max(1e-6)
        };
        let most = cost.into_iter().map(most).fold(f64::INFINITY, f64::min);
        let alone = app.latency.s() + load.sleep.s();
        let broken = most <= 0.0;
        // Nobody serves: every request is refused at once, and the script's pause is all there is.
        let wanted = if broken { 0.0 } else { pace(users, alone, most) };
        self.per_second += (wanted - self.per_second) * (dt / 0.8).min(1.0);
        if users <= 0.0 {
            self.per_second = 0.0;
        }
        let served = self.per_second * dt * rng.around_one(0.05);
        for run in runs.values_mut() {
            let own = run.active(t);
            let before = run.requests;
            if own > 0.0 && broken {
                let refused = own * dt / (0.3 + load.sleep.s());
                run.did(refused, load.requests, load.requests, 2.0);
                for _ in 0..(refused.ceil() as usize).min(3) {
                    refuse(run, now);
                }
            } else if own > 0.0 {
                let ms = (own / self.per_second.max(0.01) / users * own * 1000.0 - load.sleep.s() * 1000.0).max(1.0);
                let ms = ms.min(60_000.0) * rng.around_one(0.03);
                run.did(served * own / users, load.requests, load.not_found.min(load.requests), ms);
            }
            run.step(before, now, t, dt);
        }
        self.charge(cost, served, members, dt);
        Served { iterations: if broken { 0.0 } else { served } }
    }

    /// CPU and memory of the application.
    fn charge(
        &self,
        cost: [(Tier, crate::lab::scenario::Dur); 3],
        served: f64,
        members: &mut BTreeMap<Key, Member>,
        dt: f64,
    ) {
        for (tier, cpu) in cost {
            let count = members.values().filter(|m| m.tier == tier && m.ready).count().max(1) as f64;
            for member in members.values_mut().filter(|m| m.tier == tier) {
                let (idle, memory) = match tier {
                    Tier::Frontend => (0.004, 74e6),
                    Tier::Backend => (0.003, 68e6),
                    Tier::Redis => (0.002, 9e6),
                };
                let own = if member.ready { served / count } else { 0.0 };
                member.process.work(own * cpu.s() + idle * dt, dt);
                member.process.hold(memory + own / dt * 60e3);
            }
        }
    }
}

/// What k6 says of a request that nobody took.
fn refuse(run: &mut Run, now: Time) {
    let at = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    run.process.say(
        now,
        format!("time=\"{at}\" level=warning msg=\"Request Failed\" error=\"Get \\\"http://frontend.demo-app.svc.cluster.local:8080/\\\": dial tcp 10.43.7.21:8080: connect: connection refused\""),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_users_are_served_at_once_and_many_share_what_there_is() {
        assert_eq!(pace(0.0, 1.0, 50.0), 0.0);
        assert!((pace(5.0, 1.0, 100.0) - 5.0).abs() < 0.01);
        let full = pace(5000.0, 1.0, 100.0);
        assert!((99.0..=100.0).contains(&full), "{full}");
        let rising: Vec<f64> = (0..40).map(|n| pace(f64::from(n) * 10.0, 1.0, 100.0)).collect();
        assert!(rising.is_sorted());
    }
}
