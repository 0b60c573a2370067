//! What keys and mouse do in a replay: move it, pace it. Must not know how a move is made.

use super::{Action, Request, Ui};
use crate::control::Control;
use crate::observe::Time;
use crate::session::{Session, Timeline};
use std::sync::Arc;

/// Times real time.
pub const SPEEDS: [f64; 11] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// Real time.
const REAL: usize = 2;

/// A replay as the user moves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// The whole, as far as it is read.
    pub course: Arc<Timeline>,
    /// All of it is read.
    pub complete: bool,
    pub playing: bool,
    /// Index into [`SPEEDS`].
    pub pace: usize,
    /// Idle stretches are skipped.
    pub skip: bool,
    /// Where it is on its way to, milliseconds since 1970.
    pub goal: Option<i64>,
}

impl Replay {
    pub fn new(speed: f64, playing: bool) -> Replay {
        let pace = SPEEDS.iter().position(|s| *s == speed).unwrap_or(REAL);
        Replay { course: Arc::default(), complete: false, playing, pace, skip: false, goal: None }
    }

    pub fn speed(&self) -> f64 {
        SPEEDS.get(self.pace).copied().unwrap_or(1.0)
    }

    /// Whether it stands at the end of what there is.
    pub fn is_at_end(&self, now: i64) -> bool {
        self.complete && now >= self.course.to
    }

    /// The request that brings it where it is to be.
    pub fn seek(&mut self, ms: i64) -> Option<Request> {
        let ms = ms.clamp(self.course.from, self.course.to);
        self.goal = Some(ms);
        Time::from_timestamp_millis(ms).map(|to| Request::Control(Control::Seek(to)))
    }
}

impl Ui {
    /// What an action means in a replay; None where it means what it always does.
    pub(super) fn replayed(&mut self, action: &Action, session: &Session) -> Option<Option<Request>> {
        let now = session.now_ms();
        let replay = self.replay.as_mut()?;
        let at = replay.goal.unwrap_or(now);
        let request = match action {
            Action::Pause if replay.playing && replay.is_at_end(at) => replay.seek(replay.course.from),
            Action::Pause => {
                replay.playing = !replay.playing;
                Some(Request::Control(Control::Pause(!replay.playing)))
            }
            Action::Cursor { forward, minute: false } => match replay.course.sample(at, *forward) {
                Some(ms) => replay.seek(ms),
                None => replay.seek(if *forward { replay.course.to } else { replay.course.from }),
            },
            Action::Cursor { forward, minute: true } => replay.seek(if *forward { at + 60_000 } else { at - 60_000 }),
            Action::CursorStart => replay.seek(replay.course.from),
            Action::CursorLive if self.cursor.is_none() => replay.seek(replay.course.to),
            Action::Marker { forward } => match replay.course.marker(at, *forward) {
                Some(ms) => replay.seek(ms),
                None => {
                    self.say(now, if *forward { "no marker after this" } else { "no marker before this" });
                    None
                }
            },
            Action::Pace(by) => {
                replay.pace = replay.pace.saturating_add_signed(isize::from(*by)).min(SPEEDS.len() - 1);
                Some(Request::Control(Control::Speed(replay.speed())))
            }
            Action::SkipIdle => {
                replay.skip = !replay.skip;
                let (skip, words) = (replay.skip, ["idle stretches are played", "idle stretches are skipped"]);
                self.say(now, words[usize::from(skip)]);
                Some(Request::Control(Control::SkipIdle(skip)))
            }
            Action::Record => {
                self.say(now, "this is a replay; there is nothing to record");
                None
            }
            Action::Note => {
                self.say(now, "this is a replay; markers are set while it is live");
                None
            }
            Action::Simulate => {
                self.say(now, "this is a replay; no load can be started");
                None
            }
            _ => return None,
        };
        // What moves is looked at where it moves to.
        if matches!(request, Some(Request::Control(Control::Seek(_)))) {
            self.cursor = None;
        }
        Some(request)
    }
}
