//! The recorded syncs, each with the inputs that the controller had: spec, pods, samples, memory. Must not simulate.

use crate::hpa::{Memory, Phase, PodSample, Scale, Selector, Settings, Source, Spec, Status, Values, World, reconcile};
use crate::observe::{Stamped, Time};
use crate::session::Session;
use crate::session::decisions::sync::{BasisKind, MetricOutcome, Sync};
use std::collections::BTreeMap;
use std::sync::Arc;

/// When the controller may have read the pods, milliseconds from the sync; the likeliest first.
const PODS_READ: [i64; 4] = [-60, -1000, -300, 400];

/// One sync of the controller, and its inputs.
#[derive(Clone, Debug)]
pub struct RecordedSync {
    /// Milliseconds since 1970.
    pub ms: i64,
    /// Replicas that the controller found, and those that it asked for.
    pub found: i32,
    pub actual: i32,
    pub spec: Spec,
    /// Names of the spec's metrics, in its order.
    pub names: Arc<[String]>,
    pub settings: Settings,
    pub world: World,
    /// The controller's memory before the sync; None where it is unknown.
    pub memory: Option<Memory>,
    /// Figures of the spec's metrics, in its order.
    pub figures: Vec<MetricOutcome>,
    /// Replicas that the reconstruction computes.
    pub computed: i32,
    /// Syncs recognised along with it that have no entry of their own, and in how many of them the arithmetic agrees.
    pub others: (usize, usize),
}

impl RecordedSync {
    pub fn at(&self) -> Time {
        Time::from_timestamp_millis(self.ms).unwrap_or_default()
    }
}

/// A recording as its syncs, and the session at its end.
pub struct Recorded {
    pub syncs: Vec<RecordedSync>,
    pub session: Session,
}

/// Folds observations and keeps each sync when it is recognised.
pub fn record(observations: impl Iterator<Item = Stamped>) -> Recorded {
    let mut session = Session::default();
    let mut syncs: Vec<RecordedSync> = Vec::new();
    let mut memory = Memory::default();
    for seen in observations {
        let before = session.decisions.score.all();
        session.apply(&seen);
        let last = syncs.last().map_or(i64::MIN, |m| m.ms);
        let rows = session.decisions.rows();
        let new = rows.iter().rev().take_while(|r| r.last > last).count();
        let known = syncs.len();
        for (i, row) in rows.iter().skip(rows.len() - new).enumerate() {
            // Of several that are recognised at once, only the first has the memory from before.
            let before = (i == 0).then(|| memory.clone());
            syncs.extend(recorded_sync(&session, row, before));
        }
        let score = session.decisions.score.all();
        let own = syncs.len() - known;
        let agreed = syncs[known..].iter().filter(|m| m.computed == m.actual).count();
        if let Some(last) = syncs.last_mut() {
            last.others.0 += ((score.of - before.of) as usize).saturating_sub(own);
            last.others.1 += ((score.agreed - before.agreed) as usize).saturating_sub(agreed);
        }
        if session.decisions.memory.memory != memory {
            memory.clone_from(&session.decisions.memory.memory);
        }
    }
    Recorded { syncs, session }
}

fn recorded_sync(session: &Session, row: &Sync, memory: Option<Memory>) -> Option<RecordedSync> {
    let worked = row.computation.as_ref()?;
    let found = row.computed.current;
    let mut m = RecordedSync {
        ms: row.last,
        found,
        actual: row.controller,
        spec: Spec::clone(&worked.spec),
        names: row.names.clone(),
        settings: worked.settings.clone(),
        world: World {
            namespace: String::new(),
            scale: Ok(Scale { spec: found, status: found }),
            selector: Selector::Own,
            pods: Vec::new(),
            samples: Err("no sample".into()),
            values: values(row, &worked.spec, found),
            update_error: None,
        },
        memory,
        figures: row.computed.metrics.clone(),
        computed: row.computed.result,
        others: (0, 0),
    };
    let mut worlds = candidates(session, row, &m.world).into_iter();
    let fits = |world: &World| {
        let mut memory = m.memory.clone().unwrap_or_default();
        let it = reconcile(&m.spec, &Status::default(), world, &mut memory, m.at(), &m.settings);
        let figure = |i: usize| {
            let status = it.metrics.get(i).and_then(|p| p.as_ref().ok()).map(|p| p.status);
            status.and_then(|s| s.average_utilization.map(i64::from).or(s.average_value).or(s.value))
        };
        (0..m.spec.metrics.len()).all(|i| figure(i) == row.computed.metrics.get(i).and_then(|s| s.figure))
            && it.replicas.unwrap_or(found) == row.computed.result
    };
    let first = worlds.next();
    let fitting = first.iter().find(|w| fits(w)).cloned().or_else(|| worlds.find(|w| fits(w)));
    m.world = fitting.or(first).unwrap_or(m.world);
    Some(m)
}

/// The inputs that the controller may have had, the likeliest first.
fn candidates(session: &Session, row: &Sync, bare: &World) -> Vec<World> {
    let inputs = session.decisions.inputs();
    let answer = inputs.answers(row.last).find(|a| Some(a.seen) == row.basis.seen).or(inputs.answers(row.last).next());
    let failed = row.basis.kind == BasisKind::None && row.computed.metrics.iter().any(|m| m.figure.is_none());
    let mut lists: Vec<Result<Vec<PodSample>, String>> = Vec::new();
    if let Some(answer) = answer.filter(|_| !failed) {
        lists.push(Ok(answer.samples.clone()));
        lists.push(Ok(answer.samples[..answer.fresh.min(answer.samples.len())].to_vec()));
    }
    lists.push(Err("no sample".into()));
    let with = |samples: &Result<Vec<PodSample>, String>, shift: i64| {
        let pods = inputs.pods_at(row.last + shift);
        let mut world = World { samples: samples.clone(), ..bare.clone() };
        // The mean over pods is taken for each pod that can have a value.
        for value in world.values.values_mut() {
            if let Ok(Values::Pods(each)) = value {
                let mean = each.first().map_or(0, |v| v.1);
                let counts = pods.iter().filter(|p| p.phase != Phase::Pending && !p.deleted);
                *each = counts.map(|p| (p.name.clone(), mean)).collect();
            }
        }
        world.pods = pods;
        world
    };
    PODS_READ.iter().flat_map(|shift| lists.iter().map(move |l| (l, *shift))).map(|(l, shift)| with(l, shift)).collect()
}

/// Values of metrics that are not pod usage, from the controller's own figures.
fn values(row: &Sync, spec: &Spec, replicas: i32) -> BTreeMap<usize, Result<Values, String>> {
    let mut out = BTreeMap::new();
    for (i, metric) in spec.metrics.iter().enumerate() {
        if matches!(metric.source, Source::Resource { .. } | Source::ContainerResource { .. }) {
            continue;
        }
        let figure = row.computed.metrics.get(i).and_then(|s| s.figure);
        let whole = |average: bool, v: i64| if average { v.saturating_mul(i64::from(replicas.max(1))) } else { v };
        let average = matches!(metric.target, crate::hpa::Target::AverageValue(_));
        let value = match (&metric.source, figure) {
            (_, None) => Err("no value".into()),
            (Source::Object { .. }, Some(v)) => Ok(Values::Object(whole(average, v))),
            (Source::Pods { .. }, Some(mean)) => Ok(Values::Pods(vec![("".into(), mean)])),
            (_, Some(v)) => Ok(Values::External(vec![whole(average, v)])),
        };
        out.insert(i, value);
    }
    out
}
