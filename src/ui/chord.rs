//! A key with its modifiers: as the terminal reports it, as a configuration file writes it, as help shows it. Must not
//! know what any key does.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key pressed together with modifiers. Shift is part of a character (`G`), and a modifier of any other key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    ctrl: bool,
    alt: bool,
    shift: bool,
}

/// A key: its code, its name in a configuration file, and its name in help.
const NAMED: [(KeyCode, &str, &str); 15] = [
    (KeyCode::Char(' '), "space", "Space"),
    (KeyCode::Tab, "tab", "Tab"),
    (KeyCode::Enter, "enter", "Enter"),
    (KeyCode::Esc, "esc", "Esc"),
    (KeyCode::Backspace, "backspace", "Backspace"),
    (KeyCode::Delete, "delete", "Del"),
    (KeyCode::Insert, "insert", "Ins"),
    (KeyCode::Left, "left", "←"),
    (KeyCode::Right, "right", "→"),
    (KeyCode::Up, "up", "↑"),
    (KeyCode::Down, "down", "↓"),
    (KeyCode::Home, "home", "Home"),
    (KeyCode::End, "end", "End"),
    (KeyCode::PageUp, "page-up", "PgUp"),
    (KeyCode::PageDown, "page-down", "PgDn"),
];
/// The highest function key that a terminal can report.
const FUNCTION_KEYS: u8 = 24;

impl Chord {
    /// A key without modifiers.
    pub const fn key(code: KeyCode) -> Chord {
        Chord { code, ctrl: false, alt: false, shift: false }
    }

    pub const fn char(c: char) -> Chord {
        Chord::key(KeyCode::Char(c))
    }

    pub const fn ctrl(c: char) -> Chord {
        Chord { ctrl: true, ..Chord::char(c) }
    }

    pub const fn shift(code: KeyCode) -> Chord {
        Chord { shift: true, ..Chord::key(code) }
    }

    /// The chord of a key event, written in one way: terminals report Shift-Tab as a key of its own, and the Shift of a
    /// character or not; with Ctrl they cannot report a letter's case.
    pub fn of(event: KeyEvent) -> Chord {
        let held = |modifier| event.modifiers.contains(modifier);
        let chord = Chord {
            code: event.code,
            ctrl: held(KeyModifiers::CONTROL),
            alt: held(KeyModifiers::ALT),
            shift: held(KeyModifiers::SHIFT),
        };
        chord.normal()
    }

    fn normal(self) -> Chord {
        if let (true, Some((code, ctrl))) = (self.ctrl, self.code.as_char().and_then(same_byte)) {
            return Chord { code, ctrl, shift: false, ..self };
        }
        match self.code {
            KeyCode::BackTab => Chord { code: KeyCode::Tab, shift: true, ..self },
            KeyCode::Char(c) if self.ctrl => {
                Chord { code: KeyCode::Char(c.to_ascii_lowercase()), shift: false, ..self }
            }
            KeyCode::Char(_) => Chord { shift: false, ..self },
            _ => self,
        }
    }

    /// The same key without Shift: what a key does that has no meaning of its own with Shift.
    pub fn without_shift(self) -> Chord {
        Chord { shift: false, ..self }
    }

    /// The character that it types.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }

    /// As help shows it: `q`, `Shift-Tab`, `Ctrl-C`, `←`.
    pub fn label(self) -> String {
        let mut out = String::new();
        for (held, name) in [(self.ctrl, "Ctrl-"), (self.alt, "Alt-"), (self.shift, "Shift-")] {
            out.push_str(if held { name } else { "" });
        }
        match self.code {
            KeyCode::F(n) => out.push_str(&format!("F{n}")),
            code => match (named(code), code) {
                (Some((_, _, label)), _) => out.push_str(label),
                (None, KeyCode::Char(c)) if self.ctrl => out.push(c.to_ascii_uppercase()),
                (None, KeyCode::Char(c)) => out.push(c),
                (None, _) => out.push('?'),
            },
        }
        out
    }
}

/// The key that a terminal reports for Ctrl and this character, where it is another one, and whether that has Ctrl: the two
/// send the same byte.
fn same_byte(c: char) -> Option<(KeyCode, bool)> {
    Some(match c {
        'i' | 'I' => (KeyCode::Tab, false),
        'm' | 'M' => (KeyCode::Enter, false),
        '[' | '3' => (KeyCode::Esc, false),
        '?' | '8' => (KeyCode::Backspace, false),
        '@' | '2' => (KeyCode::Char(' '), true),
        '\\' => (KeyCode::Char('4'), true),
        ']' => (KeyCode::Char('5'), true),
        '^' | '~' => (KeyCode::Char('6'), true),
        '_' | '/' => (KeyCode::Char('7'), true),
        _ => return None,
    })
}

fn named(code: KeyCode) -> Option<&'static (KeyCode, &'static str, &'static str)> {
    NAMED.iter().find(|n| n.0 == code)
}

impl std::fmt::Display for Chord {
    /// As a configuration file writes it: `q`, `ctrl-c`, `shift-left`, `f5`, `space`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (held, name) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            f.write_str(if held { name } else { "" })?;
        }
        match (self.code, named(self.code)) {
            (_, Some((_, name, _))) => f.write_str(name),
            (KeyCode::F(n), _) => write!(f, "f{n}"),
            (KeyCode::Char(c), _) => write!(f, "{c}"),
            _ => f.write_str("?"),
        }
    }
}

impl std::str::FromStr for Chord {
    type Err = String;

    fn from_str(text: &str) -> Result<Chord, String> {
        let mut chord = Chord::char(' ');
        let mut rest = text;
        // A lone `-` after the modifiers is the key itself.
        while let Some((modifier, key)) = rest.split_once('-').filter(|(_, key)| !key.is_empty()) {
            match modifier.to_ascii_lowercase().as_str() {
                "ctrl" => chord.ctrl = true,
                "alt" => chord.alt = true,
                "shift" => chord.shift = true,
                _ => break,
            }
            rest = key;
        }
        let unknown = || format!("`{text}` is no key; write one such as q, ctrl-c, shift-left, f5 or space");
        chord.code = key_code(rest).ok_or_else(unknown)?;
        if let (KeyCode::Char(c), true) = (chord.code, chord.shift) {
            // Shift and a character is another character, and which depends on the keyboard; letters are safe.
            let upper = c.to_ascii_uppercase();
            chord.code =
                KeyCode::Char(Some(upper).filter(|_| c.is_ascii_alphabetic() && !chord.ctrl).ok_or_else(unknown)?);
        }
        Ok(chord.normal())
    }
}

fn key_code(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return Some(KeyCode::Char(c)).filter(|_| !c.is_control());
    }
    let lower = name.to_ascii_lowercase();
    let function = || lower.strip_prefix('f')?.parse().ok().filter(|n| (1..=FUNCTION_KEYS).contains(n)).map(KeyCode::F);
    NAMED.iter().find(|n| n.1 == lower).map(|n| n.0).or_else(function)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chords() -> impl Strategy<Value = Chord> {
        let code = prop_oneof![
            any::<char>().prop_filter("no control", |c| !c.is_control()).prop_map(KeyCode::Char),
            (1..=FUNCTION_KEYS).prop_map(KeyCode::F),
            (0..NAMED.len()).prop_map(|i| NAMED[i].0),
            Just(KeyCode::BackTab),
        ];
        let modifiers = (any::<bool>(), any::<bool>(), any::<bool>());
        (code, modifiers).prop_map(|(code, (ctrl, alt, shift))| Chord { code, ctrl, alt, shift }.normal())
    }

    proptest! {
        #[test]
        fn every_chord_prints_and_parses_back(chord in chords()) {
            prop_assert_eq!(chord.to_string().parse(), Ok(chord));
            prop_assert!(!chord.label().is_empty());
        }

        #[test]
        fn no_text_breaks_the_parser(text in "(ctrl-|alt-|shift-|Ctrl-)?\\PC{0,8}") {
            let parsed: Result<Chord, String> = text.parse();
            prop_assert!(parsed.map_or_else(|e| e.contains(&text), |c| c.to_string().parse() == Ok(c)));
        }
    }

    #[test]
    fn chords_are_written_as_people_write_them() {
        let label = |text: &str| text.parse::<Chord>().map(Chord::label).unwrap_or_default();
        let texts =
            ["q", "G", "shift-g", "Ctrl-C", "shift-left", "F5", "space", "ctrl--", "-", "alt-shift-tab", "page-up"];
        let labels = ["q", "G", "G", "Ctrl-C", "Shift-←", "F5", "Space", "Ctrl--", "-", "Alt-Shift-Tab", "PgUp"];
        assert_eq!(texts.map(label), labels);
        assert_eq!(["", "qq", "f0", "f25", "ctrl-", "hyper-q", "shift-1", "ctrl-shift-c"].map(label), [""; 8]);
    }

    #[test]
    fn a_chord_that_no_terminal_tells_from_a_key_is_that_key() {
        let chord = |text: &str| text.parse::<Chord>().unwrap();
        for (written, sent) in [
            ("ctrl-i", "tab"),
            ("ctrl-M", "enter"),
            ("ctrl-[", "esc"),
            ("ctrl-?", "backspace"),
            ("ctrl-@", "ctrl-space"),
            ("ctrl-\\", "ctrl-4"),
            ("ctrl-]", "ctrl-5"),
            ("ctrl-^", "ctrl-6"),
            ("ctrl-_", "ctrl-7"),
            ("ctrl-alt-i", "alt-tab"),
        ] {
            assert_eq!(chord(written), chord(sent), "{written}");
        }
        assert_ne!(chord("ctrl-j"), chord("enter"), "in raw mode it is one of its own");
    }

    #[test]
    fn terminals_report_the_same_chord_in_several_ways() {
        let of = |code, modifiers| Chord::of(KeyEvent::new(code, modifiers));
        let (none, shift) = (KeyModifiers::NONE, KeyModifiers::SHIFT);
        assert_eq!(of(KeyCode::BackTab, none), of(KeyCode::Tab, shift));
        assert_eq!(of(KeyCode::Char('G'), none), of(KeyCode::Char('G'), shift));
        assert_eq!(of(KeyCode::Char('C'), KeyModifiers::CONTROL | shift), Chord::ctrl('c'));
    }
}
