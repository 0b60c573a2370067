//! A k6 process: its virtual users over time, what they did, its log and its end.

use super::k6_output::{self, K6Figures};
use super::process::Process;
use super::stages;
use crate::lab::model::params::{K6_BYTES, K6_BYTES_PER_VU, K6_CORE_S_PER_REQUEST, K6_FIRST_LINE_MS, K6_LISTEN_MS};
use crate::lab::model::{Ms, Time};
use crate::lab::scenario::Stage;

/// Why a run ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// By `PATCH /v1/status`: exit code 103.
    Rest,
    /// By SIGTERM: exit code 105.
    Signal,
}

#[derive(Debug, Clone)]
pub struct K6Run {
    pub process: Process,
    pub figures: K6Figures,
    pub stop: Option<StopReason>,
    /// When the next progress report is due, ms since the first iteration; None until the banner is written.
    next_report: Option<Ms>,
    /// The part of an iteration that is not counted yet.
    rest: f64,
}

impl K6Run {
    pub fn new(process: Process, stages: Vec<Stage>, script: String) -> Self {
        K6Run { process, figures: K6Figures::new(stages, script), stop: None, next_report: None, rest: 0.0 }
    }

    /// Milliseconds since its first iteration; negative before.
    pub fn elapsed(&self, t: Ms) -> Ms {
        t - self.process.started - K6_LISTEN_MS
    }

    pub fn listens(&self, t: Ms) -> bool {
        self.elapsed(t) >= 0 && self.process.exit.is_none()
    }

    /// Virtual users that iterate now.
    pub fn active(&self, t: Ms) -> f64 {
        if !self.listens(t) || self.stop.is_some() { 0.0 } else { stages::users(&self.figures.stages, self.elapsed(t)) }
    }

    /// Count iterations: each made `requests` requests, of which `failed` failed, and took `ms` milliseconds.
    pub fn count(&mut self, iterations: f64, requests: u32, failed: u32, ms: f64) {
        self.rest += iterations;
        let whole = self.rest.floor().max(0.0);
        self.rest -= whole;
        let whole = whole as u64;
        self.figures.iterations += whole;
        self.figures.requests += whole * u64::from(requests);
        self.figures.failed += whole * u64::from(failed);
        self.figures.request_ms.add(ms / f64::from(requests.max(1)), whole * u64::from(requests));
        self.figures.iteration_ms.add(ms, whole);
    }

    /// One step of `dt` seconds; `before` is the count of requests at its start.
    pub fn step(&mut self, before: u64, now: Time, t: Ms, dt: f64) {
        let elapsed = self.elapsed(t);
        if elapsed < 0 || self.process.exit.is_some() {
            self.process.work(0.4 * dt, dt);
            self.process.hold(K6_BYTES);
            return;
        }
        if self.next_report.is_none() {
            for line in k6_output::banner(&self.figures) {
                self.process.log_line(now, line);
            }
        }
        let mut due = self.next_report.unwrap_or(K6_FIRST_LINE_MS);
        self.figures.users = self.active(t).ceil().max(0.0) as u32;
        self.figures.users_min = self.figures.users_min.min(self.figures.users.max(1));
        let done = self.figures.requests - before;
        self.process.work(done as f64 * K6_CORE_S_PER_REQUEST + 0.004 * dt, dt);
        self.process.hold(K6_BYTES + K6_BYTES_PER_VU * f64::from(stages::most(&self.figures.stages)));
        if self.process.terminated.is_some() {
            self.stop.get_or_insert(StopReason::Signal);
        }
        let over = elapsed >= self.figures.length();
        while due <= elapsed.min(self.figures.length()) && self.stop.is_none() {
            let at = now - chrono::TimeDelta::milliseconds(elapsed - due);
            for line in k6_output::progress(&self.figures, due, None) {
                self.process.log_line(at, line);
            }
            due += 1000;
        }
        self.next_report = Some(due);
        if over || self.stop.is_some() {
            self.finish(elapsed, now);
        }
    }

    fn finish(&mut self, elapsed: Ms, now: Time) {
        let code = match self.stop {
            None => 0,
            Some(StopReason::Rest) => 103,
            Some(StopReason::Signal) => 105,
        };
        if self.stop.is_some() {
            self.figures.interrupted = u64::from(stages::users(&self.figures.stages, elapsed).ceil() as u32);
        }
        self.figures.users = 0;
        let why = match self.stop {
            None => None,
            Some(StopReason::Rest) => Some("test run stopped from REST API"),
            Some(StopReason::Signal) => Some("test run was aborted because k6 received a 'terminated' signal"),
        };
        let mut lines = Vec::new();
        if let Some(why) = why {
            let at = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            lines.push(format!("time=\"{at}\" level=error msg=\"{why}\""));
        }
        lines.extend(k6_output::summary(&self.figures, elapsed));
        lines.extend(k6_output::progress(&self.figures, elapsed, Some(self.stop.is_none())));
        lines.into_iter().for_each(|line| self.process.log_line(now, line));
        self.process.end(code);
    }
}
