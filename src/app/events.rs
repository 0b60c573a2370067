//! A running source as one stream of events: observations, what a replay reports besides, and failures. Must not interpret
//! any of them.

use crate::{
    clock::Clock,
    error::{CommandError, ErrorKind},
    observe::Stamped,
    replay::ReplayEvent,
    session::Session,
    source::{Died, Source, live::cluster::Cluster},
};
use chrono::TimeDelta;
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinHandle},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// A source that is being opened.
pub type Opening = JoinHandle<Result<RunningSource, CommandError>>;

/// The check whether the HPA that was asked for is there.
pub type HpaCheck = JoinHandle<Result<(), CommandError>>;

/// A source and the tasks that drive it.
pub struct RunningSource {
    pub source: Source,
    pub stop: CancellationToken,
    /// That of what is watched.
    pub clock: Clock,
    /// None for a replay.
    pub cluster: Option<Cluster>,
    /// Ends with an error when a part of the source died; None once it has ended.
    driver: Option<JoinHandle<Result<(), Died>>>,
    /// The channel of observations is closed, until a replay is moved.
    ended: bool,
    /// None for a live source.
    replay: Option<mpsc::Receiver<ReplayEvent>>,
    /// None once its result was reported.
    hpa_check: Option<HpaCheck>,
}

/// The result of an [`Opening`].
///
/// # Errors
/// The source cannot be opened, or opening it panicked.
pub fn opened(joined: Result<Result<RunningSource, CommandError>, JoinError>) -> Result<RunningSource, CommandError> {
    joined.unwrap_or_else(|e| Err(Died::from_panic(e).into()))
}

/// What happens next.
pub enum SourceEvent {
    Observed(Stamped),
    /// A replay was moved, or reports on the whole recording.
    Replay(ReplayEvent),
    /// The HPA is not there, or the source broke.
    Failed(CommandError),
}

impl RunningSource {
    /// A cluster's source.
    pub fn live(
        source: Source,
        driver: JoinHandle<Result<(), Died>>,
        stop: CancellationToken,
        cluster: Cluster,
        hpa_check: HpaCheck,
    ) -> RunningSource {
        let (driver, hpa_check) = (Some(driver), Some(hpa_check));
        let clock = cluster.clock();
        RunningSource { source, stop, clock, cluster: Some(cluster), driver, ended: false, replay: None, hpa_check }
    }

    /// A recording's source.
    pub fn replay(
        source: Source,
        driver: JoinHandle<Result<(), Died>>,
        news: mpsc::Receiver<ReplayEvent>,
    ) -> RunningSource {
        let (stop, clock) = (CancellationToken::new(), Clock::system());
        RunningSource {
            source,
            stop,
            clock,
            cluster: None,
            driver: Some(driver),
            ended: false,
            replay: Some(news),
            hpa_check: None,
        }
    }

    /// Waits for the check whether the HPA is there; the first call takes its result.
    ///
    /// # Errors
    /// It is not there, or the cluster does not answer the question.
    pub async fn hpa_found(&mut self) -> Result<(), CommandError> {
        let found = finished(&mut self.hpa_check).await;
        self.hpa_check = None;
        found.unwrap_or(Ok(()))
    }

    /// How long `session` has been observed, which began at `began`: what was observed may lag behind, and its time may be set
    /// forward.
    pub fn observed_for(&self, began: Instant, session: &Session) -> TimeDelta {
        let seen = session.now.zip(session.began).map_or(TimeDelta::zero(), |(now, began)| now - began);
        TimeDelta::from_std(self.clock.instant() - began).map_or(seen, |real| real.min(seen))
    }

    /// What comes next; pending for ever once the source has ended. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> SourceEvent {
        loop {
            tokio::select! {
                biased;
                found = finished(&mut self.hpa_check) => {
                    self.hpa_check = None;
                    if let Ok(Err(error)) = found && error.kind == ErrorKind::NotFound {
                        return SourceEvent::Failed(error);
                    }
                }
                news = received(&mut self.replay) => match news {
                    Some(mut news) => {
                        if let ReplayEvent::Jump { observations, .. } = &mut news {
                            std::mem::swap(&mut self.source.observations, observations);
                            self.ended = false;
                        }
                        return SourceEvent::Replay(news);
                    }
                    None => self.replay = None,
                },
                ended = finished(&mut self.driver) => {
                    self.driver = None;
                    if let Ok(Err(died)) = ended {
                        return SourceEvent::Failed(died.into());
                    }
                }
                seen = self.source.observations.recv(), if !self.ended => match seen {
                    Some(seen) => return SourceEvent::Observed(seen),
                    None => self.ended = true,
                },
            }
        }
    }
}

/// The next message; never, where there is no channel.
async fn received<T>(channel: &mut Option<mpsc::Receiver<T>>) -> Option<T> {
    match channel {
        Some(channel) => channel.recv().await,
        None => std::future::pending().await,
    }
}

/// A task's result; never, where there is no task.
async fn finished<T>(task: &mut Option<JoinHandle<T>>) -> Result<T, JoinError> {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}
