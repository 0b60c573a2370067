//! The load on Overview's time axis: virtual users and iterations each second, and the Job's phase. Must not read the Job
//! itself.

use super::{empty_state, utilization};
use crate::explain::{
    self,
    left_out::{Place, left_out},
};
use crate::format::{self, text};
use crate::observe::{Feed, FeedState};
use crate::session::{LoadPhase, Series};
use crate::ui::Action;
use crate::view::{
    Cx,
    chart::{LineChart, PlainLine},
    header,
    pane_row::Summary,
    theme::Role,
    time_axis, write,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// How long a figure of k6 is valid, in milliseconds.
const HOLDS: i64 = 15_000;
/// From this share of failed requests on, they are worth a colour.
const MANY: f64 = 0.05;

pub fn summary(cx: &Cx) -> Summary {
    let load = header::load(cx, usize::MAX);
    let failed = load.as_ref().is_some_and(|(_, role)| *role == Role::Bad);
    if let Some(figures) = figures(cx).filter(|_| !failed) {
        let fails = cx.session.load.k6.failed().at(cx.moment(), HOLDS).is_some_and(|p| p.1 >= MANY);
        return (figures, if fails { Role::Warn } else { Role::Muted });
    }
    if let Some((text, role)) = load {
        // How much of it failed outlives the load.
        let whole =
            cx.session.load.progress(cx.moment()).failed_ratio.filter(|share| role == Role::Good && *share >= MANY);
        if let Some(share) = whole {
            return (format!("{text}  ! {} of the requests failed", format::percent(share * 100.0)), Role::Warn);
        }
        return (text, if role == Role::Load { Role::Muted } else { role });
    }
    let state = cx.session.feeds.state(Feed::Load);
    let text = match empty_state::reason(cx, Feed::Load) {
        Some(why) if !matches!(state, FeedState::Up | FeedState::Absent) || empty_state::no_cluster(cx) => why,
        _ if !cx.ui.may_load() => "no load runs".into(),
        _ => match cx.key(&Action::Simulate) {
            Some(key) if cx.session.watching.lab => format!("press {key} to start the load"),
            Some(key) => format!("no load runs; {key} starts one"),
            None => "no load runs".into(),
        },
    };
    (text, Role::Muted)
}

/// `200 VUs  412 it/s  p95 310 ms  ! 71 % fail`; None where k6 has reported nothing valid at this moment.
fn figures(cx: &Cx) -> Option<String> {
    let k6 = &cx.session.load.k6;
    let ms = cx.moment();
    let at = |series: &Series| series.at(ms, HOLDS).map(|p| p.1);
    let mut parts = vec![format!("{} VUs", format::count(at(&k6.vus())?))];
    parts.extend(at(&k6.iterations()).map(|v| format!("{} it/s", format::count(v))));
    parts.extend(at(&k6.requests()).map(|v| format!("{} req/s", format::count(v))));
    parts.extend(at(&k6.p95()).filter(|v| *v > 0.0).map(|v| format!("p95 so far {}", format::millis(v))));
    let sign = |share: f64| if share >= MANY { "! " } else { "" };
    let failed = at(&k6.failed()).filter(|v| *v > 0.0);
    parts.extend(left_out(cx.session, Place::Load));
    parts.extend(failed.map(|v| format!("{}{} fail", sign(v), format::percent(v * 100.0))));
    Some(parts.join("  "))
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let k6 = &cx.session.load.k6;
    if k6.is_known() && !k6.vus().points().is_empty() {
        return chart(buf, area, cx);
    }
    let w = &cx.session.watching;
    let text = match cx.session.load.phase() {
        // Why the embedded lab is watched, and what to press.
        LoadPhase::None if w.lab && !w.notes.is_empty() => w.notes.join("; "),
        LoadPhase::None => {
            format!("Job {} in namespace {}: users, iterations, failures, latency", w.load_job, w.load_namespace)
        }
        LoadPhase::Pending(why) => format!("waits: {}", explain::load::pending(&why)),
        LoadPhase::Failed(why) => explain::load::failure(&why),
        LoadPhase::Running | LoadPhase::Complete | LoadPhase::Terminating => {
            let job = cx.session.load.job.as_ref();
            let image = job.map_or("", |j| j.image.as_str());
            format!("{image}; k6 has reported nothing yet")
        }
    };
    let role = if matches!(cx.session.load.phase(), LoadPhase::Failed(_)) { Role::Bad } else { Role::Muted };
    empty_state::sentence(buf, area, cx, &text, role);
}

fn chart(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let k6 = &cx.session.load.k6;
    let (axis, margins) = time_axis::axis(cx, area.width);
    let line = |series: &Series, unit: &str, role| {
        let segments = series.segments(axis.start_ms, axis.end_ms);
        let last = series.at(cx.moment(), HOLDS).map(|p| format!("{} {unit}", format::count(p.1)));
        PlainLine {
            label: last.unwrap_or_else(|| format!("{} {unit}", format::UNKNOWN)),
            role,
            segments,
            peak: series.peak(),
            dashed: false,
        }
    };
    // One scale for both would flatten one of them. Iterations are what the load does; users are in the title.
    let iterations = k6.iterations();
    let lines = match iterations.points().is_empty() {
        true => vec![line(&k6.vus(), "VUs", Role::Load)],
        false => vec![line(&iterations, "it/s", Role::Load)],
    };
    let markers = if area.height > 1 { utilization::marks(cx, axis) } else { Vec::new() };
    LineChart { axis, margins, lines, unit: format::count, cursor: cx.cursor(), markers }.draw(
        area,
        buf,
        &time_axis::style(cx),
    );
    let thresholds = cx.session.load.progress(cx.session.now_ms()).thresholds;
    if let Some(crossed) = thresholds.iter().find(|t| !t.held).filter(|_| area.height >= 4) {
        let text = format!("crossed: {} {}", crossed.metric, crossed.rule);
        let cut = text::fit(&text, usize::from(area.width), cx.look.symbols.glyphs().ellipsis);
        write::line(buf, area, 0, &[(&cut, cx.look.style(Role::Bad))]);
    }
}
