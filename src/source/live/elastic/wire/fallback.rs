//! Counting documents where `_stats` is not served, as on serverless: by `_cat/indices`, or by a search.

use super::{STREAMS, Shards};
use crate::observe::text::{NAME, clean};
use crate::observe::{CountedBy, CountersSeen, IndexSeen};
use serde::Deserialize;

/// The documents of each index.
pub fn cat_path() -> String {
    format!("_cat/indices/{STREAMS}?format=json&bytes=b&h=index,uuid,docs.count,pri.store.size")
}

/// A row of `_cat/indices`, all text.
#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    index: String,
    #[serde(default)]
    uuid: Option<String>,
    #[serde(rename = "docs.count", default)]
    documents: Option<String>,
    #[serde(rename = "pri.store.size", default)]
    stored: Option<String>,
}

/// The documents of each index, of `_cat/indices`.
///
/// # Errors
/// It is no such list.
pub fn rows(body: &[u8]) -> Result<CountersSeen, serde_json::Error> {
    let rows: Vec<Row> = serde_json::from_slice(body)?;
    let number = |text: Option<String>| text.and_then(|t| t.parse().ok());
    let seen = |row: Row| IndexSeen {
        name: clean(&row.index, NAME),
        uuid: clean(&row.uuid.unwrap_or_default(), 64),
        documents: number(row.documents),
        stored_bytes: number(row.stored),
        ..IndexSeen::default()
    };
    Ok(CountersSeen {
        by: CountedBy::Documents,
        indices: rows.into_iter().map(seen).collect(),
        ..CountersSeen::default()
    })
}

/// A search that counts the documents of each index.
pub const COUNT: &str = r#"{"aggs":{"indices":{"terms":{"field":"_index","size":5000}}}}"#;

/// The documents of each index, of [`COUNT`]'s answer.
///
/// # Errors
/// It is no such answer.
pub fn counted(body: &[u8]) -> Result<CountersSeen, serde_json::Error> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "_shards", default)]
        shards: Shards,
        aggregations: Option<Aggregations>,
    }
    #[derive(Deserialize)]
    struct Aggregations {
        indices: Buckets,
    }
    #[derive(Deserialize)]
    struct Buckets {
        buckets: Vec<Bucket>,
    }
    #[derive(Deserialize)]
    struct Bucket {
        key: String,
        doc_count: u64,
    }
    let answer: Answer = serde_json::from_slice(body)?;
    let buckets = answer.aggregations.map(|a| a.indices.buckets).unwrap_or_default();
    let seen =
        |b: Bucket| IndexSeen { name: clean(&b.key, NAME), documents: Some(b.doc_count), ..IndexSeen::default() };
    Ok(CountersSeen {
        by: CountedBy::Documents,
        failed_shards: answer.shards.failed,
        indices: buckets.into_iter().map(seen).collect(),
        ..CountersSeen::default()
    })
}
