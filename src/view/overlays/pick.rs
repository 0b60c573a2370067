//! The HPAs that what is typed leaves, the best first. Must not search.

use super::{Pieces, wrapped};
use crate::format::text;
use crate::observe::FeedState;
use crate::ui::{Action, Context};
use crate::view::{Cx, panes, theme::Role};

/// Rows shown at most: the rest is reached by typing.
const ROWS: usize = 200;
/// From this width on each has its last hour.
const WIDE: usize = 90;

pub fn lines(cx: &Cx, most: usize) -> Vec<Pieces> {
    let look = cx.look;
    let (plain, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let rows = cx.ui.picked(cx.session);
    if rows.is_empty() {
        let waits = cx.session.fleet.as_deref().is_none_or(|fleet| {
            fleet.is_empty() && fleet.clusters().iter().any(|c| c.status.state == FeedState::Connecting)
        });
        let text = if waits { "looking for HPAs …" } else { "no HPA has these letters in its name" };
        return wrapped(cx, text, most, Role::Muted);
    }
    let cells: Vec<_> = rows.iter().take(ROWS).map(|row| panes::picked(cx, row)).collect();
    let names = cells.iter().map(|cell| text::width(&cell.0)).max().unwrap_or(0).min(most / 2);
    let ellipsis = look.symbols.glyphs().ellipsis;
    let hours = most >= WIDE;
    let row = |(i, (name, hour, about, role)): (usize, &(String, String, String, Role))| {
        let style = if i == cx.ui.row { look.style(Role::Selection) } else { plain };
        let hour = if hours { format!("  {hour}") } else { String::new() };
        let about = text::fit(about, most.saturating_sub(names + text::width(&hour) + 2), ellipsis);
        let name = text::left(&text::fit(name, names, ellipsis), names);
        vec![(name, style), (hour, look.style(Role::Series1)), (format!("  {about}"), look.style(*role))]
    };
    let mut out: Vec<Pieces> = cells.iter().enumerate().map(row).collect();
    out.push(Vec::new());
    let key = cx.ui.keys.label(Context::Entry, &Action::Yes).unwrap_or_default();
    let all = cx.session.fleet.as_deref().map_or(0, crate::session::Fleet::len);
    out.push(vec![
        (key, look.style(Role::Accent)),
        (format!(" watches it; {} of {}", rows.len(), text::plural(all, "HPA")), muted),
    ]);
    out
}
