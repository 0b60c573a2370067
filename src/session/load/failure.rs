//! Why a load does not run yet and how it failed, as data. The wording is `explain`'s. Must not decide the phase.

use super::k6::K6;
use crate::observe::{Exit, JobSeen, PodSeen, ThresholdSeen};

/// Crossed thresholds kept of a failure.
const CROSSED: usize = 4;

/// Why no pod of a load runs yet.
#[derive(Clone, Debug, PartialEq)]
pub enum PendingReason {
    Suspended,
    Pod(PodProblem),
    /// The Job could create no pod; its own message.
    FailedCreate(String),
    NoPodYet,
    ContainerCreating,
}

/// Why a pod does not run.
#[derive(Clone, Debug, PartialEq)]
pub enum PodProblem {
    /// One of its containers waits: the kubelet's reason and message, and how the container ended before.
    Container { image: String, reason: String, message: String, last_exit: Option<Exit> },
    /// The pod's own reason and message, such as `Unschedulable`.
    Pod { reason: String, message: String },
}

/// How a load failed.
#[derive(Clone, Debug, PartialEq)]
pub enum LoadFailure {
    /// k6 ended with an error; with what k6 reported that explains the exit code.
    Exit { exit: Exit, crossed: Vec<ThresholdSeen>, error: Option<String> },
    /// No pod ever ran, for this reason of the Job.
    Pod { reason: String, problem: PodProblem },
    /// The Job's own reason and message.
    Job { reason: String, message: String },
    /// The Job was deleted while it ran.
    Deleted,
}

impl PendingReason {
    /// Why no pod runs yet, of a Job that is not suspended.
    pub fn of<'a>(job: &JobSeen, mut pods: impl Iterator<Item = &'a PodSeen>, has_pods: bool) -> Self {
        if let Some(problem) = pods.find_map(PodProblem::of) {
            return PendingReason::Pod(problem);
        }
        match job.conditions.iter().find(|c| c.kind == "FailedCreate") {
            Some(c) => PendingReason::FailedCreate(c.message.clone()),
            None if has_pods => PendingReason::ContainerCreating,
            None => PendingReason::NoPodYet,
        }
    }
}

impl PodProblem {
    /// Why a pod does not run; None where it has no problem.
    pub fn of(pod: &PodSeen) -> Option<Self> {
        for c in &pod.containers {
            let Some(reason) = c.waiting.as_deref() else { continue };
            if matches!(reason, "ContainerCreating" | "PodInitializing") {
                continue;
            }
            return Some(PodProblem::Container {
                image: c.image.clone(),
                reason: reason.to_owned(),
                message: c.waiting_message.clone().unwrap_or_default(),
                last_exit: c.last_terminated.clone(),
            });
        }
        let reason = pod.reason.clone()?;
        Some(PodProblem::Pod { reason, message: pod.message.clone().unwrap_or_default() })
    }
}

impl LoadFailure {
    /// From how k6 ended, if that is known, else from the pods that never ran, else from the Job's reason and message.
    pub fn of<'a>(exit: Option<&Exit>, pods: impl Iterator<Item = &'a PodSeen>, k6: &K6, job: (&str, &str)) -> Self {
        let (reason, message) = (job.0.to_owned(), job.1.to_owned());
        if let Some(exit) = exit {
            let (crossed, error) = match exit.code {
                99 => (crossed(k6), None),
                100..=102 | 104 | 106 | 107 | 108 | 109 | 255 => (Vec::new(), last_error(k6)),
                _ => (Vec::new(), None),
            };
            return LoadFailure::Exit { exit: exit.clone(), crossed, error };
        }
        match pods.into_iter().find_map(PodProblem::of) {
            Some(problem) => LoadFailure::Pod { reason, problem },
            None => LoadFailure::Job { reason, message },
        }
    }
}

fn crossed(k6: &K6) -> Vec<ThresholdSeen> {
    k6.progress(0).thresholds.into_iter().filter(|t| !t.held).take(CROSSED).collect()
}

fn last_error(k6: &K6) -> Option<String> {
    k6.runs().find_map(|(_, process)| process.errors.last().cloned())
}
