//! Plays a recording: paced by its own times, paused, sped up, moved. What it sends takes the same path as live observations.
//! Must not draw, and reads no clock: a regular tick advances it.

use super::ReplayEvent;
use super::index::{Cue, Index, IndexEvent};
use crate::control::Control;
use crate::observe::Stamped;
use crate::session::Timeline;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

/// Observations that are read in one go.
const BATCH: usize = 256;
/// How often the playback advances.
const TICK: Duration = Duration::from_millis(50);
/// An input that has not ended after this many ticks is taken for one that grows, and its end is followed.
const GROWS_AFTER: u32 = 20;

/// Where and how the playback begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Begin {
    /// Milliseconds after the recording's beginning.
    pub after: i64,
    pub speed: f64,
    pub paused: bool,
}

/// What the player works with.
pub struct Player {
    pub index: Index,
    pub indexed: mpsc::Receiver<IndexEvent>,
    pub controls: mpsc::Receiver<Control>,
    pub events: mpsc::Sender<ReplayEvent>,
    /// The recording arrives while it is played.
    pub growing: bool,
    pub begin: Begin,
}

/// The state of the playback.
struct Playback {
    cue: Option<Cue>,
    out: Option<mpsc::Sender<Stamped>>,
    /// The position, milliseconds since 1970.
    now: i64,
    /// The latest time that was sent; the current time never goes back.
    latest: i64,
    playing: bool,
    speed: f64,
    skip: bool,
    /// Sends everything as soon as it arrives.
    follow: bool,
    timeline: Arc<Timeline>,
    complete: bool,
    /// A position to seek to once it is read.
    wanted: Option<i64>,
}

/// Plays until the receivers are gone.
pub async fn play(player: Player) {
    let Player { mut index, mut indexed, mut controls, events, growing, begin } = player;
    let mut playback = Playback {
        cue: None,
        out: None,
        now: 0,
        latest: i64::MIN,
        playing: !begin.paused,
        speed: begin.speed,
        skip: false,
        follow: false,
        timeline: Arc::default(),
        complete: false,
        wanted: None,
    };
    let mut timer = interval(TICK);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ticks = 0;
    loop {
        let going = tokio::select! {
            biased;
            control = controls.recv() => match control {
                Some(control) => playback.control(control, &mut controls, &index, &events).await,
                None => return,
            },
            event = indexed.recv(), if !playback.complete => playback.learn(event, &mut index, &events, begin, growing).await,
            _ = timer.tick() => {
                ticks += 1;
                if growing && !playback.complete && ticks >= GROWS_AFTER && playback.cue.is_none() && !playback.timeline.is_empty() {
                    playback.follow = true;
                    playback.jump(playback.timeline.to, &index, &events).await
                } else {
                    playback.advance(&index).await
                }
            }
        };
        if going.is_err() {
            return;
        }
    }
}

/// The receivers are gone.
struct Gone;

impl Playback {
    async fn control(
        &mut self,
        control: Control,
        more: &mut mpsc::Receiver<Control>,
        index: &Index,
        events: &mpsc::Sender<ReplayEvent>,
    ) -> Result<(), Gone> {
        let (mut control, mut seek) = (Some(control), None);
        // Of several seeks requested meanwhile, the last counts.
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
        self.follow = !self.complete && ms >= self.timeline.to;
        if self.complete || ms <= self.timeline.to {
            self.jump(ms, index, events).await
        } else {
            self.wanted = Some(ms);
            Ok(())
        }
    }

    async fn learn(
        &mut self,
        event: Option<IndexEvent>,
        index: &mut Index,
        events: &mpsc::Sender<ReplayEvent>,
        begin: Begin,
        growing: bool,
    ) -> Result<(), Gone> {
        match event {
            Some(IndexEvent::Checkpoint(checkpoint)) => index.add(checkpoint),
            Some(IndexEvent::Progress(timeline, count)) => {
                (self.timeline, index.count) = (timeline.clone(), count);
                events.send(ReplayEvent::Timeline(timeline, false)).await.map_err(|_| Gone)?;
            }
            Some(IndexEvent::End { timeline, count, damage, error }) => {
                (self.timeline, index.count, self.complete) = (timeline.clone(), count, true);
                events.send(ReplayEvent::Timeline(timeline, true)).await.map_err(|_| Gone)?;
                let mut sentences = damage.sentences();
                sentences.extend(error.map(|e| format!("reading stopped: {e}")));
                if !sentences.is_empty() {
                    events.send(ReplayEvent::Damage(sentences)).await.map_err(|_| Gone)?;
                }
            }
            None => self.complete = true,
        }
        let begun = self.cue.is_some();
        if !begun && !self.timeline.is_empty() && (self.complete || !growing) && self.wanted.is_none() {
            self.wanted = Some(self.timeline.from.saturating_add(begin.after));
        }
        match self.wanted {
            // A position after what is read so far waits until all is read.
            Some(ms) if self.complete || ms <= self.timeline.to => {
                self.wanted = None;
                self.jump(ms, index, events).await
            }
            _ => Ok(()),
        }
    }

    /// Seeks: sends the session at `ms`, and a new channel for what follows, so that nothing still in the old channel gets in
    /// between.
    async fn jump(&mut self, ms: i64, index: &Index, events: &mpsc::Sender<ReplayEvent>) -> Result<(), Gone> {
        let ms = ms.clamp(self.timeline.from, self.timeline.to);
        let result = tokio::task::spawn_blocking(index.seek(ms)).await;
        match result.unwrap_or_else(|e| Err(e.to_string())) {
            Ok(mut cue) => {
                let (out, observations) = mpsc::channel(1024);
                let session = Box::new(std::mem::take(&mut cue.session));
                (self.cue, self.out, self.now) = (Some(cue), Some(out), ms);
                self.latest = session.now_ms();
                events.send(ReplayEvent::Jump { session, observations, to: ms }).await.map_err(|_| Gone)
            }
            Err(text) => events.send(ReplayEvent::Damage(vec![text])).await.map_err(|_| Gone),
        }
    }

    async fn advance(&mut self, index: &Index) -> Result<(), Gone> {
        if !self.playing || self.cue.is_none() {
            return Ok(());
        }
        if self.follow {
            self.now = self.timeline.to;
        } else {
            self.now += (TICK.as_millis() as f64 * self.speed) as i64;
            if self.skip
                && let Some(end) = self.timeline.idle_until(self.now)
            {
                self.now = end;
            }
            self.now = self.now.min(self.timeline.to);
        }
        self.send_due(index).await
    }

    /// Sends everything up to the position. The file is read on a thread for blocking work.
    async fn send_due(&mut self, index: &Index) -> Result<(), Gone> {
        let due = |cue: &Cue, latest: i64, now: i64| match &cue.next {
            Some(next) => latest.max(next.at.timestamp_millis()) <= now,
            None => cue.count < index.count,
        };
        while let Some(mut cue) = self.cue.take_if(|cue| due(cue, self.latest, self.now)) {
            let (latest, now, known) = (self.latest, self.now, index.known());
            let read = tokio::task::spawn_blocking(move || {
                let seen = cue.take(latest, now, BATCH, &known);
                (cue, seen)
            });
            // A reader that panicked leaves nothing to play from, until the next seek.
            let Ok((cue, seen)) = read.await else { return Ok(()) };
            let (cue, ended) = (self.cue.insert(cue), seen.is_empty());
            let Some(out) = &self.out else { return Ok(()) };
            for one in seen {
                self.latest = self.latest.max(one.at.timestamp_millis());
                if out.send(one).await.is_err() {
                    return Ok(());
                }
            }
            if ended && cue.next.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }
}
