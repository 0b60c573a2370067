//! The bar of a replay under the mouse: pressed, dragged, released.

use crate::it::replay::reading::fold;
use crate::it::support::recorded::scale_cycle;
use crossterm::event::{MouseButton, MouseEventKind};
use edot_tui::control::Control;
use edot_tui::session::{Session, Timeline};
use edot_tui::ui::{Hit, Overlay, Replay, Request, Ui};
use edot_tui::view::{self, Cx, Look};
use ratatui::layout::Rect;
use std::sync::Arc;

const AREA: Rect = Rect { x: 0, y: 0, width: 100, height: 30 };
/// The row above the footer.
const BAR: u16 = 28;
const DOWN: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);
const UP: MouseEventKind = MouseEventKind::Up(MouseButton::Left);

fn replay() -> (Session, Ui) {
    let session = fold(&scale_cycle());
    let mut ui = Ui::new(true, view::panes());
    ui.replay = Some(Replay { timeline: Arc::new(Timeline::of(&session)), complete: true, ..Replay::new(1.0, false) });
    (session, ui)
}

fn hit(session: &Session, ui: &Ui, x: u16, y: u16) -> Hit {
    view::hit(&Cx::new(session, session.now_ms(), ui, &Look::roles()), AREA, x, y)
}

/// What an event there asks for: the moment, milliseconds since 1970.
fn asked(session: &Session, ui: &mut Ui, kind: MouseEventKind, x: u16, y: u16) -> Option<i64> {
    let hit = hit(session, ui, x, y);
    match ui.mouse(kind, hit, session) {
        Some(Request::Control(Control::Seek(to))) => Some(to.timestamp_millis()),
        None => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_drag_of_the_bar_follows_the_pointer_anywhere_until_the_button_is_released() {
    let (session, mut ui) = replay();
    let timeline = ui.replay.as_ref().unwrap().timeline.clone();
    let at = |x: u16| hit(&session, &replay().1, x, BAR).bar.unwrap();
    assert_eq!(asked(&session, &mut ui, DOWN, 40, BAR), Some(at(40)));
    assert_eq!(asked(&session, &mut ui, DRAG, 41, BAR), Some(at(41)));
    assert_eq!(asked(&session, &mut ui, DRAG, 41, 10), None, "up and down it asks for nothing new");
    assert_eq!(asked(&session, &mut ui, DRAG, 60, 10), Some(at(60)));
    assert_eq!(asked(&session, &mut ui, DRAG, 99, 3), Some(timeline.to));
    assert_eq!(asked(&session, &mut ui, DRAG, 0, 29), Some(timeline.from));
    assert_eq!(ui.cursor, None, "the charts under the pointer are left alone");
    assert_eq!(asked(&session, &mut ui, UP, 0, 29), None);
    assert_eq!(asked(&session, &mut ui, DRAG, 50, BAR), None, "released, it stays");
    assert_eq!(ui.replay.unwrap().goal, Some(timeline.from));
}

#[test]
fn a_drag_that_began_elsewhere_does_not_move_the_replay() {
    let (session, mut ui) = replay();
    assert_eq!(asked(&session, &mut ui, DOWN, 30, 5), None);
    assert!(ui.cursor.is_some(), "a chart was pressed");
    assert_eq!(asked(&session, &mut ui, DRAG, 40, BAR), None);
    ui.overlay = Some(Overlay::Help);
    assert_eq!(asked(&session, &mut ui, DOWN, 40, BAR), None);
    assert_eq!(ui.overlay, None, "a press closes what lies over the screen");
    assert_eq!(asked(&session, &mut ui, DRAG, 50, BAR), None);
}

#[test]
fn without_a_replay_there_is_no_bar_to_drag() {
    let (session, _) = replay();
    let mut ui = Ui::new(true, view::panes());
    assert_eq!(asked(&session, &mut ui, DOWN, 40, BAR), None);
    assert_eq!(asked(&session, &mut ui, DRAG, 50, BAR), None);
    assert!(!ui.dragged);
}
