//! Hypotheses for a sync whose figures are the controller's and whose result is not: its memory, its flags or the time of the
//! sync are others than assumed. Must not change anything.

use super::explanation::{Background, Explanation, Hypothesis};
use crate::hpa::{Action, Memory};
use crate::session::decisions::flag::Flag;
use crate::session::decisions::flags::Inferred;
use crate::session::decisions::memory::horizon;
use crate::session::decisions::restart::Restart;
use crate::session::decisions::sync::{Cause, Divergence, Suspicion, Unexplained};
use crate::session::decisions::sync_case::{Attempt, Run, SyncCase};

/// A change of the scale by a sync is seen up to this much before its status, milliseconds.
const FOUND: i64 = 2000;

/// What needs no cause, in the order in which they are tried: before all others, and also over other worlds that give the reported
/// figures.
pub const WITHOUT_CAUSE: [Hypothesis; 4] =
    [slightly_other_time, without_inferred_syncs, other_recommendation, slightly_late];

/// The others, in the order in which they are tried.
pub const RESULT: [Hypothesis; 12] = [
    restart,
    failed_update,
    scale_not_read,
    without_assumed_recommendation,
    held_by_unknown_history,
    likely_restart,
    other_flag,
    silent_restart,
    other_flag_for_young_pods,
    late_status,
    unknown_history,
    changed_within_a_second,
];

/// A little earlier or later, another recommendation is still in the window.
pub fn slightly_other_time(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    let run = case.near(&best.world, &case.memory, known.settings)?;
    Some(Explanation::by(run))
}

/// For a sync that is only inferred: where none applies there was none.
pub const INFERRED: [Hypothesis; 3] = [slightly_other_time, other_recommendation, without_assumed_recommendation];

/// Syncs that were inferred before this one were none: the controller was held up.
pub fn without_inferred_syncs(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    known.memory.without_inferred().find_map(|(memory, retracted)| {
        let run = case.near(&best.world, &memory, known.settings)?;
        Some(Explanation { memory: Some(memory), retracted, ..Explanation::by(run) })
    })
}

/// An earlier sync, whose recommendation did not show, may as well have recommended another size.
pub fn other_recommendation(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    known.memory.possible().find_map(|memory| {
        let near = case.near(&best.world, &memory, known.settings);
        let run = near.or_else(|| case.late(&best.world, &memory, known.settings, known.period))?;
        Some(Explanation { memory: Some(memory), ..Explanation::by(run) })
    })
}

/// A sync came outside the period, or another controller manager took the lease, and a controller that restarted before it would
/// do the same.
pub fn restart(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    let (run, explanation) = after_restart(known, known.memory.restart?, case, best)?;
    Some(Explanation { run: Some((run.decision, run.fit)), ..explanation })
}

/// Its status, or an earlier one, was seen up to a second late.
pub fn slightly_late(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    let run = case.slightly_late(&best.world, &case.memory, known.settings, known.period)?;
    Some(Explanation::by(run))
}

/// The scale could not be updated.
pub fn failed_update(_: &Background, case: &SyncCase, _: &Attempt) -> Option<Explanation> {
    (case.observed.able == "FailedUpdateScale").then(|| Explanation::of(Cause::UpdateFailed))
}

/// The scale could not be read.
pub fn scale_not_read(_: &Background, case: &SyncCase, _: &Attempt) -> Option<Explanation> {
    (case.observed.able == "FailedGetScale").then(|| Explanation::of(Cause::ScaleNotRead))
}

/// The recommendation that was assumed when the watch began was not there.
pub fn without_assumed_recommendation(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    if !known.is_history_unknown(case) {
        return None;
    }
    let memory = known.memory.without_assumed();
    let (decision, fit) = case.run(&best.world, &memory, known.settings);
    (fit > best.fit && fit.replicas).then(|| Explanation {
        run: Some((decision, fit)),
        memory: Some(memory),
        ..Explanation::default()
    })
}

/// The controller holds the size by a recommendation from before the watch.
pub fn held_by_unknown_history(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    let held = case.observed.is_stabilized() && best.decision.action != Action::None;
    (known.is_history_unknown(case) && held).then(|| Explanation::of(Cause::UnknownHistory))
}

/// The controller holds what one that restarted would hold, and its syncs lean to where a restart would have moved them.
pub fn likely_restart(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    let holds = case.observed.is_stabilized() && Some(case.observed.controller) == case.observed.current;
    let since = case.at.checked_sub_signed(horizon(&case.spec, known.settings))?.timestamp_millis();
    let shift = known.sync_period.filter(|_| holds)?.lean(since)?;
    let restart = Restart { from: shift.from, at: shift.at, period: known.period };
    let (run, explanation) = after_restart(known, restart, case, best)?;
    Some(Explanation { run: Some((run.decision, run.fit)), ..explanation })
}

/// Another stabilization window or tolerance.
pub fn other_flag(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    with_other_flag(known, case, best, false)
}

/// The controller holds a recommendation that it should have forgotten, and no window explains it: it may have restarted
/// without a sync outside the period. Nothing proves that; what such a controller would remember is assumed from now on.
pub fn silent_restart(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    let memory = memory_if_restarted(known, case, best)?;
    let cause = unexplained(known, case, best, [Some(Suspicion::Restart), None]);
    Some(Explanation { memory: Some(memory), ..Explanation::of(cause) })
}

/// Another initialization period or readiness delay, though the figures agree.
pub fn other_flag_for_young_pods(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    if !case.has_young_pods() {
        return None;
    }
    with_other_flag(known, case, best, true)
}

/// The status, or an earlier one, was seen late.
pub fn late_status(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    if best.fit.replicas {
        return None;
    }
    let run = case.late(&best.world, &case.memory, known.settings, known.period)?;
    Some(Explanation::by(run))
}

/// What the controller remembers from before the watch decided.
pub fn unknown_history(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    (!best.fit.replicas && known.is_history_unknown(case)).then(|| Explanation::of(Cause::UnknownHistory))
}

/// A pod or sample changed within a second of the sync.
pub fn changed_within_a_second(_: &Background, _: &SyncCase, best: &Attempt) -> Option<Explanation> {
    (!best.fit.replicas && best.shifted).then(|| Explanation::of(Cause::SyncTime))
}

/// The run of a controller that restarted, with the longest memory that explains the sync.
fn after_restart(known: &Background, restart: Restart, case: &SyncCase, best: &Attempt) -> Option<(Run, Explanation)> {
    let asked = known.asked.or(case.observed.current);
    // What its first sync found, and not what that sync may have changed it to.
    let early = FOUND.min(known.period / 2);
    let found = |ms: i64| known.inputs.scale.at(ms - early).and_then(|s| s.0).or(asked);
    let memories = known.memory.after_restart(&restart, &case.spec, known.settings, case.at, found);
    memories.into_iter().find_map(|memory| {
        let run = case.near(&best.world, &memory, known.settings)?;
        let explanation = Explanation {
            at: Some(run.at),
            memory: Some(memory),
            restart: Some(restart),
            ..Explanation::of(Cause::Restart)
        };
        Some((run, explanation))
    })
}

/// The memory of a controller that restarted without a sync outside the period, where that would explain why it holds a size.
fn memory_if_restarted(known: &Background, case: &SyncCase, best: &Attempt) -> Option<Memory> {
    let holds = case.observed.is_stabilized() && Some(case.observed.controller) == case.observed.current;
    let began = case.at.checked_sub_signed(horizon(&case.spec, known.settings))?.timestamp_millis();
    let restart = known.restart_by(case.at).filter(|_| holds)?;
    let restart = Restart { from: restart.from.min(began), ..restart };
    after_restart(known, restart, case, best).and_then(|(_, explanation)| explanation.memory)
}

/// The cause of a sync that nothing proves, with the two likeliest; those given come first.
pub fn unexplained(known: &Background, case: &SyncCase, best: &Attempt, first: [Option<Suspicion>; 2]) -> Cause {
    let mut likely: Vec<Suspicion> = first.into_iter().flatten().collect();
    if likely.len() < 2 && !likely.contains(&Suspicion::Restart) && memory_if_restarted(known, case, best).is_some() {
        likely.push(Suspicion::Restart);
    }
    if likely.len() < 2 && !likely.iter().any(|s| matches!(s, Suspicion::OtherFlag(_))) {
        let flag = known.flags.infer(known.base, case, false, true);
        likely.extend(flag.map(|inferred| Suspicion::OtherFlag(inferred.flag)));
    }
    likely.extend([Suspicion::OtherTime, Suspicion::UnseenSample]);
    let likely = [0, 1].map(|i| likely.get(i).copied().unwrap_or(Suspicion::UnseenSample));
    Cause::NotExplained(Unexplained { step: Divergence::of(&best.decision, case.observed.controller), likely })
}

fn with_other_flag(known: &Background, case: &SyncCase, best: &Attempt, figures: bool) -> Option<Explanation> {
    let inferred = known.flags.infer(known.base, case, figures, known.is_memory_certain(case))?;
    if let Some(memory) = as_if_restarted(known, case, best, &inferred) {
        let cause =
            unexplained(known, case, best, [Some(Suspicion::Restart), Some(Suspicion::OtherFlag(inferred.flag))]);
        return Some(Explanation { memory: Some(memory), ..Explanation::of(cause) });
    }
    let run = case.near(&best.world, &case.memory, &inferred.settings);
    Some(Explanation {
        cause: Some(Cause::OtherFlag(inferred.flag)),
        at: run.as_ref().map(|run| run.at),
        run: run.map(|run| (run.decision, run.fit)),
        inferred: Some(inferred),
        ..Explanation::default()
    })
}

/// A longer window holds a size, and so does a restart: the memory of the latter. The one is no proof against the other.
fn as_if_restarted(known: &Background, case: &SyncCase, best: &Attempt, inferred: &Inferred) -> Option<Memory> {
    let now = known.settings.downscale_stabilization;
    let longer = matches!(inferred.flag, Flag::Stabilization(_)) && inferred.settings.downscale_stabilization > now;
    longer.then(|| memory_if_restarted(known, case, best)).flatten()
}
