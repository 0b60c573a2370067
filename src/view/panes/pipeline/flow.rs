//! The edges: items a second by signal at each step, with the tiers and their queues above. Must not draw the account.

use super::RoleLine;
use crate::format::{self, text};
use crate::observe::{Feed, Role as Tier, Signal};
use crate::session::{Rates, Series, ingest::Strain};
use crate::view::{Cx, panes::empty_state, theme::Role};

/// How long a rate is valid, in milliseconds.
const HOLDS: i64 = 20_000;
/// A step that passes less on is highlighted if it did so at each of these moments, in milliseconds ago: because of
/// batches a single one means nothing.
const WHILE: [i64; 3] = [0, 10_000, 20_000];
/// What is accepted is a rate over 10 s, what is sent one over 30 s: these moments of the first, in milliseconds ago, together
/// are comparable with the second.
const TOGETHER: [i64; 3] = [0, 10_000, 20_000];
/// Columns of the rows' names.
const NAMES: usize = 10;

/// The columns that rates and totals share.
#[derive(Clone, Copy)]
pub struct Columns {
    cell: usize,
}

impl Columns {
    pub fn of(width: usize) -> Columns {
        Columns { cell: (width.saturating_sub(NAMES) / STEPS.len()).clamp(8, 22) }
    }

    /// Whether a cell has room for whole words and numbers.
    pub fn is_wide(self) -> bool {
        self.cell >= 16
    }

    pub fn width(self) -> usize {
        NAMES + STEPS.len() * self.cell
    }

    /// A row: its name, and a cell a step.
    pub fn line(self, name: &str, cells: impl Iterator<Item = (String, Role)>) -> RoleLine {
        let cells = cells.map(|(text, role)| (text::right(&text, self.cell), role));
        std::iter::once((text::left(name, NAMES), Role::Text)).chain(cells).collect()
    }
}

/// One step of the path.
pub struct Step {
    /// Where the items are.
    place: &'static str,
    /// What happens to them there; shorter for narrow screens.
    what: (&'static str, &'static str),
    /// Whether its rate is one over a short time: of what arrives, not of what is sent on.
    is_short: bool,
    /// Items a second at a moment, in milliseconds.
    rate: fn(&Cx, Signal, i64) -> Option<f64>,
    /// Items since the session began.
    pub total: fn(&Cx, Signal) -> Option<f64>,
}

pub const STEPS: [Step; 5] = [
    Step {
        place: "agents",
        what: ("agents accept", "in"),
        is_short: true,
        rate: |cx, s, ms| tier(cx, Tier::Agent, s, ms, |r| &r.accepted),
        total: |cx, s| cx.session.collectors.account(s).agents.map(|t| t.accepted),
    },
    Step {
        place: "",
        what: ("agents send", "out"),
        is_short: false,
        rate: |cx, s, ms| tier(cx, Tier::Agent, s, ms, |r| &r.sent),
        total: |cx, s| cx.session.collectors.account(s).agents.map(|t| t.sent),
    },
    Step {
        place: "gateway",
        what: ("gateway accepts", "in"),
        is_short: true,
        rate: |cx, s, ms| tier(cx, Tier::Gateway, s, ms, |r| &r.accepted),
        total: |cx, s| cx.session.collectors.account(s).gateway.map(|t| t.accepted),
    },
    Step {
        place: "",
        what: ("gateway sends", "out"),
        is_short: false,
        rate: |cx, s, ms| tier(cx, Tier::Gateway, s, ms, |r| &r.sent),
        total: |cx, s| cx.session.collectors.account(s).gateway.map(|t| t.sent),
    },
    Step {
        place: "Elasticsearch",
        what: ("indexed", "indexed"),
        is_short: true,
        rate: indexed,
        total: |cx, s| cx.session.ingest.signal(s).map(|flow| flow.total as f64),
    },
];

fn tier(cx: &Cx, role: Tier, signal: Signal, ms: i64, of: fn(&Rates) -> &Series) -> Option<f64> {
    let tier = cx.session.collectors.tier(role)?;
    of(tier.rates(signal)).at(ms, HOLDS).map(|p| p.1)
}

fn indexed(cx: &Cx, signal: Signal, ms: i64) -> Option<f64> {
    cx.session.ingest.documents_per_s(signal, ms)
}

pub fn lines(cx: &Cx, columns: Columns) -> Vec<RoleLine> {
    let cell = columns.cell;
    let g = cx.look.symbols.glyphs();
    let wide = columns.is_wide();
    // The places, with an arrow that leads from one to the next.
    let mut path: RoleLine = vec![(text::left("apps", NAMES), Role::Title)];
    let arrow = |room: usize| {
        let line: String = std::iter::repeat_n(g.horizontal, room.saturating_sub(3)).collect();
        format!(" {line}{} ", g.play)
    };
    let mut under: RoleLine = vec![(text::left("", NAMES), Role::Muted)];
    for (place, cells) in [("agents", 2), ("gateway", 2), ("Elasticsearch", 1)] {
        let room = cell * cells;
        let name = if place == "Elasticsearch" && room < 14 { "ES" } else { place };
        path.push((arrow(room.saturating_sub(name.len())), Role::Faint));
        path.push((name.into(), Role::Title));
        let (text, role) = status(cx, place, room);
        under.push((text::right(&text, room), role));
    }
    let what = STEPS.iter().map(|s| (if wide { s.what.0 } else { s.what.1 }.to_string(), Role::Muted));
    let mut head = columns.line("", what);
    head[0] = (text::left("per second", NAMES), Role::Title);
    let mut out = vec![path, under, head];
    for signal in Signal::ALL {
        let mut cells: Vec<(String, Role)> = Vec::new();
        let mut before: Option<&Step> = None;
        for step in &STEPS {
            let rate = (step.rate)(cx, signal, cx.moment());
            // A step that passes on much less than the one before is where to look. Documents of metrics hold many
            // points, so there fewer are no sign.
            let comparable = !(step.place == "Elasticsearch" && signal == Signal::Metrics);
            let drops = comparable && before.is_some_and(|b| drops(cx, signal, b, step));
            let role = match rate {
                None => Role::Muted,
                Some(_) if drops => Role::Warn,
                Some(_) => Role::Text,
            };
            cells.push((rate.map_or_else(|| format::UNKNOWN.into(), format::count), role));
            before = rate.map_or(before, |_| Some(step));
        }
        out.push(columns.line(signal.name(), cells.into_iter()));
    }
    let cluster = cx.session.collectors.tier(Tier::Cluster);
    if let Some(rate) = cluster.and_then(|t| t.sent.at(cx.moment(), HOLDS)).map(|p| p.1) {
        let text = format!("the cluster collector adds {} items/s to what the gateway accepts", format::count(rate));
        out.push(vec![(text, Role::Muted)]);
    }
    for (feed, unseen) in [
        (Feed::Collector, cx.session.collectors.tier(Tier::Gateway).is_none()),
        (Feed::Ingest, cx.session.ingest.at.is_none()),
    ] {
        if unseen {
            out.push(vec![(empty_state::short(cx, feed), Role::Muted)]);
        }
    }
    out
}

fn drops(cx: &Cx, signal: Signal, from: &Step, to: &Step) -> bool {
    WHILE.iter().all(|ago| {
        let at = |step: &Step, before: i64| (step.rate)(cx, signal, cx.moment() - ago - before);
        let rate = |step: &Step| match step.is_short {
            true => TOGETHER
                .iter()
                .map(|before| at(step, *before))
                .sum::<Option<f64>>()
                .map(|sum| sum / TOGETHER.len() as f64),
            false => at(step, 0),
        };
        rate(from).zip(rate(to)).is_some_and(|(before, after)| before >= 1.0 && after < 0.7 * before)
    })
}

/// The line below a place: how many of its pods are observed, and its fullest queue.
fn status(cx: &Cx, place: &str, room: usize) -> (String, Role) {
    let role = match place {
        "agents" => Tier::Agent,
        "gateway" => Tier::Gateway,
        _ => return elasticsearch(cx),
    };
    let Some(tier) = cx.session.collectors.tier(role) else { return ("not seen".into(), Role::Muted) };
    let seen = match tier.missing {
        0 => format!("{} seen", tier.summed),
        n => format!("{} of {} seen", tier.summed, tier.summed + n),
    };
    let ratio = tier.queue.at(cx.moment(), HOLDS).map(|p| p.1);
    let warn = if ratio.is_some_and(|r| r >= 0.7) || tier.missing > 0 { Role::Warn } else { Role::Muted };
    let queue = match cx.session.collectors.fullest(role).filter(|_| cx.ui.cursor.is_none()) {
        // What a process held that does not answer is not known.
        _ if tier.summed == 0 => String::new(),
        Some((_, q)) => format!("queue {}/{}", format::count(q.size), format::count(q.capacity)),
        None => ratio.map_or_else(String::new, |r| format!("queue {}", format::percent(r * 100.0))),
    };
    let both = format!("{seen}, {queue}");
    match (queue.is_empty(), both.len() + 2 <= room) {
        (true, _) => (seen, warn),
        (false, true) => (both, warn),
        (false, false) => (queue, warn),
    }
}

fn elasticsearch(cx: &Cx) -> (String, Role) {
    let ingest = &cx.session.ingest;
    let strain = ingest.strain(cx.session.now_ms()).into_iter().next();
    let health = ingest.pressure.health.as_ref().map(|h| h.status.clone());
    match (strain, health) {
        (Some(Strain::Rejecting(_)), _) => ("rejects writes".into(), Role::Bad),
        (Some(strain), _) if strain.limits_ingest() => ("strained".into(), Role::Warn),
        (_, Some(health)) => {
            let role = match health.as_str() {
                "green" => Role::Good,
                "yellow" => Role::Warn,
                _ => Role::Bad,
            };
            (health, role)
        }
        _ => (String::new(), Role::Muted),
    }
}
