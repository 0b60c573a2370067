//! What the collectors and Elasticsearch would have to tell of the run.

use super::{Expect, Found, Kind, Run};
use crate::observe::Feed;
use crate::verdict::run::clock;

/// `limit` after the load's start, milliseconds.
pub fn check(run: &Run, e: &Expect, limit: i64) -> Found {
    let (feed, expected) = match e.check {
        Kind::FirstTelemetry => (Feed::Collector, format!("the gateway accepts the first items by {}", clock(limit))),
        Kind::EvenShare => (Feed::Collector, "every Ready replica gets its share of the items".into()),
        Kind::NoBackPressure => (Feed::Collector, "no queue stays full and Elasticsearch rejects nothing".into()),
        Kind::NothingLost => (Feed::Collector, "no item is lost between the gateway and Elasticsearch".into()),
        Kind::IngestGrows => (Feed::Ingest, "more documents are indexed under load than before".into()),
        _ => (Feed::Ingest, "log records carry level, trace id and service name".into()),
    };
    Found::unobservable(run, feed, expected)
}
