//! What each metric proposes with the figures at hand, and what stands in its way. The arithmetic is `hpa`'s; here it
//! is put into a sentence. Must not promise what the controller will do: its own samples may be others.

use super::decisions::{groups, groups::short, next::held_by};
use super::{Session, TargetType, Track, controller, told};
use crate::hpa::{self, Steps};
use crate::observe::{HpaSeen, MetricKind};

/// A metric's proposal.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposed {
    pub replicas: i32,
    /// `cpu wants ceil(3 × 96/80) = 4`.
    pub text: String,
    /// `cpu at 96 % of 80 % asks for 4 replicas`.
    pub plain: String,
}

/// The highest proposal, what limits it, and what the next sync would make of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// Index into the live metrics; None when none of them decides.
    pub winner: Option<usize>,
    /// After stabilization, policies and bounds.
    pub replicas: i32,
    pub text: String,
    pub limited_by: Option<String>,
    /// What will come of it and when, as a sentence: `goes to 4 at the next sync, in about 6 s`.
    pub next: String,
    /// All of it as a person would say it: `cpu at 96 % of 80 % asks for 4 replicas, so it goes to 4 at the next sync`.
    pub sentence: String,
}

impl Session {
    /// The tolerance downwards and upwards: the spec's, where this server's version honours it, else the default.
    pub fn tolerance(&self) -> (f64, f64) {
        let settings = self.decisions.settings();
        let behavior = self.hpa.as_ref().and_then(controller::spec).and_then(|s| s.behavior);
        let band = hpa::Band::of(behavior.as_ref(), &settings);
        (band.down, band.up)
    }

    /// What each live metric proposes, in the spec's order: reckoned from the pods' samples where those are known, else
    /// estimated from the controller's own figure. None for a metric without either.
    pub fn proposals(&self) -> Vec<Option<Proposed>> {
        self.proposed(self.next_sync().as_ref())
    }

    fn proposed(&self, next: Option<&hpa::Decision>) -> Vec<Option<Proposed>> {
        let idle = self.hpa.as_ref().is_none_or(idle);
        let Some(current) = self.current_replicas().filter(|c| *c > 0 && !idle) else {
            return self.metrics.live().map(|_| None).collect();
        };
        // A metric of the spec whose target cannot be read has no track.
        let specs = self.hpa.iter().flat_map(|h| &h.metrics).map(|m| TargetType::of(&m.value).is_some());
        let places: Vec<usize> = specs.enumerate().filter_map(|(i, live)| live.then_some(i)).collect();
        let one = |(i, track): (usize, &Track)| {
            let counted = next.and_then(|n| n.metrics.get(*places.get(i)?)).and_then(|p| p.as_ref().ok());
            match counted.map(|p| &p.steps) {
                Some(Steps::PerPod(steps)) if track.is_resource() => Some(worked_out(track, steps, current)),
                _ => self.estimated(track, current),
            }
        };
        self.metrics.live().enumerate().map(one).collect()
    }

    /// The highest proposal, and what the next sync would make of it.
    pub fn outlook(&self) -> Option<Outlook> {
        let hpa = self.hpa.as_ref()?;
        let (min, max) = (hpa.min_replicas.unwrap_or(1), hpa.max_replicas);
        let current = self.current_replicas().filter(|c| *c > 0 && !idle(hpa))?;
        let next = self.next_sync();
        let then = |replicas, held: Option<&str>| self.then(next.as_ref(), replicas, held);
        // Outside of its bounds the controller does not look at metrics.
        let outside = |replicas, side: &str| {
            let text = format!("{current} replicas are {side} {replicas}, so {replicas} it will be");
            let (next, sentence) = (then(replicas, None), text.clone());
            Some(Outlook { winner: None, replicas, text, limited_by: None, next, sentence })
        };
        if current > max {
            return outside(max, "above max");
        }
        if current < min {
            return outside(min, "below min");
        }
        let proposals = self.proposed(next.as_ref());
        let unknown = proposals.iter().position(Option::is_none).and_then(|i| self.metrics.live().nth(i));
        let (mut best, mut winner): (Option<&Proposed>, usize) = (None, 0);
        for (i, proposed) in proposals.iter().enumerate() {
            if let Some(p) = proposed
                && best.is_none_or(|b| p.replicas > b.replicas)
            {
                (best, winner) = (Some(p), i);
            }
        }
        let best = best?;
        // With a metric unknown, the controller goes up but never down.
        if let Some(unknown) = unknown.filter(|_| best.replicas < current) {
            let (label, next) = (unknown.label(), "no scale-down until every metric has a figure".to_string());
            let text = format!("keeps {current}, for {label} is unknown; {}", best.text);
            let sentence = format!("{}, but it stays at {current}, as {label} is unknown: {next}", best.plain);
            return Some(Outlook { winner: None, replicas: current, text, limited_by: None, next, sentence });
        }
        let reckoned = next.as_ref().and_then(|n| n.replicas.map(|r| (r, held_by(n))));
        let (replicas, limited_by) = reckoned.unwrap_or_else(|| {
            let by = match best.replicas {
                r if r > max => Some(format!("max {max}")),
                r if r < min => Some(format!("min {min}")),
                _ => None,
            };
            (best.replicas.clamp(min.min(max), max), by)
        });
        let unwatched = self.decisions.unwatched(self.now_ms()).filter(|_| replicas < current);
        let (replicas, limited_by) = match unwatched.filter(|w| w.holds) {
            Some(w) => (current, Some(format!("the window of {} s, by what was wanted before this watch", w.seconds))),
            None => (replicas, limited_by),
        };
        let floor = self.floor(&proposals, winner, best);
        let without = floor.map(|lower| format!(", without it {lower}")).unwrap_or_default();
        let text = format!("{}{without}", best.text);
        let mut next = then(replicas, limited_by.as_deref());
        if let Some(w) = unwatched.filter(|w| !w.holds) {
            next.push_str(&format!(", unless its window of {} s holds more from before this watch", w.seconds));
        }
        let but = if replicas == best.replicas { "so" } else { "but" };
        let without = floor.map(|lower| format!(" (without it: {lower})")).unwrap_or_default();
        let sentence = format!("{}{without}, {but} it {next}", best.plain);
        Some(Outlook { winner: Some(winner), replicas, text, limited_by, next, sentence })
    }

    /// What would come without the winner, where it keeps what the others would lower: it holds the floor.
    fn floor(&self, proposals: &[Option<Proposed>], winner: usize, best: &Proposed) -> Option<i32> {
        let current = self.current_replicas().unwrap_or_default();
        let others = proposals.iter().enumerate().filter(|(i, _)| *i != winner);
        let lower = others.filter_map(|(_, p)| p.as_ref().map(|p| p.replicas)).max()?;
        (best.replicas == current && lower < current).then_some(lower)
    }

    /// What will come of it, and when.
    fn then(&self, next: Option<&hpa::Decision>, replicas: i32, held: Option<&str>) -> String {
        let now = self.now_ms();
        let expected = self.decisions.expected(now).map(|at| (at - now + 500) / 1000);
        let when = expected.map_or_else(String::new, |s| format!(", in about {} s", s.max(1)));
        let current = self.current_replicas().unwrap_or(replicas);
        if let Some(it) = next
            && it.branch == hpa::Branch::NoMetrics
        {
            return "a metric is invalid: no scale-down until it is back".into();
        }
        match (replicas == current, held) {
            (true, Some(by)) => format!("stays at {current}, held by {by}"),
            (true, None) => format!("stays at {current} at the next sync{when}"),
            (false, Some(by)) => format!("goes to {replicas} at the next sync{when}, held by {by}"),
            (false, None) => format!("goes to {replicas} at the next sync{when}"),
        }
    }

    /// `spec.replicas` of the target, else what the controller read.
    pub fn current_replicas(&self) -> Option<i32> {
        let seen = self.target.as_ref().and_then(|t| t.spec_replicas);
        seen.or_else(|| self.hpa.as_ref().and_then(told::current))
    }

    /// From the controller's figure: the ratio times the replicas, where it leaves the band.
    fn estimated(&self, track: &Track, current: i32) -> Option<Proposed> {
        let (value, target) = (track.current?, *track.target.last()?);
        let (down, up) = self.tolerance();
        let ratio = value / target;
        if !ratio.is_finite() {
            return None;
        }
        // An average over all of an Object or External metric stands for value / status.replicas.
        let of_all = matches!(track.metric.kind, MetricKind::Object | MetricKind::External);
        let count = match (of_all, track.target_type, self.target.as_ref()) {
            (true, TargetType::AverageValue, Some(t)) => t.replicas.unwrap_or(current),
            (_, TargetType::Value, Some(t)) => t.ready.unwrap_or(current),
            _ => current,
        };
        let wanted = (ratio * f64::from(count)).ceil();
        let within = (1.0 - down) <= ratio && ratio <= (1.0 + up);
        let (figures, at) = match track.target_type {
            TargetType::Utilization => {
                (format!("{}/{}", short(value), short(target)), format!("{} % of {} %", short(value), short(target)))
            }
            _ => {
                let name = &track.metric.name;
                let amount = |v: f64| groups::amount(name, (v * 1000.0).round() as i64);
                let figures = format!("{}/{}", groups::exact(name, value), groups::exact(name, target));
                (figures, format!("{} of {}", amount(value), amount(target)))
            }
        };
        let replicas = if within { current } else { wanted as i32 };
        Some(said(&track.label(), [&figures, &at], count as usize, replicas, within))
    }
}

/// The controller computes nothing: it cannot read the scale, or does not know whose the pods are.
fn idle(hpa: &HpaSeen) -> bool {
    let active = told::condition(hpa, "ScalingActive").filter(|c| c.status == "False");
    let shared = active.is_some_and(|c| matches!(c.reason.as_str(), "AmbiguousSelector" | "InvalidSelector"));
    shared || told::unreadable(hpa).is_some()
}

fn worked_out(track: &Track, steps: &hpa::PerPod, current: i32) -> Proposed {
    let pass = steps.second.as_ref().unwrap_or(&steps.first);
    let figures = match (pass.percent, steps.target) {
        (Some(percent), hpa::PodTarget::Utilization(target)) => format!("{percent}/{target}"),
        (_, hpa::PodTarget::Average(target)) => {
            let exact = |milli: i64| groups::exact(&track.metric.name, milli as f64 / 1000.0);
            format!("{}/{}", exact(pass.mean), exact(target))
        }
        (None, hpa::PodTarget::Utilization(target)) => format!("{:.0}/{target}", pass.ratio * f64::from(target)),
    };
    let amount = |pass: &hpa::Pass| match (pass.percent, steps.target) {
        (Some(percent), _) => format!("{percent} %"),
        (None, _) => groups::amount(&track.metric.name, pass.mean),
    };
    let target = match steps.target {
        hpa::PodTarget::Utilization(target) => format!("{target} %"),
        hpa::PodTarget::Average(target) => groups::amount(&track.metric.name, target),
    };
    let filled = steps.second.as_ref().map(amount).filter(|second| *second != amount(&steps.first));
    let filled = filled.map(|f| format!(", {f} with the pods that are missing or not ready counted in,"));
    let at = format!("{} of {target}{}", amount(&steps.first), filled.unwrap_or_default());
    match steps.verdict {
        hpa::Verdict::RatioReversed | hpa::Verdict::CountReversed => {
            let why = "unready or missing pods could turn the proposal round";
            Proposed {
                replicas: steps.replicas,
                text: format!("{} keeps {current}: {why}", track.label()),
                plain: format!("{} at {at} asks for no change, as {why}", track.label()),
            }
        }
        verdict => said(&track.label(), [&figures, &at], pass.count, steps.replicas, verdict == hpa::Verdict::Within),
    }
}

fn said(label: &str, [figures, at]: [&str; 2], count: usize, replicas: i32, stays: bool) -> Proposed {
    let unit = if replicas == 1 { "replica" } else { "replicas" };
    let (text, plain) = match stays {
        true => (
            format!("{label} keeps {replicas}: {figures} is within tolerance"),
            format!("{label} at {at} is within tolerance"),
        ),
        false => (
            format!("{label} wants ceil({count} × {figures}) = {replicas}"),
            format!("{label} at {at} asks for {replicas} {unit}"),
        ),
    };
    Proposed { replicas, text, plain }
}
