//! Which fields log records lack, why, and the hint; and when the first telemetry arrived after the load began. Must not
//! count.

use super::empty_state;
use crate::explain::left_out::{Place, left_out};
use crate::explain::log_quality::missing_field;
use crate::format::{self, text};
use crate::observe::{Feed, LogQualitySeen, Signal};
use crate::session::ingest::quality::{Field, is_of_an_app, lack, lack_of};
use crate::view::{Cx, theme::Role, write};
use ratatui::{buffer::Buffer, layout::Rect};

pub fn summary(cx: &Cx) -> String {
    let Some(q) = cx.session.ingest.quality.as_ref().filter(|q| q.denied.is_none()) else { return String::new() };
    let minutes = ((q.to - q.from).num_seconds() + 30) / 60;
    format!("{} records of the last {minutes} min", format::count(q.records as f64))
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let mut rows: Vec<(String, Role)> = Vec::new();
    rows.extend(first(cx));
    match &cx.session.ingest.quality {
        None => {
            let text = match cx.session.feeds.is_up(Feed::Ingest) {
                true => "log records without level, trace id, span id, service: not counted yet".into(),
                false => empty_state::short(cx, Feed::Ingest),
            };
            rows.push((text, Role::Muted));
        }
        Some(q) => match &q.denied {
            Some(denied) => {
                rows.push((format!("not counted: {denied}"), Role::Warn));
                rows.extend(q.hint.iter().map(|m| (m.clone(), Role::Muted)));
            }
            None => {
                counted(&mut rows, q);
                rows.extend(left_out(cx.session, Place::LogQuality).map(|text| (text, Role::Warn)));
            }
        },
    }
    let mut y = 0;
    for (text, role) in rows {
        for line in text::wrap(&text, usize::from(inner.width)) {
            write::line(buf, inner, y, &[(&line, cx.look.style(role))]);
            y += 1;
        }
    }
}

/// `first after the load began: traces 4 to 14 s`.
fn first(cx: &Cx) -> Option<(String, Role)> {
    let began = cx.session.load.started()?.timestamp_millis();
    let of = |signal: Signal| {
        let (from, to) = cx.session.ingest.first_after(signal, began)?;
        Some(format!("{} {} to {} s", signal.name(), (from - began) / 1000, (to - began + 999) / 1000))
    };
    let all: Vec<String> = Signal::ALL.into_iter().filter_map(of).collect();
    (!all.is_empty()).then(|| (format!("first after the load began: {}", all.join(", ")), Role::Text))
}

fn counted(rows: &mut Vec<(String, Role)>, q: &LogQualitySeen) {
    if q.records == 0 {
        rows.push(("no log record in this time".into(), Role::Muted));
        return;
    }
    for field in Field::ALL {
        let lack = lack(q, field);
        let share = lack.share().map_or_else(|| format::UNKNOWN.into(), |s| format::percent(s * 100.0));
        let role = if lack.missing == 0 { Role::Good } else { Role::Warn };
        rows.push((format!("{:<13} missing in {share} ({} of {})", field.name(), lack.missing, lack.records), role));
        if let Some((reason, hint)) = missing_field(lack, field) {
            rows.push((format!("  {reason}; {hint}"), Role::Muted));
        }
    }
    let mut groups: Vec<_> = q.groups.iter().filter(|g| is_of_an_app(g)).collect();
    groups.sort_by_key(|g| std::cmp::Reverse(g.records));
    if groups.len() > 1 {
        rows.push(("service, dataset: records, without level, trace, span".into(), Role::Muted));
    }
    for g in groups.iter().filter(|_| groups.len() > 1) {
        let of = |field| lack_of(g, field).missing;
        let service = g.service.as_deref().unwrap_or("(no service)");
        let (level, trace, span) = (of(Field::Level), of(Field::Trace), of(Field::Span));
        rows.push((format!("{service}, {}: {}, {level}, {trace}, {span}", g.dataset, g.records), Role::Text));
    }
}
