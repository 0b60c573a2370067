//! A full list, page by page, and which objects are gone since the last one.

use super::line::{key, note};
use super::{Known, Spec, WatchEvent};
use crate::source::live::client::{ApiError, ApiErrorKind, get, plain, read};
use crate::source::live::context::FeedContext;
use crate::source::live::convert;
use crate::source::live::wire::{List, ListMeta, Object};
use std::collections::HashSet;
use std::time::Duration;
use tokio::sync::mpsc;

/// The most objects of all pages together, so that a server cannot send pages without end.
const OBJECTS: usize = 100_000;
/// Objects per page, and the most pages: a server may send fewer objects in each, but not one by one without end.
const PAGE: &str = "500";
const PAGES: usize = 1000;

/// Send every object that is new or has changed, then those that are gone. Returns the list's version.
///
/// # Errors
/// See [`ApiErrorKind`].
pub async fn all<T: Object>(
    shared: &FeedContext,
    spec: &Spec,
    known: &mut Known,
    out: &mpsc::Sender<WatchEvent<T>>,
    limit: Duration,
) -> Result<String, ApiError> {
    let mut here = HashSet::new();
    let (mut next, mut seen) = (String::new(), 0);
    for _ in 0..PAGES {
        let mut query = vec![("limit", PAGE)];
        if !next.is_empty() {
            query.push(("continue", &next));
        }
        let body = get(shared, &spec.path(&query), &spec.attributes.to("list"), limit).await?;
        let page = page::<T>(&body)?;
        drop(body);
        seen += page.items.iter().flatten().count();
        if seen > OBJECTS {
            return Err(ApiError::new(ApiErrorKind::Garbled, format!("the list is longer than {OBJECTS} objects")));
        }
        for object in page.items.into_iter().flatten() {
            here.insert(key(object.meta()));
            if note(known, object.meta()) {
                let _ = out.send(WatchEvent::Object(object)).await;
            }
        }
        if page.metadata.next.is_empty() {
            let gone: Vec<String> = known.0.keys().filter(|uid| !here.contains(*uid)).cloned().collect();
            for uid in gone {
                let name = known.0.remove(&uid).map(|(name, _)| convert::name(&name)).unwrap_or_default();
                let _ = out.send(WatchEvent::Gone { uid: convert::name(&uid), name }).await;
            }
            return Ok(page.metadata.resource_version);
        }
        next = page.metadata.next;
    }
    Err(ApiError::new(ApiErrorKind::Garbled, format!("the list has more than {PAGES} pages")))
}

/// A page; an object that cannot be read is left out, and not the whole page.
fn page<T: Object>(body: &[u8]) -> Result<List<T>, ApiError> {
    if let Ok(page) = read::<List<T>>(body) {
        return Ok(page);
    }
    let loose: List<serde_json::Value> = read(body).map_err(|e| {
        let start = String::from_utf8_lossy(&body[..body.len().min(400)]).into_owned();
        let text = plain(&start);
        ApiError::new(ApiErrorKind::Garbled, format!("the answer is no list ({e}): {text}"))
    })?;
    let kept = loose.items.into_iter().flatten().filter_map(|item| match serde_json::from_value::<T>(item) {
        Ok(object) => Some(object),
        Err(e) => {
            tracing::warn!("an object was left out: {e}");
            None
        }
    });
    let items = Some(kept.collect());
    let ListMeta { resource_version, next } = loose.metadata;
    Ok(List { metadata: ListMeta { resource_version, next }, items })
}
