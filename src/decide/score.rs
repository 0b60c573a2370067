//! How good a run of an HPA is: the figures of the autoscaling literature, and those that are paid and felt. Must not simulate.
//!
//! Elasticity is measured as SPEC's research group proposes ("Ready for Rain?", SPEC-RG-2016-01): replicas that there are against
//! replicas that were demanded. `docs/tuning.md` defines each figure.

use super::rerun::{RecordedSync, Rerun, SyncPhase, status};
use crate::hpa::{Band, Decision, MetricStatus, Source, Spec, Target, quantity, requests};
use serde::Serialize;

/// No share is less than this when two are divided: a run without a fault of one kind is not infinitely better. Percent.
const LEAST: f64 = 0.1;

/// The most that a pod may use of a metric without being above the band.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub source: Source,
    pub name: String,
    /// Milli-units of a pod, or of all of them for a metric with a target `Value`.
    pub most: f64,
    /// In words: `88 % of the request (114m)`.
    pub text: String,
}

/// The lines of a sync's spec: each target and its tolerance; `own` has others, percent of the request or a quantity.
///
/// # Errors
/// A line for a metric that is not there, or one that cannot be read.
pub fn lines(m: &RecordedSync, own: &[(String, String)]) -> Result<Vec<Line>, String> {
    if let Some((name, _)) = own.iter().find(|(name, _)| !m.names.contains(name)) {
        return Err(format!("there is no metric {name}; there are {}", m.names.join(", ")));
    }
    let band = Band::of(m.spec.behavior.as_ref(), &m.settings);
    let mut out = Vec::new();
    for (metric, name) in m.spec.metrics.iter().zip(m.names.iter()) {
        let given = own.iter().rfind(|o| o.0 == *name).map(|o| o.1.as_str());
        let wrong = |text: &str, as_what: &str| format!("the line of {name} cannot be {text:?}; it is {as_what}");
        let line = match metric.target {
            Target::Utilization(target) => {
                let percent = match given {
                    None => f64::from(target) * (1.0 + band.up),
                    Some(text) => {
                        let number = text.trim_end_matches('%').trim().parse().ok().filter(|p: &f64| *p > 0.0);
                        number.ok_or_else(|| wrong(text, "percent of the request, such as 90"))?
                    }
                };
                request(m, &metric.source).map(|request| {
                    let most = percent * request / 100.0;
                    (most, format!("{percent:.0} % of the request ({})", crate::format::amount(name, most as i64)))
                })
            }
            Target::AverageValue(target) | Target::Value(target) => {
                let most = match given {
                    None => target as f64 * (1.0 + band.up),
                    Some(text) => {
                        let milli = quantity::milli(text).ok().filter(|m| *m > 0);
                        milli.ok_or_else(|| wrong(text, "a quantity, such as 100m or 512Mi"))? as f64
                    }
                };
                Some((most, crate::format::amount(name, most as i64)))
            }
            Target::None => None,
        };
        if let Some((most, text)) = line.filter(|l| l.0 > 0.0) {
            out.push(Line { source: metric.source.clone(), name: name.clone(), most, text });
        }
    }
    Ok(out)
}

/// What a pod requests of the metric's resource on average, milli-units.
pub fn request(m: &RecordedSync, source: &Source) -> Option<f64> {
    let (resource, container) = match source {
        Source::Resource { resource } => (resource, None),
        Source::ContainerResource { resource, container } => (resource, Some(container.as_str())),
        _ => return None,
    };
    let all = requests::of_pods(&m.world.pods, resource, container, &m.settings).ok()?;
    let sum: i64 = all.iter().sum();
    (!all.is_empty() && sum > 0).then(|| sum as f64 / all.len() as f64)
}

/// A recording with what its runs are measured by.
pub struct Measure {
    lines: Vec<Line>,
    /// Seconds from each sync to the next.
    held: Vec<f64>,
    /// The fewest replicas that would not have been above a line, at each sync.
    pub demand: Vec<i32>,
    /// What the tier would have been without an HPA: the mean demand, all the time. Its pressure is not known.
    fixed: Score,
}

impl Measure {
    /// In the recorded phase.
    pub fn new(rerun: &Rerun<'_>, lines: Vec<Line>) -> Self {
        Measure::on(rerun, rerun.phase(), lines)
    }

    pub fn on(rerun: &Rerun<'_>, phase: &SyncPhase, lines: Vec<Line>) -> Self {
        let syncs = &rerun.recorded.syncs;
        let next = syncs.iter().skip(1).map(|m| m.ms).chain(syncs.last().map(|m| m.ms));
        let mut demand: Vec<i32> = Vec::with_capacity(syncs.len());
        for (index, m) in syncs.iter().enumerate() {
            let wanted = lines.iter().filter_map(|line| demanded(rerun, phase, index, line)).max();
            // Without a sample nobody knows, so that it is as before.
            demand.push(wanted.or(demand.last().copied()).unwrap_or(m.found).max(1));
        }
        let mut measure = Measure {
            held: syncs.iter().zip(next).map(|(m, next)| (next - m.ms).max(0) as f64 / 1000.0).collect(),
            fixed: Score::default(),
            lines,
            demand,
        };
        let mut fixed = Tally::new(&measure);
        let demanded: f64 = measure.demand.iter().zip(&measure.held).map(|(d, held)| f64::from(*d) * held).sum();
        let size = (demanded / measure.held.iter().sum::<f64>().max(1.0)).round().max(1.0) as i32;
        (0..syncs.len()).for_each(|index| fixed.add(index, size, size, None));
        let fixed = fixed.sum();
        measure.fixed = fixed;
        measure
    }

    /// How high the highest metric is, 1 at its line.
    fn pressure(&self, spec: &Spec, status: impl Fn(usize) -> Option<MetricStatus>) -> Option<f64> {
        let of = |line: &Line| {
            let status = status(spec.metrics.iter().position(|m| m.source == line.source)?)?;
            // A utilization counts by what it is a share of, since candidates may request something else.
            Some(status.average_value.or(status.value)? as f64 / line.most)
        };
        self.lines.iter().filter_map(of).max_by(f64::total_cmp)
    }

    /// The score of what happened.
    pub fn happened(&self, rerun: &Rerun<'_>) -> Score {
        let mut tally = Tally::new(self);
        for (index, m) in rerun.recorded.syncs.iter().enumerate() {
            let pressure = self.pressure(&m.spec, |i| rerun.happened(index).get(i).copied().flatten());
            tally.add(index, m.found, m.actual, pressure);
        }
        tally.score()
    }

    /// A tally of a simulated run.
    pub fn tally(&self) -> Tally<'_> {
        Tally::new(self)
    }
}

/// How many replicas are demanded at a sync by one line.
fn demanded(rerun: &Rerun<'_>, phase: &SyncPhase, index: usize, line: &Line) -> Option<i32> {
    let m = rerun.recorded.syncs.get(index)?;
    let whole = |n: f64| n.ceil().clamp(1.0, f64::from(i32::MAX)) as i32;
    let of = |resource: &str, container: Option<&str>| {
        let own = &rerun.learned.likely.own;
        let own = own.iter().filter(|(name, _)| container.is_none_or(|c| c == *name));
        let own: i64 = own.filter_map(|(_, r)| r.get(resource)).sum();
        let load = phase.load(index)?.iter().filter(|(name, _)| container.is_none_or(|c| c == *name));
        let load: f64 = load.filter_map(|(_, r)| r.get(resource)).sum();
        // Where a pod alone is above the line, no number of them is enough.
        let room = line.most - own as f64;
        (room > line.most * 0.01).then(|| whole(load / room))
    };
    match &line.source {
        Source::Resource { resource } => of(resource, None),
        Source::ContainerResource { resource, container } => of(resource, Some(container)),
        source => {
            let place = m.spec.metrics.iter().position(|metric| metric.source == *source)?;
            let status = rerun.happened(index).get(place).copied().flatten()?;
            let figure = status.average_value.or(status.value)? as f64;
            Some(whole(figure / line.most * f64::from(m.found.max(1))))
        }
    }
}

/// The figures of one run, or of several together. `docs/tuning.md` defines them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    /// Length of the run, seconds.
    pub seconds: f64,
    pub replica_minutes: f64,
    /// Replica-minutes, each as many times as its request is the recorded one.
    pub cost: f64,
    /// Seconds in which a metric was above its line, and the longest time without a break that fewer replicas were asked for
    /// than were demanded.
    pub above_s: f64,
    pub time_to_scale_up_s: f64,
    pub rescales: u32,
    /// Rescales against the direction of the one before.
    pub flaps: u32,
    pub most_replicas: i32,
    /// How high the metrics were at the 95th percentile of the time, percent of their lines.
    pub p95_percent: f64,
    /// Replicas that were missing and that were too many, percent of those demanded; the share of the time in which some were.
    pub under_percent: f64,
    pub over_percent: f64,
    pub under_time_percent: f64,
    pub over_time_percent: f64,
    /// The share of the time in which demand and replicas did not change in the same direction.
    pub instability_percent: f64,
    /// How many times better than no HPA.
    pub elastic_speedup: f64,
}

impl Score {
    /// What is compared, less being better: cost, seconds above the line, flaps.
    pub fn aims(&self) -> [f64; 3] {
        [self.cost, self.above_s, f64::from(self.flaps)]
    }

    /// Whether `self` is at least as good in everything that is compared, and better in something.
    pub fn dominates(&self, other: &Score) -> bool {
        let (mine, theirs) = (self.aims(), other.aims());
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0);
        let pairs = || mine.iter().zip(&theirs);
        pairs().all(|(a, b)| a < b || close(*a, *b)) && pairs().any(|(a, b)| a < b && !close(*a, *b))
    }

    /// Several runs as one: sums, the longest and the most, and percentages by their time.
    pub fn together(all: &[Score]) -> Score {
        let seconds: f64 = all.iter().map(|s| s.seconds).sum();
        let mean = |of: fn(&Score) -> f64| match seconds > 0.0 {
            true => all.iter().map(|s| of(s) * s.seconds).sum::<f64>() / seconds,
            false => 0.0,
        };
        let sum = |of: fn(&Score) -> f64| all.iter().map(of).sum::<f64>();
        let most = |of: fn(&Score) -> f64| all.iter().map(of).fold(0.0, f64::max);
        Score {
            seconds,
            replica_minutes: sum(|s| s.replica_minutes),
            cost: sum(|s| s.cost),
            above_s: sum(|s| s.above_s),
            time_to_scale_up_s: most(|s| s.time_to_scale_up_s),
            rescales: all.iter().map(|s| s.rescales).sum(),
            flaps: all.iter().map(|s| s.flaps).sum(),
            most_replicas: all.iter().map(|s| s.most_replicas).max().unwrap_or(0),
            p95_percent: most(|s| s.p95_percent),
            under_percent: mean(|s| s.under_percent),
            over_percent: mean(|s| s.over_percent),
            under_time_percent: mean(|s| s.under_time_percent),
            over_time_percent: mean(|s| s.over_time_percent),
            instability_percent: mean(|s| s.instability_percent),
            elastic_speedup: mean(|s| s.elastic_speedup),
        }
    }

    /// What can be expected of one run, from several of the same length that could as well have been it: means, and the most
    /// replicas of any.
    pub fn expected(all: &[Score]) -> Score {
        let n = all.len().max(1) as f64;
        let mean = |of: fn(&Score) -> f64| all.iter().map(of).sum::<f64>() / n;
        let sum = Score::together(all);
        Score {
            seconds: sum.seconds / n,
            replica_minutes: sum.replica_minutes / n,
            cost: sum.cost / n,
            above_s: sum.above_s / n,
            time_to_scale_up_s: mean(|s| s.time_to_scale_up_s),
            rescales: (f64::from(sum.rescales) / n).round() as u32,
            flaps: (f64::from(sum.flaps) / n).round() as u32,
            p95_percent: mean(|s| s.p95_percent),
            ..sum
        }
    }

    /// With each replica requesting `times` as much as the recorded ones.
    pub fn requesting(mut self, times: f64) -> Score {
        self.cost = self.replica_minutes * times;
        self
    }
}

/// A run being measured, sync by sync.
pub struct Tally<'a> {
    measure: &'a Measure,
    score: Score,
    /// The direction of the last rescale.
    direction: i32,
    /// The size and the demand at the sync before.
    before: Option<(i32, i32)>,
    /// Seconds that it has been too small without a break.
    small: f64,
    /// Pressure, and for how long.
    pressures: Vec<(f64, f64)>,
}

impl<'a> Tally<'a> {
    fn new(measure: &'a Measure) -> Self {
        Tally {
            measure,
            score: Score::default(),
            direction: 0,
            before: None,
            small: 0.0,
            pressures: Vec::with_capacity(measure.held.len()),
        }
    }

    /// A sync of a simulated run.
    pub fn sync(&mut self, index: usize, (found, size): (i32, i32), spec: &Spec, decision: &Decision) {
        let pressure = self.measure.pressure(spec, |i| status(decision, i));
        self.add(index, found, size, pressure);
    }

    fn add(&mut self, index: usize, found: i32, size: i32, pressure: Option<f64>) {
        let held = self.measure.held.get(index).copied().unwrap_or(0.0);
        let demand = self.measure.demand.get(index).copied().unwrap_or(1);
        let s = &mut self.score;
        s.seconds += held;
        s.replica_minutes += f64::from(size) * held / 60.0;
        s.most_replicas = s.most_replicas.max(size);
        if size != found {
            let direction = (size - found).signum();
            s.rescales += 1;
            s.flaps += u32::from(self.direction == -direction);
            self.direction = direction;
        }
        if let Some(pressure) = pressure {
            s.above_s += if pressure > 1.0 { held } else { 0.0 };
            self.pressures.push((pressure, held));
        }
        let missing = f64::from(demand - size) / f64::from(demand);
        s.under_percent += missing.max(0.0) * held;
        s.over_percent += (-missing).max(0.0) * held;
        s.under_time_percent += if size < demand { held } else { 0.0 };
        s.over_time_percent += if size > demand { held } else { 0.0 };
        let (was, wanted) = self.before.replace((size, demand)).unwrap_or((size, demand));
        let apart = (size - was).signum() != (demand - wanted).signum();
        s.instability_percent += if apart { held } else { 0.0 };
        self.small = if size < demand { self.small + held } else { 0.0 };
        s.time_to_scale_up_s = s.time_to_scale_up_s.max(self.small);
    }

    fn sum(mut self) -> Score {
        let mut s = self.score;
        let percent = |v: f64| if s.seconds > 0.0 { v / s.seconds * 100.0 } else { 0.0 };
        self.pressures.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut above = self.pressures.iter().map(|p| p.1).sum::<f64>() * 0.05;
        let at = self.pressures.iter().find(|p| {
            above -= p.1;
            above < 0.0
        });
        let p95 = at.map_or(0.0, |p| p.0 * 100.0);
        (s.under_percent, s.over_percent) = (percent(s.under_percent), percent(s.over_percent));
        (s.under_time_percent, s.over_time_percent) = (percent(s.under_time_percent), percent(s.over_time_percent));
        s.instability_percent = percent(s.instability_percent);
        (s.p95_percent, s.cost) = (p95, s.replica_minutes);
        s
    }

    /// The score of the run.
    pub fn score(self) -> Score {
        let fixed = self.measure.fixed;
        let score = self.sum();
        let parts = |s: &Score| [s.under_percent, s.over_percent, s.under_time_percent, s.over_time_percent];
        let ratios = parts(&fixed).into_iter().zip(parts(&score)).map(|(f, s)| f.max(LEAST) / s.max(LEAST));
        Score { elastic_speedup: ratios.product::<f64>().powf(0.25), ..score }
    }
}
