//! What became of each signal's items since the session began, step by step. Must not estimate: the count of a tier
//! that is not observed is a dash.

use super::RoleLine;
use crate::format::{self, text};
use crate::observe::Signal;
use crate::session::{Account, Totals};
use crate::view::{Cx, theme::Role};

const NAMES: usize = 9;

/// A column of the account.
struct AccountColumn {
    head: (&'static str, &'static str),
    /// The role of a value greater than 0.
    role: Role,
    of: fn(&Cx, Signal, &Account) -> Option<f64>,
}

const COLUMNS: [AccountColumn; 8] = [
    AccountColumn { head: ("offered", "offered"), role: Role::Text, of: |_, _, a| a.offered() },
    AccountColumn { head: ("agents took", "agents"), role: Role::Text, of: |_, _, a| a.agents.map(|t| t.accepted) },
    AccountColumn { head: ("gateway took", "gateway"), role: Role::Text, of: |_, _, a| a.gateway.map(|t| t.accepted) },
    // Senders may try again, so what was refused is not lost.
    AccountColumn { head: ("refused", "refused"), role: Role::Warn, of: |_, _, a| both(a, |t| t.refused) },
    AccountColumn { head: ("sent", "sent"), role: Role::Text, of: |_, _, a| a.gateway.map(|t| t.sent) },
    AccountColumn { head: ("given up", "gave up"), role: Role::Bad, of: |_, _, a| both(a, |t| t.send_failed) },
    AccountColumn { head: ("no room", "no room"), role: Role::Bad, of: |_, _, a| both(a, |t| t.enqueue_failed) },
    AccountColumn { head: ("indexed", "indexed"), role: Role::Good, of: |cx, s, _| indexed(cx, s) },
];

fn both(account: &Account, of: fn(&Totals) -> f64) -> Option<f64> {
    [account.agents, account.gateway, account.cluster].iter().flatten().map(of).reduce(|a, b| a + b)
}

fn indexed(cx: &Cx, signal: Signal) -> Option<f64> {
    cx.session.ingest.signal(signal).map(|flow| flow.total as f64)
}

pub fn lines(cx: &Cx, width: usize) -> Vec<RoleLine> {
    let cell = (width.saturating_sub(NAMES) / COLUMNS.len()).clamp(7, 16);
    let mut head: RoleLine = vec![(text::left("items", NAMES), Role::Muted)];
    head.extend(COLUMNS.iter().map(|c| (text::right(if cell >= 14 { c.head.0 } else { c.head.1 }, cell), Role::Muted)));
    let since = cx.session.began.map_or_else(String::new, |t| cx.look.moment(t.timestamp_millis(), cx.now));
    let mut title: RoleLine = vec![(format!("What became of the items since {since}"), Role::Title)];
    // Otherwise fewer metrics indexed than sent would look like a loss.
    let note = "  a document of metrics holds several data points";
    if indexed(cx, Signal::Metrics).is_some() && text::width(&title[0].0) + text::width(note) <= width {
        title.push((note.into(), Role::Muted));
    }
    let mut out = vec![title, head];
    for signal in Signal::ALL {
        let account = cx.session.collectors.account(signal);
        let mut line: RoleLine = vec![(text::left(signal.name(), NAMES), Role::Text)];
        for column in &COLUMNS {
            let value = (column.of)(cx, signal, &account);
            let role = match value {
                None | Some(0.0) => Role::Muted,
                Some(_) => column.role,
            };
            line.push((text::right(&value.map_or_else(|| format::UNKNOWN.into(), format::count), cell), role));
        }
        out.push(line);
    }
    out
}
