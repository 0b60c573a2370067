//! Replicas as steps between the HPA's bounds, on the same time axis. Must not guess what is not known.

use super::{empty_state, shadows, utilization};
use crate::format;
use crate::observe::Feed;
use crate::session::StepSeries;
use crate::view::{
    Cx,
    chart::{StepChart, TimeAxis},
    pane_row::Summary,
    theme::Role,
    time_axis,
};
use ratatui::{buffer::Buffer, layout::Rect};

pub fn summary(cx: &Cx) -> Summary {
    let m = cx.session.snapshot(cx.moment());
    let figure = |v: Option<i32>| v.map_or_else(|| format::UNKNOWN.into(), |v| v.to_string());
    if cx.session.replicas.current.last().is_none() && cx.session.hpa.is_none() {
        return (String::new(), Role::Muted);
    }
    let text = format!("current {}  desired {}  ready {}", figure(m.current), figure(m.desired), figure(m.ready));
    let sizes = cx.shadows().iter().map(|shadow| {
        let size = shadow.run.as_ref().ok().and_then(|run| shadows::size_at(run, cx.moment()));
        size.map_or_else(
            || format::UNKNOWN.into(),
            |(size, estimate)| format!("{}{size}", if estimate { "~" } else { "" }),
        )
    });
    let sizes: Vec<String> = sizes.collect();
    let text = if sizes.is_empty() { text } else { format!("{text}  shadow {}", sizes.join(" ")) };
    (text, if m.ready < m.current { Role::Warn } else { Role::Muted })
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let (axis, margins) = time_axis::axis(cx, area.width);
    let r = &cx.session.replicas;
    let end = cx.session.now_ms();
    let steps = |s: &StepSeries<Option<i32>>| visible(s, axis, end);
    let chart = StepChart {
        axis,
        margins,
        current: steps(&r.current),
        desired: steps(&r.desired),
        ready: steps(&r.ready),
        shadows: cx.shadows().iter().map(|shadow| shadows::steps(shadow, end)).collect(),
        min: steps(&r.min),
        max: steps(&r.max),
        cursor: cx.cursor(),
        markers: utilization::marks(cx, axis),
    };
    if chart.current.is_empty() && chart.desired.is_empty() {
        return empty_state::sentence(buf, area, cx, &empty_state::cause(cx, Feed::Hpa), Role::Muted);
    }
    chart.draw(area, buf, &time_axis::style(cx));
}

/// StepSeries of the visible time; they end at the session's present.
fn visible(steps: &StepSeries<Option<i32>>, axis: TimeAxis, end: i64) -> Vec<(i64, Option<f64>)> {
    let changes = steps.within(axis.start_ms, axis.end_ms);
    let mut out: Vec<_> = changes.iter().map(|(ms, v)| (*ms, v.map(f64::from))).collect();
    if !out.is_empty() {
        out.push((end + 1, None));
    }
    out
}
