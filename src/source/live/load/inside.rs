//! The feed k6: each pod of the load is read in two ways, its log (progress every second, errors, summary) and, where it
//! answers, its REST API (requests, failures, latency, thresholds). Either will do.

use super::super::client::port_forward::{self, Forward, Port};
use super::super::client::{ApiError, ErrorKind};
use super::super::context::{FeedContext, StatusReporter};
use super::super::discovered::{PodTarget, PodTargets};
use super::super::retry::state;
use super::{follow, rest};
use crate::observe::{Feed, FeedState, FeedStatus, K6Seen, K6State, Observation};
use ::http::Method;
use std::collections::BTreeMap;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

/// k6's REST API inside its pod, unless its arguments say otherwise.
pub const PORT: u16 = 6565;
/// The most that is read of one answer.
const MOST: usize = 4 << 20;

/// How a way of reading a pod stands.
type Stands = (String, Way, Result<(), ApiError>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Log,
    Rest,
}

/// Read what k6 tells until the program ends.
pub async fn run(shared: &FeedContext, mut pods: watch::Receiver<PodTargets>) {
    let mut reporter = StatusReporter::new(shared.out.clone(), Feed::K6, 1);
    let (to, mut from) = mpsc::channel::<Stands>(16);
    let mut tasks = JoinSet::new();
    let mut logs: BTreeMap<String, (watch::Sender<PodTarget>, AbortHandle)> = BTreeMap::new();
    let mut rests: BTreeMap<String, AbortHandle> = BTreeMap::new();
    let mut stand: BTreeMap<(String, Way), Result<(), ApiError>> = BTreeMap::new();
    loop {
        let now = pods.borrow_and_update().clone();
        logs.retain(|uid, (_, task)| now.contains_key(uid) || !abort(task));
        rests.retain(|uid, task| now.get(uid).is_some_and(|p| p.runs) || !abort(task));
        stand.retain(|(uid, way), _| now.get(uid).is_some_and(|p| *way == Way::Log || p.runs));
        for (uid, pod) in now.iter().filter(|(_, p)| p.runs || p.over) {
            match logs.get(uid) {
                Some((place, _)) => _ = place.send_replace(pod.clone()),
                None => {
                    let place = watch::Sender::new(pod.clone());
                    let reading = read_log(shared.clone(), uid.clone(), place.subscribe(), to.clone());
                    logs.insert(uid.clone(), (place, tasks.spawn(reading)));
                }
            }
            if pod.runs && !rests.contains_key(uid) {
                let asking = ask(shared.clone(), uid.clone(), pod.clone(), to.clone());
                rests.insert(uid.clone(), tasks.spawn(asking));
            }
        }
        reporter.report(0, standing(&now, &stand)).await;
        loop {
            tokio::select! {
                changed = pods.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
                one = from.recv() => {
                    let Some((uid, way, result)) = one else { return };
                    if now.contains_key(&uid) {
                        stand.insert((uid, way), result);
                    }
                    reporter.report(0, standing(&now, &stand)).await;
                }
                Some(_) = tasks.join_next() => {}
            }
        }
    }
}

fn abort(task: &AbortHandle) -> bool {
    task.abort();
    true
}

/// Follow a pod's log until the process has ended and all was read.
async fn read_log(shared: FeedContext, uid: String, mut pod: watch::Receiver<PodTarget>, to: mpsc::Sender<Stands>) {
    let (mut place, mut attempt) = (follow::Place::default(), 0);
    loop {
        let now = pod.borrow_and_update().clone();
        let result = follow::follow(&shared, &uid, &now, &mut place).await;
        let over = pod.borrow_and_update().over;
        match result {
            Ok(()) => {
                attempt = 0;
                if to.send((uid.clone(), Way::Log, Ok(()))).await.is_err() {
                    return;
                }
                if over {
                    return follow::end(&shared, &uid, &now, &mut place).await;
                }
                // The log ends a moment before the pod is seen to have.
                tokio::select! {
                    _ = pod.changed() => {}
                    () = sleep(shared.timing.first) => {}
                }
            }
            Err(fault) => {
                attempt += 1;
                let wait = match fault.kind {
                    ErrorKind::Denied | ErrorKind::Unauthorized => shared.timing.inside,
                    // A long log that breaks off now and then is followed on at once.
                    ErrorKind::Cut => shared.timing.first,
                    _ => shared.timing.first.saturating_mul(1 << attempt.min(8)).min(shared.timing.inside),
                };
                if to.send((uid.clone(), Way::Log, Err(fault))).await.is_err() {
                    return;
                }
                sleep(wait).await;
                shared.gate.turn().await;
            }
        }
    }
}

/// Ask a pod's REST API until aborted; where none answers, less and less often.
async fn ask(shared: FeedContext, uid: String, pod: PodTarget, to: mpsc::Sender<Stands>) {
    let port = Port { namespace: pod.namespace.clone(), pod: pod.name.clone(), port: pod.port.unwrap_or(PORT) };
    let (mut forward, mut failed, mut last) = (None, 0u32, None::<bool>);
    // k6 opens its port within a second of its start.
    sleep(shared.timing.first).await;
    loop {
        let begun = Instant::now();
        let outcome = once(&shared, &port, &mut forward).await;
        let wait = match &outcome {
            Ok(_) => shared.timing.scrape,
            Err(fault) => {
                (forward, failed) = (None, failed + 1);
                match fault.kind {
                    ErrorKind::Denied | ErrorKind::Unauthorized => shared.timing.inside,
                    _ => shared.timing.first.saturating_mul(2 << failed.min(8)).min(shared.timing.inside),
                }
            }
        };
        let works = outcome.is_ok();
        let result = match outcome {
            Ok(seen) => {
                failed = 0;
                let seen = K6Seen { pod: pod.name.clone(), uid: uid.clone(), ..seen };
                // Its log has the last word; REST only knows that it is about to end.
                if seen.state != K6State::Ended {
                    shared.out.emit(Observation::K6(Box::new(seen))).await;
                }
                Ok(())
            }
            Err(fault) => Err(fault),
        };
        if (last != Some(works) || !works) && to.send((uid.clone(), Way::Rest, result)).await.is_err() {
            return;
        }
        last = Some(works);
        sleep_until(begun + wait).await;
    }
}

async fn once(shared: &FeedContext, port: &Port, forward: &mut Option<Forward>) -> Result<K6Seen, ApiError> {
    let limit = shared.timing.retried;
    let open = match forward.take() {
        Some(open) => open,
        None => port_forward::open(shared, port, limit).await?,
    };
    let open = forward.insert(open);
    let mut bodies = [Vec::new(), Vec::new()];
    for (path, body) in ["/v1/status", "/v1/metrics"].into_iter().zip(&mut bodies) {
        open.request(Method::GET, path, "", (limit, MOST), |chunk| body.extend_from_slice(chunk)).await?;
    }
    let [status, metrics] = bodies;
    let why = || format!("port {} of pod {} is not k6's REST API", port.port, port.pod);
    rest::read(&status, &metrics).ok_or_else(|| ApiError::new(ErrorKind::Garbled, why()))
}

/// How the feed stands: up while either way works, but never silent about what may not be read.
fn standing(pods: &PodTargets, stand: &BTreeMap<(String, Way), Result<(), ApiError>>) -> FeedStatus {
    let faults = |way: Way| stand.iter().filter(move |((_, w), _)| *w == way).filter_map(|(_, r)| r.as_ref().err());
    let denied = |f: &&ApiError| matches!(f.kind, ErrorKind::Denied | ErrorKind::Unauthorized);
    if let Some(fault) = faults(Way::Log).find(denied).or_else(|| faults(Way::Rest).find(denied)) {
        return FeedStatus { attempt: 0, ..fault.feed_status(Feed::K6, 0) };
    }
    let known = pods.values().filter(|p| p.runs || p.over).count();
    let worked = |way: Way| stand.iter().any(|((_, w), r)| *w == way && r.is_ok());
    // A log that is being followed says nothing here until it ends, and need not.
    match (known, faults(Way::Log).next(), faults(Way::Rest).next()) {
        (0, ..) => state(Feed::K6, FeedState::Absent, "no k6 runs"),
        (_, Some(fault), _) if !worked(Way::Rest) => FeedStatus { attempt: 0, ..fault.feed_status(Feed::K6, 0) },
        (_, Some(fault), _) => state(Feed::K6, FeedState::Up, format!("by its REST API alone: {}", fault.reason)),
        (_, None, Some(fault)) => state(Feed::K6, FeedState::Up, format!("by its log alone: {}", fault.reason)),
        (_, None, None) if worked(Way::Rest) => state(Feed::K6, FeedState::Up, "by its log and its REST API"),
        _ => state(Feed::K6, FeedState::Up, "by its log"),
    }
}
