//! Recordings broken in every way: each gives what is sound in it, and neither its reading nor its fold panics, hangs or
//! takes memory without bound.

use crate::it::decide::tune::ask;
use crate::it::replay::{broken_ways::*, reading::write};
use crate::it::support::{any_seen, dice::Dice, recorded::scale_cycle};
use edot_tui::decide::front::Objective;
use edot_tui::decide::tune::Search;
use edot_tui::decide::{rerun, size};
use edot_tui::observe::{Observation, Stamped};
use edot_tui::recording::{Reading, read, resume};
use edot_tui::report::tune;
use edot_tui::report::{self, Origin, compare, what_if};
use edot_tui::session::Session;
use edot_tui::ui::{Screen, Ui};
use edot_tui::verdict::{self, Expectations};
use edot_tui::view::{self, Cx, Look};
use proptest::{strategy::Strategy, strategy::ValueTree, test_runner::TestRunner};
use ratatui::{buffer::Buffer, layout::Rect};
use std::io::{Cursor, Read};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Texts of sound recordings: of a real cluster, and of observations of every kind.
fn sound() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings/v1");
    let mut texts: Vec<Vec<u8>> = ["cycle", "simulate", "killed"]
        .iter()
        .map(|name| {
            let gz = std::fs::read(folder.join(format!("{name}.jsonl.gz"))).unwrap();
            let mut text = Vec::new();
            let _ = flate2::read::MultiGzDecoder::new(&gz[..]).read_to_end(&mut text);
            text
        })
        .collect();
    texts.push(write(&scale_cycle(), false));
    let mut runner = TestRunner::deterministic();
    for in_order in [true, false] {
        let mut all = any_seen::stamped(500).new_tree(&mut runner).unwrap().current();
        while all.len() < 300 {
            all.extend(any_seen::stamped(500).new_tree(&mut runner).unwrap().current());
        }
        for (n, seen) in all.iter_mut().enumerate().filter(|_| in_order) {
            seen.at = chrono::DateTime::from_timestamp(1_790_000_000 + n as i64, 0).unwrap();
        }
        texts.push(write(&all, false));
    }
    texts
}

/// What a run over many broken recordings came to.
#[derive(Debug, Default)]
struct Tally {
    cases: u64,
    seen: u64,
    refused: u64,
    panics: u64,
    slowest: Duration,
}

/// Reads one, folds what it gives, and now and then looks at it from all sides.
fn try_one(case: &Case, look_too: bool, tally: &mut Tally) {
    let begun = Instant::now();
    let describe = |got: usize| format!("{got} of {} read: {}", case.least, case.describe());
    tally.cases += 1;
    match read(Cursor::new(&case.bytes)) {
        Err(_) => {
            assert!(case.least == 0, "refused: {}", describe(0));
            tally.refused += 1;
        }
        Ok(mut reading) => {
            let mut session = Session::default();
            let mut got = 0;
            for seen in reading.by_ref().take(MOST_SEEN) {
                session.apply(&seen);
                got += 1;
            }
            assert!(got >= case.least, "{}", describe(got));
            assert!(reading.error().is_none(), "{:?}", reading.error());
            assert!(reading.damage.sentences().iter().all(|s| s.len() < 20_000));
            tally.seen += got as u64;
            if look_too {
                begin_again(case, got);
                look_at(&session);
                simulate(case);
            }
        }
    }
    tally.slowest = tally.slowest.max(begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(120), "{:?} for {}", begun.elapsed(), case.describe());
}

/// From a place within it, reading gives what it gave there before.
fn begin_again(case: &Case, got: usize) {
    let mut reading = read(Cursor::new(&case.bytes)).unwrap();
    reading.by_ref().take(got / 2).for_each(drop);
    let place = reading.position().unwrap();
    let rest = |reading: Reading<Cursor<&[u8]>>| reading.take(50).collect::<Vec<Stamped>>();
    let again = resume(Cursor::new(&case.bytes[place.offset as usize..]), place, reading.header.clone()).unwrap();
    let first = reading.take(50).collect::<Vec<Stamped>>();
    assert_eq!(rest(again), first, "{place:?} in {}", case.describe());
}

/// The controller re-run over the first of it.
fn simulate(case: &Case) {
    let recorded = rerun::record(read(Cursor::new(&case.bytes)).unwrap().take(3000));
    if let Ok(supposed) = rerun::simulate(&recorded, &rerun::Changes::default()) {
        what_if::summarize(&supposed, &recorded, None);
        what_if::panels(&supposed, &recorded);
    }
    let sessions = [&recorded.session];
    if let Ok(capacity) = size::learn(&sessions) {
        let summary = report::size::summarize(&capacity, Some([1e4, 0.0, 1e3]), vec![None]);
        report::text::plain(&report::size::document(&summary), 120);
    }
    let ask = ask(Objective::Balanced, 12);
    let recordings = [recorded];
    let Ok(search) = Search::new(&recordings, &ask) else { return };
    if let Some(tuned) = search.run(&ask, &AtomicBool::new(false), &mut |_| {})
        && let Some(summary) = tune::summary::summarize(&tuned, &ask, &recordings, vec![None], |c| search.words(c))
    {
        report::text::plain(&tune::document(&summary), 120);
        tune::chart::text(&summary, 80);
        tune::page(&summary, "");
        serde_json::to_string(&summary).unwrap();
    }
}

/// Every screen at two sizes, and the report in every form that is not a screen.
fn look_at(session: &Session) {
    let judged = verdict::run(session, Expectations::guide());
    let full = report::report(session, &judged, &Origin::default());
    serde_json::to_string(&full).unwrap();
    report::html::html(session, &judged, &full);
    report::junit(&full);
    report::text::markdown(&report::document::document(&full));
    report::csv::write(&report::series::all_series(session)).unwrap();
    let side = || compare::Side { name: "a", session, verdict: &judged };
    compare::document(&compare::compare(&side(), &side()));
    let (panels, axis) = compare::overlaid(&side(), &side());
    report::text_chart::draw(&panels, &axis, 100, false, &Look::roles());
    let (look, mut ui) = (Look::roles(), Ui::new(false, edot_tui::view::panes()));
    for screen in Screen::ALL {
        ui.screen = screen;
        for (width, height) in [(120, 36), (61, 17)] {
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            view::draw(&mut buffer, &Cx::new(session, session.now_ms(), &ui, &look));
        }
    }
}

/// The process's highest resident memory so far, MiB.
fn high_water() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// Goes on after a panic, so that a long run tells of all that it finds.
fn run(seed: u64, mut go_on: impl FnMut(u64) -> bool) -> Tally {
    let (sound, mut dice, mut tally) = (sound(), Dice::new(seed), Tally::default());
    while go_on(tally.cases) {
        let case = any_case(&sound, &mut dice, seed, tally.cases);
        let look_too = dice.below(16) == 0;
        let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| try_one(&case, look_too, &mut tally)));
        if tried.is_err() {
            tally.panics += 1;
            println!("panicked: {}", case.describe());
        }
    }
    assert!(tally.panics == 0, "{tally:?}");
    tally
}

#[test]
fn broken_recordings_give_what_is_sound_in_them() {
    let tally = run(1, |cases| cases < 100);
    assert!(tally.seen > 8_000 && tally.refused < 20, "{tally:?}");
}

/// The same for `EDOT_FUZZ` seconds (10 unless it says otherwise), beginning with the seed `EDOT_FUZZ_SEED`; alone, for the
/// memory is the whole process's:
/// `EDOT_FUZZ=600 EDOT_FUZZ_SEED=7 cargo test it:: -- --ignored --nocapture broken_recordings_are_read_in_bounds`.
#[test]
#[ignore = "takes its time"]
fn broken_recordings_are_read_in_bounds() {
    let number = |name: &str, or| std::env::var(name).ok().and_then(|s| s.parse().ok()).unwrap_or(or);
    let (seconds, seed) = (number("EDOT_FUZZ", 10), number("EDOT_FUZZ_SEED", 1));
    let (begun, before) = (Instant::now(), high_water());
    let mut reported = 0;
    let tally = run(seed, |cases| {
        let after = begun.elapsed().as_secs();
        if after >= reported + 60 {
            reported = after;
            println!("{after} s, {cases} recordings, VmHWM {} MiB", high_water());
        }
        after < seconds
    });
    println!("seed {seed}, {seconds} s: {tally:?}, VmHWM {before} -> {} MiB", high_water());
    assert!(high_water() < 400, "{} MiB", high_water());
}

#[test]
fn a_bomb_is_read_in_bounded_memory() {
    let before = high_water();
    let text = write(&scale_cycle(), false);
    let mut tally = Tally::default();
    for bomb in BOMBS {
        try_one(&bomb_case(*bomb, &text, 4 << 20), false, &mut tally);
    }
    // Other tests run beside this one; what a bomb holds is not among what is kept.
    assert!(high_water() < before + 300, "{before} -> {} MiB", high_water());
}

#[test]
fn what_comes_in_place_of_a_header_is_reported_as_anywhere_else() {
    let strange = "{\"at\":\"2026-11-24T00:00:00Z\",\"seen\":\"quasar\"}\n";
    let mark = "{\"at\":\"2026-11-24T00:00:00Z\",\"recorder\":\"dropped\",\"lines\":3}\n";
    for header in ["", "{\"edot_session\":1}\n"] {
        let mut reading = read(Cursor::new(format!("{header}{strange}"))).unwrap();
        assert_eq!(reading.next().map(|s| s.what), Some(Observation::Unknown));
        assert_eq!(reading.damage.unknown_kinds.get("quasar"), Some(&1));
        let mut reading = read(Cursor::new(format!("{header}{mark}{strange}"))).unwrap();
        assert_eq!((reading.by_ref().count(), reading.marks.len()), (1, 1));
    }
}
