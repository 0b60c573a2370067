//! An Elasticsearch in memory with documents of EDOT, which answers the searches of an import: queries over fields by their plain or
//! whole names, aggregations, and pages in order.

use crate::it::support::stub_api::{Asked, Log, listen};
use edot_tui::store::{Access, Client, Credential};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it holds, and how it behaves.
#[derive(Default)]
pub struct Held {
    /// Index and source.
    pub docs: Vec<(String, Value)>,
    /// It has no points in time.
    pub plain: bool,
    /// What every search is answered with.
    pub refuses: Option<(u16, Value)>,
    pub privileges: Option<Value>,
}

pub struct Fake {
    pub held: Arc<Mutex<Held>>,
    pub url: String,
    pub log: Log,
}

impl Fake {
    pub async fn start(docs: Vec<(String, Value)>) -> Fake {
        let held = Arc::new(Mutex::new(Held { docs, ..Held::default() }));
        let of = held.clone();
        let (url, log) = listen(move |asked| answer(&of.lock().unwrap(), asked)).await;
        Fake { held, url, log }
    }

    pub fn client(&self) -> Client {
        let (url, timeout) = (self.url.clone(), Duration::from_secs(20));
        Client::new(Access {
            place: edot_tui::store::Place::Watched,
            url,
            credential: Credential::None,
            ca: None,
            timeout,
        })
        .unwrap()
    }
}

fn answer(held: &Held, asked: &Asked) -> (u16, Value) {
    let path = asked.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (asked.method.as_str(), parts.as_slice()) {
        (_, []) => (200, json!({"cluster_name": "lab", "version": {"number": "9.2.0"}})),
        ("POST", [_, "_pit"]) if held.plain => {
            (400, json!({"error": {"type": "illegal_argument_exception", "reason": "no handler"}}))
        }
        ("POST", [_, "_pit"]) => (200, json!({"id": "view"})),
        ("DELETE", ["_pit"]) => (200, json!({"succeeded": true})),
        (_, ["_security", ..]) => match &held.privileges {
            Some(answer) => (200, answer.clone()),
            None => (404, json!({"error": {"reason": "security is off"}})),
        },
        (_, [.., "_search"]) => match &held.refuses {
            Some(refused) => refused.clone(),
            None => (200, search(held, &asked.body)),
        },
        _ => (404, json!({"error": {"reason": format!("nothing at {path}")}})),
    }
}

fn search(held: &Held, body: &Value) -> Value {
    let mut hits: Vec<(usize, &(String, Value))> = held
        .docs
        .iter()
        .enumerate()
        .filter(|(_, doc)| body["query"].is_null() || holds(&body["query"], &doc.1))
        .collect();
    hits.sort_by_key(|(n, doc)| (ms(&doc.1), *n));
    let refs: Vec<&(String, Value)> = hits.iter().map(|hit| hit.1).collect();
    let aggs = body["aggs"].as_object().map(|all| aggregate(all, &refs)).unwrap_or_default();
    let after = body["search_after"].as_array();
    let is_after = |n: usize, doc: &Value| match after.map(Vec::as_slice) {
        Some([at]) => ms(doc) > at.as_i64().unwrap(),
        Some([at, shard]) => (ms(doc), n as i64) > (at.as_i64().unwrap(), shard.as_i64().unwrap()),
        _ => true,
    };
    let size = body["size"].as_u64().unwrap_or(10) as usize;
    let page = hits.iter().filter(|(n, doc)| is_after(*n, &doc.1)).take(size);
    let page: Vec<Value> = page
        .map(|(n, doc)| json!({"_index": doc.0, "_id": n.to_string(), "_source": doc.1, "sort": [ms(&doc.1), n]}))
        .collect();
    json!({"pit_id": "view", "hits": {"hits": page}, "aggregations": aggs})
}

fn ms(doc: &Value) -> i64 {
    doc["@timestamp"].as_i64().unwrap_or_default()
}

/// The value of a field, by its plain name (which is an alias) or its whole one.
fn field<'a>(doc: &'a Value, name: &str) -> Option<&'a Value> {
    let places = [&doc["metrics"], &doc["attributes"], &doc["resource"]["attributes"], doc];
    let whole = |prefix: &str, of: &'a Value| of.get(name.strip_prefix(prefix)?);
    whole("metrics.", &doc["metrics"])
        .or_else(|| whole("attributes.", &doc["attributes"]))
        .or_else(|| whole("resource.attributes.", &doc["resource"]["attributes"]))
        .or_else(|| places.into_iter().find_map(|place| place.get(name)))
}

fn exists(doc: &Value, name: &str) -> bool {
    let Some(start) = name.strip_suffix('*') else { return field(doc, name).is_some() };
    let metrics = doc["metrics"].as_object();
    metrics.is_some_and(|all| all.keys().any(|k| k.starts_with(start) || format!("metrics.{k}").starts_with(start)))
}

fn each(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |all| all.iter().collect())
}

fn holds(query: &Value, doc: &Value) -> bool {
    let (kind, of) = query.as_object().unwrap().iter().next().unwrap();
    let first = || of.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "bool" => {
            let should = &of["should"];
            (of["filter"].is_null() || each(&of["filter"]).into_iter().all(|q| holds(q, doc)))
                && (should.is_null() || each(should).into_iter().any(|q| holds(q, doc)))
        }
        "range" => {
            (of["@timestamp"]["gte"].as_i64().unwrap()..of["@timestamp"]["lt"].as_i64().unwrap()).contains(&ms(doc))
        }
        "term" => field(doc, first().0) == Some(first().1),
        "prefix" => field(doc, first().0)
            .and_then(Value::as_str)
            .is_some_and(|text| text.starts_with(first().1["value"].as_str().unwrap())),
        "exists" => exists(doc, of["field"].as_str().unwrap()),
        other => panic!("the query {other} is not known"),
    }
}

fn aggregate(all: &Map<String, Value>, docs: &[&(String, Value)]) -> Value {
    let one = |of: &Value| {
        let inner = |docs: &[&(String, Value)]| of["aggs"].as_object().map(|all| aggregate(all, docs));
        let bucket = |key: Value, docs: &[&(String, Value)]| {
            let mut out = json!({"key": key, "doc_count": docs.len()});
            out.as_object_mut().unwrap().extend(inner(docs).and_then(|v| v.as_object().cloned()).unwrap_or_default());
            out
        };
        let times = || docs.iter().map(|doc| ms(&doc.1));
        if let Some(query) = of.get("filter") {
            let docs: Vec<&(String, Value)> = docs.iter().copied().filter(|doc| holds(query, &doc.1)).collect();
            return bucket(Value::Null, &docs);
        }
        if of.get("min").is_some() {
            return json!({"value": times().min()});
        }
        if of.get("max").is_some() {
            return json!({"value": times().max()});
        }
        let key = |doc: &(String, Value)| match of.get("terms") {
            Some(terms) if terms["field"] == "_index" => Some(json!(doc.0)),
            Some(terms) => field(&doc.1, terms["field"].as_str().unwrap()).cloned(),
            None => Some(json!(ms(&doc.1).div_euclid(10_000) * 10_000)),
        };
        let mut keys: Vec<Value> = docs.iter().filter_map(|doc| key(doc)).collect();
        keys.sort_by_key(ToString::to_string);
        keys.dedup();
        let buckets = keys.into_iter().map(|k| {
            let docs: Vec<&(String, Value)> =
                docs.iter().copied().filter(|doc| key(doc).as_ref() == Some(&k)).collect();
            bucket(k, &docs)
        });
        json!({"buckets": buckets.collect::<Vec<_>>()})
    };
    Value::Object(all.iter().map(|(name, of)| (name.clone(), one(of))).collect())
}
