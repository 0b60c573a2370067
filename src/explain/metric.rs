//! How a metric's proposal was computed: which pods counted and why others did not, sums, ratio, band, rounding, second
//! pass. Must not compute it.

use super::explanation::{Emphasis, ExplanationLine};
use crate::format::number::precise as short;
use crate::format::resource::{amount, plain};
use crate::hpa::{Band, Basis, Divided, Group, GroupReason, GroupedPod, Pass, PerPod, PodTarget, Verdict, Whole};
use crate::session::decisions::sync::Computation;

/// Pods named in one line at most.
const NAMED: usize = 4;

/// The computation of a metric that is measured in each pod; `ms` is the time of the sync.
pub fn per_pod(
    head: impl Fn(String) -> ExplanationLine,
    name: &str,
    steps: &PerPod,
    computation: &Computation,
    ms: i64,
) -> Vec<ExplanationLine> {
    let target = match steps.target {
        PodTarget::Utilization(t) => format!("{t} %"),
        PodTarget::Average(t) => amount(name, t),
    };
    let current = computation.decision.current.unwrap_or_default();
    let proposal = match steps.verdict {
        Verdict::Scaled => format!("wants {}", steps.replicas),
        _ => format!("keeps {}", steps.replicas),
    };
    let shown = steps.first.percent.map_or_else(|| amount(name, steps.first.mean), |p| format!("{p} %"));
    let mut out = vec![head(format!("{shown} of {target}: ")).and(Emphasis::Head, proposal)];
    let counted = match steps.first.pods.is_empty() {
        true => String::new(),
        false => listed(steps.first.pods.iter().map(|p| (&*p.pod, Some(amount(name, p.usage))))),
    };
    out.push(ExplanationLine::new(2, 2, Emphasis::Muted, format!("counted {}{counted}", steps.first.count)));
    for group in [Group::Unready, Group::Missing, Group::Ignored] {
        out.extend(left_out(steps, group, ms));
    }
    if computation.trimmed {
        out.push(ExplanationLine::new(3, 2, Emphasis::Muted, "the list of pods was left out for its length"));
    }
    out.push(ExplanationLine::new(1, 2, Emphasis::Text, sum(name, &steps.first)));
    out.push(ExplanationLine::new(
        0,
        2,
        Emphasis::Text,
        ratio(&steps.first, steps.target, steps.band, steps.second.is_some(), name),
    ));
    if let Some(second) = &steps.second {
        let filled = |basis: Basis| second.pods.iter().filter(move |p| p.basis == basis);
        let mut with = Vec::new();
        for (basis, word) in [(Basis::Unready, "unready"), (Basis::Missing, "missing")] {
            if let Some(first) = filled(basis).next() {
                with.push(format!("{} {word} at {}", filled(basis).count(), amount(name, first.usage)));
            }
        }
        let with = if with.is_empty() { "left as it is".into() } else { format!("with {}", with.join(" and ")) };
        out.push(ExplanationLine::new(1, 2, Emphasis::Text, format!("second pass {with}: {}", sum(name, second))));
        out.push(ExplanationLine::new(0, 2, Emphasis::Text, ratio(second, steps.target, steps.band, false, name)));
    }
    let reversed = match steps.verdict {
        Verdict::RatioReversed => Some("the second pass points the other way"),
        Verdict::CountReversed => Some("the second pass counts the other way"),
        _ => None,
    };
    out.extend(reversed.map(|t| ExplanationLine::new(0, 2, Emphasis::Warn, format!("{t}: keeps {current}"))));
    out
}

/// The computation of a metric that is one figure for the whole workload.
pub fn whole(head: impl Fn(String) -> ExplanationLine, steps: &Whole) -> ExplanationLine {
    let (value, target) = (plain(steps.value), plain(steps.target));
    let text = match (steps.divided, steps.verdict) {
        (Divided::ByStatus { replicas, .. }, Verdict::Within) => format!(
            "{value}/({target} × {replicas}) = {} inside {}: keeps {}",
            short(steps.ratio),
            band(steps.band),
            steps.replicas
        ),
        (Divided::ByStatus { .. }, _) => format!("ceil({value}/{target}) = {}", steps.replicas),
        (_, Verdict::Within) => {
            format!("{value}/{target} = {} inside {}: keeps {}", short(steps.ratio), band(steps.band), steps.replicas)
        }
        (Divided::ByReady(ready), _) => {
            let times = ready.map(|r| format!(" × {r} ready")).unwrap_or_default();
            format!("ceil({value}/{target}{times}) = {}", steps.replicas)
        }
    };
    head(text)
}

fn sum(name: &str, pass: &Pass) -> String {
    let usage = amount(name, pass.usage);
    match (pass.requests, pass.percent) {
        (Some(requests), Some(percent)) => {
            format!("Σ {usage} × 100 / Σ requests {} = {percent} %", amount(name, requests))
        }
        _ => format!("Σ {usage} / {} pods = {}", pass.pods.len().max(pass.count), amount(name, pass.mean)),
    }
}

fn ratio(pass: &Pass, target: PodTarget, within: Band, has_second: bool, name: &str) -> String {
    let (value, target) = match (target, pass.percent) {
        (PodTarget::Utilization(t), percent) => (percent.unwrap_or_default().to_string(), t.to_string()),
        (PodTarget::Average(t), _) => (amount(name, pass.mean), amount(name, t)),
    };
    let text = format!("{value}/{target} = {}", short(pass.ratio));
    match (within.holds(pass.ratio), has_second) {
        (true, _) => format!("{text}, inside {}", band(within)),
        (false, true) => format!("{text}, outside {}", band(within)),
        (false, false) => {
            format!(
                "{text}, outside {}: ceil({} × {}) = {}",
                band(within),
                short(pass.ratio),
                pass.count,
                pass.replicas
            )
        }
    }
}

fn left_out(steps: &PerPod, group: Group, ms: i64) -> Option<ExplanationLine> {
    let pods: Vec<&GroupedPod> = steps.groups.of(group).collect();
    let first = pods.first()?;
    let word = match group {
        Group::Unready => "unready",
        Group::Missing => "missing",
        _ => "ignored",
    };
    let why = match first.reason {
        GroupReason::Deleted => "being deleted".to_string(),
        GroupReason::Failed => "failed".into(),
        GroupReason::Pending => "pending".into(),
        GroupReason::NoSample => "no sample".into(),
        GroupReason::NoReadyCondition => "no Ready condition".into(),
        GroupReason::NotStarted => "not started".into(),
        GroupReason::Initializing => "not Ready within the initialization period".into(),
        GroupReason::NeverReady => "never was Ready".into(),
        GroupReason::WindowNotFull { needs } => {
            let after = (needs.timestamp_millis() - ms) as f64 / 1000.0;
            let when = if after > 0.0 { format!("{after:.0} s after") } else { format!("{:.0} s before", -after) };
            format!("no sample yet whose whole window is after Ready; the earliest one would be of {when} the sync")
        }
        GroupReason::Counted => String::new(),
    };
    let names = listed(pods.iter().map(|p| (&*p.pod, None)));
    Some(ExplanationLine::new(1, 2, Emphasis::Warn, format!("{word} {}{names}: {why}", pods.len())))
}

/// `: a 48m, b 47m and 3 more`, with the end of each pod's name.
fn listed<'a>(pods: impl ExactSizeIterator<Item = (&'a str, Option<String>)>) -> String {
    let all = pods.len();
    let one = |(pod, used): (&str, Option<String>)| match used {
        Some(used) => format!("{} {used}", tail(pod)),
        None => tail(pod).to_string(),
    };
    let named: Vec<String> = pods.take(NAMED).map(one).collect();
    let more = if all > NAMED { format!(" and {} more", all - NAMED) } else { String::new() };
    format!(": {}{more}", named.join(", "))
}

/// The part of a pod's name that differs from its siblings'.
fn tail(pod: &str) -> &str {
    pod.rsplit('-').next().filter(|t| !t.is_empty()).unwrap_or(pod)
}

/// `0.9…1.1`.
fn band(band: Band) -> String {
    format!("{}…{}", short(1.0 - band.down), short(1.0 + band.up))
}
