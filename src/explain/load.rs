//! Why a load does not run yet, and how it failed. Must not decide the phase.

use crate::observe::{Exit, ThresholdSeen, k6};
use crate::session::{LoadFailure, PendingReason, PodProblem};

/// Why no pod of a load runs yet.
pub fn pending(reason: &PendingReason) -> String {
    match reason {
        PendingReason::Suspended => "the Job is suspended".into(),
        PendingReason::Pod(problem) => pod_problem(problem),
        PendingReason::FailedCreate(message) => message.clone(),
        PendingReason::NoPodYet => "no pod yet".into(),
        PendingReason::ContainerCreating => "its container is being made".into(),
    }
}

/// Why a pod does not run.
pub fn pod_problem(problem: &PodProblem) -> String {
    let with = |text: &str, more: &str| if more.is_empty() { text.to_owned() } else { format!("{text}: {more}") };
    let (image, reason, message, last_exit) = match problem {
        PodProblem::Pod { reason, message } if reason == "Unschedulable" => {
            return with("its pod fits on no node (Unschedulable)", message);
        }
        PodProblem::Pod { reason, message } => return with(reason, message),
        PodProblem::Container { image, reason, message, last_exit } => (image, reason.as_str(), message, last_exit),
    };
    let text = match reason {
        "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" | "ImageInspectError" => {
            format!("its image {image} cannot be pulled ({reason})")
        }
        "ErrImageNeverPull" => format!("its image {image} is not on the node and may not be pulled ({reason})"),
        "InvalidImageName" => format!("its image {image:?} is no image's name ({reason})"),
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            format!("its container cannot be made ({reason})")
        }
        "CrashLoopBackOff" => match last_exit {
            Some(exit) => format!("k6 ended again and again ({reason}), last with {}", exit_text(exit)),
            None => format!("k6 ended again and again ({reason})"),
        },
        _ => reason.to_owned(),
    };
    with(&text, message)
}

/// How a load failed.
pub fn failure(failure: &LoadFailure) -> String {
    match failure {
        LoadFailure::Exit { exit, crossed, error } => {
            let crossed: Vec<String> = crossed.iter().map(threshold).collect();
            let detail = error.clone().or_else(|| (!crossed.is_empty()).then(|| crossed.join(", ")));
            match detail {
                Some(detail) => format!("k6 ended with {} ({detail})", exit_text(exit)),
                None => format!("k6 ended with {}", exit_text(exit)),
            }
        }
        LoadFailure::Pod { reason, problem } => format!("{reason}: {}", pod_problem(problem)),
        LoadFailure::Job { reason, .. } if reason == "DeadlineExceeded" => {
            "it took longer than the Job's activeDeadlineSeconds allow (DeadlineExceeded)".into()
        }
        LoadFailure::Job { reason, message } if message.is_empty() => reason.clone(),
        LoadFailure::Job { reason, message } => format!("{reason}: {message}"),
        LoadFailure::Deleted => "the load Job was deleted".into(),
    }
}

/// `99: thresholds crossed`.
fn exit_text(exit: &Exit) -> String {
    match exit.reason.as_str() {
        "OOMKilled" => format!("{}: killed for want of memory (OOMKilled)", exit.code),
        _ => format!("{}: {}", exit.code, k6::exit_words(exit.code)),
    }
}

fn threshold(t: &ThresholdSeen) -> String {
    match t.rule.is_empty() {
        true => t.metric.clone(),
        false => format!("{} {}", t.metric, t.rule),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Condition, ContainerSeen, JobSeen, K6ErrorSeen, K6SummarySeen, PodSeen};
    use crate::session::{Load, LoadPhase};

    fn load(job: JobSeen, container: ContainerSeen, phase: &str) -> Load {
        let pod = PodSeen { uid: "u".into(), phase: phase.into(), containers: vec![container], ..Default::default() };
        let mut load = Load::default();
        load.job(&job);
        load.pods.insert("u".into(), pod);
        load
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

    /// Why a load waits or how it failed.
    fn text(load: &Load) -> String {
        match load.phase() {
            LoadPhase::Pending(reason) => pending(&reason),
            LoadPhase::Failed(why) => failure(&why),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn explains_why_it_waits() {
        let waits = |waiting: &str, message: &str| {
            let container = ContainerSeen {
                image: "grafana/k6:0".into(),
                waiting: Some(waiting.into()),
                waiting_message: Some(message.into()),
                ..Default::default()
            };
            text(&load(JobSeen::default(), container, "Pending"))
        };
        assert_eq!(waits("ImagePullBackOff", ""), "its image grafana/k6:0 cannot be pulled (ImagePullBackOff)");
        assert_eq!(
            waits("ErrImagePull", "not found"),
            "its image grafana/k6:0 cannot be pulled (ErrImagePull): not found"
        );
        assert_eq!(waits("SomethingNew", "m"), "SomethingNew: m");
        let making = ContainerSeen { waiting: Some("ContainerCreating".into()), ..Default::default() };
        assert_eq!(text(&load(JobSeen::default(), making, "Pending")), "its container is being made");
    }

    #[test]
    fn names_the_thresholds_and_k6s_own_error() {
        let of = |code: i32| {
            let exit = Exit { code, reason: "Error".into(), ..Exit::default() };
            load(condition("Failed"), ContainerSeen { terminated: Some(exit), ..Default::default() }, "Failed")
        };
        let mut crossed = of(99);
        let threshold = |metric: &str, held| ThresholdSeen { metric: metric.into(), rule: "p(95)<5".into(), held };
        let thresholds = vec![threshold("a", true), threshold("b", false)];
        crossed.k6.summary(&K6SummarySeen { thresholds, ..Default::default() });
        assert_eq!(text(&crossed), "k6 ended with 99: thresholds crossed (b p(95)<5)");
        let mut threw = of(107);
        threw.k6.error(&K6ErrorSeen { text: "ReferenceError: x".into(), ..Default::default() });
        assert_eq!(text(&threw), "k6 ended with 107: the script threw an exception (ReferenceError: x)");
    }

    #[test]
    fn explains_how_it_ended() {
        let exit = Exit { code: 99, reason: "Error".into(), ..Exit::default() };
        let ended = ContainerSeen { terminated: Some(exit), ..Default::default() };
        assert_eq!(text(&load(condition("Failed"), ended, "Failed")), "k6 ended with 99: thresholds crossed");
        assert_eq!(load(condition("Complete"), ContainerSeen::default(), "Succeeded").phase(), LoadPhase::Complete);
        assert_eq!(load(JobSeen::default(), ContainerSeen::default(), "Running").phase(), LoadPhase::Running);
        assert_eq!(Load::default().phase(), LoadPhase::None);
    }
}
