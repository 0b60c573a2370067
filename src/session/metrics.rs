//! Each metric of the HPA over time: target and samples in the metric's own unit. Must not compute proposals.

use super::controller;
use super::series::{Series, StepSeries};
use crate::hpa;
use crate::observe::{HpaSeen, Metric, MetricKind, MetricValue, MetricValuesSeen};

/// Metrics kept after they left the spec, so that their past stays on the chart.
const RETIRED: usize = 8;
/// Periods kept of a metric in which it was not in the spec.
const AWAY: usize = 16;
/// The controller's figure holds between its syncs; after this long without a report (milliseconds) there is a gap.
const HOLD: i64 = 120_000;
/// After this long without a value of its own (milliseconds) the controller's figures are a metric's samples again.
const MEASURED: i64 = 60_000;

/// What a metric's numbers mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetType {
    /// Percent of request.
    Utilization,
    AverageValue,
    Value,
}

impl TargetType {
    /// The name in the spec.
    pub fn name(self) -> &'static str {
        match self {
            TargetType::Utilization => "Utilization",
            TargetType::AverageValue => "AverageValue",
            TargetType::Value => "Value",
        }
    }

    /// The type of a target and its number: percent, or the quantity in base units (cores, bytes).
    pub fn of(value: &MetricValue) -> Option<(TargetType, f64)> {
        if let Some(u) = value.utilization {
            return Some((TargetType::Utilization, f64::from(u)));
        }
        let (kind, text) = match (&value.average_value, &value.value) {
            (Some(v), _) => (TargetType::AverageValue, v),
            (None, Some(v)) => (TargetType::Value, v),
            (None, None) => return None,
        };
        quantity(text).map(|q| (kind, q))
    }

    /// Whether a status is of this type: a utilization comes with its average value, every other figure comes alone.
    fn holds(self, value: &MetricValue) -> bool {
        self.read(value).is_some() && (self == TargetType::Utilization || value.utilization.is_none())
    }

    /// The number of this type in a status.
    pub fn read(self, value: &MetricValue) -> Option<f64> {
        match self {
            TargetType::Utilization => value.utilization.map(f64::from),
            TargetType::AverageValue => value.average_value.as_deref().and_then(quantity),
            TargetType::Value => value.value.as_deref().and_then(quantity),
        }
    }
}

/// One metric of the spec.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// As in the spec; its value is the target.
    pub metric: Metric,
    label: String,
    pub target_type: TargetType,
    /// The target over time: percent or base units.
    pub target: StepSeries<f64>,
    /// Percent or base units, at the samples' own times.
    pub samples: Series,
    /// The controller's current figure; None while it has none.
    pub current: Option<f64>,
    /// The same as in the API.
    pub status: Option<MetricValue>,
    /// When a value of its own was last seen, beside the controller's figure; milliseconds since 1970.
    pub measured: Option<i64>,
    /// When it left the spec or the HPA was deleted, milliseconds since 1970.
    pub retired: Option<i64>,
    /// The latest periods in which it was not in the spec, from and until.
    pub away: Vec<(i64, i64)>,
}

impl Track {
    /// The name on screen: `cpu`, `cpu in app`, `http_requests`, `queue of Ingress/main`. Where two metrics would have the
    /// same name, the difference is added: `queue{tier=a}`, `cpu (average)`.
    pub fn label(&self) -> String {
        self.label.clone()
    }

    /// Whether the metrics API can give samples of it.
    pub fn is_resource(&self) -> bool {
        matches!(self.metric.kind, MetricKind::Resource | MetricKind::ContainerResource)
    }

    /// Whether it was in the spec at `ms`.
    pub fn is_in_spec(&self, ms: i64) -> bool {
        let away = self.away.iter().any(|(from, until)| (*from..*until).contains(&ms));
        !away && self.retired.is_none_or(|gone| ms < gone) && self.target.at(ms).is_some()
    }

    fn sample_reported(&mut self, ms: i64) {
        // Its own values are newer.
        if self.measured.is_some_and(|at| ms - at < MEASURED) {
            return;
        }
        match self.current {
            Some(v) => self.samples.push(ms, v, HOLD),
            None => self.samples.break_line(),
        }
    }
}

/// What the controller makes of an external or custom metric's values: the mean over the pods, the average over the replicas, or
/// the sum; base units. None without values, or over no replicas.
pub fn measured(seen: &MetricValuesSeen, target: TargetType, replicas: Option<i32>) -> Option<f64> {
    let values: Vec<f64> = seen.values.iter().map(|value| quantity(value)).collect::<Option<_>>()?;
    let sum: f64 = values.iter().sum();
    match (seen.kind, target) {
        _ if values.is_empty() => None,
        (MetricKind::Pods, _) => Some(sum / values.len() as f64),
        (_, TargetType::AverageValue) => replicas.filter(|n| *n > 0).map(|n| sum / f64::from(n)),
        _ => Some(sum),
    }
}

/// A Kubernetes quantity in base units: cores, bytes.
pub fn quantity(text: &str) -> Option<f64> {
    hpa::quantity::approximate(text).ok()
}

/// A metric's name on screen.
pub fn label(m: &Metric) -> String {
    match (&m.container, &m.object) {
        (Some(c), _) => format!("{} in {c}", m.name),
        (_, Some(o)) => format!("{} of {o}", m.name),
        _ => m.name.clone(),
    }
}

/// The metrics of the spec in its order, then those that left it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tracks {
    pub all: Vec<Track>,
}

impl Tracks {
    /// Those of the present spec.
    pub fn live(&self) -> impl Iterator<Item = &Track> {
        self.all.iter().filter(|t| t.retired.is_none())
    }

    /// Takes in a version of the HPA. With `blind` the metrics API cannot be read, and the controller's figures are used as
    /// samples of resource metrics, too.
    pub fn take(&mut self, ms: i64, hpa: &HpaSeen, blind: bool) {
        let mut before = std::mem::take(&mut self.all);
        let mut places = Vec::with_capacity(hpa.metrics.len());
        for (place, metric) in hpa.metrics.iter().enumerate() {
            let Some((target_type, target)) = TargetType::of(&metric.value) else { continue };
            places.push(place);
            let known = before.iter().position(|t| t.metric.same(metric) && t.target_type == target_type);
            let mut track = known.map(|i| before.remove(i)).unwrap_or_else(|| Track {
                metric: metric.clone(),
                label: String::new(),
                target_type,
                target: StepSeries::default(),
                samples: Series::default(),
                current: None,
                status: None,
                measured: None,
                retired: None,
                away: Vec::new(),
            });
            track.metric = metric.clone();
            if let Some(gone) = track.retired.take() {
                track.away.push((gone, ms));
                track.away.drain(..track.away.len().saturating_sub(AWAY));
            }
            track.target.set(ms, target);
            self.all.push(track);
        }
        distinguish(&mut self.all);
        self.statuses(&hpa.status.metrics, hpa.metrics.len(), &places);
        self.hold(ms, blind);
        before.iter_mut().for_each(|t| t.retired = t.retired.or(Some(ms)));
        before.truncate(RETIRED);
        self.all.append(&mut before);
    }

    /// The controller has reported nothing new, so its last figures hold.
    pub fn hold(&mut self, ms: i64, blind: bool) {
        let reported = |t: &&mut Track| t.retired.is_none() && (blind || !t.is_resource());
        self.all.iter_mut().filter(reported).for_each(|t| t.sample_reported(ms));
    }

    /// Takes in the values of an external or custom metric, which the controller reads at its syncs only. `replicas` are those
    /// that an average is over.
    pub fn measure(&mut self, ms: i64, seen: &MetricValuesSeen, replicas: Option<i32>) {
        let of = |t: &&mut Track| {
            let m = &t.metric;
            t.retired.is_none() && (m.kind, &m.name, &m.selector) == (seen.kind, &seen.name, &seen.selector)
        };
        for track in self.all.iter_mut().filter(of) {
            if let Some(value) = measured(seen, track.target_type, replicas) {
                track.samples.push(ms, value, MEASURED);
                track.measured = Some(ms);
            }
        }
    }

    /// The HPA was deleted, and its figures and targets with it.
    pub fn gone(&mut self, ms: i64) {
        for t in &mut self.all {
            (t.current, t.status) = (None, None);
            t.retired = t.retired.or(Some(ms));
            t.samples.break_line();
        }
    }

    /// The controller writes one entry per metric, in the spec's order, an empty one for a metric that failed. Where that
    /// does not fit because the spec was edited since, an entry belongs to the first track that it can belong to. `places`
    /// are the tracks' places in a spec of `all` metrics.
    fn statuses(&mut self, statuses: &[Metric], all: usize, places: &[usize]) {
        let is_of = |s: &Metric, t: &Track| s.same(&t.metric) && t.target_type.holds(&s.value);
        let mut left: Vec<Option<&Metric>> = statuses.iter().map(Some).collect();
        let mut found: Vec<Option<&Metric>> = vec![None; places.len()];
        for ((track, &place), found) in self.all.iter().zip(places).zip(&mut found) {
            if let Some(entry) =
                left.get_mut(place).filter(|s| statuses.len() == all && s.is_some_and(|s| is_of(s, track)))
            {
                *found = entry.take();
            }
        }
        for (track, found) in self.all.iter_mut().zip(found) {
            let other = || left.iter_mut().find(|s| s.is_some_and(|s| is_of(s, track))).and_then(Option::take);
            // An average over 0 replicas is no figure.
            let status = found.or_else(other).filter(|s| !is_of_no_replica(s));
            track.current = status.and_then(|s| track.target_type.read(&s.value));
            track.status = status.map(|s| s.value.clone());
        }
    }
}

fn is_of_no_replica(status: &Metric) -> bool {
    let milli = status.value.average_value.as_deref().and_then(|q| hpa::quantity::milli(q).ok());
    milli.is_some_and(|milli| controller::is_of_no_replica(status.kind, milli))
}

/// Names each track, adding detail until no two have the same name.
fn distinguish(tracks: &mut [Track]) {
    let with: [fn(&Track) -> String; 3] = [
        |t| label(&t.metric),
        |t| t.metric.selector.as_ref().map_or_else(|| t.label(), |s| format!("{}{{{s}}}", t.label)),
        // The usual type is not mentioned.
        |t| match t.target_type {
            TargetType::Utilization => t.label(),
            TargetType::AverageValue => format!("{} (average)", t.label),
            TargetType::Value => format!("{} (value)", t.label),
        },
    ];
    for (step, text) in with.into_iter().enumerate() {
        let taken: Vec<String> = tracks.iter().map(Track::label).collect();
        let double = |t: &Track| step == 0 || taken.iter().filter(|l| **l == t.label).count() > 1;
        let texts: Vec<_> = tracks.iter().map(|t| double(t).then(|| text(t))).collect();
        for (track, text) in tracks.iter_mut().zip(texts) {
            track.label = text.unwrap_or_else(|| track.label());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str, kind: MetricKind, value: MetricValue) -> Metric {
        Metric { name: name.into(), kind, value, ..Default::default() }
    }

    fn hpa(target: i32, current: Option<i32>) -> HpaSeen {
        let percent = |u| MetricValue { utilization: u, ..Default::default() };
        let average = |q: &str| MetricValue { average_value: Some(q.into()), ..Default::default() };
        let mut hpa = HpaSeen {
            metrics: vec![
                metric("cpu", MetricKind::Resource, percent(Some(target))),
                metric("cpu", MetricKind::Resource, average("100m")),
                metric("rps", MetricKind::Pods, average("1k")),
            ],
            ..Default::default()
        };
        if current.is_some() {
            let cpu = MetricValue { utilization: current, average_value: Some("48m".into()), value: None };
            hpa.status.metrics = vec![
                metric("cpu", MetricKind::Resource, cpu),
                metric("cpu", MetricKind::Resource, average("48m")),
                Metric::default(),
            ];
        }
        hpa
    }

    #[test]
    fn figures_stay_with_their_metric() {
        let mut tracks = Tracks::default();
        tracks.take(0, &hpa(80, Some(96)), true);
        let read: Vec<_> = tracks.all.iter().map(|t| (t.target.last().copied(), t.current)).collect();
        assert_eq!(read, [(Some(80.0), Some(96.0)), (Some(0.1), Some(0.048)), (Some(1000.0), None)]);
    }

    #[test]
    fn a_metric_that_failed_does_not_take_its_twins_figure() {
        let average = |q: &str| MetricValue { average_value: Some(q.into()), ..Default::default() };
        let both = MetricValue { utilization: Some(96), ..average("48m") };
        let cpu = |value| metric("cpu", MetricKind::Resource, value);
        let mut hpa = HpaSeen { metrics: vec![cpu(average("100m")), cpu(both.clone())], ..Default::default() };
        let mut read = |statuses: Vec<Metric>| {
            hpa.status.metrics = statuses;
            let mut tracks = Tracks::default();
            tracks.take(0, &hpa, true);
            tracks.all.iter().map(|t| t.current).collect::<Vec<_>>()
        };
        assert_eq!(read(vec![cpu(average("48m")), cpu(both.clone())]), [Some(0.048), Some(96.0)]);
        assert_eq!(read(vec![Metric::default(), cpu(both.clone())]), [None, Some(96.0)]);
        assert_eq!(read(vec![cpu(both.clone())]), [None, Some(96.0)], "of an older spec");
        assert_eq!(read(vec![cpu(average("48m")), Metric::default()]), [Some(0.048), None]);
        assert_eq!(read(vec![]), [None, None]);
    }

    #[test]
    fn entries_of_equal_name_and_type_go_by_their_place() {
        let average = |q: &str| MetricValue { average_value: Some(q.into()), ..Default::default() };
        let qps = |q: &str| metric("qps", MetricKind::External, average(q));
        let mut hpa = HpaSeen { metrics: vec![qps("10"), qps("20")], ..Default::default() };
        hpa.status.metrics = vec![Metric::default(), qps("7")];
        let mut tracks = Tracks::default();
        tracks.take(0, &hpa, false);
        let read: Vec<_> = tracks.all.iter().map(|t| t.current).collect();
        assert_eq!(read, [None, Some(7.0)]);
    }

    #[test]
    fn an_average_over_no_replica_is_no_figure() {
        let average = |q: &str| MetricValue { average_value: Some(q.into()), ..Default::default() };
        let queue = |q: &str| metric("queue", MetricKind::External, average(q));
        let mut hpa = HpaSeen { metrics: vec![queue("4")], ..Default::default() };
        // As a controller on amd64, and one on arm64, writes a value divided by 0.
        for nonsense in ["-9223372036854775808m", "9223372036854775807m"] {
            hpa.status.metrics = vec![queue(nonsense)];
            let mut tracks = Tracks::default();
            tracks.take(0, &hpa, false);
            assert_eq!((tracks.all[0].current, &tracks.all[0].status), (None, &None), "{nonsense}");
        }
    }

    #[test]
    fn labels_distinguish_metrics() {
        let average = |q: &str| MetricValue { average_value: Some(q.into()), ..Default::default() };
        let of = |kind, name: &str, selector: Option<&str>, value| Metric {
            selector: selector.map(Into::into),
            ..metric(name, kind, value)
        };
        let utilization = MetricValue { utilization: Some(80), ..Default::default() };
        let metrics = vec![
            of(MetricKind::Resource, "cpu", None, utilization),
            of(MetricKind::Resource, "cpu", None, average("1")),
            of(MetricKind::External, "queue", Some("q=a"), average("1")),
            of(MetricKind::External, "queue", Some("q in (b,c)"), average("1")),
            of(MetricKind::External, "lag", Some("q=a"), average("1")),
        ];
        let mut tracks = Tracks::default();
        tracks.take(0, &HpaSeen { metrics, ..Default::default() }, false);
        let labels: Vec<String> = tracks.all.iter().map(Track::label).collect();
        assert_eq!(labels, ["cpu", "cpu (average)", "queue{q=a}", "queue{q in (b,c)}", "lag"]);
    }

    #[test]
    fn an_edited_target_is_a_step_and_a_removed_metric_stays_in_the_past() {
        let mut tracks = Tracks::default();
        tracks.take(0, &hpa(80, Some(96)), true);
        let mut edited = hpa(60, Some(96));
        edited.metrics.remove(1);
        tracks.take(5000, &edited, true);
        assert_eq!(tracks.all[0].target.changes(), [(0, 80.0), (5000, 60.0)]);
        assert_eq!((tracks.live().count(), tracks.all.len(), tracks.all[2].retired), (2, 3, Some(5000)));
    }

    #[test]
    fn an_invalid_metric_is_a_gap() {
        let mut tracks = Tracks::default();
        tracks.take(0, &hpa(80, Some(96)), true);
        tracks.take(15_000, &hpa(80, None), true);
        tracks.take(30_000, &hpa(80, Some(90)), true);
        assert_eq!(tracks.all[0].samples.segments(0, 99_000).len(), 2);
    }
}
