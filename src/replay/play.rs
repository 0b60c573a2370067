//! A recording played: paced by its own times, paused, sped up, moved. Everything it hands on goes through the same door as
//! what is live. Must not draw, and reads no clock: a steady beat moves it on.

use super::News;
use super::index::{Cued, Found, Index};
use crate::control::Control;
use crate::observe::Stamped;
use crate::session::Timeline;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

/// The beat: so often the recording moves on.
const BEAT: Duration = Duration::from_millis(50);
/// An input that has not ended after so many beats is one that grows: its end is followed.
const GROWS: u32 = 20;

/// How to begin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Begin {
    /// Milliseconds after the recording's beginning.
    pub after: i64,
    pub speed: f64,
    pub paused: bool,
}

/// What the player is handed.
pub struct Player {
    pub index: Index,
    pub found: mpsc::Receiver<Found>,
    pub controls: mpsc::Receiver<Control>,
    pub news: mpsc::Sender<News>,
    /// The recording comes in while it is played.
    pub growing: bool,
    pub begin: Begin,
}

/// The player's position.
struct Deck {
    cue: Option<Cued>,
    out: Option<mpsc::Sender<Stamped>>,
    /// The position, milliseconds since 1970.
    now: i64,
    /// The latest time that was handed on; the present never goes back.
    latest: i64,
    playing: bool,
    speed: f64,
    skip: bool,
    /// Hands on whatever comes in.
    follow: bool,
    course: Arc<Timeline>,
    complete: bool,
    /// To go there once it is read.
    wanted: Option<i64>,
}

/// Plays until nobody listens any more.
pub async fn play(player: Player) {
    let Player { mut index, mut found, mut controls, news, growing, begin } = player;
    let mut deck = Deck {
        cue: None,
        out: None,
        now: 0,
        latest: i64::MIN,
        playing: !begin.paused,
        speed: begin.speed,
        skip: false,
        follow: false,
        course: Arc::default(),
        complete: false,
        wanted: None,
    };
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut beats = 0;
    loop {
        let going = tokio::select! {
            biased;
            control = controls.recv() => match control {
                Some(control) => deck.obey(control, &mut controls, &index, &news).await,
                None => return,
            },
            told = found.recv(), if !deck.complete => deck.learn(told, &mut index, &news, begin, growing).await,
            _ = beat.tick() => {
                beats += 1;
                if growing && !deck.complete && beats >= GROWS && deck.cue.is_none() && !deck.course.is_empty() {
                    deck.follow = true;
                    deck.jump(deck.course.to, &index, &news).await
                } else {
                    deck.beat(&index).await
                }
            }
        };
        if going.is_err() {
            return;
        }
    }
}

/// Nobody listens any more.
struct Gone;

impl Deck {
    async fn obey(
        &mut self,
        control: Control,
        more: &mut mpsc::Receiver<Control>,
        index: &Index,
        news: &mpsc::Sender<News>,
    ) -> Result<(), Gone> {
        let (mut control, mut seek) = (Some(control), None);
        // Of several moves that were asked for meanwhile, the last counts.
        while let Some(now) = control {
            match now {
                Control::Pause(paused) => self.playing = !paused,
                Control::Speed(speed) => self.speed = speed.clamp(0.01, 1000.0),
                Control::SkipIdle(skip) => self.skip = skip,
                Control::Seek(to) => seek = Some(to.timestamp_millis()),
                Control::PlanLoad | Control::StartLoad | Control::StopLoad => {}
            }
            control = more.try_recv().ok();
        }
        let Some(ms) = seek else { return Ok(()) };
        self.follow = !self.complete && ms >= self.course.to;
        if self.complete || ms <= self.course.to {
            self.jump(ms, index, news).await
        } else {
            self.wanted = Some(ms);
            Ok(())
        }
    }

    async fn learn(
        &mut self,
        told: Option<Found>,
        index: &mut Index,
        news: &mpsc::Sender<News>,
        begin: Begin,
        growing: bool,
    ) -> Result<(), Gone> {
        match told {
            Some(Found::Checkpoint(checkpoint)) => index.add(checkpoint),
            Some(Found::Far(course, count)) => {
                (self.course, index.count) = (course.clone(), count);
                news.send(News::Course(course, false)).await.map_err(|_| Gone)?;
            }
            Some(Found::End { course, count, faults, error }) => {
                (self.course, index.count, self.complete) = (course.clone(), count, true);
                news.send(News::Course(course, true)).await.map_err(|_| Gone)?;
                let mut told = faults.sentences();
                told.extend(error.map(|e| format!("reading stopped: {e}")));
                if !told.is_empty() {
                    news.send(News::Faults(told)).await.map_err(|_| Gone)?;
                }
            }
            None => self.complete = true,
        }
        let begun = self.cue.is_some();
        if !begun && !self.course.is_empty() && (self.complete || !growing) && self.wanted.is_none() {
            self.wanted = Some(self.course.from.saturating_add(begin.after));
        }
        match self.wanted {
            // Not before all of it is read, if it lies beyond.
            Some(ms) if self.complete || ms <= self.course.to => {
                self.wanted = None;
                self.jump(ms, index, news).await
            }
            _ => Ok(()),
        }
    }

    /// Goes to a moment: the session there, and what comes after it on a channel of its own, so that nothing that is still
    /// on its way from before gets in between.
    async fn jump(&mut self, ms: i64, index: &Index, news: &mpsc::Sender<News>) -> Result<(), Gone> {
        let ms = ms.clamp(self.course.from, self.course.to);
        let sought = tokio::task::spawn_blocking(index.seek(ms)).await;
        match sought.unwrap_or_else(|e| Err(e.to_string())) {
            Ok(mut cue) => {
                let (out, observations) = mpsc::channel(1024);
                let session = Box::new(std::mem::take(&mut cue.session));
                (self.cue, self.out, self.now) = (Some(cue), Some(out), ms);
                self.latest = session.now_ms();
                news.send(News::Jump { session, observations, to: ms }).await.map_err(|_| Gone)
            }
            Err(text) => news.send(News::Faults(vec![text])).await.map_err(|_| Gone),
        }
    }

    async fn beat(&mut self, index: &Index) -> Result<(), Gone> {
        if !self.playing || self.cue.is_none() {
            return Ok(());
        }
        if self.follow {
            self.now = self.course.to;
        } else {
            self.now += (BEAT.as_millis() as f64 * self.speed) as i64;
            if self.skip
                && let Some(end) = self.course.idle_until(self.now)
            {
                self.now = end;
            }
            self.now = self.now.min(self.course.to);
        }
        let (Some(cue), Some(out)) = (&mut self.cue, &self.out) else { return Ok(()) };
        loop {
            let next = match cue.next.take() {
                Some(next) => Some(next),
                None if cue.count < index.count => match cue.reading.next() {
                    Some(next) => Some(next),
                    // What has come in since is beyond what this reading saw as the end.
                    None => match index.after(cue.count) {
                        Ok(reading) => {
                            cue.reading = reading;
                            cue.reading.next()
                        }
                        Err(_) => None,
                    },
                },
                None => None,
            };
            let Some(seen) = next else { return Ok(()) };
            let at = self.latest.max(seen.at.timestamp_millis());
            if at > self.now {
                cue.next = Some(seen);
                return Ok(());
            }
            self.latest = at;
            cue.count += 1;
            if out.send(seen).await.is_err() {
                return Ok(());
            }
        }
    }
}
