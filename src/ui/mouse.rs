//! What the mouse does: a click focuses a pane and sets the cursor or the row, the wheel zooms or scrolls. Must not
//! know where panes are; that comes as a hit.

use super::{Action, List, Pane, PaneKind, Request, Ui};
use crate::session::Session;
use crossterm::event::{MouseButton, MouseEventKind};

/// What lies under the mouse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hit {
    pub pane: Option<Pane>,
    /// In a chart: the moment, milliseconds since 1970.
    pub ms: Option<i64>,
    /// In a list: the row, of all its rows.
    pub row: Option<usize>,
    /// What a click does here as a key does elsewhere.
    pub action: Option<Action>,
    /// On the bar of a replay: the moment, milliseconds since 1970.
    pub bar: Option<i64>,
    /// In a replay: the moment of the bar in this column or the nearest, in any row.
    pub above: Option<i64>,
}

impl Ui {
    /// Takes in a mouse event over `hit`; returns the effect it asks for.
    pub fn mouse(&mut self, kind: MouseEventKind, hit: Hit, session: &Session) -> Option<Request> {
        // A drag that began on the bar moves the replay until the button is released, wherever the pointer goes.
        let to = match kind {
            MouseEventKind::Down(MouseButton::Left) => hit.bar.filter(|_| self.overlay.is_none()),
            MouseEventKind::Drag(MouseButton::Left) if self.dragged => hit.above,
            _ => None,
        };
        let held = std::mem::replace(&mut self.dragged, to.is_some());
        if let (Some(ms), Some(replay)) = (to, &mut self.replay) {
            self.cursor = None;
            // A pointer that moves up or down asks for nothing new.
            return if held && replay.goal == Some(ms) { None } else { replay.seek(ms) };
        }
        self.moused(kind, hit, session)
    }

    fn moused(&mut self, kind: MouseEventKind, hit: Hit, session: &Session) -> Option<Request> {
        let pressed = matches!(kind, MouseEventKind::Down(MouseButton::Left));
        if let Some(action) = hit.action.clone().filter(|_| pressed) {
            return self.act(action, session);
        }
        if let Some(overlay) = &self.overlay {
            return match (hit.row.filter(|_| overlay.is_list()), kind) {
                (Some(row), MouseEventKind::Down(_)) if row == self.row => {
                    let typed = matches!(overlay, super::Overlay::Typing(_));
                    self.act(if typed { Action::Yes } else { Action::Open }, session)
                }
                (Some(row), MouseEventKind::Down(_)) => {
                    self.row = row;
                    None
                }
                (None, MouseEventKind::Down(_)) => self.act(Action::Back, session),
                (_, MouseEventKind::ScrollUp) => self.act(Action::Move(-3), session),
                (_, MouseEventKind::ScrollDown) => self.act(Action::Move(3), session),
                _ => None,
            };
        }
        let charts = hit.pane.is_some_and(|pane| pane.kind.is_chart());
        match kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(hit, session),
            MouseEventKind::Drag(MouseButton::Left) if hit.ms.is_some() => self.point(hit, session),
            MouseEventKind::ScrollUp if charts => self.zoom(session, true),
            MouseEventKind::ScrollDown if charts => self.zoom(session, false),
            MouseEventKind::ScrollUp => {
                self.act(Action::Move(-3), session);
            }
            MouseEventKind::ScrollDown => {
                self.act(Action::Move(3), session);
            }
            _ => {}
        }
        None
    }

    /// Takes in where the mouse is while no button is held: charts show their values there. Whether that is another moment.
    pub fn hover(&mut self, hit: &Hit, session: &Session) -> bool {
        let now = self.paused.unwrap_or(session.now_ms());
        let over = hit.ms.filter(|ms| self.overlay.is_none() && *ms < now);
        std::mem::replace(&mut self.hover, over) != over
    }

    fn click(&mut self, hit: Hit, session: &Session) {
        let Some(at) = self.panes().iter().position(|p| Some(*p) == hit.pane) else { return };
        if at != self.focus {
            (self.focus, self.row) = (at, 0);
        }
        match (hit.row, self.pane().kind) {
            (Some(row), PaneKind::List(List::Decisions)) => self.select_sync(session, row),
            (Some(row), PaneKind::List(List::Fleet)) => self.select_line(session, row),
            (Some(row), _) => self.row = row,
            (None, _) => {}
        }
        self.point(hit, session);
    }

    fn point(&mut self, hit: Hit, session: &Session) {
        if let Some(ms) = hit.ms {
            let now = self.paused.unwrap_or(session.now_ms());
            self.cursor = Some(ms).filter(|ms| *ms < now);
        }
    }
}
