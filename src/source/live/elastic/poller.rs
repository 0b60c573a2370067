//! Polls one Elasticsearch as the schedule has it, and emits what it answers, until a failure that only a new discovery can
//! resolve. A single API that is denied, missing or busy leaves the others going.

use super::super::client::{ApiError, ApiErrorKind};
use super::super::context::{FeedContext, StatusReporter};
use super::super::discovered::{Discovered, StoredMetrics};
use super::super::retry::state;
use super::bridge::Behind;
use super::client::Client;
use super::own_metrics::{self, OwnMetrics};
use super::schedule::{Query, Schedule};
use super::{convert, errors, quality, wire};
use crate::observe::text::{NAME, clean};
use crate::observe::{
    CountedBy, CountersSeen, ElasticNode, ElasticsearchSeen, Feed, FeedState, FeedStatus, IndexSeen, LogQualitySeen,
    Observation, Time,
};
use ::http::Method;
use chrono::TimeDelta;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Log records are searched from this long before the session's start, but no further back than the window.
const BEFORE: TimeDelta = TimeDelta::minutes(5);
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// Polls one Elasticsearch.
pub struct Poller<'a> {
    shared: &'a FeedContext,
    client: Client,
    schedule: Schedule,
    by: CountedBy,
    /// There are data streams of logs.
    logs: bool,
    /// The sum of all documents in the latest counters, and when they were requested.
    documents: Option<(u64, Instant)>,
    /// All rejections that the nodes have counted.
    rejections: Option<u64>,
    /// The session's start.
    began: Time,
    /// The queries that fail at present.
    failing: Vec<FailedQuery>,
    discovered: &'a Discovered,
    own_metrics: OwnMetrics,
}

struct FailedQuery {
    query: Query,
    reason: String,
    hint: Option<String>,
}

impl<'a> Poller<'a> {
    pub fn new(shared: &'a FeedContext, client: Client, discovered: &'a Discovered) -> Self {
        Poller {
            shared,
            client,
            schedule: Schedule::default(),
            by: CountedBy::SeqNo,
            logs: false,
            documents: None,
            rejections: None,
            began: shared.out.now(),
            failing: Vec::new(),
            discovered,
            own_metrics: OwnMetrics::default(),
        }
    }

    /// The session began earlier than this poller.
    pub fn since(self, began: Time) -> Self {
        Poller { began, ..self }
    }

    /// Poll until a fault that needs a new discovery. `attempt` is reset by every turn that succeeds.
    pub async fn run(&mut self, reporter: &mut StatusReporter, attempt: &mut u32) -> ApiError {
        if let Err(fault) = self.identify().await {
            return fault;
        }
        loop {
            let interval = self.shared.timing().ingest;
            let started = Instant::now();
            if let Err(fault) = self.turn(interval).await {
                return fault;
            }
            *attempt = 0;
            reporter.report(0, self.status()).await;
            let rest = self.schedule.end_turn(interval).saturating_sub(started.elapsed());
            self.shared.out.clock().sleep(rest.max(interval / 20)).await;
        }
    }

    /// Send the queries that are due.
    async fn turn(&mut self, interval: Duration) -> Result<(), ApiError> {
        let (mut queries, at_rest) = (VecDeque::from(self.schedule.due()), self.schedule.at_rest());
        if !self.discovered.sending.borrow().is_empty() {
            queries.push_back(Query::OwnMetrics);
        }
        while let Some(query) = queries.pop_front() {
            let sent = Instant::now();
            match self.send(query).await {
                Ok(()) => self.failing.retain(|f| f.query != query),
                Err(fault) if query != Query::Counters && is_optional(&fault) => self.note(query, fault).await,
                Err(fault) => return Err(fault),
            }
            self.schedule.took(sent.elapsed(), interval);
            if at_rest && query == Query::Counters && self.schedule.rest_ended() {
                queries.push_back(Query::Nodes);
            }
        }
        Ok(())
    }

    async fn get(&mut self, path: &str) -> Result<Vec<u8>, ApiError> {
        self.client.request(Method::GET, path, None, self.shared.timing().request).await
    }

    async fn post(&mut self, path: &str, body: String) -> Result<Vec<u8>, ApiError> {
        self.client.request(Method::POST, path, Some(body), self.shared.timing().request).await
    }

    /// A response that cannot be parsed, as a fault.
    fn garbled<T>(&self, path: &str, parsed: Result<T, serde_json::Error>) -> Result<T, ApiError> {
        parsed.map_err(|e| errors::garbled(path, &e, &self.client.target))
    }

    /// The response to `GET /`.
    pub async fn root(&mut self) -> Result<wire::Root, ApiError> {
        let body = self.get("").await?;
        self.garbled("", serde_json::from_slice(&body))
    }

    /// Emit which Elasticsearch it is. Without permission to ask, the rest still works.
    async fn identify(&mut self) -> Result<(), ApiError> {
        let root = match self.root().await {
            Ok(root) => root,
            Err(fault) if fault.kind == ApiErrorKind::Denied => wire::Root::default(),
            Err(fault) => return Err(fault),
        };
        let target = &self.client.target;
        let way = match &target.behind {
            Behind::Pod { pod, .. } => format!("port-forward to pod {pod}"),
            Behind::Network { .. } => "the network".into(),
        };
        let mut seen = ElasticsearchSeen {
            cluster: clean(&root.cluster_name, NAME),
            version: clean(&root.version.number, 64),
            flavor: clean(&root.version.build_flavor, 64),
            distribution: clean(root.distribution(), 64),
            url: clean(target.url.as_str().trim_end_matches('/'), 1024),
            route: clean(&way, 1024),
            user: clean(&target.credential.name(), NAME),
            kibana: clean(&target.kibana, 1024),
            kibana_version: target.kibana_version.clone(),
            notes: target.notes.clone(),
        };
        if !seen.distribution.is_empty() {
            seen.notes.push(format!(
                "this is {}: its documents, queues, rejections, memory, disk and health are read; its log quality only where \
                 its logs-* have Elastic's field names; there are no links into Kibana",
                seen.product()
            ));
        }
        self.shared.out.emit(Observation::Elastic(Box::new(seen))).await;
        Ok(())
    }

    /// Send a query and emit the response.
    pub async fn send(&mut self, query: Query) -> Result<(), ApiError> {
        let what = match query {
            Query::Counters => Observation::Counters(Box::new(self.counters().await?)),
            Query::Nodes => {
                let path = wire::nodes_path();
                let body = self.get(&path).await?;
                let seen = self.garbled(&path, convert::nodes(&body))?;
                let rejections = seen.nodes.iter().map(rejections_of).fold(0, u64::saturating_add);
                let queued = seen.nodes.iter().any(|n| n.write.is_some_and(|p| p.queue > Some(0)));
                let more = self.rejections.replace(rejections).is_some_and(|before| rejections > before);
                self.schedule.observe(None, Some(queued || more));
                Observation::ElasticNodes(Box::new(seen))
            }
            Query::Health => {
                let path = "_cluster/health";
                let body = self.get(path).await?;
                Observation::ElasticHealth(Box::new(self.garbled(path, convert::health(&body))?))
            }
            Query::LogQuality => Observation::LogQuality(Box::new(self.log_quality().await?)),
            Query::OwnMetrics => return self.own_metrics().await,
        };
        self.shared.out.emit(what).await;
        Ok(())
    }

    async fn log_quality(&mut self) -> Result<LogQualitySeen, ApiError> {
        let to = self.shared.out.now();
        let from = (self.began - BEFORE).max(to - WINDOW);
        let body = self.post(quality::PATH, quality::body(from, to)).await?;
        let seen = self.garbled(quality::PATH, quality::seen(&body, from, to))?;
        // A wildcard over indices that may not be read succeeds, over no shards.
        if self.logs && wire::searched_nothing(&body) {
            return Err(self.unread("logs-*"));
        }
        Ok(seen)
    }

    /// Nothing of these indices may be read, though there are any.
    fn unread(&self, indices: &str) -> ApiError {
        let reason = format!("{} may not read {indices}", self.client.target.credential.whose());
        let hint = format!("give its role the index privilege read on {indices}; for ECK, --es-user elastic has it");
        ApiError::new(ApiErrorKind::Denied, reason).with_hint(hint)
    }

    /// Emit what the collectors that only send their own metrics have sent since the last turn.
    async fn own_metrics(&mut self) -> Result<(), ApiError> {
        let pods = self.discovered.sending.borrow().clone();
        let body = self.post(own_metrics::PATH, own_metrics::body(&pods, self.own_metrics.after(&pods))).await?;
        let seen = self.own_metrics.take(&body, &pods, self.began);
        let seen = self.garbled(own_metrics::PATH, seen)?;
        if wire::searched_nothing(&body) {
            return Err(self.unread("metrics-*"));
        }
        self.discovered.stored.send_if_modified(|stored| {
            let mut read: BTreeSet<String> = seen.iter().map(|one| one.uid.clone()).collect();
            read.extend(stored.read.iter().filter(|uid| pods.contains_key(*uid)).cloned());
            let now = StoredMetrics { read, fault: None };
            std::mem::replace(stored, now.clone()) != now
        });
        for one in seen {
            self.shared.out.emit(Observation::Collector(Arc::new(one))).await;
        }
        Ok(())
    }

    /// The counters, by the most precise API that is open.
    async fn counters(&mut self) -> Result<CountersSeen, ApiError> {
        let sent = Instant::now();
        let mut seen = match self.by {
            CountedBy::Documents => self.searchable_documents().await?,
            _ => match self.stats().await {
                Ok(seen) => seen,
                Err(fault) if matches!(fault.kind, ApiErrorKind::Absent | ApiErrorKind::Denied) => {
                    // Where no API is open, the fault of the first one is the one to resolve.
                    let seen =
                        self.searchable_documents().await.map_err(|e| if is_optional(&e) { fault } else { e })?;
                    self.by = CountedBy::Documents;
                    seen
                }
                Err(fault) => return Err(fault),
            },
        };
        let clock = self.shared.out.clock();
        let ms = |span: Duration| u32::try_from(clock.span(span).as_millis()).unwrap_or(u32::MAX);
        (seen.took_ms, seen.every_ms) = (ms(sent.elapsed()), ms(self.schedule.period(self.shared.timing().ingest)));
        self.logs = seen.indices.iter().any(|i| i.name.contains("logs-"));
        let sum = seen.indices.iter().map(documents_of).fold(0u64, u64::saturating_add);
        let rate = self.documents.replace((sum, sent)).map(|(before, then)| {
            let seconds = clock.span(sent - then).as_secs_f64();
            sum.saturating_sub(before) as f64 / seconds.max(0.001)
        });
        self.schedule.observe(rate, None);
        Ok(seen)
    }

    async fn stats(&mut self) -> Result<CountersSeen, ApiError> {
        let path = wire::stats_path();
        let body = self.get(&path).await?;
        self.garbled(&path, convert::counters(&body))
    }

    async fn searchable_documents(&mut self) -> Result<CountersSeen, ApiError> {
        let path = wire::cat_indices_path();
        match self.get(&path).await {
            Ok(body) => self.garbled(&path, convert::cat_indices(&body)),
            Err(fault) if is_optional(&fault) => {
                let path = wire::count_path();
                let body = self.post(&path, wire::COUNT_BODY.into()).await?;
                self.garbled(&path, convert::counts(&body))
            }
            Err(fault) => Err(fault),
        }
    }

    /// A query failed, while the others succeed.
    async fn note(&mut self, query: Query, fault: ApiError) {
        if query == Query::LogQuality {
            let (denied, hint) = (Some(fault.reason), fault.hint);
            let seen = LogQualitySeen { denied, hint, ..LogQualitySeen::default() };
            self.shared.out.emit(Observation::LogQuality(Box::new(seen))).await;
            return;
        }
        if fault.kind == ApiErrorKind::Busy {
            self.schedule.overloaded();
        }
        if query == Query::OwnMetrics {
            self.discovered.stored.send_modify(|stored| stored.fault = Some(fault.reason));
            return;
        }
        self.failing.retain(|f| f.query != query);
        self.failing.push(FailedQuery { query, reason: fault.reason, hint: fault.hint });
    }

    /// The feed's status after a turn.
    fn status(&self) -> FeedStatus {
        let target = &self.client.target;
        let by = match self.by {
            CountedBy::Documents => ", counted by searchable documents, for _stats is not open here",
            _ => "",
        };
        let route = match &target.behind {
            Behind::Pod { pod, .. } => format!("through pod {pod}"),
            Behind::Network { .. } => format!("at {}", target.url),
        };
        let failing: String = self.failing.iter().map(|f| format!("; {}", f.reason)).collect();
        FeedStatus {
            hint: self.failing.iter().find_map(|f| f.hint.clone()),
            ..state(Feed::Ingest, FeedState::Up, format!("{route}, {}{by}{failing}", target.credential.whose()))
        }
    }
}

/// The API is not open, or not to this user, or failed; others may still work.
pub fn is_optional(fault: &ApiError) -> bool {
    matches!(
        fault.kind,
        ApiErrorKind::Denied
            | ApiErrorKind::Absent
            | ApiErrorKind::Refused
            | ApiErrorKind::Busy
            | ApiErrorKind::Garbled
    )
}

/// Documents ever written to an index, as far as it is known.
fn documents_of(index: &IndexSeen) -> u64 {
    let shards = index.shards.iter().map(|s| u64::try_from(s.max_seq_no.saturating_add(1)).unwrap_or(0));
    if index.shards.is_empty() { index.documents.unwrap_or(0) } else { shards.fold(0, u64::saturating_add) }
}

/// All rejections and tripped breakers that a node has counted.
fn rejections_of(node: &ElasticNode) -> u64 {
    let pools = [node.write, node.coordination].into_iter().flatten().map(|p| p.rejected);
    let p = node.pressure.unwrap_or_default();
    let pressure = [p.coordinating_rejections, p.primary_rejections, p.replica_rejections, p.large_rejections];
    let all = pools.chain(pressure).chain(node.breakers.iter().map(|b| b.tripped));
    all.flatten().fold(0, u64::saturating_add)
}
