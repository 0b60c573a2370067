//! The front as a chart: cost from left to right, seconds above the line upwards. Must not choose what is on it.

use super::Summary;
use std::fmt::Write;

/// Rows of the chart of characters.
const ROWS: usize = 14;
/// Columns of the axis to its left.
const AXIS: usize = 9;
/// The picture's size.
const SIZE: (f64, f64) = (720.0, 300.0);
const EDGE: f64 = 46.0;

/// A mark: (replica-minutes, seconds above the line), and how it is drawn.
type Marks = Vec<((f64, f64), char)>;

/// All marks, what covers others last, and the greatest shown on each axis.
fn marks(s: &Summary) -> (Marks, (f64, f64), f64) {
    let at = |score: &crate::decide::score::Score| (score.cost, score.above_s);
    let mut out: Marks = s.cloud.iter().map(|p| (*p, '.')).collect();
    out.extend(s.front.iter().map(|m| (at(&m.score), 'o')));
    out.push((at(&s.expected.score), 'P'));
    out.push((at(&s.recommended.score), 'R'));
    // What is far from the front says nothing.
    let shown = || out.iter().filter(|m| m.1 != '.').map(|m| m.0);
    let (low, high) = (shown().map(|p| p.0).fold(f64::INFINITY, f64::min), shown().map(|p| p.0).fold(0.0, f64::max));
    let around = ((high - low) * 0.05).max(0.5);
    let most = shown().map(|p| p.1).fold(1.0, f64::max);
    ((out), ((low - around).max(0.0), high + around), most)
}

/// As characters, `width` columns wide.
pub fn text(s: &Summary, width: usize) -> String {
    let (marks, (low, high), most) = marks(s);
    let columns = width.saturating_sub(AXIS + 1).max(20);
    let mut cells = vec![vec![' '; columns]; ROWS];
    for ((cost, above), sign) in marks {
        let x = (cost - low) / (high - low) * (columns - 1) as f64;
        let y = (1.0 - above / most) * (ROWS - 1) as f64;
        if x < -0.5 || y < -0.5 || x.round() as usize >= columns {
            continue;
        }
        if let Some(cell) = cells.get_mut(y.round() as usize).and_then(|row| row.get_mut(x.round() as usize)) {
            *cell = sign;
        }
    }
    let mut out = String::from("seconds above the line\n");
    for (row, line) in cells.iter().enumerate() {
        let label = match row {
            0 => format!("{most:.0}"),
            r if r + 1 == ROWS => "0".to_owned(),
            _ => String::new(),
        };
        let line: String = line.iter().collect();
        let _ = writeln!(out, "{label:>AXIS$}|{}", line.trim_end());
    }
    let (left, right) = (format!("{low:.1}"), format!("{high:.1} replica-minutes"));
    let gap = columns.saturating_sub(left.len() + right.len());
    let _ = writeln!(out, "{:AXIS$}+{}\n{:AXIS$} {left}{}{right}", "", "-".repeat(columns), "", " ".repeat(gap));
    out + "P present, R recommended, o front, . other candidates\n"
}

/// As SVG inside a page: colours are those of the page's charts.
pub fn svg(s: &Summary) -> String {
    let (marks, (low, high), most) = marks(s);
    let (w, h) = SIZE;
    let mut out = format!("<svg viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"the front\">\n");
    let place = |(cost, above): (f64, f64)| {
        let x = EDGE + (cost - low) / (high - low) * (w - 2.0 * EDGE);
        (x, 12.0 + (1.0 - above / most) * (h - 12.0 - EDGE))
    };
    for (point, sign) in marks.into_iter().filter(|m| (low..=high).contains(&m.0.0) && m.0.1 <= most) {
        let (x, y) = place(point);
        let _ = match sign {
            '.' => {
                writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"1.5\" fill=\"currentColor\" opacity=\"0.25\"/>")
            }
            'o' => {
                writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"none\" stroke=\"currentColor\"/>")
            }
            letter => writeln!(
                out,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"currentColor\"/><text x=\"{:.1}\" y=\"{:.1}\" \
                 fill=\"currentColor\">{letter}</text>",
                x + 8.0,
                y - 6.0
            ),
        };
    }
    let (x0, y0) = place((low, 0.0));
    let (x1, y1) = place((high, most));
    let _ = write!(
        out,
        "<path d=\"M{x0:.1} {y1:.1}V{y0:.1}H{x1:.1}\" fill=\"none\" stroke=\"currentColor\" opacity=\"0.5\"/>\n\
         <text x=\"{x0:.1}\" y=\"{:.1}\" fill=\"currentColor\">{low:.1}</text>\n\
         <text x=\"{x1:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"currentColor\">{high:.1} replica-minutes</text>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" fill=\"currentColor\">{most:.0} s above the line</text>\n</svg>\n\
         <p>P present, R recommended; circles are the front, dots other candidates.</p>\n",
        y0 + 18.0,
        y0 + 18.0,
        x0 + 6.0,
        y1 + 10.0
    );
    out
}
