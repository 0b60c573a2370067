//! The list of every HPA: which are shown, in which order, which is selected; and the picker over the same rows. The selection
//! stays on its HPA while others move. Must not draw.

use super::{Entry, Overlay, Request, Screen, Ui};
use crate::session::{
    Fleet, Session,
    fleet::{ClusterRow, HpaRow},
};
use std::cmp::Reverse;

/// Which HPA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HpaName {
    pub context: String,
    pub namespace: String,
    pub name: String,
}

impl HpaName {
    /// As [`Fleet::place`] gives it of a row.
    pub(super) fn place(&self) -> (&str, &str, &str) {
        (&self.context, &self.namespace, &self.name)
    }

    /// `context/namespace/name`; without a context where there is none.
    pub(super) fn path(&self) -> String {
        let parts = [self.context.as_str(), &self.namespace, &self.name];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }

    /// `text` is its name, or that with its namespace, or with both before it.
    pub(super) fn is_called(&self, text: &str) -> bool {
        let path = self.path();
        path == text || path.strip_suffix(text).is_some_and(|before| before.ends_with('/'))
    }
}

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FleetSort {
    #[default]
    Trouble,
    Name,
    Replicas,
    /// How far the highest metric is over its target.
    Ratio,
    Rescaled,
}

impl FleetSort {
    pub const ALL: [FleetSort; 5] =
        [FleetSort::Trouble, FleetSort::Name, FleetSort::Replicas, FleetSort::Ratio, FleetSort::Rescaled];

    pub fn word(self) -> &'static str {
        match self {
            FleetSort::Trouble => "trouble",
            FleetSort::Name => "name",
            FleetSort::Replicas => "replicas",
            FleetSort::Ratio => "metric over target",
            FleetSort::Rescaled => "last rescale",
        }
    }

    /// The next in the order of the keys.
    pub fn next(self) -> FleetSort {
        let at = FleetSort::ALL.iter().position(|sort| *sort == self).unwrap_or(0);
        FleetSort::ALL[(at + 1) % FleetSort::ALL.len()]
    }
}

/// A row of the list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FleetLine<'a> {
    /// A cluster that cannot be read.
    Dark(&'a ClusterRow),
    Hpa(&'a HpaRow),
}

/// How the list is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FleetView {
    /// Every HPA can be watched from here.
    pub available: bool,
    pub sort: FleetSort,
    /// Only those in trouble.
    pub troubled: bool,
    /// None is the first HPA.
    pub selected: Option<HpaName>,
    /// To be compared, in the order in which they were marked.
    pub marked: Vec<HpaName>,
}

/// The name of a row.
pub(super) fn name_of(fleet: &Fleet, row: &HpaRow) -> HpaName {
    HpaName {
        context: fleet.cluster(row).context.clone(),
        namespace: row.hpa.namespace.clone(),
        name: row.hpa.name.clone(),
    }
}

impl Ui {
    /// The rows that the filter lets through, in their order: first the clusters that cannot be read.
    pub fn fleet_lines<'a>(&self, session: &'a Session) -> Vec<FleetLine<'a>> {
        let Some(fleet) = session.fleet.as_deref() else { return Vec::new() };
        let now = session.now.unwrap_or_default();
        let mut rows = fleet.by_trouble(now);
        match self.fleet.sort {
            FleetSort::Trouble => {}
            FleetSort::Name => rows.sort_by_key(|row| fleet.place(row)),
            FleetSort::Replicas => rows.sort_by_key(|row| Reverse(row.current)),
            FleetSort::Ratio => {
                rows.sort_by(|a, b| b.ratio().unwrap_or(-1.0).total_cmp(&a.ratio().unwrap_or(-1.0)));
            }
            FleetSort::Rescaled => rows.sort_by_key(|row| Reverse(row.rescaled.as_ref().map(|r| r.at))),
        }
        rows.retain(|row| (!self.fleet.troubled || row.severity(now).is_some()) && self.filter_lets(fleet, row));
        let dark = fleet.dark().map(FleetLine::Dark);
        dark.chain(rows.into_iter().map(FleetLine::Hpa)).collect()
    }

    /// Words that all must be in context, namespace, name or target; `key=value` is a label, `key=` any value of it.
    fn filter_lets(&self, fleet: &Fleet, row: &HpaRow) -> bool {
        let filter = self.filter.to_lowercase();
        if filter.is_empty() {
            return true;
        }
        let (context, namespace, name) = fleet.place(row);
        let target = &row.hpa.target;
        let text = format!("{context} {namespace}/{name} {}/{}", target.kind, target.name).to_lowercase();
        filter.split_whitespace().all(|word| match word.split_once('=') {
            Some((key, value)) => row
                .labels
                .iter()
                .any(|(k, v)| k.to_lowercase() == key && (value.is_empty() || v.to_lowercase() == value)),
            None => text.contains(word),
        })
    }

    /// The index of the selected row.
    pub fn selected_line(&self, session: &Session, lines: &[FleetLine]) -> usize {
        let first = lines.iter().position(|line| matches!(line, FleetLine::Hpa(_))).unwrap_or(0);
        let (Some(fleet), Some(selected)) = (session.fleet.as_deref(), &self.fleet.selected) else { return first };
        let is = |line: &FleetLine| match line {
            FleetLine::Hpa(row) => fleet.place(row) == selected.place(),
            // A cluster's row has no namespace.
            FleetLine::Dark(cluster) => selected.namespace.is_empty() && cluster.context == selected.context,
        };
        lines.iter().position(is).unwrap_or(first)
    }

    pub(super) fn move_line(&mut self, session: &Session, by: isize) {
        let lines = self.fleet_lines(session);
        let last = lines.len().saturating_sub(1);
        let to = self.selected_line(session, &lines).saturating_add_signed(by).min(last);
        self.select_line(session, to);
    }

    /// Selects the row at an index.
    pub(super) fn select_line(&mut self, session: &Session, index: usize) {
        let Some(fleet) = session.fleet.as_deref() else { return };
        self.fleet.selected = self.fleet_lines(session).get(index).map(|line| match line {
            FleetLine::Hpa(row) => name_of(fleet, row),
            FleetLine::Dark(cluster) => HpaName { context: cluster.context.clone(), ..HpaName::default() },
        });
    }

    /// The selected HPA; None where there is none, or a cluster is selected.
    pub fn selected_hpa<'a>(&self, session: &'a Session) -> Option<&'a HpaRow> {
        let lines = self.fleet_lines(session);
        match lines.get(self.selected_line(session, &lines)) {
            Some(FleetLine::Hpa(row)) => Some(row),
            _ => None,
        }
    }

    /// Its name.
    pub(super) fn selected_name(&self, session: &Session) -> Option<HpaName> {
        Some(name_of(session.fleet.as_deref()?, self.selected_hpa(session)?))
    }

    /// Opens the six screens of the selected HPA.
    pub(super) fn dive(&mut self, session: &Session) -> Option<Request> {
        session.fleet.as_ref()?;
        let name = self.selected_name(session);
        if name.is_none() {
            self.say("select an HPA; this cluster cannot be read");
        }
        name.map(Request::Dive)
    }

    /// Shows the list of every HPA; the watch of them begins with it.
    pub(super) fn show_fleet(&mut self, session: &Session) -> Option<Request> {
        if !self.fleet.available && session.fleet.is_none() {
            self.say("this is a recording of one HPA");
            return None;
        }
        self.show(Screen::Fleet);
        session.fleet.is_none().then_some(Request::WatchFleet)
    }

    /// The picker: every HPA by a few letters of its name.
    pub(super) fn pick(&mut self, session: &Session) -> Option<Request> {
        if !self.replays.is_empty() {
            self.toggle(Overlay::Replays);
            return None;
        }
        if !self.fleet.available && session.fleet.is_none() {
            self.say("this is a recording of one HPA");
            return None;
        }
        self.row = 0;
        self.overlay = Some(Overlay::Typing(Entry::Pick(String::new())));
        session.fleet.is_none().then_some(Request::WatchFleet)
    }

    /// What the picker shows for what was typed, the best first; without anything typed in the order of trouble.
    pub fn picked<'a>(&self, session: &'a Session) -> Vec<&'a HpaRow> {
        let (Some(fleet), Some(Overlay::Typing(Entry::Pick(typed)))) = (session.fleet.as_deref(), &self.overlay) else {
            return Vec::new();
        };
        let rows = fleet.by_trouble(session.now.unwrap_or_default());
        let score = |row: &HpaRow| {
            let (context, namespace, name) = fleet.place(row);
            let all = format!("{context}/{namespace}/{name}");
            // Words may come in any order.
            let spreads: Option<Vec<usize>> = typed.split_whitespace().map(|word| spread(word, &all)).collect();
            spreads.map(|spreads| (spreads.iter().sum::<usize>(), all.len()))
        };
        let mut found: Vec<((usize, usize), &HpaRow)> =
            rows.into_iter().filter_map(|row| Some((score(row)?, row))).collect();
        if !typed.trim().is_empty() {
            found.sort_by_key(|(score, _)| *score);
        }
        found.into_iter().map(|(_, row)| row).collect()
    }

    /// Whether the selected row of the picker can be taken, and which it is.
    pub(super) fn take_picked(&mut self, session: &Session) -> Option<Request> {
        let fleet = session.fleet.as_deref()?;
        let found = self.picked(session);
        let row = found.get(self.row.min(found.len().saturating_sub(1)))?;
        Some(Request::Dive(name_of(fleet, row)))
    }
}

/// How far apart the letters of a word lie in `text`, in their order, at the best place; None where they are not all in it.
fn spread(word: &str, text: &str) -> Option<usize> {
    let typed: Vec<char> = word.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let Some(first) = typed.first() else { return Some(0) };
    let from = |start: usize| {
        let mut at = start;
        for c in &typed[1..] {
            at += 1 + text.get(at + 1..)?.iter().position(|t| t == c)?;
        }
        Some(at - start + 1 - typed.len())
    };
    (0..text.len()).filter(|at| text[*at] == *first).filter_map(from).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_close_together_are_found_first() {
        assert_eq!(spread("gate", "prod/gateway"), Some(0));
        assert_eq!(spread("pgw", "prod/gateway"), Some(7));
        assert_eq!((spread("wag", "gateway"), spread("", "any"), spread("x", "")), (None, Some(0), None));
        assert_eq!(spread("ab", "a-----b-ab"), Some(0), "the best place counts");
    }
}
