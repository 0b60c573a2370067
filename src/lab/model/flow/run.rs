//! A k6 process: its virtual users over time, what they did, its log and its end.

use super::k6_text;
use super::process::Process;
use super::stages;
use super::trend::Trend;
use crate::lab::model::params::{K6_BYTES, K6_BYTES_PER_VU, K6_CORE_S_PER_REQUEST, K6_FIRST_LINE_MS, K6_LISTEN_MS};
use crate::lab::model::{Ms, Time};
use crate::lab::scenario::Stage;

/// Why a run ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// By `PATCH /v1/status`: exit code 103.
    Rest,
    /// By SIGTERM: exit code 105.
    Signal,
}

#[derive(Debug, Clone)]
pub struct Run {
    pub process: Process,
    pub stages: Vec<Stage>,
    pub script: String,
    /// Virtual users now.
    pub users: u32,
    pub iterations: u64,
    pub interrupted: u64,
    pub requests: u64,
    pub failed: u64,
    /// Durations of requests and iterations, ms.
    pub request_ms: Trend,
    pub iteration_ms: Trend,
    /// The users of the run, at least and at most.
    pub users_min: u32,
    pub stop: Option<Stop>,
    lines: Ms,
    rest: f64,
}

impl Run {
    pub fn new(process: Process, stages: Vec<Stage>, script: String) -> Self {
        Run {
            process,
            stages,
            script,
            users: 0,
            iterations: 0,
            interrupted: 0,
            requests: 0,
            failed: 0,
            request_ms: Trend::default(),
            iteration_ms: Trend::default(),
            users_min: u32::MAX,
            stop: None,
            lines: 1,
            rest: 0.0,
        }
    }

    /// Milliseconds since its first iteration; negative before.
    pub fn elapsed(&self, t: Ms) -> Ms {
        t - self.process.started - K6_LISTEN_MS
    }

    pub fn length(&self) -> Ms {
        stages::length(&self.stages)
    }

    pub fn listens(&self, t: Ms) -> bool {
        self.elapsed(t) >= 0 && self.process.exit.is_none()
    }

    /// Users that iterate now.
    pub fn active(&self, t: Ms) -> f64 {
        if !self.listens(t) || self.stop.is_some() { 0.0 } else { stages::users(&self.stages, self.elapsed(t)) }
    }

    /// `iterations` were done, each of `requests` requests of which `failed` failed, and took `ms`.
    pub fn did(&mut self, iterations: f64, requests: u32, failed: u32, ms: f64) {
        self.rest += iterations;
        let whole = self.rest.floor().max(0.0);
        self.rest -= whole;
        let whole = whole as u64;
        self.iterations += whole;
        self.requests += whole * u64::from(requests);
        self.failed += whole * u64::from(failed);
        self.request_ms.add(ms / f64::from(requests.max(1)), whole * u64::from(requests));
        self.iteration_ms.add(ms, whole);
    }

    pub fn step(&mut self, before: u64, now: Time, t: Ms, dt: f64) {
        let elapsed = self.elapsed(t);
        if elapsed < 0 || self.process.exit.is_some() {
            self.process.work(0.4 * dt, dt);
            self.process.hold(K6_BYTES);
            return;
        }
        if self.lines == 1 {
            self.lines = K6_FIRST_LINE_MS;
            for line in k6_text::banner(self) {
                self.process.say(now, line);
            }
        }
        self.users = self.active(t).ceil().max(0.0) as u32;
        self.users_min = self.users_min.min(self.users.max(1));
        let done = self.requests - before;
        self.process.work(done as f64 * K6_CORE_S_PER_REQUEST + 0.004 * dt, dt);
        self.process.hold(K6_BYTES + K6_BYTES_PER_VU * f64::from(stages::most(&self.stages)));
        if self.process.terminated.is_some() {
            self.stop.get_or_insert(Stop::Signal);
        }
        let over = elapsed >= self.length();
        while self.lines <= elapsed.min(self.length()) && self.stop.is_none() {
            let at = now - chrono::TimeDelta::milliseconds(elapsed - self.lines);
            for line in k6_text::progress(self, self.lines, None) {
                self.process.say(at, line);
            }
            self.lines += 1000;
        }
        if over || self.stop.is_some() {
            self.finish(elapsed, now, t);
        }
    }

    fn finish(&mut self, elapsed: Ms, now: Time, _: Ms) {
        let code = match self.stop {
            None => 0,
            Some(Stop::Rest) => 103,
            Some(Stop::Signal) => 105,
        };
        if self.stop.is_some() {
            self.interrupted = u64::from(stages::users(&self.stages, elapsed).ceil() as u32);
        }
        self.users = 0;
        let why = match self.stop {
            None => None,
            Some(Stop::Rest) => Some("test run stopped from REST API"),
            Some(Stop::Signal) => Some("test run was aborted because k6 received a 'terminated' signal"),
        };
        let mut lines = Vec::new();
        if let Some(why) = why {
            let at = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            lines.push(format!("time=\"{at}\" level=error msg=\"{why}\""));
        }
        lines.extend(k6_text::summary(self, elapsed));
        lines.extend(k6_text::progress(self, elapsed, Some(self.stop.is_none())));
        lines.into_iter().for_each(|line| self.process.say(now, line));
        self.process.end(code);
    }
}
