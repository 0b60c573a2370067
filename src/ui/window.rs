//! How much time the charts show, and how a time that is typed is found. Must not draw.

use super::Ui;
use crate::format::{self, parse};
use crate::session::{Mark, Session};

/// Seconds that the time axis can show.
pub const SPANS: [i64; 11] = [60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400];
/// As long as there is no run: 5 min.
pub const SPAN: usize = 2;

/// Seconds by which the window of a whole run grows, so that the charts seldom change their scale: the longest of which
/// there are [`FEWEST`] in it.
const STEPS: [i64; 8] = [15, 30, 60, 120, 300, 600, 1800, 3600];
/// At least this many steps make a whole run, so that little of the chart is empty.
const FEWEST: i64 = 8;
/// A whole run is shown in at least this many seconds.
const SHORTEST: i64 = 60;
/// What is shown of the time before the load, milliseconds.
const BEFORE: i64 = 30_000;
/// This long after its load's end a run is of the past, milliseconds.
const AFTER: i64 = 30 * 60_000;

/// How much time the charts show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// The whole run while there is one, and else 5 min.
    #[default]
    Auto,
    /// An index into [`SPANS`].
    Span(usize),
    /// From before the load's start to now; without a load, since the first observation.
    Run,
}

impl Window {
    /// `auto`, `run`, or seconds.
    pub fn word(self) -> String {
        match self {
            Window::Auto => "auto".into(),
            Window::Run => "run".into(),
            Window::Span(i) => SPANS[i.min(SPANS.len() - 1)].to_string(),
        }
    }

    /// The window of that word; another one's is the default.
    pub fn of_word(word: &str) -> Window {
        let span = word.parse().ok().and_then(|seconds: i64| SPANS.iter().position(|s| *s == seconds));
        match (word, span) {
            ("run", _) => Window::Run,
            (_, Some(i)) => Window::Span(i),
            _ => Window::Auto,
        }
    }
}

impl Ui {
    /// The start of the run that is shown, milliseconds since 1970: that of the last load, until half an hour after its
    /// end.
    pub fn run_start(&self, session: &Session) -> Option<i64> {
        let start = session.markers.last_load()?;
        let mut since = session.markers.all().iter().rev().take_while(|marker| marker.mark != Mark::LoadStart);
        let end = since.find(|marker| matches!(marker.mark, Mark::LoadEnd { .. }));
        end.is_none_or(|end| session.now_ms() - end.ms < AFTER).then_some(start)
    }

    /// How much time the charts show, milliseconds.
    pub fn span_ms(&self, session: &Session) -> i64 {
        match self.window {
            Window::Span(i) => SPANS[i.min(SPANS.len() - 1)] * 1000,
            Window::Auto if self.run_start(session).is_none() => SPANS[SPAN] * 1000,
            Window::Auto | Window::Run => self.whole_ms(session),
        }
    }

    fn whole_ms(&self, session: &Session) -> i64 {
        let end = self.paused.unwrap_or(session.now_ms());
        let began = session.began.map_or(end, |t| t.timestamp_millis());
        let from = self.run_start(session).map_or(began, |start| start - BEFORE);
        let seconds = ((end - from).max(0) / 1000).max(SHORTEST);
        let step = STEPS.into_iter().rfind(|step| step * FEWEST <= seconds).unwrap_or(STEPS[0]);
        (seconds / step + 1) * step * 1000
    }

    /// Shows less time, or more; the whole run is one of the steps.
    pub(super) fn zoom(&mut self, session: &Session, closer: bool) {
        let now = self.span_ms(session);
        let whole = (self.whole_ms(session), Window::Run);
        let mut steps: Vec<(i64, Window)> =
            (0..SPANS.len()).map(|i| (SPANS[i] * 1000, Window::Span(i))).filter(|step| step.0 != whole.0).collect();
        steps.push(whole);
        let step = match closer {
            true => steps.into_iter().filter(|step| step.0 < now).max_by_key(|step| step.0),
            false => steps.into_iter().filter(|step| step.0 > now).min_by_key(|step| step.0),
        };
        self.window = step.map_or(self.window, |step| step.1);
    }

    /// What the charts show, in words: `5 min`, `whole run, 8 min`.
    pub fn range(&self, session: &Session) -> String {
        let whole = match self.window {
            Window::Span(_) => false,
            Window::Auto => self.run_start(session).is_some(),
            Window::Run => true,
        };
        let span = match self.span_ms(session) / 1000 {
            s if s % 3600 == 0 => format!("{} h", s / 3600),
            s if s % 60 == 0 => format!("{} min", s / 60),
            s => format::clock(s),
        };
        match (whole, self.run_start(session)) {
            (true, Some(_)) => format!("whole run, {span}"),
            (true, None) => format!("whole session, {span}"),
            (false, _) => span,
        }
    }

    /// The moment that is meant by `4:00` (from the load's start, or where there was none from the first observation),
    /// `-2m` (back from now) or `now`; milliseconds since 1970.
    ///
    /// # Errors
    /// A sentence: it is no time, or lies outside of the session.
    pub fn time_of(&self, session: &Session, text: &str) -> Result<i64, String> {
        let now = session.now_ms();
        let began = session.began.map_or(now, |t| t.timestamp_millis());
        let zero = self.run_start(session).unwrap_or(began);
        let (back, digits) = match text.strip_prefix(['-', '−']) {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let seconds = parse::position(digits).or_else(|| digits.parse::<u32>().ok().map(i64::from));
        let at = match (text, seconds) {
            ("now", _) => now,
            (_, None) => return Err(format!("{text:?} is no time: write 4:00, 90s or -2m")),
            (_, Some(s)) if back => now - s * 1000,
            (_, Some(s)) => zero + s * 1000,
        };
        let (from, to) = match &self.replay {
            Some(replay) => (replay.timeline.from, replay.timeline.to),
            None => (began, now),
        };
        if !(from..=to).contains(&at) {
            let ends = [from, to].map(|ms| format::clock((ms - zero) / 1000));
            return Err(format!("{text} is outside of what was observed: {} to {}", ends[0], ends[1]));
        }
        Ok(at)
    }
}
