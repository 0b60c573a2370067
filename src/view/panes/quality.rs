//! Which fields log records lack, why, and the hint; and when the first telemetry arrived after the load began. Must not
//! count.

use super::empty_state;
use crate::explain::left_out::{Place, left_out};
use crate::explain::log_quality::missing_field;
use crate::format::{self, text};
use crate::observe::{Feed, LogQualitySeen, Signal};
use crate::session::ingest::quality::{Field, is_of_an_app, lack, lack_of};
use crate::view::pane_row::{Extent, Summary};
use crate::view::{Cx, theme::Role, write};
use ratatui::{buffer::Buffer, layout::Rect};

pub fn summary(cx: &Cx) -> Summary {
    let Some(q) = cx.session.ingest.quality.as_ref().filter(|q| q.denied.is_none()) else {
        return (String::new(), Role::Muted);
    };
    let minutes = ((q.to - q.from).num_seconds() + 30) / 60;
    let until = cx.look.moment(q.to.timestamp_millis(), cx.now);
    let records = Field::ALL.map(|field| lack(q, field).records).into_iter().max().unwrap_or(q.records);
    (format!("{} records, {minutes} min to {until}", format::count(records as f64)), Role::Muted)
}

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    Extent::of(None, usize::from(area.height), lines(cx, usize::from(area.width.saturating_sub(2))).len())
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    for (y, (text, role)) in lines(cx, usize::from(inner.width)).iter().enumerate() {
        write::line(buf, inner, y as u16, &[(text, cx.look.style(*role))]);
    }
}

fn lines(cx: &Cx, width: usize) -> Vec<(String, Role)> {
    let mut rows: Vec<(String, Role)> = Vec::new();
    let mut add = |text: &str, role| rows.extend(text::wrap(text, width).into_iter().map(|line| (line, role)));
    match &cx.session.ingest.quality {
        None => {
            let text = match cx.session.feeds.is_up(Feed::Ingest) {
                true => "log records without level, trace id, span id, service: not counted yet".into(),
                false => empty_state::short(cx, Feed::Ingest),
            };
            add(&text, Role::Muted);
        }
        Some(q) => match &q.denied {
            Some(denied) => {
                add(&format!("not counted: {denied}"), Role::Warn);
                q.hint.iter().for_each(|hint| add(hint, Role::Muted));
            }
            None => {
                left_out(cx.session, Place::LogQuality).iter().for_each(|text| add(text, Role::Warn));
                rows.extend(counted(q, width, cx.look.symbols.glyphs().ellipsis));
            }
        },
    }
    if let Some((text, role)) = first(cx) {
        rows.extend(text::wrap(&text, width).into_iter().map(|line| (line, role)));
    }
    rows
}

/// `first documents after the load's start: traces 4 to 14 s`.
fn first(cx: &Cx) -> Option<(String, Role)> {
    let began = cx.session.load.started()?.timestamp_millis();
    let of = |signal: Signal| {
        let (from, to) = cx.session.ingest.first_after(signal, began)?;
        Some(format!("{} {} to {} s", signal.name(), (from - began) / 1000, (to - began + 999) / 1000))
    };
    let all: Vec<String> = Signal::ALL.into_iter().filter_map(of).collect();
    (!all.is_empty()).then(|| (format!("first documents after the load's start: {}", all.join(", ")), Role::Text))
}

/// A table of the fields, then one of the services that write logs.
fn counted(q: &LogQualitySeen, width: usize, ellipsis: char) -> Vec<(String, Role)> {
    if q.records == 0 {
        return vec![("no log record in this time".into(), Role::Muted)];
    }
    let mut rows = vec![(format!("{:<13} {:>8} {:>8} {:>8}", "field", "missing", "records", "share"), Role::Muted)];
    for field in Field::ALL {
        let lack = lack(q, field);
        let share = lack.share().map_or_else(|| format::UNKNOWN.into(), |s| format::percent(s * 100.0));
        let role = if lack.missing == 0 { Role::Good } else { Role::Warn };
        let grouped = |n: u64| format::number::grouped(n as f64);
        let (missing, records) = (grouped(lack.missing), grouped(lack.records));
        rows.push((format!("{:<13} {missing:>8} {records:>8} {share:>8}", field.name()), role));
        if let Some((reason, hint)) = missing_field(lack, field) {
            let why = text::wrap(&format!("{reason}; {hint}"), width.saturating_sub(2));
            rows.extend(why.into_iter().map(|line| (format!("  {line}"), Role::Muted)));
        }
    }
    let mut groups: Vec<_> = q.groups.iter().filter(|g| is_of_an_app(g)).collect();
    groups.sort_by_key(|g| std::cmp::Reverse(g.records));
    if groups.len() < 2 {
        return rows;
    }
    let names = width.saturating_sub(29).clamp(12, 40);
    let name = |text: &str| text::left(&text::fit(text, names, ellipsis), names);
    let head = format!("{} {:>7} {:>6} {:>6} {:>6}", name("missing by service"), "records", "level", "trace", "span");
    rows.push((head, Role::Muted));
    for g in groups {
        let of = |field| lack_of(g, field).missing;
        let (level, trace, span) = (of(Field::Level), of(Field::Trace), of(Field::Span));
        let who = format!("{} {}", g.service.as_deref().unwrap_or("(no service)"), g.dataset);
        let [records, level, trace, span] = [g.records, level, trace, span].map(|n| format::count(n as f64));
        rows.push((format!("{} {records:>7} {level:>6} {trace:>6} {span:>6}", name(&who)), Role::Text));
    }
    rows
}
