//! The list of the controller's syncs: which are shown, which is selected. The selection stays on its sync while newer
//! ones come in above it. Must not draw.

use super::Ui;
use crate::explain::sync::sentence;
use crate::session::Session;
use crate::session::decisions::sync::Sync;

impl Ui {
    /// The syncs that the filter lets through, newest first; with a cursor, those up to its moment.
    pub fn syncs<'a>(&self, session: &'a Session) -> Vec<&'a Sync> {
        let until = self.cursor.or(self.paused);
        let known = |s: &&Sync| until.is_none_or(|ms| s.first <= ms);
        let shown = |s: &&Sync| self.filter.is_empty() || self.shows(&sentence(s));
        session.decisions.rows().iter().rev().filter(known).filter(shown).collect()
    }

    /// The index of the selected one in that list.
    pub fn selected_sync(&self, session: &Session) -> usize {
        let all = self.syncs(session);
        let found = self.sync.and_then(|ms| all.iter().position(|s| s.first <= ms));
        found.unwrap_or(0)
    }

    pub(super) fn move_sync(&mut self, session: &Session, by: isize) {
        let last = self.syncs(session).len().saturating_sub(1);
        let to = self.selected_sync(session).saturating_add_signed(by).min(last);
        self.select_sync(session, to);
    }

    /// Selects the one at an index; the first follows what is new.
    pub(super) fn select_sync(&mut self, session: &Session, index: usize) {
        self.sync = self.syncs(session).get(index).map(|s| s.first).filter(|_| index > 0);
    }
}
