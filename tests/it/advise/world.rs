//! A small gateway to test rules on: an HPA, its target, some pods and their usage, as observations.

use chrono::{DateTime, TimeDelta, Utc};
use edot_tui::observe::{
    Behavior, Condition, ContainerSeen, Exit, Feed, FeedState, FeedStatus, HpaSeen, Metric, MetricKind, MetricValue,
    Observation, PodSeen, PodUsage, ReadySeen, Resources, Rules, Stamped, TargetSeen, UsageSeen,
};
use edot_tui::session::Session;

/// A gateway; a test changes it before it is folded.
pub struct World {
    pub hpa: HpaSeen,
    pub pods: Vec<PodSeen>,
    /// The constant usage of each pod: millicores and mebibytes.
    pub uses: (i64, i64),
    pub extra: Vec<Stamped>,
    /// How long it is watched, in seconds; the pods are ten minutes older.
    pub seconds: i64,
}

pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

pub fn resources(cpu: &str, memory: &str) -> Resources {
    [("cpu".to_string(), cpu.to_string()), ("memory".to_string(), memory.to_string())].into()
}

pub fn metric(name: &str, percent: i32) -> Metric {
    let value = MetricValue { utilization: Some(percent), ..Default::default() };
    Metric { kind: MetricKind::Resource, name: name.into(), value, ..Default::default() }
}

impl World {
    pub fn new(pods: usize) -> World {
        let container = ContainerSeen {
            name: "collector".into(),
            requests: resources("200m", "256Mi"),
            limits: resources("1", "512Mi"),
            ready: true,
            running: Some(at(-600)),
            ..Default::default()
        };
        let pod = |n: usize| PodSeen {
            namespace: "lab".into(),
            name: format!("gateway-{n}"),
            uid: format!("uid-{n}"),
            phase: "Running".into(),
            created: Some(at(-600)),
            started: Some(at(-600)),
            ready: Some(ReadySeen { status: "True".into(), since: Some(at(-590)) }),
            containers: vec![container.clone()],
            ..Default::default()
        };
        let rules = Rules { window_s: Some(30), ..Default::default() };
        let hpa = HpaSeen {
            namespace: "lab".into(),
            name: "gateway".into(),
            uid: "h".into(),
            min_replicas: Some(1),
            max_replicas: 4,
            metrics: vec![metric("cpu", 80), metric("memory", 80)],
            behavior: Some(Behavior { scale_up: None, scale_down: Some(rules) }),
            ..Default::default()
        };
        World { hpa, pods: (0..pods).map(pod).collect(), uses: (160, 205), extra: Vec::new(), seconds: 120 }
    }

    /// A pod's container ended like this, a minute before the end.
    pub fn ended(&mut self, pod: usize, code: i32, reason: &str) {
        let exit = Exit { code, reason: reason.into(), finished: Some(at(self.seconds - 60)), ..Exit::default() };
        let container = &mut self.pods[pod].containers[0];
        (container.last_terminated, container.restarts) = (Some(exit), 1);
    }

    pub fn condition(&mut self, kind: &str, status: &str, reason: &str) {
        let (kind, status, reason) = (kind.into(), status.into(), reason.into());
        self.hpa.status.conditions.push(Condition { kind, status, reason, ..Default::default() });
    }

    /// The session at the end.
    pub fn session(&self) -> Session {
        let mut session = Session::default();
        self.observations().iter().for_each(|s| session.apply(s));
        assert_eq!(session.now, Some(at(0) + TimeDelta::seconds(self.seconds)));
        session
    }

    /// All observations, ordered by time.
    pub fn observations(&self) -> Vec<Stamped> {
        let n = i32::try_from(self.pods.len()).unwrap();
        let mut hpa = self.hpa.clone();
        (hpa.status.current_replicas, hpa.status.desired_replicas) = (Some(n), n);
        let percent = [self.uses.0 * 100 / 200, self.uses.1 * 100 / 256];
        if hpa.status.metrics.is_empty() {
            let figures = hpa.metrics.iter().zip(percent);
            hpa.status.metrics = figures.map(|(m, p)| metric(&m.name, i32::try_from(p).unwrap())).collect();
        }
        let mut all = Vec::new();
        let mut emit = |second: i64, what| all.push(Stamped { at: at(second), what });
        for feed in [Feed::Hpa, Feed::Target, Feed::Pods, Feed::Usage, Feed::Events, Feed::Load] {
            emit(0, Observation::FeedStatus(FeedStatus::new(feed, FeedState::Up)));
        }
        let target = TargetSeen { spec_replicas: Some(n), replicas: Some(n), ready: Some(n), ..Default::default() };
        emit(0, Observation::Target(Box::new(target)));
        self.pods.iter().for_each(|p| emit(0, Observation::Pod(Box::new(p.clone()))));
        emit(0, Observation::Hpa(Box::new(hpa)));
        for second in (0..=self.seconds).step_by(15) {
            let used = resources(&format!("{}m", self.uses.0), &format!("{}Mi", self.uses.1));
            let usage = |p: &PodSeen| PodUsage {
                pod: p.name.clone(),
                at: at(second),
                window_s: 15.0,
                containers: vec![(p.containers[0].name.clone(), used.clone())],
            };
            emit(second, Observation::Usage(UsageSeen { pods: self.pods.iter().map(usage).collect() }));
        }
        all.extend(self.extra.iter().cloned());
        all.extend((1..=self.seconds).map(|s| Stamped { at: at(s), what: Observation::Tick }));
        all.sort_by_key(|s| s.at);
        all
    }
}
