//! Bytes of a terminal to events: the keys of xterm, rxvt and the Linux console, SGR and X10 mouse reports, bracketed paste.
//! What is none of these is left out. Pure.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use std::collections::VecDeque;
use std::time::Duration;

/// How long a lone Esc waits for the rest of a sequence, a sequence for its end, and a paste for more.
const ESCAPE: Duration = Duration::from_millis(25);
const SEQUENCE: Duration = Duration::from_millis(500);
const PASTE: Duration = Duration::from_secs(1);
/// No sequence has more bytes.
const LONGEST: usize = 64;
/// Bytes of a paste that are kept: more than any line takes.
const KEPT: usize = 1 << 16;
const PASTE_END: &[u8] = b"\x1b[201~";
const ESC: u8 = 0x1b;
const BELL: u8 = 7;
const CTRL_C: u8 = 3;

/// What is parsed so far.
#[derive(Debug, Default)]
pub struct Parser {
    /// The beginning of a sequence or character.
    bytes: Vec<u8>,
    paste: Option<Paste>,
    events: VecDeque<Event>,
}

#[derive(Debug, Default)]
struct Paste {
    text: Vec<u8>,
    /// Bytes of the end that came last.
    ended: usize,
}

/// What the bytes so far are.
enum Parsed {
    /// An event, or nothing that is known.
    Done(Option<Event>),
    /// Not enough yet.
    More,
}

impl Parser {
    pub fn take(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.byte(*byte));
    }

    pub fn next(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// How long to wait for what is missing before [`Parser::give_up`]; None when nothing is.
    pub fn patience(&self) -> Option<Duration> {
        match (&self.paste, self.bytes.as_slice()) {
            (Some(_), _) => Some(PASTE),
            (None, []) => None,
            (None, [ESC]) => Some(ESCAPE),
            (None, _) => Some(SEQUENCE),
        }
    }

    /// Nothing more came: what is there counts.
    pub fn give_up(&mut self) {
        self.end_paste();
        match std::mem::take(&mut self.bytes).as_slice() {
            [ESC] => self.key(KeyCode::Esc, KeyModifiers::NONE),
            [ESC, c @ (b'[' | b'O' | b']' | b'P' | b'X' | b'^' | b'_')] => {
                self.key(KeyCode::Char(char::from(*c)), KeyModifiers::ALT)
            }
            _ => {}
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.paste.is_some() {
            return self.pasted(byte);
        }
        // A sequence that another one interrupts is over; a string may end with one.
        if is_string(&self.bytes) {
            if self.bytes.ends_with(&[ESC]) && byte != b'\\' {
                self.bytes = vec![ESC];
            }
        } else if byte == ESC && !self.bytes.is_empty() {
            self.give_up();
        }
        self.bytes.push(byte);
        match parse(&self.bytes) {
            Parsed::More if self.bytes.len() < LONGEST || byte == ESC => {}
            // It goes on until its last byte.
            Parsed::More => self.bytes.truncate(3),
            Parsed::Done(event) => {
                if self.bytes == b"\x1b[200~" {
                    self.paste = Some(Paste::default());
                }
                self.bytes.clear();
                self.events.extend(event);
            }
        }
    }

    fn pasted(&mut self, byte: u8) {
        let Some(paste) = &mut self.paste else { return };
        if byte == CTRL_C {
            // No terminal pastes it, so it is the key: the way out of anything.
            self.end_paste();
            return self.byte(byte);
        }
        if PASTE_END.get(paste.ended) == Some(&byte) {
            paste.ended += 1;
            if paste.ended == PASTE_END.len() {
                self.end_paste();
            }
            return;
        }
        // What looked like the end belongs to the text.
        let looked = std::mem::take(&mut paste.ended);
        let room = KEPT.saturating_sub(paste.text.len());
        if byte == ESC {
            paste.ended = 1;
            paste.text.extend(PASTE_END.iter().take(looked.min(room)));
        } else {
            paste.text.extend(PASTE_END.iter().take(looked).chain([&byte]).take(room));
        }
    }

    fn end_paste(&mut self) {
        if let Some(paste) = self.paste.take() {
            self.events.push_back(Event::Paste(String::from_utf8_lossy(&paste.text).into_owned()));
        }
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.events.push_back(Event::Key(KeyEvent::new(code, modifiers)));
    }
}

/// Whether it begins a string: an answer to a query, which this program never makes.
fn is_string(bytes: &[u8]) -> bool {
    matches!(bytes, [ESC, b']' | b'P' | b'X' | b'^' | b'_', ..])
}

fn parse(bytes: &[u8]) -> Parsed {
    match bytes {
        _ if is_string(bytes) => match bytes {
            [.., BELL] | [.., ESC, b'\\'] => Parsed::Done(None),
            _ => Parsed::More,
        },
        [] | [ESC] | [ESC, b'O' | b'['] => Parsed::More,
        [ESC, b'O', last] => Parsed::Done(cursor_key(*last).map(|code| key(code, KeyModifiers::NONE))),
        [ESC, b'[', b'[', rest @ ..] => match rest {
            [] => Parsed::More,
            [c @ b'A'..=b'E', ..] => Parsed::Done(Some(key(KeyCode::F(1 + c - b'A'), KeyModifiers::NONE))),
            _ => Parsed::Done(None),
        },
        [ESC, b'[', b'M', rest @ ..] => match rest {
            [button, column, row] => {
                let [button, column, row] = [button, column, row].map(|b| u16::from(b.saturating_sub(32)));
                Parsed::Done(mouse(button, column, row, false))
            }
            _ => Parsed::More,
        },
        [ESC, b'[', rest @ .., last] => match last {
            0x40..=0x7e => Parsed::Done(control_sequence(rest, *last)),
            0x20..=0x3f => Parsed::More,
            _ => Parsed::Done(None),
        },
        [ESC, rest @ ..] => match character(rest) {
            Parsed::Done(Some(Event::Key(plain))) => {
                Parsed::Done(Some(key(plain.code, plain.modifiers | KeyModifiers::ALT)))
            }
            other => other,
        },
        _ => character(bytes),
    }
}

/// A key of one character or control character.
fn character(bytes: &[u8]) -> Parsed {
    let ctrl = |c: u8| Some(key(KeyCode::Char(char::from(c)), KeyModifiers::CONTROL));
    Parsed::Done(match bytes {
        [] => return Parsed::More,
        [0] => ctrl(b' '),
        [b'\r'] => Some(key(KeyCode::Enter, KeyModifiers::NONE)),
        [b'\t'] => Some(key(KeyCode::Tab, KeyModifiers::NONE)),
        [0x7f] => Some(key(KeyCode::Backspace, KeyModifiers::NONE)),
        [c @ 1..=0x1a] => ctrl(c - 1 + b'a'),
        // `\`, `]`, `^` and `_`, which keyboards also have on these digits.
        [c @ 0x1c..=0x1f] => ctrl(c - 0x1c + b'4'),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.chars().next().map(|c| {
                let shift = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
                key(KeyCode::Char(c), shift)
            }),
            // None: it is cut off.
            Err(e) if e.error_len().is_none() && bytes.len() < 4 => return Parsed::More,
            Err(_) => None,
        },
    })
}

/// `ESC [ parameters last`.
fn control_sequence(parameters: &[u8], last: u8) -> Option<Event> {
    let text = std::str::from_utf8(parameters).ok()?;
    if let Some(report) = text.strip_prefix('<') {
        let mut numbers = report.split(';').map(|n| n.parse::<u16>().ok());
        let (button, column, row) = (numbers.next()??, numbers.next()??, numbers.next()??);
        return matches!(last, b'M' | b'm').then(|| mouse(button, column, row, last == b'm')).flatten();
    }
    let mut fields = text.split(';');
    let first = fields.next().unwrap_or_default().split(':').next().unwrap_or_default();
    let mut second = fields.next().unwrap_or_default().split(':').map(|n| n.parse::<u8>().ok());
    let mut modifiers = modifiers(second.next().flatten().unwrap_or(1));
    // A key that is let go.
    if second.next().flatten() == Some(3) {
        return None;
    }
    let code = match last {
        b'~' => special_key(first.parse().ok()?)?,
        b'u' => match char::from_u32(first.parse().ok()?)? {
            '\x1b' => KeyCode::Esc,
            '\r' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '\x7f' => KeyCode::Backspace,
            c => KeyCode::Char(c),
        },
        b'Z' => {
            modifiers |= KeyModifiers::SHIFT;
            KeyCode::BackTab
        }
        last => cursor_key(last)?,
    };
    Some(key(code, modifiers))
}

fn cursor_key(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(1 + last - b'P'),
        _ => return None,
    })
}

fn special_key(number: u8) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        n @ 11..=15 => KeyCode::F(n - 10),
        n @ 17..=21 => KeyCode::F(n - 11),
        n @ 23..=26 => KeyCode::F(n - 12),
        n @ 28..=29 => KeyCode::F(n - 13),
        n @ 31..=34 => KeyCode::F(n - 14),
        _ => return None,
    })
}

/// One more than the sum of Shift 1, Alt 2, Ctrl 4.
fn modifiers(code: u8) -> KeyModifiers {
    let held = code.saturating_sub(1);
    [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)]
        .into_iter()
        .filter(|(bit, _)| held & bit != 0)
        .fold(KeyModifiers::NONE, |all, (_, one)| all | one)
}

/// A report of the mouse; columns and rows count from 1.
fn mouse(code: u16, column: u16, row: u16, released: bool) -> Option<Event> {
    let button = match code & 3 {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        _ => None,
    };
    let kind = match (code & 0xc0, code & 0x20 != 0, button) {
        (0, false, Some(button)) if released => MouseEventKind::Up(button),
        (0, false, Some(button)) => MouseEventKind::Down(button),
        (0, true, Some(button)) => MouseEventKind::Drag(button),
        // X10 reports do not have which button was released.
        (0, false, None) => MouseEventKind::Up(MouseButton::Left),
        (0, true, None) => MouseEventKind::Moved,
        (0x40, false, _) => match code & 3 {
            0 => MouseEventKind::ScrollUp,
            1 => MouseEventKind::ScrollDown,
            2 => MouseEventKind::ScrollLeft,
            _ => MouseEventKind::ScrollRight,
        },
        _ => return None,
    };
    let modifiers = modifiers(1 + u8::try_from(code >> 2 & 7).unwrap_or(0));
    Some(Event::Mouse(MouseEvent { kind, column: column.checked_sub(1)?, row: row.checked_sub(1)?, modifiers }))
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent { kind: KeyEventKind::Press, ..KeyEvent::new(code, modifiers) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(parser: &mut Parser, bytes: &[u8]) -> Vec<Event> {
        parser.take(bytes);
        std::iter::from_fn(|| parser.next()).collect()
    }

    fn event(bytes: &[u8]) -> Option<Event> {
        let mut parser = Parser::default();
        let all = parsed(&mut parser, bytes);
        assert_eq!(parser.patience(), None, "{bytes:?} waits for more");
        assert!(all.len() < 2, "{bytes:?}: {all:?}");
        all.into_iter().next()
    }

    #[test]
    fn keys_are_read_as_every_terminal_sends_them() {
        use KeyCode::*;
        let (none, shift, alt, ctrl) =
            (KeyModifiers::NONE, KeyModifiers::SHIFT, KeyModifiers::ALT, KeyModifiers::CONTROL);
        for (bytes, code, modifiers) in [
            ("q", Char('q'), none),
            ("G", Char('G'), shift),
            ("ß", Char('ß'), none),
            ("👩", Char('👩'), none),
            ("\r", Enter, none),
            ("\n", Char('j'), ctrl),
            ("\t", Tab, none),
            ("\x7f", Backspace, none),
            ("\x03", Char('c'), ctrl),
            ("\x1a", Char('z'), ctrl),
            ("\0", Char(' '), ctrl),
            ("\x1c", Char('4'), ctrl),
            ("\x1bq", Char('q'), alt),
            ("\x1bß", Char('ß'), alt),
            ("\x1b[A", Up, none),
            ("\x1bOA", Up, none),
            ("\x1b[1;2D", Left, shift),
            ("\x1b[1;5C", Right, ctrl),
            ("\x1b[1;8C", Right, shift | alt | ctrl),
            ("\x1b[H", Home, none),
            ("\x1b[1~", Home, none),
            ("\x1b[4~", End, none),
            ("\x1b[5~", PageUp, none),
            ("\x1b[6;5~", PageDown, ctrl),
            ("\x1bOP", F(1), none),
            ("\x1b[[A", F(1), none),
            ("\x1b[11~", F(1), none),
            ("\x1b[15~", F(5), none),
            ("\x1b[24;2~", F(12), shift),
            ("\x1b[34~", F(20), none),
            ("\x1b[Z", BackTab, shift),
            ("\x1b[97;5u", Char('a'), ctrl),
        ] {
            assert_eq!(event(bytes.as_bytes()), Some(key(code, modifiers)), "{bytes:?}");
        }
    }

    #[test]
    fn the_mouse_is_read_and_its_nonsense_left_out() {
        use MouseEventKind::*;
        let left = MouseButton::Left;
        for (bytes, kind, column, row) in [
            ("\x1b[<0;1;1M", Down(left), 0, 0),
            ("\x1b[<0;300;70m", Up(left), 299, 69),
            ("\x1b[<2;3;4M", Down(MouseButton::Right), 2, 3),
            ("\x1b[<32;3;4M", Drag(left), 2, 3),
            ("\x1b[<64;3;4M", ScrollUp, 2, 3),
            ("\x1b[<69;3;4M", ScrollDown, 2, 3),
            ("\x1b[M !!", Down(left), 0, 0),
        ] {
            let Some(Event::Mouse(mouse)) = event(bytes.as_bytes()) else { panic!("{bytes:?}") };
            assert_eq!((mouse.kind, mouse.column, mouse.row), (kind, column, row), "{bytes:?}");
        }
        let none = ["\x1b[<0;0;0M", "\x1b[<0;1M", "\x1b[<999999;1;1M", "\x1b[M\x01\x01\x01", "\x1b[<0;1;1x", "\x1b[<M"];
        for bytes in none {
            assert_eq!(event(bytes.as_bytes()), None, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_key_is_left_out() {
        let (answer, status) = ("\x1b]11;rgb:0/0/0\x07", "\x1bP1$rq\x1b\\");
        let image = format!("\x1b_G{}\x1b\\", "q".repeat(1000));
        let long = ["\x1b[?", &"1;".repeat(500), "c"].concat();
        for bytes in
            ["\x1b[I", "\x1b[?1;2c", "\x1b[99~", "\x1b[1;1:3A", "\x1b[201~", "\x1bOz", &long, answer, status, &image]
        {
            assert_eq!(event(bytes.as_bytes()), None, "{bytes:?}");
        }
        assert_eq!(event(b"\xff"), None);
    }

    #[test]
    fn a_paste_is_one_event_wherever_it_is_cut() {
        let text = b"\x1b[200~s\r y\x1b[20\x1b[2x\x1b[201~q";
        let whole = parsed(&mut Parser::default(), text);
        assert_eq!(whole, [Event::Paste("s\r y\x1b[20\x1b[2x".into()), key(KeyCode::Char('q'), KeyModifiers::NONE)]);
        let mut parser = Parser::default();
        let pieces: Vec<Event> = text.iter().flat_map(|b| parsed(&mut parser, &[*b])).collect();
        assert_eq!(pieces, whole);
    }

    #[test]
    fn a_paste_without_an_end_keeps_no_key_for_ever() {
        let mut parser = Parser::default();
        assert_eq!(parsed(&mut parser, b"\x1b[200~never ended"), []);
        assert_eq!(parser.patience(), Some(PASTE));
        parser.give_up();
        let after = parsed(&mut parser, b"q");
        assert_eq!(after, [Event::Paste("never ended".into()), key(KeyCode::Char('q'), KeyModifiers::NONE)]);
        let ctrl_c = key(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(parsed(&mut parser, b"\x1b[200~a\x03"), [Event::Paste("a".into()), ctrl_c]);
        assert_eq!(parser.patience(), None);
        let long = [b"\x1b[200~", &b"a".repeat(3 * KEPT)[..], PASTE_END].concat();
        let [Event::Paste(text)] = &parsed(&mut parser, &long)[..] else { panic!("no paste") };
        assert_eq!(text.len(), KEPT);
    }

    #[test]
    fn a_sequence_without_an_end_keeps_no_key_for_ever() {
        let esc = key(KeyCode::Esc, KeyModifiers::NONE);
        for (bytes, left) in [
            (&b"\x1b"[..], vec![esc.clone()]),
            (b"\x1b[", vec![key(KeyCode::Char('['), KeyModifiers::ALT)]),
            (b"\x1b]", vec![key(KeyCode::Char(']'), KeyModifiers::ALT)]),
            (b"\x1b]11;never", vec![]),
            (b"\x1b[<0;1", vec![]),
            (b"\x1b[M", vec![]),
            (b"\xf0\x9f", vec![]),
        ] {
            let mut parser = Parser::default();
            assert_eq!(parsed(&mut parser, bytes), []);
            assert!(parser.patience().is_some_and(|p| p <= SEQUENCE));
            parser.give_up();
            assert_eq!(parsed(&mut parser, b""), left, "{bytes:?}");
        }
        let up = key(KeyCode::Up, KeyModifiers::NONE);
        assert_eq!(parsed(&mut Parser::default(), b"\x1b\x1b[A"), [esc, up.clone()]);
        assert_eq!(parsed(&mut Parser::default(), b"\x1b]never\x1b[A"), [up]);
    }

    proptest! {
        #[test]
        fn whatever_comes_a_key_after_a_while_is_read(bytes in prop::collection::vec(any::<u8>(), 0..80), odd in "(\u{1b}(\\[[<0-9;]{0,8}[MRu~A]?)?|[a-z]){0,8}") {
            let mut parser = Parser::default();
            parsed(&mut parser, &bytes);
            parsed(&mut parser, odd.as_bytes());
            parser.give_up();
            parsed(&mut parser, b"");
            prop_assert_eq!(parsed(&mut parser, b"q"), [key(KeyCode::Char('q'), KeyModifiers::NONE)]);
        }
    }
}
