//! Questions over the sessions of the store: which there are, a figure of each, their tags, and their end. Must not present
//! anything.

use super::bulk::{Doc, How, Sent, send_seen};
use super::client::{Client, StoreError};
use super::{EVENTS, GATEWAY, RECORDINGS, SESSIONS, SYNCS};
use serde_json::{Value, json};
use std::time::Duration;

/// Sessions that one answer has at most.
pub const MOST: usize = 5000;
/// Documents that are looked up at once to be removed.
const AT_ONCE: usize = 1000;

/// Which sessions.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those that began within this time.
    pub since: Option<Duration>,
    /// Those that began before this time.
    pub older: Option<Duration>,
    pub hpa: Option<String>,
    pub namespace: Option<String>,
    /// All of these tags.
    pub tags: Vec<String>,
    /// Those whose verdict failed.
    pub failed: bool,
}

impl Filter {
    fn query(&self) -> Value {
        let mut all: Vec<Value> = Vec::new();
        // The store's own clock counts.
        all.extend(self.since.map(|since| json!({"range": {"began": {"gte": format!("now-{}s", since.as_secs())}}})));
        all.extend(self.older.map(|older| json!({"range": {"began": {"lt": format!("now-{}s", older.as_secs())}}})));
        all.extend(self.hpa.iter().map(|hpa| json!({"term": {"hpa": hpa}})));
        all.extend(self.namespace.iter().map(|namespace| json!({"term": {"namespace": namespace}})));
        all.extend(self.tags.iter().map(|tag| json!({"term": {"tags": tag}})));
        all.extend(self.failed.then(|| json!({"term": {"result": "failed"}})));
        json!({"bool": {"filter": all}})
    }
}

/// The documents of the sessions, the newest first, with these fields only; all where none is named.
///
/// # Errors
/// The store does not answer, or denies it.
pub async fn sessions(
    client: &Client,
    filter: &Filter,
    fields: &[&str],
    most: usize,
) -> Result<Vec<Value>, StoreError> {
    let mut query =
        json!({"size": most.min(MOST), "sort": [{"began": "desc"}, {"id": "asc"}], "query": filter.query()});
    if !fields.is_empty() {
        query["_source"] = json!(fields);
    }
    let path = format!("{SESSIONS}/_search?ignore_unavailable=true&filter_path=hits.hits._source");
    let answer = client.post(&path, &query).await?;
    Ok(answer["hits"]["hits"].as_array().into_iter().flatten().map(|hit| hit["_source"].clone()).collect())
}

/// Changes the tags of a session; all it has then.
///
/// # Errors
/// There is no such session; the store does not answer, or denies it.
pub async fn tag(
    client: &Client,
    session: &Value,
    add: &[String],
    remove: &[String],
) -> Result<Vec<String>, StoreError> {
    let id = session["id"].as_str().unwrap_or_default();
    let old = session["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
    // A key has one value.
    let gone = |tag: &str| {
        let key = |tag: &str| tag.split('=').next().unwrap_or_default().to_owned();
        add.iter().any(|new| key(new) == key(tag)) || remove.iter().any(|r| r == tag || *r == key(tag))
    };
    let mut tags: Vec<String> = old.filter(|tag| !gone(tag)).map(str::to_owned).collect();
    tags.extend(add.iter().cloned());
    tags.sort();
    let doc = Doc { index: SESSIONS.into(), id: id.into(), how: How::Merge, body: json!({"tags": tags}) };
    send_seen(client, vec![doc]).await?;
    Ok(tags)
}

/// Removes a session, all that was derived from it, and at last its document.
///
/// # Errors
/// The store does not answer, or denies it.
pub async fn delete(client: &Client, id: &str) -> Result<Sent, StoreError> {
    let mut sent = Sent::default();
    for index in [RECORDINGS, SYNCS, GATEWAY, EVENTS] {
        loop {
            let query = json!({"size": AT_ONCE, "_source": false, "query": {"term": {"session": id}}});
            let path = format!("{index}/_search?ignore_unavailable=true&filter_path=hits.hits._id,hits.hits._index");
            let answer = client.post(&path, &query).await?;
            let hits = answer["hits"]["hits"].as_array().into_iter().flatten();
            let docs: Vec<Doc> = hits.filter_map(|hit| gone(hit["_index"].as_str()?, hit["_id"].as_str()?)).collect();
            if docs.is_empty() {
                break;
            }
            // The next search must not find them.
            sent.add(send_seen(client, docs).await?);
        }
    }
    sent.add(send_seen(client, gone(SESSIONS, id).into_iter().collect()).await?);
    Ok(sent)
}

fn gone(index: &str, id: &str) -> Option<Doc> {
    Some(Doc { index: index.into(), id: id.into(), how: How::Delete, body: Value::Null })
}
