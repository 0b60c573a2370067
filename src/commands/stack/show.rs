//! Plans, states and removals as text. Must not ask the cluster.

use crate::{
    config::Settings,
    observe::mask,
    stack::{
        api::Id,
        choice::Choice,
        down::Removal,
        plan::{Plan, Planned, Step},
        ready::State,
    },
    stdio,
    view::symbols::Symbols,
};
use std::fmt::Write;

pub fn ascii(settings: &Settings) -> bool {
    settings.symbols == Symbols::Ascii
}

/// Where, and what.
pub fn head(target: &str, choice: &Choice) -> String {
    let mut out = format!("{target}\noverlay {}", choice.overlay);
    let without: Vec<&str> = choice.without.iter().map(|part| part.name()).collect();
    if !without.is_empty() {
        let _ = write!(out, ", without {}", without.join(", "));
    }
    if let Some(url) = &choice.es_url {
        let _ = write!(out, ", Elasticsearch at {}", mask::url_users(url));
    }
    out + "\n"
}

/// A line for each object that is not kept, and how many there are of each.
pub fn plan(plan: &Plan) -> String {
    let mut out = String::new();
    for one in &plan.objects {
        let title = one.id.title();
        let _ = match &one.step {
            Step::Keep => Ok(()),
            Step::Create if one.terminating => writeln!(out, "create  {title}, once the old one is gone"),
            Step::Create => writeln!(out, "create  {title}"),
            Step::Remove => writeln!(out, "remove  {title}, which is no longer part of it"),
            // Below, with what they need.
            Step::NoKind { .. } => Ok(()),
            Step::Refused { why, hint, .. } => {
                let hint = hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
                writeln!(out, "cannot  {title}: {why}{hint}")
            }
            Step::Change(differences) => {
                let _ = writeln!(out, "change  {title}");
                differences
                    .iter()
                    .try_for_each(|d| writeln!(out, "          {}: is {}, will be {}", d.path, d.is, d.wanted))
            }
        };
    }
    let mut said = Vec::new();
    for one in &plan.objects {
        if let Step::NoKind { hint } = &one.step {
            let _ = writeln!(out, "cannot  {}: its kind is not there", one.id.title());
            if !said.contains(&hint) {
                let _ = writeln!(out, "          {hint}");
                said.push(hint);
            }
        }
    }
    let foreign: Vec<String> = plan.objects.iter().filter(|one| one.foreign).map(|one| one.id.title()).collect();
    if !foreign.is_empty() {
        let _ = writeln!(out, "not made by edot-tui, so `stack down` leaves them: {}", some(&foreign));
    }
    let counts = [
        (plan.count(|step| *step == Step::Create), "to create"),
        (plan.count(|step| matches!(step, Step::Change(_))), "to change"),
        (plan.count(|step| *step == Step::Keep), "to keep"),
        (plan.count(|step| *step == Step::Remove), "to remove"),
        (plan.count(|step| matches!(step, Step::NoKind { .. } | Step::Refused { .. })), "that cannot be made"),
    ];
    let said: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let _ = writeln!(out, "{}", said.join(", "));
    out
}

/// The first few of many.
pub fn some(all: &[String]) -> String {
    let shown = all.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    if all.len() > 5 { format!("{shown} and {} more", all.len() - 5) } else { shown }
}

/// A line an object, by namespace, and under it why it is not ready.
pub fn tree(states: &[State], ascii: bool) -> String {
    let (yes, no) = if ascii { ("ok", "..") } else { ("✓", "…") };
    let mut out = String::new();
    let mut namespaces: Vec<&str> = states.iter().map(|state| state.id.namespace.as_str()).collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    for namespace in namespaces {
        let _ = writeln!(out, "{}", if namespace.is_empty() { "cluster" } else { namespace });
        for State { id: Id { kind, name, .. }, ready, progress, why } in
            states.iter().filter(|s| s.id.namespace == namespace)
        {
            let _ = writeln!(out, "  {} {kind} {name}: {progress}", if *ready { yes } else { no });
            // Pods of one workload mostly lack the same.
            for why in why.iter().take(3) {
                let _ = writeln!(out, "      {why}");
            }
        }
    }
    out
}

/// What to do next.
pub fn next(plan: &Plan) -> String {
    let missing: Vec<String> =
        plan.objects.iter().filter(|one| matches!(one.step, Step::NoKind { .. })).map(|one| one.id.title()).collect();
    let mut out = match missing.is_empty() {
        true => "all of it is ready\n".to_owned(),
        false => format!("what was applied is ready; not applied: {}\n", some(&missing)),
    };
    out += "next:\n  edot-tui                     the dashboard; s starts the load\n";
    let kibana = |one: &Planned| one.id.kind == "Kibana" && !matches!(one.step, Step::NoKind { .. } | Step::Remove);
    if plan.objects.iter().any(kibana) {
        out += "  kubectl -n observability-lab port-forward service/kibana-kb-http 5601    Kibana, at https://localhost:5601\n";
    }
    out + "  edot-tui doctor --production what a production system should have\n  edot-tui stack down          removes it again\n"
}

/// What would be removed.
pub fn removal(target: &str, removal: &Removal) -> String {
    let mut out = format!("{target}\n");
    for (id, _) in removal.objects.iter() {
        let _ = writeln!(out, "remove  {}", id.title());
    }
    for (id, _) in &removal.namespaces {
        let _ = writeln!(out, "remove  {}, if nothing else is in it", id.title());
    }
    if !removal.left.is_empty() {
        let left: Vec<String> = removal.left.iter().map(Id::title).collect();
        let _ = writeln!(out, "not made by edot-tui, and left: {}", some(&left));
    }
    out
}

/// The tree as it becomes ready: in place on a terminal, and else a line for each object that changes.
#[derive(Default)]
pub struct Screen {
    lines: usize,
    said: Vec<State>,
}

impl Screen {
    /// Shows how far it is; with `last` it stays.
    pub fn show(&mut self, states: &[State], ascii: bool, last: bool) {
        let text = tree(states, ascii);
        let all: Vec<&str> = text.lines().collect();
        match stdio::redraw(self.lines, &all) {
            Some(lines) => self.lines = if last { 0 } else { lines },
            None => {
                for state in states.iter().filter(|state| !self.said.contains(state)) {
                    let why = state.why.first().map(|why| format!("; {why}")).unwrap_or_default();
                    stdio::message(&format!("{}: {}{why}", state.id.title(), state.progress));
                }
                self.said = states.to_vec();
            }
        }
    }
}
