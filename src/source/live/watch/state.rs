//! How a watch stands: tries, cuts and doubts, what is said of them, and how long is waited.

use crate::observe::{Feed, FeedState, FeedStatus};
use crate::source::live::fault::{Asked, Fault, Kind};
use crate::source::live::http::encode;
use crate::source::live::pace::jitter;
use crate::source::live::shared::Shared;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Cuts in a row from which on they are shown.
const SHOWN: u32 = 3;

/// What is to be followed.
#[derive(Clone, Debug)]
pub struct Spec {
    pub feed: Feed,
    /// The collection: `/api/v1/namespaces/lab/pods`.
    pub collection: String,
    /// `fieldSelector` or `labelSelector`, not encoded.
    pub selectors: Vec<(&'static str, String)>,
    pub asked: Asked,
    /// Whether the server sends bookmarks for the kind (not for events).
    pub bookmarks: bool,
}

impl Spec {
    /// The path with the selectors and `more`; the latter holds nothing that needs to be encoded.
    pub fn path(&self, more: &[(&str, &str)]) -> String {
        let selectors = self.selectors.iter().map(|(key, value)| format!("{key}={}", encode(value)));
        let more = more.iter().map(|(key, value)| format!("{key}={}", encode(value)));
        let query: Vec<String> = selectors.chain(more).collect();
        format!("{}?{}", self.collection, query.join("&"))
    }
}

/// What a watch tells its feed.
#[derive(Clone, Debug, PartialEq)]
pub enum Saw<T> {
    /// It is new, or has changed.
    Object(T),
    Gone {
        uid: String,
        name: String,
    },
    /// All that there is has been said.
    Listed,
    /// How the watch stands.
    State(FeedStatus),
}

/// The objects that there are: by uid, their name and version.
#[derive(Debug, Default)]
pub struct Known(pub HashMap<String, (String, String)>);

/// The part of a try that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    List,
    Watch,
}

/// The standing of one watch.
pub struct Standing<'a, T> {
    shared: &'a Shared,
    spec: &'a Spec,
    out: mpsc::Sender<Saw<T>>,
    /// Tries that failed since it last worked, and in which part the last one did.
    attempt: u32,
    phase: Option<Phase>,
    /// Watches in a row that were opened and then ended early or badly, and whether that was said: then a watch has to
    /// live for a while before it counts as up.
    cuts: u32,
    told: bool,
    /// A bookmark was seen, so that silence means something.
    marked: bool,
    /// No bookmarks came where they should: the watch's end has to be the sign of life.
    unmarked: bool,
    /// The last watch ended with 410.
    expired: bool,
    /// It is said to be Stale for want of a sign of life.
    doubtful: bool,
}

impl<'a, T> Standing<'a, T> {
    pub fn new(shared: &'a Shared, spec: &'a Spec, out: mpsc::Sender<Saw<T>>) -> Self {
        let unmarked = !spec.bookmarks;
        Standing {
            shared,
            spec,
            out,
            attempt: 0,
            phase: None,
            cuts: 0,
            told: false,
            marked: false,
            unmarked,
            expired: false,
            doubtful: false,
        }
    }

    pub fn out(&self) -> &mpsc::Sender<Saw<T>> {
        &self.out
    }

    pub fn unheard(&self) -> bool {
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
            None => self.shared.pace.request,
            Some(_) => self.shared.pace.retried.min(self.shared.pace.request),
        }
    }

    /// How long the server is asked to keep the watch open.
    pub fn ask_for(&self) -> Duration {
        let pace = &self.shared.pace;
        jitter(if self.unmarked { pace.watch_unmarked } else { pace.watch })
    }

    /// Wait for the turn of a request that follows a failure. A watch that follows a list which works again does not.
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
        self.send(Saw::Listed).await;
    }

    /// A watch was opened.
    pub async fn opened(&mut self) {
        if !self.told {
            self.up().await;
        }
    }

    /// When an opened watch has lived long enough to count as up after cuts that were told.
    pub fn settles(&self, opened: Instant) -> Option<Instant> {
        self.told.then(|| opened + self.shared.pace.early)
    }

    pub async fn settled(&mut self) {
        self.cuts = 0;
        self.told = false;
        self.up().await;
    }

    /// When a watch that shows no life is doubted because others cannot reach the server.
    pub fn doubts(&self, life: Instant, down: Option<Instant>) -> Option<Instant> {
        down.filter(|down| *down > life && !self.doubtful).map(|down| down + self.shared.pace.request)
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
        // A server that sends no bookmarks while nothing changes is silent for no fault of its own.
        if !self.marked {
            self.unmarked = true;
            return;
        }
        let seconds = self.shared.out.clock().span(self.shared.pace.silent).as_secs_f64();
        self.stale(format!("no sign of life for {seconds:.0} s; asking again")).await;
    }

    /// The watch showed no life since the server was out of reach.
    pub fn suspect(&mut self) {
        self.phase = Some(Phase::Watch);
    }

    /// The watch, which was to last as long as was asked, came to its end, properly or not.
    pub async fn over(&mut self, asked: Duration, lived: Duration, broke: Option<Fault>) {
        let pace = &self.shared.pace;
        if lived >= pace.early {
            self.cuts = 0;
            self.told = false;
            // When a server goes down all its watches end at once, before their time.
            if broke.is_some() || lived < asked / 2 {
                self.phase = Some(Phase::Watch);
            }
            return self.sleep(pace.reopen).await;
        }
        self.cuts += 1;
        self.phase = Some(Phase::Watch);
        let wait = if self.cuts == 1 { pace.reopen } else { jitter(pace.backoff(self.cuts - 1)) };
        if self.cuts >= SHOWN {
            self.told = true;
            let how = broke.map(|fault| format!(": {}", fault.reason)).unwrap_or_default();
            let what = self.spec.asked.what();
            let reason = format!("the watch of {what} is cut after {:.1} s again and again{how}", lived.as_secs_f64());
            let link = Fault::new(Kind::Cut, reason)
                .with_hint("a proxy or load balancer in between may be at fault; it must let answers last")
                .link(self.spec.feed, self.cuts);
            self.say(link, wait).await;
        }
        self.sleep(wait).await;
    }

    /// Whether this 410 is the first in a row, which means nothing but that the list is old.
    pub fn first_expiry(&mut self) -> bool {
        !std::mem::replace(&mut self.expired, true)
    }

    /// A request failed: say so and wait.
    pub async fn failed(&mut self, phase: Phase, fault: Fault) {
        self.attempt += 1;
        self.phase = Some(phase);
        self.doubtful = false;
        let wait = fault.wait(self.attempt, &self.shared.pace);
        self.say(fault.link(self.spec.feed, self.attempt), wait).await;
        match fault.kind {
            Kind::Unreachable => tokio::select! {
                () = self.shared.gate.pause(wait) => {}
                () = self.out.closed() => {}
            },
            _ => self.sleep(wait).await,
        }
    }

    /// A watch that was open told of an error or sent rubbish: what there is is to be listed anew.
    pub async fn spoilt(&mut self, fault: Fault) {
        self.cuts += 1;
        self.told = true;
        self.attempt = self.cuts - 1;
        self.failed(Phase::Watch, fault).await;
    }

    async fn sleep(&self, wait: Duration) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.out.closed() => {}
        }
    }

    async fn say(&self, link: FeedStatus, wait: Duration) {
        self.send(Saw::State(FeedStatus { retry_at: self.shared.out.after(wait), ..link })).await;
    }

    async fn stale(&mut self, reason: String) {
        self.doubtful = true;
        let link = FeedStatus { reason: Some(reason), ..FeedStatus::new(self.spec.feed, FeedState::Stale) };
        self.send(Saw::State(link)).await;
    }

    async fn up(&mut self) {
        self.attempt = 0;
        self.phase = None;
        self.doubtful = false;
        self.send(Saw::State(FeedStatus::new(self.spec.feed, FeedState::Up))).await;
    }

    /// A receiver that is gone is noticed by `unheard`.
    async fn send(&self, saw: Saw<T>) {
        let _ = self.out.send(saw).await;
    }
}
