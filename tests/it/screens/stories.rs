//! The stories of the lab's scenarios on every screen at the classic sizes: what must hold of every picture. Bad news has a
//! bad-news role, a list that is longer than its room says so, and no text is cut while the cells beside it are empty.

use edot_tui::trial::watched_inside;
use edot_tui::{
    advise,
    lab::scenario::Scenario,
    observe::{Feed, FeedState, FeedStatus, Observation, Stamped},
    session::Session,
    ui::{Action, Screen, Ui},
    verdict::{self, Expectations, Outcome, Overall},
    view::{self, Cx, Look, golden::Planes, symbols::Symbols, theme::Level},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::LazyLock;

const SCENARIOS: [&str; 6] = ["guide", "lab", "sticky", "backpressure", "oom", "metrics-outage"];
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 50)];
/// Seconds since the session began: idle, scaling up, steady, down, after. The load begins at 60.
const MOMENTS: [i64; 5] = [50, 150, 300, 420, 640];
/// Seconds of load that are watched.
const LENGTH: i64 = 600;

static STORIES: LazyLock<Vec<(&str, Vec<Stamped>)>> = LazyLock::new(|| {
    let story = |name| (name, watched_inside(&Scenario::shipped(name).unwrap(), 7, LENGTH));
    SCENARIOS.into_iter().map(story).collect()
});

struct Picture {
    what: String,
    planes: Planes,
    screen: Screen,
}

fn picture(session: &Session, screen: Screen, size: (u16, u16), look: &Look) -> Planes {
    let mut ui = Ui::new(false, view::panes());
    ui.can_load = true;
    ui.act(Action::Show(screen), session);
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    view::draw(&mut buffer, &Cx::new(session, session.now_ms(), &ui, look));
    view::golden::planes(&buffer)
}

/// Calls `each` with every story's session at every moment.
fn moments(mut each: impl FnMut(&str, i64, &Session)) {
    for (name, seen) in STORIES.iter() {
        let mut session = advise::session();
        let began = seen[0].at;
        let mut due = MOMENTS.iter().peekable();
        for stamped in seen {
            while let Some(s) = due.next_if(|s| stamped.at > began + chrono::TimeDelta::seconds(**s)) {
                each(name, *s, &session);
            }
            session.apply(stamped);
        }
    }
}

fn pictures(each: impl FnMut(&Session, &Picture)) {
    pictures_by(&Look::roles(), each);
}

fn pictures_by(look: &Look, mut each: impl FnMut(&Session, &Picture)) {
    moments(|name, s, session| {
        for screen in Screen::ALL {
            for size in SIZES {
                let what = format!("{name} at {s} s, {} {}x{}", screen.name(), size.0, size.1);
                let planes = picture(session, screen, size, look);
                each(session, &Picture { what, planes, screen });
            }
        }
    });
}

/// The roles of the first place where a row holds `text`.
fn roles_of<'a>(planes: &'a Planes, text: &str) -> Option<&'a str> {
    planes.text.iter().zip(&planes.roles).find_map(|(row, roles)| {
        let at = row[..row.find(text)?].chars().count();
        let chars: Vec<usize> = roles.char_indices().map(|c| c.0).collect();
        let (from, to) = (*chars.get(at)?, chars.get(at + text.chars().count()).copied().unwrap_or(roles.len()));
        Some(&roles[from..to])
    })
}

#[test]
fn bad_news_has_a_bad_news_role() {
    let mut seen = BTreeMap::new();
    pictures(|session, p| {
        let text = p.planes.text.join("\n");
        let verdict = verdict::run(session, Expectations::guide());
        let failed = verdict.count("failed");
        let started = verdict.start.is_some();
        if started && failed > 0 {
            let badge = format!("✕{failed}");
            let roles = roles_of(
                &Planes {
                    text: vec![p.planes.text.last().unwrap().clone()],
                    roles: vec![p.planes.roles.last().unwrap().clone()],
                    ..Planes::default()
                },
                &badge,
            )
            .map(str::to_owned);
            assert!(roles.is_some_and(|r| r.chars().all(|c| c == 'x')), "{}: the tab of Timeline\n{text}", p.what);
            *seen.entry("tab").or_insert(0) += 1;
        }
        if p.screen == Screen::Timeline && verdict.result == Overall::Fail {
            let roles = roles_of(&p.planes, "FAILED").unwrap_or_default();
            assert!(!roles.is_empty() && roles.chars().all(|c| c == 'x'), "{}: {roles}\n{text}", p.what);
            *seen.entry("verdict").or_insert(0) += 1;
        }
        let lost = session.collectors.losses.all().iter().any(|l| l.how.is_loss());
        if p.screen == Screen::Pipeline && lost {
            let first = p.planes.text.iter().position(|row| row.contains("Pipeline")).unwrap();
            let end = p.planes.text[first].find(" lost").unwrap_or_else(|| panic!("{}\n{text}", p.what));
            let at = p.planes.text[first][..end].chars().count();
            assert_eq!(p.planes.roles[first].chars().nth(at - 1), Some('x'), "{}\n{text}", p.what);
            *seen.entry("lost").or_insert(0) += 1;
        }
    });
    assert!(["tab", "verdict", "lost"].iter().all(|what| seen.contains_key(what)), "{seen:?}");
}

#[test]
fn a_list_that_is_longer_than_its_room_says_so() {
    let mut cut = 0;
    pictures(|_, p| {
        let text = p.planes.text.join("\n");
        if p.screen == Screen::Timeline {
            let listed = Expectations::guide().expect.iter().filter(|e| text.contains(&format!(" {}  ", e.id))).count();
            let all = Expectations::guide().expect.len();
            assert!(listed == all || text.contains(&format!(" of {all} ")), "{}: {listed}\n{text}", p.what);
            cut += usize::from(listed < all);
        }
    });
    assert!(cut > 0);
}

#[test]
fn no_text_is_cut_while_the_cells_beside_it_are_empty() {
    let mut wrong = Vec::new();
    pictures(|_, p| {
        for row in &p.planes.text {
            let cells: Vec<char> = row.chars().collect();
            for (x, _) in cells.iter().enumerate().filter(|(_, c)| **c == '…') {
                // A waiting expectation has it as its sign; a name that is cut at its beginning goes on after it.
                let sign = x > 0 && cells[x - 1] == ' ';
                let room = cells[x + 1..].iter().take_while(|c| matches!(c, ' ' | '─')).count();
                if !sign && room >= 8 {
                    wrong.push(format!("{}: {}", p.what, row.trim()));
                }
            }
        }
    });
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// A row's label at the end of a chart's line, such as `gateway out 6.5 k` or `cpu 75 %`, as a number.
fn label(row: &str) -> Option<f64> {
    let words: Vec<&str> = row.trim_matches(['│', ' ']).split_whitespace().collect();
    let (times, words) = match words.split_last()? {
        (&"k", rest) => (1e3, rest),
        (&"M", rest) => (1e6, rest),
        (&"%", rest) => (1.0, rest),
        _ => (1.0, &words[..]),
    };
    let (number, before) = words.split_last()?;
    before.last().filter(|name| name.len() > 1 && name.contains(char::is_alphabetic))?;
    number.parse::<f64>().ok().map(|n| n * times)
}

/// The labels of the chart of a screen, from the top. A second column is not part of it.
fn labels(p: &Picture) -> Vec<f64> {
    let titles: &[&str] = match p.screen {
        Screen::Overview => &["─ Utilization of request"],
        Screen::Ingest => &["─ Ingest ─"],
        Screen::Gateways | Screen::Pipeline => &["items a second", "items accepted"],
        _ => return Vec::new(),
    };
    let left = p.planes.text.iter().map(|row| row.split("││").next().unwrap_or_default());
    let chart = left.skip_while(|row| !titles.iter().any(|title| row.contains(title))).skip(1);
    chart.take_while(|row| !row.starts_with(['├', '└'])).filter_map(label).collect()
}

#[test]
fn the_labels_of_a_chart_are_in_the_order_of_their_values() {
    let colourless = Look::new("dark", Level::None, PathBuf::new(), Symbols::Braille, 0).unwrap();
    for look in [Look::roles(), colourless] {
        let mut compared: BTreeMap<&str, u32> = BTreeMap::new();
        pictures_by(&look, |_, p| {
            let labels = labels(p);
            assert!(labels.is_sorted_by(|a, b| a >= b), "{}: {labels:?}\n{}", p.what, p.planes.text.join("\n"));
            *compared.entry(p.screen.name()).or_default() += u32::from(labels.len() > 1);
        });
        let most: Vec<u32> = compared.into_values().filter(|n| *n > 0).collect();
        assert!(most.len() == 4 && most.iter().all(|n| *n > 40), "{most:?}");
    }
}

/// What failed once stays failed; no verdict changes its mind.
#[test]
fn no_expectation_fails_and_then_passes() {
    for (name, seen) in STORIES.iter() {
        let mut session = advise::session();
        let mut failed: BTreeMap<String, String> = BTreeMap::new();
        for (n, stamped) in seen.iter().enumerate() {
            session.apply(stamped);
            if n % 97 != 0 {
                continue;
            }
            for check in verdict::run(&session, Expectations::guide()).checks {
                match check.found.outcome {
                    Outcome::Failed => {
                        failed.entry(check.id).or_insert(check.found.observed);
                    }
                    _ => assert_eq!(failed.get(&check.id), None, "{name}: {} is {:?}", check.id, check.found),
                }
            }
        }
    }
}

/// The guide's own scenario is a good run: nothing stands out.
#[test]
fn in_a_good_run_no_finding_stands() {
    let (_, seen) = STORIES.iter().find(|(name, _)| *name == "guide").unwrap();
    let mut session = advise::session();
    let mut found: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for stamped in seen {
        session.apply(stamped);
        let s = (session.now_ms() - session.began.unwrap().timestamp_millis()) / 1000;
        if matches!(stamped.what, edot_tui::observe::Observation::Tick) {
            for f in advise::findings(&session) {
                found.entry(format!("{}: {} ({})", f.id, f.text, f.evidence)).or_insert((s, s)).1 = s;
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// The recording of a real controller that ended, with a feed that does not work beside it.
#[test]
fn a_controller_that_is_dead_is_the_first_that_is_seen() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/decisions/D1-dead.jsonl.gz");
    let mut session = advise::session();
    edot_tui::recording::open(path.as_ref()).unwrap().for_each(|seen| session.apply(&seen));
    let reason = Some("port 8888 cannot be reached".into());
    let status = FeedStatus { reason, ..FeedStatus::new(Feed::Collector, FeedState::Retrying) };
    session.apply(&Stamped { at: session.now.unwrap(), what: Observation::FeedStatus(status) });
    let found = advise::findings(&session);
    let silent = found.iter().find(|f| f.id == "controller-silent").expect("a finding");
    assert!(silent.evidence.starts_with("last sync ") && silent.evidence.contains(" syncs that should"), "{silent:?}");
    for size in SIZES {
        let text = picture(&session, Screen::Overview, size, &Look::roles()).text.join("\n");
        let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{size:?}: no {words:?} in\n{text}"));
        assert!(at("the HPA controller does not sync") > 0 && at("none for") > 0);
        // The pane, where there is room for it.
        let pane = text.find("Findings").map_or("", |from| &text[from..]);
        let place = |words: &str| pane.find(words);
        assert!(place("port 8888").is_none_or(|feed| place("does not sync").is_some_and(|at| at < feed)), "{text}");
    }
}

#[test]
fn findings_are_as_severe_as_their_documentation_says() {
    let kinds = advise::kinds();
    let mut seen = BTreeSet::new();
    moments(|name, s, session| {
        for finding in advise::findings(session) {
            let kind = kinds.iter().find(|kind| kind.id == finding.id).unwrap();
            assert!(
                kind.severity.contains(&finding.severity),
                "{name} at {s} s: {} {:?}",
                finding.id,
                finding.severity
            );
            seen.insert(finding.id);
        }
    });
    assert!(seen.len() > 3, "{seen:?}");
}
