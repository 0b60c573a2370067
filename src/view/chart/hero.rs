//! The chart everything turns on: each metric's utilization against its own target and tolerance band.
use super::aim::{Aim, above, aims, band};
use super::canvas::Canvas;
use super::labels::Label;
use super::paint::{cursor, dashes, figures, grid, markers, names, offset, tick_figures};
use super::scale::{Needs, Scale};
use super::trace::{Column, join, runs, visible};
use super::{Look, Margins, MarkerAt, Parts, Segments, Steps, TimeAxis, split};
use crate::view::format::percent;
use crate::view::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// How the value axis is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum YMode {
    /// Linear, logarithmic once a visible value reaches three times its target.
    #[default]
    Auto,
    Linear,
    Log,
}

/// One metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// `cpu`.
    pub name: String,
    /// At the right end: `cpu 96 %`.
    pub label: String,
    pub role: Role,
    /// In percent.
    pub segments: Segments,
    /// In percent, as the spec had it at that time.
    pub target: Steps,
    /// Tolerance below and above the target, as shares of it: `(0.1, 0.1)`.
    pub band: (f64, f64),
}

/// Utilization over time. Lines drawn later lie on top.
#[derive(Clone, Debug, PartialEq)]
pub struct HeroChart {
    pub axis: TimeAxis,
    pub margins: Margins,
    pub y: YMode,
    pub series: Vec<Line>,
    pub cursor: Option<i64>,
    pub markers: Vec<MarkerAt>,
    /// Whether the lowest row carries the times.
    pub time_row: bool,
}

/// The least positive and the greatest visible value of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Extent {
    least: Option<f64>,
    most: Option<f64>,
}

impl HeroChart {
    /// Draws into `area`; expects it blank.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let area = area.intersection(buf.area);
        let parts = split(area, self.margins, area.height >= 8, self.time_row && area.height >= 3);
        let plot = parts.plot;
        if self.time_row {
            self.axis.draw_row(parts.foot, buf, self.margins, self.cursor, look);
        }
        if plot.is_empty() {
            return;
        }
        let rows = usize::from(plot.height);
        let aims: Vec<Vec<Aim>> = self.series.iter().map(|line| aims(line, self.axis, plot.width)).collect();
        let scale = self.scale(&aims, rows);
        let mut canvas = Canvas::new(plot, self.axis, look);
        let tops = self.trace(&mut canvas, scale);

        cursor(buf, plot, self.axis, self.cursor, look);
        for aim in aims.iter().flatten() {
            dashes(buf, plot, scale.row(aim.target, rows), aim.from, aim.to, Role::Target, look);
        }
        if look.theme.ground(Role::Band).is_none() {
            // where shades are characters they would leave no room for the markers
            markers(buf, &parts, self.axis, &self.markers, look);
        }
        for (aims, tops) in aims.iter().zip(&tops) {
            above(buf, plot, scale, &canvas, aims, tops, look);
        }
        for aim in aims.iter().flatten() {
            band(buf, plot, scale, aim, look);
        }
        markers(buf, &parts, self.axis, &self.markers, look);
        let ticks = tick_figures(scale, rows, percent);
        grid(buf, plot, self.axis, ticks.iter().map(|t| t.0), look);
        canvas.draw(plot, buf, look);
        self.points(buf, plot, scale, look);
        self.beside(buf, &parts, scale, &aims, ticks, look);
        self.ends(buf, &parts, scale, &aims, look);
    }

    /// Whether the value axis is logarithmic; a function of the visible data alone.
    pub fn logarithmic(&self) -> bool {
        self.chooses_log(&self.extents())
    }

    fn chooses_log(&self, extents: &[Extent]) -> bool {
        let exceeds = |(line, extent): (&Line, &Extent)| {
            let target = aims(line, self.axis, 1).last().map(|aim| aim.target);
            matches!((extent.most, target), (Some(most), Some(target)) if target > 0.0 && most >= 3.0 * target)
        };
        match self.y {
            YMode::Linear => false,
            YMode::Log => true,
            YMode::Auto => self.series.iter().zip(extents).any(exceeds),
        }
    }

    fn extents(&self) -> Vec<Extent> {
        self.series.iter().map(|line| self.extent(line)).collect()
    }

    fn extent(&self, line: &Line) -> Extent {
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

    fn scale(&self, aims: &[Vec<Aim>], rows: usize) -> Scale {
        let extents = self.extents();
        let all = || aims.iter().flatten();
        let needs = Needs {
            least: extents.iter().filter_map(|e| e.least).reduce(f64::min),
            most: extents.iter().filter_map(|e| e.most).reduce(f64::max),
            target: aims.iter().find_map(|aims| aims.last()).map(|aim| aim.target),
            edge: all().map(|aim| aim.high).fold(0.0, f64::max),
            low_edge: all().map(|aim| aim.low).filter(|v| *v > 0.0).reduce(f64::min).unwrap_or(0.0),
        };
        if self.chooses_log(&extents) { Scale::log(needs, rows) } else { Scale::linear(needs, rows) }
    }

    /// Draws the lines; gives the topmost dot of each line in each dot column, `usize::MAX` where there is none.
    fn trace(&self, canvas: &mut Canvas, scale: Scale) -> Vec<Vec<usize>> {
        let (dots, height) = (canvas.width, canvas.height);
        let mut run: Vec<Column> = Vec::with_capacity(dots);
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
    fn points(&self, buf: &mut Buffer, plot: Rect, scale: Scale, look: &Look) {
        let Some(at) = self.cursor else { return };
        let Some(column) = self.axis.column_within(at, usize::from(plot.width)) else { return };
        for line in &self.series {
            let read = line.segments.iter().filter_map(|s| s.iter().rfind(|p| p.0 <= at)).max_by_key(|p| p.0);
            let row = read.filter(|p| p.1.is_finite()).map(|p| scale.row(p.1, usize::from(plot.height)));
            if let Some(y) = row.and_then(|row| offset(plot.y, row, plot.height))
                && let Some(cell) = buf.cell_mut((plot.x + column, y))
            {
                cell.set_char(look.symbols.glyphs().rec).set_style(look.theme.style(line.role));
            }
        }
    }

    /// The figures of the value axis: targets before band edges before ticks.
    fn beside(
        &self,
        buf: &mut Buffer,
        parts: &Parts,
        scale: Scale,
        aims: &[Vec<Aim>],
        ticks: Vec<(usize, String, Role)>,
        look: &Look,
    ) {
        let rows = usize::from(parts.left.height);
        let last = || aims.iter().filter_map(|aims| aims.last());
        let mut all: Vec<(usize, String, Role)> =
            last().map(|aim| (scale.row(aim.target, rows), percent(aim.target), Role::Target)).collect();
        for v in last().flat_map(|aim| [aim.high, aim.low]).filter(|v| scale.shows(*v)) {
            all.push((scale.row(v, rows), percent(v), Role::Muted));
        }
        all.extend(ticks);
        figures(buf, parts.left, &all, look);
    }

    fn ends(&self, buf: &mut Buffer, parts: &Parts, scale: Scale, aims: &[Vec<Aim>], look: &Look) {
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
                labels.push(Label { row: scale.row(v, rows), text: line.label.clone(), role: line.role, weight: 2 });
            }
        }
        let mut targets: Vec<(f64, &str)> = Vec::new();
        for (line, aim) in self.series.iter().zip(aims).filter_map(|(line, aims)| Some((line, aims.last()?))) {
            match targets.iter_mut().find(|(v, _)| *v == aim.target) {
                Some((_, name)) => *name = "",
                None => targets.push((aim.target, &line.name)),
            }
        }
        let several = targets.len() > 1;
        for (v, name) in targets {
            let text = match several && !name.is_empty() {
                true => format!("{} {name} target", percent(v)),
                false => format!("target {}", percent(v)),
            };
            labels.push(Label { row: scale.row(v, rows), text, role: Role::Target, weight: 1 });
        }
        names(buf, parts, labels, look);
    }
}
