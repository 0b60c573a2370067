//! Windows over the screen: help, feeds, questions, one row's full text. Must not decide when they open.

use super::{Cx, footer, frame, panes, theme::Role, write};
use crate::format::{self, text};
use crate::observe::Feed;
use crate::session::{is_ready, time_of};
use crate::ui::{BINDINGS, EXPORTS, Overlay, keys};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

type Pieces = Vec<(String, Style)>;

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let most = usize::from(area.width.saturating_sub(8)).clamp(1, 96);
    let (name, lines) = match &cx.ui.overlay {
        None | Some(Overlay::Typing(_)) => return,
        Some(Overlay::Help) => ("Keys", help(cx, most)),
        Some(Overlay::Links) => ("Kibana", links(cx, most)),
        Some(Overlay::Exports) => ("Export", exports(cx)),
        Some(Overlay::Feeds) => ("Feeds", feeds(cx, most)),
        Some(Overlay::Planning) => {
            ("Load", vec![vec![("asking the cluster what is there …".into(), cx.look.style(Role::Muted))]])
        }
        Some(Overlay::Confirm(plan)) => {
            let mut lines = wrapped(cx, &plan.text, most, Role::Text);
            for step in &plan.steps {
                for (i, part) in text::wrap(step, most.saturating_sub(2)).into_iter().enumerate() {
                    let lead = if i == 0 { format!("{} ", cx.look.symbols.glyphs().separator) } else { "  ".into() };
                    lines.push(vec![(lead, cx.look.style(Role::Accent)), (part, cx.look.style(Role::Text))]);
                }
            }
            lines.push(Vec::new());
            lines.push(question(cx, if plan.stops { "stop it" } else { "go" }));
            (if plan.stops { "Stop the load?" } else { "Start the load?" }, lines)
        }
        Some(Overlay::Leave) => {
            let load = "The load that was started here still runs, and goes on running when you leave.";
            let tape = "A recording is being made. It ends here, whole, when you leave.";
            let told = [(cx.ui.own_load, load), (cx.ui.recording.is_some(), tape)];
            let mut lines = Vec::new();
            told.iter().filter(|t| t.0).for_each(|t| lines.extend(wrapped(cx, t.1, most, Role::Text)));
            lines.push(Vec::new());
            lines.push(question(cx, "leave"));
            ("Leave?", lines)
        }
        Some(Overlay::Findings) => ("Findings", panes::findings_window(cx, most)),
        Some(Overlay::Event(uid)) => ("Event", event(cx, uid, most)),
        Some(Overlay::Pod(name)) => ("Pod", pod(cx, name, most)),
    };
    let width = lines.iter().map(|l| l.iter().map(|p| text::width(&p.0)).sum::<usize>()).max().unwrap_or(0);
    let inside = frame::window(buf, area, (width.max(20) as u16, lines.len() as u16), name, cx);
    let height = usize::from(inside.height);
    let hidden = lines.len().saturating_sub(height);
    let first = match &cx.ui.overlay {
        Some(Overlay::Feeds) => in_sight(&lines, cx, height),
        _ => cx.ui.scroll,
    };
    let first = first.min(hidden);
    for (i, line) in lines.iter().skip(first).take(height).enumerate() {
        let borrowed: Vec<(&str, Style)> = line.iter().map(|p| (p.0.as_str(), p.1)).collect();
        write::line(buf, inside, i as u16, &borrowed);
    }
    // That there is more stands on the border.
    let g = cx.look.symbols.glyphs();
    let (top, bottom) = (inside.y.saturating_sub(1), inside.bottom());
    for (more, y, sign) in [(first > 0, top, g.up), (first < hidden, bottom, g.down)] {
        if more && inside.width > 4 && y < area.bottom() {
            buf.set_string(inside.right() - 3, y, format!(" {sign} "), cx.look.style(Role::Accent));
        }
    }
}

/// The first line with which the selected feed, and what is said of it, are in sight.
fn in_sight(lines: &[Pieces], cx: &Cx, height: usize) -> usize {
    // A feed's first line has its name in a piece of its own.
    let starts: Vec<usize> = (1..lines.len()).filter(|i| lines[*i].len() > 1).collect();
    let next = starts.get(cx.ui.row + 1).copied().unwrap_or(lines.len());
    next.saturating_sub(height)
}

fn question(cx: &Cx, yes: &str) -> Pieces {
    let (key, text) = (cx.look.style(Role::Accent), cx.look.style(Role::Muted));
    vec![("y".into(), key), (format!(" {yes}   "), text), ("Esc".into(), key), (" leave it".into(), text)]
}

fn wrapped(cx: &Cx, text: &str, most: usize, role: Role) -> Vec<Pieces> {
    text::wrap(text, most).into_iter().map(|l| vec![(l, cx.look.style(role))]).collect()
}

fn help(cx: &Cx, most: usize) -> Vec<Pieces> {
    let (key, text) = (cx.look.style(Role::Accent), cx.look.style(Role::Text));
    let names: Vec<String> = BINDINGS.iter().map(|b| cx.look.symbols.keys(&keys::plain(b.keys))).collect();
    let width = names.iter().map(|n| text::width(n)).max().unwrap_or(0).min(most / 2);
    let acts = |keys: &str| keys != "s" || (!cx.ui.readonly && cx.ui.can_load);
    let rows = names.iter().zip(&BINDINGS).filter(|(n, _)| acts(n));
    rows.map(|(name, binding)| {
        // What stands in backticks is set apart in README only.
        let does = binding.does.replace('`', "");
        let does = text::fit(&does, most.saturating_sub(width + 2), cx.look.symbols.glyphs().ellipsis);
        vec![
            (
                format!("{}{}", text::fit(name, width, '~'), " ".repeat(width.saturating_sub(text::width(name)) + 2)),
                key,
            ),
            (does, text),
        ]
    })
    .collect()
}

fn links(cx: &Cx, most: usize) -> Vec<Pieces> {
    let look = cx.look;
    let mut out: Vec<Pieces> = Vec::new();
    for (i, link) in crate::ui::links(cx.session).iter().enumerate() {
        let name = look.style(if i == cx.ui.row { Role::Selection } else { Role::Text });
        let url = text::fit(&link.url, most.saturating_sub(2), look.symbols.glyphs().ellipsis);
        out.push(vec![(link.name.to_string(), name)]);
        out.push(vec![(format!("  {url}"), look.style(Role::Muted))]);
    }
    out.push(Vec::new());
    out.push(vec![
        ("Enter".into(), look.style(Role::Accent)),
        (" copies it to the clipboard".into(), look.style(Role::Muted)),
    ]);
    out
}

fn exports(cx: &Cx) -> Vec<Pieces> {
    let look = cx.look;
    let (text, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let row = |(i, (name, what)): (usize, &(&str, &str))| {
        let style = if i == cx.ui.row { look.style(Role::Selection) } else { text };
        vec![(format!("{name:<9}"), style), (format!(" {what}"), muted)]
    };
    let mut out: Vec<Pieces> = EXPORTS.iter().enumerate().map(row).collect();
    out.push(Vec::new());
    out.push(vec![("Enter".into(), look.style(Role::Accent)), (" writes it into this folder".into(), muted)]);
    out
}

fn feeds(cx: &Cx, most: usize) -> Vec<Pieces> {
    let look = cx.look;
    let (text, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let mut out = vec![vec![(format!("  {:<10}{:<11}{}", "feed", "state", "last data"), muted)]];
    for (i, feed) in Feed::ALL.into_iter().enumerate() {
        let (dot, role) = footer::dot(cx, feed);
        let now = cx.session.feeds.get(feed);
        let word = now.map_or("connecting".into(), |l| format!("{:?}", l.status.state).to_lowercase());
        let age = now.and_then(|l| l.last_data).map(|t| format::age((cx.now - t.timestamp_millis()) / 1000));
        let age = age.map_or_else(String::new, |a| format!("{a} ago"));
        let attempt = now.map_or(0, |l| l.status.attempt);
        let tries = if attempt > 0 { format!(" ({attempt} tries)") } else { String::new() };
        let name = if i == cx.ui.row { look.style(Role::Selection).patch(look.style(Role::Accent)) } else { text };
        out.push(vec![
            (format!("{dot} "), look.style(role)),
            (format!("{:<10}", feed.name()), name),
            (format!("{:<11}", word), look.style(role)),
            (format!("{age:<9}{tries}"), muted),
        ]);
        for sentence in [now.and_then(|l| l.status.reason.as_deref()), now.and_then(|l| l.status.hint.as_deref())]
            .into_iter()
            .flatten()
        {
            for part in text::wrap(sentence, most.saturating_sub(4)) {
                out.push(vec![(format!("    {part}"), muted)]);
            }
        }
    }
    out
}

fn event(cx: &Cx, uid: &str, most: usize) -> Vec<Pieces> {
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

fn pod(cx: &Cx, name: &str, most: usize) -> Vec<Pieces> {
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
        let list = |r: &crate::observe::Resources| {
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
