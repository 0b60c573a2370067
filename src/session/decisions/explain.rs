//! From the best run over a sync to what is said of it: who is right where they differ, and why. Corrects the memory by
//! what the controller really did.

use super::case::{Attempt, Case};
use super::restart::Restart;
use super::sync::{BasisKind, Cause, Reckoned, Sync, Worked};
use super::{Decisions, Waiting, changed_by_other};
use crate::hpa::{Action, Settings};
use crate::observe::Time;
use std::sync::Arc;

impl Decisions {
    /// Explains a sync, remembers it, and returns its row.
    pub(super) fn explain(&mut self, first: &Waiting, case: Case, mut run: Attempt, mut settings: Settings) -> Sync {
        let told = &first.evidence;
        let mut cause = changed_by_other(self.asked, told.current);
        if first.off
            && let Some(restart) = self.began_by(case.at)
        {
            self.flags.doubt(restart.from);
            settings = self.settings();
            self.past.restart = Some(restart);
        }
        let seen = (!run.fit.figures).then(|| case.clone().at_world(run.world.clone()));
        if !run.fit.figures {
            cause = self.other_figures(&case, &mut run, &mut settings).or(cause);
        }
        let mut case = case.at_world(run.world.clone());
        if run.fit.figures && !(run.fit.replicas && run.fit.reasons) {
            cause = self.other_memory(first, &mut case, &mut run, &mut settings).or(cause);
        }
        let agrees = run.fit.replicas;
        let current = told.current.or(run.decision.current).unwrap_or(told.controller);
        if !agrees && cause.is_none() {
            // When it began anew, and what it saw at first, is known to a beat at best.
            let doubt = run.fit.figures && self.past.restarted(&case.spec, &settings, case.at);
            cause = Some(if doubt { Cause::Restart } else { self.parted(&run, told.controller) });
        }
        let recommended = match agrees {
            true => run.decision.recommended.filter(|_| run.decision.stabilization.is_some()),
            false => self.past.correct(&run.decision, told, &case.spec, &settings, case.at),
        };
        let basis = run.basis.kind;
        let reckoned = Reckoned::of(&run.decision, current);
        let exact = run.fit.full() && run.basis.kind != BasisKind::Status;
        let worked = Worked::new(run.decision, case.spec.clone(), settings, &self.past).map(Arc::new);
        if first.told {
            self.heard = Some(first.ms);
        }
        self.past.remember(current, recommended, case.at);
        if told.rescaled && told.controller != current {
            self.past.rescaled(case.spec.behavior.as_ref(), current, told.controller, case.at);
        }
        if first.told || !agrees {
            // With the samples that were seen: those that the controller used may not be.
            self.flags.keep(seen.filter(|_| basis == BasisKind::Status).unwrap_or(case), &self.base);
        }
        Sync {
            first: first.ms,
            last: first.ms,
            count: 1,
            told: first.told,
            names: first.before.names.clone(),
            reckoned,
            controller: told.controller,
            rescaled: told.rescaled,
            agrees,
            exact,
            cause,
            basis: run.basis,
            worked,
        }
    }

    /// No samples that were seen give the controller's figures: another flag does, or they were not seen.
    fn other_figures(&mut self, case: &Case, run: &mut Attempt, settings: &mut Settings) -> Option<Cause> {
        let here = case.clone().at_world(run.world.clone());
        if here.has_young_pods() {
            // The older samples may be those that fit under another flag.
            for answer in self.inputs.answers(case.at.timestamp_millis()).take(2) {
                let mut world = here.world.clone();
                world.samples = Ok(answer.samples.clone());
                let there = here.clone().at_world(world);
                if let Some((flag, found)) = self.flags.infer(&self.base, &there, true, true) {
                    if let Some((_, decision, fit)) = there.about(&there.world, &there.past, &found) {
                        (run.decision, run.fit, run.world) = (decision, fit, there.world);
                    }
                    *settings = found;
                    return Some(Cause::OtherFlag(flag.text()));
                }
            }
        }
        if let Some(world) = case.from_status(run) {
            let (decision, fit) = case.run(&world, &case.past, settings);
            let reported = case.told.figures.is_some();
            (run.decision, run.world) = (decision, world);
            run.fit = super::evidence::Fit { figures: reported, ..fit };
            run.basis.kind = BasisKind::Status;
            return Some(Cause::UnseenSample);
        }
        run.basis.kind = BasisKind::Guess;
        (!run.fit.replicas).then_some(Cause::UnseenSample)
    }

    /// The figures are the controller's, what it made of them is not: its memory or a flag is another than assumed.
    fn other_memory(
        &mut self,
        first: &Waiting,
        case: &mut Case,
        run: &mut Attempt,
        settings: &mut Settings,
    ) -> Option<Cause> {
        if let Some((at, decision, fit)) = case.about(&run.world, &case.past, settings) {
            (run.decision, run.fit, case.at) = (decision, fit, at);
            return None;
        }
        if self.anew(case, run, settings) {
            return Some(Cause::Restart);
        }
        let told = &first.evidence;
        if told.able == "FailedUpdateScale" {
            return Some(Cause::UpdateFailed("FailedUpdateScale".into()));
        }
        if matches!(told.able.as_str(), "FailedGetScale") {
            return Some(Cause::Failed("the scale could not be read".into()));
        }
        let held = told.able == "ScaleDownStabilized" || told.able == "ScaleUpStabilized";
        let unknown = self.past.unknown(&case.spec, settings, case.at);
        if unknown {
            let memory = self.past.unseeded();
            let (decision, fit) = case.run(&run.world, &memory, settings);
            if fit > run.fit && fit.replicas {
                (run.decision, run.fit) = (decision, fit);
                self.past.memory = memory;
                return None;
            }
        }
        if unknown && held && run.decision.action != Action::None {
            return Some(Cause::UnknownHistory);
        }
        let sure = !self.past.restarted(&case.spec, settings, case.at);
        let mut inferred = self.flags.infer(&self.base, case, false, sure);
        if inferred.is_none() && held && Some(told.controller) == told.current {
            // It holds what it should have forgotten, and no window does: in silence, it began anew. That is a guess.
            let before = (run.clone(), self.past.restart);
            self.past.restart = self.began_by(case.at);
            if self.anew(case, run, settings) {
                *run = before.0;
                return Some(Cause::Restart);
            }
            self.past.restart = before.1;
        }
        if inferred.is_none() && case.has_young_pods() {
            inferred = self.flags.infer(&self.base, case, true, sure);
        }
        if let Some((flag, found)) = inferred {
            if let Some((at, decision, fit)) = case.about(&run.world, &case.past, &found) {
                (run.decision, run.fit, case.at) = (decision, fit, at);
            }
            *settings = found;
            return Some(Cause::OtherFlag(flag.text()));
        }
        if !run.fit.replicas
            && let Some((at, decision, fit)) = case.late(&run.world, &case.past, settings, self.rhythm.period())
        {
            (run.decision, run.fit, case.at) = (decision, fit, at);
        }
        match (run.fit.replicas, unknown, run.shifted) {
            (true, _, _) => None,
            (false, true, _) => Some(Cause::UnknownHistory),
            (false, false, true) => Some(Cause::SyncTime),
            (false, false, false) => None,
        }
    }

    /// That the controller began anew since it was last heard of, and was there at `at`.
    fn began_by(&self, at: Time) -> Option<Restart> {
        Some(Restart { from: self.heard?, at: at.timestamp_millis(), period: self.rhythm.period() })
    }

    /// Whether a controller that began anew explains the sync: then its memory is taken over, and its run.
    fn anew(&mut self, case: &mut Case, run: &mut Attempt, settings: &Settings) -> bool {
        let asked = self.asked.or(case.told.current);
        let found = |ms| self.inputs.scale.at(ms).and_then(|s| s.0).or(asked);
        for memory in self.past.anew(&case.spec, settings, case.at, found) {
            if let Some((at, decision, fit)) = case.about(&run.world, &memory, settings) {
                (run.decision, run.fit, case.at) = (decision, fit, at);
                (self.past.memory, self.past.known_from) = (memory, None);
                self.flags.forget();
                return true;
            }
        }
        false
    }

    /// The step at which the arithmetic and the controller part.
    fn parted(&self, run: &Attempt, did: i32) -> Cause {
        let it = &run.decision;
        let current = it.current.unwrap_or_default();
        let asked = it.replicas.unwrap_or(current);
        let step = match (&it.stabilization, it.recommended) {
            (_, Some(r)) if r == did => "stabilization or a limit would have changed the recommendation".to_string(),
            (Some(s), _) if s.stabilized == did => "a limit would have changed the stabilized size".into(),
            _ => format!("the arithmetic asks for {asked}, the controller asked for {did}"),
        };
        Cause::NotExplained(step)
    }
}
