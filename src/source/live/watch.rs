//! List and watch of one kind of object: what exists, what changes, and the status of the watch itself.
//!
//! kube-runtime's watcher hides what the program must show: it reconnects silently, swallows bookmarks and with them the
//! sign of life, never lists again on a 410 response, and spins where a proxy cuts every answer. So this is a watcher of our
//! own over kube's client. It never ends by itself; what it finds is sent to the feed that asked for it.

mod line;
mod list;
mod state;

pub use state::{Known, Spec, WatchEvent};

use super::client::{self, ApiError, ApiErrorKind};
use super::context::FeedContext;
use super::wire::Object;
use line::WatchLine;
use state::{Phase, WatchStatus};
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// The next event of [`follow`], which is polled meanwhile; None once that has ended.
pub async fn next_of<T>(
    following: Pin<&mut impl Future<Output = ()>>,
    from: &mut mpsc::Receiver<WatchEvent<T>>,
) -> Option<WatchEvent<T>> {
    tokio::select! {
        () = following => None,
        saw = from.recv() => saw,
    }
}

/// How one watch request ended.
enum End {
    /// The server or the connection ended it after this time; with the failure if it broke off.
    Over { lived: Duration, broke: Option<ApiError> },
    /// No line for too long.
    Silent,
    /// No line since the server was unreachable, and now it is reachable again.
    Suspect,
    /// It could not be opened.
    Failed(ApiError),
    /// It was opened, and then reported an error or sent what is no event.
    Corrupt(ApiError),
    /// The client was renewed meanwhile and may talk to another server: list again.
    Renewed,
    /// The receiver is gone.
    Closed,
}

/// Follow what `spec` names until the receiver is gone.
pub async fn follow<T: Object>(shared: &FeedContext, spec: Spec, out: mpsc::Sender<WatchEvent<T>>) {
    let mut status = WatchStatus::new(shared, &spec, out);
    let mut known = Known::default();
    // The version to resume from, and the generation of the client that read it; None: list first.
    let mut from: Option<(String, u64)> = None;
    while !status.is_closed() {
        let generation = shared.cluster.client().0;
        let version = match from.take().filter(|(_, then)| *then == generation) {
            Some((version, _)) => version,
            None => {
                status.turn(Phase::List).await;
                match list::all(shared, &spec, &mut known, status.out(), status.limit()).await {
                    Ok(version) => {
                        status.listed().await;
                        version
                    }
                    Err(fault) => {
                        status.failed(Phase::List, fault).await;
                        continue;
                    }
                }
            }
        };
        status.turn(Phase::Watch).await;
        let mut at = version;
        let lifetime = status.lifetime();
        let end = once(shared, &spec, (lifetime, generation), &mut status, &mut known, &mut at).await;
        let resume = Some((at, generation));
        match end {
            End::Closed => return,
            End::Renewed => {}
            End::Silent => {
                from = resume;
                status.silent().await;
            }
            End::Suspect => {
                from = resume;
                status.suspect();
            }
            End::Over { lived, broke } => {
                from = resume;
                status.over(lifetime, lived, broke).await;
            }
            // Nothing is wrong: the list is only too old to resume from.
            End::Failed(fault) | End::Corrupt(fault)
                if fault.kind == ApiErrorKind::Expired && status.first_expiry() => {}
            End::Failed(fault) => {
                from = resume.filter(|_| resumes(&fault, &status));
                status.failed(Phase::Watch, fault).await;
            }
            End::Corrupt(fault) => status.corrupt(fault).await,
        }
    }
}

/// Whether the next attempt can resume from the same version. If in doubt, everything is listed again.
fn resumes<T>(fault: &ApiError, status: &WatchStatus<'_, T>) -> bool {
    match fault.kind {
        ApiErrorKind::Unreachable | ApiErrorKind::Unauthorized => true,
        ApiErrorKind::Busy => status.attempt() < 2,
        _ => false,
    }
}

/// One watch request, from its opening to its end. `lifetime` is how long the server is asked to keep it open, `generation` the
/// client that it must go through; `at` is set to the last version read.
async fn once<T: Object>(
    shared: &FeedContext,
    spec: &Spec,
    (lifetime, generation): (Duration, u64),
    status: &mut WatchStatus<'_, T>,
    known: &mut Known,
    at: &mut String,
) -> End {
    let seconds = lifetime.as_secs().max(1);
    let path = spec.path(&[
        ("watch", "1"),
        ("allowWatchBookmarks", "true"),
        ("resourceVersion", at),
        ("timeoutSeconds", &seconds.to_string()),
    ]);
    let mut reach = shared.gate.reach();
    reach.mark_unchanged();
    let mut lines = match client::open(shared, &path, &spec.attributes.to("watch"), status.limit()).await {
        Ok(lines) => lines,
        Err(fault) => return End::Failed(fault),
    };
    if shared.cluster.client().0 != generation {
        return End::Renewed;
    }
    status.opened().await;
    let opened = Instant::now();
    let mut life = opened;
    loop {
        let settle = status.settles(opened);
        let doubt = status.doubts(life, reach.borrow().down);
        tokio::select! {
            biased;
            line = lines.next() => {
                let line = match line {
                    Ok(Some(line)) => line,
                    Ok(None) => return End::Over { lived: opened.elapsed(), broke: None },
                    Err(fault) if fault.kind == ApiErrorKind::Cut => {
                        return End::Over { lived: opened.elapsed(), broke: Some(fault) };
                    }
                    Err(fault) => return End::Corrupt(fault),
                };
                life = Instant::now();
                shared.gate.reached();
                match line::read::<T>(&line) {
                    Ok(WatchLine::Bookmark(version)) => {
                        status.marked();
                        *at = version;
                    }
                    Ok(WatchLine::Error(fault)) => return End::Corrupt(fault),
                    Ok(said) => {
                        if let Some(version) = line::apply(said, known, status.out()).await {
                            *at = version;
                        }
                    }
                    Err(fault) => return End::Corrupt(fault),
                }
                status.alive().await;
            }
            () = sleep_until(life + shared.timing().silent) => return End::Silent,
            () = async { sleep_until(settle.unwrap_or(opened)).await }, if settle.is_some() => status.settled().await,
            () = async { sleep_until(doubt.unwrap_or(opened)).await }, if doubt.is_some() => status.doubted().await,
            changed = reach.changed() => {
                let now = *reach.borrow_and_update();
                let back = now.down.is_none() && now.last_down.is_some_and(|down| down > life);
                if changed.is_ok() && back {
                    return End::Suspect;
                }
            }
            () = status.closed() => return End::Closed,
        }
    }
}
