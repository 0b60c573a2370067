//! The faults of a scenario in time: which are in force now, and which have just begun.

use super::Ms;
use super::flow::elastic::Trouble;
use super::seen::ApiFaultKind;
use crate::lab::scenario::{Fault, FaultKind};

/// A fault that is a moment stays in the list of faults for so long, so that nobody misses it.
const MOMENT_MS: Ms = 3000;

#[derive(Debug, Clone)]
pub struct Plan {
    faults: Vec<Planned>,
}

#[derive(Debug, Clone)]
struct Planned {
    fault: Fault,
    begun: bool,
}

impl Plan {
    pub fn of(faults: &[Fault]) -> Self {
        Plan { faults: faults.iter().map(|fault| Planned { fault: fault.clone(), begun: false }).collect() }
    }

    /// When a fault begins and ends; None while the load that it counts from has not started.
    fn span(fault: &Fault, load_started: Option<Ms>) -> Option<(Ms, Ms)> {
        let from = if fault.after_load { load_started? } else { 0 } + fault.at.ms();
        Some((from, from + fault.lasts.map_or(MOMENT_MS, |lasts| lasts.ms())))
    }

    /// Those in force at `t`, with their span.
    pub fn now(&self, t: Ms, load_started: Option<Ms>) -> impl Iterator<Item = (&Fault, Ms, Ms)> {
        self.faults.iter().filter_map(move |planned| {
            let (from, until) = Self::span(&planned.fault, load_started)?;
            (from <= t && t < until).then_some((&planned.fault, from, until))
        })
    }

    /// Whether a fault of a kind is in force.
    pub fn holds(&self, kind: FaultKind, t: Ms, load_started: Option<Ms>) -> bool {
        self.now(t, load_started).any(|(fault, ..)| fault.kind == kind)
    }

    /// Those that begin now: each is given once.
    pub fn begin(&mut self, t: Ms, load_started: Option<Ms>) -> Vec<FaultKind> {
        let mut out = Vec::new();
        for planned in &mut self.faults {
            let due = Self::span(&planned.fault, load_started).is_some_and(|(from, _)| from <= t);
            if due && !planned.begun {
                planned.begun = true;
                out.push(planned.fault.kind);
            }
        }
        out
    }

    /// What troubles Elasticsearch now.
    pub fn trouble(&self, t: Ms, load_started: Option<Ms>) -> Trouble {
        let mut trouble = Trouble::default();
        for (fault, ..) in self.now(t, load_started) {
            match fault.kind {
                FaultKind::EsSlow => trouble.slow_ms += fault.delay.map_or(0, |delay| delay.ms()),
                FaultKind::EsReject => trouble.refuses = true,
                FaultKind::EsRejectItems => trouble.refuses_share = fault.share.map_or(0.0, |share| share.0),
                FaultKind::EsUnavailable => trouble.unavailable = true,
                FaultKind::EsDown => trouble.down = true,
                _ => {}
            }
        }
        trouble
    }
}

/// What the API does under a fault; None when it is none of the API's.
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
