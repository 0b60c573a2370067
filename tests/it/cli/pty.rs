//! The program in a pseudo-terminal that answers nothing, and what that terminal shows. Waits for conditions, never for
//! a time.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Nothing takes this long unless it hangs.
const HANGS: Duration = Duration::from_secs(20);
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
/// Flags of a terminal's local mode on Linux.
const COOKED: u32 = 0o2 | 0o10;

/// A program and its terminal.
pub struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    chunks: Receiver<Vec<u8>>,
    /// Everything written so far.
    pub raw: Vec<u8>,
    parser: vt100::Parser,
    /// Nothing is read while this is set.
    paused: Arc<AtomicBool>,
}

/// An environment of a terminal and nothing else.
pub fn clean(mut command: CommandBuilder) -> CommandBuilder {
    command.env_clear();
    command.cwd("/");
    for (name, value) in
        [("PATH", "/usr/bin:/bin"), ("HOME", "/nonexistent"), ("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]
    {
        command.env(name, value);
    }
    command
}

fn emulator((columns, rows): (u16, u16)) -> vt100::Parser {
    // No emulator is as large as a pty may report.
    let cells = |n: u16| n.clamp(1, 2000).try_into().unwrap();
    vt100::Parser::new(cells(rows), cells(columns), 0)
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

impl Pty {
    pub fn spawn(command: CommandBuilder, size: (u16, u16)) -> Pty {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let (to, chunks) = channel();
        let paused = Arc::new(AtomicBool::new(false));
        let pause = paused.clone();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if to.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
                while pause.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        });
        Pty { child, master: pair.master, keys, chunks, raw: Vec::new(), parser: emulator(size), paused }
    }

    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    pub fn text(&self) -> String {
        self.screen().contents()
    }

    /// Reads on until the screen is as wanted.
    pub fn until(&mut self, what: &str, done: impl Fn(&vt100::Screen) -> bool) {
        let start = Instant::now();
        while !done(self.screen()) {
            if !self.more(start) {
                panic!("waited in vain for {what}; the screen is\n{}", self.text());
            }
        }
    }

    pub fn until_text(&mut self, text: &str) {
        self.until(text, |s| s.contents().contains(text));
    }

    /// Reads on until `done` holds of everything written so far.
    pub fn until_raw(&mut self, what: &str, done: impl Fn(&[u8]) -> bool) {
        let start = Instant::now();
        while !done(&self.raw) {
            assert!(self.more(start), "waited in vain for {what}; the screen is\n{}", self.text());
        }
    }

    /// Reads a chunk; false at the end.
    fn more(&mut self, start: Instant) -> bool {
        match self.chunks.recv_timeout(HANGS.saturating_sub(start.elapsed())) {
            Ok(chunk) => {
                self.parser.process(&chunk);
                self.raw.extend(chunk);
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
            Err(RecvTimeoutError::Timeout) => {
                let _ = self.child.kill();
                panic!("it hangs; the screen is\n{}", self.text());
            }
        }
    }

    pub fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        let sent = std::process::Command::new("/bin/sh").args(["-c", &format!("kill -{name} {pid}")]).status();
        assert!(sent.unwrap().success());
    }

    /// The letter of the process's state in /proc: `T` when it is stopped.
    pub fn state(&self) -> char {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.process_id().unwrap()));
        let stat = stat.unwrap_or_default();
        stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).unwrap_or('X')
    }

    /// The process id; for the hostile suite, which shares this file.
    #[allow(dead_code)]
    pub fn id(&self) -> u32 {
        self.child.process_id().unwrap_or(0)
    }

    /// Stops reading what is written, or reads on; for the hostile suite.
    #[allow(dead_code)]
    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::SeqCst);
    }

    /// Whether the program ends by itself in this time, read or not; for the hostile suite.
    #[allow(dead_code)]
    pub fn ends_within(&mut self, limit: Duration) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Closes the terminal under the program, which is left to its caller; for the hostile suite.
    #[allow(dead_code)]
    pub fn hang_up(mut self) -> Box<dyn Child + Send + Sync> {
        let gone: Box<dyn Child + Send + Sync> = Box::new(std::process::Command::new("/bin/true").spawn().unwrap());
        std::mem::replace(&mut self.child, gone)
    }

    /// Gives the terminal another size; what was on the emulator's screen is gone.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.forget(size);
        self.master.resize(pty_size(size)).unwrap();
    }

    /// Looks at what is written from now on only, on a blank screen.
    pub fn forget(&mut self, size: (u16, u16)) {
        self.parser = emulator(size);
        self.raw.clear();
    }

    /// Reads what is left and waits for the end: the exit code.
    pub fn exit(&mut self) -> u32 {
        let start = Instant::now();
        while self.more(start) {}
        self.child.wait().unwrap().exit_code()
    }

    /// Fails unless the terminal is as a shell wants it.
    pub fn assert_restored(&self, how: &str) {
        let s = self.screen();
        assert!(!s.alternate_screen(), "{how}: the alternate screen is still shown");
        assert!(!s.hide_cursor(), "{how}: the cursor is hidden");
        assert_eq!(s.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "{how}: the mouse is still taken");
        assert!(!s.bracketed_paste() && !s.application_cursor() && !s.application_keypad(), "{how}: a mode is left on");
        let plain = emulator((10, 1)).screen().attributes_formatted();
        assert_eq!(s.attributes_formatted(), plain, "{how}: colours or modifiers are left on");
        let last = |word: &[u8]| self.raw.windows(word.len()).rposition(|w| w == word);
        assert!(last(BEGIN) <= last(END), "{how}: a frame was left open");
        assert!(self.cooked(), "{how}: raw mode is left on");
    }

    /// Whether lines are edited and echoed, as a shell wants it.
    pub fn cooked(&self) -> bool {
        let mode = self.master.get_termios().unwrap();
        mode.local_flags.bits() & COOKED == COOKED
    }

    /// The whole frames so far, without their brackets; and what was written outside of any.
    pub fn frames(&self) -> (Vec<Vec<u8>>, Vec<u8>) {
        let (mut frames, mut outside, mut rest) = (Vec::new(), Vec::new(), &self.raw[..]);
        while let Some(at) = find(rest, BEGIN) {
            outside.extend(&rest[..at]);
            rest = &rest[at + BEGIN.len()..];
            let Some(end) = find(rest, END) else { return (frames, outside) };
            frames.push(rest[..end].to_vec());
            rest = &rest[end + END.len()..];
        }
        outside.extend(rest);
        (frames, outside)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|w| w == word)
}

/// Every escape sequence in `raw`, as its introducer, parameters and final byte.
pub fn sequences(raw: &[u8]) -> Vec<String> {
    let mut out = Vec::new();
    for part in raw.split(|b| *b == 0x1b).skip(1) {
        let end = match part.first() {
            Some(b'[') => part.iter().skip(1).position(|b| (0x40..=0x7e).contains(b)).map_or(part.len(), |n| n + 2),
            _ => 2.min(part.len()),
        };
        out.push(String::from_utf8_lossy(&part[..end]).into_owned());
    }
    out
}
