//! The feed k6: each pod of the load is read over two paths, its log (progress every second, errors, summary) and, where it
//! responds, its REST API (requests, failures, latency, thresholds). One of them is enough.

use super::super::client::port_forward::{self, Forward, Port};
use super::super::client::{ApiError, ApiErrorKind};
use super::super::context::{FeedContext, StatusReporter};
use super::super::discovered::{PodTarget, PodTargets};
use super::super::retry::state;
use super::log_stream::{self, LogPosition};
use super::rest;
use crate::observe::{Feed, FeedState, FeedStatus, K6Seen, K6State, Observation};
use ::http::Method;
use std::collections::BTreeMap;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep};

/// The default port of k6's REST API inside its pod.
pub const PORT: u16 = 6565;
/// The most that is read of a response, in bytes.
const MOST: usize = 4 << 20;

/// How a pod is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Via {
    Log,
    Rest,
}

/// The outcome of reading a pod: its uid, how it was read, and why that failed.
type ReadOutcome = (String, Via, Result<(), ApiError>);
/// The latest outcomes, by pod uid and path.
type ReadOutcomes = BTreeMap<(String, Via), Result<(), ApiError>>;

/// Read k6's figures in all pods until the program ends.
pub async fn run(shared: &FeedContext, mut pods: watch::Receiver<PodTargets>) {
    let mut reporter = StatusReporter::new(shared.out.clone(), Feed::K6, 1);
    let (to, mut from) = mpsc::channel::<ReadOutcome>(16);
    let mut readers = Readers { shared, to, logs: BTreeMap::new(), rests: BTreeMap::new(), tasks: JoinSet::new() };
    let mut outcomes = ReadOutcomes::new();
    loop {
        let now = pods.borrow_and_update().clone();
        readers.update(&now);
        outcomes.retain(|(uid, via), _| now.get(uid).is_some_and(|p| *via == Via::Log || p.runs));
        reporter.report(0, status(&now, &outcomes)).await;
        tokio::select! {
            changed = pods.changed() => if changed.is_err() { return },
            outcome = from.recv() => match outcome {
                Some((uid, via, result)) if now.contains_key(&uid) => _ = outcomes.insert((uid, via), result),
                Some(_) => {}
                None => return,
            },
            Some(_) = readers.tasks.join_next() => {}
        }
    }
}

/// The tasks that read the pods, by pod uid.
struct Readers<'a> {
    shared: &'a FeedContext,
    to: mpsc::Sender<ReadOutcome>,
    /// Each with the latest state of its pod.
    logs: BTreeMap<String, (watch::Sender<PodTarget>, AbortHandle)>,
    rests: BTreeMap<String, AbortHandle>,
    tasks: JoinSet<()>,
}

impl Readers<'_> {
    /// Start reading new pods, and stop reading those that are gone. A log is still read after k6 has ended.
    fn update(&mut self, pods: &PodTargets) {
        let abort = |task: &AbortHandle| {
            task.abort();
            false
        };
        self.logs.retain(|uid, (_, task)| pods.contains_key(uid) || abort(task));
        self.rests.retain(|uid, task| pods.get(uid).is_some_and(|p| p.runs) || abort(task));
        for (uid, pod) in pods.iter().filter(|(_, p)| p.runs || p.over) {
            match self.logs.get(uid) {
                Some((state, _)) => _ = state.send_replace(pod.clone()),
                None => {
                    let state = watch::Sender::new(pod.clone());
                    let reading = read_log(self.shared.clone(), uid.clone(), state.subscribe(), self.to.clone());
                    self.logs.insert(uid.clone(), (state, self.tasks.spawn(reading)));
                }
            }
            if pod.runs && !self.rests.contains_key(uid) {
                let polling = poll_rest(self.shared.clone(), uid.clone(), pod.clone(), self.to.clone());
                self.rests.insert(uid.clone(), self.tasks.spawn(polling));
            }
        }
    }
}

/// Stream a pod's log until the process has ended and everything was read.
async fn read_log(
    shared: FeedContext,
    uid: String,
    mut pod: watch::Receiver<PodTarget>,
    to: mpsc::Sender<ReadOutcome>,
) {
    let (mut position, mut attempt) = (LogPosition::default(), 0);
    loop {
        let now = pod.borrow_and_update().clone();
        let result = log_stream::stream(&shared, &uid, &now, &mut position).await;
        let over = pod.borrow_and_update().over;
        match result {
            Ok(()) => {
                attempt = 0;
                if to.send((uid.clone(), Via::Log, Ok(()))).await.is_err() {
                    return;
                }
                if over {
                    return log_stream::finish(&shared, &uid, &now, &mut position).await;
                }
                // The log ends a moment before the pod's status shows it.
                tokio::select! {
                    _ = pod.changed() => {}
                    () = sleep(shared.timing().first) => {}
                }
            }
            Err(fault) => {
                attempt += 1;
                let wait = match fault.kind {
                    ApiErrorKind::Denied | ApiErrorKind::Unauthorized => shared.timing().inside,
                    // A long log that breaks off now and then is continued at once.
                    ApiErrorKind::Cut => shared.timing().first,
                    _ => shared.timing().first.saturating_mul(1 << attempt.min(8)).min(shared.timing().inside),
                };
                if to.send((uid.clone(), Via::Log, Err(fault))).await.is_err() {
                    return;
                }
                sleep(wait).await;
                shared.gate.turn().await;
            }
        }
    }
}

/// Poll a pod's REST API until aborted; where none responds, less and less often.
async fn poll_rest(shared: FeedContext, uid: String, pod: PodTarget, to: mpsc::Sender<ReadOutcome>) {
    let port = Port { namespace: pod.namespace.clone(), pod: pod.name.clone(), port: pod.port.unwrap_or(PORT) };
    let (mut forward, mut failed, mut last) = (None, 0u32, None::<bool>);
    // k6 starts to listen within a second.
    sleep(shared.timing().first).await;
    loop {
        let begun = Instant::now();
        let outcome = read_rest(&shared, &port, &mut forward).await;
        let wait = match &outcome {
            Ok(_) => shared.timing().scrape,
            Err(fault) => {
                (forward, failed) = (None, failed + 1);
                match fault.kind {
                    ApiErrorKind::Denied | ApiErrorKind::Unauthorized => shared.timing().inside,
                    _ => shared.timing().first.saturating_mul(2 << failed.min(8)).min(shared.timing().inside),
                }
            }
        };
        let works = outcome.is_ok();
        let result = match outcome {
            Ok(seen) => {
                failed = 0;
                let seen = K6Seen { pod: pod.name.clone(), uid: uid.clone(), ..seen };
                // The end is taken from the log: the REST API only reports that it is about to come.
                if seen.state != K6State::Ended {
                    shared.out.emit(Observation::K6(Box::new(seen))).await;
                }
                Ok(())
            }
            Err(fault) => Err(fault),
        };
        if (last != Some(works) || !works) && to.send((uid.clone(), Via::Rest, result)).await.is_err() {
            return;
        }
        last = Some(works);
        shared.out.clock().sleep(wait.saturating_sub(begun.elapsed())).await;
    }
}

async fn read_rest(shared: &FeedContext, port: &Port, forward: &mut Option<Forward>) -> Result<K6Seen, ApiError> {
    let limit = shared.timing().retried;
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
    rest::read(&status, &metrics).ok_or_else(|| ApiError::new(ApiErrorKind::Garbled, why()))
}

/// The feed's status: up while either path works, and its reason names what may not be read.
fn status(pods: &PodTargets, outcomes: &ReadOutcomes) -> FeedStatus {
    let faults = |via: Via| outcomes.iter().filter(move |((_, v), _)| *v == via).filter_map(|(_, r)| r.as_ref().err());
    let denied = |f: &&ApiError| matches!(f.kind, ApiErrorKind::Denied | ApiErrorKind::Unauthorized);
    if let Some(fault) = faults(Via::Log).find(denied).or_else(|| faults(Via::Rest).find(denied)) {
        return FeedStatus { attempt: 0, ..fault.feed_status(Feed::K6, 0) };
    }
    let known = pods.values().filter(|p| p.runs || p.over).count();
    let worked = |via: Via| outcomes.iter().any(|((_, v), r)| *v == via && r.is_ok());
    // A log has no outcome while it is being streamed.
    match (known, faults(Via::Log).next(), faults(Via::Rest).next()) {
        (0, ..) => state(Feed::K6, FeedState::Absent, "no k6 runs"),
        (_, Some(fault), _) if !worked(Via::Rest) => FeedStatus { attempt: 0, ..fault.feed_status(Feed::K6, 0) },
        (_, Some(fault), _) => state(Feed::K6, FeedState::Up, format!("by its REST API alone: {}", fault.reason)),
        (_, None, Some(fault)) => state(Feed::K6, FeedState::Up, format!("by its log alone: {}", fault.reason)),
        (_, None, None) if worked(Via::Rest) => state(Feed::K6, FeedState::Up, "by its log and its REST API"),
        _ => state(Feed::K6, FeedState::Up, "by its log"),
    }
}
