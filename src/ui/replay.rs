//! What keys and mouse do in a replay: move it, pace it. Must not know how a move is made.

use super::{Action, Request, Ui};
use crate::control::Control;
use crate::observe::Time;
use crate::session::{Session, Timeline};
use std::sync::Arc;

/// Speeds, as multiples of real time.
pub const SPEEDS: [f64; 11] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// Real time.
const REAL: usize = 2;

/// A replay, and how the user moves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// The whole recording, as far as it is indexed.
    pub timeline: Arc<Timeline>,
    /// All of it is indexed.
    pub complete: bool,
    pub playing: bool,
    /// Index into [`SPEEDS`].
    pub pace: usize,
    /// Idle stretches are skipped.
    pub skip: bool,
    /// Where it is moving to, milliseconds since 1970.
    pub goal: Option<i64>,
}

impl Replay {
    pub fn new(speed: f64, playing: bool) -> Replay {
        let pace = SPEEDS.iter().position(|s| *s == speed).unwrap_or(REAL);
        Replay { timeline: Arc::default(), complete: false, playing, pace, skip: false, goal: None }
    }

    pub fn speed(&self) -> f64 {
        SPEEDS.get(self.pace).copied().unwrap_or(1.0)
    }

    /// Whether it has reached the end of the recording.
    pub fn is_at_end(&self, now: i64) -> bool {
        self.complete && now >= self.timeline.to
    }

    /// The request that moves it to `ms`, milliseconds since 1970.
    pub fn seek(&mut self, ms: i64) -> Option<Request> {
        let ms = ms.clamp(self.timeline.from, self.timeline.to);
        self.goal = Some(ms);
        Time::from_timestamp_millis(ms).map(|to| Request::Control(Control::Seek(to)))
    }
}

impl Ui {
    /// What an action means in a replay; None where it means the same as live.
    pub(super) fn replayed(&mut self, action: &Action, session: &Session) -> Option<Option<Request>> {
        let now = session.now_ms();
        let replay = self.replay.as_mut()?;
        let at = replay.goal.unwrap_or(now);
        let request = match action {
            Action::Pause if replay.playing && replay.is_at_end(at) => replay.seek(replay.timeline.from),
            Action::Pause => {
                replay.playing = !replay.playing;
                Some(Request::Control(Control::Pause(!replay.playing)))
            }
            Action::Cursor { forward, minute: false } => match replay.timeline.sample(at, *forward) {
                Some(ms) => replay.seek(ms),
                None => replay.seek(if *forward { replay.timeline.to } else { replay.timeline.from }),
            },
            Action::Cursor { forward, minute: true } => replay.seek(if *forward { at + 60_000 } else { at - 60_000 }),
            Action::CursorStart => replay.seek(replay.timeline.from),
            Action::CursorLive if self.cursor.is_none() => replay.seek(replay.timeline.to),
            Action::Marker { forward } => match replay.timeline.marker(at, *forward) {
                Some(ms) => replay.seek(ms),
                None => {
                    self.say(if *forward { "no marker after this" } else { "no marker before this" });
                    None
                }
            },
            Action::Pace(by) => {
                replay.pace = replay.pace.saturating_add_signed(isize::from(*by)).min(SPEEDS.len() - 1);
                Some(Request::Control(Control::Speed(replay.speed())))
            }
            Action::SkipIdle => {
                replay.skip = !replay.skip;
                let (skip, texts) = (replay.skip, ["idle stretches are played", "idle stretches are skipped"]);
                self.say(texts[usize::from(skip)]);
                Some(Request::Control(Control::SkipIdle(skip)))
            }
            Action::Record => {
                self.say("this is a replay; there is nothing to record");
                None
            }
            Action::Note => {
                self.say("this is a replay; markers are set while it is live");
                None
            }
            Action::Simulate => {
                self.say("this is a replay; no load can be started");
                None
            }
            _ => return None,
        };
        // A replay that moves takes the view along.
        if matches!(request, Some(Request::Control(Control::Seek(_)))) {
            self.cursor = None;
        }
        Some(request)
    }
}
