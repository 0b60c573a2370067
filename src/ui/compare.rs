//! Several HPAs under each other: which rows of the list are marked, and which of them is selected. Must not draw.

use super::{Action, Context, HpaName, Request, Screen, Ui};
use crate::session::{Fleet, Session, fleet::HpaRow};

/// Rows that can be marked.
const MOST: usize = 8;

impl Ui {
    /// Marks the selected row of the list, or takes its mark away.
    pub(super) fn mark(&mut self, session: &Session) {
        let Some(name) = self.selected_name(session) else {
            return self.say("select an HPA; this cluster cannot be read");
        };
        match self.fleet.marked.iter().position(|marked| *marked == name) {
            Some(at) => drop(self.fleet.marked.remove(at)),
            None if self.fleet.marked.len() >= MOST => {
                self.say(format!("{MOST} are marked already, which is the most"))
            }
            None => self.fleet.marked.push(name),
        }
    }

    /// Whether it is to be compared.
    pub fn is_marked(&self, fleet: &Fleet, row: &HpaRow) -> bool {
        self.fleet.marked.iter().any(|name| name.place() == fleet.place(row))
    }

    /// Shows the marked rows under each other; with one of them marked, that and the selected one.
    pub(super) fn compare(&mut self, session: &Session) {
        let selected = self.selected_name(session).filter(|name| !self.fleet.marked.contains(name));
        match (self.fleet.marked.len(), selected) {
            (1, Some(name)) => self.fleet.marked.push(name),
            (0 | 1, _) => {
                let key = self.keys.label(Context::Screen, &Action::Pause);
                let key = key.map(|key| format!("; {key} marks")).unwrap_or_default();
                return self.say(format!("mark two rows or more to compare them{key}"));
            }
            _ => {}
        }
        self.show(Screen::Compare);
    }

    /// The marked HPAs in the order in which they were marked; None: it is gone.
    pub fn compared<'a>(&self, session: &'a Session) -> Vec<(&HpaName, Option<&'a HpaRow>)> {
        let row = |name: &HpaName| {
            let fleet = session.fleet.as_deref()?;
            fleet.rows().find(|row| fleet.place(row) == name.place())
        };
        self.fleet.marked.iter().map(|name| (name, row(name))).collect()
    }

    /// Opens the six screens of the one that is selected among them.
    pub(super) fn open_compared(&mut self, session: &Session) -> Option<Request> {
        let name = match self.compared(session).get(self.row) {
            Some((name, Some(_))) => (*name).clone(),
            _ => {
                self.say("it is gone");
                return None;
            }
        };
        Some(Request::Dive(name))
    }
}
