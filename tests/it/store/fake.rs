//! An Elasticsearch in memory, as far as the store uses it, that can be made to fail: what it holds is what was acknowledged.

use crate::it::support::stub_api::{Asked, Log, listen};
use edot_tui::store::{Access, Client, Credential};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What goes wrong with the next `_bulk`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// The whole request, and nothing of it is written.
    Status(u16),
    /// All of it is written, but the answer says otherwise.
    LostAnswer,
    /// Every second item, with this status and type.
    Items(u16, &'static str),
}

#[derive(Default)]
pub struct Held {
    /// By index and id: version and source.
    pub docs: BTreeMap<(String, String), (u64, Value)>,
    pub troubles: VecDeque<Trouble>,
    /// How often a document was written that was there.
    pub overwritten: u64,
}

#[derive(Clone)]
pub struct Fake {
    pub held: Arc<Mutex<Held>>,
    pub log: Log,
    pub url: String,
}

impl Fake {
    pub async fn start() -> Fake {
        let held = Arc::new(Mutex::new(Held::default()));
        let answers = held.clone();
        let (url, log) = listen(move |asked| answer(&mut answers.lock().unwrap(), asked)).await;
        Fake { held, log, url }
    }

    pub fn client(&self, credential: Credential) -> Client {
        let timeout = Duration::from_secs(10);
        Client::new(Access {
            place: edot_tui::store::Place::Store,
            url: self.url.clone(),
            credential,
            ca: None,
            timeout,
        })
        .unwrap()
    }

    pub fn trouble(&self, troubles: &[Trouble]) {
        self.held.lock().unwrap().troubles.extend(troubles);
    }

    /// The sources in an index or data stream.
    pub fn all(&self, index: &str) -> Vec<Value> {
        let held = self.held.lock().unwrap();
        held.docs.iter().filter(|(key, _)| key.0 == index).map(|(_, doc)| doc.1.clone()).collect()
    }
}

fn answer(held: &mut Held, asked: &Asked) -> (u16, Value) {
    let path = asked.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["_bulk"] => bulk(held, &asked.text),
        [index, "_mget"] => {
            let ids = asked.body["ids"].as_array().cloned().unwrap_or_default();
            let docs = ids.iter().map(|id| {
                let found = held.docs.get(&(index.to_string(), id.as_str().unwrap_or_default().to_owned()));
                json!({"found": found.is_some(), "_source": found.map(|f| &f.1)})
            });
            (200, json!({"docs": docs.collect::<Vec<_>>()}))
        }
        [index, "_doc", id] => match held.docs.get(&(index.to_string(), id.to_string())) {
            Some(doc) => (200, json!({"found": true, "_source": doc.1})),
            None => (404, json!({"found": false})),
        },
        [index, "_search"] => {
            let tag = asked.body["query"]["term"]["tags"].as_str();
            let session = asked.body["query"]["term"]["session"].as_str();
            let all = held.docs.iter().filter(|(key, doc)| {
                let tagged = |tag: &str| doc.1["tags"].as_array().is_some_and(|tags| tags.contains(&json!(tag)));
                key.0 == *index && tag.is_none_or(tagged) && session.is_none_or(|s| doc.1["session"] == s)
            });
            let hits = all.map(|(key, doc)| json!({"_index": key.0, "_id": key.1, "_source": doc.1}));
            (200, json!({"hits": {"hits": hits.collect::<Vec<_>>()}}))
        }
        _ => (404, json!({"error": {"reason": format!("nothing at {path}")}})),
    }
}

fn bulk(held: &mut Held, text: &str) -> (u16, Value) {
    let trouble = held.troubles.pop_front();
    if let Some(Trouble::Status(code)) = trouble {
        return (code, json!({"error": {"type": "es_rejected_execution_exception", "reason": "trouble"}}));
    }
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let (mut items, mut n) = (Vec::new(), 0);
    while let Some(action) = lines.next() {
        let (how, meta) =
            action.as_object().unwrap().iter().next().map(|(how, meta)| (how.clone(), meta.clone())).unwrap();
        let key = (meta["_index"].as_str().unwrap().to_owned(), meta["_id"].as_str().unwrap().to_owned());
        let body = if how == "delete" { Value::Null } else { lines.next().unwrap() };
        n += 1;
        let status = match trouble {
            Some(Trouble::Items(code, kind)) if n % 2 == 0 => {
                items.push(json!({how: {"status": code, "error": {"type": kind, "reason": "an item is in trouble"}}}));
                continue;
            }
            _ => write(held, &how, key, &meta, body),
        };
        items.push(json!({how: {"status": status}}));
    }
    match trouble {
        Some(Trouble::LostAnswer) => (503, json!({"error": {"reason": "the answer was lost"}})),
        _ => (200, json!({"items": items})),
    }
}

fn write(held: &mut Held, how: &str, key: (String, String), meta: &Value, body: Value) -> u16 {
    let there = held.docs.get(&key).cloned();
    match (how, there) {
        ("delete", there) => {
            held.docs.remove(&key);
            if there.is_some() { 200 } else { 404 }
        }
        ("create", Some(_)) => 409,
        ("index", Some((version, _))) if meta["version"].as_u64().is_some_and(|new| new < version) => 409,
        ("update", Some((version, mut source))) => {
            source.as_object_mut().unwrap().extend(body["doc"].as_object().unwrap().clone());
            held.docs.insert(key, (version, source));
            200
        }
        (how, there) => {
            held.overwritten += u64::from(there.is_some());
            let source = if how == "update" { body["doc"].clone() } else { body };
            held.docs.insert(key, (meta["version"].as_u64().unwrap_or(1), source));
            201
        }
    }
}
