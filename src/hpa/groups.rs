//! Which pods count for one metric: ready, unready, missing, ignored, each with the rule that put it there.
//! Looks at pods and readings only; what the groups mean for the replica count is in `per_pod`.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    pods::{ConditionStatus, Phase, Pod, PodName, later},
    readings::{Reading, Readings},
    settings::Settings,
};

/// The rule that puts a pod into its group. The first rule that matches wins, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupReason {
    /// Ignored: it is being deleted.
    Deleted,
    /// Ignored: phase Failed.
    Failed,
    /// Unready: phase Pending.
    Pending,
    /// Missing: no reading.
    NoSample,
    /// Unready (cpu): no Ready condition.
    NoReadyCondition,
    /// Unready (cpu): no start time.
    NotStarted,
    /// Unready (cpu): Ready=False within the initialization period.
    Initializing,
    /// Unready (cpu): within the initialization period, and the reading does not yet cover a whole window since the
    /// last flip of the Ready condition.
    WindowNotFull { needs: DateTime<Utc> },
    /// Unready (cpu): Ready=False and it was never ready after the readiness delay.
    NeverReady,
    /// Ready: it counts.
    Counted,
}

/// A pod's group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Ready,
    Unready,
    Missing,
    Ignored,
}

impl GroupReason {
    /// The group the rule puts a pod into.
    #[must_use]
    #[inline]
    pub const fn group(self) -> Group {
        match self {
            Self::Deleted | Self::Failed => Group::Ignored,
            Self::NoSample => Group::Missing,
            Self::Counted => Group::Ready,
            Self::Pending
            | Self::NoReadyCondition
            | Self::NotStarted
            | Self::Initializing
            | Self::WindowNotFull { .. }
            | Self::NeverReady => Group::Unready,
        }
    }
}

/// One pod of the selector, and the rule that grouped it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupedPod {
    pub pod: PodName,
    pub reason: GroupReason,
    /// The index of its reading in the readings, if it has one.
    pub reading: Option<usize>,
}

/// The pods of a selector, grouped for one metric, in the order they were listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups {
    pub pods: Vec<GroupedPod>,
    /// Pods that have a reading but are not in the list, or no longer in it: their readings stay in the sums of
    /// per-pod values and in the count of the second pass.
    pub unlisted: Vec<PodName>,
}

impl Groups {
    /// The pods of one group, in order.
    pub fn of(&self, group: Group) -> impl Iterator<Item = &GroupedPod> {
        let inside = move |p: &&GroupedPod| p.reason.group() == group;
        self.pods.iter().filter(inside)
    }

    /// How many pods one group has.
    #[must_use]
    pub fn count(&self, group: Group) -> usize {
        self.of(group).count()
    }
}

/// Groups the pods for a metric. `resource` is empty for Pods metrics; only for "cpu" are unready pods a group.
#[must_use]
pub fn group(
    pods: &[Arc<Pod>],
    readings: &Readings,
    resource: &str,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Groups {
    let all = readings.as_slice();
    let (mut next, mut in_order) = (0, true);
    let mut grouped = Vec::with_capacity(pods.len());
    for pod in pods {
        let at = readings.position(&pod.name, next);
        let reading = at.and_then(|at| all.get(at));
        if let Some(at) = at {
            in_order &= at == next;
            next = at + 1;
        }
        grouped.push(GroupedPod {
            pod: pod.name.clone(),
            reason: reason(pod, reading, resource == "cpu", settings, now),
            reading: at,
        });
    }
    // Mostly the readings are those of the pods, in the same order.
    let unlisted = match in_order && next == all.len() {
        true => Vec::new(),
        false => unlisted(&grouped, all),
    };
    Groups { unlisted, pods: grouped }
}

fn unlisted(grouped: &[GroupedPod], readings: &[Reading]) -> Vec<PodName> {
    let mut listed = vec![false; readings.len()];
    for at in grouped.iter().filter_map(|p| p.reading) {
        listed[at] = true;
    }
    let rest = readings.iter().zip(&listed).filter(|(_, listed)| !**listed);
    rest.map(|(reading, _)| reading.pod.clone()).collect()
}

/// The rule that places one pod.
#[must_use]
pub fn reason(pod: &Pod, reading: Option<&Reading>, cpu: bool, settings: &Settings, now: DateTime<Utc>) -> GroupReason {
    if pod.deleted {
        return GroupReason::Deleted;
    }
    match pod.phase {
        Phase::Failed => return GroupReason::Failed,
        Phase::Pending => return GroupReason::Pending,
        _ => {}
    }
    let Some(reading) = reading else {
        return GroupReason::NoSample;
    };
    if !cpu {
        return GroupReason::Counted;
    }
    let Some(ready) = pod.ready else {
        return GroupReason::NoReadyCondition;
    };
    let Some(started) = pod.started else {
        return GroupReason::NotStarted;
    };
    let after = |d: TimeDelta| later(started, d);
    let not_ready = ready.status == ConditionStatus::False;
    if after(settings.cpu_initialization) > now {
        let needs = later(ready.since, reading.window);
        if not_ready {
            return GroupReason::Initializing;
        }
        if reading.at < needs {
            return GroupReason::WindowNotFull { needs };
        }
    } else if not_ready && after(settings.readiness_delay) > ready.since {
        return GroupReason::NeverReady;
    }
    GroupReason::Counted
}
