//! The one list of keys: dispatch, help and README's table come from it. Must not act.

use super::{Overlay, Screen, Ui};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key means.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Show(Screen),
    NextPane,
    PreviousPane,
    Simulate,
    Record,
    Pause,
    /// By a sample; by a minute.
    Cursor {
        forward: bool,
        minute: bool,
    },
    CursorStart,
    CursorLive,
    /// Replay: faster, slower.
    Pace(i8),
    /// Replay: pass over idle stretches, or not.
    SkipIdle,
    Marker {
        forward: bool,
    },
    /// +1 shows less time, -1 more, 0 the default.
    Zoom(i8),
    /// Rows, in a list.
    Move(isize),
    Open,
    Expand,
    Filter,
    YAxis,
    Note,
    Export,
    /// Links into Kibana.
    Links,
    Feeds,
    Theme,
    Help,
    Back,
    Quit,
    Suspend,
    /// Dialogs.
    Yes,
    Type(char),
    Rub,
}

/// A row of the key table.
#[derive(Debug)]
pub struct Binding {
    /// As help and README write it.
    pub keys: &'static str,
    pub does: &'static str,
}

/// Every key, in the order of help.
pub const BINDINGS: [Binding; 23] = [
    Binding { keys: "`1`–`6`", does: "show a screen" },
    Binding { keys: "`Tab` `Shift-Tab`", does: "next and previous pane" },
    Binding { keys: "`s`", does: "start the load, or stop it (asks once)" },
    Binding { keys: "`r`", does: "begin and end a recording of all that is known" },
    Binding { keys: "`Space`", does: "let the view stand still; data keeps coming in" },
    Binding { keys: "`←` `→`", does: "time cursor by a sample; with `Shift` by a minute" },
    Binding { keys: "`Home` `End`", does: "time cursor to the start; back to live" },
    Binding { keys: "`[` `]`", does: "previous and next marker (rescale, load, note)" },
    Binding { keys: "`<` `>`", does: "replay: slower, faster (×1/4 to ×256)" },
    Binding { keys: "`i`", does: "replay: skip idle stretches" },
    Binding { keys: "`+` `-` `=`", does: "zoom the time axis in, out, reset" },
    Binding { keys: "`↑` `↓` `j` `k` `g` `G` `PgUp` `PgDn`", does: "move in lists" },
    Binding { keys: "`Enter`", does: "open the row" },
    Binding { keys: "`e`", does: "give the focused pane the whole screen, and back" },
    Binding { keys: "`/`", does: "filter the list" },
    Binding { keys: "`y`", does: "y axis: auto, linear, log" },
    Binding { keys: "`m`", does: "set a marker with a note" },
    Binding { keys: "`x`", does: "export: the screen as SVG, the run as text, Markdown, HTML, JSON, CSV or JUnit" },
    Binding { keys: "`c`", does: "links into Kibana for the session's time; `Enter` copies one" },
    Binding { keys: "`L`", does: "feeds and their state" },
    Binding { keys: "`t`", does: "next theme" },
    Binding { keys: "`?`", does: "help; `Esc` closes it, goes back, and never quits" },
    Binding { keys: "`q` `Ctrl-C`", does: "quit; asks while a recording or own load runs" },
];

/// The keys of one binding, without the marks that README needs.
pub fn plain(keys: &str) -> String {
    keys.replace('`', "")
}

/// What `key` means where the user is now.
pub fn action(key: KeyEvent, ui: &Ui) -> Option<Action> {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match (key.code, ctrl) {
        (KeyCode::Char('c'), true) => return Some(Action::Quit),
        (KeyCode::Char('z'), true) => return Some(Action::Suspend),
        (KeyCode::Esc, _) => return Some(Action::Back),
        _ => {}
    }
    if ctrl || key.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    match &ui.overlay {
        Some(Overlay::Typing(_)) => typing(key.code),
        Some(Overlay::Confirm(_) | Overlay::Leave | Overlay::Planning) => answering(key.code),
        _ => global(key),
    }
}

fn typing(code: KeyCode) -> Option<Action> {
    match code {
        KeyCode::Enter => Some(Action::Yes),
        KeyCode::Backspace => Some(Action::Rub),
        KeyCode::Char(c) => Some(Action::Type(c)),
        _ => None,
    }
}

fn answering(code: KeyCode) -> Option<Action> {
    match code {
        KeyCode::Enter | KeyCode::Char('y' | 'Y') => Some(Action::Yes),
        KeyCode::Char('n' | 'N' | 'q') => Some(Action::Back),
        _ => None,
    }
}

fn global(key: KeyEvent) -> Option<Action> {
    let shift = key.modifiers.contains(KeyModifiers::SHIFT);
    Some(match key.code {
        KeyCode::Char(c @ '1'..='6') => Action::Show(Screen::ALL[c as usize - '1' as usize]),
        KeyCode::Tab if !shift => Action::NextPane,
        KeyCode::BackTab | KeyCode::Tab => Action::PreviousPane,
        KeyCode::Char('s') => Action::Simulate,
        KeyCode::Char('r') => Action::Record,
        KeyCode::Char(' ') => Action::Pause,
        KeyCode::Left => Action::Cursor { forward: false, minute: shift },
        KeyCode::Right => Action::Cursor { forward: true, minute: shift },
        KeyCode::Home => Action::CursorStart,
        KeyCode::End => Action::CursorLive,
        KeyCode::Char('[') => Action::Marker { forward: false },
        KeyCode::Char(']') => Action::Marker { forward: true },
        KeyCode::Char('<') => Action::Pace(-1),
        KeyCode::Char('>') => Action::Pace(1),
        KeyCode::Char('i') => Action::SkipIdle,
        KeyCode::Char('+') => Action::Zoom(1),
        KeyCode::Char('-') => Action::Zoom(-1),
        KeyCode::Char('=') => Action::Zoom(0),
        KeyCode::Up | KeyCode::Char('k') => Action::Move(-1),
        KeyCode::Down | KeyCode::Char('j') => Action::Move(1),
        KeyCode::Char('g') => Action::Move(isize::MIN),
        KeyCode::Char('G') => Action::Move(isize::MAX),
        KeyCode::PageUp => Action::Move(-10),
        KeyCode::PageDown => Action::Move(10),
        KeyCode::Enter => Action::Open,
        KeyCode::Char('e') => Action::Expand,
        KeyCode::Char('/') => Action::Filter,
        KeyCode::Char('y') => Action::YAxis,
        KeyCode::Char('m') => Action::Note,
        KeyCode::Char('x') => Action::Export,
        KeyCode::Char('c') => Action::Links,
        KeyCode::Char('L') => Action::Feeds,
        KeyCode::Char('t') => Action::Theme,
        KeyCode::Char('?') => Action::Help,
        KeyCode::Char('q') => Action::Quit,
        _ => return None,
    })
}
