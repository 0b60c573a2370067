//! Several lines over time with a value axis of their own unit: load, gateway, ingest. Must not know what they are of.
use super::canvas::Canvas;
use super::labels::Label;
use super::paint::{cursor, dashes, figures, grid, markers, names, tick_figures};
use super::scale::{Needs, Scale};
use super::spark::Sparkline;
use super::trace::{DotColumn, join, runs, visible};
use super::{ChartStyle, Margins, MarkerAt, Segments, TimeAxis, split};
use crate::view::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// One line of a [`LineChart`].
#[derive(Clone, Debug, PartialEq)]
pub struct PlainLine {
    /// At the right end: `accepted 18.2 k/s`.
    pub label: String,
    pub role: Role,
    pub segments: Segments,
    /// The greatest value of the whole session, 0 where that is not known: a strip keeps its scale.
    pub peak: f64,
    /// A level that the lines are compared with: dashes where nothing else is.
    pub dashed: bool,
}

/// Below this many rows a chart is a strip.
const LOW: usize = 3;
/// From this many rows on there is one for the names of markers.
const NAMED: u16 = 7;

/// Lines from 0 up. Lines drawn later lie on top. In one row: a sparkline of the last line.
#[derive(Clone, Debug)]
pub struct LineChart {
    pub axis: TimeAxis,
    pub margins: Margins,
    pub lines: Vec<PlainLine>,
    /// Writes the figures of the value axis.
    pub unit: fn(f64) -> String,
    pub cursor: Option<i64>,
    pub markers: Vec<MarkerAt>,
}

impl LineChart {
    /// Draws into `area`; expects it blank.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, style: &ChartStyle) {
        let area = area.intersection(buf.area);
        let parts = split(area, self.margins, area.height >= NAMED && !self.markers.is_empty(), false);
        let plot = parts.plot;
        if plot.is_empty() {
            return;
        }
        if plot.height == 1 {
            if let Some(line) = self.lines.last() {
                let most = self.most(line).unwrap_or(0.0).max(line.peak);
                Sparkline { axis: self.axis, role: line.role, segments: &line.segments, most }.draw(plot, buf, style);
                let label = Label { row: 0, value: 0.0, text: line.label.clone(), role: line.role, weight: 0 };
                names(buf, &parts, vec![label], style);
                if most > 0.0 {
                    figures(buf, parts.left, &[(0, (self.unit)(most), Role::Muted)], style);
                }
            }
            return;
        }
        let rows = usize::from(plot.height);
        let kept = |line: &PlainLine| if rows < LOW { line.peak } else { 0.0 };
        let most = self.lines.iter().map(|line| self.most(line).unwrap_or(0.0).max(kept(line))).fold(0.0, f64::max);
        let scale = match self.counts_few(most) {
            true => Scale::whole(most, rows),
            false => {
                Scale::linear(Needs { least: None, most: Some(most), target: None, edge: 0.0, low_edge: 0.0 }, rows)
            }
        };
        let mut canvas = Canvas::new(plot, self.axis, style);
        let (dots, height) = (canvas.width, canvas.height);
        let mut run: Vec<DotColumn> = Vec::with_capacity(dots);
        for line in self.lines.iter().filter(|line| !line.dashed) {
            for segment in &line.segments {
                runs(segment, self.axis, dots, &mut run, |run| {
                    join(
                        run,
                        dots,
                        |v| scale.row(v, height),
                        |x, a, b| canvas.stroke(x, (a, b), run.len() > 1, line.role),
                    );
                });
            }
        }
        markers(buf, &parts, self.axis, &self.markers, style);
        cursor(buf, plot, self.axis, self.cursor, style);
        // At the top the value that its row is of, where that is a whole number.
        let top = if scale.whole { most } else { scale.hi };
        let mut ticks =
            vec![(scale.row(top, rows), (self.unit)(top), Role::Muted), (rows - 1, (self.unit)(0.0), Role::Muted)];
        if rows >= 5 {
            ticks = tick_figures(scale, rows, self.unit);
            grid(buf, plot, self.axis, ticks.iter().map(|t| t.0), style);
        }
        canvas.draw(plot, buf, style);
        let cells = usize::from(plot.width);
        for line in self.lines.iter().filter(|line| line.dashed) {
            for (segment, value) in line.segments.iter().filter_map(|s| Some((s, s.first()?.1))) {
                let from = segment.first().and_then(|(at, _)| self.axis.column_within(*at, cells)).unwrap_or(0);
                dashes(buf, plot, scale.row(value, rows), usize::from(from), cells, line.role, style);
            }
        }
        figures(buf, parts.left, &ticks, style);
        let label = |line: &PlainLine| {
            let last = line.segments.iter().rev().find_map(|s| {
                visible(s, self.axis).iter().rev().find(|(at, v)| v.is_finite() && *at < self.axis.end_ms).copied()
            })?;
            Some(Label {
                row: scale.row(last.1, rows),
                value: last.1,
                text: line.label.clone(),
                role: line.role,
                // The line that rises highest keeps its name.
                weight: u8::from(self.most(line).is_some_and(|of| of >= most)),
            })
        };
        names(buf, &parts, self.lines.iter().filter_map(label).collect(), style);
    }

    /// Whether all values are small whole numbers, such as replicas: their axis has no halves.
    fn counts_few(&self, most: f64) -> bool {
        let mut segments = self.lines.iter().flat_map(|line| &line.segments);
        (1.0..=50.0).contains(&most) && segments.all(|s| visible(s, self.axis).iter().all(|(_, v)| v.fract() == 0.0))
    }

    fn most(&self, line: &PlainLine) -> Option<f64> {
        let visible = line
            .segments
            .iter()
            .flat_map(|s| visible(s, self.axis).iter().map(|(_, v)| *v).filter(|v| v.is_finite()).reduce(f64::max));
        visible.reduce(f64::max)
    }
}
