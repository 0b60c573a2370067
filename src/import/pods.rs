//! The target's pods over time: when each appeared, was Ready and went, and the samples of what it used. Between two documents
//! nothing is known, so that what changed is taken to have changed in the middle. Must not read the HPA.

use super::document::{PodRow, Row, Says, used};
use crate::observe::{
    ContainerSeen, EventSeen, Observation, PodGone, PodSeen, PodUsage, ReadySeen, Resources, Stamped, TargetRef, Time,
    UsageSeen,
};
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// Seconds between two samples of a pod, before it is known.
const EVERY_S: i64 = 30;
/// The least and the most that is believed, seconds.
const LEAST_S: i64 = 5;
const MOST_S: i64 = 120;
/// What of a pod's figures belongs to one sample, milliseconds.
const TOGETHER: i64 = 2500;
/// Samples are reported this many seconds after the last ones at the earliest, where nodes have their own.
const APART_S: i64 = 5;
/// The window of a sample that no document tells, seconds.
const WINDOW_S: f64 = 15.0;
/// The name of a pod's container, where none is known.
const UNNAMED: &str = "(pod)";
/// How long a pod that was there at the beginning is taken to have run, where no document says it, seconds.
const BEFORE_S: i64 = 3600;
/// Pods that are kept at most.
const MOST: usize = 5000;

#[derive(Debug, Default)]
struct Pod {
    seen: PodSeen,
    /// Figures of the latest sample, by container, and of the pod as a whole.
    parts: BTreeMap<String, (Time, Resources)>,
    whole: Option<(Time, Resources)>,
    /// When its state was last known, for what changes until the next document.
    known: Option<Time>,
    reported: bool,
}

/// The pods.
#[derive(Debug)]
pub struct Pods {
    namespace: String,
    target: TargetRef,
    /// The template's containers, as of today.
    template: Vec<ContainerSeen>,
    requests: Resources,
    from: Time,
    all: BTreeMap<String, Pod>,
    /// The latest document of any pod that is known.
    last: Option<Time>,
    /// The latest document of each pod that is known, also of what comes later.
    coming: BTreeMap<String, Time>,
    /// The latest sample of each pod that is known.
    sampled: BTreeMap<String, Time>,
    every: TimeDelta,
    /// There are documents of the pods' state; without them a pod with a sample is Ready.
    pub has_state: bool,
    /// There is a sample that was not reported.
    fresh: bool,
    reported: Option<Time>,
    /// Samples reported.
    pub samples: u64,
}

impl Pods {
    pub fn new(
        namespace: &str,
        target: &TargetRef,
        template: Vec<ContainerSeen>,
        requests: Resources,
        from: Time,
    ) -> Pods {
        Pods {
            namespace: namespace.to_owned(),
            target: target.clone(),
            template,
            requests,
            from,
            all: BTreeMap::new(),
            last: None,
            coming: BTreeMap::new(),
            sampled: BTreeMap::new(),
            every: TimeDelta::seconds(EVERY_S),
            has_state: false,
            fresh: false,
            reported: None,
            samples: 0,
        }
    }

    /// Whether a pod belongs to the target: a processor said so, or by its name.
    pub fn is_own(&self, row: &PodRow) -> bool {
        row.namespace == self.namespace
            && match &row.workload {
                Some(workload) => *workload == format!("{}/{}", self.target.kind, self.target.name),
                None => is_named(&self.target, &row.pod),
            }
    }

    /// Notes a row of which the time has not come yet.
    pub fn announce(&mut self, row: &Row) {
        let Says::Pod(pod) = &row.says else { return };
        if !self.is_own(pod) {
            return;
        }
        if pod.phase.is_some() || pod.ready.is_some() {
            self.has_state = true;
        }
        // A pod's own sample and those of its containers have one time.
        if pod.is_sample()
            && let Some(before) = self.sampled.insert(pod.pod.clone(), row.at)
        {
            let gap = row.at - before;
            if gap >= TimeDelta::seconds(LEAST_S) && gap < TimeDelta::seconds(MOST_S) {
                // A gap is longer than the interval, and says little of it.
                self.every = if gap < self.every * 3 / 4 { gap } else { self.every + (gap - self.every) / 16 };
            }
        }
        self.coming.insert(pod.pod.clone(), row.at);
        self.last = self.last.max(Some(row.at));
    }

    /// The time between two samples of a pod.
    pub fn every(&self) -> TimeDelta {
        self.every
    }

    /// Takes in a row whose time has come.
    pub fn take(&mut self, row: &Row, out: &mut Vec<Stamped>) {
        match &row.says {
            Says::Pod(pod) if self.is_own(pod) => self.pod(row.at, pod, out),
            Says::Event(event) => self.event(row.at, event, out),
            _ => {}
        }
    }

    fn pod(&mut self, at: Time, row: &PodRow, out: &mut Vec<Stamped>) {
        if self.all.len() >= MOST && !self.all.contains_key(&row.pod) {
            return;
        }
        let early = at - self.from <= self.every * 2;
        let uid = if row.uid.is_empty() { row.pod.clone() } else { row.uid.clone() };
        let has_state = self.has_state;
        let pod = self.all.entry(row.pod.clone()).or_default();
        if pod.seen.uid != uid && (pod.seen.uid.is_empty() || !row.uid.is_empty()) {
            let known = pod.reported.then(|| std::mem::take(pod)).filter(|old| old.seen.uid != uid);
            if let Some(old) = known {
                let gone = PodGone { uid: old.seen.uid, name: old.seen.name };
                out.push(Stamped { at, what: Observation::PodGone(gone) });
            }
            let created = row.started.or_else(|| (!early).then_some(at));
            // The controller takes no figure of a pod that has not started.
            let started = created.or_else(|| self.from.checked_sub_signed(TimeDelta::seconds(BEFORE_S)));
            pod.seen = PodSeen {
                namespace: row.namespace.clone(),
                name: row.pod.clone(),
                uid,
                phase: "Running".into(),
                created,
                started,
                scheduled: created,
                containers: template(&self.template, &self.requests),
                ..PodSeen::default()
            };
            if self.has_state {
                pod.seen.ready = Some(ReadySeen { status: "False".into(), since: started });
            }
        }
        let before = pod.seen.clone();
        pod.seen.node = row.node.clone().or(pod.seen.node.take());
        if let Some(started) = row.started {
            (pod.seen.started, pod.seen.created) = (Some(started), pod.seen.created.or(Some(started)));
        }
        match row.phase {
            Some(phase) => pod.seen.phase = phase.into(),
            None if row.is_sample() && pod.seen.phase == "Pending" => pod.seen.phase = "Running".into(),
            None => {}
        }
        if let Some(name) = &row.container {
            let container = container(&mut pod.seen.containers, name);
            container.requests.extend(row.requests.clone());
            container.limits.extend(row.limits.clone());
            container.restarts = row.restarts.unwrap_or(container.restarts);
            container.image = row.image.clone().unwrap_or(std::mem::take(&mut container.image));
            container.ready = row.ready.unwrap_or(container.ready);
        }
        let ready = match has_state {
            true if row.ready.is_some() => Some(pod.seen.containers.iter().all(|c| c.ready || c.sidecar)),
            true => None,
            false => Some(true),
        };
        let was = pod.seen.ready.as_ref().is_some_and(|r| r.status == "True");
        if let Some(ready) = ready.filter(|ready| *ready != was || pod.seen.ready.is_none()) {
            // It changed since the last document of its state; a pod that was there before the span has been so for long.
            let since = match pod.known {
                Some(known) => Some(known + (at - known) / 2),
                None if early => pod.seen.started,
                None => Some(pod.seen.created.map_or(at, |created| created + (at - created) / 2)),
            };
            pod.seen.ready = Some(ReadySeen { status: if ready { "True" } else { "False" }.into(), since });
        }
        if row.ready.is_some() {
            pod.known = Some(at);
        }
        if pod.seen != before || !pod.reported {
            pod.reported = true;
            out.push(Stamped { at, what: Observation::Pod(Box::new(pod.seen.clone())) });
        }
        if row.is_sample() {
            self.fresh = true;
            match &row.container {
                Some(name) => drop(pod.parts.insert(name.clone(), (at, used(row)))),
                None => pod.whole = Some((at, used(row))),
            }
        }
    }

    /// Events have the times at which a pod was made and is removed, which no figure has.
    fn event(&mut self, at: Time, event: &EventSeen, out: &mut Vec<Stamped>) {
        if event.namespace != self.namespace || at < self.from {
            return;
        }
        let named = |prefix: &str| event.message.strip_prefix(prefix).map(|name| name.trim().to_owned());
        let of_pod = event.object.kind == "Pod";
        let name = match event.reason.as_str() {
            "Scheduled" if of_pod => {
                return self.made(at, event, out);
            }
            "Killing" if of_pod => event.object.name.clone(),
            "SuccessfulDelete" => match named("Deleted pod: ") {
                Some(name) => name,
                None => return,
            },
            _ => return,
        };
        // A container that is restarted is killed, too: the pod then has documents later.
        let stays = self.coming.get(&name).is_some_and(|last| *last - at > self.every * 4 + TimeDelta::seconds(30));
        let Some(pod) = self.all.get_mut(&name).filter(|pod| pod.seen.deleted.is_none() && !stays) else { return };
        pod.seen.deleted = Some(at);
        out.push(Stamped { at, what: Observation::Pod(Box::new(pod.seen.clone())) });
    }

    fn made(&mut self, at: Time, event: &EventSeen, out: &mut Vec<Stamped>) {
        let name = &event.object.name;
        if !is_named(&self.target, name) || self.all.contains_key(name) || self.all.len() >= MOST {
            return;
        }
        // Without documents of it, it is of no figure, and may be another workload's.
        if !self.coming.contains_key(name) {
            return;
        }
        let seen = PodSeen {
            namespace: event.namespace.clone(),
            name: name.clone(),
            uid: if event.object.uid.is_empty() { name.clone() } else { event.object.uid.clone() },
            phase: "Pending".into(),
            created: Some(at),
            started: Some(at),
            scheduled: Some(at),
            ready: Some(ReadySeen { status: "False".into(), since: Some(at) }),
            containers: template(&self.template, &self.requests),
            ..PodSeen::default()
        };
        out.push(Stamped { at, what: Observation::Pod(Box::new(seen.clone())) });
        let pod = Pod { seen, reported: true, known: Some(at), ..Pod::default() };
        self.all.insert(name.clone(), pod);
    }

    /// What a second brings: pods of which nothing more comes are gone, and new samples are reported.
    pub fn tick(&mut self, now: Time, out: &mut Vec<Stamped>) {
        let patience = self.every + self.every / 4;
        let others = self.last;
        let gone = |name: &&String| {
            let last = self.coming.get(*name).copied();
            // Where nothing comes of any pod, that says nothing of this one.
            last.is_some_and(|last| now - last > self.every / 2 && others.is_some_and(|other| other - last > patience))
        };
        let names: Vec<String> = self.all.keys().filter(gone).cloned().collect();
        for name in names {
            if let Some(pod) = self.all.remove(&name) {
                self.coming.remove(&name);
                self.sampled.remove(&name);
                let gone = PodGone { uid: pod.seen.uid, name };
                out.push(Stamped { at: now, what: Observation::PodGone(gone) });
            }
        }
        let due = self.reported.is_none_or(|last| now - last >= TimeDelta::seconds(APART_S));
        if self.fresh && due {
            self.fresh = false;
            self.reported = Some(now);
            let pods: Vec<PodUsage> = self.all.values().filter_map(|pod| usage(pod, now, self.every)).collect();
            self.samples += pods.len() as u64;
            out.push(Stamped { at: now, what: Observation::Usage(UsageSeen { pods }) });
        }
    }
}

/// What the metrics API would have said of a pod: its latest sample, as long as it is not too old.
fn usage(pod: &Pod, now: Time, every: TimeDelta) -> Option<PodUsage> {
    if pod.seen.deleted.is_some() {
        return None;
    }
    let at = pod.parts.values().map(|part| part.0).chain(pod.whole.iter().map(|whole| whole.0)).max()?;
    if now - at > every * 3 {
        return None;
    }
    let near = |of: Time| (at - of).num_milliseconds() <= TOGETHER;
    let parts: Vec<(String, Resources)> =
        pod.parts.iter().filter(|(_, part)| near(part.0)).map(|(name, part)| (name.clone(), part.1.clone())).collect();
    let all = pod.seen.containers.iter().all(|c| parts.iter().any(|(name, _)| *name == c.name));
    let containers = match &pod.whole {
        // The pod's own figure is whole; its containers' only where there is one of each.
        Some((of, used)) if near(*of) && (!all || parts.is_empty()) => {
            let only = pod.seen.containers.first().filter(|_| pod.seen.containers.len() == 1);
            vec![(only.map_or_else(|| UNNAMED.to_owned(), |c| c.name.clone()), used.clone())]
        }
        _ => parts,
    };
    let window_s = (every.num_milliseconds() as f64 / 1000.0).min(WINDOW_S);
    (!containers.is_empty()).then(|| PodUsage { pod: pod.seen.name.clone(), at, window_s, containers })
}

/// The containers of a template, with requests that were given.
fn template(of: &[ContainerSeen], requests: &Resources) -> Vec<ContainerSeen> {
    let mut containers = of.to_vec();
    if requests.is_empty() {
        return containers;
    }
    if containers.is_empty() {
        containers.push(ContainerSeen { name: UNNAMED.into(), ..ContainerSeen::default() });
    }
    for (n, container) in containers.iter_mut().enumerate() {
        for (resource, quantity) in requests {
            let quantity = if n == 0 { quantity.clone() } else { "0".to_owned() };
            container.requests.insert(resource.clone(), quantity);
        }
    }
    containers
}

/// The container of this name. The first that is named takes what was known of one without a name.
fn container<'a>(all: &'a mut Vec<ContainerSeen>, name: &str) -> &'a mut ContainerSeen {
    let at = all.iter().position(|c| c.name == name).or_else(|| all.iter().position(|c| c.name == UNNAMED));
    let at = at.unwrap_or(all.len());
    if at == all.len() {
        all.push(ContainerSeen::default());
    }
    let container = &mut all[at];
    name.clone_into(&mut container.name);
    container
}

/// Whether a pod's name is one that the target's pods have: `gateway-64f654dbfb-brbg4` of a Deployment, `gateway-0` of a StatefulSet.
pub fn is_named(target: &TargetRef, pod: &str) -> bool {
    let Some(rest) = pod.strip_prefix(target.name.as_str()).and_then(|rest| rest.strip_prefix('-')) else {
        return false;
    };
    let parts: Vec<&str> = rest.split('-').collect();
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    match target.kind.as_str() {
        "StatefulSet" => parts.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()),
        "ReplicaSet" | "ReplicationController" => parts.len() == 1 && parts.iter().all(word),
        "Deployment" => parts.len() == 2 && parts.iter().all(word),
        _ => parts.len() <= 2 && parts.iter().all(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_are_known_by_their_names() {
        let of = |kind: &str| TargetRef { kind: kind.into(), name: "gateway".into(), ..TargetRef::default() };
        let named = |kind: &str, pod: &str| is_named(&of(kind), pod);
        assert!(named("Deployment", "gateway-64f654dbfb-brbg4") && named("StatefulSet", "gateway-10"));
        assert!(!named("Deployment", "gateway-canary-64f654dbfb-brbg4") && !named("Deployment", "gateways-1-2"));
        assert!(!named("StatefulSet", "gateway-64f654dbfb-brbg4") && !named("Deployment", "gateway"));
        assert!(named("Rollout", "gateway-64f654dbfb-brbg4") && named("ReplicaSet", "gateway-brbg4"));
    }
}
