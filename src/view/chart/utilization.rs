//! The main chart: each metric's utilization against its own target and tolerance band. Must not compute utilization.
use super::canvas::Canvas;
use super::labels::Label;
use super::metric_line::MetricLine;
use super::paint::{cursor, dashes, figures, grid, markers, names, offset, tick_figures};
use super::scale::{Needs, Scale};
use super::target_band::{TargetBand, shade_above, shade_band, target_bands};
use super::trace::{DotColumn, join, runs, visible};
use super::{ChartAreas, ChartStyle, Margins, MarkerAt, TimeAxis, split};
use crate::format::percent;
use crate::ui::YAxis;
use crate::view::theme::Role;
use crate::view::write;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// Utilization over time. Lines drawn later lie on top.
#[derive(Clone, Debug, PartialEq)]
pub struct UtilizationChart {
    pub axis: TimeAxis,
    pub margins: Margins,
    /// Auto: linear, logarithmic once a visible value reaches three times its target.
    pub y: YAxis,
    pub series: Vec<MetricLine>,
    /// The value axis reaches at least this far, percent: where several charts have the same. 0: as far as the lines.
    pub reach: f64,
    pub cursor: Option<i64>,
    pub markers: Vec<MarkerAt>,
    /// Stretches without any sample: from, to (unix ms), and why.
    pub gaps: Vec<(i64, i64, String)>,
    /// Whether the lowest row carries the times.
    pub time_row: bool,
}

/// The name of a logarithmic axis.
const LOG: &str = "log";

/// Writes why there is a gap into its middle, where it is wide enough.
fn gap_text(buf: &mut Buffer, plot: Rect, axis: TimeAxis, (from, to, why): &(i64, i64, String), style: &ChartStyle) {
    let cells = i64::from(plot.width);
    let column = |ms: i64| axis.column(ms, usize::from(plot.width)).clamp(0, cells) as u16;
    let (a, b) = (column(*from) + 1, column(*to));
    let long = why.width() as u16;
    if b.saturating_sub(a) >= long {
        let text = write::over(style.theme.style(Role::Warn));
        buf.set_stringn(plot.x + a + (b - a - long) / 2, plot.y + plot.height / 2, why, usize::from(long), text);
    }
}

/// The least positive and the greatest visible value of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Extent {
    least: Option<f64>,
    most: Option<f64>,
}

impl UtilizationChart {
    /// Draws into `area`; expects it blank.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, style: &ChartStyle) {
        let area = area.intersection(buf.area);
        let parts = split(area, self.margins, area.height >= 8, self.time_row && area.height >= 3);
        let plot = parts.plot;
        if self.time_row {
            self.axis.draw_row(parts.foot, buf, self.margins, self.cursor, style);
        }
        if plot.is_empty() {
            return;
        }
        let rows = usize::from(plot.height);
        let bands: Vec<Vec<TargetBand>> =
            self.series.iter().map(|line| target_bands(line, self.axis, plot.width)).collect();
        let scale = self.scale(&bands, rows);
        let mut canvas = Canvas::new(plot, self.axis, style);
        let tops = self.trace(&mut canvas, scale);

        // Before everything else, so that nothing breaks their lines but the series.
        markers(buf, &parts, self.axis, &self.markers, style);
        cursor(buf, plot, self.axis, self.cursor, style);
        for band in bands.iter().flatten() {
            dashes(buf, plot, scale.row(band.target, rows), band.from, band.to, Role::Target, style);
        }
        // A filled area means an amount, which a logarithmic axis does not show.
        for (bands, tops) in bands.iter().zip(&tops).filter(|_| !scale.log) {
            shade_above(buf, plot, scale, &canvas, bands, tops, style);
        }
        for band in bands.iter().flatten() {
            shade_band(buf, plot, scale, band, style);
        }
        let ticks = tick_figures(scale, rows, percent);
        grid(buf, plot, self.axis, ticks.iter().map(|t| t.0), style);
        canvas.draw(plot, buf, style);
        self.points(buf, plot, scale, style);
        self.beside(buf, &parts, scale, &bands, ticks, style);
        self.ends(buf, &parts, scale, &bands, style);
        for gap in &self.gaps {
            gap_text(buf, plot, self.axis, gap, style);
        }
    }

    #[cfg(test)]
    /// Whether the value axis is logarithmic; a function of the visible data alone.
    pub fn logarithmic(&self) -> bool {
        self.chooses_log(&self.extents())
    }

    fn chooses_log(&self, extents: &[Extent]) -> bool {
        let exceeds = |(line, extent): (&MetricLine, &Extent)| {
            let target = target_bands(line, self.axis, 1).last().map(|band| band.target);
            matches!((extent.most, target), (Some(most), Some(target)) if target > 0.0 && most >= 3.0 * target)
        };
        match self.y {
            YAxis::Linear => false,
            YAxis::Log => true,
            YAxis::Auto => self.series.iter().zip(extents).any(exceeds),
        }
    }

    fn extents(&self) -> Vec<Extent> {
        self.series.iter().map(|line| self.extent(line)).collect()
    }

    fn extent(&self, line: &MetricLine) -> Extent {
        let (mut least, mut most) = (f64::MAX, f64::MIN);
        for segment in &line.segments {
            for &(_, v) in visible(segment, self.axis).iter().filter(|(_, v)| v.is_finite()) {
                most = most.max(v);
                if v > 0.0 {
                    least = least.min(v);
                }
            }
        }
        Extent { least: Some(least).filter(|v| *v < f64::MAX), most: Some(most).filter(|v| *v > f64::MIN) }
    }

    fn scale(&self, bands: &[Vec<TargetBand>], rows: usize) -> Scale {
        let extents = self.extents();
        let all = || bands.iter().flatten();
        let reach = Some(self.reach).filter(|reach| *reach > 0.0);
        let needs = Needs {
            least: extents.iter().filter_map(|e| e.least).reduce(f64::min),
            most: extents.iter().filter_map(|e| e.most).chain(reach).reduce(f64::max),
            target: bands.iter().find_map(|bands| bands.last()).map(|band| band.target),
            edge: all().map(|band| band.high).fold(0.0, f64::max),
            low_edge: all().map(|band| band.low).filter(|v| *v > 0.0).reduce(f64::min).unwrap_or(0.0),
        };
        if self.chooses_log(&extents) { Scale::log(needs, rows) } else { Scale::linear(needs, rows) }
    }

    /// Draws the lines; gives the topmost dot of each line in each dot column, `usize::MAX` where there is none.
    fn trace(&self, canvas: &mut Canvas, scale: Scale) -> Vec<Vec<usize>> {
        let (dots, height) = (canvas.width, canvas.height);
        let mut run: Vec<DotColumn> = Vec::with_capacity(dots);
        self.series
            .iter()
            .map(|line| {
                let mut tops = vec![usize::MAX; dots];
                for segment in &line.segments {
                    runs(segment, self.axis, dots, &mut run, |run| {
                        join(
                            run,
                            dots,
                            |v| scale.row(v, height),
                            |x, a, b| {
                                tops[x] = tops[x].min(a.min(b));
                                canvas.stroke(x, (a, b), run.len() > 1, line.role);
                            },
                        );
                    });
                }
                tops
            })
            .collect()
    }

    /// A dot for each line at the cursor, at the height of the sample that it reads: the last one that is not later.
    fn points(&self, buf: &mut Buffer, plot: Rect, scale: Scale, style: &ChartStyle) {
        let Some(at) = self.cursor else { return };
        let Some(column) = self.axis.column_within(at, usize::from(plot.width)) else { return };
        for line in &self.series {
            let read = line.segments.iter().filter_map(|s| s.iter().rfind(|p| p.0 <= at)).max_by_key(|p| p.0);
            let row = read.filter(|p| p.1.is_finite()).map(|p| scale.row(p.1, usize::from(plot.height)));
            if let Some(y) = row.and_then(|row| offset(plot.y, row, plot.height))
                && let Some(cell) = buf.cell_mut((plot.x + column, y))
            {
                cell.set_char(style.symbols.glyphs().rec).set_style(style.theme.style(line.role));
            }
        }
    }

    /// The figures of the value axis: targets before band edges before ticks.
    fn beside(
        &self,
        buf: &mut Buffer,
        parts: &ChartAreas,
        scale: Scale,
        bands: &[Vec<TargetBand>],
        ticks: Vec<(usize, String, Role)>,
        style: &ChartStyle,
    ) {
        let rows = usize::from(parts.left.height);
        let last = || bands.iter().filter_map(|bands| bands.last());
        let mut all: Vec<(usize, String, Role)> = Vec::new();
        if scale.log {
            // Above the figures where there is a row for it.
            match parts.head.height {
                0 => all.push((rows.saturating_sub(1), LOG.into(), Role::Accent)),
                _ => figures(
                    buf,
                    Rect { y: parts.head.y, height: 1, ..parts.left },
                    &[(0, LOG.into(), Role::Accent)],
                    style,
                ),
            }
        }
        let targets = last().map(|band| (scale.row(band.target, rows), percent(band.target), Role::Target));
        all.extend(targets);
        // On a logarithmic axis they are too near the target for rows of their own.
        for v in last().flat_map(|band| [band.high, band.low]).filter(|v| !scale.log && scale.shows(*v)) {
            all.push((scale.row(v, rows), percent(v), Role::Muted));
        }
        all.extend(ticks);
        figures(buf, parts.left, &all, style);
    }

    fn ends(&self, buf: &mut Buffer, parts: &ChartAreas, scale: Scale, bands: &[Vec<TargetBand>], style: &ChartStyle) {
        let rows = usize::from(parts.plot.height);
        let mut labels = Vec::new();
        for line in &self.series {
            let last = line.segments.iter().rev().find_map(|segment| {
                visible(segment, self.axis)
                    .iter()
                    .rev()
                    .find(|(at, v)| v.is_finite() && (self.axis.start_ms..self.axis.end_ms).contains(at))
                    .map(|s| s.1)
            });
            if let Some(v) = last {
                labels.push(Label {
                    row: scale.row(v, rows),
                    value: v,
                    text: line.label.clone(),
                    role: line.role,
                    weight: 2,
                });
            }
        }
        let mut targets: Vec<(f64, &str)> = Vec::new();
        for (line, band) in self.series.iter().zip(bands).filter_map(|(line, bands)| Some((line, bands.last()?))) {
            match targets.iter_mut().find(|(v, _)| *v == band.target) {
                Some((_, name)) => *name = "",
                None => targets.push((band.target, &line.name)),
            }
        }
        let several = targets.len() > 1;
        for (v, name) in targets {
            let text = match several && !name.is_empty() {
                true => format!("{} for {name}", percent(v)),
                false => format!("target {}", percent(v)),
            };
            labels.push(Label { row: scale.row(v, rows), value: v, text, role: Role::Target, weight: 1 });
        }
        names(buf, parts, labels, style);
    }
}
