//! Recordings into the store and out again: the same bytes, each document once, whatever the store answers; and no secret in any
//! of it.

use super::fake::{Fake, Trouble};
use edot_tui::store::{Credential, RECORDINGS, SESSIONS, SYNCS, StoreErrorKind, TRIES, pull, push, query};
use edot_tui::verdict::Expectations;
use secrecy::SecretString;
use std::path::{Path, PathBuf};

fn recording(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings/v1").join(name)
}

async fn keep(fake: &Fake, path: &Path, tags: &[&str]) -> push::Pushed {
    let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
    let client = fake.client(Credential::None);
    push::push(&client, path, &tags, Expectations::guide(), TRIES).await.unwrap()
}

async fn pulled(fake: &Fake, reference: &str) -> Vec<u8> {
    let client = fake.client(Credential::None);
    let session = pull::find(&client, reference).await.unwrap();
    let mut bytes = Vec::new();
    pull::file(&client, &session, &mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn what_is_pulled_is_what_was_pushed() {
    let fake = Fake::start().await;
    let packed = recording("cycle.jsonl.gz");
    // The same without compression has chunks of another size.
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain.jsonl");
    let mut from = flate2::read::MultiGzDecoder::new(std::fs::File::open(&packed).unwrap());
    let mut to = std::fs::File::create(&plain).unwrap();
    std::io::copy(&mut from, &mut to).unwrap();
    for (path, tag) in [(packed, "form=packed"), (plain, "form=plain")] {
        let pushed = keep(&fake, &path, &[tag]).await;
        let there = std::fs::read(&path).unwrap();
        assert_eq!((pushed.bytes, pushed.sent.refused), (there.len() as u64, 0));
        assert!(pulled(&fake, &pushed.id).await == there);
        assert!(pulled(&fake, tag).await == there);
    }
    assert!(fake.all(SYNCS).len() > 5);
}

#[tokio::test]
async fn trouble_loses_nothing_and_writes_nothing_twice() {
    let quiet = Fake::start().await;
    let path = recording("cycle.jsonl.gz");
    let first = keep(&quiet, &path, &[]).await;
    let fake = Fake::start().await;
    fake.trouble(&[
        Trouble::Status(429),
        Trouble::Status(413),
        Trouble::LostAnswer,
        Trouble::Items(429, "es_rejected_execution_exception"),
        Trouble::Items(403, "cluster_block_exception"),
        Trouble::Status(503),
    ]);
    let second = keep(&fake, &path, &[]).await;
    assert_eq!((second.id.as_str(), second.sent.refused), (first.id.as_str(), 0));
    let docs = |fake: &Fake| fake.held.lock().unwrap().docs.clone();
    assert!(docs(&fake) == docs(&quiet));
    // Once more: everything is there.
    let before = docs(&fake);
    keep(&fake, &path, &[]).await;
    assert!(docs(&fake) == before);
}

#[tokio::test]
async fn what_is_refused_is_counted_with_its_reason() {
    let fake = Fake::start().await;
    fake.trouble(&[Trouble::Items(400, "document_parsing_exception")]);
    let pushed = keep(&fake, &recording("cycle.jsonl.gz"), &[]).await;
    assert!(pushed.sent.refused > 0);
    assert_eq!(pushed.sent.reasons, ["an item is in trouble"]);
    // A recording that is not whole is not given out.
    let client = fake.client(Credential::None);
    let session = pull::find(&client, &pushed.id).await.unwrap();
    if pull::file(&client, &session, &mut Vec::new()).await.is_ok() {
        assert!(pulled(&fake, &pushed.id).await == std::fs::read(recording("cycle.jsonl.gz")).unwrap());
    }
}

#[tokio::test]
async fn a_missing_privilege_ends_it_and_is_named() {
    let fake = Fake::start().await;
    fake.trouble(&[Trouble::Items(403, "security_exception")]);
    let client = fake.client(Credential::None);
    let path = recording("cycle.jsonl.gz");
    let failed = push::push(&client, &path, &[], Expectations::guide(), TRIES).await;
    // A single chunk is the first of one item: then it is the second request that is denied.
    let error = match failed {
        Err(error) => error,
        Ok(_) => {
            fake.trouble(&[Trouble::Status(403)]);
            push::push(&client, &path, &[], Expectations::guide(), TRIES).await.unwrap_err()
        }
    };
    assert_eq!(error.exit_code(), 6);
    assert!(error.to_string().contains("role edot-tui"), "{error}");
}

#[tokio::test]
async fn tags_stay_when_it_is_pushed_again_and_all_of_a_session_goes() {
    let fake = Fake::start().await;
    let path = recording("cycle.jsonl.gz");
    let pushed = keep(&fake, &path, &["release=1.4", "team=a"]).await;
    keep(&fake, &path, &[]).await;
    let client = fake.client(Credential::None);
    let session = pull::find(&client, &pushed.id).await.unwrap();
    let tags = query::tag(&client, &session, &["release=1.5".into()], &["team".into()]).await.unwrap();
    assert_eq!(tags, ["release=1.5"]);
    assert_eq!(fake.all(SESSIONS)[0]["tags"][0], "release=1.5");
    query::delete(&client, &pushed.id).await.unwrap();
    assert!(fake.held.lock().unwrap().docs.is_empty());
    assert_eq!(pull::find(&client, &pushed.id).await.unwrap_err().kind, StoreErrorKind::NotFound);
    assert_eq!(pull::find(&client, "../_all").await.unwrap_err().kind, StoreErrorKind::NotFound);
}

#[tokio::test]
async fn no_document_and_no_error_holds_a_secret() {
    let (password, key) = ("p4ssw0rd-of-the-store", "a2V5OnNlY3JldC1vZi10aGUtc3RvcmU=");
    let basic = Credential::Basic { user: "writer".into(), password: SecretString::from(password) };
    for credential in [basic, Credential::ApiKey(SecretString::from(key))] {
        assert!(!format!("{credential:?}").contains(password) && !format!("{credential:?}").contains(key));
        let fake = Fake::start().await;
        let client = fake.client(credential);
        push::push(&client, &recording("cycle.jsonl.gz"), &[], Expectations::guide(), TRIES).await.unwrap();
        let log = fake.log.lock().unwrap().clone();
        assert!(log.iter().all(|asked| !asked.authorization.is_empty()));
        assert!(log.iter().all(|asked| !asked.text.contains(password) && !asked.text.contains(key)));
    }
    // A proxy that repeats what it was given.
    let echo = move |asked: &crate::it::support::stub_api::Asked| {
        (400, serde_json::json!({"error": {"reason": format!("bad header {} {password}", asked.authorization)}}))
    };
    let (url, _) = crate::it::support::stub_api::listen(echo).await;
    let credential = Credential::Basic { user: "writer".into(), password: SecretString::from(password) };
    let access = edot_tui::store::Access {
        place: edot_tui::store::Place::Store,
        url,
        credential,
        ca: None,
        timeout: std::time::Duration::from_secs(5),
    };
    let client = edot_tui::store::Client::new(access).unwrap();
    let error = client.get(RECORDINGS).await.unwrap_err().to_string();
    assert!(error.contains("bad header") && !error.contains(password) && !error.contains("d3JpdGVy"), "{error}");
}
