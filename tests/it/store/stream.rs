//! A recording into the store while it is written: the same documents as a push of the finished file, whatever the store answers
//! meanwhile; and what a killed run left over.

use super::fake::{Fake, Trouble};
use edot_tui::advise;
use edot_tui::recording::{self, Format, Header, Recorder};
use edot_tui::session::Session;
use edot_tui::store::stream::{Stream, leftovers};
use edot_tui::store::{Credential, TRIES, push};
use edot_tui::verdict::Expectations;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

fn seen() -> Vec<edot_tui::observe::Stamped> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings/v1/cycle.jsonl.gz");
    recording::open(&path).unwrap().collect()
}

/// A recorder to a new file of this folder.
fn recorder(folder: &Path) -> (Recorder, PathBuf) {
    let path = folder.join("run.jsonl.gz");
    let header = Header { at: seen()[0].at, ..Header::default() };
    let format = Format { gz: true, limit: u64::MAX };
    (Recorder::start(Box::new(File::create(&path).unwrap()), header, None, format).unwrap(), path)
}

async fn streamed(fake: &Fake, folder: &Path) -> (PathBuf, String, Vec<String>) {
    let (mut recorder, path) = recorder(folder);
    let mut stream = Stream::start(fake.client(Credential::None), &path, &["a=b".into()]).unwrap();
    let (mut session, mut said): (Session, Vec<String>) = (advise::session(), Vec::new());
    let all = seen();
    let part = all.len().div_ceil(12);
    for some in all.chunks(part) {
        for one in some {
            recorder.tap(one);
            session.apply(one);
        }
        // As many ticks as there would be.
        for _ in 0..20 {
            said.extend(stream.tick(&session, Expectations::guide()));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    tokio::time::sleep(Duration::from_secs(4)).await;
    said.extend(stream.tick(&session, Expectations::guide()));
    recorder.end("over", session.now.unwrap());
    let end = stream.end(&session, Expectations::guide()).done(PATIENCE).await;
    (path, end, said)
}

type Docs = std::collections::BTreeMap<(String, String), (u64, serde_json::Value)>;

/// The documents, without what differs between two machines.
fn docs(fake: &Fake) -> Docs {
    fake.held.lock().unwrap().docs.clone()
}

async fn pushed(path: &Path) -> Docs {
    let fake = Fake::start().await;
    push::push(&fake.client(Credential::None), path, &["a=b".into()], Expectations::guide(), TRIES).await.unwrap();
    docs(&fake)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_as_a_push_would_whatever_the_store_answers() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    fake.trouble(&[
        Trouble::Status(503),
        Trouble::LostAnswer,
        Trouble::Items(403, "cluster_block_exception"),
        Trouble::Status(413),
    ]);
    let (path, end, said) = streamed(&fake, folder.path()).await;
    assert!(end.starts_with("in the store as "), "{end}");
    assert!(said[0].contains("503") && said.last().unwrap() == "the store answers again", "{said:?}");
    let (there, expected) = (docs(&fake), pushed(&path).await);
    let (a, b): (Vec<_>, Vec<_>) = (there.keys().collect(), expected.keys().collect());
    assert_eq!(a, b);
    assert!(there == expected);
    assert!(!folder.path().join("run.jsonl.gz.unsent").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_is_sent_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    let path = {
        let (mut recorder, path) = recorder(folder.path());
        let stream = Stream::start(fake.client(Credential::None), &path, &["a=b".into()]).unwrap();
        seen().iter().for_each(|one| recorder.tap(one));
        tokio::time::sleep(Duration::from_secs(2)).await;
        // While it runs, nobody else sends it.
        assert!(leftovers(&fake.client(Credential::None), folder.path(), Expectations::guide()).await.is_empty());
        drop((stream, recorder));
        path
    };
    // The task notices that it is alone.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let sent = leftovers(&fake.client(Credential::None), folder.path(), Expectations::guide()).await;
    assert_eq!(sent, std::slice::from_ref(&path));
    assert!(docs(&fake) == pushed(&path).await);
    assert!(leftovers(&fake.client(Credential::None), folder.path(), Expectations::guide()).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_is_waited_for_only_so_long() {
    let folder = tempfile::tempdir().unwrap();
    let (mut recorder, path) = recorder(folder.path());
    let access = edot_tui::store::Access {
        place: edot_tui::store::Place::Store,
        url: "http://127.0.0.1:1".into(),
        credential: Credential::None,
        ca: None,
        timeout: Duration::from_secs(1),
    };
    let client = edot_tui::store::Client::new(access).unwrap();
    let mut stream = Stream::start(client, &path, &[]).unwrap();
    let mut session = advise::session();
    for one in &seen() {
        recorder.tap(one);
        session.apply(one);
    }
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let said = stream.tick(&session, Expectations::guide()).unwrap();
    assert!(said.contains("127.0.0.1:1") && said.contains("sent later"), "{said}");
    // It is said once.
    assert_eq!(stream.tick(&session, Expectations::guide()), None);
    recorder.end("over", session.now.unwrap());
    let end = stream.end(&session, Expectations::guide()).done(Duration::from_secs(1)).await;
    assert!(end.contains("not in the store yet") && end.contains("sessions push"), "{end}");
    assert!(folder.path().join("run.jsonl.gz.unsent").exists());
}
