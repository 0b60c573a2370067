//! Charts over time, drawn straight into a buffer from plain data: no session, no clock, no panic at any size.
//!
//! Every chart shares one [`TimeAxis`] and one [`Margins`], so that stacked charts line up to the dot.
mod canvas;
mod labels;
pub mod line;
mod metric_line;
mod paint;
mod scale;
pub mod spark;
pub mod steps;
mod target_band;
pub mod time;
mod trace;
pub mod utilization;

pub use line::{LineChart, PlainLine};
pub use metric_line::MetricLine;
pub use spark::Sparkline;
pub use steps::{SHADOWS, StepChart};
pub use time::TimeAxis;
pub use utilization::UtilizationChart;

use crate::view::symbols::Symbols;
use crate::view::theme::{Role, Theme};
use ratatui::layout::Rect;

/// Samples of one series, `(unix ms, value)`, one inner list between two gaps. NaN and infinity are gaps too.
pub type Segments = Vec<Vec<(i64, f64)>>;

/// A value that is valid until the next entry, `(unix ms, value)`; `None`: not known from then on.
pub type StepPoints = Vec<(i64, Option<f64>)>;

/// What charts are drawn with.
#[derive(Clone, Copy, Debug)]
pub struct ChartStyle<'a> {
    pub theme: &'a Theme,
    pub symbols: Symbols,
    /// Of the time labels.
    pub utc_offset_s: i32,
    /// What the time labels count from, milliseconds since 1970: the load's start. Without it they are times of day.
    pub origin: Option<i64>,
}

impl ChartStyle<'_> {
    /// A time from which labels and grid lines are whole steps away: the load's start, or a midnight.
    fn zero_ms(&self) -> i64 {
        self.origin.unwrap_or(-i64::from(self.utc_offset_s) * 1000)
    }
}

/// Columns left of the plot (figures of the y axis) and right of it (names of the series).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margins {
    pub left: u16,
    /// 0: names are written into the plot.
    pub right: u16,
}

impl Margins {
    /// What suits a chart this wide.
    pub fn for_width(width: u16) -> Margins {
        match width {
            0..24 => Margins { left: 0, right: 0 },
            24..44 => Margins { left: 7, right: 0 },
            44..70 => Margins { left: 7, right: 15 },
            70..100 => Margins { left: 7, right: 18 },
            _ => Margins { left: 7, right: 20 },
        }
    }

    /// Columns of the plot itself.
    pub fn plot_width(self, width: u16) -> u16 {
        width.saturating_sub(self.left).saturating_sub(self.right)
    }
}

/// Something that happened, drawn as a thin vertical line with its text on top.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkerAt {
    /// Unix ms.
    pub at: i64,
    pub text: String,
    pub role: Role,
}

impl MarkerAt {
    /// `▲1→3` or `▼4→1`.
    pub fn rescale(at: i64, from: i64, to: i64, symbols: Symbols) -> MarkerAt {
        let glyphs = symbols.glyphs();
        let arrow = if to >= from { glyphs.up } else { glyphs.down };
        MarkerAt { at, text: format!("{arrow}{from}{}{to}", glyphs.to), role: Role::Marker }
    }

    /// `▶ load`.
    pub fn load_start(at: i64, symbols: Symbols) -> MarkerAt {
        MarkerAt { at, text: format!("{} load", symbols.glyphs().play), role: Role::Load }
    }

    /// `■ end`.
    pub fn load_end(at: i64, symbols: Symbols) -> MarkerAt {
        MarkerAt { at, text: format!("{} end", symbols.glyphs().stop), role: Role::Load }
    }
}

/// A chart's area, split: y figures, head row, plot, names, time row. Any of them may be empty.
#[derive(Clone, Copy, Debug)]
struct ChartAreas {
    left: Rect,
    head: Rect,
    plot: Rect,
    right: Rect,
    foot: Rect,
}

/// `area` must lie within the buffer.
fn split(area: Rect, margins: Margins, head: bool, foot: bool) -> ChartAreas {
    let left = margins.left.min(area.width);
    let width = margins.plot_width(area.width);
    let right = area.width - left - width;
    let top = u16::from(head).min(area.height);
    let bottom = u16::from(foot).min(area.height - top);
    let height = area.height - top - bottom;
    let x = area.x + left;
    let y = area.y + top;
    ChartAreas {
        left: Rect::new(area.x, y, left, height),
        head: Rect::new(x, area.y, width + right, top),
        plot: Rect::new(x, y, width, height),
        right: Rect::new(x + width, y, right, height),
        foot: Rect::new(area.x, y + height, area.width, bottom),
    }
}
