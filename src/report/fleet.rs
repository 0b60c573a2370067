//! `status -A`: every HPA as JSON (schema `edot-tui/fleet/1`) and as a table like that of `kubectl get hpa`. Must not derive
//! figures.

use super::schema::Schema;
use super::status::number;
use crate::explain::fleet as words;
use crate::format::{UNKNOWN, text};
use crate::observe::{FeedState, Time};
use crate::session::{
    Severity,
    fleet::{Fleet, HpaRow, Trouble},
};
use serde::Serialize;

/// The whole of it, as `assets/schemas/fleet.json` describes it. What is unknown is null, never 0.
#[derive(Debug, Serialize)]
pub struct FleetStatus {
    pub schema: &'static str,
    pub at: Option<Time>,
    pub clusters: Vec<ClusterStatus>,
    pub totals: Totals,
    pub hpas: Vec<HpaStatus>,
}

/// A cluster, and whether it can be read.
#[derive(Debug, Serialize)]
pub struct ClusterStatus {
    pub context: String,
    pub state: FeedState,
    pub reason: Option<String>,
    pub hint: Option<String>,
    pub server_version: Option<String>,
    /// None while its HPAs are not known.
    pub hpas: Option<usize>,
}

/// Over all clusters that can be read.
#[derive(Debug, Serialize)]
pub struct Totals {
    pub hpas: usize,
    pub in_trouble: usize,
    pub critical: usize,
    pub current_replicas: i64,
    pub max_replicas: i64,
    /// HPAs that there was no room for.
    pub left_out: usize,
}

/// An HPA.
#[derive(Debug, Serialize)]
pub struct HpaStatus {
    pub context: String,
    pub namespace: String,
    pub name: String,
    pub labels: std::collections::BTreeMap<String, String>,
    pub owner: Option<String>,
    pub target_kind: String,
    pub target_name: String,
    pub created: Option<Time>,
    pub min_replicas: i32,
    pub max_replicas: i32,
    pub current_replicas: Option<i32>,
    pub desired_replicas: Option<i32>,
    pub metrics: Vec<MetricStatus>,
    pub last_rescale: Option<RescaleStatus>,
    pub next_replicas: Option<i32>,
    pub next: Option<String>,
    pub why: Option<String>,
    pub limited_by: Option<String>,
    pub state: String,
    pub severity: Option<&'static str>,
    pub troubles: Vec<TroubleStatus>,
}

/// A metric against its target.
#[derive(Debug, Serialize)]
pub struct MetricStatus {
    pub label: String,
    pub target_type: &'static str,
    #[serde(serialize_with = "number::figure")]
    pub current: Option<f64>,
    #[serde(serialize_with = "number::number")]
    pub target: f64,
    pub ratio: Option<f64>,
    /// The ratios within which nothing is done.
    pub tolerance_down: f64,
    pub tolerance_up: f64,
    /// As kubectl prints it.
    pub text: String,
}

/// The last rescale.
#[derive(Debug, Serialize)]
pub struct RescaleStatus {
    pub at: Time,
    pub from: Option<i32>,
    pub to: Option<i32>,
    pub reason: Option<String>,
}

/// Something wrong.
#[derive(Debug, Serialize)]
pub struct TroubleStatus {
    pub severity: &'static str,
    pub message: String,
}

/// The status of a fleet at `now`, the HPA in the worst trouble first.
pub fn fleet(fleet: &Fleet, now: Time) -> FleetStatus {
    let hpas: Vec<HpaStatus> = fleet.by_trouble(now).into_iter().map(|row| hpa(fleet, row, now)).collect();
    let (in_trouble, critical) = fleet.troubled(now);
    FleetStatus {
        schema: Schema::Fleet.id(),
        at: Some(now),
        clusters: fleet
            .clusters()
            .iter()
            .map(|c| ClusterStatus {
                context: c.context.clone(),
                state: c.status.state,
                reason: c.status.reason.clone(),
                hint: c.status.hint.clone(),
                server_version: Some(c.version.clone()).filter(|version| !version.is_empty()),
                hpas: c.listed.then(|| hpas.iter().filter(|hpa| hpa.context == c.context).count()),
            })
            .collect(),
        totals: Totals {
            hpas: hpas.len(),
            in_trouble,
            critical,
            current_replicas: fleet.rows().filter_map(|row| row.current).map(i64::from).sum(),
            max_replicas: fleet.rows().map(|row| i64::from(row.hpa.max_replicas)).sum(),
            left_out: fleet.left_out,
        },
        hpas,
    }
}

fn hpa(fleet: &Fleet, row: &HpaRow, now: Time) -> HpaStatus {
    let troubles = row.troubles(now);
    let (state, severity) = words::state(row, now);
    let metrics = row.figures.iter().map(|figure| MetricStatus {
        label: figure.label.clone(),
        target_type: figure.target_type.name(),
        current: figure.current,
        target: figure.target,
        ratio: figure.ratio().map(|ratio| (ratio * 1000.0).round() / 1000.0),
        tolerance_down: row.band.0,
        tolerance_up: row.band.1,
        text: words::figure(figure),
    });
    HpaStatus {
        context: fleet.cluster(row).context.clone(),
        namespace: row.hpa.namespace.clone(),
        name: row.hpa.name.clone(),
        labels: row.labels.clone(),
        owner: row.owner.clone(),
        target_kind: row.hpa.target.kind.clone(),
        target_name: row.hpa.target.name.clone(),
        created: row.hpa.created,
        min_replicas: row.hpa.min_replicas.unwrap_or(1),
        max_replicas: row.hpa.max_replicas,
        current_replicas: row.current,
        desired_replicas: row.desired,
        metrics: metrics.collect(),
        last_rescale: row.rescaled.as_ref().map(|r| RescaleStatus {
            at: r.at,
            from: r.from,
            to: r.to,
            reason: Some(r.reason.clone()).filter(|reason| !reason.is_empty()),
        }),
        next_replicas: row.next_replicas(),
        next: words::next(row),
        why: words::next_sentence(fleet, row),
        limited_by: words::limited(row),
        state,
        severity: severity.map(Severity::word),
        troubles: troubles
            .into_iter()
            .map(|t: Trouble| TroubleStatus { severity: t.severity().word(), message: words::trouble(row, t) })
            .collect(),
    }
}

/// A column of the table.
type Column = (&'static str, fn(&Fleet, &HpaRow, Time) -> String);

/// The most columns of a state: the controller's own messages are long, and JSON has them whole.
const STATE: usize = 100;

/// Those of `kubectl get hpa -A`, and what it does not say.
const COLUMNS: [Column; 11] = [
    ("CONTEXT", |fleet, row, _| fleet.cluster(row).context.clone()),
    ("NAMESPACE", |_, row, _| row.hpa.namespace.clone()),
    ("NAME", |_, row, _| row.hpa.name.clone()),
    ("REFERENCE", |_, row, _| format!("{}/{}", row.hpa.target.kind, row.hpa.target.name)),
    ("TARGETS", |_, row, _| words::figures(row)),
    ("MINPODS", |_, row, _| row.hpa.min_replicas.unwrap_or(1).to_string()),
    ("MAXPODS", |_, row, _| row.hpa.max_replicas.to_string()),
    ("REPLICAS", |_, row, _| row.hpa.status.current_replicas.unwrap_or(0).to_string()),
    ("RESCALED", |_, row, now| words::rescaled(row, now).map_or(UNKNOWN.into(), |(ago, to)| format!("{to}, {ago}"))),
    ("NEXT", |_, row, _| words::next(row).unwrap_or_else(|| UNKNOWN.into())),
    ("STATE", |_, row, now| text::fit(&words::state(row, now).0, STATE, '…')),
];

/// The table at `now`, then a line for each cluster that cannot be read, and the totals.
pub fn fleet_as_text(fleet: &Fleet, now: Time) -> String {
    // With one cluster its name says nothing.
    let columns = &COLUMNS[usize::from(fleet.clusters().len() < 2)..];
    let mut lines: Vec<Vec<String>> = vec![columns.iter().map(|(head, _)| (*head).to_owned()).collect()];
    let rows = fleet.by_trouble(now);
    lines.extend(rows.iter().map(|row| columns.iter().map(|(_, cell)| cell(fleet, row, now)).collect()));
    let widths: Vec<usize> =
        (0..columns.len()).map(|i| lines.iter().map(|line| text::width(&line[i])).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for line in lines.iter().filter(|_| !rows.is_empty()) {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| text::left(cell, *width)).collect();
        out += cells.join("   ").trim_end();
        out.push('\n');
    }
    for cluster in fleet.dark() {
        out += &format!("{}\n", words::dark(cluster, now));
    }
    out + &totals(fleet, now) + "\n"
}

/// `200 HPAs, 3 in trouble (1 critical), 512 of 1200 replicas; 1 of 5 clusters cannot be read`.
pub fn totals(fleet: &Fleet, now: Time) -> String {
    let (troubled, critical) = fleet.troubled(now);
    let current: i64 = fleet.rows().filter_map(|row| row.current).map(i64::from).sum();
    let max: i64 = fleet.rows().map(|row| i64::from(row.hpa.max_replicas)).sum();
    let trouble = match (troubled, critical) {
        (0, _) => "none in trouble".to_owned(),
        (n, 0) => format!("{n} in trouble"),
        (n, critical) => format!("{n} in trouble ({critical} critical)"),
    };
    let dark = fleet.dark().count();
    let (all, more) = (fleet.clusters().len(), fleet.left_out);
    let dark =
        if dark > 0 { format!("; {dark} of {} cannot be read", text::plural(all, "cluster")) } else { String::new() };
    let more = if more > 0 { format!("; {more} more are left out") } else { String::new() };
    format!("{}, {trouble}, {current} of {max} replicas{dark}{more}", text::plural(fleet.len(), "HPA"))
}
