//! A recording out of the store, the same to the last byte. Must not write anything but the file.

use super::client::{Client, StoreError, StoreErrorKind};
use super::push::hex;
use super::{RECORDINGS, SESSIONS, chunk, id};
use crate::error::CommandError;
use crate::observe::text::clean;
use elasticsearch::http::Method;
use ring::digest::{Context, SHA256};
use serde_json::{Value, json};
use std::io::Write;

/// Chunks that are asked for at once.
const AT_ONCE: u64 = 32;

/// What names a session: its id, or `KEY=VALUE` for the newest with that tag.
///
/// # Errors
/// There is none; the store does not answer.
pub async fn find(client: &Client, reference: &str) -> Result<Value, StoreError> {
    let none = |what: String| StoreError::new(StoreErrorKind::NotFound, what).hint("edot-tui sessions list shows them");
    if reference.contains('=') {
        let query = json!({"size": 1, "sort": [{"began": "desc"}], "query": {"term": {"tags": reference}}});
        let answer = client.post(&format!("{SESSIONS}/_search?ignore_unavailable=true"), &query).await?;
        let first = &answer["hits"]["hits"][0]["_source"];
        return match first.is_object() {
            true => Ok(first.clone()),
            false => Err(none(format!(
                "no session with the tag {} in the store {}",
                clean(reference, 200),
                client.address()
            ))),
        };
    }
    let missing = || none(format!("no session {} in the store {}", clean(reference, 200), client.address()));
    if !id::is_id(reference) {
        return Err(missing());
    }
    match client.get(&format!("{SESSIONS}/_doc/{reference}")).await {
        Ok(answer) => Ok(answer["_source"].clone()),
        Err(error) if error.kind == StoreErrorKind::NotFound => Err(missing()),
        Err(error) => Err(error),
    }
}

/// The name that a session's file had, as one in the current folder: nothing in it is a path.
pub fn file_name(session: &Value) -> String {
    let name = session["file"].as_str().and_then(|name| name.rsplit(['/', '\\']).next()).unwrap_or_default();
    match clean(name, 200) {
        name if name.is_empty() || name.starts_with('.') || name == "-" => "session.jsonl.gz".into(),
        name => name,
    }
}

/// Writes the recording of a session's document; its bytes.
///
/// # Errors
/// A chunk is missing or damaged; the store does not answer; `to` cannot be written.
pub async fn file(client: &Client, session: &Value, to: &mut impl Write) -> Result<u64, CommandError> {
    let id = session["id"].as_str().unwrap_or_default();
    let damaged = |what: &str| {
        let text = format!("the recording of session {} in the store {} {what}", clean(id, 200), client.address());
        StoreError::new(StoreErrorKind::Refused, text).hint("push it again from its file")
    };
    let (mut hash, mut written, mut n) = (Context::new(&SHA256), 0u64, 0u64);
    'all: loop {
        let ids: Vec<String> = (n..n + AT_ONCE).map(|n| chunk::id(id, n)).collect();
        let path = format!("{RECORDINGS}/_mget?filter_path=docs.found,docs._source,docs.error");
        let answer = client.json(Method::Post, &path, Some(json!({"ids": ids}).to_string())).await?;
        for doc in answer["docs"].as_array().into_iter().flatten() {
            if doc["found"] != true {
                break 'all;
            }
            let bytes = chunk::bytes(&doc["_source"])?;
            hash.update(&bytes);
            to.write_all(&bytes)?;
            written += bytes.len() as u64;
            n += 1;
        }
        if n % AT_ONCE != 0 || answer["docs"].as_array().is_none_or(Vec::is_empty) {
            break;
        }
    }
    if written == 0 {
        return Err(damaged("is not there").into());
    }
    match session["sha256"].as_str() {
        Some(expected) if expected != hex(hash) => Err(damaged("is not complete").into()),
        _ => Ok(written),
    }
}
