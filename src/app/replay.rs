//! A replay in the dashboard: what it reports besides observations, and moves that are asked for faster than they are made.

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

    pub(super) fn replay_event(&mut self, news: ReplayEvent) {
        self.dirty = true;
        match news {
            // The source already reads from the channel that came with it.
            ReplayEvent::Jump { session, to, .. } => {
                self.session = *session;
                let Some(replay) = &mut self.ui.replay else { return };
                match replay.goal {
                    Some(goal) if goal != to => {
                        if let Some(goal) = Time::from_timestamp_millis(goal) {
                            self.control_replay(Control::Seek(goal));
                        }
                    }
                    _ => replay.goal = None,
                }
            }
            ReplayEvent::Timeline(timeline, complete) => {
                if let Some(replay) = &mut self.ui.replay {
                    (replay.timeline, replay.complete) = (timeline, complete);
                }
            }
            ReplayEvent::Damage(damage) => self.ui.say(damage.join("; ")),
        }
    }

    /// Sends a move to the replay. If it is busy with another move, it gets the latest goal once that is done.
    pub(super) fn control_replay(&mut self, control: Control) {
        let _ = self.ask(control);
    }
}
