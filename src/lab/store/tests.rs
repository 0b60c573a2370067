//! The store behaves as an API server does.

use super::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn pod(namespace: &str, name: &str) -> Value {
    json!({"metadata": {"namespace": namespace, "name": name}, "spec": {"nodeName": "n1"}})
}

#[test]
fn an_object_gets_an_identity_and_a_version() {
    let mut store = Store::new(1);
    let made = store.create("pods", pod("a", "x"), at(0)).unwrap().clone();
    assert_eq!(made["metadata"]["creationTimestamp"], "2023-11-14T22:13:20Z");
    assert_eq!(made["metadata"]["generation"], 1);
    let uid = made["metadata"]["uid"].as_str().unwrap();
    assert!(uid.len() == 36 && uid.as_bytes()[14] == b'4', "{uid}");
    let again = store.create("pods", pod("a", "x"), at(1)).unwrap_err();
    assert_eq!(again.to_string(), "pods \"x\" already exists");
    assert_eq!(Store::new(1).create("pods", pod("a", "x"), at(0)).unwrap(), &made, "same seed, same object");
    assert_ne!(Store::new(2).create("pods", pod("a", "x"), at(0)).unwrap(), &made);
}

#[test]
fn a_generated_name_gets_a_random_suffix() {
    let mut store = Store::new(7);
    let object = json!({"metadata": {"generateName": "web-", "namespace": "a"}});
    let first = store.create("pods", object.clone(), at(0)).unwrap()["metadata"]["name"].clone();
    let second = store.create("pods", object, at(0)).unwrap()["metadata"]["name"].clone();
    assert!(first.as_str().unwrap().len() == "web-".len() + 5 && first != second, "{first} {second}");
    let nameless = store.create("pods", json!({"metadata": {}}), at(0)).unwrap_err();
    assert_eq!(nameless.to_string(), "pods: name or generateName is required");
}

#[test]
fn an_update_without_a_difference_makes_no_version() {
    let mut store = Store::new(1);
    store.create("pods", pod("a", "x"), at(0)).unwrap();
    let version = store.version();
    store.update("pods", "a", "x", |_| {}).unwrap();
    assert_eq!(store.version(), version);
    let changed = store.update("pods", "a", "x", |pod| pod["status"] = json!({"phase": "Running"})).unwrap();
    assert_eq!(changed["metadata"]["generation"], 1, "a status is no spec");
    assert_eq!(changed["metadata"]["resourceVersion"], (version + 1).to_string());
    let changed = store.update("pods", "a", "x", |pod| *pod = json!({"metadata": {}, "spec": {}})).unwrap();
    assert_eq!((&changed["metadata"]["generation"], &changed["metadata"]["name"]), (&json!(2), &json!("x")));
    let missing = store.update("pods", "b", "x", |_| {}).unwrap_err();
    assert_eq!(missing, StoreError::NotFound { resource: "pods".into(), name: "x".into() });
}

#[test]
fn lists_cover_one_namespace_or_all() {
    let mut store = Store::new(1);
    for (namespace, name) in [("b", "y"), ("a", "z"), ("a", "x")] {
        store.create("pods", pod(namespace, name), at(0)).unwrap();
    }
    let names = |namespace| {
        let all = store.list("pods", namespace).map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned());
        all.collect::<Vec<_>>().join(" ")
    };
    assert_eq!((names(None), names(Some("a")), names(Some("c"))), ("x z y".into(), "x z".into(), String::new()));
    assert_eq!(store.list("nodes", None).count(), 0);
}

#[test]
fn the_log_holds_the_changes_since_a_version() {
    let mut store = Store::new(1);
    let start = store.version();
    store.create("pods", pod("a", "x"), at(0)).unwrap();
    store.update("pods", "a", "x", |pod| pod["status"] = json!({})).unwrap();
    store.delete("pods", "a", "x").unwrap();
    let kinds: Vec<ChangeKind> = store.since(start).unwrap().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::Added, ChangeKind::Modified, ChangeKind::Deleted]);
    let last = store.since(store.version() - 1).unwrap().next().unwrap();
    assert_eq!(last.object["metadata"]["resourceVersion"], store.version().to_string());
    assert!(last.before.as_ref().unwrap().get("status").is_some());
    assert_eq!(store.since(store.version()).unwrap().count(), 0);
    assert_eq!(store.delete("pods", "a", "x").unwrap_err().to_string(), "pods \"x\" not found");
}

#[test]
fn the_log_is_bounded() {
    let mut store = Store::new(1);
    let start = store.version();
    for n in 0..=REMEMBERED {
        store.create("pods", pod("a", &n.to_string()), at(0)).unwrap();
    }
    let gone = store.since(start).err().unwrap();
    assert_eq!(gone, StoreError::Gone { asked: start, oldest: start + 1 });
    assert_eq!(store.since(start + 1).unwrap().count(), REMEMBERED);
    store.compact();
    assert!(store.since(store.version() - 1).is_err());
    assert_eq!(store.since(store.version()).unwrap().count(), 0);
}
