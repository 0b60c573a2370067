//! The list of every HPA and the picker: as goldens, by keys and by mouse.

use crate::it::fold::fleet::{at, real, see, state, take, world};
use crate::it::screens::gateways::{check, check_ui};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEventKind};
use edot_tui::{
    control::Inspect,
    observe::{FeedState, FleetChange, Observation, Stamped},
    session::Session,
    ui::{Action, FleetLine, HpaName, Request, Screen, Ui},
    view::{self, Cx, Look},
};
use ratatui::{buffer::Buffer, layout::Rect};

fn ui() -> Ui {
    let mut ui = Ui::new(false, view::panes());
    ui.fleet.available = true;
    ui.screen = Screen::Fleet;
    ui
}

fn press(ui: &mut Ui, session: &Session, keys: &str) -> Vec<Request> {
    let mut out = Vec::new();
    for c in keys.chars() {
        let code = match c {
            '$' => KeyCode::Enter,
            '^' => KeyCode::Esc,
            'v' => KeyCode::Down,
            c => KeyCode::Char(c),
        };
        let action = ui.action(KeyEvent::new(code, KeyModifiers::NONE));
        out.extend(action.and_then(|action| ui.act(action, session)));
    }
    out
}

fn text(session: &Session, ui: &Ui, size: (u16, u16)) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    view::draw(&mut buffer, &Cx::new(session, session.now_ms(), ui, &Look::roles()));
    view::golden::planes(&buffer).text.join("\n")
}

/// The names of the HPAs that are listed, in their order.
fn listed(ui: &Ui, session: &Session) -> Vec<String> {
    let fleet = session.fleet.as_deref().unwrap();
    let name = |line: &FleetLine| match line {
        FleetLine::Hpa(row) => Some(format!("{}/{}", fleet.cluster(row).context, row.hpa.namespace)),
        FleetLine::Dark(_) => None,
    };
    ui.fleet_lines(session).iter().filter_map(name).collect()
}

fn name(context: &str, namespace: &str, name: &str) -> HpaName {
    HpaName { context: context.into(), namespace: namespace.into(), name: name.into() }
}

#[test]
fn the_list_at_the_classic_sizes() {
    check("fleet", &world(), Screen::Fleet, &[(80, 24), (120, 36), (200, 50)]);
}

#[test]
fn nothing_to_see_is_said() {
    let empty = Session::default();
    assert!(text(&empty, &ui(), (80, 24)).contains("looking for HPAs"));
    let mut ui = ui();
    ui.filter = "nowhere".into();
    let mut session = Session::default();
    see(&mut session, 0, "a", real("hpa-steady-2", "shop", "gateway"));
    state(&mut session, 0, "a", FeedState::Up, None);
    assert!(text(&session, &ui, (80, 24)).contains("no HPA contains \"nowhere\""), "{}", text(&session, &ui, (80, 24)));
    (ui.filter, ui.fleet.troubled) = (String::new(), true);
    assert!(text(&session, &ui, (80, 24)).contains("no HPA is in trouble; ! shows all"));
}

#[test]
fn every_size_draws() {
    let session = world();
    for width in 0..=150u16 {
        for height in [0, 1, 5, 11, 12, 13, 20, 24, 36] {
            text(&session, &ui(), (width, height));
        }
    }
}

#[test]
fn keys_select_open_and_return() {
    let (session, mut ui) = (world(), ui());
    // Above the first HPA is the cluster that cannot be read.
    assert_eq!(press(&mut ui, &session, "k$"), []);
    assert!(ui.message.is_some());
    assert_eq!(press(&mut ui, &session, "j$"), [Request::Dive(name("staging", "shop", "gateway"))]);
    assert_eq!(press(&mut ui, &session, "G$").len(), 1);
    press(&mut ui, &session, "1");
    assert_eq!(ui.screen, Screen::Overview);
    press(&mut ui, &session, "^");
    assert_eq!(ui.screen, Screen::Fleet, "Esc goes back to the list");
    press(&mut ui, &session, "30");
    assert_eq!(ui.screen, Screen::Fleet);
}

#[test]
fn the_selection_stays_on_its_hpa_while_others_move() {
    let (mut session, mut ui) = (world(), ui());
    press(&mut ui, &session, "j");
    assert_eq!(ui.fleet.selected, Some(name("prod-eu", "search", "gateway")));
    see(&mut session, 5, "prod-eu", real("hpa-metrics-missing", "aaa", "new"));
    assert_eq!(ui.selected_hpa(&session).map(|row| row.hpa.namespace.as_str()), Some("search"));
    assert_eq!(press(&mut ui, &session, "$"), [Request::Dive(name("prod-eu", "search", "gateway"))]);
}

#[test]
fn the_list_is_filtered_by_text_label_and_trouble_and_sorted() {
    let (session, mut ui) = (world(), ui());
    assert_eq!(listed(&ui, &session).len(), 4);
    press(&mut ui, &session, "/PROD gateway$");
    assert_eq!(listed(&ui, &session), ["prod-eu/search", "prod-eu/shop"]);
    press(&mut ui, &session, "^/team=shop$");
    assert_eq!(listed(&ui, &session), ["staging/shop", "prod-eu/shop"]);
    press(&mut ui, &session, "^/team=$");
    assert_eq!(listed(&ui, &session).len(), 4);
    press(&mut ui, &session, "^!");
    assert_eq!(listed(&ui, &session), ["staging/shop", "prod-eu/search"]);
    press(&mut ui, &session, "!o");
    assert_eq!(listed(&ui, &session), ["prod-eu/search", "prod-eu/shop", "staging/jobs", "staging/shop"]);
    press(&mut ui, &session, "o");
    assert_eq!(listed(&ui, &session)[0], "prod-eu/search", "the most replicas");
}

#[test]
fn the_picker_finds_by_a_few_letters_from_any_screen() {
    let (session, mut ui) = (world(), ui());
    ui.screen = Screen::Gateways;
    press(&mut ui, &session, "p");
    assert!(text(&session, &ui, (120, 36)).contains("4 of 4 HPAs"));
    press(&mut ui, &session, "job st");
    let shown = text(&session, &ui, (120, 36));
    assert!(shown.contains("staging/jobs/worker") && shown.contains("1 of 4 HPAs"), "{shown}");
    assert_eq!(press(&mut ui, &session, "$"), [Request::Dive(name("staging", "jobs", "worker"))]);
    assert_eq!(ui.overlay, None);
    press(&mut ui, &session, "pgateway");
    let third = ui.picked(&session)[2].hpa.namespace.clone();
    // Down moves while letters are typed; `v` stands for it here.
    let asked = press(&mut ui, &session, "vv$");
    assert!(matches!(&asked[..], [Request::Dive(to)] if to.namespace == third), "{asked:?}");
    press(&mut ui, &session, "pzzz$");
    assert_eq!(ui.overlay, None, "nothing to take closes it");
}

#[test]
fn the_first_look_at_the_list_begins_its_watch() {
    let (session, mut ui) = (Session::default(), ui());
    ui.screen = Screen::Overview;
    assert_eq!(press(&mut ui, &session, "0"), [Request::WatchFleet]);
    assert_eq!(press(&mut ui, &session, "p"), [Request::WatchFleet]);
    press(&mut ui, &session, "^");
    (ui.fleet.available, ui.screen) = (false, Screen::Overview);
    assert_eq!(press(&mut ui, &session, "0p"), [], "a recording of one HPA has no list");
    assert_eq!(ui.screen, Screen::Overview);
}

#[test]
fn rows_are_copied_and_described() {
    let (session, mut ui) = (world(), ui());
    assert_eq!(press(&mut ui, &session, "y"), [Request::Copy("shop/gateway".into())]);
    let object =
        Inspect::Object { kind: "HorizontalPodAutoscaler".into(), namespace: "shop".into(), name: "gateway".into() };
    assert_eq!(press(&mut ui, &session, "d"), [Request::Inspect(object)]);
}

#[test]
fn a_click_selects_a_row_and_the_footers_words_do_what_they_say() {
    let (session, mut ui) = (world(), ui());
    let area = Rect::new(0, 0, 120, 36);
    let lines: Vec<String> = text(&session, &ui, (120, 36)).lines().map(str::to_owned).collect();
    let y = lines.iter().position(|line| line.contains("search")).unwrap() as u16;
    let hit = view::pressed(&Cx::new(&session, session.now_ms(), &ui, &Look::roles()), area, 20, y);
    ui.mouse(MouseEventKind::Down(MouseButton::Left), hit, &session);
    assert_eq!(ui.fleet.selected, Some(name("prod-eu", "search", "gateway")));
    let footer = lines.last().unwrap();
    let x = footer.split("Enter").next().unwrap().chars().count() as u16;
    let hit = view::pressed(&Cx::new(&session, session.now_ms(), &ui, &Look::roles()), area, x + 1, 35);
    assert_eq!(hit.action, Some(Action::Open));
    let asked = ui.mouse(MouseEventKind::Down(MouseButton::Left), hit, &session);
    assert_eq!(asked, Some(Request::Dive(name("prod-eu", "search", "gateway"))));
}

#[test]
fn names_from_the_cluster_stay_inside_their_cells() {
    let mut session = Session::default();
    let mut long = real("hpa-maxed-out", &"n".repeat(63), &"h".repeat(253));
    long.metrics[0].name = "a metric with a very long name".repeat(4);
    see(&mut session, 0, &"context-".repeat(30), long);
    see(&mut session, 0, "漢字", real("hpa-steady-2", "漢字漢字漢字漢字漢字漢字漢字", "漢"));
    session.apply(&Stamped { at: at(1), what: Observation::Tick });
    for size in [(80, 24), (120, 36), (200, 50)] {
        let shown = text(&session, &ui(), size);
        let table: Vec<&str> = shown.lines().collect();
        assert!(table[3].contains('…'), "{shown}");
    }
}

#[test]
fn marked_rows_are_compared_on_one_scale_and_opened_from_there() {
    let (mut session, mut ui) = (world(), ui());
    press(&mut ui, &session, "c");
    assert_eq!(ui.screen, Screen::Fleet, "nothing is marked");
    assert!(ui.message.take().is_some());
    // One is marked: the other is the one that is selected.
    press(&mut ui, &session, " jc");
    assert_eq!(ui.screen, Screen::Compare);
    let both = [name("staging", "shop", "gateway"), name("prod-eu", "search", "gateway")];
    assert_eq!(ui.fleet.marked, both);
    assert_eq!(press(&mut ui, &session, "v$"), [Request::Dive(both[1].clone())]);
    for s in 1..240 {
        session.apply(&Stamped { at: at(2 + s), what: Observation::Tick });
    }
    check_ui("compare", &session, &ui, &[(80, 24), (120, 36)]);
    // One that goes says so, and is still in its place.
    take(&mut session, 300, "staging", FleetChange::Gone { uid: "shop/gateway".into() });
    assert!(text(&session, &ui, (80, 24)).contains("staging shop/gateway  gone"));
    press(&mut ui, &session, "k");
    assert_eq!(press(&mut ui, &session, "$"), []);
    press(&mut ui, &session, "^");
    assert_eq!(ui.screen, Screen::Fleet);
    // A second time takes the mark away.
    ui.fleet.selected = Some(both[1].clone());
    press(&mut ui, &session, " ");
    assert_eq!(ui.fleet.marked, both[..1]);
}

#[test]
fn what_is_compared_is_drawn_at_every_size() {
    let (session, mut ui) = (world(), ui());
    press(&mut ui, &session, " j j j c");
    assert_eq!(ui.fleet.marked.len(), 4);
    for width in 0..=130u16 {
        for height in [0, 1, 5, 11, 12, 13, 20, 24, 36, 60] {
            text(&session, &ui, (width, height));
        }
    }
    assert!(text(&session, &ui, (80, 14)).contains("1–2 of 4"), "{}", text(&session, &ui, (80, 14)));
}

#[test]
fn a_command_finds_an_hpa_of_the_list_by_its_name_or_path() {
    let (session, mut ui) = (world(), ui());
    assert_eq!(press(&mut ui, &session, ":hpa worker$"), [Request::Dive(name("staging", "jobs", "worker"))]);
    assert_eq!(press(&mut ui, &session, ":hpa search/gateway$"), [Request::Dive(name("prod-eu", "search", "gateway"))]);
    assert_eq!(press(&mut ui, &session, ":hpa gateway$"), []);
    let said = ui.message.clone().unwrap();
    assert!(said.contains("prod-eu/search/gateway, prod-eu/shop/gateway, staging/shop/gateway"), "{said}");
    assert_eq!(press(&mut ui, &session, ":hpa other$"), [Request::Watch("hpa", "other".into())]);
    assert_eq!(ui.completions("hpa stag", &session), ["hpa staging/jobs/worker", "hpa staging/shop/gateway"]);
    assert_eq!(ui.completions("ns s", &session), ["ns search", "ns shop"]);
    assert_eq!(ui.completions("ctx ", &session), ["ctx prod-eu", "ctx staging"]);
}
