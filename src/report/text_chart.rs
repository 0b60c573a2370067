//! Panels as charts of characters, for a terminal: the same lines as in HTML. Must not choose what is in them.

use super::panels::Panel;
use super::plot::Axis;
use crate::format;
use crate::terminal::pen::Pen;
use crate::view::Look;
use crate::view::chart::{self, LineChart, Margins, PlainLine, TimeAxis};
use crate::view::golden;
use crate::view::theme::Role;
use ratatui::{buffer::Buffer, layout::Rect};

/// Rows of a panel without its title and time row.
const ROWS: u16 = 9;

/// The panels below one another, `width` columns wide; with colours as a terminal's escape sequences.
pub fn draw(panels: &[Panel], axis: &Axis, width: u16, colours: bool, look: &Look) -> String {
    let mut out = String::new();
    for panel in panels.iter().filter(|p| p.traces.iter().any(|t| !t.points.is_empty())) {
        out.push_str(&format!("\n{}\n", panel.title));
        let buffer = panel_buffer(panel, axis, width, look);
        match colours {
            true => out.push_str(&coloured(&buffer)),
            false => golden::planes(&buffer).text.iter().for_each(|row| out.push_str(&format!("{}\n", row.trim_end()))),
        }
    }
    out
}

fn panel_buffer(panel: &Panel, axis: &Axis, width: u16, look: &Look) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, ROWS + 1));
    let margins = Margins::for_width(width);
    let time = TimeAxis { start_ms: axis.from, end_ms: axis.to };
    let look = chart::ChartStyle { theme: look.theme(), symbols: look.symbols, utc_offset_s: 0, origin: None };
    let lines = panel.traces.iter().map(|t| PlainLine {
        label: t.name.clone(),
        role: Role::SERIES[t.colour.saturating_sub(1) % Role::SERIES.len()],
        segments: segments(t, axis.to),
        peak: 0.0,
        dashed: false,
    });
    let unit: fn(f64) -> String = if panel.unit == "percent" { format::percent } else { format::count };
    let chart = LineChart { axis: time, margins, lines: lines.collect(), unit, cursor: None, markers: vec![] };
    chart.draw(Rect::new(0, 0, width, ROWS), &mut buffer, &look);
    time.draw_row(Rect::new(0, ROWS, width, 1), &mut buffer, margins, None, &look);
    buffer
}

/// Unbroken lines; steps get their corners.
fn segments(trace: &super::panels::Trace, end: i64) -> Vec<Vec<(i64, f64)>> {
    let mut out: Vec<Vec<(i64, f64)>> = vec![Vec::new()];
    let steps = trace.shape == super::series::Shape::StepSeries;
    for (ms, value) in trace.points.iter().copied().chain(trace.points.last().filter(|_| steps).map(|p| (end, p.1))) {
        let Some(line) = out.last_mut() else { continue };
        if let (true, Some(&(_, before))) = (steps, line.last()) {
            line.push((ms - 1, before));
        }
        match value {
            Some(v) => line.push((ms, v)),
            None => out.push(Vec::new()),
        }
    }
    out.retain(|l| !l.is_empty());
    out
}

/// A buffer's rows with escape sequences.
fn coloured(buffer: &Buffer) -> String {
    let mut out = Vec::new();
    for y in 0..buffer.area.height {
        let mut pen = Pen::default();
        for x in 0..buffer.area.width {
            if let Some(cell) = buffer.cell((x, y)) {
                pen.write(&mut out, cell);
            }
        }
        out.extend_from_slice(b"\x1b[0m\n");
    }
    String::from_utf8_lossy(&out).into_owned()
}
