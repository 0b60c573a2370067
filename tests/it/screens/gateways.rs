//! The Gateways and Pipeline screens as goldens: an even load, a replica that idles, back-pressure with losses; and the
//! Overview with the rows of load and gateway.

use crate::it::advise::flow::{Flow, k6};
use crate::it::advise::world::World;
use crate::it::support::golden;
use edot_tui::{
    observe::{Observation, Role},
    session::Session,
    ui::{Action, Screen, Ui},
    view::{self, Cx, Look},
};
use ratatui::{buffer::Buffer, layout::Rect};

fn draw(session: &Session, ui: &Ui, (width, height): (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    view::draw(&mut buffer, &Cx::new(session, session.now_ms(), ui, &Look::roles()));
    buffer
}

/// Compares with `tests/golden/screens/NAME-SIZE.txt`.
pub fn check(name: &str, session: &Session, screen: Screen, sizes: &[(u16, u16)]) {
    let mut ui = Ui::new(false, view::panes());
    ui.act(Action::Show(screen), session);
    check_ui(name, session, &ui, sizes);
}

/// The same of a dashboard in some state.
pub fn check_ui(name: &str, session: &Session, ui: &Ui, sizes: &[(u16, u16)]) {
    for size in sizes {
        let name = format!("{name}-{}x{}", size.0, size.1);
        let got = view::golden::planes(&draw(session, ui, *size)).to_string();
        golden::check(&format!("tests/golden/screens/{name}.txt"), &got);
    }
}

fn session(rates: &[f64], change: impl FnOnce(&mut Vec<Flow>)) -> Session {
    let mut w = World::new(rates.len());
    let mut flows: Vec<Flow> = rates.iter().enumerate().map(|(n, r)| Flow::gateway(n, *r)).collect();
    let total: f64 = rates.iter().sum();
    flows.extend((0..2).map(|n| Flow::agent(n, total / 2.0)));
    change(&mut flows);
    w.extra = flows.iter().flat_map(|f| f.scrapes(w.seconds)).chain(k6(w.seconds, 0.0)).collect();
    w.session()
}

fn idle() -> Session {
    session(&[900.0, 880.0, 0.0], |_| ())
}

fn back_pressure() -> Session {
    session(&[300.0, 310.0], |flows| {
        for f in flows.iter_mut().filter(|f| f.role == Role::Gateway) {
            (f.queue, f.latency_s, f.sent, f.send_failed, f.refused) = (|_| 10.0, Some(8.0), 200.0, 90.0, 12.0);
        }
        for f in flows.iter_mut().filter(|f| f.role == Role::Agent) {
            f.queue = |s| s as f64 * 2.0;
        }
    })
}

#[test]
fn gateways() {
    check("gateways-even", &session(&[300.0, 310.0, 305.0, 290.0], |_| ()), Screen::Gateways, &[(120, 36), (200, 50)]);
    check("gateways-idle", &idle(), Screen::Gateways, &[(80, 24), (120, 36)]);
}

#[test]
fn pipeline() {
    check("pipeline-even", &session(&[300.0, 310.0], |_| ()), Screen::Pipeline, &[(120, 36), (200, 50)]);
    check("pipeline-pressure", &back_pressure(), Screen::Pipeline, &[(80, 24), (120, 36)]);
}

#[test]
fn overview_with_load_and_gateway() {
    check("overview-inside", &idle(), Screen::Overview, &[(80, 24), (120, 36), (200, 50)]);
}

#[test]
fn every_size_is_drawn() {
    let empty = Session::default();
    for session in [&idle(), &back_pressure(), &empty] {
        for screen in [Screen::Gateways, Screen::Pipeline, Screen::Overview] {
            let mut ui = Ui::new(false, view::panes());
            ui.act(Action::Show(screen), session);
            for width in (1..210).step_by(9) {
                for height in (1..60).step_by(7) {
                    draw(session, &ui, (width, height));
                }
            }
        }
    }
}

#[test]
fn a_collector_that_cannot_be_asked_is_named() {
    use edot_tui::observe::{CollectorLost, Stamped};
    let mut s = session(&[300.0, 310.0], |_| ());
    let lost = CollectorLost {
        pod: "gateway-1".into(),
        uid: "uid-1".into(),
        role: Role::Gateway,
        reason: "nothing listens on its port 8888".into(),
    };
    s.apply(&Stamped { at: s.now.unwrap(), what: Observation::CollectorLost(lost) });
    let mut ui = Ui::new(false, view::panes());
    ui.act(Action::Show(Screen::Gateways), &s);
    let text = view::golden::planes(&draw(&s, &ui, (120, 36))).to_string();
    assert!(text.contains("gateway-1: nothing listens on its port 8888"), "{text}");
}

#[test]
fn what_the_cluster_collector_loses_is_in_the_title_of_pipeline() {
    let lost = session(&[300.0], |flows| {
        let cluster = Flow { role: Role::Cluster, sent: 60.0, send_failed: 40.0, ..Flow::agent(7, 100.0) };
        flows.push(cluster);
    });
    let mut ui = Ui::new(false, edot_tui::view::panes());
    ui.screen = Screen::Pipeline;
    let text = view::golden::planes(&draw(&lost, &ui, (120, 36))).text;
    assert!(text[1].contains(" lost ") && !text[1].contains("nothing lost"), "{}", text[1]);
}
