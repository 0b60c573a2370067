//! What other specs of the HPA would have done: a sentence each, and figures beside what it did. Also the lines and colours that
//! other panes show them with. Must not compute.

use crate::decide::shadow::{Shadow, ShadowRun};
use crate::explain::shadow::{sentence, step_at};
use crate::format::{duration, text};
use crate::view::pane_row::{Extent, Summary};
use crate::view::{Cx, chart::SHADOWS, theme::Role, write};
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
};

/// The colour of a shadow, by its place.
pub fn role(index: usize) -> Role {
    SHADOWS[index % SHADOWS.len()]
}

/// `shadow`, or `shadow 2` where there are several.
pub fn title(cx: &Cx, index: usize) -> String {
    if cx.shadows().len() > 1 { format!("shadow {}", index + 1) } else { "shadow".to_owned() }
}

/// The head of its column.
pub fn head(cx: &Cx, index: usize) -> String {
    if cx.shadows().len() > 1 { format!("sh {}", index + 1) } else { "shadow".to_owned() }
}

/// Columns of its size in a table.
pub fn columns(cx: &Cx) -> usize {
    if cx.shadows().len() > 1 { 5 } else { 7 }
}

/// Its replicas at a time, milliseconds since 1970, and whether they are an estimate; None before its first sync.
pub fn size_at(run: &ShadowRun, ms: i64) -> Option<(i32, bool)> {
    let step = run.simulation.steps.get(step_at(run, ms)?)?;
    Some((step.simulated, run.simulation.diverged.is_some_and(|diverged| diverged <= step.ms)))
}

/// What it would have at a time, and why.
pub fn words(cx: &Cx, shadow: &Shadow, ms: i64) -> String {
    match &shadow.run {
        Err(text) => text.clone(),
        Ok(run) => match step_at(run, ms) {
            Some(step) => sentence(run, step, |ms| cx.look.clock(ms)),
            None => "it begins later".into(),
        },
    }
}

/// Its replicas as steps up to `end`, milliseconds since 1970.
pub fn steps(shadow: &Shadow, end: i64) -> Vec<(i64, Option<f64>)> {
    let Ok(run) = &shadow.run else { return Vec::new() };
    let mut out: Vec<(i64, Option<f64>)> = Vec::new();
    for step in run.simulation.steps.iter().filter(|step| step.ms <= end) {
        let size = Some(f64::from(step.simulated));
        if out.last().is_none_or(|last| last.1 != size) {
            out.push((step.ms, size));
        }
    }
    if !out.is_empty() {
        out.push((end + 1, None));
    }
    out
}

/// Rows: two a shadow, and one for what is assumed.
pub fn rows(cx: &Cx, _: Size) -> u16 {
    match cx.shadows().len() {
        0 => 0,
        n => n as u16 * 2 + 1,
    }
}

pub fn summary(_: &Cx) -> Summary {
    ("~ an estimate: the tier's load held, shared by the pods that would be Ready".into(), Role::Muted)
}

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    Extent::of(None, usize::from(area.height), usize::from(rows(cx, area.as_size())))
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let look = cx.look;
    let (plain, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let glyphs = look.symbols.glyphs();
    let mut row = 0;
    for (i, shadow) in cx.shadows().iter().enumerate() {
        let name = text::fit(&shadow.name, usize::from(area.width / 3), glyphs.ellipsis);
        let mark = format!(" {0}{0} ", glyphs.dash);
        let role = look.style(role(i));
        let room = usize::from(area.width).saturating_sub(text::width(&mark) + text::width(&name) + 2);
        let words = format!("  {}", text::fit(&words(cx, shadow, cx.moment()), room, glyphs.ellipsis));
        write::line(buf, area, row, &[(&mark, role), (&name, role), (&words, plain)]);
        if let Ok(run) = &shadow.run {
            let to = glyphs.to;
            let figures = format!(
                "{:.1} {to} {:.1} replica-minutes  {} {to} {} above the line  {} {to} {} rescales",
                run.actual.replica_minutes,
                run.shadow.replica_minutes,
                duration(run.actual.above_s as i64),
                duration(run.shadow.above_s as i64),
                run.actual.rescales,
                run.shadow.rescales
            );
            let since = match run.simulation.diverged {
                Some(ms) => format!("    ~ since {}  ", look.clock(ms)),
                None => "    as the HPA so far  ".to_owned(),
            };
            write::line(buf, area, row + 1, &[(&since, muted), (&figures, plain)]);
        }
        row += 2;
    }
    let lines = cx.shadows().iter().find_map(|shadow| shadow.run.as_ref().ok()).map(|run| run.lines.join(", "));
    let line = format!("    the line: {}", lines.unwrap_or_default());
    write::line(buf, area, row, &[(&line, muted)]);
}
