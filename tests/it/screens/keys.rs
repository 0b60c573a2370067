//! Keys typed over a recorded session: what the user then sees, and which effects are asked for.

use crate::it::support::recorded::scale_cycle;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEventKind};
use edot_tui::{
    control::{Control, Inspect},
    observe::{AnswerSeen, Ask, Condition, JobSeen, Observation, PodSeen, ShadowSeen, Stamped},
    session::Session,
    ui::{Action, Hit, Overlay, Pane, Replay, Request, SPAN, Screen, Ui, Window, YAxis},
    view,
};
use std::sync::LazyLock;

static WHOLE: LazyLock<Session> = LazyLock::new(|| {
    let mut session = Session::default();
    scale_cycle().iter().for_each(|s| session.apply(s));
    session
});

fn session() -> Session {
    WHOLE.clone()
}

fn ui() -> Ui {
    let mut ui = Ui::new(false, view::panes());
    ui.can_load = true;
    ui
}

/// Types `keys` (a character each; `<` left, `>` right, `{` and `}` with Shift, `^` Esc, `$` Enter, `~` Backspace).
fn press(ui: &mut Ui, session: &Session, keys: &str) -> Vec<Request> {
    let mut out = Vec::new();
    for c in keys.chars() {
        let (code, modifiers) = match c {
            '<' => (KeyCode::Left, KeyModifiers::NONE),
            '>' => (KeyCode::Right, KeyModifiers::NONE),
            '{' => (KeyCode::Left, KeyModifiers::SHIFT),
            '}' => (KeyCode::Right, KeyModifiers::SHIFT),
            '^' => (KeyCode::Esc, KeyModifiers::NONE),
            '$' => (KeyCode::Enter, KeyModifiers::NONE),
            '~' => (KeyCode::Backspace, KeyModifiers::NONE),
            '\t' => (KeyCode::Tab, KeyModifiers::NONE),
            c => (KeyCode::Char(c), KeyModifiers::NONE),
        };
        if let Some(action) = ui.action(KeyEvent::new(code, modifiers)) {
            out.extend(ui.act(action, session));
        }
    }
    out
}

fn pane(title: &str) -> Option<Pane> {
    view::panes().into_iter().map(|(_, pane)| pane).find(|pane| pane.title == title)
}

fn answer(session: &mut Session, to: Ask, ok: bool, stops: bool) {
    let answer = AnswerSeen { to, ok, stops, text: "the plan".into(), ..Default::default() };
    session.apply(&Stamped { at: session.now.unwrap(), what: Observation::Answer(answer) });
}

#[test]
fn the_cursor_moves_from_sample_to_sample() {
    let (s, mut ui) = (session(), ui());
    let samples = s.metrics.all[0].samples.points().clone();
    press(&mut ui, &s, "<<");
    assert_eq!(ui.cursor, Some(samples.get(samples.len() - 2).unwrap().0));
    press(&mut ui, &s, ">");
    assert_eq!(ui.cursor, Some(samples.last().unwrap().0));
    press(&mut ui, &s, ">");
    assert_eq!(ui.cursor, None, "past the last sample is live");
    press(&mut ui, &s, "{{");
    assert_eq!(ui.cursor, Some(s.now_ms() - 120_000));
    press(&mut ui, &s, "^");
    assert_eq!(ui.cursor, None);
}

#[test]
fn the_cursor_reads_any_past_moment() {
    let (s, mut ui) = (session(), ui());
    press(&mut ui, &s, "[");
    let at = ui.cursor.expect("the last rescale");
    let before = s.snapshot(at - 1000);
    assert_eq!(before.desired, Some(2), "before the last rescale of the cycle, which went from 2 to 1");
    press(&mut ui, &s, "[[");
    let m = s.snapshot(ui.moment(s.now_ms()) + 1000);
    assert_eq!((m.desired, m.metrics[0].target), (Some(4), Some(80.0)));
    assert!(m.metrics[0].value.is_some_and(|v| v > 88.0), "{:?}", m.metrics[0].value);
    press(&mut ui, &s, "]]]]]");
    assert!(ui.message.is_some(), "there is no marker after the last");
}

#[test]
fn zoom_pause_and_axis() {
    let (s, mut ui) = (session(), ui());
    press(&mut ui, &s, "-");
    assert_eq!((ui.window, ui.range(&s).as_str()), (Window::Run, "whole session, 5:30"));
    press(&mut ui, &s, "-");
    assert_eq!(ui.window, Window::Span(SPAN + 1));
    press(&mut ui, &s, "-");
    assert_eq!(ui.window, Window::Span(SPAN + 2));
    press(&mut ui, &s, "+++++++");
    assert_eq!(ui.window, Window::Span(0));
    press(&mut ui, &s, "=YY");
    assert_eq!((ui.window, ui.y), (Window::Auto, YAxis::Log));
    press(&mut ui, &s, " ");
    assert_eq!(ui.paused, Some(s.now_ms()));
    press(&mut ui, &s, " ");
    assert_eq!(ui.paused, None);
}

#[test]
fn a_filter_narrows_during_typing_and_esc_clears_it() {
    let (s, mut ui) = (session(), ui());
    let all = ui.events(&s).len();
    press(&mut ui, &s, "/new SIZE");
    let some = ui.events(&s).len();
    assert!(some > 0 && some < all, "{some} of {all}");
    assert!(ui.events(&s).iter().all(|e| e.message.contains("New size")));
    press(&mut ui, &s, "~~~~$");
    assert_eq!(ui.filter, "new ");
    press(&mut ui, &s, "^");
    assert_eq!(ui.events(&s).len(), all);
}

#[test]
fn moving_goes_to_the_list_and_enter_opens_the_row() {
    let (s, mut ui) = (session(), ui());
    press(&mut ui, &s, "jj");
    assert_eq!((ui.pane().title, ui.row), ("Events", 2));
    let (shown, folded) = (ui.events(&s).len(), ui.folded(&s));
    assert!(folded > 0 && shown + folded == s.events.len(), "{shown} {folded}");
    press(&mut ui, &s, "G");
    assert_eq!(ui.row, shown, "the routine events are one row, the last");
    press(&mut ui, &s, "$G");
    assert_eq!((ui.overlay.clone(), ui.row), (None, s.events.len() - 1), "which opens");
    press(&mut ui, &s, "g$");
    let newest = ui.events(&s)[0].uid.clone();
    assert_eq!(ui.overlay, Some(Overlay::Event(newest)));
    press(&mut ui, &s, "^");
    assert_eq!(ui.overlay, None);
}

#[test]
fn moving_in_an_opened_row_scrolls_its_text_and_leaves_the_list_alone() {
    let (s, mut ui) = (session(), ui());
    press(&mut ui, &s, "jjj");
    let row = ui.row;
    press(&mut ui, &s, "$jj");
    assert_eq!((ui.scroll, ui.row), (2, row));
    press(&mut ui, &s, "g");
    assert_eq!((ui.scroll, ui.row > 0), (0, true));
}

#[test]
fn every_list_keeps_its_row_while_one_moves_in_it() {
    let (s, mut ui) = (session(), ui());
    for screen in ["1", "3", "6"] {
        press(&mut ui, &s, screen);
        press(&mut ui, &s, "j");
        let (focus, row) = (ui.focus, ui.row);
        press(&mut ui, &s, "jk");
        assert_eq!((ui.focus, ui.row), (focus, row), "{screen}");
    }
}

#[test]
fn starting_a_load_asks_once() {
    let (mut s, mut ui) = (session(), ui());
    assert_eq!(press(&mut ui, &s, "s"), [Request::Control(Control::PlanLoad)]);
    answer(&mut s, Ask::PlanLoad, true, false);
    ui.answered(&s);
    assert!(matches!(ui.overlay, Some(Overlay::Confirm(_))));
    assert_eq!(press(&mut ui, &s, "^"), [], "Esc leaves everything as it is");
    press(&mut ui, &s, "s");
    ui.answered(&s);
    assert_eq!(press(&mut ui, &s, "y"), [Request::Control(Control::StartLoad)]);
    answer(&mut s, Ask::StartLoad, true, false);
    ui.answered(&s);
    assert!(ui.own_load);
}

#[test]
fn a_running_load_can_be_stopped() {
    let (mut s, mut ui) = (session(), ui());
    press(&mut ui, &s, "s");
    answer(&mut s, Ask::PlanLoad, true, true);
    ui.answered(&s);
    assert_eq!(press(&mut ui, &s, "y"), [Request::Control(Control::StopLoad)]);
}

#[test]
fn a_refused_plan_is_shown_and_closes_the_window() {
    let (mut s, mut ui) = (session(), ui());
    press(&mut ui, &s, "s");
    answer(&mut s, Ask::PlanLoad, false, false);
    ui.answered(&s);
    assert_eq!((ui.overlay.clone(), ui.message.as_deref()), (None, Some("the plan")));
}

#[test]
fn readonly_changes_nothing() {
    let s = session();
    let mut ui = Ui::new(true, view::panes());
    ui.can_load = true;
    assert_eq!(press(&mut ui, &s, "s$"), []);
    assert!(ui.message.is_some_and(|m| m.contains("--readonly")));
}

#[test]
fn quitting_asks_only_for_a_load_of_ones_own() {
    let (mut s, mut ui) = (session(), ui());
    assert_eq!(press(&mut ui, &s, "q"), [Request::Quit]);
    ui.own_load = true;
    let pod = PodSeen { uid: "p".into(), phase: "Running".into(), ..Default::default() };
    let at = s.now.unwrap();
    s.apply(&Stamped { at, what: Observation::Job(Box::new(JobSeen { uid: "j".into(), ..Default::default() })) });
    s.apply(&Stamped { at, what: Observation::LoadPod(Box::new(pod)) });
    assert_eq!(press(&mut ui, &s, "q"), []);
    assert_eq!(ui.overlay, Some(Overlay::Leave));
    assert_eq!(press(&mut ui, &s, "y"), [Request::Quit]);
    let done = Condition { kind: "Complete".into(), status: "True".into(), ..Default::default() };
    let job = JobSeen { uid: "j".into(), conditions: vec![done], ..Default::default() };
    s.apply(&Stamped { at, what: Observation::Job(Box::new(job)) });
    assert_eq!(press(&mut ui, &s, "q"), [Request::Quit], "it has ended");
}

#[test]
fn leaving_a_replay_asks_nothing_about_a_recorded_load() {
    let (mut s, mut ui) = (session(), ui());
    ui.replay = Some(Replay::new(1.0, true));
    answer(&mut s, Ask::StartLoad, true, false);
    ui.answered(&s);
    let pod = PodSeen { uid: "p".into(), phase: "Running".into(), ..Default::default() };
    let at = s.now.unwrap();
    s.apply(&Stamped { at, what: Observation::Job(Box::new(JobSeen { uid: "j".into(), ..Default::default() })) });
    s.apply(&Stamped { at, what: Observation::LoadPod(Box::new(pod)) });
    assert_eq!(press(&mut ui, &s, "q"), [Request::Quit]);
}

#[test]
fn pasted_text_goes_into_a_line_and_nowhere_else() {
    let (s, mut ui) = (session(), ui());
    let before = ui.clone();
    ui.paste("q\ry\ns2");
    assert_eq!(ui, before);
    ui.overlay = Some(Overlay::Leave);
    ui.paste("y\r");
    assert_eq!(ui.overlay, Some(Overlay::Leave));
    ui.overlay = None;
    press(&mut ui, &s, "m");
    ui.paste("a\r\nb\u{1b}[2J");
    assert_eq!(press(&mut ui, &s, "$"), [Request::Note("ab[2J".into())]);
}

#[test]
fn esc_never_quits_and_screens_keep_the_cursor() {
    let (s, mut ui) = (session(), ui());
    press(&mut ui, &s, "<4");
    assert_eq!((ui.screen, ui.cursor.is_some()), (Screen::Pipeline, true));
    assert_eq!(press(&mut ui, &s, "^^^^^^"), []);
    press(&mut ui, &s, "1\te");
    assert_eq!((ui.pane().title, ui.expanded), ("Replicas", true));
    press(&mut ui, &s, "^");
    assert!(!ui.expanded);
}

#[test]
fn notes_and_themes_and_exports_are_requests() {
    let (s, mut ui) = (session(), ui());
    assert_eq!(press(&mut ui, &s, "mq1$"), [Request::Note("q1".into())]);
    assert_eq!(press(&mut ui, &s, "m $"), [], "an empty note is none");
    assert_eq!(press(&mut ui, &s, "tx$"), [Request::NextTheme, Request::Export("svg")]);
    assert_eq!(press(&mut ui, &s, "xjjj$"), [Request::Export("html")]);
    assert_eq!((press(&mut ui, &s, "xx"), ui.overlay.as_ref()), (vec![], None), "the key closes what it opened");
}

#[test]
fn the_mouse_focuses_points_and_zooms() {
    let (s, mut ui) = (session(), ui());
    let at = s.now_ms() - 60_000;
    let chart = Hit { pane: pane("Utilization of request"), ms: Some(at), ..Hit::default() };
    ui.mouse(MouseEventKind::Down(MouseButton::Left), chart.clone(), &s);
    assert_eq!(ui.cursor, Some(at));
    ui.mouse(MouseEventKind::ScrollDown, chart, &s);
    assert_eq!(ui.window, Window::Run, "more time, and all there is comes first");
    let list = Hit { pane: pane("Events"), row: Some(3), ..Hit::default() };
    ui.mouse(MouseEventKind::Down(MouseButton::Left), list.clone(), &s);
    assert_eq!((ui.pane().title, ui.row), ("Events", 3), "a click focuses and selects");
    ui.mouse(MouseEventKind::ScrollDown, list, &s);
    assert_eq!(ui.row, 6);
}

#[test]
fn the_command_line_completes_and_does_what_it_says() {
    let (s, mut ui) = (session(), ui());
    (ui.themes, ui.scenarios) = (vec!["dark".into(), "light".into()], vec![("guide".into(), "the run".into())]);
    for (typed, completed) in
        [("th\t", "theme "), ("theme l\t", "theme light"), ("s\t", "sc"), ("zz\t", "zz"), ("\t", "")]
    {
        press(&mut ui, &s, &format!(":{typed}"));
        let Some(Overlay::Typing(entry)) = &ui.overlay else { panic!("{:?}", ui.overlay) };
        assert_eq!(entry.text(), completed, "{typed:?}");
        press(&mut ui, &s, "^");
    }
    assert_eq!(press(&mut ui, &s, ":theme light$"), [Request::Theme("light".into())]);
    for (line, setting, to) in
        [("ns shop", "namespace", "shop"), ("hpa gw", "hpa", "gw"), ("ctx prod", "context", "prod")]
    {
        assert_eq!(press(&mut ui, &s, &format!(":{line}$")), [Request::Watch(setting, to.into())]);
    }
    assert_eq!(press(&mut ui, &s, ":scenario guide$"), [Request::Watch("scenario", "guide".into())]);
    assert_eq!(press(&mut ui, &s, ":screen ingest$"), []);
    assert_eq!(ui.screen, Screen::Ingest);
    let said = |ui: &mut Ui, line: &str| {
        press(ui, &s, line);
        ui.message.take().unwrap_or_default()
    };
    assert_eq!(said(&mut ui, ":teme x$"), "there is no command \"teme\"; did you mean theme?");
    assert_eq!(said(&mut ui, ":go$"), ":go needs a time");
    assert!(said(&mut ui, ":go soon$").contains("write 4:00"), "what a time is");
    assert!(said(&mut ui, ":go 99:00$").contains("outside of what was observed: 0:00 to "), "what there is");
    assert_eq!(press(&mut ui, &s, ":q$"), [Request::Quit]);
}

#[test]
fn a_time_is_gone_to_from_the_start_and_back_from_now() {
    let (s, mut ui) = (session(), ui());
    let began = s.began.unwrap().timestamp_millis();
    press(&mut ui, &s, ":go 2:00$");
    assert_eq!(ui.cursor, Some(began + 120_000));
    press(&mut ui, &s, ":go -30s$");
    assert_eq!(ui.cursor, Some(s.now_ms() - 30_000));
    press(&mut ui, &s, ":go now$");
    assert_eq!(ui.cursor, None);
}

#[test]
fn only_the_lab_is_paced_and_restarted() {
    let (s, mut ui) = (session(), ui());
    press(&mut ui, &s, ".S");
    assert_eq!((ui.overlay.clone(), ui.message.take().as_deref()), (None, Some("only the lab has scenarios")));
    (ui.lab_speed, ui.scenarios) = (Some(10.0), vec![("guide".into(), String::new()), ("oom".into(), String::new())]);
    assert_eq!(ui.act(Action::Pace(1), &s), Some(Request::Control(Control::Speed(20.0))));
    assert_eq!(ui.act(Action::Pace(-1), &s), Some(Request::Control(Control::Speed(10.0))));
    assert_eq!(press(&mut ui, &s, "Sj$"), [Request::Watch("scenario", "oom".into())]);
}

#[test]
fn a_row_is_copied_described_and_its_log_is_read() {
    let (s, mut ui) = (session(), ui());
    assert_eq!(press(&mut ui, &s, "y"), [Request::Copy("edot-gateway-hpa".into())]);
    assert!(
        matches!(&press(&mut ui, &s, "d")[..], [Request::Inspect(Inspect::Object { kind, .. })] if kind == "HorizontalPodAutoscaler")
    );
    press(&mut ui, &s, "^");
    assert_eq!(press(&mut ui, &s, "l"), [], "the HPA has no log");
    press(&mut ui, &s, "3");
    let name = s.pods.live().next().unwrap().seen.name.clone();
    assert_eq!(press(&mut ui, &s, "y"), [Request::Copy(name.clone())]);
    let asked = press(&mut ui, &s, "d");
    let [Request::Inspect(what)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(what.title(), format!("Pod {name}"));
    ui.inspected(what, Ok(vec!["kind: Pod".into()]));
    assert!(matches!(&ui.overlay, Some(Overlay::Text { lines: Some(lines), .. }) if lines.len() == 1));
    press(&mut ui, &s, "^");
    ui.inspected(what, Ok(Vec::new()));
    assert_eq!(ui.overlay, None, "what is no longer waited for is not shown");
}

#[test]
fn the_pointer_reads_charts_and_a_key_takes_it_away() {
    let (s, mut ui) = (session(), ui());
    let at = s.now_ms() - 60_000;
    let chart = Hit { pane: pane("Replicas"), ms: Some(at), ..Hit::default() };
    assert!(ui.hover(&chart, &s) && !ui.hover(&chart, &s));
    let look = view::Look::roles();
    let cx = view::Cx::new(&s, s.now_ms(), &ui, &look);
    assert_eq!((cx.moment(), cx.cursor(), ui.cursor), (at, Some(at), None));
    assert!(ui.hover(&Hit::default(), &s) && ui.hover.is_none());
}

#[test]
fn what_is_drawn_in_the_footer_can_be_pressed() {
    let (s, mut ui) = (session(), ui());
    let area = ratatui::layout::Rect::new(0, 0, 120, 36);
    let look = view::Look::roles();
    let mut buffer = ratatui::buffer::Buffer::empty(area);
    view::draw(&mut buffer, &view::Cx::new(&s, s.now_ms(), &ui, &look));
    let footer: String = (0..120).map(|x| buffer[(x, 35)].symbol().chars().next().unwrap_or(' ')).collect();
    let column = |what: &str| {
        footer
            .chars()
            .collect::<Vec<_>>()
            .windows(what.chars().count())
            .position(|w| w.iter().collect::<String>() == what)
    };
    let press_at = |ui: &mut Ui, x: usize, y: u16| {
        let hit = view::pressed(&view::Cx::new(&s, s.now_ms(), ui, &look), area, x as u16, y);
        ui.mouse(MouseEventKind::Down(MouseButton::Left), hit, &s)
    };
    press_at(&mut ui, column("? help").unwrap(), 35);
    assert_eq!(ui.overlay, Some(Overlay::Help));
    press_at(&mut ui, 60, 10);
    assert_eq!(ui.overlay, None, "a press closes what lies over the screen");
    assert_eq!(press_at(&mut ui, column("q quit").unwrap(), 35), Some(Request::Quit));
    press_at(&mut ui, column("●").unwrap(), 35);
    assert_eq!(ui.overlay, Some(Overlay::Feeds));
    ui.overlay = None;
    press_at(&mut ui, column("Gateways").unwrap(), 35);
    assert_eq!(ui.screen, Screen::Gateways);
    ui.row = 7;
    press_at(&mut ui, 5, 3);
    assert_eq!(ui.row, 0, "under the border and the head of the table");
}

#[test]
fn theme_axis_and_window_have_words_to_be_kept_by() {
    for window in [Window::Auto, Window::Run, Window::Span(0), Window::Span(SPAN + 3)] {
        assert_eq!(Window::of_word(&window.word()), window);
    }
    for axis in [YAxis::Auto, YAxis::Linear, YAxis::Log] {
        assert_eq!(YAxis::of_word(axis.word()), axis);
    }
    assert_eq!((Window::of_word("17"), YAxis::of_word("")), (Window::Auto, YAxis::Auto));
}

proptest::proptest! {
    #[test]
    fn no_keys_break_it(keys in "[1-6\t \\[\\]+=yYdlS:/mxLt?esjkgG<>{}^$~-]{0,40}") {
        let s: &Session = &WHOLE;
        let mut ui = ui();
        press(&mut ui, s, &keys);
        let now = s.now_ms();
        proptest::prop_assert!(ui.view_end(s) <= now, "the axis never shows the future");
        proptest::prop_assert!(ui.span_ms(s) > 0);
        proptest::prop_assert!(ui.focus < ui.panes().len());
    }
}

#[test]
fn w_edits_what_runs_beside_the_hpa() {
    let (mut ui, mut session) = (ui(), session());
    assert_eq!(press(&mut ui, &session, "w--max 8$"), [Request::Shadow("--max 8".into())]);
    let shadow = |flags: &str| ShadowSeen { flags: flags.into(), ..ShadowSeen::default() };
    let file = ShadowSeen { file: "new.yaml".into(), spec: Some(Box::default()), ..ShadowSeen::default() };
    let all = vec![shadow("--max 8"), file];
    session.apply(&Stamped { at: session.now.unwrap(), what: Observation::Shadows { all } });
    assert_eq!(press(&mut ui, &session, "w$"), [Request::Shadow("--max 8; -f new.yaml".into())]);
    let focused = |ui: &mut Ui, session: &Session| {
        (0..20).any(|_| {
            press(ui, session, "\t");
            ui.pane().title == "Shadows"
        })
    };
    assert!(!focused(&mut ui.clone(), &WHOLE), "a pane that is not there has no focus");
    assert!(focused(&mut ui, &session));
    assert_eq!(
        press(&mut ui, &session, "$$"),
        [Request::Shadow("--max 8; -f new.yaml".into())],
        "Enter opens its line"
    );
    // An empty line ends them; Esc leaves them.
    assert_eq!(press(&mut ui, &session, &format!("w{}$", "~".repeat(30))), [Request::Shadow(String::new())]);
    assert_eq!(press(&mut ui, &session, "w~~^"), []);
    // More can be typed than in other lines.
    press(&mut ui, &session, "w");
    ui.paste(&"x".repeat(900));
    let Some(Overlay::Typing(entry)) = &ui.overlay else { panic!("{:?}", ui.overlay) };
    assert_eq!(entry.text().len(), 600);
    press(&mut ui, &session, "^");
    ui.replay = Some(Replay::new(1.0, true));
    assert_eq!(press(&mut ui, &session, "w"), []);
    assert!(ui.overlay.is_none() && ui.message.as_ref().unwrap().contains("edot-tui what-if FILE"), "{:?}", ui.message);
}
