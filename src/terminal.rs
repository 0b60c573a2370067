//! Raw mode, alternate screen and the one write a frame; restored once: on quit, panic, signal, Ctrl-Z. Must never query
//! the terminal nor wait for it (one that does not answer or read would hang the program): sizes come from the kernel, the
//! screen is just cleared, and a frame that the terminal does not take is finished before the next one is drawn.

pub mod input;
pub mod pen;
mod tty;

use base64::{Engine, prelude::BASE64_STANDARD};
use crossterm::{
    cursor::{Hide, MoveTo, Show},
    event::{DisableBracketedPaste, EnableBracketedPaste},
    queue,
    style::{Attribute, Print, SetAttribute},
    terminal::{
        BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
        disable_raw_mode, enable_raw_mode,
    },
};
use pen::Pen;
use ratatui::{buffer::Buffer, layout::Rect};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use tty::Tty;

/// Set while the terminal is taken; who clears it restores the terminal, so that happens once.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Set while a frame is written in part.
static CUT: AtomicBool = AtomicBool::new(false);

/// Clicks, drags and the wheel, without bare movement: each move of the mouse would wake the program for nothing.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1003h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1003l\x1b[?1000l";
/// Columns and rows that are drawn at most: more than any screen has. A pty may report 65,535 of each, whose cells would
/// fill the memory.
const LARGEST: (u16, u16) = (1600, 600);
/// Exit code after a panic, as Rust's own.
const PANICKED: i32 = 101;

/// The taken terminal, with the frame that it shows.
pub struct Terminal {
    /// What is to be written with the next frame.
    out: Vec<u8>,
    shown: Buffer,
    next: Buffer,
    pen: Pen,
    mouse: bool,
    tty: Tty,
}

impl Terminal {
    /// Takes the terminal: raw mode, alternate screen, and a panic hook that gives it back.
    ///
    /// # Errors
    /// When there is no terminal to read keys from.
    pub fn take(mouse: bool) -> io::Result<Self> {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
            // A panic in a task would leave a program without its screen; end it here, on any thread.
            std::process::exit(PANICKED);
        }));
        let (shown, next) = (Buffer::empty(Rect::ZERO), Buffer::empty(Rect::ZERO));
        let mut terminal = Terminal { out: Vec::new(), shown, next, pen: Pen::default(), mouse, tty: Tty::open()? };
        terminal.enter()?;
        Ok(terminal)
    }

    /// Enters the alternate screen: at the start, after Ctrl-Z, and after a stop that left no time to give it back, when
    /// the shell may have changed the terminal's mode.
    ///
    /// # Errors
    /// When the terminal cannot be set.
    pub fn enter(&mut self) -> io::Result<()> {
        disable_raw_mode()?;
        enable_raw_mode()?;
        // Entered twice, it would forget where the shell's cursor was.
        if !TAKEN.swap(true, Ordering::SeqCst) {
            self.out.clear();
            self.tty.forget();
            queue!(self.out, EnterAlternateScreen)?;
        }
        queue!(self.out, Hide, EnableBracketedPaste)?;
        if self.mouse {
            queue!(self.out, Print(MOUSE_ON))?;
        }
        self.resize()
    }

    /// Forgets what is shown: the next frame is written whole, in the terminal's present size.
    ///
    /// # Errors
    /// When the kernel does not report the size.
    pub fn resize(&mut self) -> io::Result<()> {
        let (width, height) = crossterm::terminal::size()?;
        let area = drawn_area(width, height);
        self.shown = Buffer::empty(area);
        self.next = Buffer::empty(area);
        self.pen = Pen::default();
        queue!(self.out, SetAttribute(Attribute::Reset), Clear(ClearType::All))
    }

    /// Puts `text` into the clipboard (OSC 52) with the next frame; a terminal that does not allow it does nothing.
    pub fn copy(&mut self, text: &str) {
        self.out.extend_from_slice(clipboard(text).as_bytes());
    }

    /// The size of a frame.
    pub fn area(&self) -> Rect {
        self.shown.area
    }

    /// The frame that is shown.
    pub fn shown(&self) -> &Buffer {
        &self.shown
    }

    /// Whether the last frame is still being written: nothing is drawn before the terminal has taken it.
    pub fn is_behind(&self) -> bool {
        self.tty.is_behind()
    }

    /// Draws a frame and writes what changed, in one write inside synchronized output; nothing when nothing changed, or
    /// when the terminal has been given back. False when the terminal has not even taken the last frame: then this one is not
    /// drawn.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Buffer)) -> io::Result<bool> {
        self.tty.catch_up()?;
        CUT.store(self.is_behind(), Ordering::SeqCst);
        if self.is_behind() {
            return Ok(false);
        }
        self.next.reset();
        draw(&mut self.next);
        let changed = self.shown.diff(&self.next);
        if changed.is_empty() && self.out.is_empty() {
            return Ok(true);
        }
        let mut frame = Vec::with_capacity(4096);
        queue!(frame, BeginSynchronizedUpdate)?;
        frame.append(&mut self.out);
        self.pen.lose_place();
        changed.into_iter().for_each(|(x, y, cell)| self.pen.put(&mut frame, x, y, cell));
        queue!(frame, EndSynchronizedUpdate)?;
        // A panic elsewhere has given the terminal back; the program is about to end.
        if TAKEN.load(Ordering::SeqCst) {
            CUT.store(true, Ordering::SeqCst);
            self.tty.send(frame)?;
            CUT.store(self.is_behind(), Ordering::SeqCst);
        }
        std::mem::swap(&mut self.shown, &mut self.next);
        Ok(true)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
        // The panic hook stays: with the terminal given back it only ends the program.
    }
}

/// Whether a terminal with these values of TERM and COLORTERM can place its cursor: `dumb` cannot, and of one without a name
/// it is known only when it has colours.
pub fn is_screen(term: Option<&str>, colour: Option<&str>) -> bool {
    match term.unwrap_or_default() {
        "dumb" => false,
        "" => colour.is_some_and(|colour| !colour.is_empty()),
        _ => true,
    }
}

/// Columns of the terminal that stdout is; 100 where they are not known.
pub fn width() -> u16 {
    crossterm::terminal::size().map_or(100, |size| size.0)
}

/// Gives the terminal back, once.
pub fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = Vec::new();
    let _ = queue!(
        out,
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        Print(MOUSE_OFF),
        MoveTo(0, 0),
        LeaveAlternateScreen,
        // Last, as leaving brings back what held when the screen was entered.
        SetAttribute(Attribute::Reset),
        Show
    );
    let _ = tty::write_last(&out, CUT.swap(false, Ordering::SeqCst));
    let _ = disable_raw_mode();
}

/// The area that is drawn of a terminal of this size.
fn drawn_area(width: u16, height: u16) -> Rect {
    // A pty without a size reports 0×0; draw for the smallest classic one.
    if width == 0 || height == 0 {
        return Rect::new(0, 0, 80, 24);
    }
    Rect::new(0, 0, width.min(LARGEST.0), height.min(LARGEST.1))
}

/// The sequence that puts `text` into the terminal's clipboard.
fn clipboard(text: &str) -> String {
    format!("\x1b]52;c;{}\x07", BASE64_STANDARD.encode(text))
}

#[cfg(test)]
mod tests {
    use super::{clipboard, drawn_area, is_screen};

    #[test]
    fn a_terminal_that_cannot_place_its_cursor_is_no_screen() {
        for (term, colour, screen) in [
            (Some("dumb"), None, false),
            (Some("dumb"), Some("truecolor"), false),
            (Some(""), None, false),
            (None, Some(""), false),
            (None, None, false),
            (None, Some("truecolor"), true),
            (Some("vt100"), None, true),
            (Some("xterm-256color"), Some("truecolor"), true),
        ] {
            assert_eq!(is_screen(term, colour), screen, "{term:?} {colour:?}");
        }
    }

    #[test]
    fn the_drawn_area_is_bounded() {
        for ((width, height), drawn) in [
            ((0, 0), (80, 24)),
            ((0, 50), (80, 24)),
            ((1, 1), (1, 1)),
            ((300, 100), (300, 100)),
            ((u16::MAX, u16::MAX), super::LARGEST),
            ((u16::MAX, 2), (super::LARGEST.0, 2)),
        ] {
            let area = drawn_area(width, height);
            assert_eq!((area.width, area.height), drawn, "{width}×{height}");
        }
    }

    #[test]
    fn the_clipboard_is_given_text_as_rfc_4648_encodes_it() {
        let texts =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"), ("\u{ff}?", "w78/")];
        for (plain, encoded) in texts {
            assert_eq!(clipboard(plain), format!("\x1b]52;c;{encoded}\x07"));
        }
    }
}
