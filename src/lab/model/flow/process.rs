//! What every process has: its start, the CPU time it used, its memory, its log, its exit.

use crate::lab::model::objects::quantities;
use crate::lab::model::{LogLine, Ms, Time};
use serde_json::Value;

/// How many lines a container's log keeps (the kubelet rotates at 10 MiB).
const LOG_LINES: usize = 6000;

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    pub code: i64,
    /// `Completed`, `Error`, `OOMKilled`.
    pub reason: &'static str,
}

#[derive(Debug, Clone)]
pub struct Process {
    pub started: Ms,
    pub core_seconds: f64,
    /// Its memory.
    pub bytes: f64,
    /// The CPU limit of its container, cores; infinite without one.
    pub cores: f64,
    /// The memory limit of its container, bytes; infinite without one.
    pub memory_limit: f64,
    pub exit: Option<Exit>,
    /// When it received SIGTERM.
    pub terminated: Option<Ms>,
    log: Vec<LogLine>,
}

/// What the kubelet reads from its cgroup.
#[derive(Debug, Clone, Copy)]
pub struct ProcessUsage {
    pub started: Ms,
    pub core_seconds: f64,
    pub bytes: u64,
}

impl Process {
    /// The process of a pod's first container.
    pub fn of(pod: &Value, t: Ms) -> Self {
        let limits = quantities(&pod["spec"]["containers"][0]["resources"]["limits"]);
        let limit = |key: &str| limits.get(key).map_or(f64::INFINITY, |milli| *milli as f64 / 1000.0);
        Process {
            started: t,
            core_seconds: 0.0,
            bytes: 0.0,
            cores: limit("cpu"),
            memory_limit: limit("memory"),
            exit: None,
            terminated: None,
            log: Vec::new(),
        }
    }

    /// Use CPU for `dt` seconds; returns how much of `wanted` core-seconds the limit allowed.
    pub fn work(&mut self, wanted: f64, dt: f64) -> f64 {
        let done = wanted.clamp(0.0, (self.cores * dt).min(1e6));
        self.core_seconds += done;
        done
    }

    /// Set the memory, bytes; above its limit the process is killed.
    pub fn hold(&mut self, bytes: f64) {
        self.bytes = bytes;
        if bytes > self.memory_limit && self.exit.is_none() {
            self.exit = Some(Exit { code: 137, reason: "OOMKilled" });
        }
    }

    pub fn end(&mut self, code: i64) {
        let reason = if code == 0 { "Completed" } else { "Error" };
        self.exit.get_or_insert(Exit { code, reason });
    }

    pub fn used(&self) -> ProcessUsage {
        ProcessUsage { started: self.started, core_seconds: self.core_seconds, bytes: self.bytes.max(0.0) as u64 }
    }

    pub fn log_line(&mut self, at: Time, text: impl Into<String>) {
        self.log.push(LogLine { at, text: text.into() });
        if self.log.len() > LOG_LINES {
            self.log.drain(..LOG_LINES / 10);
        }
    }

    pub fn log(&self) -> &[LogLine] {
        &self.log
    }
}
