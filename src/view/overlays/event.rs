//! One event in full. Must not judge it.

use super::{Pieces, wrapped};
use crate::session::time_of;
use crate::view::{Cx, theme::Role};

pub fn lines(cx: &Cx, uid: &str, most: usize) -> Vec<Pieces> {
    let Some(e) = cx.session.events.get(uid) else { return wrapped(cx, "this event is gone", most, Role::Muted) };
    let when = time_of(e).map_or_else(String::new, |t| cx.look.moment(t.timestamp_millis(), cx.now));
    let first = e.first.map_or_else(String::new, |t| cx.look.moment(t.timestamp_millis(), cx.now));
    let times = if e.count > 1 { format!("{} times, {first} to {when}", e.count) } else { when };
    let role = if e.kind == "Warning" { Role::Warn } else { Role::Accent };
    let mut out = wrapped(cx, &format!("{} {}", e.kind, e.reason), most, role);
    out.extend(wrapped(cx, &format!("{times}, from {}", e.source), most, Role::Muted));
    out.extend(wrapped(cx, &format!("{} {}", e.object.kind, e.object.name), most, Role::Muted));
    out.push(Vec::new());
    out.extend(wrapped(cx, &e.message, most, Role::Text));
    out
}
