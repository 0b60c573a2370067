//! The main chart: each metric against its own target line and tolerance band. Must not compute utilization.

use super::{empty_state, markers::sign};
use crate::format;
use crate::observe::{Feed, FeedState};
use crate::session::{TargetType, Track};
use crate::ui::YAxis;
use crate::view::{
    Cx,
    chart::{MarkerAt, MetricLine, TimeAxis, UtilizationChart},
    pane_row::Summary,
    theme::Role,
    time_axis,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Seconds without a sample that are worth a word.
const STALE: i64 = 60;

pub fn summary(cx: &Cx) -> Summary {
    let span = cx.ui.range(cx.session);
    let text = match cx.ui.y {
        YAxis::Auto => span,
        YAxis::Linear => format!("linear, {span}"),
        YAxis::Log => format!("logarithmic, {span}"),
    };
    (text, Role::Muted)
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let (axis, margins) = time_axis::axis(cx, area.width);
    let series: Vec<MetricLine> = cx
        .session
        .metrics
        .all
        .iter()
        .enumerate()
        .filter(|(_, t)| t.retired.is_none_or(|gone| gone > axis.start_ms))
        .map(|(i, track)| line(cx, track, Role::SERIES[i % Role::SERIES.len()], axis))
        .collect();
    let gaps = gaps(cx, &series, axis);
    let nothing = series.iter().all(|l| l.segments.is_empty());
    let chart = UtilizationChart {
        axis,
        margins,
        y: cx.ui.y,
        series,
        reach: 0.0,
        cursor: cx.cursor(),
        markers: marks(cx, axis),
        gaps,
        time_row: false,
    };
    if !nothing || chart.series.iter().any(|l| !l.target.is_empty()) {
        chart.draw(area, buf, &time_axis::style(cx));
    }
    if nothing {
        let middle = Rect { y: area.y + area.height / 2, height: area.height.div_ceil(2).min(3), ..area };
        let left = margins.left.min(area.width);
        let inside = Rect { x: middle.x + left, width: area.width - left, ..middle };
        let role = if empty_state::no_cluster(cx) { Role::Warn } else { Role::Muted };
        empty_state::sentence(buf, inside, cx, &why_nothing(cx), role);
    }
}

/// The stretches of the visible time, up to the present, in which no metric has a sample, with how long they are.
fn gaps(cx: &Cx, series: &[MetricLine], axis: TimeAxis) -> Vec<(i64, i64, String)> {
    let ends = |s: &Vec<(i64, f64)>| Some((s.first()?.0, s.last()?.0));
    let mut known: Vec<(i64, i64)> = series.iter().flat_map(|line| line.segments.iter().filter_map(ends)).collect();
    known.sort_unstable();
    let now = cx.session.now_ms().min(axis.end_ms);
    known.push((now, now));
    let mut out = Vec::new();
    let mut to = known[0].1;
    for (from, end) in known {
        let seconds = (from - to) / 1000;
        if seconds > STALE {
            out.push((to, from, format!("no samples {}", format::clock(seconds))));
        }
        to = to.max(end);
    }
    out
}

/// The markers of the visible time, as charts show them.
pub fn marks(cx: &Cx, axis: TimeAxis) -> Vec<MarkerAt> {
    let all = cx.session.markers.all().iter().enumerate();
    all.filter(|(_, m)| (axis.start_ms..=axis.end_ms).contains(&m.ms)).map(|(i, m)| sign(cx, i, m)).collect()
}

fn line(cx: &Cx, track: &Track, role: Role, axis: TimeAxis) -> MetricLine {
    let percent = track.target_type == TargetType::Utilization;
    let of_target = |(ms, value): &(i64, f64)| {
        let target = track.target.at(*ms).or(track.target.changes().first().map(|c| &c.1));
        let ratio = target.filter(|t| **t > 0.0).map_or(f64::NAN, |t| 100.0 * value / t);
        (*ms, if percent { *value } else { ratio })
    };
    let segments = track.samples.segments(axis.start_ms, axis.end_ms);
    let targets = track.target.within(axis.start_ms, axis.end_ms).into_iter();
    let shown = |t: f64| if percent { t } else { 100.0 };
    let mut target: Vec<(i64, Option<f64>)> = targets.map(|(ms, t)| (ms, Some(shown(t)))).collect();
    for (gone, back) in &track.away {
        target.extend([(*gone, None), (*back, track.target.at(*back).map(|t| shown(*t)))]);
    }
    target.extend(track.retired.map(|gone| (gone, None)));
    let at = cx.session.snapshot(cx.moment());
    let now = at.metrics.iter().find(|m| std::ptr::eq(m.track, track));
    let label = match now.and_then(|m| m.percent()) {
        Some(p) => format!("{} {}", track.label(), format::percent(p)),
        None => track.label(),
    };
    MetricLine {
        name: track.label(),
        label,
        role,
        segments: segments.into_iter().map(|s| s.iter().map(of_target).collect()).collect(),
        target,
        band: cx.session.tolerance(),
    }
}

fn why_nothing(cx: &Cx) -> String {
    let feeds = &cx.session.feeds;
    if cx.session.hpa.is_none() {
        return empty_state::short(cx, Feed::Hpa);
    }
    let unknown = cx.session.metrics.live().all(|t| t.current.is_none());
    if let Some(first) = cx.session.metrics.live().next().filter(|_| unknown) {
        return format!("{}: {}", first.label(), crate::explain::missing::missing(cx.session, first));
    }
    let works = |feed: &Feed| matches!(feeds.state(*feed), FeedState::Up | FeedState::Connecting);
    match [Feed::Pods, Feed::Usage].into_iter().find(|feed| !works(feed)) {
        Some(feed) => empty_state::short(cx, feed),
        None => "waiting for the first sample of the metrics API".into(),
    }
}
