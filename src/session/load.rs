//! The load: its Job's phase and when it ran; with k6's own figures ([`K6`]) beside it.

mod k6;
mod words;

pub use k6::{K6, Progress, Run};

use crate::observe::{Exit, JobSeen, K6State, PodSeen, Time};
use std::collections::BTreeMap;

/// How the load stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Phase {
    /// No load Job.
    #[default]
    None,
    Pending(String),
    Running,
    Complete,
    Failed(String),
    /// It is being deleted.
    Terminating,
}

impl Phase {
    /// The word in `status`.
    pub fn word(&self) -> &'static str {
        match self {
            Phase::None => "none",
            Phase::Pending(_) => "pending",
            Phase::Running => "running",
            Phase::Complete => "complete",
            Phase::Failed(_) => "failed",
            Phase::Terminating => "terminating",
        }
    }
}

/// The load Job, its pods, and what k6 tells of itself; the latter outlives the Job, until another one runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load {
    pub job: Option<JobSeen>,
    pub pods: BTreeMap<String, PodSeen>,
    pub k6: K6,
    /// The Job that `k6` is of.
    of: String,
}

impl Load {
    /// Takes in a version of the Job.
    pub fn job(&mut self, job: &JobSeen) {
        if self.job.as_ref().is_some_and(|j| j.uid != job.uid) {
            self.pods.clear();
        }
        if self.of != job.uid {
            (self.of, self.k6) = (job.uid.clone(), K6::default());
        }
        self.job = Some(job.clone());
    }

    /// The Job is not there any more.
    pub fn gone(&mut self) {
        self.job = None;
        self.pods.clear();
    }

    pub fn phase(&self) -> Phase {
        let Some(job) = &self.job else { return Phase::None };
        if job.deleted.is_some() {
            return Phase::Terminating;
        }
        for c in job.conditions.iter().filter(|c| c.status == "True") {
            match c.kind.as_str() {
                "Complete" | "SuccessCriteriaMet" => return Phase::Complete,
                "Failed" | "FailureTarget" => return Phase::Failed(self.failure(&c.reason, &c.message)),
                _ => {}
            }
        }
        if job.suspended {
            return Phase::Pending("the Job is suspended".into());
        }
        if self.own_pods().any(|p| p.phase == "Running") || (self.pods.is_empty() && job.ready > 0) {
            return Phase::Running;
        }
        Phase::Pending(words::waiting(self, self.own_pods()))
    }

    /// What keeps the pods of a pending load from running, if something is amiss.
    pub fn stuck(&self) -> Option<String> {
        matches!(self.phase(), Phase::Pending(_)).then(|| self.own_pods().find_map(words::pod_waits)).flatten()
    }

    /// What k6 tells as of `now`. Once the load is over nothing goes on, whatever k6 said last.
    pub fn progress(&self, now: i64) -> Progress {
        let told = self.k6.progress(now);
        let over = matches!(self.phase(), Phase::None | Phase::Complete | Phase::Failed(_));
        if !over || told.processes == 0 {
            return told;
        }
        Progress {
            state: Some(K6State::Ended),
            ended: told.processes,
            vus: told.vus.map(|_| 0),
            iterations_per_s: None,
            requests_per_s: None,
            failed_now: None,
            ..told
        }
    }

    /// When the load began: its first container's start, else the Job's.
    pub fn started(&self) -> Option<Time> {
        let running = self.own_pods().flat_map(|p| &p.containers).filter(|c| !c.sidecar).filter_map(|c| c.running);
        running.min().or_else(|| {
            let over = matches!(self.phase(), Phase::Complete | Phase::Failed(_) | Phase::Running);
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

    fn failure(&self, reason: &str, message: &str) -> String {
        words::failure(self.exit(), self.own_pods(), &self.k6, (reason, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Condition, ContainerSeen, K6ErrorSeen, K6Seen, K6SummarySeen, ThresholdSeen};

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
    fn says_why_it_waits() {
        let said = |waiting: &str, message: &str| {
            let container = ContainerSeen {
                image: "grafana/k6:0".into(),
                waiting: Some(waiting.into()),
                waiting_message: Some(message.into()),
                ..Default::default()
            };
            match load(JobSeen::default(), container, "Pending").phase() {
                Phase::Pending(why) => why,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(said("ImagePullBackOff", ""), "its image grafana/k6:0 cannot be pulled (ImagePullBackOff)");
        assert_eq!(
            said("ErrImagePull", "not found"),
            "its image grafana/k6:0 cannot be pulled (ErrImagePull): not found"
        );
        assert_eq!(said("SomethingNew", "m"), "SomethingNew: m");
        let making = ContainerSeen { waiting: Some("ContainerCreating".into()), ..Default::default() };
        assert_eq!(
            load(JobSeen::default(), making, "Pending").phase(),
            Phase::Pending("its container is being made".into())
        );
    }

    #[test]
    fn names_the_thresholds_and_k6s_own_error() {
        let of = |code: i32| {
            let exit = Exit { code, reason: "Error".into(), finished: None };
            load(condition("Failed"), ContainerSeen { terminated: Some(exit), ..Default::default() }, "Failed")
        };
        let mut crossed = of(99);
        let threshold = |metric: &str, held| ThresholdSeen { metric: metric.into(), rule: "p(95)<5".into(), held };
        let thresholds = vec![threshold("a", true), threshold("b", false)];
        crossed.k6.summary(&K6SummarySeen { thresholds, ..Default::default() });
        let Phase::Failed(text) = crossed.phase() else { panic!("failed") };
        assert_eq!(text, "k6 ended with 99: thresholds crossed (b p(95)<5)");
        let mut threw = of(107);
        threw.k6.error(&K6ErrorSeen { text: "ReferenceError: x".into(), ..Default::default() });
        let Phase::Failed(text) = threw.phase() else { panic!("failed") };
        assert_eq!(text, "k6 ended with 107: the script threw an exception (ReferenceError: x)");
    }

    #[test]
    fn a_k6_that_was_killed_has_no_rate_and_no_users() {
        let exit = Exit { code: 137, reason: "Error".into(), finished: None };
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
    fn figures_outlive_the_job_until_the_next() {
        let mut load = Load::default();
        load.job(&JobSeen { uid: "1".into(), ..Default::default() });
        load.k6.summary(&K6SummarySeen::default());
        load.gone();
        assert!(load.k6.is_known() && load.phase() == Phase::None);
        load.job(&JobSeen { uid: "2".into(), ..Default::default() });
        assert!(!load.k6.is_known());
    }

    #[test]
    fn says_how_it_ended() {
        let exit = Exit { code: 99, reason: "Error".into(), finished: None };
        let ended = ContainerSeen { terminated: Some(exit), ..Default::default() };
        let Phase::Failed(text) = load(condition("Failed"), ended, "Failed").phase() else { panic!("failed") };
        assert_eq!(text, "k6 ended with 99: thresholds crossed");
        assert_eq!(load(condition("Complete"), ContainerSeen::default(), "Succeeded").phase(), Phase::Complete);
        assert_eq!(load(JobSeen::default(), ContainerSeen::default(), "Running").phase(), Phase::Running);
        assert_eq!(Load::default().phase(), Phase::None);
    }
}
