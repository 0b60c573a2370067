//! Whole screens as goldens: the text plane and the role plane, of the recorded cycle at chosen moments.

use crate::it::support::golden;
use crate::it::support::recorded::scale_cycle;
use edot_tui::{
    observe::{Feed, FeedState, FeedStatus, Observation, ShadowSeen, Stamped},
    session::Session,
    ui::{Entry, Overlay, Screen, Ui},
    view::{self, Cx, Look},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The session as it was `seconds` after the recording began.
fn session(seconds: i64) -> Session {
    let all = scale_cycle();
    let end = all[0].at + chrono::TimeDelta::seconds(seconds);
    let mut session = Session::default();
    all.iter().take_while(|s| s.at <= end).for_each(|s| session.apply(s));
    session
}

fn ui(session: &Session, keys: impl FnOnce(&mut Ui, &Session)) -> Ui {
    let mut ui = Ui::new(false, view::panes());
    ui.can_load = true;
    keys(&mut ui, session);
    ui
}

fn draw(session: &Session, ui: &Ui, look: &Look, (width, height): (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    view::draw(&mut buffer, &Cx::new(session, session.now_ms(), ui, look));
    buffer
}

/// Compares with `tests/golden/screens/NAME.txt`.
fn check(name: &str, session: &Session, ui: &Ui, size: (u16, u16)) {
    let buffer = draw(session, ui, &Look::roles(), size);
    let got = view::golden::planes(&buffer).to_string();
    golden::check(&format!("tests/golden/screens/{name}.txt"), &got);
}

#[test]
fn overview_at_the_classic_sizes() {
    let s = session(150);
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        check(&format!("overview-{width}x{height}"), &s, &ui(&s, |_, _| ()), (width, height));
    }
}

/// The recorded session, then nothing: the API server could not be reached for a while.
#[test]
fn an_outage_reads_as_one_at_the_classic_sizes() {
    let mut s = session(150);
    let (began, second) = (s.now.unwrap(), chrono::TimeDelta::seconds(1));
    for feed in [Feed::Hpa, Feed::Target, Feed::Pods, Feed::Usage, Feed::Events, Feed::Load] {
        let reason = Some("cannot reach https://10.0.0.1:6443: Connection refused".into());
        let status = FeedStatus { reason, attempt: 4, ..FeedStatus::new(feed, FeedState::Retrying) };
        s.apply(&Stamped { at: began + second, what: Observation::FeedStatus(status) });
    }
    (2..30).for_each(|n| s.apply(&Stamped { at: began + second * n, what: Observation::Tick }));
    for (width, height) in [(80, 24), (120, 36)] {
        check(&format!("outage-{width}x{height}"), &s, &ui(&s, |_, _| ()), (width, height));
    }
    let feeds = |row| ui(&s, |ui, _| (ui.overlay, ui.row) = (Some(Overlay::Feeds), row));
    check("outage-feeds-80x24", &s, &feeds(0), (80, 24));
    check("outage-feeds-60x14", &s, &feeds(5), (60, 14));
}

#[test]
fn the_smallest_terminals_show_the_most_important_figure() {
    let s = session(150);
    let first =
        |size| view::golden::planes(&draw(&s, &ui(&s, |_, _| ()), &Look::roles(), size)).text[0].trim_end().to_owned();
    let sizes = [(1, 1), (6, 2), (20, 6), (39, 11)];
    assert_eq!(sizes.map(first), ["4", "4 of 4", "4 of 4 replicas", "4 of 4 replicas"]);
}

#[test]
fn every_screen() {
    let s = session(200);
    for screen in Screen::ALL {
        let name = format!("{}-100x30", screen.name().to_lowercase());
        check(&name, &s, &ui(&s, |ui, _| ui.screen = screen), (100, 30));
    }
}

#[test]
fn the_timeline_shows_the_verdict_at_the_classic_sizes() {
    let s = session(308);
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        let ui = ui(&s, |ui, _| ui.screen = Screen::Timeline);
        check(&format!("timeline-{width}x{height}"), &s, &ui, (width, height));
    }
}

#[test]
fn shadows_are_lines_columns_and_sentences() {
    let all = scale_cycle();
    let mut s = Session::default();
    let shadows =
        ["--target cpu=40 --max 8", "--max 2"].map(|flags| ShadowSeen { flags: flags.into(), ..Default::default() });
    s.apply(&Stamped { at: all[0].at, what: Observation::Shadows { all: shadows.to_vec() } });
    let end = all[0].at + chrono::TimeDelta::seconds(170);
    all.iter().take_while(|seen| seen.at <= end).for_each(|seen| s.apply(seen));
    check("shadow-overview-120x36", &s, &ui(&s, |_, _| ()), (120, 36));
    check("shadow-decisions-120x36", &s, &ui(&s, |ui, _| ui.screen = Screen::Decisions), (120, 36));
    check("shadow-overview-80x24", &s, &ui(&s, |_, _| ()), (80, 24));
    // A long line shows its end, where it is typed.
    let long = format!("{} --max 7", "--target cpu=40 ".repeat(12));
    let typing = ui(&s, |ui, _| ui.overlay = Some(Overlay::Typing(Entry::Shadow(long))));
    let rows = view::golden::planes(&draw(&s, &typing, &Look::roles(), (80, 24))).text;
    assert!(rows.last().unwrap().trim_end().ends_with("--max 7_"), "{rows:?}");
}
