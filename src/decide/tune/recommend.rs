//! What is recommended of what a search scored: the front without changes that gain nothing, the member that is asked for, the range
//! of each, the reasons. Must not look for more candidates.

use super::{Ask, Candidate, LeftOut, Member, Part, Range, Run, Search, Tuned, changed};
use crate::decide::all_cores::on_all_cores;
use crate::decide::front;
use crate::decide::score::Score;
use std::sync::atomic::AtomicBool;

impl Search<'_> {
    pub(super) fn result(&self, ask: &Ask, mut all: Vec<Candidate>, stopped: bool) -> Option<Tuned> {
        // A change that gains nothing is not recommended.
        let members = front::front(&self.totals(&all), |i| changed(&all, i));
        let plainer = on_all_cores(&members, &AtomicBool::new(false), |i| Some((*i, self.plainer(all.get(*i)?))));
        for (i, candidate) in plainer.into_iter().flatten() {
            all[i] = candidate;
        }
        let present = all.first()?.total;
        let (chosen, mut members) = self.choose(ask, &all, (&self.totals(&all), &present), None)?;
        let near = self.nearer(all.get(chosen)?);
        if near != *all.get(chosen)? {
            let (range, member) = (self.range(&near, None), members.iter_mut().find(|m| m.candidate == chosen)?);
            if !member.range.most().dominates(&range.most()) {
                member.range = range;
                *all.get_mut(chosen)? = near;
            }
        }
        let plain = all.get(chosen)?.clone();
        let present_range = match members.iter().find(|m| m.candidate == 0) {
            Some(member) => member.range,
            None => self.range(all.first()?, None),
        };
        let left_out = match self.runs.len() {
            1 => Vec::new(),
            n => (0..n).filter_map(|run| self.left_out(ask, &all, &plain, run)).collect(),
        };
        let changes = self.space.changes(&plain.choice);
        let parts = self.space.words(&plain.choice).map(|(place, name, value, was)| {
            let mut without = plain.choice.clone();
            without[place] = 0;
            let without = self.space.fits(&without).then(|| self.score(&without).total);
            Part { name: name.to_owned(), value: value.to_owned(), present: was.to_owned(), without }
        });
        Some(Tuned {
            lines: self.lines.clone(),
            happened: self.runs.iter().filter_map(Run::happened).collect(),
            front: members,
            chosen,
            parts: parts.collect(),
            present_range,
            left_out,
            specs: (self.present.0.clone(), changes.spec(&self.present.0, &self.present.1)),
            assumptions: self.runs.last().map_or_else(Vec::new, |r| r.rerun.learned.sentences(r.rerun.recorded)),
            searched: self.space.names().map(str::to_owned).collect(),
            candidates: all,
            stopped,
        })
    }

    /// The member of the front that the objective asks for, and the front, by cost; by all recordings, or all but one.
    fn choose(
        &self,
        ask: &Ask,
        all: &[Candidate],
        (totals, present): (&[Score], &Score),
        without: Option<usize>,
    ) -> Option<(usize, Vec<Member>)> {
        let front = front::front(totals, |i| changed(all, i));
        let member = |i: &usize| Some(Member { candidate: *i, range: self.range(all.get(*i)?, without) });
        let members: Vec<Member> =
            on_all_cores(&front, &AtomicBool::new(false), member).into_iter().flatten().collect();
        let most = |i: usize| members.iter().find(|m| m.candidate == i).map_or(f64::INFINITY, |m| m.range.above_s.1);
        let chosen = front::choose(totals, &front, ask.objective, present, most)?;
        Some((chosen, members))
    }

    /// What would be recommended without a recording, beside what is.
    fn left_out(&self, ask: &Ask, all: &[Candidate], recommended: &Candidate, run: usize) -> Option<LeftOut> {
        let rest = |c: &Candidate| {
            let others = c.runs.iter().enumerate().filter(|(i, _)| *i != run);
            Score::together(&others.map(|r| *r.1).collect::<Vec<_>>())
        };
        let mut totals: Vec<Score> = all.iter().map(rest).collect();
        let present = *totals.first()?;
        self.without_what_does_not_fit(all, &mut totals);
        let partly = all.iter().zip(&mut totals).filter(|(c, _)| !c.whole);
        partly.for_each(|(_, total)| (total.cost, total.above_s) = (f64::INFINITY, f64::INFINITY));
        let (other, _) = self.choose(ask, all, (&totals, &present), Some(run))?;
        let (score, mine) = (*all.get(other)?.runs.get(run)?, *recommended.runs.get(run)?);
        Some(LeftOut { same: score.aims() == mine.aims(), score })
    }

    /// A candidate without the changes that gain nothing.
    fn plainer(&self, candidate: &Candidate) -> Candidate {
        let mut best = candidate.clone();
        for place in 0..best.choice.len() {
            let mut without = best.choice.clone();
            if std::mem::take(&mut without[place]) == 0 || !self.space.fits(&without) {
                continue;
            }
            let without = self.score(&without);
            if !best.total.dominates(&without.total)
                && (without.total.aims() == best.total.aims() || without.total.dominates(&best.total))
            {
                best = without;
            }
        }
        best
    }

    /// A candidate that is as good, with each setting as near to the present one as that allows.
    fn nearer(&self, candidate: &Candidate) -> Candidate {
        let mut best = candidate.clone();
        for place in 0..best.choice.len() {
            for value in self.space.nearer(place, best.choice[place]) {
                let mut other = best.choice.clone();
                other[place] = value;
                let other = self.space.fits(&other).then(|| self.score(&other));
                if let Some(other) = other.filter(|o| o.total.aims() == best.total.aims()) {
                    best = other;
                    break;
                }
            }
        }
        best
    }

    /// What is compared at the limits of what the recordings say of their pods, at any moment of the controller's syncs; all
    /// recordings together, or all but one.
    fn range(&self, candidate: &Candidate, without: Option<usize>) -> Range {
        let changes = self.space.changes(&candidate.choice);
        let times = self.space.request_times(&candidate.choice);
        let mut out = Range { cost: (0.0, 0.0), above_s: (0.0, 0.0), most_flaps: 0 };
        for (_, run) in self.runs.iter().enumerate().filter(|(i, _)| Some(*i) != without) {
            let all = run.scores(&changes, 0..run.phases.len()).into_iter().chain(run.at_the_limits(&changes));
            let all: Vec<Score> = all.map(|s| s.requesting(times)).collect();
            let range = |of: fn(&Score) -> f64| {
                let values = || all.iter().map(of);
                (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max))
            };
            let ((a, b), (c, d)) = (range(|s| s.cost), range(|s| s.above_s));
            out.cost = (out.cost.0 + a, out.cost.1 + b);
            out.above_s = (out.above_s.0 + c, out.above_s.1 + d);
            out.most_flaps += all.iter().map(|s| s.flaps).max().unwrap_or(0);
        }
        out
    }
}
