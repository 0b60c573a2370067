//! A run of the lab, watched and imported: the same rescales, and in nearly all syncs the same decision.

use super::agree::{decisions, rescales, session};
use super::documents::{self, How};
use super::fake::Fake;
use edot_tui::import::{self, Build, Search, Source, Spec, Summary, Wanted};
use edot_tui::observe::{Feed, FeedState, HpaSeen, HpaStatus, Observation, Stamped, TargetSeen, Time};
use edot_tui::recording::Header;
use edot_tui::session::Session;
use edot_tui::store::Client;
use edot_tui::trial;

/// A run of the guide's scenario, and its span.
pub fn run(seed: u64) -> (Vec<Stamped>, Time, Time) {
    let scenario = edot_tui::lab::scenario::Scenario::shipped("guide").unwrap();
    let all = trial::watched(&scenario, seed, trial::length(&scenario)).0;
    let (from, to) = (all.first().unwrap().at, all.last().unwrap().at);
    (all, from, to)
}

/// The spec and the target as they are at the end of a run.
pub fn spec(run: &[Stamped]) -> Spec {
    let last = |pick: fn(&Observation) -> Option<HpaSeen>| run.iter().rev().find_map(|seen| pick(&seen.what));
    let hpa = last(|what| match what {
        Observation::Hpa(hpa) => Some(HpaSeen { status: HpaStatus::default(), ..(**hpa).clone() }),
        _ => None,
    });
    let target: Option<TargetSeen> = run.iter().rev().find_map(|seen| match &seen.what {
        Observation::Target(target) => Some((**target).clone()),
        _ => None,
    });
    Spec { hpa, target, server_version: "v1.36.0".into(), from: "that of the lab".into() }
}

pub fn wanted(spec: Spec, from: Time, to: Time) -> Wanted {
    Wanted {
        namespace: "observability-lab".into(),
        hpa: "edot-gateway-hpa".into(),
        from,
        to,
        spec,
        requests: Default::default(),
        load: Default::default(),
    }
}

async fn imported(fake: &Fake, wanted: Wanted) -> (Vec<Stamped>, Summary) {
    imported_from(fake.client(), Source::default(), wanted).await
}

/// The observations of an import.
pub async fn imported_from(client: Client, source: Source, wanted: Wanted) -> (Vec<Stamped>, Summary) {
    let mut search = Search::open(client, source).await.unwrap();
    let plan = import::plan(&search, wanted, Vec::new()).await.unwrap();
    let mut all = Vec::new();
    let summary = import::all(&mut search, Build::new(plan), |seen, _| {
        all.extend_from_slice(seen);
        Ok(())
    })
    .await
    .unwrap();
    (all, summary)
}

fn is_sorted(all: &[Stamped]) -> bool {
    all.is_sorted_by_key(|seen| seen.at)
}

#[tokio::test]
async fn an_import_has_the_rescales_and_decisions_of_the_run() {
    let (run, from, to) = run(7);
    let watched = session(&run);
    let real = rescales(&watched, from.timestamp_millis(), to.timestamp_millis());
    assert!(real.len() >= 4, "{real:?}");
    for (every, events, states, least) in
        [(10, true, true, 90), (30, true, true, 80), (10, true, false, 80), (10, false, true, 80)]
    {
        let fake = Fake::start(documents::of(&run, How { every, events, states })).await;
        let (all, summary) = imported(&fake, wanted(spec(&run), from, to)).await;
        assert!(is_sorted(&all));
        let session = session(&all);
        let found = rescales(&session, from.timestamp_millis(), to.timestamp_millis());
        let what = format!("every {every} s, events {events}, states {states}: {found:?} of {real:?}");
        assert_eq!(found.len(), real.len(), "{what}");
        let within = if events { 2000 } else { every * 1000 + 1000 };
        for (one, other) in found.iter().zip(&real) {
            assert_eq!((one.1, one.2), (other.1, other.2), "{what}");
            assert!((one.0 - other.0).abs() <= within, "{what}");
        }
        assert_eq!((summary.rescales as usize, summary.without_event > 0), (real.len(), !events), "{what}");
        let (count, same, missing) =
            decisions(&watched, &session, from.timestamp_millis() + every * 1000, to.timestamp_millis());
        println!("{what}: {same} of {count} syncs, {missing} missing; every {} s", summary.every_s);
        assert!(same * 100 >= count * least, "{same} of {count}, {missing} missing: {what}");
        assert_eq!(summary.every_s, every, "{what}");
    }
}

#[tokio::test]
async fn of_samples_alone_the_syncs_that_are_found_mostly_agree() {
    let (run, from, to) = run(7);
    let watched = session(&run);
    let mut docs = documents::of(&run, How { every: 10, events: true, states: false });
    docs.retain(|doc| !doc.0.contains("k8scluster"));
    // The kubelet's receiver names the container.
    docs.iter_mut().filter(|doc| doc.0.contains("kubelet")).for_each(|doc| {
        let used = doc.1["metrics"]["k8s.pod.cpu.usage"].clone();
        let memory = doc.1["metrics"]["k8s.pod.memory.working_set"].clone();
        doc.1["resource"]["attributes"]["k8s.container.name"] = "edot-collector".into();
        doc.1["metrics"] = serde_json::json!({"container.cpu.usage": used, "container.memory.working_set": memory});
    });
    let fake = Fake::start(docs).await;
    let spec = Spec { target: None, ..spec(&run) };
    let requests = [("cpu".to_owned(), "50m".to_owned()), ("memory".to_owned(), "256Mi".to_owned())].into();
    let (all, _) = imported(&fake, Wanted { requests, ..wanted(spec, from, to) }).await;
    let session = session(&all);
    let (from, to) = (from.timestamp_millis(), to.timestamp_millis());
    let sizes = |all: Vec<(i64, Option<i32>, i32)>| all.into_iter().map(|rescale| rescale.2).collect::<Vec<_>>();
    assert_eq!(sizes(rescales(&session, from, to)), sizes(rescales(&watched, from, to)));
    // Before the first rescale the size is not known, and when a new pod was Ready is not known either: syncs are missing.
    let first = rescales(&watched, from, to)[0].0 + 1000;
    let (count, same, missing) = decisions(&watched, &session, first, to);
    assert!(same * 10 >= (count - missing) * 8 && missing * 2 < count, "{same} of {count}, {missing} missing");
}

#[tokio::test]
async fn pages_give_every_document_once_with_and_without_a_point_in_time() {
    let (run, from, to) = run(3);
    let docs = documents::of(&run, How { every: 1, events: true, states: true });
    let mut all = Vec::new();
    for plain in [false, true] {
        let fake = Fake::start(docs.clone()).await;
        fake.held.lock().unwrap().plain = plain;
        let (mut seen, _) = imported(&fake, wanted(spec(&run), from, to)).await;
        // Each has an address of its own.
        seen.retain(|seen| !matches!(seen.what, Observation::Elastic(_) | Observation::Watching(_)));
        all.push(seen);
        let asked = fake.log.lock().unwrap().iter().filter(|a| a.text.contains("search_after")).count();
        assert!(asked > 0, "there are several pages");
    }
    assert!(all[0] == all[1]);
}

#[tokio::test]
async fn what_is_not_stored_is_said_feed_by_feed() {
    let (run, from, to) = run(3);
    let mut docs = documents::of(&run, How { every: 10, events: false, states: false });
    // For three minutes nothing was written.
    let gap = from.timestamp_millis() + 120_000..from.timestamp_millis() + 300_000;
    docs.retain(|doc| !gap.contains(&doc.1["@timestamp"].as_i64().unwrap()));
    let fake = Fake::start(docs).await;
    let (all, _) = imported(&fake, wanted(spec(&run), from, to)).await;
    let states = |feed: Feed| -> Vec<FeedState> {
        let of = |seen: &Stamped| match &seen.what {
            Observation::FeedStatus(status) if status.feed == feed => Some((status.state, status.reason.is_some())),
            _ => None,
        };
        all.iter()
            .filter_map(of)
            .map(|(state, reason)| {
                assert!(reason);
                state
            })
            .collect()
    };
    use FeedState::{Absent, Stale, Up};
    assert_eq!(states(Feed::Hpa), [Up, Stale, Up]);
    assert_eq!(states(Feed::Usage), [Up, Stale, Up]);
    assert_eq!(states(Feed::Events), [Absent]);
    assert_eq!((states(Feed::Load), states(Feed::K6)), (vec![Absent], vec![Absent]));
    // No pod went while nothing was written, unless it was not there afterwards.
    let session = session(&all);
    assert!(
        session.watching.notes.iter().any(|note| note.contains("Kubernetes events")),
        "{:?}",
        session.watching.notes
    );
    let gone = all.iter().filter(|seen| gap.contains(&seen.at.timestamp_millis()));
    assert_eq!(gone.filter(|seen| matches!(seen.what, Observation::PodGone(_))).count(), 0);
}

#[tokio::test]
async fn what_is_imported_is_read_as_any_recording() {
    let (run, from, to) = run(7);
    let fake = Fake::start(documents::of(&run, How { every: 10, events: true, states: true })).await;
    let (all, _) = imported(&fake, wanted(spec(&run), from, to)).await;
    let mut chunks = edot_tui::recording::Chunks::new(&Header::new(from, Default::default()), true);
    assert!(all.iter().all(|seen| chunks.seen(seen)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("imported.jsonl.gz");
    std::fs::write(&path, chunks.end().unwrap()).unwrap();
    let read: Vec<Stamped> = edot_tui::recording::open(&path).unwrap().collect();
    assert!(read == all);
    let again: Session = session(&read);
    assert_eq!(again, session(&all));
    // Settings can be tried over it.
    let recorded = edot_tui::decide::rerun::record(read.into_iter());
    let none = edot_tui::decide::rerun::Changes::default();
    assert!(edot_tui::decide::rerun::simulate(&recorded, &none).is_ok());
}
