//! The first row: what is watched, the load, the clock and the mode. Must not hold more than a row.

use super::{Cx, theme::Role, write};
use crate::explain;
use crate::format::{self, text};
use crate::observe::{Feed, FeedState};
use crate::session::LoadPhase;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let look = cx.look;
    let g = look.symbols.glyphs();
    let (muted, text) = (look.style(Role::Muted), look.style(Role::Text));
    let mode = mode(cx);
    let right: Vec<(String, Style)> = vec![(mode.0, look.style(mode.1)), (format!("  {} ", look.clock(cx.now)), text)];
    let right_width: usize = right.iter().map(|p| text::width(&p.0)).sum();
    let room = usize::from(area.width).saturating_sub(right_width + 1);
    let left = Rect { width: room as u16, ..area };

    let w = &cx.session.watching;
    let separator = format!(" {} ", g.separator);
    let mut pieces: Vec<(String, Style)> = vec![(" edot-tui".into(), look.style(Role::Accent))];
    if w.lab || cx.ui.lab_speed.is_some() {
        pieces.push((" ".into(), text));
        let speed = cx.ui.lab_speed.filter(|speed| *speed != 1.0).map(|speed| format!("{} ", super::bar::speed(speed)));
        pieces.push((format!(" LAB {}", speed.unwrap_or_default()), look.style(Role::Badge)));
    }
    if let Some(since) = cx.ui.recording {
        let text = format!(" {} REC {:0>5}", g.rec, format::clock((cx.now - since) / 1000));
        pieces.push((text, look.style(Role::Bad)));
    }
    let taken: usize = pieces.iter().map(|p| text::width(&p.0)).sum();
    // Two separators, and a little of the HPA's name.
    let load = load(cx, room.saturating_sub(taken + 6 + NAME));
    let load_width = load.as_ref().map_or(0, |l| text::width(&l.0) + 3);
    let hpa = match &cx.session.fleet {
        Some(_) if cx.ui.screen.is_of_many() => "every HPA".to_owned(),
        _ if w.hpa.is_empty() => String::new(),
        _ => format!("{}/{}", w.namespace, w.hpa),
    };
    // The name matters more than its namespace.
    let whole = text::width(&hpa) <= room.saturating_sub(taken + 3 + load_width);
    let hpa = if whole || !hpa.contains('/') { hpa } else { w.hpa.clone() };
    let spare = room.saturating_sub(taken + load_width + text::width(&hpa) + 3);
    if !w.context.is_empty() && spare >= 8 {
        pieces.push((format!("{separator}{}", text::fit(&w.context, spare - 3, g.ellipsis)), muted));
    }
    if !hpa.is_empty() {
        let most = room.saturating_sub(taken + 3 + load_width).max(NAME);
        pieces.push((separator.clone(), muted));
        pieces.push((text::fit(&hpa, most, g.ellipsis), text));
    }
    if let Some((load, role)) = load {
        pieces.push((separator, muted));
        pieces.push((load, look.style(role)));
    }
    write::pieces(buf, left, 0, &pieces);
    let right_area = Rect { x: area.right().saturating_sub(right_width as u16), width: right_width as u16, ..area };
    write::pieces(buf, right_area.intersection(area), 0, &right);
}

fn mode(cx: &Cx) -> (String, Role) {
    let g = cx.look.symbols.glyphs();
    if let (Some(replay), None) = (&cx.ui.replay, cx.cursor()) {
        return match replay.playing {
            _ if replay.is_at_end(cx.now) => ("REPLAY end".into(), Role::Warn),
            false => ("REPLAY paused".into(), Role::Warn),
            true => (format!("REPLAY {}", super::bar::speed(replay.speed())), Role::Good),
        };
    }
    match (cx.cursor(), cx.ui.paused) {
        (Some(at), _) => (format!("{} {}", g.cursor, cx.look.clock(at)), Role::Cursor),
        (None, Some(since)) => (format!("PAUSED -{}", format::clock((cx.now - since) / 1000)), Role::Warn),
        (None, None) => status(cx),
    }
}

/// Whether the figures are current: those of an HPA that is not watched are of the past.
fn status(cx: &Cx) -> (String, Role) {
    if let Some(fleet) = cx.session.fleet.as_deref().filter(|_| cx.ui.screen.is_of_many()) {
        let (all, dark) = (fleet.clusters(), fleet.dark().count());
        let waits = all.iter().all(|c| c.status.state == FeedState::Connecting);
        return match (all.len() - dark, dark) {
            (0, _) if waits => ("CONNECTING".into(), Role::Muted),
            (0, _) => ("OFFLINE".into(), Role::Warn),
            (_, 0) => ("LIVE".into(), Role::Good),
            (live, _) => (format!("LIVE {live} of {}", all.len()), Role::Warn),
        };
    }
    let feed = cx.session.feeds.get(Feed::Hpa);
    let ago = feed.map_or_else(String::new, |l| format::clock((cx.now - l.since.timestamp_millis()) / 1000));
    match feed.map_or(FeedState::Connecting, |l| l.status.state) {
        FeedState::Up => ("LIVE".into(), Role::Good),
        FeedState::Connecting => ("CONNECTING".into(), Role::Muted),
        FeedState::Retrying | FeedState::Stale | FeedState::Unknown => (format!("OFFLINE {ago}"), Role::Warn),
        FeedState::Denied => ("DENIED".into(), Role::Bad),
        FeedState::Absent => ("NO HPA".into(), Role::Warn),
    }
}

/// The load's phase, with the time it has run; a bar of it only within `room` columns.
pub fn load(cx: &Cx, room: usize) -> Option<(String, Role)> {
    let g = cx.look.symbols.glyphs();
    let load = &cx.session.load;
    let name = load.job.as_ref().map_or("", |j| j.name.as_str());
    let ran = |end: i64| {
        let start = load.started().map(|t| t.timestamp_millis());
        start.map(|s| format!(" {}", format::clock((end - s) / 1000))).unwrap_or_default()
    };
    let ended = || load.ended().map_or(cx.now, |t| t.timestamp_millis());
    let (text, role) = match load.phase() {
        LoadPhase::None => return None,
        LoadPhase::Pending(why) => {
            (format!("{name} pending: {}", text::fit(&explain::load::pending(&why), 40, g.ellipsis)), Role::Warn)
        }
        LoadPhase::Running => {
            (progress(cx, room).unwrap_or_else(|| format!("{} {name}{}", g.play, ran(cx.now))), Role::Load)
        }
        LoadPhase::Complete => (format!("{} {name} complete{}", g.check, ran(ended())), Role::Good),
        LoadPhase::Failed(why) => (
            format!("{} {name} failed: {}", g.cross, text::fit(&explain::load::failure(&why), 48, g.ellipsis)),
            Role::Bad,
        ),
        LoadPhase::Terminating => (format!("{name} is terminating"), Role::Warn),
    };
    Some((text::fit(&text, room.max(NAME), g.ellipsis), role))
}

/// Cells of the load's bar.
const BAR: usize = 8;
/// The least columns that the HPA's name is given.
const NAME: usize = 12;

/// `▶ k6 200 VUs ━━━━━━╌╌ 2:31/5:00`; None until k6 has reported.
fn progress(cx: &Cx, room: usize) -> Option<String> {
    let g = cx.look.symbols.glyphs();
    let k6 = cx.session.load.progress(cx.session.now_ms());
    let users = format!("{} k6 {} VUs", g.play, k6.vus?);
    let (elapsed, whole) = (k6.elapsed_s?, k6.duration_s.filter(|d| *d > 0.0));
    let Some(whole) = whole else { return Some(format!("{users} {}", format::clock(elapsed as i64))) };
    let full = ((elapsed / whole).clamp(0.0, 1.0) * BAR as f64).round() as usize;
    let bar: String = (0..BAR).map(|i| if i < full { g.bar } else { g.rest }).collect();
    let times = format!("{}/{}", format::clock(elapsed as i64), format::clock(whole as i64));
    let drawn = format!("{users} {bar} {times}");
    Some(if text::width(&drawn) <= room { drawn } else { format!("{users} {times}") })
}
