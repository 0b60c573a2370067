//! What became of the items since the session began, under the columns of the flow: the totals of each signal at each step,
//! and what of them is in flight, refused, lost or missing in each tier. Must not estimate: the count of a tier that is not observed
//! is a dash.

use super::{
    RoleLine,
    flow::{Columns, STEPS},
};
use crate::format::{self, text};
use crate::observe::{Role as Tier, Signal};
use crate::session::Totals;
use crate::view::{Cx, theme::Role};

/// A row of the tiers' balance, and the role of a value greater than 0.
type Balance = (&'static str, Role, fn(&Cx, Tier) -> Option<f64>);

const BALANCE: [Balance; 4] = [
    ("in flight", Role::Text, in_flight),
    // Senders may try again, so what was refused is not lost.
    ("refused", Role::Warn, |cx, tier| sum(cx, tier, |t| t.refused)),
    ("lost", Role::Bad, lost),
    // What a process held that was killed, above all.
    ("missing", Role::Bad, missing),
];

/// Of a tier, all signals together.
fn sum(cx: &Cx, tier: Tier, of: fn(&Totals) -> f64) -> Option<f64> {
    let accounts = Signal::ALL.map(|signal| cx.session.collectors.account(signal));
    let totals = accounts.iter().filter_map(|a| if tier == Tier::Agent { a.agents } else { a.gateway });
    totals.map(|t| of(&t)).reduce(|a, b| a + b)
}

fn lost(cx: &Cx, tier: Tier) -> Option<f64> {
    let rejected = cx.session.collectors.tier(tier).map_or(0.0, |t| t.rejected_total);
    sum(cx, tier, Totals::lost).map(|n| n + rejected)
}

fn in_flight(cx: &Cx, tier: Tier) -> Option<f64> {
    cx.session.collectors.live(tier).filter_map(|c| c.held()).reduce(|a, b| a + b)
}

/// What Elasticsearch indexed beyond what the gateways counted as sent: a process that ends counts no more what it sent last.
/// Of metrics documents hold several points, so that they say nothing.
fn arrived(cx: &Cx, tier: Tier) -> f64 {
    let beyond = |signal| {
        let sent = cx.session.collectors.account(signal).gateway?.sent;
        Some((cx.session.ingest.signal(signal)?.total as f64 - sent).max(0.0))
    };
    if tier == Tier::Gateway { [Signal::Traces, Signal::Logs].into_iter().filter_map(beyond).sum() } else { 0.0 }
}

/// Accepted, and in no other count.
fn missing(cx: &Cx, tier: Tier) -> Option<f64> {
    let gone = sum(cx, tier, |t| t.accepted - t.sent)? - lost(cx, tier)? - in_flight(cx, tier)? - arrived(cx, tier);
    Some(if gone > 0.01 * sum(cx, tier, |t| t.accepted)? { gone } else { 0.0 })
}

/// What is lost in all tiers, the cluster collector's, too.
pub fn all_lost(cx: &Cx) -> f64 {
    let c = &cx.session.collectors;
    let counted: f64 = Signal::ALL.iter().filter_map(|signal| c.account(*signal).lost()).sum();
    let tiers = [Tier::Agent, Tier::Gateway, Tier::Cluster];
    counted + tiers.iter().filter_map(|tier| c.tier(*tier)).map(|tier| tier.rejected_total).sum::<f64>()
}

/// What is missing in all tiers whose items are balanced.
pub fn all_missing(cx: &Cx) -> f64 {
    [Tier::Agent, Tier::Gateway].into_iter().filter_map(|tier| missing(cx, tier)).sum()
}

/// Why items are in no count; None where none are missing.
pub fn missing_text(cx: &Cx) -> Option<String> {
    let missing = all_missing(cx);
    let what = "missing from every count: a killed process held them, or sent them after its last scrape";
    (missing > 0.0).then(|| format!("{} {what}", format::count(missing)))
}

pub fn lines(cx: &Cx, columns: Columns) -> Vec<RoleLine> {
    let since = cx.session.began.map_or_else(String::new, |t| cx.look.moment(t.timestamp_millis(), cx.now));
    let mut title: RoleLine = vec![(format!("since {since}"), Role::Title)];
    // Otherwise fewer metrics indexed than sent would look like a loss.
    let note = "  a document of metrics holds several data points";
    let indexed = cx.session.ingest.signal(Signal::Metrics).is_some();
    if indexed && text::width(&title[0].0) + text::width(note) <= columns.width() {
        title.push((note.into(), Role::Muted));
    }
    let mut out = vec![title];
    for signal in Signal::ALL {
        let cells = STEPS.iter().map(|step| number(cx, columns, (step.total)(cx, signal), Role::Text));
        out.push(columns.line(signal.name(), cells));
    }
    for (name, role, of) in BALANCE {
        let tier = |tier| number(cx, columns, of(cx, tier), role);
        let blank = || (String::new(), Role::Muted);
        out.push(columns.line(name, [blank(), tier(Tier::Agent), blank(), tier(Tier::Gateway)].into_iter()));
    }
    out
}

/// A count; in full where there is room, for what differs is a small part of it.
fn number(cx: &Cx, columns: Columns, value: Option<f64>, role: Role) -> (String, Role) {
    let text = match value {
        None => format::UNKNOWN.into(),
        Some(v) if cx.ui.expanded || columns.is_wide() => format::number::grouped(v),
        Some(v) => format::count(v),
    };
    (text, if value.is_none_or(|v| v == 0.0) { Role::Muted } else { role })
}
