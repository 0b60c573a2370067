//! The reconstruction against a real controller: watches the HPAs that `EDOT_WATCH` names (`namespace/name`, by commas) in
//! the cluster of `KUBECONFIG` for `EDOT_FOR` seconds, prints the score of each and every disagreement with its cause.
//! With `EDOT_RECORD` (a directory) what was seen is written there, one line an observation. Loads come from elsewhere.

use edot_tui::{
    session::Session,
    source::live::{
        self, cluster,
        connect::{Access, Environment},
        load_control::LoadSettings,
    },
};
use std::{io::Write, time::Duration};
use tokio_util::sync::CancellationToken;

fn settings(namespace: &str, hpa: &str) -> live::Settings {
    let load = LoadSettings {
        namespace: "demo-app".into(),
        job: "k6-load".into(),
        manifest: None,
        readonly: true,
        timeout: Duration::from_secs(10),
        patience: Duration::from_secs(5),
    };
    live::Settings {
        namespace: namespace.into(),
        hpa: hpa.into(),
        any: false,
        load,
        collector: None,
        ingest: Default::default(),
        timing: live::Timing::default(),
    }
}

async fn watch(namespace: String, hpa: String, span: Duration) -> Session {
    let cluster = cluster::open(Access::new(Environment::read())).await.unwrap();
    let stop = CancellationToken::new();
    let (mut source, driver) = live::open(settings(&namespace, &hpa), cluster, stop.clone());
    let driver = tokio::spawn(driver);
    let mut file = std::env::var_os("EDOT_RECORD").map(|dir| {
        let path = std::path::Path::new(&dir).join(format!("{namespace}-{hpa}.jsonl"));
        std::io::BufWriter::new(std::fs::File::create(path).unwrap())
    });
    let mut session = Session::default();
    let end = tokio::time::Instant::now() + span;
    while let Ok(Some(seen)) = tokio::time::timeout_at(end, source.observations.recv()).await {
        if let Some(file) = &mut file {
            serde_json::to_writer(&mut *file, &seen).unwrap();
            file.write_all(b"\n").unwrap();
        }
        session.apply(&seen);
    }
    stop.cancel();
    let _ = driver.await;
    session
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real cluster with load on it"]
async fn agrees_with_the_real_controller() {
    let watched = std::env::var("EDOT_WATCH").unwrap_or("observability-lab/edot-gateway-hpa".into());
    let seconds = std::env::var("EDOT_FOR").ok().and_then(|s| s.parse().ok()).unwrap_or(300);
    let span = Duration::from_secs(seconds);
    let named = watched.split(',').map(|n| n.split_once('/').expect("namespace/name"));
    let tasks: Vec<_> = named.map(|(ns, hpa)| tokio::spawn(watch(ns.into(), hpa.into(), span))).collect();
    let mut sessions = Vec::new();
    for task in tasks {
        sessions.push(task.await.unwrap());
    }
    judge(&sessions);
}

/// The same over what was written with `EDOT_RECORD`.
#[test]
#[ignore = "needs recordings of a real cluster"]
fn agrees_with_what_was_recorded() {
    let dir = std::env::var("EDOT_RECORD").expect("EDOT_RECORD names a directory");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "jsonl"));
    files.sort();
    let fold = |file: &std::path::PathBuf| {
        let mut session = Session::default();
        // The last line may be cut.
        let text = std::fs::read_to_string(file).unwrap();
        text.lines().map_while(|l| serde_json::from_str(l).ok()).for_each(|seen| session.apply(&seen));
        session
    };
    judge(&files.iter().map(fold).collect::<Vec<_>>());
}

fn judge(sessions: &[Session]) {
    let (mut rescales, mut quiet) = ((0, 0), (0, 0));
    for session in sessions {
        let (w, d) = (&session.watching, &session.decisions);
        let (r, q) = (d.score.rescales, d.score.quiet);
        let flags = d.flags_text();
        println!("{}/{}: rescales {r}, others {q}, samples not seen {}, {flags:?}", w.namespace, w.hpa, d.score.unseen);
        for row in d.rows().iter().filter(|r| !r.agrees) {
            let cause = row.cause.as_ref().map(|c| c.text()).unwrap_or_default();
            println!("  {} x{}: {} ({cause})", row.first, row.count, row.sentence());
            assert!(!cause.is_empty(), "every disagreement has a cause");
        }
        rescales = (rescales.0 + r.agreed, rescales.1 + r.of);
        quiet = (quiet.0 + q.agreed, quiet.1 + q.of);
    }
    println!("in all: rescales {} of {}, others {} of {}", rescales.0, rescales.1, quiet.0, quiet.1);
    assert!(quiet.1 > 0, "no sync was seen");
    assert!(rescales.0 * 100 >= rescales.1 * 95 && quiet.0 * 100 >= quiet.1 * 99);
}
