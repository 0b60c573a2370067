//! Watches: changes as they happen, bookmarks, 410 for versions that are too old.

use super::convert;
use super::failure::Failure;
use super::faults;
use super::path::{Query, ResourcePath};
use super::response::{ApiResponse, BodySender, Form, stream};
use super::selector::Selector;
use super::state::ApiState;
use super::table;
use crate::lab::model::{Lab, Time};
use crate::lab::store::{Change, ChangeKind};
use hyper::body::Bytes;
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The interval of bookmarks, in lab time.
const BOOKMARK: Duration = Duration::from_secs(60);
/// The end of a watch without `timeoutSeconds`: half an hour to an hour in a real server.
const LONGEST: Duration = Duration::from_secs(45 * 60);

/// A client's watch.
struct Watch {
    path: ResourcePath,
    selector: Selector,
    form: Form,
    query: Query,
    bookmarks: bool,
    /// Changes up to this version were sent.
    version: u64,
    /// Whether a Table's columns were sent; they are sent once.
    columns_sent: bool,
}

/// Begin a watch.
///
/// # Errors
/// The selector or the resource version cannot be read.
pub fn open(state: &Arc<ApiState>, path: ResourcePath, form: Form, query: Query) -> Result<ApiResponse, Failure> {
    let selector = Selector::read(query.get("labelSelector"), query.get("fieldSelector"))?;
    let requested = query.get("resourceVersion").to_owned();
    let initial = query.yes("sendInitialEvents");
    let fresh = matches!(requested.as_str(), "" | "0") || initial;
    let limit = query.number("timeoutSeconds").filter(|s| *s > 0).map_or(LONGEST, Duration::from_secs);
    // Events are not cached by an API server, and so it sends no bookmarks for them.
    let bookmarks = query.yes("allowWatchBookmarks") && path.kind.plural != "events";
    let mut watch = Watch { path, selector, form, query, bookmarks, version: 0, columns_sent: false };
    let mut first = Vec::new();
    {
        let lab = state.lab();
        if fresh {
            let all = lab.store.list(watch.path.kind.plural, watch.path.namespace.as_deref());
            let all: Vec<Value> = all.filter(|one| watch.selector.matches(one)).cloned().collect();
            for object in &all {
                first.extend(watch.line("ADDED", object, lab.now()));
            }
            watch.version = lab.store.version();
            if initial {
                first.extend(watch.bookmark(true, lab.now()));
            }
        } else {
            watch.version = requested
                .parse()
                .map_err(|_| Failure::bad_request(format!("invalid resource version {requested:?}")))?;
            // A version from before a restart of the lab may lie in the future; it counts as the current one.
            if watch.version > lab.store.version() {
                watch.version = lab.store.version();
            }
        }
    }
    let (response, sender) = stream("application/json");
    tokio::spawn(run(Arc::clone(state), watch, sender, first, limit));
    Ok(response)
}

/// How a watch ended.
enum End {
    /// At its end.
    Over,
    /// By a fault, in the middle.
    Cut,
}

async fn run(state: Arc<ApiState>, mut watch: Watch, sender: BodySender, first: Vec<u8>, limit: Duration) {
    let ended = tokio::select! {
        ended = send_changes(&state, &mut watch, &sender, first) => ended,
        () = tokio::time::sleep(limit) => Some(End::Over),
        () = sender.closed() => None,
    };
    if let Some(End::Cut) = ended {
        // The client may be gone already.
        let _ = sender.send(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut"))).await;
    }
}

async fn send_changes(state: &ApiState, watch: &mut Watch, sender: &BodySender, first: Vec<u8>) -> Option<End> {
    let (mut versions, mut disruptions) = (state.version.subscribe(), state.disruptions.subscribe());
    let before = *disruptions.borrow_and_update();
    send(sender, first).await?;
    let mut last_bookmark = Instant::now();
    loop {
        let faults = state.faults();
        if faults::is_forbidden(&faults, "watch", &watch.path.resource()) {
            return Some(End::Over);
        }
        if faults::are_watches_silent(&faults) {
            // Send nothing and skip nothing until the fault is over.
            disruptions.changed().await.ok()?;
            if disruptions.borrow_and_update().watches != before.watches {
                return Some(End::Cut);
            }
            continue;
        }
        let changes = watch.changes(&state.lab());
        match changes {
            Ok(lines) if lines.is_empty() => {}
            Ok(lines) => send(sender, lines).await?,
            Err(failure) => {
                send(sender, line("ERROR", &failure.status())).await?;
                return Some(End::Over);
            }
        }
        let next_bookmark = last_bookmark + state.clock.real(BOOKMARK);
        tokio::select! {
            biased;
            changed = disruptions.changed() => {
                changed.ok()?;
                let now = *disruptions.borrow_and_update();
                if now.watches != before.watches {
                    return Some(End::Cut);
                }
                if now.compactions != before.compactions {
                    let failure = Failure::expired(format!("too old resource version: {}", watch.version));
                    send(sender, line("ERROR", &failure.status())).await?;
                    return Some(End::Over);
                }
            }
            changed = versions.changed() => changed.ok()?,
            () = tokio::time::sleep_until(next_bookmark), if watch.bookmarks => {
                last_bookmark = Instant::now();
                let now = state.lab().now();
                send(sender, watch.bookmark(false, now)).await?;
            }
        }
    }
}

/// None when the client is gone.
async fn send(sender: &BodySender, lines: Vec<u8>) -> Option<()> {
    match lines.is_empty() {
        true => Some(()),
        false => sender.send(Ok(Bytes::from(lines))).await.ok(),
    }
}

fn line(kind: &str, object: &Value) -> Vec<u8> {
    let mut line = json!({"type": kind, "object": object}).to_string().into_bytes();
    line.push(b'\n');
    line
}

impl Watch {
    /// The lines of the changes since the last call.
    fn changes(&mut self, lab: &Lab) -> Result<Vec<u8>, Failure> {
        if self.version == lab.store.version() {
            return Ok(Vec::new());
        }
        let gone = |refused| Failure::from_store(&refused, self.path.kind);
        let changes: Vec<Change> = lab.store.since(self.version).map_err(gone)?.cloned().collect();
        let mut out = Vec::new();
        for change in &changes {
            out.extend(self.change_lines(change, lab.now()));
        }
        self.version = lab.store.version();
        Ok(out)
    }

    /// A change as this watch sees it: an object is added when its selector begins to match, deleted when it ends to.
    fn change_lines(&mut self, change: &Change, now: Time) -> Vec<u8> {
        let elsewhere = self.path.namespace.as_ref().is_some_and(|namespace| *namespace != change.namespace);
        if change.resource != self.path.kind.plural || elsewhere {
            return Vec::new();
        }
        let was = change.before.as_ref().is_some_and(|before| self.selector.matches(before));
        let is = change.kind != ChangeKind::Deleted && self.selector.matches(&change.object);
        let kind = match (was, is) {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
            (false, false) => return Vec::new(),
        };
        self.line(kind, &change.object, now)
    }

    fn line(&mut self, kind: &str, object: &Value, now: Time) -> Vec<u8> {
        let shown = convert::shown(&self.path, object);
        let object = match self.form {
            Form::Objects => shown.into_owned(),
            Form::Metadata => convert::metadata_only(&shown),
            Form::Table => {
                let version = shown["metadata"]["resourceVersion"].clone();
                let meta = json!({"resourceVersion": version});
                let mut table = table::of(&self.path, &[&shown], meta, &self.query, now);
                if std::mem::replace(&mut self.columns_sent, true) {
                    table["columnDefinitions"] = Value::Null;
                }
                table
            }
        };
        line(kind, &object)
    }

    /// A bookmark with the watch's version; `initial` marks the end of the initial events.
    fn bookmark(&mut self, initial: bool, now: Time) -> Vec<u8> {
        let mut metadata = json!({"resourceVersion": self.version.to_string(), "creationTimestamp": null});
        if initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = json!({"kind": self.path.kind.name, "apiVersion": self.path.api_version(), "metadata": metadata});
        match self.form {
            Form::Table => {
                let mut table = table::of(&self.path, &[], metadata.clone(), &self.query, now);
                table["rows"] = json!([{"cells": [], "object": convert::metadata_only(&object)}]);
                line("BOOKMARK", &table)
            }
            Form::Metadata => line("BOOKMARK", &convert::metadata_only(&object)),
            Form::Objects => line("BOOKMARK", &object),
        }
    }
}
