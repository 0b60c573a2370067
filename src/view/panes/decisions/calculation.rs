//! The calculation of the selected sync, wrapped; where room is short the lines that matter least go first. Must not
//! compute it.

use crate::explain::explanation::{Emphasis, ExplanationLine};
use crate::explain::sync::working;
use crate::format::text;
use crate::session::decisions::sync::Sync;
use crate::view::panes::shadows;
use crate::view::{Cx, theme::Role, write};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

type Pieces = Vec<(String, Emphasis)>;

/// Rows that the whole calculation takes at this width.
pub fn rows(cx: &Cx, sync: &Sync, width: u16) -> u16 {
    let lines = lines(cx, sync).iter().map(|l| wrapped(l, width).len()).sum::<usize>();
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// The working, and before its verdict what each shadow would have.
fn lines(cx: &Cx, sync: &Sync) -> Vec<ExplanationLine> {
    let mut lines = working(sync);
    let verdict = lines.pop();
    lines.extend(cx.shadows().iter().enumerate().map(|(i, shadow)| {
        let words = shadows::words(cx, shadow, sync.last);
        ExplanationLine::new(0, 0, Emphasis::Muted, format!("{} ", shadows::title(cx, i))).and(Emphasis::Text, words)
    }));
    lines.extend(verdict);
    lines
}

/// Draws it; returns the rows used.
pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx, sync: &Sync) -> u16 {
    let lines = lines(cx, sync);
    let height = usize::from(area.height);
    let fold = |least: u8| -> Vec<(u16, Pieces)> {
        let kept = lines.iter().filter(|l| l.weight <= least);
        kept.flat_map(|l| wrapped(l, area.width).into_iter().map(|p| (u16::from(l.indent), p))).collect()
    };
    let mut shown = fold(3);
    for least in [2, 1, 0] {
        if shown.len() > height {
            shown = fold(least);
        }
    }
    // The verdict is the last line; what does not fit is cut above it.
    if shown.len() > height && height >= 2 {
        let last = shown.pop();
        shown.truncate(height - 2);
        shown.push((0, vec![(cx.look.symbols.glyphs().ellipsis.to_string(), Emphasis::Muted)]));
        shown.extend(last);
    }
    shown.truncate(height);
    for (i, (indent, pieces)) in shown.iter().enumerate() {
        let at = Rect { x: area.x + (*indent).min(area.width), width: area.width.saturating_sub(*indent), ..area };
        let styled: Vec<(&str, Style)> = pieces.iter().map(|(t, tone)| (t.as_str(), style(cx, *tone))).collect();
        write::line(buf, at, i as u16, &styled);
    }
    shown.len() as u16
}

/// A line broken to the width, its parts keeping their tones; a continued line is indented by two more columns.
fn wrapped(line: &ExplanationLine, width: u16) -> Vec<Pieces> {
    let room = usize::from(width.saturating_sub(u16::from(line.indent))).max(8);
    let mut out: Vec<Pieces> = vec![Vec::new()];
    let mut used = 0;
    for (tone, text) in &line.parts {
        for (i, word) in text.split(' ').enumerate() {
            let gap = usize::from(i > 0);
            let w = text::width(word);
            if used + gap + w > room && used > 2 && w > 0 {
                out.push(vec![("  ".into(), *tone)]);
                used = 2;
            } else if gap == 1 {
                push(&mut out, " ", *tone);
                used += 1;
            }
            push(&mut out, word, *tone);
            used += w;
        }
    }
    out
}

fn push(out: &mut [Pieces], text: &str, tone: Emphasis) {
    let Some(line) = out.last_mut() else { return };
    match line.last_mut() {
        Some((last, t)) if *t == tone => last.push_str(text),
        _ => line.push((text.to_string(), tone)),
    }
}

fn style(cx: &Cx, tone: Emphasis) -> Style {
    cx.look.style(match tone {
        Emphasis::Head => Role::Accent,
        Emphasis::Text => Role::Text,
        Emphasis::Muted => Role::Muted,
        Emphasis::Good => Role::Good,
        Emphasis::Warn => Role::Warn,
        Emphasis::Bad => Role::Bad,
        Emphasis::Metric(i) => Role::SERIES[i % Role::SERIES.len()],
    })
}
