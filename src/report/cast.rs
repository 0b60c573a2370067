//! A recording as an asciicast (version 2): the dashboard's screen, frame by frame. Must not keep the observations.

use crate::advise;
use crate::decide::{shadow::Shadows, size::Learned};
use crate::observe::Stamped;
use crate::session::Session;
use crate::terminal::pen::Pen;
use crate::ui::Ui;
use crate::view::{self, Cx, Look};
use ratatui::{buffer::Buffer, layout::Rect};
use std::io::{self, Write};

/// Frames a second at most, in the cast's own time.
const FRAMES: f64 = 10.0;
/// How long the last frame is shown, seconds.
const LAST_FRAME_S: f64 = 2.0;

/// How a cast is made.
pub struct Cast<'a> {
    pub size: (u16, u16),
    /// Recorded seconds in a second of the cast.
    pub speed: f64,
    pub ui: &'a Ui,
    pub look: &'a Look,
}

/// Writes the cast of `observations`; returns the session at its end.
///
/// # Errors
/// Those of `out`.
pub fn cast(observations: impl Iterator<Item = Stamped>, options: &Cast, out: &mut impl Write) -> io::Result<Session> {
    let area = Rect::new(0, 0, options.size.0, options.size.1);
    let mut session = advise::session();
    let mut writer = CastWriter {
        shown: Buffer::empty(area),
        pen: Pen::default(),
        began: None,
        shadows: Shadows::default(),
        capacity: Learned::default(),
        options,
    };
    let step = (options.speed / FRAMES).max(1.0) * 1000.0;
    let mut next: Option<f64> = None;
    for seen in observations {
        let ms = seen.at.timestamp_millis();
        // A frame shows what was known just before the first observation after its time.
        if next.is_some_and(|n| ms as f64 >= n) {
            writer.frame(&session, out)?;
            next = Some((ms as f64 / step).floor() * step + step);
        }
        session.apply(&seen);
        next = next.or(Some((ms as f64 / step).floor() * step + step));
    }
    writer.frame(&session, out)?;
    if let Some(began) = writer.began {
        let end = (session.now_ms() - began) as f64 / 1000.0 / options.speed + LAST_FRAME_S;
        line(out, end, "\u{1b}[0m\u{1b}[?25h")?;
    }
    Ok(session)
}

struct CastWriter<'a> {
    shown: Buffer,
    pen: Pen,
    /// Milliseconds since 1970, of the first frame.
    began: Option<i64>,
    shadows: Shadows,
    capacity: Learned,
    options: &'a Cast<'a>,
}

impl CastWriter<'_> {
    fn frame(&mut self, session: &Session, out: &mut impl Write) -> io::Result<()> {
        let options = self.options;
        let now = session.now_ms();
        let mut buffer = Buffer::empty(self.shown.area);
        let shadows = self.shadows.of(session);
        let capacity = self.capacity.of(session);
        let cx = Cx::new(session, now, options.ui, options.look);
        view::draw(&mut buffer, &cx.with_shadows(shadows).with_capacity(capacity));
        let mut bytes = Vec::new();
        let began = match self.began {
            Some(began) => began,
            None => {
                self.header(session, out)?;
                bytes.extend_from_slice(b"\x1b[?25l\x1b[0m\x1b[2J");
                self.began = Some(now);
                now
            }
        };
        self.pen.lose_place();
        self.shown.diff(&buffer).into_iter().for_each(|(x, y, cell)| self.pen.put(&mut bytes, x, y, cell));
        self.shown = buffer;
        if bytes.is_empty() {
            return Ok(());
        }
        line(out, (now - began) as f64 / 1000.0 / options.speed, &String::from_utf8_lossy(&bytes))
    }

    fn header(&self, session: &Session, out: &mut impl Write) -> io::Result<()> {
        let w = &session.watching;
        let header = serde_json::json!({
            "version": 2,
            "width": self.options.size.0,
            "height": self.options.size.1,
            "timestamp": session.began.map_or(0, |t| t.timestamp()),
            "title": format!("{}/{}", w.namespace, w.hpa),
            "env": { "TERM": "xterm-256color" },
        });
        writeln!(out, "{header}")
    }
}

fn line(out: &mut impl Write, at: f64, text: &str) -> io::Result<()> {
    writeln!(out, "{}", serde_json::json!([(at * 1000.0).round() / 1000.0, "o", text]))
}
