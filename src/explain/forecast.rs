//! What each metric asks for and what the next sync would do. Must not promise what the controller will do: its samples may
//! be others.

use crate::format::{
    duration::duration,
    number::precise as short,
    resource::{amount, exact},
};
use crate::hpa::PodTarget;
use crate::session::{
    Forecast, ForecastBasis, ForecastLimit, PassFigures, Proposed, ProposedFigures, ProposedOutcome, Session,
    TargetType, Track,
};

/// A forecast in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForecastText {
    /// The arithmetic: `cpu wants ceil(3 × 96/80) = 4`.
    pub arithmetic: String,
    /// What limits the result.
    pub limited_by: Option<String>,
    /// What the next sync does, and when: `goes to 4 at the next sync, in ~6 s`.
    pub next: String,
    /// All of it in one sentence: `cpu at 96 % of 80 % asks for 4 replicas, so it goes to 4 at the next sync`.
    pub sentence: String,
}

/// The words for a forecast of this session.
pub fn forecast(session: &Session, forecast: &Forecast) -> ForecastText {
    let Forecast { current, replicas, .. } = *forecast;
    let next = next(forecast);
    let label = |index| session.metrics.live().nth(index).map(Track::label).unwrap_or_default();
    let best = forecast.highest.and_then(|(i, p)| Some((session.metrics.live().nth(i)?, p)));
    let (arithmetic, plain) = best.map(|(t, p)| (arithmetic(t, &p), plain(t, &p))).unwrap_or_default();
    let limited_by = forecast.limit.map(limit);
    let outside = |side: &str| {
        let text = format!("{current} replicas are {side} {replicas}, so {replicas} it will be");
        ForecastText { arithmetic: text.clone(), limited_by: None, next: next.clone(), sentence: text }
    };
    match forecast.basis {
        ForecastBasis::AboveMax => outside("above max"),
        ForecastBasis::BelowMin => outside("below min"),
        ForecastBasis::MissingMetric(index) => {
            let (label, next) = (label(index), "no scale-down until every metric has a figure".to_string());
            let sentence = format!("{plain}, but it stays at {current}, as {label} is unknown: {next}");
            let arithmetic = format!("keeps {current}, for {label} is unknown; {arithmetic}");
            ForecastText { arithmetic, limited_by: None, next, sentence }
        }
        ForecastBasis::Metrics { without_it, unwatched_s } => {
            let unless = unwatched_s.map(|s| format!(", unless its window of {s} s holds more from before this watch"));
            let next = next + &unless.unwrap_or_default();
            let but = if forecast.highest.is_some_and(|(_, p)| p.replicas == replicas) { "so" } else { "but" };
            let without = |before: &str, after: &str| {
                without_it.map(|lower| format!("{before}{lower}{after}")).unwrap_or_default()
            };
            let sentence = format!("{plain}{}, {but} it {next}", without(" (the other metrics alone: ", ")"));
            let arithmetic = arithmetic + &without("; the other metrics alone: ", "");
            ForecastText { arithmetic, limited_by, next, sentence }
        }
    }
}

/// The arithmetic of a proposal: `cpu wants ceil(3 × 96/80) = 4`.
pub fn arithmetic(track: &Track, proposed: &Proposed) -> String {
    let (label, replicas) = (track.label(), proposed.replicas);
    match proposed.outcome {
        ProposedOutcome::Scaled => {
            let filled = filled(&proposed.figures);
            format!(
                "{label} wants ceil({} × {}) = {replicas}{filled}",
                proposed.count,
                fraction(track, &proposed.figures)
            )
        }
        ProposedOutcome::Within => {
            let filled = filled(&proposed.figures);
            format!("{label} keeps {replicas}: {} is within tolerance{filled}", fraction(track, &proposed.figures))
        }
        ProposedOutcome::Reversed => format!("{label} keeps {replicas}: {REVERSED}"),
    }
}

/// Said where the figure is another than that of the pods with a sample.
fn filled(figures: &ProposedFigures) -> &'static str {
    match figures {
        ProposedFigures::Sampled { first, second: Some(second), .. } if second.percent != first.percent => {
            ", with the pods that are not ready counted in"
        }
        _ => "",
    }
}

const REVERSED: &str = "unready or missing pods could turn the proposal round";

/// A proposal as a person would put it: `cpu at 96 % of 80 % asks for 4 replicas`.
fn plain(track: &Track, proposed: &Proposed) -> String {
    let (label, replicas) = (track.label(), proposed.replicas);
    let at = level(track, &proposed.figures);
    match proposed.outcome {
        ProposedOutcome::Scaled => {
            let unit = if replicas == 1 { "replica" } else { "replicas" };
            format!("{label} at {at} asks for {replicas} {unit}")
        }
        ProposedOutcome::Within => format!("{label} at {at} is within tolerance"),
        ProposedOutcome::Reversed => format!("{label} at {at} asks for no change, as {REVERSED}"),
    }
}

/// Figure over target, as exact as the arithmetic needs it: `96/80`.
fn fraction(track: &Track, figures: &ProposedFigures) -> String {
    let name = &track.metric.name;
    match *figures {
        ProposedFigures::Reported { value, target } => match track.target_type {
            TargetType::Utilization => format!("{}/{}", short(value), short(target)),
            TargetType::AverageValue | TargetType::Value => {
                format!("{}/{}", exact(name, value), exact(name, target))
            }
        },
        ProposedFigures::Sampled { first, second, target } => {
            let pass = second.unwrap_or(first);
            let exact = |milli: i64| exact(name, milli as f64 / 1000.0);
            match (pass.percent, target) {
                (Some(percent), PodTarget::Utilization(target)) => format!("{percent}/{target}"),
                (None, PodTarget::Utilization(target)) => format!("{:.0}/{target}", pass.ratio * f64::from(target)),
                (_, PodTarget::Average(target)) => format!("{}/{}", exact(pass.mean), exact(target)),
            }
        }
    }
}

/// Figure and target with their units: `96 % of 80 %`.
fn level(track: &Track, figures: &ProposedFigures) -> String {
    let name = &track.metric.name;
    match *figures {
        ProposedFigures::Reported { value, target } => match track.target_type {
            TargetType::Utilization => format!("{} % of {} %", short(value), short(target)),
            TargetType::AverageValue | TargetType::Value => {
                let amount = |v: f64| amount(name, (v * 1000.0).round() as i64);
                format!("{} of {}", amount(value), amount(target))
            }
        },
        ProposedFigures::Sampled { first, second, target } => {
            let figure = |pass: PassFigures| match pass.percent {
                Some(percent) => format!("{percent} %"),
                None => amount(name, pass.mean),
            };
            let target = match target {
                PodTarget::Utilization(target) => format!("{target} %"),
                PodTarget::Average(target) => amount(name, target),
            };
            let filled = second.map(figure).filter(|second| *second != figure(first));
            let filled = filled.map(|f| format!(", {f} with the pods that are missing or not ready counted in,"));
            format!("{} of {target}{}", figure(first), filled.unwrap_or_default())
        }
    }
}

/// What the next sync does, and when.
fn next(forecast: &Forecast) -> String {
    if forecast.is_invalid {
        return "a metric is invalid: no scale-down until it is back".into();
    }
    let (replicas, held) = (forecast.replicas, forecast.limit.map(limit));
    let when = match (forecast.silent_s, forecast.next_sync_s) {
        (Some(s), _) => format!(", if the controller still runs: none for {}", duration(s)),
        (None, Some(s)) => format!(", in ~{s} s"),
        (None, None) => String::new(),
    };
    match (replicas == forecast.current, held) {
        (true, Some(by)) if forecast.silent_s.is_none() => format!("stays at {replicas}, held by {by}"),
        (true, Some(by)) => format!("stays at {replicas} at the next sync{when}, held by {by}"),
        (true, None) => format!("stays at {replicas} at the next sync{when}"),
        (false, Some(by)) => format!("goes to {replicas} at the next sync{when}, held by {by}"),
        (false, None) => format!("goes to {replicas} at the next sync{when}"),
    }
}

/// What limits a forecast, in a few words.
fn limit(limit: ForecastLimit) -> String {
    match limit {
        ForecastLimit::Max(max) => format!("max {max}"),
        ForecastLimit::Min(min) => format!("min {min}"),
        ForecastLimit::Policy(allowed) => format!("a policy that allows {allowed}"),
        ForecastLimit::Disabled { up } => format!("{}, which is disabled", super::limits::direction(up)),
        ForecastLimit::Window { seconds, held: None, .. } => format!("the window of {seconds} s"),
        ForecastLimit::Window { highest, seconds, held: Some((replicas, leaves)) } => {
            let which = if highest { "highest" } else { "lowest" };
            format!("the window: the {which} wanted in {seconds} s is {replicas}, in it for {leaves} s more")
        }
        ForecastLimit::UnwatchedWindow { seconds } => {
            format!("the window of {seconds} s, by what was wanted before this watch")
        }
    }
}
