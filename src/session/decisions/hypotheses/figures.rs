//! Hypotheses for a sync whose figures none of the seen samples gives: another flag does, or the controller had samples that
//! were not seen. Must not change anything.

use super::explanation::{Background, Explanation, Hypothesis};
use crate::session::decisions::evidence::Fit;
use crate::session::decisions::sync::{BasisKind, Cause};
use crate::session::decisions::sync_case::{Attempt, SyncCase};

/// In the order in which they are tried; the last one always applies.
pub const FIGURES: [Hypothesis; 3] = [flag_for_young_pods, reported_figures, unseen_sample];

/// Another initialization period or readiness delay lets other pods count, with one of the last samples.
pub fn flag_for_young_pods(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    let here = case.clone().at_world(best.world.clone());
    if !here.has_young_pods() {
        return None;
    }
    // The older samples may be those that fit under another flag.
    known.inputs.answers(case.at.timestamp_millis()).take(2).find_map(|answer| {
        let mut world = here.world.clone();
        world.samples = Ok(answer.samples.clone());
        let there = here.clone().at_world(world);
        let inferred = known.flags.infer(known.base, &there, true, true)?;
        let run = there.near(&there.world, &there.memory, &inferred.settings);
        Some(Explanation {
            cause: Some(Cause::OtherFlag(inferred.flag)),
            world: run.is_some().then(|| there.world.clone()),
            run: run.map(|run| (run.decision, run.fit)),
            inferred: Some(inferred),
            ..Explanation::default()
        })
    })
}

/// The controller's own figures, as reported in the status, in place of the samples.
pub fn reported_figures(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    let world = case.from_status(best)?;
    let (decision, fit) = case.run(&world, &case.memory, known.settings);
    let fit = Fit { figures: case.observed.figures.is_some(), ..fit };
    Some(Explanation {
        run: Some((decision, fit)),
        world: Some(world),
        basis: Some(BasisKind::Status),
        ..Explanation::of(Cause::UnseenSample)
    })
}

/// The seen samples are not those of the controller, whose figures are not reported: the result may agree by chance.
pub fn unseen_sample(_: &Background, _: &SyncCase, best: &Attempt) -> Option<Explanation> {
    Some(Explanation {
        cause: (!best.fit.replicas).then_some(Cause::UnseenSample),
        basis: Some(BasisKind::Guess),
        ..Explanation::default()
    })
}
