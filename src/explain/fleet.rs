//! An HPA of many in a few words: its figures as kubectl prints them, what is wrong, what the next sync does, how it was
//! rescaled last. Must not compute any of it.

use super::forecast::forecast;
use crate::format::duration;
use crate::observe::{FeedState, MetricKind, Time};
use crate::session::fleet::{ClusterRow, Figure, HpaRow, Trouble};
use crate::session::{Fleet, Forecast, ForecastBasis, ForecastLimit, Severity, TargetType, hpa_status};

const UNKNOWN: &str = "<unknown>";

/// A figure against its target, as `kubectl get hpa` prints those of cpu and memory: `cpu: 96%/80%`, `queue: 30/20 (avg)`.
pub fn figure(figure: &Figure) -> String {
    let (now, target) = (now(figure), target(figure));
    let whole = matches!(figure.metric.kind, MetricKind::Object | MetricKind::External);
    let average = if whole && figure.target_type == TargetType::AverageValue { " (avg)" } else { "" };
    format!("{}: {now}/{target}{average}", figure.label)
}

/// A figure as the API wrote it: `96%`, `48m`; `<unknown>` while the controller has none.
pub fn now(figure: &Figure) -> String {
    let Some(status) = figure.status.as_ref().filter(|_| figure.current.is_some()) else { return UNKNOWN.into() };
    let text = match figure.target_type {
        TargetType::Utilization => status.utilization.map(|percent| format!("{percent}%")),
        TargetType::AverageValue => status.average_value.clone(),
        TargetType::Value => status.value.clone(),
    };
    text.unwrap_or_else(|| UNKNOWN.into())
}

/// A target as the API wrote it.
pub fn target(figure: &Figure) -> String {
    let value = &figure.metric.value;
    match figure.target_type {
        TargetType::Utilization => value.utilization.map(|percent| format!("{percent}%")),
        TargetType::AverageValue => value.average_value.clone(),
        TargetType::Value => value.value.clone(),
    }
    .unwrap_or_else(|| UNKNOWN.into())
}

/// All figures, in the spec's order.
pub fn figures(row: &HpaRow) -> String {
    let all: Vec<String> = row.figures.iter().map(figure).collect();
    if all.is_empty() { "<none>".into() } else { all.join(", ") }
}

/// What is wrong, in a few words.
pub fn trouble(row: &HpaRow, trouble: Trouble) -> String {
    let label = |index: usize| row.figures.get(index).map_or("a metric", |figure| figure.label.as_str());
    match trouble {
        Trouble::Unable(c) => format!("cannot scale: {}", why(&c.reason, &c.message)),
        Trouble::Inactive(c) => format!("decides nothing: {}", why(&c.reason, &c.message)),
        Trouble::AtMaximum(None) => format!("at max {}, and more is asked for", row.hpa.max_replicas),
        Trouble::AtMaximum(Some((index, wants))) => {
            format!("at max {}, {} asks for {wants}", row.hpa.max_replicas, label(index))
        }
        Trouble::Missing(index) => format!("{} has no figure, so nothing is removed", label(index)),
        Trouble::Flapping(turns) => format!("turned {turns} times in 10 min"),
        Trouble::Unattended => "no controller has looked at it".into(),
    }
}

/// The message says more than the reason, and often begins with words that repeat it.
fn why(reason: &str, message: &str) -> String {
    let lead = [
        "the HPA controller was unable to get the target's current scale: ",
        "the HPA controller was unable to ",
        "the HPA was unable to compute the replica count: ",
    ];
    let message = lead.iter().find_map(|lead| message.strip_prefix(lead)).unwrap_or(message);
    if message.is_empty() { reason.to_owned() } else { message.to_owned() }
}

/// The worst that is wrong, or else what limits it, or else that nothing does; with how much it matters.
pub fn state(row: &HpaRow, at: Time) -> (String, Option<Severity>) {
    let troubles = row.troubles(at);
    if let Some(worst) = troubles.first() {
        let more = if troubles.len() > 1 { format!(" (+{})", troubles.len() - 1) } else { String::new() };
        return (trouble(row, *worst) + &more, troubles.iter().copied().map(Trouble::severity).max());
    }
    let text = match limited(row) {
        _ if row.is_off() => "off: its target is at 0".to_owned(),
        _ if row.hpa.status.conditions.is_empty() => "new: no sync yet".to_owned(),
        Some(by) => by,
        None => "ok".to_owned(),
    };
    (text, None)
}

/// What kept the last sync from what the metrics ask for; None where nothing did.
pub fn limited(row: &HpaRow) -> Option<String> {
    let limited = hpa_status::condition(&row.hpa, "ScalingLimited").filter(|c| c.status == "True");
    let held = hpa_status::condition(&row.hpa, "AbleToScale").filter(|c| c.status == "True").map(|c| c.reason.as_str());
    match (limited.map(|c| c.reason.as_str()), held) {
        (Some("TooManyReplicas"), _) => Some(format!("at max {}", row.hpa.max_replicas)),
        (Some("TooFewReplicas"), _) => Some(format!("at min {}", row.hpa.min_replicas.unwrap_or(1))),
        (Some("ScaleUpLimit"), _) => Some("held by scaleUp's policies".into()),
        (Some("ScaleDownLimit"), _) => Some("held by scaleDown's policies".into()),
        (Some(other), _) => Some(other.to_owned()),
        (None, Some("ScaleDownStabilized")) => Some("held by its scale-down window".into()),
        (None, Some("ScaleUpStabilized")) => Some("held by its scale-up window".into()),
        (None, _) => None,
    }
}

/// What the next sync does: `stays`, `to 4`, `to 5, by max`, `stays, by window`; None where that is not known.
pub fn next(row: &HpaRow) -> Option<String> {
    let Forecast { current, replicas, basis, limit, is_invalid, .. } = row.forecast?;
    if row.stayed() {
        return Some("stays, by its pods".into());
    }
    if is_invalid || matches!(basis, ForecastBasis::MissingMetric(_)) {
        return Some("stays, figure missing".into());
    }
    if matches!(basis, ForecastBasis::Metrics { unwatched_s: Some(_), .. }) {
        return Some(format!("to {replicas}, or window"));
    }
    let by = match (basis, limit) {
        (ForecastBasis::AboveMax, _) | (_, Some(ForecastLimit::Max(_))) => ", by max",
        (ForecastBasis::BelowMin, _) | (_, Some(ForecastLimit::Min(_))) => ", by min",
        (_, Some(ForecastLimit::Policy(_))) => ", by policy",
        (_, Some(ForecastLimit::Disabled { .. })) => ", disabled",
        (_, Some(ForecastLimit::Window { .. } | ForecastLimit::UnwatchedWindow { .. })) => ", by window",
        (_, None) => "",
    };
    Some(if replicas == current { format!("stays{by}") } else { format!("to {replicas}{by}") })
}

/// The same as a sentence; None where that is not known.
pub fn next_sentence(fleet: &Fleet, row: &HpaRow) -> Option<String> {
    let alone = row.forecast?;
    if !row.stayed() {
        return Some(forecast(&fleet.session(row), &alone).sentence);
    }
    Some(format!(
        "it stays at {}: by its figures alone it would go to {}, but its last sync had them and did not; pods that are not \
         ready or have no sample count otherwise, and are not seen here",
        alone.current, alone.replicas
    ))
}

/// The last rescale: `4m ago`, and `2 to 3` as far as that is known; None before the first.
pub fn rescaled(row: &HpaRow, at: Time) -> Option<(String, String)> {
    let last = row.rescaled.as_ref()?;
    let ago = format!("{} ago", duration::age((at - last.at).num_seconds().max(0)));
    let to = match (last.from.or_else(|| row.history.before()), last.to) {
        (Some(from), Some(to)) if from != to => format!("{from} to {to}"),
        (_, Some(to)) => format!("to {to}"),
        (_, None) => String::new(),
    };
    Some((ago, to))
}

/// Why a cluster shows nothing: `prod-eu: no answer within 10 s; …`.
pub fn dark(cluster: &ClusterRow, now: Time) -> String {
    let since = duration::age((now - cluster.since).num_seconds().max(0));
    let reason = match (&cluster.status.reason, cluster.status.state) {
        (Some(reason), _) => reason.clone(),
        (None, FeedState::Connecting) => format!("no answer yet, for {since}"),
        (None, _) => "it cannot be read".into(),
    };
    let hint = cluster.status.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{}: {reason}{hint}", cluster.context)
}
