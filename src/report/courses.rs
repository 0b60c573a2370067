//! A session as courses over time: the one basis of CSV, JSON and the charts of HTML. Raw figures in their own units; what
//! is not known is a gap. Must not derive verdicts or sentences.

use crate::session::{Series, Session, StepSeries, TargetType, Track};

/// How points join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Samples, joined by a line.
    Line,
    /// Each value holds until the next.
    Steps,
}

/// One figure over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    pub series: &'static str,
    pub labels: Vec<(&'static str, String)>,
    pub unit: &'static str,
    pub shape: Shape,
    /// (milliseconds since 1970, value), ascending; None is a gap, or not known from then on.
    pub points: Vec<(i64, Option<f64>)>,
}

impl Course {
    /// The value of a label; empty where it has none.
    pub fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|l| l.0 == name).map_or("", |l| l.1.as_str())
    }

    /// `metric=cpu;pod=a`; a semicolon, equals sign or backslash in a value is written with a backslash before it.
    pub fn label_text(&self) -> String {
        let plain = |t: &str| t.replace('\\', "\\\\").replace(';', "\\;").replace('=', "\\=");
        self.labels.iter().map(|(n, v)| format!("{n}={}", plain(v))).collect::<Vec<_>>().join(";")
    }
}

/// The unit of a metric of the HPA.
pub fn unit(track: &Track) -> &'static str {
    match (track.target_type, track.metric.name.as_str(), track.is_resource()) {
        (TargetType::Utilization, _, _) => "percent",
        (_, "cpu", true) => "cores",
        (_, "memory" | "ephemeral-storage", true) => "bytes",
        _ => "value",
    }
}

/// Every course of a session, in a fixed order. Those without a point are left out.
pub fn courses(session: &Session) -> Vec<Course> {
    let mut out = Vec::new();
    for track in &session.metrics.all {
        let labels = || vec![("metric", track.label())];
        out.push(line("hpa_metric", labels(), unit(track), &track.samples));
        let mut targets: Vec<(i64, Option<f64>)> =
            track.target.changes().iter().map(|(ms, t)| (*ms, Some(*t))).collect();
        targets.extend(track.retired.map(|gone| (gone, None)));
        out.push(Course {
            series: "hpa_target",
            labels: labels(),
            unit: unit(track),
            shape: Shape::Steps,
            points: targets,
        });
    }
    let r = &session.replicas;
    for (state, steps) in
        [("current", &r.current), ("desired", &r.desired), ("ready", &r.ready), ("min", &r.min), ("max", &r.max)]
    {
        out.push(steps_of("replicas", vec![("state", state.into())], "replicas", steps));
    }
    let recommended = session.decisions.rows().iter().flat_map(|row| {
        let value = row.computed.recommended.map(f64::from);
        [(row.first, value), (row.last, value)].into_iter().take(if row.count > 1 { 2 } else { 1 })
    });
    out.push(Course {
        series: "recommendation",
        labels: vec![],
        unit: "replicas",
        shape: Shape::Steps,
        points: recommended.collect(),
    });
    let mut pods: Vec<_> = session.pods.all().collect();
    pods.sort_by_key(|p| (p.seen.created, p.seen.name.as_str()));
    for pod in pods {
        let labels = || vec![("pod", pod.seen.name.clone())];
        for (name, unit, samples) in [("pod_cpu", "millicores", &pod.cpu), ("pod_memory", "bytes", &pod.memory)] {
            let mut course = line(name, labels(), unit, samples);
            if !course.points.is_empty() {
                course.points.extend(pod.gone.map(|ms| (ms, None)));
            }
            out.push(course);
        }
    }
    out.extend(super::inside::inside(session));
    out.retain(|c| !c.points.is_empty());
    out
}

pub(super) fn line(
    series: &'static str,
    labels: Vec<(&'static str, String)>,
    unit: &'static str,
    samples: &Series,
) -> Course {
    let mut points = Vec::with_capacity(samples.points().len());
    for (i, segment) in samples.segments(i64::MIN, i64::MAX).into_iter().enumerate() {
        // A gap stands right before the sample that ends it.
        points.extend(segment.first().filter(|_| i > 0).map(|p| (p.0 - 1, None)));
        points.extend(segment.iter().map(|(ms, v)| (*ms, Some(*v))));
    }
    Course { series, labels, unit, shape: Shape::Line, points }
}

fn steps_of(
    series: &'static str,
    labels: Vec<(&'static str, String)>,
    unit: &'static str,
    steps: &StepSeries<Option<i32>>,
) -> Course {
    let points = steps.changes().iter().map(|(ms, v)| (*ms, v.map(f64::from))).collect();
    Course { series, labels, unit, shape: Shape::Steps, points }
}
