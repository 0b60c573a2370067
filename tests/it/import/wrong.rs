//! What can be wrong with an import: no index, no document in the span, no privilege, another HPA's name; each says what to do.

use super::documents::{self, How};
use super::fake::Fake;
use chrono::TimeDelta;
use edot_tui::error::{CommandError, ErrorKind};
use edot_tui::import::{self, Search, Source, Spec, Wanted};
use edot_tui::observe::Time;
use edot_tui::trial;
use serde_json::{Value, json};

async fn fails(fake: &Fake, hpa: &str, from: Time, to: Time) -> CommandError {
    let wanted = Wanted {
        namespace: "observability-lab".into(),
        hpa: hpa.into(),
        from,
        to,
        spec: Spec::default(),
        requests: Default::default(),
        load: Default::default(),
    };
    let search = match Search::open(fake.client(), Source::default()).await {
        Ok(search) => search,
        Err(error) => return error.into(),
    };
    import::plan(&search, wanted, Vec::new()).await.map(drop).unwrap_err()
}

fn run() -> (Vec<(String, Value)>, Time, Time) {
    let scenario = edot_tui::lab::scenario::Scenario::shipped("guide").unwrap();
    let run = trial::watched(&scenario, 1, 60).0;
    let docs = documents::of(&run, How { every: 10, events: true, states: true });
    (docs, run[0].at, run.last().unwrap().at)
}

#[tokio::test]
async fn a_span_without_documents_names_the_one_that_has_some() {
    let (docs, from, to) = run();
    let fake = Fake::start(docs).await;
    let error = fails(&fake, "edot-gateway-hpa", from - TimeDelta::hours(3), to - TimeDelta::hours(3)).await;
    assert_eq!(error.kind, ErrorKind::NotFound);
    let text = error.to_string();
    assert!(text.contains("no document of HPA observability-lab/edot-gateway-hpa from 2026-11-24T09:00:00Z"), "{text}");
    assert!(text.contains("there are some from 2026-11-24T12:00:") && text.contains("metrics-*,logs-*"), "{text}");
}

#[tokio::test]
async fn another_hpa_is_named() {
    let (docs, from, to) = run();
    let only = docs.iter().filter(|doc| doc.1["resource"]["attributes"]["k8s.hpa.name"].is_string());
    // With and without documents of pods, which may be of any workload.
    for docs in [only.cloned().collect(), docs.clone()] {
        let fake = Fake::start(docs).await;
        let error = fails(&fake, "checkout", from, to).await.to_string();
        assert!(error.contains("there are some of observability-lab/edot-gateway-hpa: say which with -n"), "{error}");
    }
}

#[tokio::test]
async fn an_elasticsearch_without_any_such_document_says_what_is_needed() {
    let (_, from, to) = run();
    let fake = Fake::start(Vec::new()).await;
    let error = fails(&fake, "edot-gateway-hpa", from, to).await.to_string();
    assert!(error.contains("see whether the collectors write k8s.hpa.* and k8s.pod.* metrics"), "{error}");
}

#[tokio::test]
async fn a_missing_privilege_is_named() {
    let (_, from, to) = run();
    // Where patterns are asked for, what may not be read is left out silently.
    let fake = Fake::start(Vec::new()).await;
    fake.held.lock().unwrap().privileges =
        Some(json!({"index": {"metrics-*": {"read": false}, "logs-*": {"read": true}}}));
    let error = fails(&fake, "edot-gateway-hpa", from, to).await;
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(
        error.to_string().starts_with("the user may not read metrics-* in Elasticsearch http://127.0.0.1:"),
        "{error}"
    );
    let reason = "action [indices:data/read/search] is unauthorized for user [u] on indices [metrics-x], this action is granted by the index privileges [read,all]";
    fake.held.lock().unwrap().refuses = Some((403, json!({"error": {"type": "security_exception", "reason": reason}})));
    let error = fails(&fake, "edot-gateway-hpa", from, to).await;
    assert_eq!(error.kind, ErrorKind::Denied);
    let text = error.to_string();
    assert!(text.contains("granted by the index privileges [read,all]"), "{text}");
    assert!(text.ends_with("an import needs the index privilege read on metrics-*,logs-*"), "{text}");
}
