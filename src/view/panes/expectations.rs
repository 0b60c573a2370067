//! The run against its expectations: phases as bars, a row an expectation, and the selected one in full. Must not judge;
//! that is `verdict`'s part.

use super::empty_state;
use crate::format::{self, text};
use crate::ui::{Action, List};
use crate::verdict::{Check, Outcome, Overall, PhaseSpan, Verdict};
use crate::view::pane_row::{Extent, Summary};
use crate::view::{Cx, theme::Role, write};
use ratatui::{buffer::Buffer, layout::Rect};

/// Rows under the list for the selected expectation.
const DETAIL: u16 = 4;
/// Columns of an expectation's words, where there is room for them.
const WORDS: usize = 70;
/// Columns of a phase's name.
const NAME: usize = 9;

pub fn summary(cx: &Cx) -> Summary {
    let v = cx.verdict();
    let (result, role) = match v.result {
        Overall::Pass => ("passed", Role::Good),
        Overall::Fail => ("FAILED", Role::Bad),
        Overall::Unknown => ("open", Role::Muted),
    };
    (format!("{}: {result} ({})", v.name, v.summary()), role)
}

/// What the whole list would take.
pub fn rows(cx: &Cx) -> u16 {
    let e = cx.ui.expectations();
    u16::try_from(e.expect.len() + e.phase.len()).unwrap_or(u16::MAX).saturating_add(DETAIL + 1)
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let v = cx.verdict();
    let checks = v.worst_first();
    if checks.is_empty() {
        return empty_state::sentence(buf, area, cx, "nothing is expected of this run", Role::Muted);
    }
    let [bars, list, under] = places(area, v);
    match v.start {
        Some(_) => phases(buf, bars, cx, v),
        None => empty_state::sentence(buf, bars, cx, &before_load(cx), Role::Accent),
    }
    let selected = selected(cx);
    let Extent { first, shown, .. } = extent(cx, area);
    let ids = checks.iter().map(|c| text::width(&c.id)).max().unwrap_or(0).min(20);
    for (i, check) in checks.iter().enumerate().skip(first).take(shown) {
        let row = Rect { y: list.y + (i - first) as u16, height: 1, ..list };
        cx.row_at(row, i);
        line(buf, row, cx, check, ids, selected == Some(i));
    }
    if let Some(check) = checks.get(selected.unwrap_or(0).min(checks.len() - 1)) {
        detail(buf, under, cx, check, v.inferred.as_deref());
    }
}

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    let v = cx.verdict();
    Extent::of(selected(cx), usize::from(places(area, v)[1].height), v.checks.len())
}

/// What to press, once for all expectations.
fn before_load(cx: &Cx) -> String {
    match cx.key(&Action::Simulate).filter(|_| cx.ui.may_load()) {
        Some(key) => format!("press {key} to start the load; this is what is expected then"),
        None => "no load has run yet; this is what is expected of a run".into(),
    }
}

/// The selected row; None while the list is not in focus.
fn selected(cx: &Cx) -> Option<usize> {
    cx.ui.in_focus(List::Expectations).then(|| cx.ui.row.min(cx.verdict().checks.len().saturating_sub(1)))
}

/// The bars of the phases, the list, and the selected expectation in full. Where room is short the bars go first, then the
/// last.
fn places(area: Rect, v: &Verdict) -> [Rect; 3] {
    let bars = match area.height {
        2.. if v.start.is_none() => 1,
        0..=13 => 0,
        14..=22 => 1,
        _ => v.phases.len().min(8) as u16,
    };
    let detail = if area.height - bars >= 9 { DETAIL } else { u16::from(area.height >= 4) };
    let list = Rect { y: area.y + bars, height: area.height.saturating_sub(bars + detail), ..area };
    [Rect { height: bars, ..area }, list, Rect { y: list.bottom(), height: detail, ..area }]
}

fn sign(cx: &Cx, outcome: Outcome) -> (char, Role) {
    let g = cx.look.symbols.glyphs();
    match outcome {
        Outcome::Passed => (g.check, Role::Good),
        Outcome::Failed => (g.cross, Role::Bad),
        Outcome::Waiting => (g.ellipsis, Role::Accent),
        Outcome::Unobservable(_) => ('?', Role::Muted),
    }
}

fn line(buf: &mut Buffer, area: Rect, cx: &Cx, check: &Check, ids: usize, here: bool) {
    let (sign, role) = sign(cx, check.found.outcome);
    if here {
        buf.set_style(area, cx.look.style(Role::Selection));
    }
    let on = |role| {
        let plain = cx.look.style(role);
        if here { plain.patch(cx.look.style(Role::Selection)) } else { plain }
    };
    let at = check.found.at.map_or_else(String::new, |ms| cx.look.moment(ms, cx.now));
    let wide = area.width >= 70;
    let clock = if wide { format!("{at:>8}  ") } else { String::new() };
    let ellipsis = cx.look.symbols.glyphs().ellipsis;
    let id = format!("{:<ids$}  ", text::fit(&check.id, ids, ellipsis));
    let room = usize::from(area.width).saturating_sub(text::width(&clock) + text::width(&id) + 4);
    let text = match check.found.outcome {
        // Before a load, what is expected says more than that each expectation waits.
        Outcome::Waiting if cx.verdict().start.is_none() => check.message.clone(),
        Outcome::Unobservable(_) => format!("not observable: {}", check.found.observed),
        _ => check.found.observed.clone(),
    };
    let expected = if area.width >= 150 && cx.verdict().start.is_some() {
        let all = cx.verdict().checks.iter().map(|c| text::width(&c.message));
        let words = all.max().unwrap_or(0).min(WORDS);
        format!("{}  ", text::left(&text::fit(&check.message, words, ellipsis), words))
    } else {
        String::new()
    };
    let text = text::fit(&text, room.saturating_sub(text::width(&expected)), ellipsis);
    let dim = matches!(check.found.outcome, Outcome::Unobservable(_));
    let body = if dim { Role::Muted } else { Role::Text };
    write::line(
        buf,
        area,
        0,
        &[
            (&format!(" {sign} "), on(role)),
            (&clock, on(Role::Muted)),
            (&id, on(body)),
            (&expected, on(Role::Muted)),
            (&text, on(if role == Role::Bad { Role::Bad } else { body })),
        ],
    );
}

/// The selected expectation in full.
fn detail(buf: &mut Buffer, area: Rect, cx: &Cx, check: &Check, inferred: Option<&str>) {
    let f = &check.found;
    let note = f.note.as_deref().or(inferred);
    let width = usize::from(area.width.saturating_sub(2));
    // In full, as its row may have no room for it; first where it is what failed.
    let failed = f.outcome == Outcome::Failed;
    let found = (failed || text::width(&f.observed) > width / 2).then(|| format!("found: {}", f.observed));
    let (first, later) = if failed { (found, None) } else { (None, found) };
    let plain = [
        Some(format!("{}: \"{}\"", check.phase.as_deref().unwrap_or("run"), check.message)),
        Some(format!("expected: {}", f.expected)),
        later,
        note.map(|n| format!("note: {n}")),
    ];
    let parts = first.into_iter().map(|text| (text, Role::Bad));
    let parts = parts.chain(plain.into_iter().flatten().map(|text| (text, Role::Muted)));
    let wrapped = |(part, role): (String, Role)| text::wrap(&part, width).into_iter().map(move |line| (line, role));
    let mut lines: Vec<(String, Role)> = parts.flat_map(wrapped).collect();
    let glyphs = cx.look.symbols.glyphs();
    let ruled = u16::from(area.height > 2);
    let rows = usize::from(area.height - ruled);
    if lines.len() > rows {
        lines.truncate(rows);
        if let Some((last, _)) = lines.last_mut() {
            *last = match text::width(last) + 2 <= width {
                true => format!("{last} {}", glyphs.ellipsis),
                false => text::fit(&format!("{last}  "), width, glyphs.ellipsis),
            };
        }
    }
    let rule = (ruled > 0).then(|| (glyphs.grid.to_string().repeat(width), Role::Muted));
    for (i, (text, role)) in rule.into_iter().chain(lines).enumerate() {
        write::line(buf, area, i as u16, &[(&format!(" {text}"), cx.look.style(role))]);
    }
}

/// A row a phase: its bar on the run's own axis, and its description. In one row, the phase that is now.
fn phases(buf: &mut Buffer, area: Rect, cx: &Cx, v: &Verdict) {
    let (Some(from), Some(to)) = (v.phases.iter().map(|p| p.from).min(), v.phases.iter().map(|p| p.to).max()) else {
        return;
    };
    let span = (from, to.max(from + 1));
    let now = cx.session.now_ms();
    let shown: Vec<&PhaseSpan> = match area.height {
        1 => v.phases.iter().rev().find(|p| p.from <= now).into_iter().collect(),
        n => v.phases.iter().take(usize::from(n)).collect(),
    };
    let cells = usize::from(area.width / 3).clamp(8, 60);
    for (i, phase) in shown.into_iter().enumerate() {
        bar(buf, Rect { y: area.y + i as u16, height: 1, ..area }, cx, v, phase, span, cells);
    }
}

fn bar(buf: &mut Buffer, area: Rect, cx: &Cx, v: &Verdict, phase: &PhaseSpan, span: (i64, i64), cells: usize) {
    let g = cx.look.symbols.glyphs();
    let now = cx.session.now_ms();
    let own = || v.checks.iter().filter(|c| c.phase.as_deref() == Some(&phase.id));
    let is = |outcome| own().any(|c| c.found.outcome == outcome);
    let role = if now < phase.from {
        Role::Muted
    } else if is(Outcome::Failed) {
        Role::Bad
    } else if is(Outcome::Waiting) || !is(Outcome::Passed) {
        Role::Accent
    } else {
        Role::Good
    };
    let place = |ms: i64| ((ms - span.0) * cells as i64 / (span.1 - span.0)).clamp(0, cells as i64) as usize;
    let (a, b) = (place(phase.from), place(phase.to).max(place(phase.from) + 1));
    let track: String = (0..cells)
        .map(|c| match c {
            c if c < a || c >= b => ' ',
            c if span.0 + (span.1 - span.0) * c as i64 / cells as i64 > now => g.rest,
            _ => g.bar,
        })
        .collect();
    let clock = |ms: i64| format::clock((ms - v.start.unwrap_or(span.0)) / 1000);
    let when = format!(" {:<12} ", format!("{}–{}", clock(phase.from), clock(phase.to)));
    let name = format!(" {:<NAME$} ", text::fit(&phase.id, NAME, g.ellipsis));
    let room = usize::from(area.width).saturating_sub(NAME + 2 + cells + text::width(&when));
    let about = text::fit(&phase.message, room, g.ellipsis);
    let style = |r| cx.look.style(r);
    write::line(
        buf,
        area,
        0,
        &[(&name, style(Role::Title)), (&track, style(role)), (&when, style(Role::Muted)), (&about, style(Role::Text))],
    );
}
