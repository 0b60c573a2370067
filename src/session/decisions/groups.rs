//! A metric's working in words: which pods counted and why others did not, sums, ratio, band, rounding, second pass.

use super::sync::Worked;
use super::words::{Line, Tone};
use crate::hpa::{Band, Basis, Divided, Group, Pass, PerPod, Placed, PodTarget, Standing, Verdict, Whole};

/// Pods named in one line.
const NAMED: usize = 4;

/// The working of a metric measured in each pod.
pub fn per_pod(head: impl Fn(String) -> Line, name: &str, steps: &PerPod, worked: &Worked, ms: i64) -> Vec<Line> {
    let target = match steps.target {
        PodTarget::Utilization(t) => format!("{t} %"),
        PodTarget::Average(t) => amount(name, t),
    };
    let current = worked.decision.current.unwrap_or_default();
    let said = match steps.verdict {
        Verdict::Scaled => format!("wants {}", steps.replicas),
        _ => format!("keeps {}", steps.replicas),
    };
    let shown = steps.first.percent.map_or_else(|| amount(name, steps.first.mean), |p| format!("{p} %"));
    let mut out = vec![head(format!("{shown} of {target}: ")).and(Tone::Head, said)];
    let counted = match steps.first.pods.is_empty() {
        true => String::new(),
        false => listed(steps.first.pods.iter().map(|p| (&*p.pod, Some(amount(name, p.usage))))),
    };
    out.push(Line::new(2, 2, Tone::Muted, format!("counted {}{counted}", steps.first.count)));
    for group in [Group::Unready, Group::Missing, Group::Ignored] {
        out.extend(left_out(steps, group, ms));
    }
    if worked.trimmed {
        out.push(Line::new(3, 2, Tone::Muted, "the list of pods was left out for its length"));
    }
    out.push(Line::new(1, 2, Tone::Text, sum(name, &steps.first)));
    out.push(Line::new(0, 2, Tone::Text, ratio(&steps.first, steps.target, steps.band, steps.second.is_some(), name)));
    if let Some(second) = &steps.second {
        let filled = |basis: Basis| second.pods.iter().filter(move |p| p.basis == basis);
        let mut with = Vec::new();
        for (basis, word) in [(Basis::Unready, "unready"), (Basis::Missing, "missing")] {
            if let Some(first) = filled(basis).next() {
                with.push(format!("{} {word} at {}", filled(basis).count(), amount(name, first.usage)));
            }
        }
        let with = if with.is_empty() { "left as it is".into() } else { format!("with {}", with.join(" and ")) };
        out.push(Line::new(1, 2, Tone::Text, format!("second pass {with}: {}", sum(name, second))));
        out.push(Line::new(0, 2, Tone::Text, ratio(second, steps.target, steps.band, false, name)));
    }
    let turned = match steps.verdict {
        Verdict::RatioReversed => Some("the second pass points the other way"),
        Verdict::CountReversed => Some("the second pass counts the other way"),
        _ => None,
    };
    out.extend(turned.map(|t| Line::new(0, 2, Tone::Warn, format!("{t}: keeps {current}"))));
    out
}

/// The working of a metric that is one figure for the whole workload.
pub fn whole(head: impl Fn(String) -> Line, steps: &Whole) -> Line {
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

fn ratio(pass: &Pass, target: PodTarget, within: Band, goes_on: bool, name: &str) -> String {
    let (value, target) = match (target, pass.percent) {
        (PodTarget::Utilization(t), percent) => (percent.unwrap_or_default().to_string(), t.to_string()),
        (PodTarget::Average(t), _) => (amount(name, pass.mean), amount(name, t)),
    };
    let text = format!("{value}/{target} = {}", short(pass.ratio));
    match (within.holds(pass.ratio), goes_on) {
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

fn left_out(steps: &PerPod, group: Group, ms: i64) -> Option<Line> {
    let pods: Vec<&Placed> = steps.groups.of(group).collect();
    let first = pods.first()?;
    let word = match group {
        Group::Unready => "unready",
        Group::Missing => "missing",
        _ => "ignored",
    };
    let why = match first.standing {
        Standing::Deleted => "being deleted".to_string(),
        Standing::Failed => "failed".into(),
        Standing::Pending => "pending".into(),
        Standing::NoSample => "no sample".into(),
        Standing::NoReadyCondition => "no Ready condition".into(),
        Standing::NotStarted => "not started".into(),
        Standing::Initializing => "not Ready within the initialization period".into(),
        Standing::NeverReady => "never was Ready".into(),
        Standing::WindowNotFull { needs } => {
            let after = (needs.timestamp_millis() - ms) as f64 / 1000.0;
            let when = if after > 0.0 { format!("{after:.0} s after") } else { format!("{:.0} s before", -after) };
            format!("needs a sample of a whole window since it turned Ready ({when} the sync)")
        }
        Standing::Counted => String::new(),
    };
    let names = listed(pods.iter().map(|p| (&*p.pod, None)));
    Some(Line::new(1, 2, Tone::Warn, format!("{word} {}{names}: {why}", pods.len())))
}

/// `: a 48m, b 47m and 3 more`, pods by the end of their names.
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

/// What tells a pod from its siblings.
fn tail(pod: &str) -> &str {
    pod.rsplit('-').next().filter(|t| !t.is_empty()).unwrap_or(pod)
}

/// Milli-units in the resource's own unit: `48m`, `96 Mi`, `1.5`.
pub fn amount(name: &str, milli: i64) -> String {
    match name.split(' ').next().unwrap_or_default() {
        "cpu" => format!("{milli}m"),
        "memory" | "ephemeral-storage" => {
            let mebi = milli as f64 / 1000.0 / 1_048_576.0;
            if mebi >= 10.0 { format!("{mebi:.0} Mi") } else { format!("{mebi:.1} Mi") }
        }
        _ => plain(milli),
    }
}

/// Milli-units as a plain number.
pub fn plain(milli: i64) -> String {
    short(milli as f64 / 1000.0)
}

/// `0.9…1.1`.
fn band(band: Band) -> String {
    format!("{}…{}", short(1.0 - band.down), short(1.0 + band.up))
}

/// In the unit of [`amount`], as exactly as arithmetic over it needs: `96 Mi`, `48m`, `0.061`.
pub fn exact(name: &str, v: f64) -> String {
    match name.split(' ').next().unwrap_or_default() {
        "cpu" => format!("{}m", short(v * 1000.0)),
        "memory" | "ephemeral-storage" => format!("{} Mi", short(v / 1_048_576.0)),
        _ => short(v),
    }
}

/// At most three decimals; of what is less than 1, three digits.
pub fn short(v: f64) -> String {
    let zeros = if v != 0.0 && v.abs() < 1.0 { -v.abs().log10().floor() } else { 1.0 };
    let text = format!("{v:.*}", zeros.clamp(1.0, 9.0) as usize + 2);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::{exact, short};

    #[test]
    fn small_figures_keep_their_digits() {
        let all = [0.0015, 0.000_057, 0.061, 0.5, 96.0, 12.3456, 0.0, 0.000_1];
        assert_eq!(all.map(short), ["0.0015", "0.000057", "0.061", "0.5", "96", "12.346", "0", "0.0001"]);
    }

    #[test]
    fn arithmetic_is_told_in_the_units_people_set() {
        assert_eq!(exact("memory", 100_663_296.0), "96 Mi");
        assert_eq!(exact("cpu", 0.0485), "48.5m");
        assert_eq!(exact("http_requests", 12.5), "12.5");
    }
}
