//! Recordings of a real cluster, of every version of the format that there ever was: each is read for ever, and replays to
//! what was live.

use crate::it::replay::seek::{indexed, live};
use edot_tui::observe::{Observation, Stamped};
use edot_tui::recording::{RecorderEvent, open};
use edot_tui::session::{Mark, Session};
use std::path::{Path, PathBuf};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings").join(name)
}

/// A scale-up to the maximum and back; a load Job that was started with --simulate; and one that `kill -9` ended.
const ALL: [(&str, usize); 3] =
    [("v1/cycle.jsonl.gz", 469), ("v1/simulate.jsonl.gz", 366), ("v1/killed.jsonl.gz", 220)];

#[test]
fn recordings_of_a_real_cluster_are_read_whole() {
    for (name, many) in ALL {
        let mut reading = open(&path(name)).unwrap();
        assert_eq!(reading.header.version, 1, "{name}");
        let all: Vec<Stamped> = reading.by_ref().collect();
        assert_eq!(all.len(), many, "{name}");
        let killed = name.contains("killed");
        assert_eq!(reading.damage.truncated, killed, "{name}");
        assert!(
            reading.damage.unreadable == 0 && reading.damage.damaged == 0 && reading.damage.unknown_kinds.is_empty()
        );
        let ended = reading.marks.iter().any(|m| matches!(m.event, RecorderEvent::End { .. }));
        assert_eq!(ended, !killed, "{name}");
        assert!(matches!(all[0].what, Observation::Watching(_)), "{name}");
    }
}

#[test]
fn they_tell_what_happened() {
    let rescales = |name: &str| {
        let mut session = Session::default();
        open(&path(name)).unwrap().for_each(|s| session.apply(&s));
        let began = session.began.map_or(0, |t| t.timestamp_millis());
        let marks = session.markers.all().iter().filter(|m| m.ms >= began);
        marks.filter_map(|m| if let Mark::Rescale { to, .. } = m.mark { Some(to) } else { None }).collect::<Vec<_>>()
    };
    assert_eq!(rescales(ALL[0].0), [4, 2, 1]);
    assert_eq!(rescales(ALL[1].0), [4, 2, 1]);
}

#[test]
fn sought_to_any_second_they_are_as_they_were_live() {
    for (name, _) in ALL {
        let all: Vec<Stamped> = open(&path(name)).unwrap().collect();
        let (index, course) = indexed(&path(name));
        let mut session = Session::default();
        let mut coming = all.iter().peekable();
        for ms in (course.from..=course.to).step_by(13_000).chain([course.to]) {
            while coming.peek().is_some_and(|s| s.at.timestamp_millis().max(session.now_ms()) <= ms) {
                coming.next().iter().for_each(|s| session.apply(s));
            }
            assert!(index.seek(ms)().unwrap().session == session, "{name} at {ms}");
        }
        assert!(session == live(&all, course.to), "{name}");
    }
}
