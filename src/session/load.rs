//! The load Job: its phase, in words, and when it ran. Must not read logs or k6's own figures; that is another feed.

use crate::observe::{Exit, JobSeen, PodSeen, Time, k6};
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

/// The load Job and its pods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load {
    pub job: Option<JobSeen>,
    pub pods: BTreeMap<String, PodSeen>,
}

impl Load {
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
        Phase::Pending(self.waiting())
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
        let job = self.job.as_ref().map(|j| format!("Job/{}", j.name));
        self.pods.values().filter(move |p| p.owner.is_none() || p.owner == job)
    }

    /// How the newest failed pod's container ended.
    fn exit(&self) -> Option<&Exit> {
        let exits = self.own_pods().flat_map(|p| &p.containers).filter_map(|c| c.terminated.as_ref());
        exits.filter(|e| e.code != 0).max_by_key(|e| e.finished)
    }

    fn failure(&self, reason: &str, message: &str) -> String {
        match self.exit() {
            Some(exit) if exit.reason == "OOMKilled" => "k6 was killed for want of memory (OOMKilled)".into(),
            Some(exit) => format!("k6 ended with {}: {}", exit.code, k6::exit_words(exit.code)),
            None if message.is_empty() => reason.to_string(),
            None => format!("{reason}: {message}"),
        }
    }

    /// Why no pod runs yet.
    fn waiting(&self) -> String {
        for pod in self.own_pods() {
            for c in &pod.containers {
                if let Some(why) = c.waiting.as_deref().filter(|w| *w != "ContainerCreating" && *w != "PodInitializing")
                {
                    let more = c.waiting_message.as_deref().unwrap_or_default();
                    return if more.is_empty() { why.to_string() } else { format!("{why}: {more}") };
                }
            }
            if let Some(why) = &pod.reason {
                return pod.message.as_ref().map_or_else(|| why.clone(), |m| format!("{why}: {m}"));
            }
        }
        let job = self.job.as_ref();
        if let Some(c) = job.and_then(|j| j.conditions.iter().find(|c| c.kind == "FailedCreate")) {
            return c.message.clone();
        }
        if self.pods.is_empty() { "no pod yet".into() } else { "its container is being made".into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Condition, ContainerSeen};

    fn load(job: JobSeen, container: ContainerSeen, phase: &str) -> Load {
        let pod = PodSeen { phase: phase.into(), containers: vec![container], ..Default::default() };
        Load { job: Some(job), pods: BTreeMap::from([("u".to_string(), pod)]) }
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
        let waiting = ContainerSeen { waiting: Some("ImagePullBackOff".into()), ..Default::default() };
        assert_eq!(load(JobSeen::default(), waiting, "Pending").phase(), Phase::Pending("ImagePullBackOff".into()));
        let making = ContainerSeen { waiting: Some("ContainerCreating".into()), ..Default::default() };
        assert_eq!(
            load(JobSeen::default(), making, "Pending").phase(),
            Phase::Pending("its container is being made".into())
        );
    }

    #[test]
    fn says_how_it_ended() {
        let exit = Exit { code: 99, reason: "Error".into(), finished: None };
        let ended = ContainerSeen { terminated: Some(exit), ..Default::default() };
        let Phase::Failed(text) = load(condition("Failed"), ended, "Failed").phase() else { panic!("failed") };
        assert!(text.contains("99") && text.contains("threshold"), "{text}");
        assert_eq!(load(condition("Complete"), ContainerSeen::default(), "Succeeded").phase(), Phase::Complete);
        assert_eq!(load(JobSeen::default(), ContainerSeen::default(), "Running").phase(), Phase::Running);
        assert_eq!(Load::default().phase(), Phase::None);
    }
}
