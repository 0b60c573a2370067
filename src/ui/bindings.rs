//! The table of keys: it dispatches, and help, footer and README are printed from it. A new key is a row here. Must not
//! act: what an action does is `act`'s part.

use super::{Action, Chord, Overlay, Screen, Ui};
use crate::format::parse;
use crossterm::event::{KeyCode, KeyEvent};
use std::collections::BTreeMap;

/// Where a key has its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// A screen, or a window over it that asks nothing.
    Screen,
    /// A window that asks for a yes.
    Question,
    /// A line of text is typed.
    Entry,
    /// All of these.
    Anywhere,
}

/// What a row does.
#[derive(Debug)]
pub enum Does {
    Act(Action),
    /// Takes every character that is typed.
    Type(fn(char) -> Action),
}

/// A row of the table.
#[derive(Debug)]
pub struct Binding {
    pub context: Context,
    /// As the configuration file calls it, in kebab-case.
    pub name: &'static str,
    /// Its keys, unless the user binds others.
    pub defaults: &'static [Chord],
    pub does: Does,
    /// What help says of it; empty where the row above says it for both.
    pub label: &'static str,
}

const fn on(
    context: Context,
    name: &'static str,
    defaults: &'static [Chord],
    action: Action,
    label: &'static str,
) -> Binding {
    Binding { context, name, defaults, does: Does::Act(action), label }
}

const fn screen(name: &'static str, defaults: &'static [Chord], action: Action, label: &'static str) -> Binding {
    on(Context::Screen, name, defaults, action, label)
}

const fn char(c: char) -> Chord {
    Chord::char(c)
}

const fn key(code: KeyCode) -> Chord {
    Chord::key(code)
}

/// Every key, in the order of help.
pub const BINDINGS: &[Binding] = &[
    screen("show-fleet", &[char('0')], Action::Show(Screen::Fleet), "show a screen; 0: every HPA"),
    screen("show-overview", &[char('1')], Action::Show(Screen::Overview), ""),
    screen("show-decisions", &[char('2')], Action::Show(Screen::Decisions), ""),
    screen("show-gateways", &[char('3')], Action::Show(Screen::Gateways), ""),
    screen("show-pipeline", &[char('4')], Action::Show(Screen::Pipeline), ""),
    screen("show-ingest", &[char('5')], Action::Show(Screen::Ingest), ""),
    screen("show-timeline", &[char('6')], Action::Show(Screen::Timeline), ""),
    screen(
        "pick",
        &[char('p')],
        Action::Pick,
        "pick an HPA by a few letters of its name; in the replay of a folder: a recording",
    ),
    screen("troubled", &[char('!')], Action::Troubled, "every HPA: only those in trouble, or all"),
    screen("next-pane", &[key(KeyCode::Tab)], Action::NextPane, "next and previous pane"),
    screen("previous-pane", &[Chord::shift(KeyCode::Tab)], Action::PreviousPane, ""),
    screen("load", &[char('s')], Action::Simulate, "start the load, or stop it (asks once)"),
    screen("record", &[char('r')], Action::Record, "start and end a recording of everything observed"),
    screen(
        "pause",
        &[char(' ')],
        Action::Pause,
        "pause the view; data keeps coming in; in the list of every HPA: mark the row",
    ),
    screen("cursor-back", &[key(KeyCode::Left)], BACK, "time cursor by a sample"),
    screen("cursor-forward", &[key(KeyCode::Right)], FORWARD, ""),
    screen("cursor-minute-back", &[Chord::shift(KeyCode::Left)], cursor(false, true), "time cursor by a minute"),
    screen("cursor-minute-forward", &[Chord::shift(KeyCode::Right)], cursor(true, true), ""),
    screen("cursor-start", &[key(KeyCode::Home)], Action::CursorStart, "time cursor to the start; back to live"),
    screen("cursor-live", &[key(KeyCode::End)], Action::CursorLive, ""),
    screen("previous-marker", &[char('[')], PREVIOUS, "previous and next marker (rescale, load, note)"),
    screen("next-marker", &[char(']')], NEXT, ""),
    screen("slower", &[char('<')], Action::Pace(-1), "replay and lab: slower, faster"),
    screen("faster", &[char('>')], Action::Pace(1), ""),
    screen("skip-idle", &[char('i')], Action::SkipIdle, "replay: skip idle stretches"),
    screen("zoom-in", &[char('+')], Action::Zoom(1), "zoom the time axis in, out, reset"),
    screen("zoom-out", &[char('-')], Action::Zoom(-1), ""),
    screen("zoom-reset", &[char('=')], Action::Zoom(0), ""),
    screen("up", &[key(KeyCode::Up), char('k')], Action::Move(-1), "move in lists"),
    screen("down", &[key(KeyCode::Down), char('j')], Action::Move(1), ""),
    screen("first", &[char('g')], Action::Move(isize::MIN), ""),
    screen("last", &[char('G')], Action::Move(isize::MAX), ""),
    screen("page-up", &[key(KeyCode::PageUp)], Action::Move(-10), ""),
    screen("page-down", &[key(KeyCode::PageDown)], Action::Move(10), ""),
    screen("open", &[key(KeyCode::Enter)], Action::Open, "open the row"),
    screen("expand", &[char('e')], Action::Expand, "give the focused pane the whole screen, and back"),
    screen("filter", &[char('/')], Action::Filter, "filter the list"),
    screen("sort", &[char('o')], Action::Sort, "sort the table by its next column"),
    screen("y-axis", &[char('Y')], Action::YAxis, "y axis: auto, linear, log"),
    screen("describe", &[char('d')], Action::Describe, "describe the row's object (pod, HPA, Job …)"),
    screen("logs", &[char('l')], Action::Log, "the end of the log of the row's pod, or of the load"),
    screen("yank", &[char('y')], Action::Yank, "copy the row"),
    screen("marker", &[char('m')], Action::Note, "set a marker with a note"),
    screen(
        "shadow",
        &[char('w')],
        Action::Shadow,
        "run other settings beside the HPA's (flags of what-if); an empty line ends it",
    ),
    screen("export", &[char('x')], Action::Export, EXPORT),
    screen(
        "kibana",
        &[char('c')],
        Action::Links,
        "links into Kibana for the session's time, to copy; in the list of every HPA: compare those marked",
    ),
    screen("feeds", &[char('L')], Action::Feeds, "feeds and their state"),
    screen("scenarios", &[char('S')], Action::Scenarios, "lab: restart it with another scenario"),
    screen("command", &[char(':')], Action::Command, COMMANDS),
    screen("theme", &[char('t')], Action::Theme, "next theme"),
    screen("help", &[char('?')], Action::Help, "help"),
    on(Context::Anywhere, "back", &[key(KeyCode::Esc)], Action::Back, "close the window, go back; never quits"),
    screen("quit", &[char('q')], Action::Quit, "quit; asks while a recording or own load runs"),
    on(Context::Anywhere, "quit-anywhere", &[Chord::ctrl('c')], Action::Quit, ""),
    on(Context::Anywhere, "suspend", &[Chord::ctrl('z')], Action::Suspend, "suspend the program, back to the shell"),
    on(Context::Question, "yes", &[char('y'), char('Y'), key(KeyCode::Enter)], Action::Yes, "answer a question: yes"),
    on(Context::Question, "no", &[char('n'), char('N'), char('q')], Action::Back, "answer a question: no"),
    on(Context::Entry, "accept", &[key(KeyCode::Enter)], Action::Yes, "while typing: accept"),
    on(Context::Entry, "entry-up", &[key(KeyCode::Up)], Action::Move(-1), "while picking: move"),
    on(Context::Entry, "entry-down", &[key(KeyCode::Down)], Action::Move(1), ""),
    on(Context::Entry, "complete", &[key(KeyCode::Tab)], Action::Complete, "on the command line: complete"),
    on(Context::Entry, "erase", &[key(KeyCode::Backspace)], Action::Backspace, "while typing: erase"),
    Binding { context: Context::Entry, name: "type", defaults: &[], does: Does::Type(Action::Type), label: "" },
];

const COMMANDS: &str = "a command: hpa, ns, ctx, scenario, theme, go, screen, help, quit; Tab completes";
const EXPORT: &str = "export: the screen as SVG, the run as text, Markdown, HTML, JSON, CSV or JUnit";
const BACK: Action = cursor(false, false);
const FORWARD: Action = cursor(true, false);
const PREVIOUS: Action = Action::Marker { forward: false };
const NEXT: Action = Action::Marker { forward: true };

const fn cursor(forward: bool, minute: bool) -> Action {
    Action::Cursor { forward, minute }
}

/// What the footer shows of some keys: the actions, and a word for them.
type Hint = (&'static [Action], &'static str);

/// In a replay. The first matter most: the last go where there is no room.
const IN_REPLAY: &[Hint] = &[
    (&[Action::Pause], "play"),
    (&[BACK, FORWARD], "sample"),
    (&[Action::Help], "help"),
    (&[PREVIOUS, NEXT], "marker"),
    (&[Action::Pace(-1), Action::Pace(1)], "pace"),
    (&[Action::Quit], "quit"),
    (&[Action::SkipIdle], "skip idle"),
];
/// While a moment of the past is shown.
const IN_THE_PAST: &[Hint] = &[
    (&[Action::Back], "live"),
    (&[Action::Help], "help"),
    (&[BACK, FORWARD], "cursor"),
    (&[PREVIOUS, NEXT], "marker"),
    (&[Action::Quit], "quit"),
];
/// Over the list of every HPA.
const FLEET: &[Hint] = &[
    (&[Action::Open], "open"),
    (&[Action::Help], "help"),
    (&[Action::Filter], "filter"),
    (&[Action::Pause], "mark"),
    (&[Action::Links], "compare"),
    (&[Action::Troubled], "in trouble"),
    (&[Action::Sort], "sort"),
    (&[Action::Pick], "pick"),
    (&[Action::Quit], "quit"),
];
/// Over several of them.
const COMPARE: &[Hint] = &[
    (&[Action::Back], "list"),
    (&[Action::Open], "open"),
    (&[Action::Help], "help"),
    (&[BACK, FORWARD], "cursor"),
    (&[Action::Zoom(1), Action::Zoom(-1)], "zoom"),
    (&[Action::Quit], "quit"),
];
const LIVE: &[Hint] = &[
    (&[Action::Help], "help"),
    (&[Action::Simulate], "load"),
    (&[Action::Quit], "quit"),
    (&[Action::Feeds], "feeds"),
    (&[Action::Pause], "pause"),
    (&[BACK, FORWARD], "cursor"),
];

impl Ui {
    /// What a key means where the user is now.
    pub fn action(&self, event: KeyEvent) -> Option<Action> {
        self.keys.action(event, self.context())
    }

    fn context(&self) -> Context {
        match self.overlay {
            Some(Overlay::Typing(_)) => Context::Entry,
            Some(Overlay::Confirm(_) | Overlay::Leave | Overlay::Planning) => Context::Question,
            _ => Context::Screen,
        }
    }

    /// The keys that matter here with a word each and what the last of them does, by their weight.
    pub fn hints(&self) -> Vec<(String, &'static str, Action)> {
        let hints = match (&self.replay, self.cursor.or(self.paused)) {
            (Some(_), _) => IN_REPLAY,
            (None, Some(_)) => IN_THE_PAST,
            (None, None) if self.screen == Screen::Fleet => FLEET,
            (None, None) if self.screen == Screen::Compare => COMPARE,
            (None, None) => LIVE,
        };
        let works = |hint: &&Hint| hint.0 != [Action::Simulate] || self.may_load();
        let named = |(actions, text): &Hint| Some((self.keys.labels(actions), *text, actions.last()?.clone()));
        hints.iter().filter(works).filter_map(named).filter(|hint| !hint.0.is_empty()).collect()
    }

    /// The load can be started and stopped from here.
    pub fn may_load(&self) -> bool {
        self.can_load && !self.readonly
    }
}

/// The keys of every row: the defaults, or the user's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Keymap {
    /// In the order of [`BINDINGS`].
    chords: Vec<Vec<Chord>>,
}

/// A line of help: the keys as they are shown, what they do, and the name of the first.
#[derive(Clone, Debug, PartialEq)]
pub struct HelpLine {
    pub name: &'static str,
    pub keys: Vec<String>,
    pub label: &'static str,
}

impl Default for Keymap {
    fn default() -> Keymap {
        Keymap { chords: BINDINGS.iter().map(|b| b.defaults.to_vec()).collect() }
    }
}

impl Keymap {
    /// The defaults with the user's keys in their place: the name of an action, and its keys such as `q`, `ctrl-c`,
    /// `shift-left`, `f5`, `space`. An empty list takes an action's keys away.
    ///
    /// # Errors
    /// An action or a key that does not exist; a key that two actions of one context share; a character that typing
    /// needs; nothing left to quit with. The sentence names what it is about.
    pub fn from_config(config: &BTreeMap<String, Vec<String>>) -> Result<Keymap, String> {
        let mut keymap = Keymap::default();
        for (name, texts) in config {
            let row = row_named(name)?;
            let chords: Result<Vec<Chord>, String> = texts.iter().map(|text| text.parse()).collect();
            keymap.chords[row] = chords.map_err(|e| format!("keys: {name}: {e}"))?;
        }
        keymap.check()?;
        Ok(keymap)
    }

    fn check(&self) -> Result<(), String> {
        let rows: Vec<(&Binding, &Vec<Chord>)> = self.rows().collect();
        for (i, (one, chords)) in rows.iter().enumerate() {
            let typing = matches!(one.context, Context::Entry | Context::Anywhere);
            if let Some(chord) = chords.iter().find(|c| typing && c.typed().is_some()) {
                return Err(format!("keys: `{chord}` of `{}` is a character, which is needed for typing", one.name));
            }
            for (other, others) in rows.iter().skip(i + 1).filter(|other| overlap(one.context, other.0.context)) {
                if let Some(chord) = chords.iter().find(|c| others.contains(c)) {
                    return Err(format!("keys: `{chord}` is bound to both `{}` and `{}`", one.name, other.name));
                }
            }
        }
        match self.label(Context::Screen, &Action::Quit) {
            Some(_) => Ok(()),
            None => Err("keys: neither `quit` nor `quit-anywhere` has a key left".into()),
        }
    }

    fn rows(&self) -> impl Iterator<Item = (&'static Binding, &Vec<Chord>)> {
        BINDINGS.iter().zip(&self.chords)
    }

    /// What a key means in a context. With Shift, a key that has no meaning of its own means what it does without.
    pub fn action(&self, event: KeyEvent, context: Context) -> Option<Action> {
        let chord = Chord::of(event);
        self.bound(chord, context).or_else(|| self.bound(chord.without_shift(), context))
    }

    fn bound(&self, chord: Chord, context: Context) -> Option<Action> {
        self.rows().filter(|(b, _)| overlap(b.context, context)).find_map(|(b, chords)| match &b.does {
            Does::Act(action) => Some(action.clone()).filter(|_| chords.contains(&chord)),
            Does::Type(typed) => chord.typed().map(typed),
        })
    }

    /// The first key of an action as help shows it; None where it has none.
    pub fn label(&self, context: Context, action: &Action) -> Option<String> {
        let does = |b: &Binding| overlap(b.context, context) && matches!(&b.does, Does::Act(a) if a == action);
        self.rows().filter(|(b, _)| does(b)).find_map(|(_, chords)| chords.first()).map(|c| c.label())
    }

    /// All keys of an action, a capital only where the small letter is none of them: `y/Enter`.
    pub fn all_labels(&self, context: Context, action: &Action) -> String {
        let does = |b: &Binding| b.context == context && matches!(&b.does, Does::Act(a) if a == action);
        let all: Vec<String> = self.rows().filter(|(b, _)| does(b)).flat_map(|(_, c)| c).map(|c| c.label()).collect();
        let small = |one: &String| all.iter().any(|other| other != one && *other == one.to_lowercase());
        all.iter().filter(|one| !small(one)).cloned().collect::<Vec<_>>().join("/")
    }

    /// The first key of each of these actions on a screen, in one word: `←→`, `Ctrl-A/Ctrl-B`.
    fn labels(&self, actions: &[Action]) -> String {
        let all: Vec<String> = actions.iter().filter_map(|a| self.label(Context::Screen, a)).collect();
        let long = all.iter().any(|label| label.chars().count() > 1);
        all.join(if long { "/" } else { "" })
    }

    /// Every key and what it does, as it is bound now.
    pub fn help(&self) -> Vec<HelpLine> {
        let mut lines: Vec<(HelpLine, Vec<Chord>)> = Vec::new();
        for (binding, chords) in self.rows() {
            if !binding.label.is_empty() {
                let line = HelpLine { name: binding.name, keys: Vec::new(), label: binding.label };
                lines.push((line, Vec::new()));
            }
            lines.last_mut().into_iter().for_each(|line| line.1.extend(chords));
        }
        let written = |(line, chords): (HelpLine, Vec<Chord>)| HelpLine { keys: shown(&chords), ..line };
        lines.into_iter().map(written).filter(|line| !line.keys.is_empty()).collect()
    }
}

/// Keys as help shows them; a run of characters as a range: `1–6`.
fn shown(chords: &[Chord]) -> Vec<String> {
    let typed: Vec<u32> = chords.iter().filter_map(|c| c.typed()).map(u32::from).collect();
    let run = typed.len() == chords.len() && typed.len() > 2 && typed.windows(2).all(|w| w[0] + 1 == w[1]);
    match chords {
        [first, .., last] if run => vec![format!("{}–{}", first.label(), last.label())],
        _ => chords.iter().map(|c| c.label()).collect(),
    }
}

/// Whether a key can have both meanings at one time.
fn overlap(one: Context, other: Context) -> bool {
    one == other || one == Context::Anywhere || other == Context::Anywhere
}

/// The row of an action that the user names.
fn row_named(name: &str) -> Result<usize, String> {
    let names = || BINDINGS.iter().filter(|b| matches!(b.does, Does::Act(_))).map(|b| b.name);
    if let Some(row) = BINDINGS.iter().position(|b| b.name == name && matches!(b.does, Does::Act(_))) {
        return Ok(row);
    }
    Err(match parse::nearest(name, names(), 0.75) {
        Some(near) => format!("keys: no action `{name}`; did you mean `{near}`?"),
        None => format!("keys: no action `{name}`; there are: {}", names().collect::<Vec<_>>().join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyModifiers;

    fn keymap(config: &[(&str, &[&str])]) -> Result<Keymap, String> {
        let owned = config.iter().map(|(n, k)| (n.to_string(), k.iter().map(|k| k.to_string()).collect()));
        Keymap::from_config(&owned.collect())
    }

    fn pressed(keymap: &Keymap, text: char, context: Context) -> Option<Action> {
        keymap.action(KeyEvent::new(KeyCode::Char(text), KeyModifiers::NONE), context)
    }

    #[test]
    fn the_defaults_have_no_conflict_and_each_name_is_one() {
        assert_eq!(keymap(&[]), Ok(Keymap::default()));
        for (i, b) in BINDINGS.iter().enumerate() {
            assert!(b.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", b.name);
            assert!(BINDINGS.iter().skip(i + 1).all(|other| other.name != b.name), "{}", b.name);
        }
    }

    #[test]
    fn a_key_can_be_rebound_unbound_and_given_to_another_action() {
        let map = keymap(&[("quit", &["Q", "f10"]), ("filter", &["q"]), ("theme", &[])]).unwrap();
        assert_eq!(pressed(&map, 'Q', Context::Screen), Some(Action::Quit));
        assert_eq!(pressed(&map, 'q', Context::Screen), Some(Action::Filter));
        assert_eq!(pressed(&map, '/', Context::Screen), None);
        assert_eq!(pressed(&map, 't', Context::Screen), None);
        assert_eq!(pressed(&map, 'q', Context::Question), Some(Action::Back), "another context keeps its own");
        assert_eq!(pressed(&map, 'q', Context::Entry), Some(Action::Type('q')));
        let help = map.help();
        let line = |name: &str| help.iter().find(|l| l.name == name).map(|l| l.keys.join(" "));
        assert_eq!(line("quit"), Some("Q F10 Ctrl-C".into()));
        assert_eq!(line("theme"), None);
        assert_eq!(line("show-fleet"), Some("0–6".into()));
    }

    #[test]
    fn shift_means_what_the_key_means_without_unless_it_has_a_meaning_of_its_own() {
        let map = Keymap::default();
        let shift = |code| map.action(KeyEvent::new(code, KeyModifiers::SHIFT), Context::Screen);
        assert_eq!(shift(KeyCode::Left), Some(cursor(false, true)));
        assert_eq!(shift(KeyCode::Home), Some(Action::CursorStart));
        assert_eq!(shift(KeyCode::BackTab), Some(Action::PreviousPane));
        let alt = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT);
        assert_eq!(map.action(alt, Context::Screen), None);
    }

    #[test]
    fn what_cannot_be_bound_is_named() {
        let wrong = |config: &[(&str, &[&str])]| keymap(config).unwrap_err();
        assert_eq!(wrong(&[("quti", &["x"])]), "keys: no action `quti`; did you mean `quit`?");
        assert!(wrong(&[("zzz", &["x"])]).contains("there are: show-fleet, "));
        assert!(wrong(&[("type", &["x"])]).contains("no action `type`"));
        assert!(wrong(&[("quit", &["hyper-q"])]).starts_with("keys: quit: `hyper-q` is no key; write one such as"));
        assert_eq!(wrong(&[("filter", &["q"])]), "keys: `q` is bound to both `filter` and `quit`");
        assert_eq!(wrong(&[("load", &["ctrl-c"])]), "keys: `ctrl-c` is bound to both `load` and `quit-anywhere`");
        assert_eq!(wrong(&[("back", &["b"])]), "keys: `b` of `back` is a character, which is needed for typing");
        assert!(wrong(&[("quit", &[]), ("quit-anywhere", &[])]).contains("neither"));
    }
}
