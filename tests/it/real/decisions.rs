//! The reconstruction against a real controller: watches the HPAs that `EDOT_WATCH` names (`namespace/name`, by commas) in
//! the cluster of `KUBECONFIG` for `EDOT_FOR` seconds, prints the score of each and every disagreement with its cause.
//!
//! With `EDOT_LOAD` (a shell command) the load is driven by it while they are watched. With `EDOT_RECORD` (a directory) what was
//! seen is written there, one line an observation. With `EDOT_TABLE` (a file) the score by version is written there, as a table.

use edot_tui::{
    session::Session,
    session::decisions::score::{Agreed, Score},
    session::decisions::sync::Verdict,
    source::live::{
        self, cluster,
        connect::{Access, Environment},
        load_control::LoadSettings,
    },
};
use std::{collections::BTreeMap, io::Write, time::Duration};
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
    let _load = std::env::var("EDOT_LOAD").ok().map(Load::start);
    let tasks: Vec<_> = named.map(|(ns, hpa)| tokio::spawn(watch(ns.into(), hpa.into(), span))).collect();
    let mut sessions = Vec::new();
    for task in tasks {
        sessions.push(task.await.unwrap());
    }
    judge(&sessions);
}

/// A command that drives the load, ended with the test.
struct Load(std::process::Child);

impl Load {
    fn start(command: String) -> Self {
        Load(std::process::Command::new("sh").args(["-c", &format!("exec {command}")]).spawn().unwrap())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The same over what was written with `EDOT_RECORD`, or by `edot-tui record`.
#[test]
#[ignore = "needs recordings of a real cluster"]
fn agrees_with_what_was_recorded() {
    let dir = std::env::var("EDOT_RECORD").expect("EDOT_RECORD names a directory");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.to_string_lossy().contains(".jsonl"));
    files.sort();
    let fold = |file: &std::path::PathBuf| {
        let mut session = Session::default();
        edot_tui::recording::open(file).unwrap().for_each(|seen| session.apply(&seen));
        session
    };
    judge(&files.iter().map(fold).collect::<Vec<_>>());
}

fn judge(sessions: &[Session]) {
    let mut by_version: BTreeMap<String, (u32, Score)> = BTreeMap::new();
    for session in sessions {
        let (w, d) = (&session.watching, &session.decisions);
        let flags: Vec<String> = d.inferred_flags().map(edot_tui::explain::cause::flag).collect();
        let period = edot_tui::explain::sync::period(&d.sync_period);
        println!("{}/{}: {}, {period}, {flags:?}", w.namespace, w.hpa, row(&d.score));
        for row in d.rows().iter().filter(|r| r.verdict() == Verdict::Differs) {
            let cause = row.cause.as_ref().map(edot_tui::explain::cause::cause).unwrap_or_default();
            println!("  {} x{}: {} ({cause})", row.first, row.count, edot_tui::explain::sync::sentence(row));
            assert!(!cause.is_empty(), "every disagreement has a cause");
        }
        let sum = by_version.entry(w.server_version.clone()).or_default();
        sum.0 += 1;
        for (to, from) in [(&mut sum.1.rescales, d.score.rescales), (&mut sum.1.quiet, d.score.quiet)] {
            (to.agreed, to.of) = (to.agreed + from.agreed, to.of + from.of);
        }
        sum.1.unseen += d.score.unseen;
        sum.1.consistent += d.score.consistent;
        sum.1.undecided += d.score.undecided;
    }
    let mut table = String::from("| version | HPAs | score |\n|---|---|---|\n");
    by_version.iter().for_each(|(version, (hpas, sum))| {
        table += &format!("| {version} | {hpas} | {} |\n", row(sum));
    });
    println!("{table}");
    if let Some(file) = std::env::var_os("EDOT_TABLE") {
        std::fs::write(file, table).unwrap();
    }
    let all = |part: fn(&Score) -> Agreed| {
        by_version.values().fold((0, 0), |sum, (_, s)| (sum.0 + part(s).agreed, sum.1 + part(s).of))
    };
    let (rescales, quiet) = (all(|s| s.rescales), all(|s| s.quiet));
    assert!(quiet.1 > 0, "no sync was seen");
    assert!(rescales.0 * 100 >= rescales.1 * 99 && quiet.0 * 1000 >= quiet.1 * 995, "{rescales:?} {quiet:?}");
}

fn row(s: &Score) -> String {
    format!(
        "rescales {}, other known syncs {}, inferred {}, undecided {}, samples not seen {}",
        s.rescales, s.quiet, s.consistent, s.undecided, s.unseen
    )
}
