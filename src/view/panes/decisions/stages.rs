//! The reaction budget of a rescale: each stage with its time and the seconds since the one before that is known. Must
//! not compute it.

use crate::explain::reaction;
use crate::format::text;
use crate::session::{Stage, decisions::sync::Sync};
use crate::view::{Cx, theme::Role, write};
use ratatui::{buffer::Buffer, layout::Rect};

/// Rows that it takes.
pub fn rows(budget: &[Stage]) -> u16 {
    budget.len() as u16 + 1
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx, sync: &Sync, budget: &[Stage]) {
    let look = cx.look;
    let (plain, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let known: Vec<i64> = budget.iter().filter_map(|s| s.at.ok()).collect();
    let whole = known.iter().max().zip(known.iter().min()).map(|(a, b)| a - b);
    let r = &sync.computed;
    let total = whole.map_or_else(String::new, |ms| format!(", {} over its known steps", seconds(ms)));
    let of = format!(" of {}{}{} at {}", r.current, look.symbols.glyphs().to, sync.controller, look.clock(sync.first));
    write::line(buf, area, 0, &[("reaction", look.style(Role::Title)), (&of, muted), (&total, muted)]);
    let mut before: Option<i64> = None;
    for (i, stage) in budget.iter().enumerate() {
        let name = format!("  {:<17}", reaction::stage(stage.kind));
        let row = i as u16 + 1;
        let at = match stage.at {
            // The API's times are whole seconds, cut: without this a pod would be created before its decision.
            Ok(at) if before >= Some(sync.first) => at.max(sync.first),
            Ok(at) => at,
            Err(gap) => {
                let room = usize::from(area.width).saturating_sub(text::width(&name));
                let why = text::fit(reaction::gap(gap), room, look.symbols.glyphs().ellipsis);
                write::line(buf, area, row, &[(&name, muted), (&why, muted)]);
                continue;
            }
        };
        // What came before the stage above has no distance from it.
        let since = before.filter(|b| at >= *b).map_or_else(String::new, |b| format!("+{}", seconds(at - b)));
        let role = if at == sync.first { look.style(Role::Marker) } else { plain };
        write::line(buf, area, row, &[(&name, muted), (&look.clock(at), role), (&format!("  {since:>8}"), plain)]);
        before = Some(before.map_or(at, |b| b.max(at)));
    }
}

/// `6.2 s`, `1:14`.
fn seconds(ms: i64) -> String {
    match ms {
        0..100_000 => format!("{:.1} s", ms as f64 / 1000.0),
        _ => crate::format::duration(ms / 1000),
    }
}
