//! One pod in full: its state, and each container with what it may use and how it ended. Must not judge it.

use super::{Pieces, wrapped};
use crate::observe::Resources;
use crate::session::is_ready;
use crate::view::{Cx, theme::Role};

pub fn lines(cx: &Cx, name: &str, most: usize) -> Vec<Pieces> {
    let Some(pod) = cx.session.pods.named(name) else { return wrapped(cx, "this pod is gone", most, Role::Muted) };
    let seen = &pod.seen;
    let ready = if is_ready(seen) { "ready" } else { "not ready" };
    let node = seen.node.as_deref().unwrap_or("no node");
    let mut out = wrapped(cx, name, most, Role::Accent);
    out.extend(wrapped(cx, &format!("{}, {ready}, on {node}", seen.phase), most, Role::Text));
    if let Some(why) = &seen.reason {
        let message = seen.message.as_deref().unwrap_or_default();
        out.extend(wrapped(cx, &format!("{why}: {message}"), most, Role::Warn));
    }
    for c in &seen.containers {
        let list = |r: &Resources| {
            let all: Vec<String> = r.iter().map(|(k, v)| format!("{k} {v}")).collect();
            if all.is_empty() { "none".to_string() } else { all.join(", ") }
        };
        out.push(Vec::new());
        out.extend(wrapped(cx, &format!("container {} ({})", c.name, c.image), most, Role::Text));
        let line = format!("requests {}; limits {}; restarts {}", list(&c.requests), list(&c.limits), c.restarts);
        out.extend(wrapped(cx, &line, most, Role::Muted));
        for (what, exit) in [("ended", &c.terminated), ("ended before", &c.last_terminated)] {
            if let Some(e) = exit {
                out.extend(wrapped(cx, &format!("{what} with {} ({})", e.code, e.reason), most, Role::Warn));
            }
        }
        if let Some(why) = &c.waiting {
            let more = c.waiting_message.as_deref().unwrap_or_default();
            out.extend(wrapped(cx, &format!("waits: {why} {more}"), most, Role::Warn));
        }
    }
    out
}
