//! The series as one tidy CSV table, and back. Must not round.

use super::series::NamedSeries;
use crate::observe::Time;
use chrono::SecondsFormat;

/// The columns, in order.
pub const COLUMNS: [&str; 5] = ["time", "series", "labels", "value", "unit"];

#[cfg(test)]
/// A row that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub at: Time,
    pub series: String,
    /// `metric=cpu;pod=a`.
    pub labels: String,
    /// None where the figure is unknown from then on.
    pub value: Option<f64>,
    pub unit: String,
}

/// The table: a row for each point, by series and then by time.
///
/// # Errors
/// None in practice; writing to memory is fallible by type.
pub fn write(series: &[NamedSeries]) -> Result<String, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(COLUMNS)?;
    for one in series {
        let labels = one.label_text();
        for (ms, value) in &one.points {
            let value = value.map(|v| v.to_string()).unwrap_or_default();
            out.write_record([time(*ms).as_str(), one.name, &labels, &value, one.unit])?;
        }
    }
    let bytes = out.into_inner().map_err(|e| e.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
/// The rows of such a table.
///
/// # Errors
/// The row that is invalid, and what is wrong with it.
pub fn read(text: &str) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (i, record) in csv::Reader::from_reader(text.as_bytes()).records().enumerate() {
        let record = record.map_err(|e| e.to_string())?;
        let wrong = |what: &str| format!("row {}: {what}", i + 1);
        let field = |n: usize| record.get(n).ok_or_else(|| wrong("too few columns"));
        let value = field(3)?;
        let value = if value.is_empty() { None } else { Some(value.parse().map_err(|_| wrong("no number"))?) };
        rows.push(Row {
            at: field(0)?.parse().map_err(|_| wrong("no time"))?,
            series: field(1)?.to_string(),
            labels: field(2)?.to_string(),
            value,
            unit: field(4)?.to_string(),
        });
    }
    Ok(rows)
}

/// RFC 3339, UTC, milliseconds.
pub fn time(ms: i64) -> String {
    Time::from_timestamp_millis(ms).map(|t| t.to_rfc3339_opts(SecondsFormat::Millis, true)).unwrap_or_default()
}
