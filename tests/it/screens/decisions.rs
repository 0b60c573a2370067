//! The Decisions screen as goldens, its list under the keys, and every size without a panic.

use crate::it::decisions::recorded_runs::cycle;
use crate::it::support::golden;
use edot_tui::{
    session::{Session, decisions::limit::Limit},
    ui::{Action, Screen, Ui},
    view::{self, Cx, Look},
};
use ratatui::{buffer::Buffer, layout::Rect};

fn ui(session: &Session, down: isize) -> Ui {
    let mut ui = Ui::new(false, view::panes());
    ui.can_load = true;
    ui.act(Action::Show(Screen::Decisions), session);
    ui.act(Action::Move(down), session);
    ui
}

fn draw(session: &Session, ui: &Ui, (width, height): (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    view::draw(&mut buffer, &Cx::new(session, session.now_ms(), ui, &Look::roles()));
    buffer
}

/// The place of the `nth` newest rescale.
fn rescale(session: &Session, nth: usize) -> isize {
    let rows = session.decisions.rows().iter().rev();
    rows.enumerate().filter(|(_, r)| r.rescaled).nth(nth).unwrap().0 as isize
}

/// Compares with `tests/golden/screens/NAME.txt`.
fn check(name: &str, session: &Session, ui: &Ui, size: (u16, u16)) {
    let got = view::golden::planes(&draw(session, ui, size)).to_string();
    golden::check(&format!("tests/golden/screens/{name}.txt"), &got);
}

#[test]
fn the_working_of_a_scale_up() {
    let s = cycle();
    let place = rescale(&s, 2);
    for (width, height) in [(120, 36), (200, 50), (80, 24), (40, 12)] {
        check(&format!("decisions-up-{width}x{height}"), &s, &ui(&s, place), (width, height));
    }
}

#[test]
fn what_the_window_holds() {
    let s = cycle();
    let rows = s.decisions.rows().iter().rev();
    let place = rows.enumerate().find(|(_, r)| r.limit() == Some(Limit::Window)).unwrap().0;
    check("decisions-window-120x36", &s, &ui(&s, place as isize), (120, 36));
}

#[test]
fn the_selection_stays_on_its_sync_while_newer_ones_come() {
    let all = crate::it::support::recorded::scale_cycle();
    let mut s = Session::default();
    all[..all.len() / 2].iter().for_each(|o| s.apply(o));
    let mut ui = ui(&s, 2);
    let selected = |ui: &Ui, s: &Session| ui.syncs(s)[ui.selected_sync(s)].first;
    let before = selected(&ui, &s);
    all[all.len() / 2..].iter().for_each(|o| s.apply(o));
    assert_eq!(selected(&ui, &s), before);
    assert!(ui.selected_sync(&s) > 2);
    ui.act(Action::Move(isize::MIN), &s);
    assert_eq!((ui.selected_sync(&s), ui.sync), (0, None), "the first follows what is new");
    ui.act(Action::Move(isize::MAX), &s);
    assert_eq!(ui.selected_sync(&s), s.decisions.rows().len() - 1);
    ui.act(Action::Open, &s);
    assert_eq!(ui.cursor, s.decisions.rows().first().map(|r| r.last), "Enter takes the time cursor there");
}

#[test]
fn every_size_is_drawn() {
    let s = cycle();
    for place in [0, rescale(&s, 0), rescale(&s, 3)] {
        let ui = ui(&s, place);
        for width in (1..210).step_by(7) {
            for height in (1..60).step_by(5) {
                draw(&s, &ui, (width, height));
            }
        }
    }
    let empty = Session::default();
    draw(&empty, &ui(&empty, 1), (120, 36));
}
