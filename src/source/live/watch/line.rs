//! One line of a watch: parsing it, and applying it to the objects known so far.

use super::{Known, WatchEvent};
use crate::source::live::client::{ApiError, ErrorKind, ResourceAttributes, plain, read as parse};
use crate::source::live::convert;
use crate::source::live::wire::{Bare, Meta, Object, Status};
use serde::Deserialize;
use tokio::sync::mpsc;

/// A line of a watch.
pub enum WatchLine<T> {
    Object(T),
    Gone(Meta),
    /// The version that the watch has reached.
    Bookmark(String),
    Error(ApiError),
    /// An object that cannot be read, or an unknown type of event: its version.
    Skipped(String),
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Deserialize)]
struct Frame<T> {
    object: T,
}

/// Read one line.
///
/// # Errors
/// It is no event of a watch.
pub fn read<T: Object>(line: &[u8]) -> Result<WatchLine<T>, ApiError> {
    let head: Head = parse(line).map_err(|_| garbled(line))?;
    let bare = || parse::<Frame<Bare>>(line).map(|frame| frame.object.metadata).map_err(|_| garbled(line));
    Ok(match head.kind.as_str() {
        "ADDED" | "MODIFIED" => match parse::<Frame<T>>(line) {
            Ok(frame) => WatchLine::Object(frame.object),
            Err(e) => {
                let meta = bare()?;
                tracing::warn!(name = convert::name(&meta.name), "an object was left out: {e}");
                WatchLine::Skipped(meta.resource_version)
            }
        },
        "DELETED" => WatchLine::Gone(bare()?),
        "BOOKMARK" => WatchLine::Bookmark(bare()?.resource_version),
        "ERROR" => {
            let status = parse::<Frame<Status>>(line).map_err(|_| garbled(line))?.object;
            let text = serde_json::json!({ "kind": "Status", "message": status.message }).to_string();
            let code = if status.code == 0 { 500 } else { status.code };
            WatchLine::Error(ApiError::from_answer(
                code,
                None,
                text.as_bytes(),
                &ResourceAttributes { verb: "watch", ..ResourceAttributes::default() },
            ))
        }
        // A bare Status, as some servers send it instead of an event.
        "" => return Err(garbled(line)),
        _ => WatchLine::Skipped(bare()?.resource_version),
    })
}

fn garbled(line: &[u8]) -> ApiError {
    let start = String::from_utf8_lossy(&line[..line.len().min(400)]).into_owned();
    let text = plain(&start);
    ApiError::new(ErrorKind::Garbled, format!("the watch sent a line that is no event: {text:?}"))
        .with_hint("a proxy in between changes the API server's answers")
}

/// Apply a line to the known objects, and send what changed to the feed. Returns the version that the watch has reached.
pub async fn apply<T: Object>(
    said: WatchLine<T>,
    known: &mut Known,
    out: &mpsc::Sender<WatchEvent<T>>,
) -> Option<String> {
    let version = match said {
        WatchLine::Object(object) => {
            let version = object.meta().resource_version.clone();
            if note(known, object.meta()) {
                let _ = out.send(WatchEvent::Object(object)).await;
            }
            version
        }
        WatchLine::Gone(meta) => {
            if known.0.remove(&key(&meta)).is_some() {
                let _ =
                    out.send(WatchEvent::Gone { uid: convert::name(&meta.uid), name: convert::name(&meta.name) }).await;
            }
            meta.resource_version
        }
        WatchLine::Skipped(version) | WatchLine::Bookmark(version) => version,
        WatchLine::Error(_) => String::new(),
    };
    Some(version).filter(|version| !version.is_empty())
}

/// Remember an object; false if exactly this version of it is known.
pub fn note(known: &mut Known, meta: &Meta) -> bool {
    let version = (meta.name.clone(), meta.resource_version.clone());
    let versioned = !meta.resource_version.is_empty();
    known.0.insert(key(meta), version.clone()) != Some(version) || !versioned
}

/// The uid, or the name where there is none.
pub fn key(meta: &Meta) -> String {
    if meta.uid.is_empty() { meta.name.clone() } else { meta.uid.clone() }
}
