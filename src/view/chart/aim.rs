//! A metric's target and its tolerance band on the chart: where they hold, and how they are shaded.
use super::Look;
use super::TimeAxis;
use super::canvas::Canvas;
use super::hero::Line;
use super::paint::{ground, half_ground, offset};
use super::scale::Scale;
use super::trace::stretches;
use crate::view::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A stretch of columns with one target, all in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Aim {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) target: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The targets a line has in a window of `width` columns, in time order.
pub(super) fn aims(line: &Line, axis: TimeAxis, width: u16) -> Vec<Aim> {
    let share = |v: f64| if v.is_finite() { v.max(0.0) } else { 0.0 };
    stretches(&line.target, axis, usize::from(width))
        .into_iter()
        .map(|(from, to, target)| Aim {
            from,
            to,
            target,
            low: target * (1.0 - share(line.band.0)),
            high: target * (1.0 + share(line.band.1)),
        })
        .collect()
}

/// Lays the tolerance band, to half a row where the theme has a background for it.
pub(super) fn band(buf: &mut Buffer, plot: Rect, scale: Scale, aim: &Aim, look: &Look) {
    let rows = usize::from(plot.height);
    let halves = |v: f64| (1.0 - scale.share(v)) * rows as f64 * 2.0;
    let target = scale.row(aim.target, rows);
    // ties go inwards, so that an even tolerance looks even
    let top = ((halves(aim.high) + 0.49).floor() as usize).min(target * 2);
    let bottom = ((halves(aim.low) - 0.49).ceil().max(0.0) as usize).max(target * 2 + 2);
    let shaded = look.theme.ground(Role::Band).is_none();
    // characters between the dashes of the target would only blur them
    for row in (top / 2..bottom.div_ceil(2)).filter(|row| !shaded || *row != target) {
        let Some(y) = offset(plot.y, row, plot.height) else { continue };
        for column in aim.from..aim.to.min(usize::from(plot.width)) {
            let x = plot.x + column as u16;
            // the red of "above the target" stays
            if look.theme.ground(Role::Above).is_some_and(|above| buf.cell((x, y)).is_some_and(|c| c.bg == above)) {
                continue;
            }
            match (row * 2 >= top, row * 2 + 2 <= bottom) {
                (true, true) => ground(buf, x, y, Role::Band, look),
                (false, _) => half_ground(buf, x, y, false, Role::Band, look),
                (_, false) => half_ground(buf, x, y, true, Role::Band, look),
            }
        }
    }
}

/// Shades between the target and a line that has left the tolerance band upwards.
pub(super) fn above(
    buf: &mut Buffer,
    plot: Rect,
    scale: Scale,
    canvas: &Canvas,
    aims: &[Aim],
    tops: &[usize],
    look: &Look,
) {
    let (across, down) = look.symbols.dots();
    for aim in aims {
        let edge = scale.row(aim.high, canvas.height);
        let target = scale.row(aim.target, usize::from(plot.height));
        for column in aim.from..aim.to.min(usize::from(plot.width)) {
            let top = tops[column * across..(column + 1) * across].iter().min().copied().unwrap_or(usize::MAX);
            if top >= edge {
                continue;
            }
            let first = (top + down / 2) / down;
            for row in first..target {
                if let Some(y) = offset(plot.y, row, plot.height)
                    && !(look.theme.ground(Role::Above).is_none() && canvas.taken(column as u16, row as u16))
                {
                    ground(buf, plot.x + column as u16, y, Role::Above, look);
                }
            }
        }
    }
}
