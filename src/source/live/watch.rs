//! List and watch of one kind: what there is, what changes, and how the watch itself stands.
//!
//! kube-runtime's watcher hides what the program must show: it reconnects without a word, swallows bookmarks and with
//! them the sign of life, never relists on a 410 response, and spins where a proxy cuts every answer. So this is our own,
//! over kube's client. It never ends by itself; what it finds goes to the feed that asked for it.

mod line;
mod list;
mod state;

pub use state::{Known, Saw, Spec};

use super::fault::{Fault, Kind};
use super::http;
use super::shared::Shared;
use super::wire::Object;
use line::Said;
use state::{Phase, Standing};
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// What comes next of what a future that follows a kind tells; None once that has ended.
pub async fn next_of<T>(
    following: Pin<&mut impl Future<Output = ()>>,
    from: &mut mpsc::Receiver<Saw<T>>,
) -> Option<Saw<T>> {
    tokio::select! {
        () = following => None,
        saw = from.recv() => saw,
    }
}

/// How one watch request ended.
enum End {
    /// The server ended it, or the connection did, after it lived so long; the fault if it broke off.
    Over { lived: Duration, broke: Option<Fault> },
    /// No line for too long.
    Silent,
    /// No line since the server was out of reach, which it no longer is.
    Suspect,
    /// It could not be opened.
    Failed(Fault),
    /// It was opened, and then told of an error or sent rubbish.
    Spoilt(Fault),
    /// The client was renewed meanwhile, and may talk to another server: what there is has to be listed anew.
    Renewed,
    /// The receiver is gone.
    Unheard,
}

/// Follow what `spec` names until the receiver is gone.
pub async fn follow<T: Object>(shared: &Shared, spec: Spec, out: mpsc::Sender<Saw<T>>) {
    let mut standing = Standing::new(shared, &spec, out);
    let mut known = Known::default();
    // Where the watch goes on, and the generation of the client that said so; None: list first.
    let mut from: Option<(String, u64)> = None;
    while !standing.unheard() {
        let generation = shared.cluster.client().0;
        let version = match from.take().filter(|(_, then)| *then == generation) {
            Some((version, _)) => version,
            None => {
                standing.turn(Phase::List).await;
                match list::all(shared, &spec, &mut known, standing.out(), standing.limit()).await {
                    Ok(version) => {
                        standing.listed().await;
                        version
                    }
                    Err(fault) => {
                        standing.failed(Phase::List, fault).await;
                        continue;
                    }
                }
            }
        };
        standing.turn(Phase::Watch).await;
        let mut at = version;
        let asked = standing.ask_for();
        let end = once(shared, &spec, (asked, generation), &mut standing, &mut known, &mut at).await;
        let go_on = Some((at, generation));
        match end {
            End::Unheard => return,
            End::Renewed => {}
            End::Silent => {
                from = go_on;
                standing.silent().await;
            }
            End::Suspect => {
                from = go_on;
                standing.suspect();
            }
            End::Over { lived, broke } => {
                from = go_on;
                standing.over(asked, lived, broke).await;
            }
            // Nothing is wrong: the list is only too old to go on from.
            End::Failed(fault) | End::Spoilt(fault) if fault.kind == Kind::Expired && standing.first_expiry() => {}
            End::Failed(fault) => {
                from = go_on.filter(|_| goes_on(&fault, &standing));
                standing.failed(Phase::Watch, fault).await;
            }
            End::Spoilt(fault) => standing.spoilt(fault).await,
        }
    }
}

/// Whether the next try can go on from where this one stood. If in doubt, what there is is listed anew.
fn goes_on<T>(fault: &Fault, standing: &Standing<'_, T>) -> bool {
    match fault.kind {
        Kind::Unreachable | Kind::Unauthorized => true,
        Kind::Busy => standing.attempt() < 2,
        _ => false,
    }
}

/// One watch request, from its opening to its end, to last as long as is asked and over the client of a generation; `at`
/// moves on with what was read.
async fn once<T: Object>(
    shared: &Shared,
    spec: &Spec,
    (asked, generation): (Duration, u64),
    standing: &mut Standing<'_, T>,
    known: &mut Known,
    at: &mut String,
) -> End {
    let seconds = asked.as_secs().max(1);
    let path = spec.path(&[
        ("watch", "1"),
        ("allowWatchBookmarks", "true"),
        ("resourceVersion", at),
        ("timeoutSeconds", &seconds.to_string()),
    ]);
    let mut reach = shared.gate.reach();
    reach.mark_unchanged();
    let mut lines = match http::open(shared, &path, &spec.asked.to("watch"), standing.limit()).await {
        Ok(lines) => lines,
        Err(fault) => return End::Failed(fault),
    };
    if shared.cluster.client().0 != generation {
        return End::Renewed;
    }
    standing.opened().await;
    let opened = Instant::now();
    let mut life = opened;
    loop {
        let settle = standing.settles(opened);
        let doubt = standing.doubts(life, reach.borrow().down);
        tokio::select! {
            biased;
            line = lines.next() => {
                let line = match line {
                    Ok(Some(line)) => line,
                    Ok(None) => return End::Over { lived: opened.elapsed(), broke: None },
                    Err(fault) if fault.kind == Kind::Cut => {
                        return End::Over { lived: opened.elapsed(), broke: Some(fault) };
                    }
                    Err(fault) => return End::Spoilt(fault),
                };
                life = Instant::now();
                shared.gate.reached();
                match line::read::<T>(&line) {
                    Ok(Said::Bookmark(version)) => {
                        standing.marked();
                        *at = version;
                    }
                    Ok(Said::Error(fault)) => return End::Spoilt(fault),
                    Ok(said) => {
                        if let Some(version) = line::apply(said, known, standing.out()).await {
                            *at = version;
                        }
                    }
                    Err(fault) => return End::Spoilt(fault),
                }
                standing.alive().await;
            }
            () = sleep_until(life + shared.pace.silent) => return End::Silent,
            () = async { sleep_until(settle.unwrap_or(opened)).await }, if settle.is_some() => standing.settled().await,
            () = async { sleep_until(doubt.unwrap_or(opened)).await }, if doubt.is_some() => standing.doubted().await,
            changed = reach.changed() => {
                let now = *reach.borrow_and_update();
                let back = now.down.is_none() && now.last_down.is_some_and(|down| down > life);
                if changed.is_ok() && back {
                    return End::Suspect;
                }
            }
            () = standing.closed() => return End::Unheard,
        }
    }
}
