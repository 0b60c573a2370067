//! Questions to the Elasticsearch that EDOT writes to: documents of a span in order, page by page, and how many there are of each
//! kind. Must not know what a document means.

use super::counts::{self, Counted};
use super::document::{self, Row};
use super::found::{self, Found, Kind};
use crate::observe::Time;
use crate::observe::text::clean;
use crate::store::{Client, StoreError, StoreErrorKind};
use elasticsearch::http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// Documents of a page.
const PAGE: usize = 2000;
/// Documents of one request for a part of the span, at most: what is held in memory.
const MOST: usize = 400_000;
/// How long Elasticsearch keeps a view of the indices between two pages.
const KEEP: &str = "2m";
/// Characters that an index expression has as they are.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b',').remove(b'*').remove(b':');
/// The fields of a document that are read.
const READ: [&str; 12] = [
    "@timestamp",
    "observed_timestamp",
    "severity_text",
    "message",
    "body",
    "resource",
    "attributes",
    "metrics",
    "k8s",
    "kubernetes*",
    "container*",
    "k8s.*",
];

/// Which documents: where they are, and what they must be of.
#[derive(Clone, Debug)]
pub struct Source {
    /// An index expression: `metrics-*,logs-*`.
    pub indices: String,
    /// That of what is counted by time.
    pub counted: String,
}

impl Default for Source {
    fn default() -> Self {
        Source { indices: "metrics-*,logs-*".into(), counted: "traces-*,metrics-*,logs-*".into() }
    }
}

/// The names that documents are looked for by.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub namespace: String,
    pub hpa: String,
    /// Empty before it is known.
    pub target: String,
}

impl Names {
    /// `namespace/name` of the HPA.
    pub fn own(&self) -> String {
        format!("{}/{}", self.namespace, self.hpa)
    }
}

/// A view of the indices, which stays the same while pages are asked for.
enum View {
    Point(String),
    /// The server has no such views: pages follow by time.
    None,
}

/// Asks.
pub struct Search {
    client: Client,
    source: Source,
    view: View,
}

impl Search {
    /// Opens a view of the indices, where the server has that.
    ///
    /// # Errors
    /// It does not answer, or denies it.
    pub async fn open(client: Client, source: Source) -> Result<Search, StoreError> {
        let path = format!("{}/_pit?keep_alive={KEEP}&ignore_unavailable=true", escaped(&source.indices));
        let view = match client.json(Method::Post, &path, None).await {
            Ok(answer) => answer["id"].as_str().map_or(View::None, |id| View::Point(id.to_owned())),
            Err(e) if matches!(e.kind, StoreErrorKind::NotFound | StoreErrorKind::Refused) => View::None,
            Err(e) => return Err(explained(e, &source.indices)),
        };
        Ok(Search { client, source, view })
    }

    pub fn source(&self) -> &Source {
        &self.source
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Gives the view back. It ends by itself if that fails.
    pub async fn close(self) {
        if let View::Point(id) = self.view {
            let _ = self.client.json(Method::Delete, "_pit", Some(json!({"id": id}).to_string())).await;
        }
    }

    /// What there is of each kind, from one time to another (and before `to`), or ever.
    ///
    /// # Errors
    /// It does not answer, or denies it.
    pub async fn found(&self, names: &Names, span: Option<(Time, Time)>) -> Result<Found, StoreError> {
        let mut body = json!({"size": 0, "track_total_hits": false, "aggs": found::aggregations(names)});
        if let Some((from, to)) = span {
            body["query"] = range(from, to);
        }
        let answer = self.ask(&self.source.indices, &body).await?;
        Ok(Found::of(&answer["aggregations"]))
    }

    /// The first documents of a kind from one time to another (and before `to`).
    ///
    /// # Errors
    /// It does not answer, or denies it.
    pub async fn few(
        &self,
        kind: Kind,
        names: &Names,
        from: Time,
        to: Time,
        most: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let body = json!({
            "size": most, "track_total_hits": false, "_source": READ,
            "query": {"bool": {"filter": [range(from, to), kind.query(names)]}},
            "sort": [by_time()],
        });
        let answer = self.ask(&self.source.indices, &body).await?;
        Ok(hits(&answer).iter().filter_map(|hit| document::row(&hit["_source"])).collect())
    }

    /// Every document of the names from one time to another (and before `to`), oldest first.
    ///
    /// # Errors
    /// It does not answer, or denies it; there are too many.
    pub async fn rows(&mut self, names: &Names, from: Time, to: Time) -> Result<Vec<Row>, StoreError> {
        let query = json!({"bool": {"filter": [range(from, to), found::any(names)]}});
        let (mut rows, mut after, mut seen) = (Vec::new(), None::<Value>, Vec::<String>::new());
        loop {
            let mut body = json!({
                "size": PAGE, "track_total_hits": false, "query": query, "_source": READ,
                "sort": [by_time()],
            });
            let answer = match &self.view {
                View::Point(id) => {
                    body["pit"] = json!({"id": id, "keep_alive": KEEP});
                    body["sort"] = json!([by_time(), {"_shard_doc": "asc"}]);
                    if let Some(after) = &after {
                        body["search_after"] = after.clone();
                    }
                    self.client.post("_search", &body).await.map_err(|e| explained(e, &self.source.indices))?
                }
                View::None => {
                    // Those of the last page's last millisecond come again, and are left out.
                    if let Some(ms) = after.as_ref().and_then(|after| after[0].as_i64()) {
                        body["search_after"] = json!([ms - 1]);
                    }
                    self.ask(&self.source.indices, &body).await?
                }
            };
            if let (View::Point(id), Some(next)) = (&mut self.view, answer["pit_id"].as_str()) {
                next.clone_into(id);
            }
            let hits = hits(&answer);
            let id = |hit: &Value| format!("{}/{}", hit["_index"].as_str().unwrap_or_default(), hit["_id"]);
            rows.extend(
                hits.iter().filter(|hit| !seen.contains(&id(hit))).filter_map(|hit| document::row(&hit["_source"])),
            );
            if rows.len() > MOST {
                let text = format!("there are more than {MOST} documents within ten minutes");
                return Err(StoreError::new(StoreErrorKind::TooLarge, text).hint(
                    "name the indices, such as --from es:metrics-kubeletstats*,metrics-k8scluster*,logs-k8sobjects*",
                ));
            }
            let Some(last) = hits.last().filter(|_| hits.len() >= PAGE) else { break };
            let sort = last["sort"].clone();
            if matches!(self.view, View::None) {
                if after.as_ref() == Some(&sort) {
                    let text = format!("more than {PAGE} documents have the same millisecond");
                    return Err(
                        StoreError::new(StoreErrorKind::TooLarge, text).hint("name fewer indices with --from es:…")
                    );
                }
                seen = hits.iter().filter(|hit| hit["sort"][0] == sort[0]).map(id).collect();
            }
            after = Some(sort);
        }
        rows.sort_by_key(|row| row.at);
        Ok(rows)
    }

    /// The documents of each index by time, from one time to another (and before `to`).
    ///
    /// # Errors
    /// It does not answer, or denies it.
    pub async fn counts(&self, from: Time, to: Time) -> Result<Vec<Counted>, StoreError> {
        let body =
            json!({"size": 0, "track_total_hits": false, "query": range(from, to), "aggs": counts::aggregations()});
        Ok(counts::of(&self.ask(&self.source.counted, &body).await?["aggregations"]))
    }

    /// The privileges that the user lacks on the indices; None where the server does not say.
    pub async fn lacks(&self) -> Option<Vec<String>> {
        let names: Vec<&str> = self.source.indices.split(',').collect();
        let body = json!({"index": [{"names": names, "privileges": ["read"]}]});
        let answer = self.client.post("_security/user/_has_privileges", &body).await.ok()?;
        let all = answer["index"].as_object()?.iter();
        Some(all.filter(|(_, has)| has["read"] == false).map(|(name, _)| clean(name, 200)).collect())
    }

    async fn ask(&self, indices: &str, body: &Value) -> Result<Value, StoreError> {
        let path = format!("{}/_search?ignore_unavailable=true&allow_no_indices=true", escaped(indices));
        self.client.post(&path, body).await.map_err(|e| explained(e, indices))
    }
}

/// Oldest first.
fn by_time() -> Value {
    json!({"@timestamp": {"order": "asc", "unmapped_type": "date"}})
}

/// The documents of an answer.
fn hits(answer: &Value) -> &[Value] {
    answer["hits"]["hits"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn range(from: Time, to: Time) -> Value {
    json!({"range": {"@timestamp": {"gte": from.timestamp_millis(), "lt": to.timestamp_millis(), "format": "epoch_millis"}}})
}

fn escaped(indices: &str) -> String {
    utf8_percent_encode(indices, PLAIN).to_string()
}

/// With what to do about it.
fn explained(error: StoreError, indices: &str) -> StoreError {
    match error.kind {
        StoreErrorKind::Denied if error.hint.is_none() => {
            error.hint(format!("an import needs the index privilege read on {}", clean(indices, 300)))
        }
        _ => error,
    }
}
