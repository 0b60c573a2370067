//! What is wrong with one HPA, from its own object alone. Must not word it.

use super::super::{Severity, hpa_status};
use super::row::HpaRow;
use crate::observe::{Condition, HpaSeen, Time};

/// The time after its creation within which a controller has looked at an HPA, seconds.
const FIRST_SYNC: i64 = 60;
/// Turns between up and down in ten minutes that count as flapping, as for a single HPA.
const TURNS: usize = 3;

/// Something wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble<'a> {
    /// The scale target cannot be read or changed.
    Unable(&'a Condition),
    /// Nothing is decided: the metrics cannot be read, or the spec or the selector is of no use.
    Inactive(&'a Condition),
    /// At its maximum, and more is asked for; by the figure at this index, and how many, where that is known.
    AtMaximum(Option<(usize, i32)>),
    /// The metric at this index has no figure.
    Missing(usize),
    /// The replicas turned this often between up and down in ten minutes.
    Flapping(usize),
    /// No controller has looked at it since it was created.
    Unattended,
}

impl Trouble<'_> {
    pub fn severity(self) -> Severity {
        match self {
            Trouble::Unable(_) | Trouble::Inactive(_) | Trouble::Unattended => Severity::Critical,
            Trouble::AtMaximum(_) | Trouble::Missing(_) | Trouble::Flapping(_) => Severity::Warning,
        }
    }
}

impl HpaRow {
    /// What is wrong at `now`, the worst first.
    pub fn troubles(&self, now: Time) -> Vec<Trouble<'_>> {
        let hpa = &self.hpa;
        let mut all = Vec::new();
        all.extend(is_false(hpa, "AbleToScale").map(Trouble::Unable));
        all.extend(inactive(hpa).map(Trouble::Inactive));
        let old = hpa.created.is_some_and(|created| (now - created).num_seconds() > FIRST_SYNC);
        if hpa.status.conditions.is_empty() && old {
            all.push(Trouble::Unattended);
        }
        let limited = hpa_status::condition(hpa, "ScalingLimited").filter(|c| c.status == "True");
        if limited.is_some_and(|c| c.reason == "TooManyReplicas") {
            let asks = self.forecast.and_then(|f| f.highest).filter(|(_, p)| p.replicas > hpa.max_replicas);
            all.push(Trouble::AtMaximum(asks.map(|(index, p)| (index, p.replicas))));
        }
        // A target at 0 has no figures, and one that was never synced has none yet.
        let reads = hpa_status::condition(hpa, "ScalingActive").is_some_and(|c| c.status == "True");
        let missing = self.figures.iter().position(|figure| figure.current.is_none());
        all.extend(missing.filter(|_| reads && self.current != Some(0)).map(Trouble::Missing));
        let turns = self.history.turns(now.timestamp_millis());
        if turns >= TURNS {
            all.push(Trouble::Flapping(turns));
        }
        all
    }

    /// The worst of what is wrong; None where nothing is.
    pub fn severity(&self, now: Time) -> Option<Severity> {
        self.troubles(now).into_iter().map(Trouble::severity).max()
    }

    /// Its target was scaled to 0, or is there: the controller leaves it alone.
    pub fn is_off(&self) -> bool {
        is_false(&self.hpa, "ScalingActive").is_some_and(|c| c.reason == "ScalingDisabled")
    }

    /// The greater, the worse: severity, how much is wrong, whether it moves, and how far from its target it is, in thousandths.
    pub fn rank(&self, now: Time) -> (Option<Severity>, usize, bool, i64) {
        let troubles = self.troubles(now);
        let heat = self.ratio().map_or(0, |ratio| (ratio * 1000.0).min(1e9) as i64);
        (troubles.iter().copied().map(Trouble::severity).max(), troubles.len(), self.is_moving(), heat)
    }
}

fn is_false<'a>(hpa: &'a HpaSeen, kind: &str) -> Option<&'a Condition> {
    hpa_status::condition(hpa, kind).filter(|c| c.status == "False")
}

fn inactive(hpa: &HpaSeen) -> Option<&Condition> {
    is_false(hpa, "ScalingActive").filter(|c| c.reason != "ScalingDisabled")
}
