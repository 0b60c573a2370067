//! Watches: what changes, as long as the client listens; bookmarks; 410 for what is too old.

use super::answer::{Answer, Form, Parts, stream};
use super::convert;
use super::face::Face;
use super::failure::Failure;
use super::faults;
use super::path::{Place, Query};
use super::select::Selector;
use super::table;
use crate::lab::model::{Lab, Time};
use crate::lab::store::{Change, Kind};
use hyper::body::Bytes;
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Bookmarks come about so often, in lab time.
const BOOKMARK: Duration = Duration::from_secs(60);
/// A watch whose client does not say for how long ends by itself after so long: half an hour to an hour in a real one.
const LONGEST: Duration = Duration::from_secs(45 * 60);

/// What a client watches.
struct Watch {
    place: Place,
    selector: Selector,
    form: Form,
    query: Query,
    bookmarks: bool,
    /// Told up to here.
    version: u64,
    /// A Table's columns are told once.
    columns: bool,
}

/// Begin a watch.
///
/// # Errors
/// A selector that cannot be read; a version that is too old, which real servers tell in the stream or as the answer.
pub fn open(face: &Arc<Face>, place: Place, form: Form, query: Query) -> Result<Answer, Failure> {
    let selector = Selector::read(query.get("labelSelector"), query.get("fieldSelector"))?;
    let asked = query.get("resourceVersion").to_owned();
    let initial = query.yes("sendInitialEvents");
    let fresh = matches!(asked.as_str(), "" | "0") || initial;
    let limit = query.number("timeoutSeconds").filter(|s| *s > 0).map_or(LONGEST, Duration::from_secs);
    // Events are not cached by an API server, and so it sends no bookmarks for them.
    let bookmarks = query.yes("allowWatchBookmarks") && place.kind.plural != "events";
    let mut watch = Watch { place, selector, form, query, bookmarks, version: 0, columns: false };
    let mut first = Vec::new();
    {
        let lab = face.lab();
        if fresh {
            let all = lab.store.list(watch.place.kind.plural, watch.place.namespace.as_deref());
            let all: Vec<Value> = all.filter(|one| watch.selector.meets(one)).cloned().collect();
            for object in &all {
                first.extend(watch.line("ADDED", object, lab.now()));
            }
            watch.version = lab.store.version();
            if initial {
                first.extend(watch.bookmark(true, lab.now()));
            }
        } else {
            watch.version =
                asked.parse().map_err(|_| Failure::bad_request(format!("invalid resource version {asked:?}")))?;
            // A version of the future, as after this server began anew, is too large rather than too old.
            if watch.version > lab.store.version() {
                watch.version = lab.store.version();
            }
        }
    }
    let (answer, parts) = stream("application/json");
    tokio::spawn(run(Arc::clone(face), watch, parts, first, limit));
    Ok(answer)
}

/// How a watch ends.
enum End {
    /// Properly.
    Over,
    /// In the midst.
    Cut,
}

async fn run(face: Arc<Face>, mut watch: Watch, parts: Parts, first: Vec<u8>, limit: Duration) {
    let ended = tokio::select! {
        ended = tell(&face, &mut watch, &parts, first) => ended,
        () = tokio::time::sleep(limit) => Some(End::Over),
        () = parts.closed() => None,
    };
    if let Some(End::Cut) = ended {
        // Whether anybody is there to be cut off does not matter.
        let _ = parts.send(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut"))).await;
    }
}

async fn tell(face: &Face, watch: &mut Watch, parts: &Parts, first: Vec<u8>) -> Option<End> {
    let (mut versions, mut cuts) = (face.version.subscribe(), face.cuts.subscribe());
    let before = *cuts.borrow_and_update();
    send(parts, first).await?;
    let mut marked = Instant::now();
    loop {
        let faults = face.faults();
        if faults::forbidden(&faults, "watch", &watch.place.resource()) {
            return Some(End::Over);
        }
        if faults::silent(&faults) {
            // Nothing is told and nothing is forgotten, until it is over.
            cuts.changed().await.ok()?;
            if cuts.borrow_and_update().watches != before.watches {
                return Some(End::Cut);
            }
            continue;
        }
        let news = watch.news(&face.lab());
        match news {
            Ok(lines) if lines.is_empty() => {}
            Ok(lines) => send(parts, lines).await?,
            Err(failure) => {
                send(parts, line("ERROR", &failure.status())).await?;
                return Some(End::Over);
            }
        }
        let next_mark = marked + face.clock.real(BOOKMARK);
        tokio::select! {
            biased;
            changed = cuts.changed() => {
                changed.ok()?;
                let now = *cuts.borrow_and_update();
                if now.watches != before.watches {
                    return Some(End::Cut);
                }
                if now.compactions != before.compactions {
                    let failure = Failure::expired(format!("too old resource version: {}", watch.version));
                    send(parts, line("ERROR", &failure.status())).await?;
                    return Some(End::Over);
                }
            }
            changed = versions.changed() => changed.ok()?,
            () = tokio::time::sleep_until(next_mark), if watch.bookmarks => {
                marked = Instant::now();
                let now = face.lab().now();
                send(parts, watch.bookmark(false, now)).await?;
            }
        }
    }
}

/// None: nobody listens any more.
async fn send(parts: &Parts, lines: Vec<u8>) -> Option<()> {
    match lines.is_empty() {
        true => Some(()),
        false => parts.send(Ok(Bytes::from(lines))).await.ok(),
    }
}

fn line(kind: &str, object: &Value) -> Vec<u8> {
    let mut line = json!({"type": kind, "object": object}).to_string().into_bytes();
    line.push(b'\n');
    line
}

impl Watch {
    /// The lines of what changed since the last.
    fn news(&mut self, lab: &Lab) -> Result<Vec<u8>, Failure> {
        if self.version == lab.store.version() {
            return Ok(Vec::new());
        }
        let gone = |refused| Failure::from_store(&refused, self.place.kind);
        let changes: Vec<Change> = lab.store.since(self.version).map_err(gone)?.cloned().collect();
        let mut out = Vec::new();
        for change in &changes {
            out.extend(self.told(change, lab.now()));
        }
        self.version = lab.store.version();
        Ok(out)
    }

    /// A change as this watch sees it: an object comes when it begins to be meant, and goes when it no longer is.
    fn told(&mut self, change: &Change, now: Time) -> Vec<u8> {
        let elsewhere = self.place.namespace.as_ref().is_some_and(|namespace| *namespace != change.namespace);
        if change.resource != self.place.kind.plural || elsewhere {
            return Vec::new();
        }
        let was = change.before.as_ref().is_some_and(|before| self.selector.meets(before));
        let is = change.kind != Kind::Deleted && self.selector.meets(&change.object);
        let kind = match (was, is) {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
            (false, false) => return Vec::new(),
        };
        self.line(kind, &change.object, now)
    }

    fn line(&mut self, kind: &str, object: &Value, now: Time) -> Vec<u8> {
        let shown = convert::shown(&self.place, object);
        let object = match self.form {
            Form::Objects => shown.into_owned(),
            Form::Metadata => convert::metadata_only(&shown),
            Form::Table => {
                let version = shown["metadata"]["resourceVersion"].clone();
                let meta = json!({"resourceVersion": version});
                let mut table = table::of(&self.place, &[&shown], meta, &self.query, now);
                if std::mem::replace(&mut self.columns, true) {
                    table["columnDefinitions"] = Value::Null;
                }
                table
            }
        };
        line(kind, &object)
    }

    /// Where the watch stands; `initial`: all that there was has been told.
    fn bookmark(&mut self, initial: bool, now: Time) -> Vec<u8> {
        let mut metadata = json!({"resourceVersion": self.version.to_string(), "creationTimestamp": null});
        if initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object =
            json!({"kind": self.place.kind.name, "apiVersion": self.place.api_version(), "metadata": metadata});
        match self.form {
            Form::Table => {
                let mut table = table::of(&self.place, &[], metadata.clone(), &self.query, now);
                table["rows"] = json!([{"cells": [], "object": convert::metadata_only(&object)}]);
                line("BOOKMARK", &table)
            }
            Form::Metadata => line("BOOKMARK", &convert::metadata_only(&object)),
            Form::Objects => line("BOOKMARK", &object),
        }
    }
}
