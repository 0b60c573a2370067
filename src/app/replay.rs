//! A replay in the dashboard: what it tells besides observations, and moves that are asked for faster than they are made.

use super::App;
use crate::{
    control::Control,
    observe::Time,
    replay::{Begin, ReplayEvent},
    ui::Replay,
};

impl App {
    /// Shows a recording in place of a cluster.
    pub fn replay(&mut self, begin: Begin) {
        self.ui.replay = Some(Replay::new(begin.speed, !begin.paused));
        self.session.now = None;
        self.dirty = true;
    }

    /// Takes in what the replay tells.
    pub(super) fn news(&mut self, news: ReplayEvent) {
        self.dirty = true;
        match news {
            // Its channel is already in the place of the source's.
            ReplayEvent::Jump { session, to, .. } => {
                self.session = *session;
                let Some(replay) = &mut self.ui.replay else { return };
                match replay.goal {
                    Some(goal) if goal != to => {
                        if let Some(goal) = Time::from_timestamp_millis(goal) {
                            self.move_replay(Control::Seek(goal));
                        }
                    }
                    _ => replay.goal = None,
                }
            }
            ReplayEvent::Course(course, complete) => {
                if let Some(replay) = &mut self.ui.replay {
                    (replay.course, replay.complete) = (course, complete);
                }
            }
            ReplayEvent::Damage(told) => self.ui.say(self.session.now_ms(), told.join("; ")),
        }
    }

    /// Asks the replay for what was asked of it. One that is busy is on its way to somewhere, and is asked again once it is
    /// there.
    pub(super) fn move_replay(&mut self, control: Control) {
        let _ = self.ask(control);
    }
}
