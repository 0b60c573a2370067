//! The scenario's faults over time: which are in force now, and which have just begun.

use super::Ms;
use super::flow::bulk_indexing::ElasticFaults;
use super::interface::ApiFaultKind;
use crate::lab::scenario::{Fault, FaultKind};

/// How long a momentary fault stays in the list, so that no reader misses it.
const MOMENT_MS: Ms = 3000;

#[derive(Debug, Clone)]
pub struct FaultSchedule {
    faults: Vec<ScheduledFault>,
}

#[derive(Debug, Clone)]
struct ScheduledFault {
    fault: Fault,
    begun: bool,
}

impl FaultSchedule {
    pub fn of(faults: &[Fault]) -> Self {
        FaultSchedule {
            faults: faults.iter().map(|fault| ScheduledFault { fault: fault.clone(), begun: false }).collect(),
        }
    }

    /// When a fault begins and ends; None before the start of the load that its time counts from.
    fn span(fault: &Fault, load_started: Option<Ms>) -> Option<(Ms, Ms)> {
        let from = if fault.after_load { load_started? } else { 0 } + fault.at.ms();
        Some((from, from + fault.lasts.map_or(MOMENT_MS, |lasts| lasts.ms())))
    }

    /// The faults in force at `t`, each with its begin.
    pub fn now(&self, t: Ms, load_started: Option<Ms>) -> impl Iterator<Item = (&Fault, Ms)> {
        self.faults.iter().filter_map(move |scheduled| {
            let (from, until) = Self::span(&scheduled.fault, load_started)?;
            (from <= t && t < until).then_some((&scheduled.fault, from))
        })
    }

    /// Whether a fault of a kind is in force.
    pub fn holds(&self, kind: FaultKind, t: Ms, load_started: Option<Ms>) -> bool {
        self.now(t, load_started).any(|(fault, _)| fault.kind == kind)
    }

    /// The faults that have begun by `t`, each returned once.
    pub fn begin(&mut self, t: Ms, load_started: Option<Ms>) -> Vec<FaultKind> {
        let mut out = Vec::new();
        for scheduled in &mut self.faults {
            let due = Self::span(&scheduled.fault, load_started).is_some_and(|(from, _)| from <= t);
            if due && !scheduled.begun {
                scheduled.begun = true;
                out.push(scheduled.fault.kind);
            }
        }
        out
    }

    /// The faults of Elasticsearch in force at `t`.
    pub fn elastic_faults(&self, t: Ms, load_started: Option<Ms>) -> ElasticFaults {
        let mut faults = ElasticFaults::default();
        for (fault, _) in self.now(t, load_started) {
            match fault.kind {
                FaultKind::EsSlow => faults.slow_ms += fault.delay.map_or(0, |delay| delay.ms()),
                FaultKind::EsReject => faults.refuses = true,
                FaultKind::EsRejectItems => faults.refuses_share = fault.share.map_or(0.0, |share| share.0),
                FaultKind::EsUnavailable => faults.unavailable = true,
                FaultKind::EsDown => faults.down = true,
                _ => {}
            }
        }
        faults
    }
}

/// What a fault does to the API; None for other faults.
pub fn of_api(fault: &Fault) -> Option<ApiFaultKind> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "*".to_owned());
    Some(match fault.kind {
        FaultKind::MetricsOutage => ApiFaultKind::MetricsOutage,
        FaultKind::WatchCut => ApiFaultKind::WatchCut,
        FaultKind::Forbidden => ApiFaultKind::Forbidden { verb: text(&fault.verb), resource: text(&fault.resource) },
        FaultKind::Compacted => ApiFaultKind::Compacted,
        FaultKind::Slow => ApiFaultKind::Slow { delay: fault.delay.map(|delay| delay.0).unwrap_or_default() },
        FaultKind::SilentWatch => ApiFaultKind::SilentWatch,
        FaultKind::EmptyAnswers => ApiFaultKind::EmptyAnswer,
        FaultKind::Restart => ApiFaultKind::Restart,
        _ => return None,
    })
}
