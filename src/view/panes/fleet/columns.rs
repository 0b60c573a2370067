//! The columns of the table of every HPA: what each holds, how wide it is, and which go first when there is little room. Must
//! not place them.

use crate::explain::fleet as words;
use crate::format::{self, text};
use crate::session::{
    Fleet,
    fleet::{Figure, HpaRow},
};
use crate::view::{Cx, theme::Role};

/// The text of a cell in its parts.
type Cell = Vec<(String, Role)>;

/// A column.
pub struct FleetColumn {
    pub head: &'static str,
    /// The least and the most that it takes.
    width: (usize, usize),
    /// The higher, the sooner it goes.
    rank: u8,
    /// What it would take for this row.
    wants: fn(&Fleet, &HpaRow) -> usize,
    pub cell: fn(&Fleet, &HpaRow, &Cx, usize) -> Cell,
}

/// Columns that a row's bars need at least.
pub const SPARK: usize = 14;
/// Cells of a figure's bar, and which of them is the target.
const BAR: usize = 9;
const TARGET: usize = 6;
/// The columns of a state for which others go.
const SENTENCE: usize = 26;
/// The columns that a state wants where something is wrong.
const WRONG: usize = 60;
/// In at least this width, names of up to [`NAMES`] columns are whole before anything else gets more than it needs.
const WIDE: usize = 100;
const NAMES: usize = 24;
/// The column that takes what the others leave.
const STATE: &str = "state";
/// What is taken before the first column, for the sign of a severity.
const SIGN: usize = 2;

const ALL: [FleetColumn; 10] = [
    FleetColumn {
        head: "context",
        width: (8, 16),
        rank: 2,
        wants: |fleet, row| text::width(&fleet.cluster(row).context),
        cell: |fleet, row, _, _| vec![(fleet.cluster(row).context.clone(), Role::Muted)],
    },
    FleetColumn {
        head: "namespace",
        width: (10, 24),
        rank: 2,
        wants: |_, row| text::width(&row.hpa.namespace),
        cell: |_, row, _, _| vec![(row.hpa.namespace.clone(), Role::Muted)],
    },
    FleetColumn {
        head: "name",
        width: (14, 32),
        rank: 0,
        wants: |_, row| text::width(&row.hpa.name),
        cell: |_, row, _, _| vec![(row.hpa.name.clone(), Role::Text)],
    },
    FleetColumn {
        head: "scales",
        width: (10, 14),
        rank: 9,
        wants: |_, row| text::width(&row.hpa.target.kind),
        cell: |_, row, _, _| vec![(row.hpa.target.kind.clone(), Role::Muted)],
    },
    FleetColumn { head: "replicas", width: (9, 14), rank: 0, wants: |_, _| 12, cell: replicas },
    FleetColumn { head: "over target", width: (20, 30), rank: 3, wants: |_, row| worst_width(row), cell: worst },
    FleetColumn {
        head: "other metrics",
        width: (16, 44),
        rank: 8,
        wants: |_, row| others(row).len(),
        cell: |_, row, _, _| vec![(others(row), Role::Muted)],
    },
    FleetColumn { head: "rescaled", width: (10, 14), rank: 6, wants: |_, _| 12, cell: rescaled },
    FleetColumn {
        head: "next sync",
        width: (16, 18),
        rank: 5,
        wants: |_, row| words::next(row).map_or(1, |next| text::width(&next)),
        cell: next,
    },
    FleetColumn {
        head: STATE,
        width: (18, 60),
        rank: 1,
        // Where something is wrong it is a sentence, which is worked out for the rows on screen only.
        wants: |_, row| match row.severity(row.seen) {
            Some(_) => WRONG,
            None => text::width(&words::state(row, row.seen).0),
        },
        cell: state,
    },
];

/// The columns that fit, each with its width.
pub fn fitting<'a>(
    width: usize,
    fleet: &Fleet,
    rows: impl Iterator<Item = &'a HpaRow>,
) -> Vec<(&'static FleetColumn, usize)> {
    let rows: Vec<&HpaRow> = rows.collect();
    let wants = |column: &FleetColumn| {
        let most = rows.iter().map(|row| (column.wants)(fleet, row)).max().unwrap_or(0);
        most.max(text::width(column.head)).clamp(column.width.0, column.width.1)
    };
    // With one cluster its name says nothing, and where no HPA has a second metric there is nothing to show of it.
    let useful = |column: &&FleetColumn| match column.head {
        "context" => fleet.clusters().len() > 1,
        "other metrics" => rows.iter().any(|row| row.figures.len() > 1),
        _ => true,
    };
    let least = |c: &FleetColumn| match c.head {
        "namespace" | "name" if width >= WIDE => wants(c).min(NAMES),
        _ => c.width.0,
    };
    let mut columns: Vec<(&FleetColumn, usize)> = ALL.iter().filter(useful).map(|c| (c, least(c))).collect();
    let taken = |columns: &[(&FleetColumn, usize)]| columns.iter().map(|(_, width)| width + 1).sum::<usize>() + SIGN;
    while taken(&columns) > width && columns.len() > 1 {
        let Some(last) = (0..columns.len()).max_by_key(|i| (columns[*i].0.rank, *i)) else { break };
        columns.remove(last);
    }
    // What is wrong is worth more than the last columns.
    let sentence = ALL.iter().find(|c| c.head == STATE).map_or(0, |c| wants(c).min(SENTENCE) - c.width.0);
    while taken(&columns) + sentence > width
        && let Some(last) = (0..columns.len()).filter(|i| columns[*i].0.rank >= 5).max_by_key(|i| columns[*i].0.rank)
    {
        columns.remove(last);
    }
    // What is left goes to those that matter most, then to the state, then to the bars.
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|i| (columns[*i].0.head == STATE, columns[*i].0.rank));
    for i in order {
        let spare = width.saturating_sub(taken(&columns));
        let (column, least) = columns[i];
        // The state takes what the bars leave.
        let keeps = if column.head == STATE { sentence.min(spare) } else { 0 };
        let spare = if column.head == STATE {
            spare.saturating_sub(SPARK + 8).max(keeps)
        } else {
            spare.saturating_sub(sentence)
        };
        columns[i].1 = least + wants(column).saturating_sub(least).min(spare);
    }
    columns
}

/// `3 → 4 of 1–5`.
fn replicas(_: &Fleet, row: &HpaRow, cx: &Cx, _: usize) -> Cell {
    let figure = |n: Option<i32>| n.map_or_else(|| format::UNKNOWN.into(), |n: i32| n.to_string());
    let (min, max) = (row.hpa.min_replicas.unwrap_or(1), row.hpa.max_replicas);
    let moves = row.desired.filter(|_| row.desired != row.current);
    let to = moves.map(|to| format!("{}{to}", cx.look.symbols.glyphs().to)).unwrap_or_default();
    let full = row.current.is_some_and(|current| current >= max && max > min);
    vec![
        (figure(row.current), if full { Role::Warn } else { Role::Text }),
        (to, Role::Accent),
        (format!(" of {min}–{max}"), Role::Muted),
    ]
}

/// The figure that is highest over its target; one that is missing comes first.
fn worst_of(row: &HpaRow) -> Option<&Figure> {
    let key = |figure: &Figure| figure.ratio().unwrap_or(f64::INFINITY);
    row.figures.iter().reduce(|worst, other| if key(other) > key(worst) { other } else { worst })
}

fn worst_width(row: &HpaRow) -> usize {
    worst_of(row).map_or(0, |figure| text::width(&figure_text(figure)) + BAR + 1)
}

/// `cpu 96%/80%`.
fn figure_text(figure: &Figure) -> String {
    let now = if figure.current.is_some() { words::now(figure) } else { "?".into() };
    format!("{} {now}/{}", figure.label, words::target(figure))
}

/// A bar up to one and a half times the target, with the band around it, and the figure.
fn worst(_: &Fleet, row: &HpaRow, cx: &Cx, width: usize) -> Cell {
    let Some(figure) = worst_of(row) else { return vec![(format::UNKNOWN.into(), Role::Muted)] };
    let ratio = figure.ratio();
    let role = match ratio {
        None => Role::Warn,
        Some(ratio) if ratio > 1.0 + row.band.1 => Role::Bad,
        Some(ratio) if ratio < 1.0 - row.band.0 => Role::Text,
        Some(_) => Role::Good,
    };
    let g = cx.look.symbols.glyphs();
    let Some(ratio) = ratio else {
        // There is nothing to draw a bar of.
        return vec![(text::fit(&figure_text(figure), width, g.ellipsis), role)];
    };
    let full = (ratio * TARGET as f64).round().clamp(0.0, BAR as f64) as usize;
    let mut cells: Cell = Vec::new();
    for cell in 0..BAR {
        let piece = match cell {
            TARGET => (g.marker.to_string(), Role::Target),
            _ if cell < full => (g.bar.to_string(), role),
            _ => (g.rest.to_string(), Role::Faint),
        };
        cells.push(piece);
    }
    cells.push((" ".into(), Role::Text));
    let room = width.saturating_sub(BAR + 1);
    // The bar shows the target; the figure itself is what must not be cut.
    let whole = Some(figure_text(figure)).filter(|text| text::width(text) <= room);
    let short = || format!("{} {}", figure.label, words::now(figure));
    cells.push((text::fit(&whole.unwrap_or_else(short), room, g.ellipsis), role));
    cells
}

/// Every other figure.
fn others(row: &HpaRow) -> String {
    let worst = worst_of(row).map(std::ptr::from_ref);
    let rest = row.figures.iter().filter(|figure| Some(std::ptr::from_ref::<Figure>(figure)) != worst);
    rest.map(figure_text).collect::<Vec<_>>().join(", ")
}

fn rescaled(_: &Fleet, row: &HpaRow, cx: &Cx, _: usize) -> Cell {
    let now = cx.session.now.unwrap_or_default();
    let Some((ago, to)) = words::rescaled(row, now) else { return vec![(format::UNKNOWN.into(), Role::Muted)] };
    let recent = row.rescaled.as_ref().is_some_and(|r| (now - r.at).num_seconds() < 120);
    let to = to.replace(" to ", cx.look.symbols.glyphs().to).replace("to ", cx.look.symbols.glyphs().to);
    let ago = ago.trim_end_matches(" ago");
    vec![(to, if recent { Role::Marker } else { Role::Text }), (format!(" {ago}"), Role::Muted)]
}

fn next(_: &Fleet, row: &HpaRow, _: &Cx, _: usize) -> Cell {
    let text = words::next(row).unwrap_or_else(|| format::UNKNOWN.into());
    vec![(text, if row.next_moves() { Role::Accent } else { Role::Muted })]
}

fn state(_: &Fleet, row: &HpaRow, cx: &Cx, _: usize) -> Cell {
    let (text, severity) = words::state(row, cx.session.now.unwrap_or_default());
    let role = if severity.is_none() { Role::Muted } else { super::role(severity) };
    vec![(text, role)]
}
