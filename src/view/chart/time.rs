//! The time axis: unix milliseconds to dot columns, and its labels. Snapped to whole dots, so that nothing flickers. Must
//! not read a clock.
use super::{ChartStyle, Margins};
use crate::format::{
    self,
    time::{axis_label, offset},
};
use crate::view::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A span of time, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeAxis {
    pub start_ms: i64,
    pub end_ms: i64,
}

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const STEPS: [i64; 20] = [
    SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    28 * DAY,
];

impl TimeAxis {
    /// The window of at least `span_ms` that ends just after `now_ms`, on a grid of whole dots: while `now` stays within
    /// one dot the window keeps its place, then it moves by exactly one.
    pub fn snapped(now_ms: i64, span_ms: i64, dots: usize) -> TimeAxis {
        let dots = i64::try_from(dots.max(1)).unwrap_or(1).min(1 << 20);
        let wide = (span_ms.max(1) / dots + i64::from(span_ms.max(1) % dots != 0)).max(1);
        let end_ms = now_ms.div_euclid(wide).saturating_add(1).saturating_mul(wide);
        TimeAxis { start_ms: end_ms.saturating_sub(wide.saturating_mul(dots)), end_ms }
    }

    /// Dots across the plot of a chart this wide.
    pub fn dots(width: u16, margins: Margins, symbols: crate::view::symbols::Symbols) -> usize {
        usize::from(margins.plot_width(width)) * symbols.dots().0
    }

    /// Milliseconds a dot.
    pub(super) fn dot_ms(self, dots: usize) -> f64 {
        ((self.end_ms as f64 - self.start_ms as f64) / dots.max(1) as f64).max(1e-3)
    }

    /// The column of a time among `dots` columns; outside the window it lies below 0 or from `dots` on.
    pub fn column(self, at_ms: i64, dots: usize) -> i64 {
        ((at_ms as f64 - self.start_ms as f64) / self.dot_ms(dots)).floor() as i64
    }

    /// The same, only within the window.
    pub fn column_within(self, at_ms: i64, dots: usize) -> Option<u16> {
        u16::try_from(self.column(at_ms, dots)).ok().filter(|x| usize::from(*x) < dots)
    }

    /// The time in the middle of a column.
    pub fn time_at(self, column: usize, dots: usize) -> i64 {
        (self.start_ms as f64 + (column as f64 + 0.5) * self.dot_ms(dots)) as i64
    }

    /// Times of the labels for a plot of `width` cells, whole steps from `zero` (milliseconds since 1970), and their step.
    pub(super) fn ticks(self, width: u16, zero: i64) -> (Vec<i64>, i64) {
        let span = self.end_ms.saturating_sub(self.start_ms);
        if width == 0 || span <= 0 {
            return (Vec::new(), SECOND);
        }
        let room = |step: i64| step as f64 / span as f64 * f64::from(width);
        let needs = |step: i64| if step < MINUTE { 14.0 } else { 11.0 };
        let mut step = STEPS.into_iter().find(|step| room(*step) >= needs(*step)).unwrap_or(28 * DAY);
        while room(step) < 11.0 && step < i64::MAX / 4 {
            step *= 2;
        }
        let first = self.start_ms.saturating_sub(zero).div_euclid(step).saturating_add(1).saturating_mul(step);
        let mut at = first.saturating_add(zero);
        let mut ticks = Vec::new();
        while at < self.end_ms && at >= self.start_ms && ticks.len() < usize::from(width) {
            ticks.push(at);
            at = at.saturating_add(step);
        }
        (ticks, step)
    }

    /// Writes the labels into one row as wide as the chart, over what is there, such as a border.
    pub fn draw_row(self, row: Rect, buf: &mut Buffer, margins: Margins, cursor: Option<i64>, style: &ChartStyle) {
        let row = row.intersection(buf.area);
        let width = margins.plot_width(row.width);
        if row.height == 0 || width == 0 {
            return;
        }
        let left = row.x + margins.left.min(row.width);
        let (ticks, step) = self.ticks(width, style.zero_ms());
        let zone = offset(style.utc_offset_s);
        let place = |at: i64, text: &str| {
            let column = self.column_within(at, usize::from(width))?;
            let long = text.chars().count() as u16;
            (long <= row.width).then(|| (left + column).saturating_sub(long / 2).clamp(row.x, row.right() - long))
        };
        let since = |at: i64| style.origin.map(|origin| since(at, origin));
        let chosen = cursor.and_then(|at| {
            let since = since(at).map(|since| format!("{since} ")).unwrap_or_default();
            let text = format!(" {} {since}", axis_label(at, SECOND, zone));
            place(at, &text).map(|x| (x, text))
        });
        // Where the labels count from the load's start, the time of day is at the left end.
        let day = style.origin.and_then(|_| {
            let text = format!(" {} ", axis_label(self.start_ms, SECOND, zone));
            place(self.start_ms, &text).map(|x| (x, text))
        });
        let all = ticks.into_iter().filter_map(|at| {
            let text = format!(" {} ", since(at).unwrap_or_else(|| axis_label(at, step, zone)));
            place(at, &text).map(|x| (x, text))
        });
        let end = |(x, text): &(u16, String)| x + text.chars().count() as u16;
        let mut taken: Vec<(u16, u16)> = chosen.iter().map(|one| (one.0, end(one))).collect();
        for one in day.into_iter().chain(all) {
            let (from, to) = (one.0, end(&one));
            if taken.iter().all(|(a, b)| to <= *a || *b <= from) {
                buf.set_stringn(from, row.y, &one.1, usize::from(row.right() - from), style.theme.style(Role::Muted));
                taken.push((from, to));
            }
        }
        if let Some((x, text)) = chosen {
            buf.set_stringn(x, row.y, &text, usize::from(row.right() - x), style.theme.style(Role::Cursor));
        }
    }
}

/// `+2:30`: a time, counted from the load's start.
fn since(at: i64, origin: i64) -> String {
    let seconds = at.saturating_sub(origin).div_euclid(SECOND);
    format!("{}{}", if seconds < 0 { "" } else { "+" }, format::clock(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_count_from_the_loads_start_where_there_is_one() {
        use crate::view::{Look, symbols::Symbols};
        let look = Look::roles();
        let row = |cursor| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 80, 1));
            let style = ChartStyle {
                theme: look.theme(),
                symbols: Symbols::Braille,
                utc_offset_s: 0,
                origin: Some(1_700_000_035_000),
            };
            let axis = TimeAxis { start_ms: 1_700_000_000_000, end_ms: 1_700_000_300_000 };
            axis.draw_row(buf.area, &mut buf, Margins { left: 5, right: 5 }, cursor, &style);
            buf.content.iter().map(|c| c.symbol()).collect::<String>()
        };
        let whole = row(None);
        let words: Vec<&str> = whole.split_whitespace().collect();
        assert_eq!(words, ["22:13:20", "+0:00", "+1:00", "+2:00", "+3:00", "+4:00"], "{whole}");
        assert!(row(Some(1_700_000_125_000)).contains(" 22:15:25 +1:30 "), "{}", row(Some(1_700_000_125_000)));
    }

    #[test]
    fn the_window_keeps_its_place_within_a_dot_and_then_moves_by_one() {
        let at = |now| TimeAxis::snapped(now, 300_000, 200);
        let first = at(1_000_000_500);
        assert_eq!(first, at(1_000_001_499 / 1500 * 1500 + 1));
        let next = at(first.end_ms);
        assert_eq!(next.start_ms - first.start_ms, 1500);
        assert_eq!((first.end_ms - first.start_ms) % 200, 0);
        assert!(first.end_ms > 1_000_000_500);
    }

    #[test]
    fn a_sample_keeps_its_dot_as_time_passes() {
        for span in [7_000, 300_000, 86_400_000] {
            let (a, b) = (TimeAxis::snapped(1_700_000_000_000, span, 333), 1_700_000_000_000 + span / 7);
            let b = TimeAxis::snapped(b, span, 333);
            let moved = a.column(1_699_999_999_123, 333) - b.column(1_699_999_999_123, 333);
            for t in (0..200).map(|i| 1_700_000_000_000 - i * span / 201) {
                assert_eq!(a.column(t, 333) - b.column(t, 333), moved);
            }
        }
    }

    #[test]
    fn labels_fall_on_round_local_times_and_never_crowd() {
        for (span, width) in [(60_000, 80), (300_000, 100), (3_600_000, 60), (86_400_000, 90), (i64::MAX / 2, 50)] {
            let axis = TimeAxis { start_ms: 1_700_000_123_456, end_ms: 1_700_000_123_456 + span };
            let (ticks, step) = axis.ticks(width, -19_800_000);
            assert!(ticks.windows(2).all(|w| w[1] - w[0] == step));
            assert!(ticks.iter().all(|t| (t + 19_800_000) % step == 0));
            assert!(ticks.len() <= usize::from(width) / 10);
            assert!(span > 100_000_000_000 || ticks.len() >= 2, "{span} {width}: {ticks:?}");
        }
    }

    #[test]
    fn no_window_overflows() {
        for (start_ms, end_ms) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (0, 0), (i64::MAX, i64::MAX)] {
            let axis = TimeAxis { start_ms, end_ms };
            axis.ticks(100, -86_400_000);
            axis.column(i64::MIN, 5);
            axis.time_at(3, 5);
        }
        for now in [i64::MIN, i64::MAX] {
            for span in [i64::MIN, 0, i64::MAX] {
                TimeAxis::snapped(now, span, 0);
                TimeAxis::snapped(now, span, usize::MAX);
            }
        }
    }
}
