//! A search for settings of an HPA over recorded runs: candidates, each re-run and scored, and what is recommended of them. The same
//! recordings, limits and seed give the same result. Must not show anything.

mod recommend;

use super::all_cores::on_all_cores;
use super::front::{self, Objective};
use super::rerun::{Changes, Recorded, Rerun, Sync, SyncPhase, can_be_simulated};
use super::score::{Line, Measure, Score, lines};
use super::space::{Choice, Limits, Space};
use crate::hpa::Spec;
use crate::random::Random;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// Candidates between two looks at the front.
const GENERATION: usize = 256;
/// Moments within a sync period at which each candidate's syncs are tried.
const MOMENTS: u16 = 4;
/// Steps from one of these moments to the next; a promise is tested after each.
const STEPS: u16 = 3;

/// What is asked of a search.
#[derive(Clone, Debug)]
pub struct Ask {
    pub objective: Objective,
    pub limits: Limits,
    /// Lines of one's own: metric, and percent of the request or a quantity.
    pub lines: Vec<(String, String)>,
    pub candidates: usize,
    pub seed: u64,
}

/// Settings, and how each recording would have been under them: what can be expected over the moments at which the controller
/// may sync.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub choice: Choice,
    /// In the order of the recordings.
    pub runs: Vec<Score>,
    pub total: Score,
    /// It was scored at all of the moments; at the first of them alone where those put it far behind the front.
    pub whole: bool,
}

/// One changed setting, and what the total would be without the change; None where the others need it.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub name: String,
    pub value: String,
    pub present: String,
    pub without: Option<Score>,
}

/// The least and the most of what is compared, at any of the moments of the syncs and by what the recordings leave open. The most
/// is what is promised: a mean is missed by every other run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub cost: (f64, f64),
    pub above_s: (f64, f64),
    pub most_flaps: u32,
}

impl Range {
    /// What is promised, as a score to compare by.
    pub fn most(&self) -> Score {
        Score { cost: self.cost.1, above_s: self.above_s.1, flaps: self.most_flaps, ..Score::default() }
    }
}

/// A member of the front.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// Index of the candidate.
    pub candidate: usize,
    pub range: Range,
}

/// What would be recommended without one of the recordings, and how that is on it.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    pub same: bool,
    pub score: Score,
}

/// The result of a search.
pub struct Tuned {
    pub lines: Vec<Line>,
    /// What happened, in the order of the recordings.
    pub happened: Vec<Score>,
    /// All that were scored; the first are the present settings.
    pub candidates: Vec<Candidate>,
    /// Those that nothing dominates, by cost.
    pub front: Vec<Member>,
    /// Index of the recommendation.
    pub chosen: usize,
    pub parts: Vec<Part>,
    /// Of the present settings.
    pub present_range: Range,
    /// By recording; empty of a single one.
    pub left_out: Vec<LeftOut>,
    /// The present spec, and the recommended one.
    pub specs: (Spec, Spec),
    pub searched: Vec<String>,
    /// What the simulation assumes, by the last recording.
    pub assumptions: Vec<String>,
    /// It was stopped before all candidates were scored.
    pub stopped: bool,
}

impl Tuned {
    pub fn present(&self) -> Option<&Candidate> {
        self.candidates.first()
    }

    pub fn recommended(&self) -> Option<&Candidate> {
        self.candidates.get(self.chosen)
    }

    /// Of the recommended settings.
    pub fn range(&self) -> Option<Range> {
        self.front.iter().find(|m| m.candidate == self.chosen).map(|m| m.range)
    }
}

/// A recording, ready to be re-run and measured in each phase that it could have been in: first those in which each candidate is tried,
/// of which the first is the recorded one; then those between them.
struct Run<'a> {
    rerun: Rerun<'a>,
    phases: Vec<(SyncPhase, Measure)>,
    /// By each of the models at the limits of what is known, every other of the first phases, with its place among them.
    limits: Vec<(usize, SyncPhase)>,
}

/// The recordings, what can be chosen, and all that is needed to score it.
pub struct Search<'a> {
    runs: Vec<Run<'a>>,
    space: Space,
    pub lines: Vec<Line>,
    present: (Spec, Vec<String>),
}

impl<'a> Search<'a> {
    /// The last recording has the present settings.
    ///
    /// # Errors
    /// A recording without a sync, or of another HPA; limits that leave no choice; a wrong line.
    pub fn new(recordings: &'a [Recorded], ask: &Ask) -> Result<Self, String> {
        let last = recordings.last().and_then(|r| r.syncs.last());
        let last = last.ok_or("no sync of the controller can be distinguished in the last recording")?;
        let lines = lines(last, &ask.lines)?;
        if lines.is_empty() {
            return Err("no metric has a line that a pod can be measured by: the pods have no request".into());
        }
        let mut runs = Vec::new();
        for (i, recorded) in recordings.iter().enumerate() {
            let name = |e: String| if recordings.len() > 1 { format!("recording {}: {e}", i + 1) } else { e };
            let rerun = Rerun::new(recorded).map_err(name)?;
            let measured = |phase| {
                let measure = Measure::on(&rerun, &phase, lines.clone());
                (phase, measure)
            };
            let all = rerun.phases(&rerun.learned.likely, MOMENTS * STEPS).into_iter().enumerate();
            let (first, between): (Vec<_>, Vec<_>) = all.partition(|(i, _)| i % usize::from(STEPS) == 0);
            let phases = first.into_iter().chain(between).map(|(_, phase)| measured(phase)).collect();
            let models = rerun.learned.limits.iter().enumerate();
            let every_other = |(i, model)| rerun.phases(model, MOMENTS).into_iter().enumerate().skip(i % 2).step_by(2);
            let limits = models.flat_map(every_other).collect();
            runs.push(Run { phases, limits, rerun });
        }
        if let Some(max) = ask.limits.max_replicas {
            can_be_simulated(max, &last.spec)?;
        }
        let demand = runs.iter().flat_map(|r| &r.phases).flat_map(|(_, measure)| measure.demand.iter().copied());
        let most = demand.max().unwrap_or(1);
        let space = Space::new(last, &ask.limits, most)?;
        for (i, recorded) in recordings.iter().enumerate() {
            let fits = space.changes(&space.present()).check(&recorded.syncs);
            fits.map_err(|e| format!("recording {} does not fit the last one: {e}", i + 1))?;
        }
        Ok(Search { runs, space, lines, present: (Spec::clone(&last.spec), last.names.to_vec()) })
    }

    /// The settings that a candidate changes, in words.
    pub fn words(&self, candidate: &Candidate) -> Vec<String> {
        self.space.words(&candidate.choice).map(|(_, name, value, _)| format!("{name} {value}")).collect()
    }

    /// The score of a choice on each recording, and in all.
    pub fn score(&self, choice: &[u8]) -> Candidate {
        self.score_unless(choice, |_, _| false)
    }

    /// The same; only at the first moments, if `is_behind` says of their score and of the share of the moments that are left that
    /// it is not worth more.
    fn score_unless(&self, choice: &[u8], is_behind: impl Fn(&Score, f64) -> bool) -> Candidate {
        let changes = self.space.changes(choice);
        let times = self.space.request_times(choice);
        let candidate = |each: &[Vec<Score>], whole| {
            let runs: Vec<Score> = each.iter().map(|each| Score::expected(each).requesting(times)).collect();
            Candidate { choice: choice.to_vec(), total: Score::together(&runs), runs, whole }
        };
        let phases = usize::from(MOMENTS);
        let mut each: Vec<Vec<Score>> = vec![Vec::new(); self.runs.len()];
        for phase in 0..phases {
            for (run, each) in self.runs.iter().zip(&mut each) {
                each.extend(run.scores(&changes, phase..phase + 1));
            }
            let (left, so_far) = (phases - phase - 1, candidate(&each, false));
            if left > 0 && is_behind(&so_far.total, left as f64 / phases as f64) {
                return so_far;
            }
        }
        candidate(&each, true)
    }

    /// Whether a score is so far behind one of the front that the moments of the syncs that are left do not make up for it, each
    /// with a period less of cost and of time above the line.
    fn is_behind(&self, score: &Score, left: f64, front: &[Score]) -> bool {
        let s = self.runs.iter().map(|run| run.period_s()).sum::<f64>() * left;
        let ahead = Score { cost: score.cost - s / 60.0, above_s: score.above_s - s, ..*score };
        front.iter().any(|member| member.dominates(&ahead))
    }

    /// Scores candidates until `ask.candidates` are, or until `stop`; `progress` hears how many are.
    pub fn run(&self, ask: &Ask, stop: &AtomicBool, progress: &mut dyn FnMut(usize)) -> Option<Tuned> {
        let mut random = Random(ask.seed);
        let mut known: HashSet<Choice> = HashSet::new();
        let mut all: Vec<Candidate> = vec![self.score(&self.space.present())];
        known.insert(self.space.present());
        let mut next = self.neighbours(&self.space.present());
        next.truncate(ask.candidates.saturating_sub(1));
        next.retain(|c| known.insert(c.clone()));
        let mut parents = Vec::new();
        loop {
            let wanted = ask.candidates.saturating_sub(all.len()).min(GENERATION);
            for _ in 0..wanted * 20 {
                if next.len() >= wanted {
                    break;
                }
                let child = self.child(&all, &parents, &mut random);
                if self.space.fits(&child) && known.insert(child.clone()) {
                    next.push(child);
                }
            }
            if next.is_empty() || stop.load(Ordering::Relaxed) {
                break;
            }
            let front: Vec<Score> = parents.iter().filter_map(|i: &usize| Some(all.get(*i)?.total)).collect();
            all.extend(self.score_all(&next, &front, stop));
            next.clear();
            progress(all.len());
            parents = front::front(&self.totals(&all), |i| changed(&all, i));
        }
        self.result(ask, all, stop.load(Ordering::Relaxed))
    }

    /// Each choice that differs in one setting.
    fn neighbours(&self, choice: &[u8]) -> Vec<Choice> {
        let mut out = Vec::new();
        for (i, size) in self.space.sizes().into_iter().enumerate() {
            for value in 0..size {
                let mut other = choice.to_vec();
                other[i] = u8::try_from(value).unwrap_or(0);
                if other != choice && self.space.fits(&other) {
                    out.push(other);
                }
            }
        }
        out
    }

    /// A new choice: of two of the front, with a setting or two changed; one in four is of no parents.
    fn child(&self, all: &[Candidate], front: &[usize], random: &mut Random) -> Choice {
        let sizes = self.space.sizes();
        let any = |random: &mut Random, size: usize| u8::try_from(random.below(size)).unwrap_or(0);
        let mut parent = || {
            let one = front.get(random.below(front.len())).and_then(|i| all.get(*i));
            one.map_or_else(|| self.space.present(), |c| c.choice.clone())
        };
        let (a, b) = (parent(), parent());
        if front.is_empty() || random.below(4) == 0 {
            return sizes.iter().map(|size| any(random, *size)).collect();
        }
        let mut child: Choice = a.iter().zip(&b).map(|(a, b)| if random.below(2) == 0 { *a } else { *b }).collect();
        for _ in 0..1 + random.below(2) {
            let place = random.below(sizes.len());
            let value = any(random, sizes.get(place).copied().unwrap_or(1));
            if let Some(setting) = child.get_mut(place) {
                *setting = value;
            }
        }
        child
    }

    /// Scores choices, in their order; those that are not reached before `stop` are left out.
    fn score_all(&self, choices: &[Choice], front: &[Score], stop: &AtomicBool) -> Vec<Candidate> {
        on_all_cores(choices, stop, |choice| {
            self.score_unless(choice, |score, left| self.is_behind(score, left, front))
        })
    }

    fn totals(&self, all: &[Candidate]) -> Vec<Score> {
        let mut out: Vec<Score> = all.iter().map(|c| c.total).collect();
        self.without_what_does_not_fit(all, &mut out);
        out
    }

    /// The present settings may be beyond the limits. They are shown, and never recommended.
    fn without_what_does_not_fit(&self, all: &[Candidate], totals: &mut [Score]) {
        if let (Some(present), Some(total)) = (all.first(), totals.first_mut())
            && !self.space.fits(&present.choice)
        {
            (total.cost, total.above_s) = (f64::INFINITY, f64::INFINITY);
        }
    }
}

impl Run<'_> {
    fn happened(&self) -> Option<Score> {
        Some(self.phases.first()?.1.happened(&self.rerun))
    }

    fn period_s(&self) -> f64 {
        self.rerun.recorded.session.decisions.sync_period.period() as f64 / 1000.0
    }

    /// The score in some of the phases; in the recorded one, settings that the recording was made under score what happened.
    fn scores(&self, changes: &Changes, which: std::ops::Range<usize>) -> Vec<Score> {
        let same = || changes.change_nothing(&self.rerun.recorded.syncs);
        let one = |(phase, measure): &(SyncPhase, Measure)| match phase.shift == 0 && same() {
            true => measure.happened(&self.rerun),
            false => self.score(phase, measure, changes),
        };
        self.phases.get(which).unwrap_or_default().iter().map(one).collect()
    }

    fn score(&self, phase: &SyncPhase, measure: &Measure, changes: &Changes) -> Score {
        let mut tally = measure.tally();
        let sync = |it: &Sync<'_>| tally.sync(it.index, (it.found, it.size), it.spec, it.decision);
        self.rerun.run_on(phase, changes, sync);
        tally.score()
    }

    /// The scores by the models at the limits of what is known.
    fn at_the_limits(&self, changes: &Changes) -> Vec<Score> {
        let limits = self.limits.iter().filter_map(|(i, phase)| Some((phase, &self.phases.get(*i)?.1)));
        limits.map(|(phase, measure)| self.score(phase, measure, changes)).collect()
    }
}

/// How many settings a candidate changes.
fn changed(all: &[Candidate], i: usize) -> usize {
    all.get(i).map_or(0, |c| c.choice.iter().filter(|v| **v != 0).count())
}
