//! Why the load does not run yet, and how it ended, in words. Must not decide the phase.

use super::{K6, Load};
use crate::observe::{Exit, PodSeen, ThresholdSeen, k6};

/// Why no pod of it runs yet.
pub fn waiting<'a>(load: &Load, mut pods: impl Iterator<Item = &'a PodSeen>) -> String {
    if let Some(why) = pods.find_map(pod_waits) {
        return why;
    }
    let job = load.job.as_ref();
    if let Some(c) = job.and_then(|j| j.conditions.iter().find(|c| c.kind == "FailedCreate")) {
        return c.message.clone();
    }
    if load.pods.is_empty() { "no pod yet".into() } else { "its container is being made".into() }
}

/// Why a pod does not run; None where nothing is amiss.
pub fn pod_waits(pod: &PodSeen) -> Option<String> {
    let with = |words: &str, more: &str| if more.is_empty() { words.to_owned() } else { format!("{words}: {more}") };
    for c in &pod.containers {
        let Some(why) = c.waiting.as_deref() else { continue };
        let more = c.waiting_message.as_deref().unwrap_or_default();
        let image = &c.image;
        let words = match why {
            "ContainerCreating" | "PodInitializing" => continue,
            "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" | "ImageInspectError" => {
                format!("its image {image} cannot be pulled ({why})")
            }
            "ErrImageNeverPull" => format!("its image {image} is not on the node and may not be pulled ({why})"),
            "InvalidImageName" => format!("its image {image:?} is no image's name ({why})"),
            "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
                format!("its container cannot be made ({why})")
            }
            "CrashLoopBackOff" => match &c.last_terminated {
                Some(exit) => format!("k6 ended again and again ({why}), last with {}", ended(exit)),
                None => format!("k6 ended again and again ({why})"),
            },
            _ => why.to_owned(),
        };
        return Some(with(&words, more));
    }
    let why = pod.reason.as_deref()?;
    let more = pod.message.as_deref().unwrap_or_default();
    Some(match why {
        "Unschedulable" => with("its pod fits on no node (Unschedulable)", more),
        _ => with(why, more),
    })
}

/// How it failed: how k6 ended if that is known, else what the Job says.
pub fn failure<'a>(exit: Option<&Exit>, pods: impl Iterator<Item = &'a PodSeen>, k6: &K6, job: (&str, &str)) -> String {
    let (reason, message) = job;
    if let Some(exit) = exit {
        return match detail(exit.code, k6) {
            Some(more) => format!("k6 ended with {} ({more})", ended(exit)),
            None => format!("k6 ended with {}", ended(exit)),
        };
    }
    // The pod may never have run, and be gone or going.
    if let Some(why) = pods.into_iter().find_map(pod_waits) {
        return format!("{reason}: {why}");
    }
    match reason {
        "DeadlineExceeded" => "it took longer than the Job's activeDeadlineSeconds allow (DeadlineExceeded)".into(),
        _ if message.is_empty() => reason.to_owned(),
        _ => format!("{reason}: {message}"),
    }
}

/// `99: thresholds crossed`.
fn ended(exit: &Exit) -> String {
    match exit.reason.as_str() {
        "OOMKilled" => format!("{}: killed for want of memory (OOMKilled)", exit.code),
        _ => format!("{}: {}", exit.code, k6::exit_words(exit.code)),
    }
}

/// What k6 itself said that explains the code.
fn detail(code: i32, k6: &K6) -> Option<String> {
    let name = |t: &ThresholdSeen| match t.rule.is_empty() {
        true => t.metric.clone(),
        false => format!("{} {}", t.metric, t.rule),
    };
    match code {
        99 => {
            let crossed: Vec<String> = k6.progress(0).thresholds.iter().filter(|t| !t.held).take(4).map(name).collect();
            (!crossed.is_empty()).then(|| crossed.join(", "))
        }
        100..=102 | 104 | 106 | 107 | 108 | 109 | 255 => k6.runs().find_map(|(_, run)| run.errors.last().cloned()),
        _ => None,
    }
}
