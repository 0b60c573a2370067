//! Documents on their way: in batches that fit, again where that can help, and never twice: an id says what a document is, so
//! what arrived already is left as it is. Must not know what a document means.

use super::client::{Client, StoreError, StoreErrorKind, denied, root_reason};
use crate::observe::text::clean;
use elasticsearch::http::Method;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;

/// Bytes of a request, and documents in it.
const BYTES: usize = 1 << 20;
const DOCUMENTS: usize = 500;
/// The first wait after a failure, and the longest.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// How often a command tries: half a minute.
pub const TRIES: u32 = 7;
/// Reasons of refused documents that are kept.
const REASONS: usize = 5;

/// A document, and what is to happen with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Doc {
    pub index: String,
    pub id: String,
    pub how: How,
    pub body: Value,
}

/// What happens where a document of that id is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It stays: it says the same.
    Create,
    /// Its fields are replaced by these, and its others stay.
    Merge,
    /// It is replaced, unless its version is greater.
    Version(u64),
    /// It is removed.
    Delete,
}

/// What became of the documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Written, and found to be there already.
    pub written: u64,
    pub there: u64,
    /// Refused for good, and why, each reason once.
    pub refused: u64,
    pub reasons: Vec<String>,
}

impl Sent {
    pub fn add(&mut self, other: Sent) {
        self.written += other.written;
        self.there += other.there;
        self.refused += other.refused;
        other.reasons.into_iter().for_each(|reason| self.note(reason));
    }

    fn refuse(&mut self, reason: String) {
        self.refused += 1;
        self.note(reason);
    }

    fn note(&mut self, reason: String) {
        if self.reasons.len() < REASONS && !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }
}

/// Sends all documents; `tries` is how often in a row it may fail.
///
/// # Errors
/// A privilege is missing, or all tries failed; what was sent by then has arrived.
pub async fn send(client: &Client, docs: Vec<Doc>, tries: u32) -> Result<Sent, StoreError> {
    send_to(client, "_bulk?filter_path=items.*.status,items.*.error", docs, tries).await
}

/// The same for a user who waits: at the end searches see the documents.
///
/// # Errors
/// Those of [`send`].
pub async fn send_seen(client: &Client, docs: Vec<Doc>) -> Result<Sent, StoreError> {
    let path = "_bulk?refresh=wait_for&filter_path=items.*.status,items.*.error";
    send_to(client, path, docs, TRIES).await
}

async fn send_to(client: &Client, path: &str, docs: Vec<Doc>, tries: u32) -> Result<Sent, StoreError> {
    let mut waiting: VecDeque<Doc> = docs.into();
    let (mut sent, mut failures, mut most) = (Sent::default(), 0, BYTES);
    while !waiting.is_empty() {
        let (batch, body) = take(&mut waiting, most);
        let failed = match client.json(Method::Post, path, Some(body)).await {
            Ok(answer) => match sort(batch, &answer, &mut sent)? {
                (again, _) if again.is_empty() => {
                    failures = 0;
                    continue;
                }
                (again, why) => {
                    back(&mut waiting, again);
                    StoreError::new(
                        StoreErrorKind::Busy,
                        format!("the store {} takes no more: {why}", client.address()),
                    )
                }
            },
            // Smaller ones may pass; a single document that does not never will.
            Err(error) if error.kind == StoreErrorKind::TooLarge => {
                match batch.len() {
                    1 => sent.refuse(error.reason),
                    _ => {
                        most = batch.iter().map(size).sum::<usize>() / 2;
                        back(&mut waiting, batch);
                    }
                }
                continue;
            }
            Err(error) => {
                back(&mut waiting, batch);
                error
            }
        };
        failures += 1;
        if !failed.passes() || failures >= tries {
            return Err(failed);
        }
        tracing::info!(reason = failed.reason, waiting = waiting.len(), "the store");
        tokio::time::sleep(wait(failures, failed.retry_after)).await;
    }
    Ok(sent)
}

/// How long to wait after this many failures in a row.
pub fn wait(failures: u32, asked: Option<Duration>) -> Duration {
    let own = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST);
    own.max(asked.unwrap_or_default().min(LONGEST * 2))
}

/// The next batch, and its body.
fn take(waiting: &mut VecDeque<Doc>, most: usize) -> (Vec<Doc>, String) {
    let (mut batch, mut body) = (Vec::new(), String::new());
    while let Some(doc) = waiting.front().filter(|_| batch.len() < DOCUMENTS) {
        if !batch.is_empty() && body.len() + size(doc) > most {
            break;
        }
        write(doc, &mut body);
        batch.extend(waiting.pop_front());
    }
    (batch, body)
}

/// About how many bytes it takes.
fn size(doc: &Doc) -> usize {
    // The data of a chunk is nearly all of it.
    doc.body["data"].as_str().map_or_else(|| doc.body.to_string().len(), str::len) + 200
}

fn write(doc: &Doc, body: &mut String) {
    let mut meta = json!({"_index": doc.index, "_id": doc.id});
    let action = match doc.how {
        How::Create => "create",
        How::Merge => "update",
        How::Version(version) => {
            meta["version"] = version.into();
            meta["version_type"] = "external_gte".into();
            "index"
        }
        How::Delete => "delete",
    };
    body.push_str(&format!("{}\n", json!({action: meta})));
    match doc.how {
        How::Delete => {}
        How::Merge => body.push_str(&format!("{}\n", json!({"doc": doc.body, "doc_as_upsert": true}))),
        _ => body.push_str(&format!("{}\n", doc.body)),
    }
}

/// In front again, in their order.
fn back(waiting: &mut VecDeque<Doc>, docs: Vec<Doc>) {
    docs.into_iter().rev().for_each(|doc| waiting.push_front(doc));
}

/// Counts what became of each; those that are to be sent again, and why.
fn sort(batch: Vec<Doc>, answer: &Value, sent: &mut Sent) -> Result<(Vec<Doc>, String), StoreError> {
    let (mut again, mut why) = (Vec::new(), String::new());
    for (place, doc) in batch.into_iter().enumerate() {
        let item = answer["items"][place].as_object().and_then(|item| item.values().next());
        let status = item.and_then(|item| item["status"].as_u64()).unwrap_or(0);
        let error = item.map_or(&Value::Null, |item| &item["error"]);
        let kind = error["type"].as_str().unwrap_or_default();
        let reason = || clean(root_reason(error).unwrap_or("no reason given"), 300);
        match status {
            200..=299 => sent.written += 1,
            409 => sent.there += 1,
            404 if doc.how == How::Delete => sent.there += 1,
            // A disk at its flood stage blocks writes until there is room.
            403 if kind != "cluster_block_exception" => return Err(denied(&reason())),
            // An answer without an item says nothing of it.
            0 | 403 | 408 | 429 | 500..=599 => {
                why = reason();
                again.push(doc);
            }
            _ => sent.refuse(reason()),
        }
    }
    Ok((again, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(id: &str, how: How) -> Doc {
        Doc { index: "i".into(), id: id.into(), how, body: json!({"n": 1}) }
    }

    #[test]
    fn an_action_says_what_happens_to_what_is_there() {
        let mut body = String::new();
        for how in [How::Create, How::Merge, How::Version(7), How::Delete] {
            write(&doc("a", how), &mut body);
        }
        let lines: Vec<&str> = body.lines().collect();
        assert_eq!(lines[0], r#"{"create":{"_id":"a","_index":"i"}}"#);
        assert_eq!(lines[3], r#"{"doc":{"n":1},"doc_as_upsert":true}"#);
        assert_eq!(lines[4], r#"{"index":{"_id":"a","_index":"i","version":7,"version_type":"external_gte"}}"#);
        assert_eq!((lines[6], lines.len()), (r#"{"delete":{"_id":"a","_index":"i"}}"#, 7));
    }

    #[test]
    fn each_document_is_counted_once_or_sent_again() {
        let docs = ["a", "b", "c", "d", "e"].map(|id| doc(id, How::Create)).to_vec();
        let refused = json!({"create": {"status": 400, "error": {"type": "x", "reason": "outer", "caused_by": {"reason": "inner"}}}});
        let flood =
            json!({"create": {"status": 403, "error": {"type": "cluster_block_exception", "reason": "flood stage"}}});
        let answer = json!({"items": [{"create": {"status": 201}}, {"create": {"status": 409}}, {"create": {"status": 429}}, refused, flood]});
        let mut sent = Sent::default();
        let (again, why) = sort(docs, &answer, &mut sent).unwrap();
        assert_eq!(again.iter().map(|d| d.id.as_str()).collect::<Vec<_>>(), ["c", "e"]);
        assert_eq!((sent.written, sent.there, sent.refused, why.as_str()), (1, 1, 1, "flood stage"));
        assert_eq!(sent.reasons, ["inner"]);
        // What an answer leaves out has not arrived.
        assert_eq!(sort(vec![doc("a", How::Create)], &json!({}), &mut sent).unwrap().0.len(), 1);
        let denied =
            json!({"items": [{"create": {"status": 403, "error": {"type": "security_exception", "reason": "no"}}}]});
        assert_eq!(sort(vec![doc("a", How::Create)], &denied, &mut sent).unwrap_err().kind, StoreErrorKind::Denied);
    }

    #[test]
    fn batches_are_bounded_and_waits_grow() {
        let mut waiting: VecDeque<Doc> = (0..1200).map(|n| doc(&n.to_string(), How::Create)).collect();
        assert_eq!(take(&mut waiting, BYTES).0.len(), DOCUMENTS);
        assert!((2..DOCUMENTS).contains(&take(&mut waiting, 1000).0.len()));
        // One that is too large alone is sent alone.
        assert_eq!(take(&mut waiting, 1).0.len(), 1);
        assert_eq!([1, 2, 3, 40].map(|n| wait(n, None).as_millis()), [500, 1000, 2000, 30_000]);
        assert_eq!(wait(1, Some(Duration::from_secs(7))), Duration::from_secs(7));
    }
}
