//! A replay in the dashboard: what it reports besides observations, and moves that are asked for faster than they are made.

use super::{App, RunningSource};
use crate::{
    control::Control,
    error::CommandError,
    observe::Time,
    replay::{Begin, ReplayEvent},
    ui::{Overlay, Replay},
};
use std::path::{Path, PathBuf};

/// Opens a recording.
type OpenReplay = fn(&Path, Begin) -> Result<RunningSource, CommandError>;

/// A folder of recordings that are replayed one at a time.
pub struct Replays {
    pub folder: PathBuf,
    pub begin: Begin,
    pub open: OpenReplay,
}

impl App {
    /// Offers the recordings of a folder: their names, and a word about each.
    pub fn offer(&mut self, replays: Replays, all: Vec<(String, String)>) {
        self.ui.overlay = (all.len() > 1).then_some(Overlay::Replays);
        (self.ui.replays, self.replays) = (all, Some(replays));
    }

    /// Replays another recording of the folder; the one that is replayed goes on where that cannot be read.
    pub(super) fn replay_another(&mut self, name: &str) {
        let Some(replays) = &self.replays else { return };
        let begin = replays.begin;
        match (replays.open)(&replays.folder.join(name), begin) {
            Ok(running) => {
                self.stop_source();
                self.session = crate::advise::session();
                self.paused = None;
                self.ui.forget();
                self.replay(begin);
                self.watch(running);
            }
            Err(error) => self.ui.say(error.to_string()),
        }
    }

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
