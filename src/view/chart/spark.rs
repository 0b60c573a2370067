//! One row of history: the greatest value of each cell's time as a bar; a gap stays blank. Must not
//! interpolate.
use super::trace::visible;
use super::{ChartStyle, TimeAxis};
use crate::view::{symbols::Symbols, theme::Role};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A sparkline from 0 to the greatest visible value, or to `most` where that is more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sparkline<'a> {
    pub axis: TimeAxis,
    pub role: Role,
    /// `(unix ms, value)`, one inner list between two gaps.
    pub segments: &'a [Vec<(i64, f64)>],
    pub most: f64,
}

impl Sparkline<'_> {
    /// Draws into the lowest row of `area`. Cells between two samples of a segment hold the earlier one.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, style: &ChartStyle) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let role = style.theme.style(self.role);
        for (x, bar) in (area.x..).zip(self.chars(usize::from(area.width), style.symbols)) {
            let (Some(bar), Some(cell)) = (bar, buf.cell_mut((x, area.bottom() - 1))) else { continue };
            cell.set_char(bar).set_style(role);
        }
    }

    /// Its cells; None where there is nothing.
    pub fn chars(&self, cells: usize, symbols: Symbols) -> Vec<Option<char>> {
        let bars = self.bars(cells);
        let most = bars.iter().flatten().copied().fold(self.most, f64::max);
        let height = |v: f64| {
            let share = if most > 0.0 { (v / most).clamp(0.0, 1.0) } else { 0.0 };
            // Never a full cell: one row must not run into the next.
            ((share * 7.0).ceil() as usize).clamp(1, 7)
        };
        bars.into_iter().map(|bar| bar.map(|v| symbols.glyphs().bars[height(v) - 1])).collect()
    }

    fn bars(&self, cells: usize) -> Vec<Option<f64>> {
        let mut bars: Vec<Option<f64>> = vec![None; cells];
        for segment in self.segments {
            let mut held: Option<(i64, f64)> = None;
            for &(at, v) in visible(segment, self.axis).iter() {
                if !v.is_finite() {
                    held = None;
                    continue;
                }
                let column = self.axis.column(at, cells);
                if let Some((from, old)) = held {
                    for bar in range(&mut bars, from.saturating_add(1), column) {
                        *bar = Some(bar.unwrap_or(old));
                    }
                }
                for bar in range(&mut bars, column, column.saturating_add(1)) {
                    *bar = Some(bar.map_or(v, |b| b.max(v)));
                }
                held = Some((column, v));
            }
        }
        bars
    }
}

fn range(bars: &mut [Option<f64>], from: i64, to: i64) -> &mut [Option<f64>] {
    let bound = |x: i64| usize::try_from(x.max(0)).unwrap_or(usize::MAX).min(bars.len());
    let (a, b) = (bound(from), bound(to));
    &mut bars[a..b.max(a)]
}
