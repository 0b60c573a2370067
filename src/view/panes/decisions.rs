//! Every sync of the controller that can be distinguished, newest first, and the calculation of the selected one. Must not
//! compute.

mod calculation;
mod stages;
mod table;
mod window;

use super::empty_state;
use crate::explain::sync::period;
use crate::observe::Feed;
use crate::session::decisions::{limit::Limit, sync::Sync};
use crate::view::pane_row::{Extent, Summary};
use crate::view::{Cx, theme::Role};
use ratatui::{buffer::Buffer, layout::Rect};

/// From this width on, the calculation is beside the table.
const BESIDE: u16 = 110;

/// How often the arithmetic agreed, in how many syncs that is not known, and how often the controller syncs.
pub fn summary(cx: &Cx) -> Summary {
    let score = cx.session.decisions.score;
    let all = score.all();
    let period = period(&cx.session.decisions.sync_period);
    if all.of == 0 {
        return (period, Role::Muted);
    }
    let some = |n: u32, what: &str| if n > 0 { format!("; {n} {what}") } else { String::new() };
    let unseen = some(score.unseen, "with samples not seen") + &some(score.consistent, "more inferred");
    let rescales = match score.rescales.of {
        0 => String::new(),
        of => format!(", {} {}", score.rescales, if of == 1 { "rescale" } else { "rescales" }),
    };
    let role = if all.agreed < all.of { Role::Warn } else { Role::Muted };
    (format!("agreed {all}{rescales}{unseen}; {period}"), role)
}

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    let all = cx.ui.syncs(cx.session).len();
    let list = places(area, all, cx).0;
    Extent::of(Some(cx.ui.selected_sync(cx.session)), usize::from(list.height.saturating_sub(1)), all)
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let syncs = cx.ui.syncs(cx.session);
    let Some(selected) = syncs.get(cx.ui.selected_sync(cx.session)) else {
        return empty_state::sentence(buf, area, cx, &empty(cx), Role::Muted);
    };
    let (list, rest) = places(area, syncs.len(), cx);
    table::draw(buf, list, cx, &syncs);
    let glyph = cx.look.symbols.glyphs();
    let beside = rest.y == area.y && rest.x > area.x;
    if beside {
        for y in area.top()..area.bottom() {
            buf.set_string(rest.x - 1, y, glyph.vertical.to_string(), cx.look.style(Role::Border));
        }
    } else if rest.height > 0 {
        let rule: String = std::iter::repeat_n(glyph.horizontal, usize::from(area.width)).collect();
        buf.set_string(area.x, rest.y - 1, rule, cx.look.style(Role::Border));
    }
    detail(buf, rest, cx, selected);
}

/// The calculation, then the stabilization window, then the reaction budget, as far as there is room.
fn detail(buf: &mut Buffer, area: Rect, cx: &Cx, sync: &Sync) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    // A sync that changed nothing has no budget of its own: that of the rescale before it still says how fast things go.
    let before = cx.session.decisions.rows().iter().rev().find(|row| row.rescaled && row.first <= sync.first);
    let reacted = if sync.rescaled { sync } else { before.unwrap_or(sync) };
    let budget = cx.session.budget(reacted);
    let stages = if budget.is_empty() { 0 } else { stages::rows(&budget) };
    let wanted = calculation::rows(cx, sync, inner.width);
    // The calculation comes first; what is left goes to the budget, then to the picture of the window.
    let stages = if inner.height > wanted.min(inner.height / 2) + stages { stages } else { 0 };
    let left = inner.height.saturating_sub(wanted + stages + u16::from(stages > 0));
    let pressing = sync.limit() == Some(Limit::Window) && inner.height >= 24;
    let room = if pressing { left.max(inner.height / 3) } else { left };
    let chart = if room >= 6 { window::rows(sync, inner).min(room - 1) } else { 0 };
    let low = stages + u16::from(stages > 0) + chart + u16::from(chart > 0);
    let top = Rect { height: inner.height.saturating_sub(low), ..inner };
    let used = calculation::draw(buf, top, cx, sync).min(top.height);
    let mut y = inner.y + used + u16::from(chart > 0);
    if chart > 0 {
        window::draw(buf, Rect { y, height: chart, ..inner }, cx, sync);
        y += chart;
    }
    if stages > 0 {
        stages::draw(buf, Rect { y: y + 1, height: stages, ..inner }, cx, reacted, &budget);
    }
}

/// The areas of the table and of the calculation.
fn places(area: Rect, syncs: usize, cx: &Cx) -> (Rect, Rect) {
    if area.width >= BESIDE {
        let left = table::width(cx).clamp(40, area.width / 2);
        let rest = Rect { x: area.x + left + 1, width: area.width - left - 1, ..area };
        return (Rect { width: left, ..area }, rest);
    }
    let rows = u16::try_from(syncs + 1).unwrap_or(u16::MAX).min((area.height * 2 / 5).max(2)).min(area.height);
    let rest = area.height.saturating_sub(rows + 1);
    let below = Rect { y: area.bottom() - rest, height: rest, ..area };
    (Rect { height: rows, ..area }, below)
}

fn empty(cx: &Cx) -> String {
    let session = cx.session;
    if !cx.ui.filter.is_empty() {
        return empty_state::nothing_matches(cx, "no sync");
    }
    if session.hpa.is_none() || !session.feeds.is_up(Feed::Hpa) {
        return format!("{} (each sync of the controller, with its calculation)", empty_state::short(cx, Feed::Hpa));
    }
    match cx.ui.cursor.is_some() {
        true => "no sync of the controller was seen up to the cursor".into(),
        false => "no sync seen yet: the first one that changes the HPA's status shows when the controller syncs".into(),
    }
}
