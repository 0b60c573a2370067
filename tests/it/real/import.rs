//! A run of the lab, written to a real Elasticsearch (`EDOT_ES_URL`, plain HTTP, no security) as collectors write it, and imported:
//! in the mapping of OTel-native data streams, with and without aliases at the root.

use crate::it::import::agree::{decisions, rescales, session};
use crate::it::import::documents::{self, How};
use crate::it::import::same_run::{imported_from, run, spec, wanted};
use edot_tui::import::Source;
use edot_tui::store::{Access, Client, Credential};
use elasticsearch::http::Method;
use serde_json::{Value, json};
use std::time::Duration;

const INDICES: [&str; 2] = ["edot-tui-import-test-metrics", "edot-tui-import-test-logs"];

/// `kind`: `passthrough`, whose fields have aliases at the root, or `object`.
fn mappings(kind: &str) -> Value {
    let part = |priority: u32| match kind {
        "object" => json!({"type": "object", "dynamic": true, "subobjects": false}),
        _ => json!({"type": kind, "dynamic": true, "priority": priority}),
    };
    json!({
        "dynamic_templates": [{"strings": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}],
        "properties": {
            "@timestamp": {"type": "date"}, "observed_timestamp": {"type": "date"},
            "body": {"properties": {"structured": {"type": "flattened"}}},
            "metrics": part(10), "attributes": part(20), "resource": {"properties": {"attributes": part(40)}},
        },
    })
}

#[tokio::test]
#[ignore = "needs a real Elasticsearch, and writes to it"]
async fn an_import_from_a_real_elasticsearch_has_the_rescales_and_decisions_of_the_run() {
    let url = std::env::var("EDOT_ES_URL").unwrap_or_else(|_| "http://127.0.0.1:19200".into());
    let timeout = Duration::from_secs(60);
    let client = Client::new(Access {
        place: edot_tui::store::Place::Watched,
        url,
        credential: Credential::None,
        ca: None,
        timeout,
    })
    .unwrap();
    let (run, from, to) = run(7);
    let watched = session(&run);
    let docs = documents::of(&run, How { every: 10, events: true, states: true });
    for kind in ["passthrough", "object"] {
        for index in INDICES {
            let _ = client.json(Method::Delete, index, None).await;
            client.put(index, &json!({"mappings": mappings(kind)})).await.unwrap();
        }
        for part in docs.chunks(2000) {
            let line = |(index, doc): &(String, Value)| {
                let to = INDICES[usize::from(index.contains("logs"))];
                format!("{}\n{doc}\n", json!({"create": {"_index": to}}))
            };
            let answer = client.json(Method::Post, "_bulk", Some(part.iter().map(line).collect())).await.unwrap();
            assert_eq!(answer["errors"], false, "{answer}");
        }
        client.json(Method::Post, "edot-tui-import-test-*/_refresh", None).await.unwrap();
        let source = Source { indices: "edot-tui-import-test-*".into(), counted: "edot-tui-import-test-*".into() };
        let (all, _) = imported_from(client.clone(), source, wanted(spec(&run), from, to)).await;
        let session = session(&all);
        let (start, end) = (from.timestamp_millis(), to.timestamp_millis());
        let sizes = |of: &edot_tui::session::Session| -> Vec<_> {
            rescales(of, start, end).into_iter().map(|rescale| (rescale.1, rescale.2)).collect()
        };
        assert_eq!(sizes(&session), sizes(&watched), "{kind}");
        let (count, same, missing) = decisions(&watched, &session, start + 10_000, end);
        println!("{kind}: {} documents, {same} of {count} syncs have the same decision, {missing} missing", docs.len());
        assert!(same * 10 >= count * 9, "{kind}: {same} of {count}, {missing} missing");
    }
    for index in INDICES {
        client.json(Method::Delete, index, None).await.unwrap();
    }
}
