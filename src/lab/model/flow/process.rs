//! What every process has: its start, the CPU time it used, its memory, its log, its end.

use super::super::cluster::pod_status::Exit;
use super::super::seen::LogLine;
use crate::lab::model::objects::quantities;
use crate::lab::model::{Ms, Time};
use serde_json::Value;

/// Lines that a container's log keeps (the kubelet rotates at 10 MiB).
const LINES: usize = 6000;

#[derive(Debug, Clone)]
pub struct Process {
    pub started: Ms,
    pub started_at: Time,
    pub core_seconds: f64,
    pub bytes: f64,
    /// Limits of its container; infinite when it has none.
    pub cores: f64,
    pub most_bytes: f64,
    pub exit: Option<Exit>,
    /// It was told to end then.
    pub terminated: Option<Ms>,
    log: Vec<LogLine>,
}

/// What a kubelet reads of it.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    pub started: Ms,
    pub core_seconds: f64,
    pub bytes: u64,
}

impl Process {
    /// The process of a pod's first container.
    pub fn of(pod: &Value, now: Time, t: Ms) -> Self {
        let limits = quantities(&pod["spec"]["containers"][0]["resources"]["limits"]);
        let limit = |key: &str| limits.get(key).map_or(f64::INFINITY, |milli| *milli as f64 / 1000.0);
        Process {
            started: t,
            started_at: now,
            core_seconds: 0.0,
            bytes: 0.0,
            cores: limit("cpu"),
            most_bytes: limit("memory"),
            exit: None,
            terminated: None,
            log: Vec::new(),
        }
    }

    /// Use CPU for `dt` seconds; returns what the limit allowed of `wanted` core-seconds.
    pub fn work(&mut self, wanted: f64, dt: f64) -> f64 {
        let done = wanted.clamp(0.0, (self.cores * dt).min(1e6));
        self.core_seconds += done;
        done
    }

    /// Set the memory; beyond its limit the process is killed.
    pub fn hold(&mut self, bytes: f64) {
        self.bytes = bytes;
        if bytes > self.most_bytes && self.exit.is_none() {
            self.exit = Some(Exit { code: 137, reason: "OOMKilled" });
        }
    }

    pub fn end(&mut self, code: i64) {
        let reason = if code == 0 { "Completed" } else { "Error" };
        self.exit.get_or_insert(Exit { code, reason });
    }

    pub fn used(&self) -> Used {
        Used { started: self.started, core_seconds: self.core_seconds, bytes: self.bytes.max(0.0) as u64 }
    }

    pub fn say(&mut self, at: Time, text: impl Into<String>) {
        self.log.push(LogLine { at, text: text.into() });
        if self.log.len() > LINES {
            self.log.drain(..LINES / 10);
        }
    }

    pub fn log(&self) -> &[LogLine] {
        &self.log
    }
}
