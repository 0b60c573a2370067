//! A metric's target and its tolerance band on the chart: the columns they are valid in, and their shading. Must not draw
//! the line itself.
use super::canvas::Canvas;
use super::metric_line::MetricLine;
use super::paint::{fill, fill_half, offset};
use super::scale::Scale;
use super::trace::stretches;
use super::{ChartStyle, TimeAxis};
use crate::view::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A stretch of columns with one target, all in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TargetBand {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) target: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The targets a line has in a window of `width` columns, in time order.
pub(super) fn target_bands(line: &MetricLine, axis: TimeAxis, width: u16) -> Vec<TargetBand> {
    let share = |v: f64| if v.is_finite() { v.max(0.0) } else { 0.0 };
    stretches(&line.target, axis, usize::from(width))
        .into_iter()
        .map(|(from, to, target)| TargetBand {
            from,
            to,
            target,
            low: target * (1.0 - share(line.band.0)),
            high: target * (1.0 + share(line.band.1)),
        })
        .collect()
}

/// Shades the tolerance band, to half a row where the theme has a background for it.
pub(super) fn shade_band(buf: &mut Buffer, plot: Rect, scale: Scale, band: &TargetBand, style: &ChartStyle) {
    let rows = usize::from(plot.height);
    let halves = |v: f64| (1.0 - scale.share(v)) * rows as f64 * 2.0;
    let target = scale.row(band.target, rows);
    // Ties round inwards, so that a symmetric tolerance looks symmetric.
    let top = ((halves(band.high) + 0.49).floor() as usize).min(target * 2);
    let bottom = ((halves(band.low) - 0.49).ceil().max(0.0) as usize).max(target * 2 + 2);
    let shaded = style.theme.fill(Role::Band).is_none();
    // Characters between the dashes of the target would only blur them.
    for row in (top / 2..bottom.div_ceil(2)).filter(|row| !shaded || *row != target) {
        let Some(y) = offset(plot.y, row, plot.height) else { continue };
        for column in band.from..band.to.min(usize::from(plot.width)) {
            let x = plot.x + column as u16;
            // What is shaded as above the target stays so.
            if style.theme.fill(Role::Above).is_some_and(|above| buf.cell((x, y)).is_some_and(|c| c.bg == above)) {
                continue;
            }
            match (row * 2 >= top, row * 2 + 2 <= bottom) {
                (true, true) => fill(buf, x, y, Role::Band, style),
                (false, _) => fill_half(buf, x, y, false, Role::Band, style),
                (_, false) => fill_half(buf, x, y, true, Role::Band, style),
            }
        }
    }
}

/// Shades between the target and a line that has left the tolerance band upwards.
pub(super) fn shade_above(
    buf: &mut Buffer,
    plot: Rect,
    scale: Scale,
    canvas: &Canvas,
    bands: &[TargetBand],
    tops: &[usize],
    style: &ChartStyle,
) {
    let (across, down) = style.symbols.dots();
    for band in bands {
        let edge = scale.row(band.high, canvas.height);
        let target = scale.row(band.target, usize::from(plot.height));
        for column in band.from..band.to.min(usize::from(plot.width)) {
            let top = tops[column * across..(column + 1) * across].iter().min().copied().unwrap_or(usize::MAX);
            if top >= edge {
                continue;
            }
            let first = (top + down / 2) / down;
            for row in first..target {
                if let Some(y) = offset(plot.y, row, plot.height)
                    && !(style.theme.fill(Role::Above).is_none() && canvas.taken(column as u16, row as u16))
                {
                    fill(buf, plot.x + column as u16, y, Role::Above, style);
                }
            }
        }
    }
}
