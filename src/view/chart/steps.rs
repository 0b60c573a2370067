//! Replicas over time as steps: current, desired, ready, between the HPA's bounds. Must not
//! guess between two values.
use super::canvas::Canvas;
use super::labels::Label;
use super::paint::{cursor, figures, fill, markers, names, offset};
use super::scale::{Scale, tick_step};
use super::trace::stretches;
use super::{ChartAreas, ChartStyle, Margins, MarkerAt, StepPoints, TimeAxis, split};
use crate::format::count;
use crate::view::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Replica counts. Ready is the shaded area, current the line, desired the line that runs ahead of it.
/// In one row: bars of the current count and the figures.
#[derive(Clone, Debug, PartialEq)]
pub struct StepChart {
    pub axis: TimeAxis,
    pub margins: Margins,
    pub current: StepPoints,
    pub desired: StepPoints,
    pub ready: StepPoints,
    /// What other specs would have, dashed.
    pub shadows: Vec<StepPoints>,
    /// The HPA's bounds.
    pub min: StepPoints,
    pub max: StepPoints,
    pub cursor: Option<i64>,
    pub markers: Vec<MarkerAt>,
}

/// Cells from the right edge within which a value is that of the end.
const AT_END: usize = 3;

const CURRENT: Role = Role::Series3;
const DESIRED: Role = Role::Series4;
const READY: Role = Role::Muted;
const BOUND: Role = Role::Faint;
/// The colours of shadows, in their order.
pub const SHADOWS: [Role; 4] = [Role::Series5, Role::Series2, Role::Series1, Role::Load];

/// `(first column, end column, value)`.
type Stretches = Vec<(usize, usize, f64)>;

impl StepChart {
    /// Draws into `area`; expects it blank.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, style: &ChartStyle) {
        let area = area.intersection(buf.area);
        let parts = split(area, self.margins, false, false);
        let plot = parts.plot;
        if plot.is_empty() {
            return;
        }
        let rows = usize::from(plot.height);
        let dots = usize::from(plot.width) * style.symbols.dots().0;
        let [current, desired, ready, min, max] = [&self.current, &self.desired, &self.ready, &self.min, &self.max]
            .map(|steps| stretches(steps, self.axis, dots));
        let shadows: Vec<Stretches> = self.shadows.iter().map(|steps| stretches(steps, self.axis, dots)).collect();
        let most = [&current, &desired, &ready].into_iter().chain(&shadows).flatten().map(|s| s.2).fold(1.0, f64::max);
        let limit = max.iter().map(|s| s.2).fold(0.0, f64::max);
        // A bound far above the data would flatten it.
        let top = if limit > most * 4.0 { (most * 1.5).ceil() } else { most.max(limit) };
        let scale = Scale::whole(top, rows);
        if rows == 1 {
            return self.one_row(buf, &parts, scale, style);
        }
        markers(buf, &parts, self.axis, &self.markers, style);
        cursor(buf, plot, self.axis, self.cursor, style);
        for (from, to, v) in stretches(&self.ready, self.axis, usize::from(plot.width)) {
            shade(buf, plot, scale, (from, to), v, style);
        }
        let mut bounds = Canvas::new(plot, self.axis, style);
        for (from, to, v) in min.iter().chain(&max).filter(|s| scale.shows(s.2)) {
            let y = scale.row(*v, bounds.height);
            (*from..*to).filter(|x| x % 6 < 3).for_each(|x| bounds.column(x, y, y, BOUND));
        }
        bounds.draw_where_blank(plot, buf, style);
        let mut canvas = Canvas::new(plot, self.axis, style);
        for (steps, role) in shadows.iter().zip(SHADOWS.iter().cycle()) {
            trace(&mut canvas, scale, steps, *role, 4);
        }
        trace(&mut canvas, scale, &desired, DESIRED, 0);
        trace(&mut canvas, scale, &current, CURRENT, 0);
        canvas.draw(plot, buf, style);
        figures(buf, parts.left, &beside(scale, (rows, top), &min, &max, style), style);
        let mut ends = vec![("current", &current, CURRENT), ("desired", &desired, DESIRED), ("ready", &ready, READY)];
        ends.extend(shadows.iter().zip(SHADOWS.iter().cycle()).map(|(steps, role)| ("shadow", steps, *role)));
        let edge = dots.saturating_sub(AT_END * style.symbols.dots().0);
        names(buf, &parts, labels(&ends, edge, scale, rows), style);
    }

    fn one_row(&self, buf: &mut Buffer, parts: &ChartAreas, scale: Scale, style: &ChartStyle) {
        let plot = parts.plot;
        let role = style.theme.style(CURRENT);
        for (from, to, v) in stretches(&self.current, self.axis, usize::from(plot.width)) {
            let eighth = ((scale.share(v) * 8.0).ceil() as usize).clamp(1, 8) - 1;
            for x in (from..to).filter_map(|c| offset(plot.x, c, plot.width)) {
                if let Some(cell) = buf.cell_mut((x, plot.y)) {
                    cell.set_char(style.symbols.glyphs().bars[eighth]).set_style(role);
                }
            }
        }
        let width = usize::from(plot.width);
        let edge = width.saturating_sub(AT_END);
        let last = |steps: &StepPoints| stretches(steps, self.axis, width).last().filter(|s| s.1 >= edge).map(|s| s.2);
        let text = match (last(&self.current), last(&self.desired)) {
            (Some(a), Some(b)) if a != b => format!("{}{}{}", count(a), style.symbols.glyphs().to, count(b)),
            (Some(a), _) => count(a),
            _ => return,
        };
        if let Some(v) = last(&self.max) {
            figures(buf, parts.left, &[(0, format!("max {}", count(v)), Role::Muted)], style);
        }
        names(buf, parts, vec![Label { row: 0, value: 0.0, text, role: CURRENT, weight: 0 }], style);
    }
}

/// The bounds by name, then whole numbers where rows are left.
fn beside(
    scale: Scale,
    (rows, top): (usize, f64),
    min: &Stretches,
    max: &Stretches,
    style: &ChartStyle,
) -> Vec<(usize, String, Role)> {
    let mut figures = Vec::new();
    for (name, steps) in [("max", max), ("min", min)] {
        if let Some((_, _, v)) = steps.last() {
            let hidden = if scale.shows(*v) { String::new() } else { style.symbols.glyphs().up.to_string() };
            figures.push((scale.row(*v, rows), format!("{name} {}{hidden}", count(*v)), Role::Muted));
        }
    }
    let step = tick_step((scale.hi / rows as f64).max(1.0));
    let whole = (1..=(top / step) as usize).take(64).map(|i| i as f64 * step);
    figures.extend(whole.map(|v| (scale.row(v, rows), count(v), Role::Muted)));
    figures
}

/// One name a value: equal ones share it. What ends before the column `edge` is of the past and has none.
fn labels(ends: &[(&str, &Stretches, Role)], edge: usize, scale: Scale, rows: usize) -> Vec<Label> {
    let mut groups: Vec<(f64, Vec<&str>, Role)> = Vec::new();
    for (name, steps, role) in ends {
        let Some((_, _, v)) = steps.last().filter(|s| s.1 >= edge) else { continue };
        match groups.iter_mut().find(|g| g.0 == *v) {
            Some(group) => group.1.push(name),
            None => groups.push((*v, vec![name], *role)),
        }
    }
    let text = |v: f64, names: &[&str]| match names {
        ["current", others @ ..] if others.contains(&"ready") => format!("{} ready", count(v)),
        _ => format!("{} {}", count(v), names.first().copied().unwrap_or_default()),
    };
    groups
        .into_iter()
        .map(|(v, names, role)| Label { row: scale.row(v, rows), value: v, text: text(v, &names), role, weight: 0 })
        .collect()
}

/// Horizontal runs and the risers between runs that touch; `dash` columns, half of them left out, 0 for none.
fn trace(canvas: &mut Canvas, scale: Scale, steps: &Stretches, role: Role, dash: usize) {
    let height = canvas.height;
    let mut before: Option<(usize, usize)> = None;
    for (from, to, v) in steps {
        let y = scale.row(*v, height);
        if let Some((_, old)) = before.filter(|(end, _)| end >= from) {
            canvas.column(*from, old, y, role);
        }
        for x in (*from..*to).filter(|x| dash == 0 || x % dash < dash / 2) {
            canvas.column(x, y, y, role);
        }
        before = Some((*to, y));
    }
}

/// Shades from 0 up to a value.
fn shade(buf: &mut Buffer, plot: Rect, scale: Scale, columns: (usize, usize), v: f64, style: &ChartStyle) {
    if v <= 0.0 {
        return;
    }
    for y in plot.y + scale.row(v, usize::from(plot.height)) as u16..plot.bottom() {
        for x in (columns.0..columns.1).filter_map(|c| offset(plot.x, c, plot.width)) {
            fill(buf, x, y, Role::Band, style);
        }
    }
}
