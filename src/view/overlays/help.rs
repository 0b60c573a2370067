//! Help for the screen that is shown: what its signs and figures mean, what the scaling guide says about it, and every key in
//! groups, as the keys are bound now. Must not know a key.

use super::Pieces;
use crate::format::text;
use crate::ui::{HelpLine, Screen};
use crate::view::{Cx, theme::Role};

/// The groups of keys, by the names of their actions; the last takes every other.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "Screens and panes",
        &["show-fleet", "pick", "sort", "troubled", "next-pane", "open", "expand", "up", "filter", "back", "help"],
    ),
    (
        "Time",
        &[
            "pause",
            "cursor-back",
            "cursor-minute-back",
            "cursor-start",
            "previous-marker",
            "zoom-in",
            "slower",
            "skip-idle",
            "marker",
        ],
    ),
    ("Load, recording, export", &["load", "record", "export", "kibana"]),
    ("Other", &[]),
];

/// A sign or a word of a screen, and what it means.
type Meaning = (&'static str, &'static str);

fn meanings(screen: Screen) -> &'static [Meaning] {
    match screen {
        Screen::Fleet => &[
            ("order", "the HPA in the worst trouble first; clusters that cannot be read stand above all"),
            ("cross, !", "it does not scale at all; something is wrong"),
            ("over target", "the metric that is highest over its target, which is the upright stroke"),
            (
                "next sync",
                "what it asks for if the figures of its status stay as they are; or window: held by what was wanted before; by its pods: the last sync had these figures and stayed",
            ),
            ("last hour", "that metric over its target, as far as it was watched"),
            ("filter", "words of context, namespace, name and target; key=value is a label"),
        ],
        Screen::Compare => &[
            ("100 %", "the target of each metric; the band around it is the tolerance of that HPA"),
            ("scale", "the same for all, so that heights can be compared; over 300 % it is logarithmic for all"),
            ("steps", "the replicas between the HPA's bounds"),
            ("first", "the list is kept for an hour from when it was first shown; before that nothing was seen"),
        ],
        Screen::Overview => &[
            ("target", "dashes: the HPA's target; the band around it is its tolerance, in which it does nothing"),
            ("log", "the y axis is logarithmic: equal steps are equal factors, and nothing is filled"),
            ("up, down", "a rescale, with the replicas before and after; play and stop: start and end of the load"),
            ("Now", "the newest samples; the HPA reads them at its next sync, so its own figure can be older"),
            ("Replicas", "shaded: ready; line: current; ahead of it: desired"),
            ("Findings", "what stands out, the worst first; what is over stays until the next load starts"),
        ],
        Screen::Decisions => &[
            ("held by", "what kept the result from being what the metrics ask for: bounds, window, policy"),
            ("asks, did", "what the arithmetic gives, and what the controller did"),
            ("mark", "agrees, ~ fits but is not certain, ? not decided, or differs"),
            ("window", "after a drop of the load the highest recommendation in it still counts"),
            ("reaction", "the time from the load's start to ready replicas, stage by stage"),
        ],
        Screen::Gateways => &[
            ("mark", "the colour of a pod for its life, in the table and in the chart; dimmed: gone"),
            ("share", "of what all ready pods accept; yellow: far from an even share"),
            ("cpu, memory", "use, and its share of the request, which is what the HPA compares with its target"),
            ("queue", "requests waiting for Elasticsearch; full queues refuse or lose what comes next"),
        ],
        Screen::Pipeline => &[
            ("per second", "items that pass each step; yellow: much less than the step before"),
            ("in flight", "accepted and not sent yet: in batches, queues and requests"),
            ("refused", "not accepted; senders may try again, so it is not lost"),
            ("lost", "given up after the last try, or no room in a queue"),
            ("missing", "neither sent nor lost nor in flight: what a killed process held, or what a filter dropped"),
        ],
        Screen::Ingest => &[
            ("docs/s", "documents that Elasticsearch indexed; a document of metrics holds several data points"),
            ("rejected", "writes that Elasticsearch had no room for; the gateway tries them again"),
            ("Log quality", "log records of applications that lack a field, and why"),
        ],
        Screen::Timeline => &[
            ("failed", "comes first; the selected expectation is explained below the list"),
            ("waiting", "not decided yet; a question mark: the feed that would be needed does not report it"),
            ("bars", "the guide's phases on the run's own time"),
        ],
    }
}

/// What the scaling guide says about what a screen shows.
fn guide(screen: Screen) -> &'static str {
    match screen {
        Screen::Fleet => "large gateways are sharded: by environment, business unit or signal",
        Screen::Compare => {
            "shards of one gateway share its load; one that runs alone at its maximum has another's share"
        }
        Screen::Overview => {
            "a gateway scales from 1 to 2 to 4 replicas within 3 to 8 minutes of load, and back after it"
        }
        Screen::Decisions => "a scale-down waits for a window of 30 s, then goes in steps of 1 or 2 pods every 15 s",
        Screen::Gateways => "new replicas carry their share only if senders open new connections",
        Screen::Pipeline => "more gateways help while the gateway is the bottleneck, not while Elasticsearch is",
        Screen::Ingest => "log and metric volume rises with the load; logs carry level, trace id and service name",
        Screen::Timeline => "its timeline is what the run is checked against",
    }
}

pub fn lines(cx: &Cx, most: usize) -> Vec<Pieces> {
    let look = cx.look;
    let [key, text, title, muted] = [Role::Accent, Role::Text, Role::Title, Role::Muted].map(|role| look.style(role));
    let ellipsis = look.symbols.glyphs().ellipsis;
    let screen = cx.ui.screen;
    let names = |line: &HelpLine| look.symbols.keys(&line.keys.join(" "));
    let mut keys = cx.ui.keys.help();
    keys.retain(|line| line.name != "load" || cx.ui.may_load());
    let width = keys.iter().map(|l| text::width(&names(l))).max().unwrap_or(0).max(10).min(most / 2);
    let row = |name: &str, does: &str, style| -> Vec<Pieces> {
        let parts = text::wrap(does, most.saturating_sub(width + 2));
        let lead = |i| if i == 0 { text::fit(name, width, ellipsis) } else { String::new() };
        parts.into_iter().enumerate().map(|(i, p)| vec![(text::left(&lead(i), width + 2), style), (p, text)]).collect()
    };
    let mut out: Vec<Pieces> = vec![vec![(format!("On this screen: {}", screen.name()), title)]];
    for (sign, means) in meanings(screen) {
        out.extend(row(sign, means, muted));
    }
    out.extend(row("the guide", guide(screen), muted));
    let of_group = |group: &[&str], line: &HelpLine| match group {
        [] => !GROUPS.iter().any(|(_, names)| names.contains(&line.name)),
        names => names.contains(&line.name),
    };
    for (name, group) in GROUPS {
        out.push(Vec::new());
        out.push(vec![(name.to_string(), title)]);
        for line in keys.iter().filter(|line| of_group(group, line)) {
            out.extend(row(&names(line), line.label, key));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Keymap;

    #[test]
    fn every_name_in_a_group_is_a_line_of_help() {
        let help = Keymap::default().help();
        for name in GROUPS.iter().flat_map(|(_, names)| names.iter()) {
            assert!(help.iter().any(|line| line.name == *name), "{name}");
        }
    }
}
