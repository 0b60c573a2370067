//! The ingest feed: Elasticsearch's counters, its nodes, its health, and what its log records lack.
//!
//! ```text
//! find (ECK, the gateway's exporter, or --es-url) ─► line (elasticsearch crate over a door of ours) ─► plan: what to ask when
//! ```
//! Whatever fails is one sentence; after a failure that a new look may mend (other credentials, another pod), it is looked
//! for anew.

pub mod answers;
mod bridge;
mod direct;
mod examine;
mod find;
mod gateway;
mod kibana;
mod line;
mod plan;
mod quality;
mod settings;
mod wire;
mod words;

pub use direct::in_cluster;
pub use examine::{Answered, examine};
pub use find::{asked, find, list};
pub use line::{Found, Line};
pub use settings::{Credential, IngestSettings};

use super::fault::{Fault, Kind};
use super::pace::jitter;
use super::retry::state;
use super::shared::{Shared, Teller};
use crate::observe::text::{NAME, clean};
use crate::observe::{
    CountedBy, CountersSeen, ElasticsearchSeen, Feed, FeedState, FeedStatus, LogQualitySeen, Observation, Time,
};
use bridge::Behind;
use chrono::TimeDelta;
use elasticsearch::http::Method;
use plan::{Plan, Question};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Log records are looked at from so long before the session, and no longer back than this from now.
const BEFORE: TimeDelta = TimeDelta::minutes(5);
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// Ask Elasticsearch until the program ends.
pub async fn run(shared: Shared, namespace: String, settings: IngestSettings) {
    let mut teller = Teller::new(shared.out.clone(), Feed::Ingest, 1);
    if settings.off {
        teller.tell(0, state(Feed::Ingest, FeedState::Absent, "switched off (--no-es)")).await;
        return std::future::pending().await;
    }
    teller.tell(0, state(Feed::Ingest, FeedState::Connecting, "looks for Elasticsearch")).await;
    let (mut attempt, began) = (0, shared.out.now());
    loop {
        let fault = match find(&shared, &namespace, &settings).await {
            Ok(found) => follow(&shared, found, &mut teller, &mut attempt, began).await,
            Err(fault) => fault,
        };
        attempt += 1;
        let wait = wait(&fault, attempt, &shared);
        tracing::info!(reason = fault.reason, "Elasticsearch");
        teller.tell(0, FeedStatus { retry_at: shared.out.after(wait), ..fault.link(Feed::Ingest, attempt) }).await;
        match fault.kind {
            Kind::Unreachable => shared.gate.pause(wait).await,
            _ => tokio::time::sleep(wait).await,
        }
    }
}

/// A refused password is not tried often: servers lock accounts. Who is too busy is left alone for longer.
fn wait(fault: &Fault, attempt: u32, shared: &Shared) -> Duration {
    let pace = &shared.pace;
    match fault.kind {
        Kind::Unauthorized => (pace.settled * attempt.min(8)).max(pace.settled),
        // Such an answer may be large each time.
        Kind::Garbled => pace.ingest,
        // It was looked for in several places; nothing of that changes often.
        Kind::Absent => pace.settled * 8,
        Kind::Denied | Kind::Refused | Kind::Tls => pace.settled * 2,
        Kind::Busy => (pace.ingest * attempt.min(4)).max(fault.retry_after.unwrap_or_default().min(pace.ingest * 6)),
        _ => jitter(pace.backoff(attempt)),
    }
}

/// Follows one Elasticsearch until something fails that a new look may mend.
async fn follow(shared: &Shared, found: Found, teller: &mut Teller, attempt: &mut u32, began: Time) -> Fault {
    let (line, carrying) = match Line::open(found, shared).await {
        Ok(open) => open,
        Err(fault) => return fault,
    };
    let mut asking = Asking { began, ..Asking::new(shared, line) };
    tokio::select! {
        fault = asking.follow(teller, attempt) => fault,
        () = carrying => Fault::new(Kind::Unreachable, "the way to Elasticsearch ended"),
    }
}

struct Asking<'a> {
    shared: &'a Shared,
    line: Line,
    plan: Plan,
    by: CountedBy,
    /// There are data streams of logs.
    logs: bool,
    /// All documents of the latest counters, and when.
    sum: Option<(u64, Instant)>,
    /// Everything that the nodes turned away so far.
    turned_away: Option<u64>,
    began: Time,
    /// What may not be asked, one sentence for each API, and what mends it.
    lacks: Vec<(Question, String, Option<String>)>,
}

impl<'a> Asking<'a> {
    fn new(shared: &'a Shared, line: Line) -> Self {
        let (plan, by, began) = (Plan::default(), CountedBy::SeqNo, shared.out.now());
        Asking { shared, line, plan, by, logs: false, sum: None, turned_away: None, began, lacks: Vec::new() }
    }

    async fn follow(&mut self, teller: &mut Teller, attempt: &mut u32) -> Fault {
        if let Err(fault) = self.about().await {
            return fault;
        }
        let interval = self.shared.pace.ingest;
        loop {
            let started = Instant::now();
            let (mut questions, rested) = (VecDeque::from(self.plan.questions()), self.plan.rests());
            while let Some(question) = questions.pop_front() {
                let asked = Instant::now();
                match self.put(question).await {
                    Ok(()) => self.lacks.retain(|l| l.0 != question),
                    Err(fault) if question != Question::Counters && optional(&fault) => {
                        self.lack(question, fault).await
                    }
                    Err(fault) => return fault,
                }
                self.plan.took(asked.elapsed(), interval);
                if rested && question == Question::Counters && self.plan.wakes() {
                    questions.push_back(Question::Nodes);
                }
            }
            *attempt = 0;
            teller.tell(0, self.standing()).await;
            let next = started + self.plan.next(interval);
            tokio::time::sleep_until(next.max(Instant::now() + interval / 20)).await;
        }
    }

    async fn get(&mut self, path: &str) -> Result<Vec<u8>, Fault> {
        self.line.ask(Method::Get, path, None, self.shared.pace.request).await
    }

    /// Which Elasticsearch it is. Who may not know that goes on without.
    async fn about(&mut self) -> Result<(), Fault> {
        let root: wire::Root = match self.get("").await {
            Ok(body) => serde_json::from_slice(&body).map_err(|e| words::garbled("", &e, &self.line.found))?,
            Err(fault) if fault.kind == Kind::Denied => wire::Root::default(),
            Err(fault) => return Err(fault),
        };
        let found = &self.line.found;
        let way = match &found.behind {
            Behind::Pod { pod, .. } => format!("port-forward to pod {pod}"),
            Behind::Network { .. } => "the network".into(),
        };
        let seen = ElasticsearchSeen {
            cluster: clean(&root.cluster_name, NAME),
            version: clean(&root.version.number, 64),
            flavor: clean(&root.version.build_flavor, 64),
            url: clean(found.url.as_str().trim_end_matches('/'), 1024),
            route: clean(&way, 1024),
            user: clean(&found.credential.name(), NAME),
            kibana: clean(&found.kibana, 1024),
            kibana_version: found.kibana_version.clone(),
            notes: found.notes.clone(),
        };
        self.shared.out.say(Observation::Elastic(Box::new(seen))).await;
        Ok(())
    }

    async fn put(&mut self, question: Question) -> Result<(), Fault> {
        match question {
            Question::Counters => {
                let seen = self.counters().await?;
                self.shared.out.say(Observation::Counters(Box::new(seen))).await;
            }
            Question::Nodes => {
                let path = wire::nodes_path();
                let body = self.get(&path).await?;
                let seen = answers::nodes(&body).map_err(|e| words::garbled(&path, &e, &self.line.found))?;
                let away = seen.nodes.iter().map(turned_away).sum();
                let waits = seen.nodes.iter().any(|n| n.write.is_some_and(|p| p.queue > 0));
                let more = self.turned_away.replace(away).is_some_and(|before| away > before);
                self.plan.load(None, Some(waits || more));
                self.shared.out.say(Observation::ElasticNodes(Box::new(seen))).await;
            }
            Question::Health => {
                let body = self.get("_cluster/health").await?;
                let health = serde_json::from_slice::<wire::Health>(&body);
                let health = health.map_err(|e| words::garbled("_cluster/health", &e, &self.line.found))?;
                self.shared.out.say(Observation::ElasticHealth(Box::new(health.seen()))).await;
            }
            Question::Quality => {
                let to = self.shared.out.now();
                let from = (self.began - BEFORE).max(to - WINDOW);
                let limit = self.shared.pace.request;
                let body = self.line.ask(Method::Post, quality::PATH, Some(quality::body(from, to)), limit).await?;
                let seen =
                    quality::seen(&body, from, to).map_err(|e| words::garbled(quality::PATH, &e, &self.line.found))?;
                // A wildcard over what one may not read finds nothing, and says so with success.
                if self.logs && quality::searched_nothing(&body) {
                    let reason = format!("{} may not read logs-*", self.line.found.credential.whose());
                    return Err(Fault::new(Kind::Denied, reason).with_hint(
                        "give its role the index privilege read on logs-*; for ECK, --es-user elastic has it",
                    ));
                }
                self.shared.out.say(Observation::LogQuality(Box::new(seen))).await;
            }
        }
        Ok(())
    }

    /// The counters, by the best way that is open.
    async fn counters(&mut self) -> Result<CountersSeen, Fault> {
        let asked = Instant::now();
        let mut seen = match self.by {
            CountedBy::Documents => self.documents().await?,
            _ => match self.stats().await {
                Ok(seen) => seen,
                Err(fault) if matches!(fault.kind, Kind::Absent | Kind::Denied) => {
                    // Where no way is open, the first one's fault says what is missing.
                    let seen = self.documents().await.map_err(|other| if optional(&other) { fault } else { other })?;
                    self.by = CountedBy::Documents;
                    seen
                }
                Err(fault) => return Err(fault),
            },
        };
        let clock = self.shared.out.clock();
        let ms = |span: Duration| u32::try_from(clock.span(span).as_millis()).unwrap_or(u32::MAX);
        (seen.took_ms, seen.every_ms) = (ms(asked.elapsed()), ms(self.plan.every(self.shared.pace.ingest)));
        self.logs = seen.indices.iter().any(|i| i.name.contains("logs-"));
        let sum = seen.indices.iter().map(documents).fold(0u64, u64::saturating_add);
        let rate = self.sum.replace((sum, asked)).map(|(before, then)| {
            let seconds = clock.span(asked - then).as_secs_f64();
            sum.saturating_sub(before) as f64 / seconds.max(0.001)
        });
        self.plan.load(rate, None);
        Ok(seen)
    }

    async fn stats(&mut self) -> Result<CountersSeen, Fault> {
        let path = wire::stats_path();
        let body = self.get(&path).await?;
        answers::counters(&body).map_err(|e| words::garbled(&path, &e, &self.line.found))
    }

    async fn documents(&mut self) -> Result<CountersSeen, Fault> {
        let path = wire::cat_path();
        match self.get(&path).await {
            Ok(body) => wire::rows(&body).map_err(|e| words::garbled(&path, &e, &self.line.found)),
            Err(fault) if optional(&fault) => {
                let path = format!("{}/_search?size=0", wire::STREAMS);
                let body =
                    self.line.ask(Method::Post, &path, Some(wire::COUNT.into()), self.shared.pace.request).await?;
                wire::counted(&body).map_err(|e| words::garbled(&path, &e, &self.line.found))
            }
            Err(fault) => Err(fault),
        }
    }

    /// An API that may not be asked, or that failed, while the others go on.
    async fn lack(&mut self, question: Question, fault: Fault) {
        if question == Question::Quality {
            let seen = LogQualitySeen {
                denied: Some(fault.reason.clone()),
                hint: fault.hint.clone(),
                ..LogQualitySeen::default()
            };
            self.shared.out.say(Observation::LogQuality(Box::new(seen))).await;
            return;
        }
        if fault.kind == Kind::Busy {
            self.plan.refused();
        }
        self.lacks.retain(|l| l.0 != question);
        self.lacks.push((question, fault.reason, fault.hint));
    }

    /// How the feed stands after a turn.
    fn standing(&self) -> FeedStatus {
        let by = match self.by {
            CountedBy::Documents => ", counted by searchable documents, for _stats is not open here",
            _ => "",
        };
        let way = match &self.line.found.behind {
            Behind::Pod { pod, .. } => format!("through pod {pod}"),
            Behind::Network { .. } => format!("at {}", self.line.found.url),
        };
        let lacks: Vec<&str> = self.lacks.iter().map(|l| l.1.as_str()).collect();
        let lacks = if lacks.is_empty() { String::new() } else { format!("; {}", lacks.join("; ")) };
        let whose = self.line.found.credential.whose();
        FeedStatus {
            hint: self.lacks.iter().find_map(|l| l.2.clone()),
            ..state(Feed::Ingest, FeedState::Up, format!("{way}, {whose}{by}{lacks}"))
        }
    }
}

/// One API is not open, or not for us, or failed; the others may be.
fn optional(fault: &Fault) -> bool {
    matches!(fault.kind, Kind::Denied | Kind::Absent | Kind::Refused | Kind::Busy | Kind::Garbled)
}

fn documents(index: &crate::observe::IndexSeen) -> u64 {
    let shards = index.shards.iter().map(|s| u64::try_from(s.max_seq_no.saturating_add(1)).unwrap_or(0));
    if index.shards.is_empty() { index.documents.unwrap_or(0) } else { shards.fold(0, u64::saturating_add) }
}

fn turned_away(node: &crate::observe::ElasticNode) -> u64 {
    let pools = [node.write, node.coordination].into_iter().flatten().map(|p| p.rejected);
    let p = node.pressure.unwrap_or_default();
    let pressure = [p.coordinating_rejections, p.primary_rejections, p.replica_rejections, p.large_rejections];
    pools.chain(pressure).chain(node.breakers.iter().map(|b| b.tripped)).fold(0, u64::saturating_add)
}
