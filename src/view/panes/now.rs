//! The figures of this moment (or of the cursor's): replicas, each metric against its target, conditions. Must not
//! compute what the controller would do.

use super::{empty_state, markers::sign};
use crate::explain::{missing::missing, scalers::scaled_object};
use crate::format::{self, text};
use crate::observe::{Condition, Feed};
use crate::session::{LoadPhase, Mark, MetricAt, TargetType, hpa_status};
use crate::ui::{Action, Screen};
use crate::verdict::Overall;
use crate::view::pane_row::{Extent, Summary};
use crate::view::{Cx, theme::Role, write};
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
    style::Style,
};

pub fn summary(cx: &Cx) -> Summary {
    let last = last_rescale(cx);
    let target = || cx.session.target.as_ref().map(|t| format!("{} {}", t.kind, t.name)).unwrap_or_default();
    match (cx.ui.cursor.map(|at| format!("at {}", cx.look.moment(at, cx.now))), last) {
        (Some(at), Some(last)) => (format!("{at}, {last}"), Role::Muted),
        (Some(at), None) => (at, Role::Muted),
        (None, Some(last)) => (last, Role::Marker),
        (None, None) => (target(), Role::Muted),
    }
}

/// Rows that its content takes, the conditions' messages whole where the screen has rows for them.
pub fn rows(cx: &Cx, Size { width, height }: Size) -> u16 {
    let m = cx.session.snapshot(cx.moment());
    let rows = if height >= LARGE { u16::MAX } else { 0 };
    (lines(cx, width.saturating_sub(2), rows).len().max(2 + m.metrics.len() + 3)) as u16
}

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    let all = columns(cx, inner(area)).iter().map(|(_, lines)| lines.len()).max();
    Extent::of(None, usize::from(area.height), all.unwrap_or(0))
}

type Pieces = Vec<(String, Style)>;

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    for (place, lines) in columns(cx, inner(area)) {
        for (i, pieces) in lines.iter().enumerate() {
            write::pieces(buf, place, i as u16, pieces);
        }
    }
}

fn inner(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }
}

/// From this width on, what comes next stands beside the figures.
const BESIDE: u16 = 72;
/// From this height on, a screen has room for whole messages.
const LARGE: u16 = 44;
/// How far the HPA's figure and the newest sample are apart to be worth a line, as a share of the target.
const APART: f64 = 0.05;
/// Columns of the figures there.
const FIGURES: u16 = 38;

fn columns(cx: &Cx, inner: Rect) -> Vec<(Rect, Vec<Pieces>)> {
    if inner.width < BESIDE {
        return vec![(inner, lines(cx, inner.width, inner.height))];
    }
    let right = Rect { x: inner.x + FIGURES + 2, width: inner.width - FIGURES - 2, ..inner };
    let left = Rect { width: FIGURES, ..inner };
    vec![(left, figures(cx, FIGURES)), (right, next(cx, right.width, right.height))]
}

/// All in one column; `rows` that it has decide how many of the conditions' messages are whole.
fn lines(cx: &Cx, width: u16, rows: u16) -> Vec<Pieces> {
    let mut all = figures(cx, width);
    all.extend(next(cx, width, rows.saturating_sub(all.len() as u16)));
    all
}

/// Replicas and metrics.
fn figures(cx: &Cx, width: u16) -> Vec<Pieces> {
    let look = cx.look;
    let (text, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let m = cx.session.snapshot(cx.moment());
    if cx.session.hpa.is_none() && m.desired.is_none() {
        let why = text::wrap(&empty_state::cause(cx, Feed::Hpa), usize::from(width.max(20)));
        return why.into_iter().map(|line| vec![(line, muted)]).collect();
    }
    let g = look.symbols.glyphs();
    let figure = |v: Option<i32>| v.map_or_else(|| format::UNKNOWN.into(), |v| v.to_string());
    let mut replicas: Pieces = vec![("replicas ".into(), muted), (figure(m.current), look.style(Role::Accent))];
    if m.desired.is_some() && m.desired != m.current {
        replicas.push((format!(" {} {}", g.to, figure(m.desired)), look.style(Role::Marker)));
    }
    replicas.push((
        format!(
            "   {}{}{}",
            figure(m.min),
            if look.symbols == crate::view::symbols::Symbols::Ascii { ".." } else { "…" },
            figure(m.max)
        ),
        muted,
    ));
    let all_ready = m.ready == m.current;
    replicas.push(("   ready ".into(), muted));
    replicas.push((figure(m.ready), if all_ready { text } else { look.style(Role::Warn) }));
    let mut out = vec![replicas];
    // Beside the name: figure, target, and how far apart they are.
    let labels = labels(&m.metrics, usize::from(width).saturating_sub(26).clamp(10, 30), g.ellipsis);
    let mut shown = Vec::new();
    for (i, (at, label)) in m.metrics.iter().zip(&labels).enumerate() {
        out.push(metric(cx, at, label, Role::SERIES[i % Role::SERIES.len()]));
        // Why there is no figure, once where it is the same for several.
        if at.value.is_none() {
            let why = match cx.ui.cursor {
                Some(_) => "no sample of this time".into(),
                None => missing(cx.session, at.track),
            };
            let why = reason(&why, width, g.ellipsis);
            if why != shown {
                out.extend(why.iter().map(|line| vec![(format!("  {line}"), look.style(Role::Warn))]));
                shown = why;
            }
        }
    }
    out
}

/// What the controller does next, and its conditions, whose messages are cut where `rows` are too few for them.
fn next(cx: &Cx, width: u16, rows: u16) -> Vec<Pieces> {
    let look = cx.look;
    let m = cx.session.snapshot(cx.moment());
    let mut out: Vec<Pieces> = Vec::new();
    let mut add = |text: &str, role| {
        let wrapped = text::wrap(text, usize::from(width.max(20)));
        out.extend(wrapped.into_iter().map(|line| vec![(line, look.style(role))]));
    };
    // The forecast is about the next sync: not for a moment of the past, and not while the HPA is not watched.
    let live = cx.ui.cursor.is_none() && cx.session.feeds.is_up(Feed::Hpa);
    if let Some(c) = cx.session.hpa.as_ref().and_then(hpa_status::undecided).filter(|_| live) {
        add(&undecided(cx, c, m.current), Role::Bad);
    }
    if live && let Some((text, role)) = run_over(cx) {
        add(&text, role);
    }
    if let Some(next) = cx.forecast().filter(|_| live) {
        add(&next.next, Role::Text);
        add(&next.arithmetic, Role::Text);
    }
    if live && cx.ui.paused.is_none() {
        m.metrics.iter().filter_map(|at| read_apart(cx, at)).for_each(|text| add(&text, Role::Muted));
    }
    if let Some(made) = cx.session.scalers.scaled_object.as_ref().filter(|_| live) {
        add(&scaled_object(made), Role::Muted);
    }
    let mut spare = usize::from(rows).saturating_sub(out.len() + m.conditions.len());
    for c in m.conditions {
        let whole = condition(cx, c, width, 1 + spare);
        spare -= whole.len() - 1;
        out.extend(whole);
    }
    out
}

/// `last 1→4 at 12:03:04, 1:05 ago`.
fn last_rescale(cx: &Cx) -> Option<String> {
    let moment = cx.moment();
    let all = cx.session.markers.all();
    let (index, marker) =
        all.iter().enumerate().rev().find(|(_, m)| matches!(m.mark, Mark::Rescale { .. }) && m.ms <= moment)?;
    let ago = format::clock((moment - marker.ms) / 1000);
    Some(format!("last {} at {}, {ago} ago", sign(cx, index, marker).text, cx.look.moment(marker.ms, cx.now)))
}

/// What comes after a run: its verdict, and the keys that show it and write its report.
fn run_over(cx: &Cx) -> Option<(String, Role)> {
    let ended = matches!(cx.session.load.phase(), LoadPhase::Complete | LoadPhase::Failed(_));
    let verdict = ended.then(|| cx.verdict()).filter(|v| !v.is_pending(cx.session.now_ms()))?;
    let (word, role) = match verdict.result {
        Overall::Pass => ("passed", Role::Good),
        Overall::Fail => ("failed", Role::Bad),
        Overall::Unknown => ("is open", Role::Muted),
    };
    let key = |action, does: &str| cx.key(&action).map(|key| format!("press {key} {does}"));
    let keys = [key(Action::Show(Screen::Timeline), "to see why"), key(Action::Export, "to write a report")];
    let keys = keys.into_iter().flatten().collect::<Vec<_>>().join(", ");
    Some((format!("run over: {} {word}; {keys}", verdict.name).trim_end_matches("; ").to_owned(), role))
}

/// Since when the controller cannot decide, and what it holds.
fn undecided(cx: &Cx, c: &Condition, current: Option<i32>) -> String {
    let since = c.since.map(|t| t.timestamp_millis());
    let since = since.map(|ms| format!(" since {} ({})", cx.look.clock(ms), format::clock((cx.now - ms) / 1000)));
    let holds = current.map(|n| format!(", and holds {}", text::plural(n.max(0) as usize, "replica")));
    format!("the controller cannot decide{}{}", since.unwrap_or_default(), holds.unwrap_or_default())
}

/// The HPA's own figure, where the newest sample is clearly another one: `HPA read cpu 113 %, newest sample 75 %, 4 s old`.
fn read_apart(cx: &Cx, at: &MetricAt) -> Option<String> {
    let (read, value, target) = (at.track.current?, at.value?, at.target.filter(|t| *t > 0.0)?);
    let age = (cx.session.now_ms() - at.sampled?) / 1000;
    let (read_text, value_text) = (figure(at, Some(read)), figure(at, Some(value)));
    let text = format!("HPA read {} {read_text}, newest sample {value_text}, {age} s old", at.track.label());
    ((read - value).abs() > APART * target).then_some(text)
}

/// The metrics' names, all of one width of at most `most`. Of names that begin alike, the ends are shown.
fn labels(metrics: &[MetricAt], most: usize, ellipsis: char) -> Vec<String> {
    let full: Vec<String> = metrics.iter().map(|a| a.track.label()).collect();
    let head = |label: &str| text::fit(label, most, ellipsis);
    let heads: Vec<String> = full.iter().map(|l| head(l)).collect();
    let short = |label: &String| match heads.iter().filter(|h| **h == head(label)).count() {
        0 | 1 => head(label),
        _ => text::fit_end(label, most, ellipsis),
    };
    let short: Vec<String> = full.iter().map(short).collect();
    let widest = short.iter().map(|l| text::width(l)).max().unwrap_or(0);
    short.into_iter().map(|l| format!("{l}{} ", " ".repeat(widest - text::width(&l)))).collect()
}

/// A reason in two lines at most: of a longer one its name, and the cause at the end of the controller's chain.
fn reason(why: &str, width: u16, ellipsis: char) -> Vec<String> {
    let room = usize::from(width.max(20)) - 2;
    let ends = (why.split_once(": "), why.rsplit_once(": "));
    match ends {
        (Some((name, _)), Some((_, cause))) if text::wrap(why, room).len() > 2 => {
            text::bounded(&format!("{name}: {cause}"), room, 2, ellipsis)
        }
        _ => text::bounded(why, room, 2, ellipsis),
    }
}

fn metric(cx: &Cx, at: &MetricAt, label: &str, role: Role) -> Pieces {
    let look = cx.look;
    let (text, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let g = look.symbols.glyphs();
    let mut out: Pieces = vec![(label.to_string(), look.style(role))];
    let Some(value) = at.value else {
        out.push((format!("{:>7}", format::UNKNOWN), look.style(Role::Warn)));
        out.push((format!(" of {}", figure(at, at.target)), muted));
        return out;
    };
    out.push((format!("{:>7}", figure(at, Some(value))), text));
    out.push((format!(" of {}", figure(at, at.target)), muted));
    if let Some(ratio) = at.ratio() {
        let (down, up) = cx.session.tolerance();
        let (sign, role) = match ratio {
            r if r > 1.0 + up => (g.up, Role::Bad),
            r if r < 1.0 - down => (g.down, Role::Good),
            _ => (g.dash, Role::Muted),
        };
        out.push((format!("  {sign} {}", format::percent_change((ratio - 1.0) * 100.0)), look.style(role)));
    }
    out
}

/// A metric's number with its unit.
fn figure(at: &MetricAt, value: Option<f64>) -> String {
    let Some(v) = value else { return format::UNKNOWN.into() };
    match (at.track.target_type, at.track.metric.name.as_str(), at.track.is_resource()) {
        (TargetType::Utilization, _, _) => format::percent(v),
        (_, "cpu", true) => format::millicores(v * 1000.0),
        (_, "memory" | "ephemeral-storage", true) => format::bytes(v),
        _ => format::count(v),
    }
}

/// A condition in `rows` lines at most: its message is cut, or left out where hardly any of it would be seen.
fn condition(cx: &Cx, c: &Condition, width: u16, rows: usize) -> Vec<Pieces> {
    let look = cx.look;
    let g = look.symbols.glyphs();
    let limited = c.kind == "ScalingLimited";
    let (sign, role) = match (c.status.as_str(), limited) {
        ("True", false) | ("False", true) => (g.check, Role::Good),
        ("True", true) => ('!', Role::Warn),
        ("False", false) if c.kind != "ScaledToZero" => (g.cross, Role::Bad),
        _ => (g.separator, Role::Muted),
    };
    let head = format!("{sign} {} ", c.kind);
    let (width, taken) = (usize::from(width), text::width(&head) + text::width(&c.reason) + 1);
    let muted = look.style(Role::Muted);
    let reason = text::fit(&c.reason, width.saturating_sub(text::width(&head)), g.ellipsis);
    let first = vec![(head, look.style(role)), (format!("{reason} "), look.style(Role::Text))];
    let room = width.saturating_sub(taken);
    let wrapped = text::wrap(&c.message, width.saturating_sub(2).max(20));
    if text::width(&c.message) > room && wrapped.len() < rows {
        let rest = wrapped.into_iter().map(|line| vec![(format!("  {line}"), muted)]);
        return std::iter::once(first).chain(rest).collect();
    }
    let message = if room >= 12 { text::fit(&c.message, room, g.ellipsis) } else { String::new() };
    vec![first.into_iter().chain([(message, muted)]).collect()]
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn a_long_reason_shows_its_name_and_its_cause() {
        assert_eq!(reason("no figure yet", 40, '…'), ["no figure yet"]);
        let chain =
            "FailedGetScale: the HPA controller was unable to get the target's current scale: \"web\" not found";
        assert_eq!(reason(chain, 40, '…'), ["FailedGetScale: \"web\" not found"]);
        let long = reason(&format!("Reason: {}", "word ".repeat(60)), 40, '…');
        assert!(long.len() == 2 && long[1].ends_with('…') && long[1].chars().count() <= 38, "{long:?}");
    }
}
