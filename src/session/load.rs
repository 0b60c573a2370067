//! The load: its Job's phase and when it ran, with k6's own figures ([`K6`]) beside it. Must not word anything.

mod failure;
mod k6;

pub use failure::{LoadFailure, PendingReason, PodProblem};
pub use k6::{K6, K6Process, Progress};

use crate::observe::{ContainerSeen, Exit, JobSeen, K6State, PodSeen, Time};
use std::collections::BTreeMap;

/// The phase of the load.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LoadPhase {
    /// No load Job.
    #[default]
    None,
    Pending(PendingReason),
    Running,
    Complete,
    Failed(LoadFailure),
    /// It is being deleted.
    Terminating,
}

impl LoadPhase {
    /// The word for it in machine output.
    pub fn word(&self) -> &'static str {
        match self {
            LoadPhase::None => "none",
            LoadPhase::Pending(_) => "pending",
            LoadPhase::Running => "running",
            LoadPhase::Complete => "complete",
            LoadPhase::Failed(_) => "failed",
            LoadPhase::Terminating => "terminating",
        }
    }
}

/// The load Job, its pods, and what k6 reports; the latter outlives the Job, until another one runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load {
    pub job: Option<JobSeen>,
    pub pods: BTreeMap<String, PodSeen>,
    pub k6: K6,
    /// The uid of the Job that `k6` belongs to.
    k6_job: String,
}

impl Load {
    /// Takes in a version of the Job.
    pub fn job(&mut self, job: &JobSeen) {
        if self.job.as_ref().is_some_and(|j| j.uid != job.uid) {
            self.pods.clear();
        }
        if self.k6_job != job.uid {
            (self.k6_job, self.k6) = (job.uid.clone(), K6::default());
        }
        self.job = Some(job.clone());
    }

    /// The Job was deleted.
    pub fn gone(&mut self) {
        self.job = None;
        self.pods.clear();
    }

    pub fn phase(&self) -> LoadPhase {
        let Some(job) = &self.job else { return LoadPhase::None };
        if job.deleted.is_some() {
            return LoadPhase::Terminating;
        }
        for c in job.conditions.iter().filter(|c| c.status == "True") {
            match c.kind.as_str() {
                "Complete" | "SuccessCriteriaMet" => return LoadPhase::Complete,
                "Failed" | "FailureTarget" => return LoadPhase::Failed(self.failure(&c.reason, &c.message)),
                _ => {}
            }
        }
        if job.suspended {
            return LoadPhase::Pending(PendingReason::Suspended);
        }
        if self.own_pods().any(|p| p.phase == "Running") || (self.pods.is_empty() && job.ready > 0) {
            return LoadPhase::Running;
        }
        LoadPhase::Pending(PendingReason::of(job, self.own_pods(), !self.pods.is_empty()))
    }

    /// The problem that keeps the pods of a pending load from running, if there is one.
    pub fn stuck(&self) -> Option<PodProblem> {
        matches!(self.phase(), LoadPhase::Pending(_)).then(|| self.own_pods().find_map(PodProblem::of)).flatten()
    }

    /// What k6 reports as of `now`. Once the load is over nothing runs, even if k6's last report was of a running test.
    pub fn progress(&self, now: i64) -> Progress {
        let reported = self.k6.progress(now);
        let over = matches!(self.phase(), LoadPhase::None | LoadPhase::Complete | LoadPhase::Failed(_));
        if !over || reported.processes == 0 {
            return reported;
        }
        Progress {
            state: Some(K6State::Ended),
            ended: reported.processes,
            vus: reported.vus.map(|_| 0),
            iterations_per_s: None,
            requests_per_s: None,
            failed_now: None,
            ..reported
        }
    }

    /// When the load began: its first container's start, else the Job's.
    pub fn started(&self) -> Option<Time> {
        let started = |c: &ContainerSeen| c.running.or_else(|| c.terminated.as_ref()?.started);
        let all = self.own_pods().flat_map(|p| &p.containers).filter(|c| !c.sidecar);
        all.filter_map(started).min().or_else(|| {
            let over = matches!(self.phase(), LoadPhase::Complete | LoadPhase::Failed(_) | LoadPhase::Running);
            self.job.as_ref().and_then(|j| j.started).filter(|_| over)
        })
    }

    /// When the load ended.
    pub fn ended(&self) -> Option<Time> {
        let job = self.job.as_ref()?;
        let over = job.conditions.iter().find(|c| c.status == "True" && matches!(&*c.kind, "Complete" | "Failed"));
        job.completed.or_else(|| self.exit().and_then(|e| e.finished)).or_else(|| over.and_then(|c| c.since))
    }

    fn own_pods(&self) -> impl Iterator<Item = &PodSeen> {
        let single = self.job.as_ref().filter(|j| j.kind.is_empty()).map(|j| format!("Job/{}", j.name));
        self.pods.values().filter(move |p| p.owner.is_none() || single.is_none() || p.owner == single)
    }

    /// How the newest failed pod's container ended.
    fn exit(&self) -> Option<&Exit> {
        let exits = self.own_pods().flat_map(|p| &p.containers).filter_map(|c| c.terminated.as_ref());
        exits.filter(|e| e.code != 0).max_by_key(|e| e.finished)
    }

    fn failure(&self, reason: &str, message: &str) -> LoadFailure {
        LoadFailure::of(self.exit(), self.own_pods(), &self.k6, (reason, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Condition, K6Seen, K6SummarySeen};

    fn load(job: JobSeen, container: ContainerSeen, phase: &str) -> Load {
        let pod = PodSeen { phase: phase.into(), containers: vec![container], ..Default::default() };
        Load { job: Some(job), pods: BTreeMap::from([("u".to_string(), pod)]), ..Load::default() }
    }

    fn condition(kind: &str) -> JobSeen {
        let c = Condition {
            kind: kind.into(),
            status: "True".into(),
            reason: "BackoffLimitExceeded".into(),
            ..Default::default()
        };
        JobSeen { conditions: vec![c], ..Default::default() }
    }

    #[test]
    fn a_k6_that_was_killed_has_no_rate_and_no_users() {
        let exit = Exit { code: 137, reason: "Error".into(), ..Exit::default() };
        let ended = ContainerSeen { terminated: Some(exit), ..Default::default() };
        let mut killed = load(condition("Failed"), ended, "Failed");
        for s in 1..4 {
            let seen = K6Seen { uid: "u".into(), vus: Some(5), iterations: Some(s as u64 * 10), ..Default::default() };
            killed.k6.take(s * 1000, &seen);
        }
        assert_eq!(killed.k6.progress(3000).iterations_per_s, Some(10.0));
        let p = killed.progress(3000);
        assert_eq!((p.iterations_per_s, p.vus, p.iterations, p.state), (None, Some(0), Some(30), Some(K6State::Ended)));
    }

    #[test]
    fn it_began_with_its_first_container_also_after_that_has_ended() {
        let at = |s| Time::from_timestamp(s, 0);
        let job = || JobSeen { started: at(10), ..condition("Complete") };
        let running = ContainerSeen { running: at(12), ..Default::default() };
        assert_eq!(load(job(), running, "Running").started(), at(12));
        let exit = Exit { started: at(12), finished: at(90), ..Exit::default() };
        let ended = ContainerSeen { terminated: Some(exit), ..Default::default() };
        assert_eq!(load(job(), ended, "Succeeded").started(), at(12));
    }

    #[test]
    fn figures_outlive_the_job_until_the_next() {
        let mut load = Load::default();
        load.job(&JobSeen { uid: "1".into(), ..Default::default() });
        load.k6.summary(&K6SummarySeen::default());
        load.gone();
        assert!(load.k6.is_known() && load.phase() == LoadPhase::None);
        load.job(&JobSeen { uid: "2".into(), ..Default::default() });
        assert!(!load.k6.is_known());
    }

    #[test]
    fn the_phase_follows_the_job() {
        let phase = |kind: &str| load(condition(kind), ContainerSeen::default(), "Succeeded").phase();
        assert_eq!(phase("Complete"), LoadPhase::Complete);
        assert!(matches!(phase("Failed"), LoadPhase::Failed(LoadFailure::Job { .. })));
        assert_eq!(load(JobSeen::default(), ContainerSeen::default(), "Running").phase(), LoadPhase::Running);
        assert_eq!(Load::default().phase(), LoadPhase::None);
    }
}
