//! The status of one watch: attempts, cuts and doubts, what of them is reported, and how long to wait.

use crate::observe::{Feed, FeedState, FeedStatus};
use crate::source::live::client::{ApiError, ApiErrorKind, ResourceAttributes, encode, jitter};
use crate::source::live::context::FeedContext;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// From this many cuts in a row on they are reported.
const SHOWN: u32 = 3;

/// What to watch.
#[derive(Clone, Debug)]
pub struct Spec {
    pub feed: Feed,
    /// The collection: `/api/v1/namespaces/lab/pods`.
    pub collection: String,
    /// `fieldSelector` or `labelSelector`, not encoded.
    pub selectors: Vec<(&'static str, String)>,
    pub attributes: ResourceAttributes,
    /// Whether the server sends bookmarks for this kind (not for events).
    pub bookmarks: bool,
}

impl Spec {
    /// The path with the selectors and `more` as its query.
    pub fn path(&self, more: &[(&str, &str)]) -> String {
        let selectors = self.selectors.iter().map(|(key, value)| format!("{key}={}", encode(value)));
        let more = more.iter().map(|(key, value)| format!("{key}={}", encode(value)));
        let query: Vec<String> = selectors.chain(more).collect();
        format!("{}?{}", self.collection, query.join("&"))
    }
}

/// What a watch sends to its feed.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchEvent<T> {
    /// An object that is new, or has changed.
    Object(T),
    Gone {
        uid: String,
        name: String,
    },
    /// Every object that exists has been sent.
    Listed,
    /// The status of the watch.
    State(FeedStatus),
}

/// The objects that exist: by uid, their name and version.
#[derive(Debug, Default)]
pub struct Known(pub HashMap<String, (String, String)>);

/// The part of an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    List,
    Watch,
}

/// The status of one watch.
pub struct WatchStatus<'a, T> {
    shared: &'a FeedContext,
    spec: &'a Spec,
    out: mpsc::Sender<WatchEvent<T>>,
    /// Attempts that failed since it last worked, and in which part the last one did.
    attempt: u32,
    phase: Option<Phase>,
    /// Watches in a row that were opened and then ended early or badly, and whether that was reported: then a watch has to
    /// live for a while before it counts as up.
    cuts: u32,
    cuts_reported: bool,
    /// A bookmark was seen, so that silence means something.
    marked: bool,
    /// No bookmarks come: the watch's end has to be the sign of life.
    unmarked: bool,
    /// The last watch ended with 410.
    expired: bool,
    /// It is reported as stale, since there is no sign of life.
    doubtful: bool,
}

impl<'a, T> WatchStatus<'a, T> {
    pub fn new(shared: &'a FeedContext, spec: &'a Spec, out: mpsc::Sender<WatchEvent<T>>) -> Self {
        let unmarked = !spec.bookmarks;
        WatchStatus {
            shared,
            spec,
            out,
            attempt: 0,
            phase: None,
            cuts: 0,
            cuts_reported: false,
            marked: false,
            unmarked,
            expired: false,
            doubtful: false,
        }
    }

    pub fn out(&self) -> &mpsc::Sender<WatchEvent<T>> {
        &self.out
    }

    pub fn is_closed(&self) -> bool {
        self.out.is_closed()
    }

    pub async fn closed(&self) {
        self.out.closed().await;
    }

    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// How long an answer may take.
    pub fn limit(&self) -> Duration {
        match self.phase {
            None => self.shared.timing().request,
            Some(_) => self.shared.timing().retried.min(self.shared.timing().request),
        }
    }

    /// How long the server is asked to keep the watch open.
    pub fn lifetime(&self) -> Duration {
        let timing = &self.shared.timing();
        jitter(if self.unmarked { timing.watch_unmarked } else { timing.watch })
    }

    /// Wait for the turn of a request that follows a failure. A watch after a list that works again need not wait.
    pub async fn turn(&self, phase: Phase) {
        if self.phase == Some(Phase::Watch) || self.phase == Some(phase) {
            self.shared.gate.turn().await;
        }
    }

    /// A list was read.
    pub async fn listed(&mut self) {
        if self.phase == Some(Phase::List) {
            self.phase = None;
            self.attempt = 0;
        }
        self.send(WatchEvent::Listed).await;
    }

    /// A watch was opened.
    pub async fn opened(&mut self) {
        if !self.cuts_reported {
            self.up().await;
        }
    }

    /// When an opened watch has lived long enough to count as up after cuts that were reported.
    pub fn settles(&self, opened: Instant) -> Option<Instant> {
        self.cuts_reported.then(|| opened + self.shared.timing().early)
    }

    pub async fn settled(&mut self) {
        self.cuts = 0;
        self.cuts_reported = false;
        self.up().await;
    }

    /// When a watch without a line is doubted because other requests cannot reach the server.
    pub fn doubts(&self, life: Instant, down: Option<Instant>) -> Option<Instant> {
        down.filter(|down| *down > life && !self.doubtful).map(|down| down + self.shared.timing().request)
    }

    pub async fn doubted(&mut self) {
        self.stale("the API server does not answer other requests".into()).await;
    }

    /// A bookmark came.
    pub fn marked(&mut self) {
        self.marked = true;
    }

    /// A line came.
    pub async fn alive(&mut self) {
        self.expired = false;
        if self.doubtful {
            self.up().await;
        }
    }

    /// The watch was silent for too long.
    pub async fn silent(&mut self) {
        self.phase = Some(Phase::Watch);
        // A server that sends no bookmarks while nothing changes is silent without anything being wrong.
        if !self.marked {
            self.unmarked = true;
            return;
        }
        let seconds = self.shared.out.clock().span(self.shared.timing().silent).as_secs_f64();
        self.stale(format!("no sign of life for {seconds:.0} s; asking again")).await;
    }

    /// The watch showed no line since the server was unreachable.
    pub fn suspect(&mut self) {
        self.phase = Some(Phase::Watch);
    }

    /// The watch, which was to stay open for `lifetime`, ended after `lived`, properly or not.
    pub async fn over(&mut self, lifetime: Duration, lived: Duration, broke: Option<ApiError>) {
        let timing = &self.shared.timing();
        if lived >= timing.early {
            self.cuts = 0;
            self.cuts_reported = false;
            // When a server goes down all its watches end at once, before their time.
            if broke.is_some() || lived < lifetime / 2 {
                self.phase = Some(Phase::Watch);
            }
            return self.sleep(timing.reopen).await;
        }
        self.cuts += 1;
        self.phase = Some(Phase::Watch);
        let wait = if self.cuts == 1 { timing.reopen } else { jitter(timing.backoff(self.cuts - 1)) };
        if self.cuts >= SHOWN {
            self.cuts_reported = true;
            let how = broke.map(|fault| format!(": {}", fault.reason)).unwrap_or_default();
            let what = self.spec.attributes.what();
            let reason = format!("the watch of {what} is cut after {:.1} s again and again{how}", lived.as_secs_f64());
            let status = ApiError::new(ApiErrorKind::Cut, reason)
                .with_hint("a proxy or load balancer in between may be at fault; it must let answers last")
                .feed_status(self.spec.feed, self.cuts);
            self.report(status, wait).await;
        }
        self.sleep(wait).await;
    }

    /// Whether this 410 is the first in a row, which only means that the list is old.
    pub fn first_expiry(&mut self) -> bool {
        !std::mem::replace(&mut self.expired, true)
    }

    /// A request failed: report it and wait.
    pub async fn failed(&mut self, phase: Phase, fault: ApiError) {
        self.attempt += 1;
        self.phase = Some(phase);
        self.doubtful = false;
        let wait = fault.wait(self.attempt, &self.shared.timing());
        self.report(fault.feed_status(self.spec.feed, self.attempt), wait).await;
        match fault.kind {
            ApiErrorKind::Unreachable => tokio::select! {
                () = self.shared.gate.pause(wait) => {}
                () = self.out.closed() => {}
            },
            _ => self.sleep(wait).await,
        }
    }

    /// A watch that was open reported an error or sent what is no event: everything is listed again.
    pub async fn corrupt(&mut self, fault: ApiError) {
        self.cuts += 1;
        self.cuts_reported = true;
        self.attempt = self.cuts - 1;
        self.failed(Phase::Watch, fault).await;
    }

    async fn sleep(&self, wait: Duration) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.out.closed() => {}
        }
    }

    async fn report(&self, status: FeedStatus, wait: Duration) {
        self.send(WatchEvent::State(FeedStatus { retry_at: self.shared.out.after(wait), ..status })).await;
    }

    async fn stale(&mut self, reason: String) {
        self.doubtful = true;
        let status = FeedStatus { reason: Some(reason), ..FeedStatus::new(self.spec.feed, FeedState::Stale) };
        self.send(WatchEvent::State(status)).await;
    }

    async fn up(&mut self) {
        self.attempt = 0;
        self.phase = None;
        self.doubtful = false;
        self.send(WatchEvent::State(FeedStatus::new(self.spec.feed, FeedState::Up))).await;
    }

    /// A receiver that is gone is noticed by `is_closed`.
    async fn send(&self, saw: WatchEvent<T>) {
        let _ = self.out.send(saw).await;
    }
}
