//! Several metrics: the highest proposal wins; how invalid metrics change that.

use chrono::{DateTime, Utc};

use super::{
    metric::{self, Failure, Proposal},
    ratio::Band,
    settings::Settings,
    spec::Spec,
    world::{Scale, World},
};

/// What the metrics of a spec propose together.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposals {
    /// One entry per metric, in order.
    pub each: Vec<Result<Proposal, Box<Failure>>>,
    /// The index of the highest valid proposal, and the proposal; of equal ones the first. A proposal of 0 yields to any later one.
    pub best: Option<(usize, i32)>,
    /// The aggregate of the invalid metrics, in the controller's words.
    pub error: Option<String>,
    /// No change is allowed: every metric is invalid, or some are and the best proposal is below the current replicas.
    pub blocked: bool,
}

impl Proposals {
    /// The first invalid metric.
    #[must_use]
    pub fn first_failure(&self) -> Option<&Failure> {
        let failed = |each: &'_ Result<_, Box<Failure>>| each.is_err();
        let first = self.each.iter().find(|each| failed(each))?;
        first.as_ref().err().map(|failure| &**failure)
    }
}

/// Computes every metric of the spec and takes the highest.
#[must_use]
pub fn propose(spec: &Spec, scale: Scale, world: &World, settings: &Settings, now: DateTime<Utc>) -> Proposals {
    let band = Band::of(spec.behavior.as_ref(), settings);
    let one = |(index, metric)| metric::propose(index, metric, band, scale, world, settings, now);
    let each: Vec<_> = spec.metrics.iter().enumerate().map(one).collect();
    let mut best: Option<(usize, i32)> = None;
    for (index, proposal) in each.iter().enumerate() {
        let Ok(proposal) = proposal else { continue };
        if best.is_none_or(|(_, best)| best == 0 || proposal.replicas > best) {
            best = Some((index, proposal.replicas));
        }
    }
    let invalid = each.iter().filter(|each| each.is_err()).count();
    let first = each.iter().find_map(|each| each.as_ref().err());
    let error = first.map(|first| {
        let all = each.len();
        let error = &first.error;
        format!("invalid metrics ({invalid} invalid out of {all}), first error is: {error}")
    });
    let lower = best.is_none_or(|(_, best)| best < scale.spec);
    Proposals { blocked: best.is_none() || (invalid > 0 && lower), each, best, error }
}
