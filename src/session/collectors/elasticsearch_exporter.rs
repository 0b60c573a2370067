//! What a collector's Elasticsearch exporters count, all signals together: documents by outcome, bulk requests, bytes.
//! Must not judge.

use crate::observe::{ElasticSeen, OutcomeSeen};
use crate::session::series::{Counter, Life};

/// Counters of the Elasticsearch exporters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ElasticsearchExporter {
    /// Documents that were indexed.
    pub indexed: Counter,
    /// Documents refused one by one and dropped, though the exporter counts them as sent.
    pub rejected: Counter,
    /// Documents of requests that failed as a whole; the exporter counts them as failed.
    pub failed: Counter,
    /// Documents answered 429, one by one or with their request.
    pub too_many: Counter,
    /// Documents that were retried, alone or with their request.
    pub retried: Counter,
    /// Finished bulk requests, and the seconds they took.
    pub requests: Counter,
    pub seconds: Counter,
    /// Bytes sent, compressed.
    pub bytes: Counter,
}

impl ElasticsearchExporter {
    /// Takes in a scrape; returns how many documents were refused one by one since the last.
    pub fn take(&mut self, ms: i64, seen: &ElasticSeen, life: Life, window: i64, gap: i64) -> f64 {
        let sum = |of: fn(&OutcomeSeen) -> bool, what: fn(&OutcomeSeen) -> Option<f64>| -> f64 {
            seen.outcomes.iter().filter(|o| of(o)).filter_map(what).sum()
        };
        let documents = |o: &OutcomeSeen| o.documents;
        let retried = seen.retried.unwrap_or(0.0) + seen.retried_requests.unwrap_or(0.0);
        let requests = |o: &OutcomeSeen| o.requests;
        let take = |counter: &mut Counter, value| counter.take(ms, value, life, window, gap);
        take(&mut self.indexed, sum(|o| matches!(&*o.outcome, "success" | "failure_store"), documents));
        take(&mut self.failed, sum(|o| o.outcome != "success" && o.error.is_empty(), documents));
        take(&mut self.too_many, sum(|o| o.code == "429" || o.outcome == "too_many", documents));
        take(&mut self.retried, retried);
        take(&mut self.requests, sum(|_| true, requests));
        take(&mut self.seconds, sum(|_| true, |o| o.latency_s));
        take(&mut self.bytes, seen.flushed_bytes.unwrap_or(0.0));
        take(&mut self.rejected, sum(OutcomeSeen::is_lost, documents))
    }

    /// The mean duration of the bulk requests that finished recently, milliseconds; None while none did.
    pub fn latency_ms(&self, now: i64, max_age: i64) -> Option<f64> {
        let requests = self.requests.now(now, max_age).filter(|r| *r > 0.0)?;
        self.seconds.now(now, max_age).map(|s| s / requests * 1000.0)
    }

    pub fn missed(&mut self) {
        self.counters().into_iter().for_each(Counter::missed);
    }

    pub fn keep(&mut self, most: usize) {
        self.counters().into_iter().for_each(|c| c.rate.keep(most));
    }

    fn counters(&mut self) -> [&mut Counter; 8] {
        [
            &mut self.indexed,
            &mut self.rejected,
            &mut self.failed,
            &mut self.too_many,
            &mut self.retried,
            &mut self.requests,
            &mut self.seconds,
            &mut self.bytes,
        ]
    }
}
