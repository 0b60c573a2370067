//! Recordings: what is written is read back to the last bit, and what is broken is read as far as it goes.

use crate::it::support::{any_seen, recorded::scale_cycle};
use edot_tui::{
    observe::{CountersSeen, IndexSeen, Observation, ShardSeen, Stamped},
    recording::{Chunks, Header, MAX_LINE, Mark, ReadError, Reading, RecorderEvent, read, resume},
    session::Session,
};
use proptest::prelude::*;
use std::io::{Cursor, Read};

pub fn fold<'a>(all: impl IntoIterator<Item = &'a Stamped>) -> Session {
    let mut session = Session::default();
    all.into_iter().for_each(|s| session.apply(s));
    session
}

fn header() -> Header {
    Header::new("2026-11-24T00:31:20Z".parse().unwrap(), Default::default())
}

/// With parts small enough that a short recording has several.
pub fn write(all: &[Stamped], gz: bool) -> Vec<u8> {
    let mut parts = Chunks::of(&header(), gz, 20_000);
    all.iter().for_each(|s| assert!(parts.seen(s)));
    parts.end().unwrap()
}

fn reading(bytes: &[u8]) -> Reading<Cursor<&[u8]>> {
    read(Cursor::new(bytes)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn what_is_written_folds_to_what_was_seen(all in any_seen::stamped(25), gz in any::<bool>()) {
        let bytes = write(&all, gz);
        let mut reading = reading(&bytes);
        let back: Vec<Stamped> = reading.by_ref().collect();
        prop_assert_eq!(&back, &all);
        prop_assert_eq!(fold(&back), fold(&all));
        let strange = all.iter().filter(|s| s.what == Observation::Unknown).count() as u64;
        prop_assert_eq!(reading.damage.unknown_kinds.values().sum::<u64>(), strange);
        prop_assert!(strange > 0 || reading.damage.is_none(), "{:?}", reading.damage);
    }

    #[test]
    fn a_cut_recording_gives_what_came_before(cut in 0.0f64..1.0, gz in any::<bool>()) {
        let all = scale_cycle();
        let bytes = write(&all, gz);
        let at = (bytes.len() as f64 * cut) as usize;
        match read(Cursor::new(&bytes[..at])) {
            Ok(mut reading) => {
                let back: Vec<Stamped> = reading.by_ref().collect();
                prop_assert_eq!(&back[..], &all[..back.len()]);
                // Cut between two gzip members (or, in plain text, lines) it looks like one that is still written.
                let between = !gz || bytes[at..].starts_with(&[0x1f, 0x8b, 8]);
                prop_assert!(back.len() == all.len() || at == bytes.len() || reading.damage.truncated || between);
            }
            Err(ReadError::Empty | ReadError::Other(_)) => prop_assert!(at < 600, "{}", at),
            Err(e) => prop_assert!(false, "{}", e),
        }
    }

    #[test]
    fn a_damaged_middle_costs_what_is_damaged(at in 0.1f64..0.9, junk in prop::collection::vec(any::<u8>(), 1..400), swallow in 0usize..400) {
        let many = scale_cycle();
        let mut bytes = write(&many, true);
        let at = (bytes.len() as f64 * at) as usize;
        bytes.splice(at..at + swallow, junk);
        let mut reading = reading(&bytes);
        let back = reading.by_ref().count();
        prop_assert!(back > many.len() / 2, "{} of {}: {:?}", back, many.len(), reading.damage.sentences());
        // A damaged stretch can unpack to a line twice.
        prop_assert!(back <= many.len() || !reading.damage.is_none());
        // Whatever is missing is reported; junk between two members costs nothing, and is reported as well.
        prop_assert!(back == many.len() || !reading.damage.is_none(), "{:?}", reading.damage);
    }

    #[test]
    fn anything_at_all_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600), gz in any::<bool>()) {
        let mut all = if gz { vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255] } else { Vec::new() };
        all.extend(bytes);
        if let Ok(reading) = read(Cursor::new(&all[..])) {
            let _ = reading.count();
        }
    }
}

#[test]
fn parts_can_be_begun_anywhere() {
    let many = scale_cycle();
    for gz in [true, false] {
        let bytes = write(&many, gz);
        let mut first = reading(&bytes);
        let mut places = Vec::new();
        loop {
            let place = first.position().unwrap();
            if first.next().is_none() {
                break;
            }
            places.push(place);
        }
        assert_eq!(places.len(), many.len());
        if gz {
            assert!(places.iter().any(|p| p.offset > 0), "there is more than one part");
        }
        for at in (0..many.len()).step_by(61).chain([many.len() - 1]) {
            let place = places[at];
            let rest = resume(Cursor::new(&bytes[place.offset as usize..]), place, header()).unwrap();
            assert!(rest.eq(many[at..].iter().cloned()), "from {at}, {place:?}");
        }
    }
}

#[test]
fn the_chain_is_gzip_to_everybody_else() {
    let all = scale_cycle();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(&write(&all, true)[..]).read_to_string(&mut text).unwrap();
    let plain = String::from_utf8(write(&all, false)).unwrap();
    let (header, rest) = plain.split_once('\n').unwrap();
    assert_eq!(text.replace(&format!("{header}\n"), ""), rest, "but for the header, which each part repeats");
}

#[test]
fn what_is_flushed_can_be_read_before_the_end() {
    let all = scale_cycle();
    let mut parts = Chunks::new(&header(), true);
    let mut bytes = Vec::new();
    for seen in &all[..200] {
        parts.seen(seen);
    }
    bytes.extend(parts.flush().unwrap());
    parts.seen(&all[200]);
    let mut reading = reading(&bytes);
    assert_eq!(reading.by_ref().collect::<Vec<_>>(), all[..200]);
    assert!(reading.damage.truncated, "it says that it does not end properly");
}

#[test]
fn a_wrong_file_is_refused_in_words() {
    let error = |bytes: &[u8]| read(Cursor::new(bytes.to_vec())).err().expect("refused").to_string();
    assert!(error(b"").contains("is empty"));
    let what = error(b"{\"apiVersion\":\"v1\",\"kind\":\"List\"}\n");
    assert!(what.contains("not a recording of edot-tui") && what.contains("apiVersion"), "{what}");
    assert!(error(&[0u8; 5000]).contains("not a recording"));
    assert!(error(b"\x1f\x8b\x08\x00garbage").contains("damaged gzip"));
    assert!(!error(b"\x1b[2Jhello\n").contains('\x1b'));
    let missing = edot_tui::recording::open(std::path::Path::new("/no/such.jsonl")).err().unwrap().to_string();
    assert!(missing.starts_with("/no/such.jsonl cannot be read: ") && missing.contains("No such file"), "{missing}");
}

#[test]
fn later_versions_and_marks_are_distinguished_from_damage() {
    let text = concat!(
        "{\"edot_session\":3,\"tool\":\"edot-tui 9\",\"moons\":3}\n",
        "{\"at\":\"2026-11-24T00:00:00Z\",\"seen\":\"quasar\",\"spin\":{\"up\":[1]}}\n",
        "{\"at\":\"2026-11-24T00:00:01Z\",\"recorder\":\"dropped\",\"lines\":12}\n",
        "{\"at\":\"2026-11-24T00:00:01Z\",\"recorder\":\"sang\"}\n",
        "{\"at\":\"2026-11-24T00:00:02Z\",\"seen\":\"tick\",\"tock\":true}\n",
        "{\"at\":\"2026-11-24T00:00:03Z\",\"seen\":\"ti"
    );
    let mut reading = reading(text.as_bytes());
    let kinds: Vec<Observation> = reading.by_ref().map(|s| s.what).collect();
    assert_eq!(kinds, [Observation::Unknown, Observation::Tick]);
    let at = "2026-11-24T00:00:01Z".parse().unwrap();
    assert_eq!(
        reading.marks,
        [Mark { at, event: RecorderEvent::Dropped { lines: 12 } }, Mark { at, event: RecorderEvent::Unknown }]
    );
    let sentences = reading.damage.sentences();
    assert_eq!(
        sentences,
        [
            "it has format 3 and this program knows 2: what is new in it is skipped",
            "kinds of a later version skipped: quasar (1)",
            "it stops in the middle: its writer was interrupted, or is still writing"
        ]
    );
}

#[test]
fn lines_without_a_header_are_read_too() {
    let all = scale_cycle();
    let text: String = all.iter().map(|s| serde_json::to_string(s).unwrap() + "\n").collect();
    let reading = reading(text.as_bytes());
    assert_eq!(reading.header.version, 0);
    assert!(reading.eq(all));
}

#[test]
fn a_hostile_recording_does_not_reach_the_terminal() {
    let line = "{\"at\":\"2026-11-24T00:00:00Z\",\"seen\":\"note\",\"text\":\"\\u001b]0;x\\u0007go\"}\n";
    let mut reading = reading(line.as_bytes());
    assert_eq!(reading.next().unwrap().what, Observation::Note { text: "go".into() });
}

#[test]
fn a_cut_within_a_members_head_is_a_torn_end() {
    let bytes = write(&scale_cycle(), true);
    let second = bytes.windows(3).skip(1).position(|w| w == [0x1f, 0x8b, 8]).unwrap() + 1;
    for more in 0..16 {
        let mut reading = read(Cursor::new(&bytes[..second + more])).unwrap();
        let back = reading.by_ref().count();
        assert!(
            back > 0 && reading.damage.truncated == (more > 0) && reading.damage.damaged == 0,
            "{more}: {:?}",
            reading.damage
        );
    }
}

/// An answer with the counters of `n` backing indices.
fn counters(n: usize) -> Stamped {
    let index = |i: usize| IndexSeen {
        name: format!(".ds-logs-generic.otel-default-2026.11.24-{i:06}"),
        uuid: format!("uuid-{i:017}"),
        shards: vec![ShardSeen {
            n: 0,
            max_seq_no: i as i64,
            node: "quickstart-es-default-0".into(),
            ..ShardSeen::default()
        }],
        documents: Some(1_000_000),
        stored_bytes: Some(1_000_000_000),
        ..IndexSeen::default()
    };
    let seen = CountersSeen { indices: (0..n).map(index).collect(), ..CountersSeen::default() };
    Stamped { at: header().at, what: Observation::Counters(Box::new(seen)) }
}

#[test]
fn whatever_the_writer_writes_the_reader_reads() {
    let large = counters(8000);
    assert!(serde_json::to_vec(&large).unwrap().len() > 2 << 20);
    for gz in [true, false] {
        let bytes = write(std::slice::from_ref(&large), gz);
        let mut reading = reading(&bytes);
        assert!(reading.next().as_ref() == Some(&large) && reading.next().is_none() && reading.damage.is_none());
    }
}

#[test]
fn a_line_over_the_limit_is_neither_written_nor_read() {
    let note = |n: usize| Stamped { at: header().at, what: Observation::Note { text: "x".repeat(n) } };
    let mut chunks = Chunks::new(&header(), false);
    assert!(!chunks.seen(&note(MAX_LINE)) && chunks.seen(&note(10)));
    let mut bytes = chunks.end().unwrap();
    assert!(bytes.len() < 1000);
    bytes.extend(serde_json::to_vec(&note(MAX_LINE)).unwrap());
    bytes.extend(b"\n");
    bytes.extend(serde_json::to_vec(&note(20)).unwrap());
    bytes.extend(b"\n");
    let mut reading = reading(&bytes);
    assert_eq!(reading.by_ref().collect::<Vec<_>>(), [note(10), note(20)]);
    assert_eq!(reading.damage.unreadable, 1);
    assert!(reading.damage.first[0].what.contains("longer than 16 MB"), "{:?}", reading.damage);
}
