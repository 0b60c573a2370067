//! The demo application under k6's closed model: a user starts the next iteration when the last one has ended, so a slow
//! application gets fewer requests. Frontends, backends and Redis share the work; the tightest tier limits the rate.

use super::k6_run::K6Run;
use super::process::Process;
use crate::lab::model::objects::Key;
use crate::lab::model::rng::Rng;
use crate::lab::model::{Ms, Time};
use crate::lab::scenario::{App, Dur, Load};
use std::collections::BTreeMap;

/// A tier of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AppTier {
    Frontend,
    Backend,
    Redis,
}

/// A process of the application.
#[derive(Debug, Clone)]
pub struct AppProcess {
    pub process: Process,
    pub tier: AppTier,
    pub node: String,
    pub ready: bool,
}

/// The application's throughput.
#[derive(Debug, Clone, Default)]
pub struct IterationRate {
    /// Iterations a second of all runs in the last step, smoothed.
    per_second: f64,
}

/// How sharply the rate bends at saturation: 1 is soft, larger is a corner.
const KNEE: f64 = 5.0;

/// Iterations a second of `users`, when one takes `alone` seconds without load, and at most `most` a second are served.
pub fn iteration_rate(users: f64, alone: f64, most: f64) -> f64 {
    if users <= 0.0 || most <= 0.0 {
        return 0.0;
    }
    let free = users / alone.max(0.001);
    free * most / (free.powf(KNEE) + most.powf(KNEE)).powf(1.0 / KNEE)
}

impl IterationRate {
    /// Let all runs iterate for `dt` seconds; returns the iterations that were served.
    pub fn step(
        &mut self,
        settings: (&App, &Load),
        runs: &mut BTreeMap<Key, K6Run>,
        app_processes: &mut BTreeMap<Key, AppProcess>,
        rng: &mut Rng,
        (now, t, dt): (Time, Ms, f64),
    ) -> f64 {
        let (app, load) = settings;
        let users: f64 = runs.values().map(|run| run.active(t)).sum();
        let cost = [
            (AppTier::Frontend, app.frontend_cpu),
            (AppTier::Backend, app.backend_cpu),
            (AppTier::Redis, app.redis_cpu),
        ];
        let most = |(tier, cpu): (AppTier, Dur)| {
            let cores: f64 =
                app_processes.values().filter(|m| m.tier == tier && m.ready).map(|m| m.process.cores.min(64.0)).sum();
            cores / cpu.s().max(1e-6)
        };
        let most = cost.into_iter().map(most).fold(f64::INFINITY, f64::min);
        let alone = app.latency.s() + load.sleep.s();
        let broken = most <= 0.0;
        // A tier is down: every request is refused at once, and an iteration takes only the script's pause.
        let wanted = if broken { 0.0 } else { iteration_rate(users, alone, most) };
        self.per_second += (wanted - self.per_second) * (dt / 0.8).min(1.0);
        if users <= 0.0 {
            self.per_second = 0.0;
        }
        let served = self.per_second * dt * rng.around_one(0.05);
        for run in runs.values_mut() {
            let own = run.active(t);
            let before = run.figures.requests;
            if own > 0.0 && broken {
                let refused = own * dt / (0.3 + load.sleep.s());
                run.count(refused, load.requests, load.requests, 2.0);
                for _ in 0..(refused.ceil() as usize).min(3) {
                    log_refused(run, now);
                }
            } else if own > 0.0 {
                let ms = (own / self.per_second.max(0.01) / users * own * 1000.0 - load.sleep.s() * 1000.0).max(1.0);
                let ms = ms.min(60_000.0) * rng.around_one(0.03);
                run.count(served * own / users, load.requests, load.not_found.min(load.requests), ms);
            }
            run.step(before, now, t, dt);
        }
        self.charge(cost, served, app_processes, dt);
        if broken { 0.0 } else { served }
    }

    /// Set CPU and memory of the application's processes.
    fn charge(&self, cost: [(AppTier, Dur); 3], served: f64, app_processes: &mut BTreeMap<Key, AppProcess>, dt: f64) {
        for (tier, cpu) in cost {
            let count = app_processes.values().filter(|m| m.tier == tier && m.ready).count().max(1) as f64;
            for member in app_processes.values_mut().filter(|m| m.tier == tier) {
                let (idle, memory) = match tier {
                    AppTier::Frontend => (0.004, 74e6),
                    AppTier::Backend => (0.003, 68e6),
                    AppTier::Redis => (0.002, 9e6),
                };
                let own = if member.ready { served / count } else { 0.0 };
                member.process.work(own * cpu.s() + idle * dt, dt);
                member.process.hold(memory + own / dt * 60e3);
            }
        }
    }
}

/// k6's log line for a refused connection.
fn log_refused(run: &mut K6Run, now: Time) {
    let at = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    run.process.log_line(
        now,
        format!("time=\"{at}\" level=warning msg=\"Request Failed\" error=\"Get \\\"http://frontend.demo-app.svc.cluster.local:8080/\\\": dial tcp 10.43.7.21:8080: connect: connection refused\""),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_users_are_served_at_once_and_many_share_the_capacity() {
        assert_eq!(iteration_rate(0.0, 1.0, 50.0), 0.0);
        assert!((iteration_rate(5.0, 1.0, 100.0) - 5.0).abs() < 0.01);
        let full = iteration_rate(5000.0, 1.0, 100.0);
        assert!((99.0..=100.0).contains(&full), "{full}");
        let rising: Vec<f64> = (0..40).map(|n| iteration_rate(f64::from(n) * 10.0, 1.0, 100.0)).collect();
        assert!(rising.is_sorted());
    }
}
