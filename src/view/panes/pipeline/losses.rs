//! Where items were refused or lost, since when, and how many. Must not call lost what may be sent again.

use super::{RoleLine, account};
use crate::format::{self, text};
use crate::observe::Role as Tier;
use crate::session::{Loss, Undelivered};
use crate::view::{Cx, theme::Role};

/// Below this many columns short words are used.
const NARROW: usize = 100;

pub fn lines(cx: &Cx, width: usize) -> Vec<RoleLine> {
    let losses = &cx.session.collectors.losses;
    let mut out = vec![vec![("Where items were refused or lost".to_string(), Role::Title)]];
    let missing = account::missing_text(cx).map(|text| text::wrap(&text, width)).unwrap_or_default();
    out.extend(missing.into_iter().map(|line| vec![(line, Role::Bad)]));
    if losses.all().is_empty() && out.len() == 1 {
        out.push(vec![("nowhere, as far as the collectors count".into(), Role::Muted)]);
    }
    // What is lost for good comes first, the most of it before the rest.
    let mut all: Vec<&Loss> = losses.all().iter().collect();
    all.sort_by(|a, b| b.how.is_loss().cmp(&a.how.is_loss()).then(b.items.total_cmp(&a.items)));
    out.extend(all.iter().map(|l| line(cx, l, width)));
    let about_losses = ["elasticsearch-limits", "queue-full", "agents-wait", "backlog", "sent-twice"];
    for finding in cx.findings.iter().filter(|f| about_losses.contains(&f.id)) {
        let text = format!("{} ({}); hint: {}", finding.text, finding.evidence, finding.hint);
        out.push(RoleLine::new());
        out.extend(text::wrap(&text, width).into_iter().map(|part| vec![(part, Role::Warn)]));
    }
    out
}

fn line(cx: &Cx, loss: &Loss, width: usize) -> RoleLine {
    let now = cx.session.now_ms();
    let when = cx.look.moment(loss.since, cx.now);
    let tier = match loss.role {
        Tier::Agent => "agents",
        Tier::Cluster => "cluster collector",
        _ => "gateway",
    };
    let signal = loss.signal.map_or_else(String::new, |s| format!(" {}", s.name()));
    let narrow = width < NARROW;
    let (how, short, role) = match loss.how {
        Undelivered::Refused => ("refused; senders may try again", "refused", Role::Warn),
        Undelivered::EnqueueFailed => ("lost: no room in the queue", "lost: queue full", Role::Bad),
        Undelivered::SendFailed => ("lost: given up after the last try", "lost: given up", Role::Bad),
        Undelivered::Rejected => ("lost: Elasticsearch refused the documents", "lost: refused by ES", Role::Bad),
    };
    let how = if narrow { short } else { how };
    let end = match loss.goes_on(now) {
        true => "ongoing".to_string(),
        false => format!("until {}", cx.look.moment(loss.until, cx.now)),
    };
    let pods = match loss.pods.as_slice() {
        [one] => format!(" ({one})"),
        several => format!(" ({} pods)", several.len()),
    };
    let figures = format!("{:>8}", format::count(loss.items));
    let rest = format!(" {how}, {end}{pods}");
    let head = text::left(&format!("{when} {tier}{signal}"), text::width(&when) + 16);
    let room = width.saturating_sub(text::width(&head) + text::width(&figures));
    let rest = text::fit(&rest, room, cx.look.symbols.glyphs().ellipsis);
    vec![(head, Role::Text), (figures, role), (rest, Role::Muted)]
}
