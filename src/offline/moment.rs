//! A moment of a recording, as it is typed: relative to its beginning, or as a time.

use crate::{config::duration, observe::Time};
use chrono::TimeDelta;
use std::time::Duration;

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// This long after the recording's first observation.
    After(Duration),
    Time(Time),
}

impl Moment {
    /// Parses `4:12`, `1:04:12`, `90s`, `5m`, or a time as in RFC 3339.
    ///
    /// # Errors
    /// What may be written.
    pub fn parse(text: &str) -> Result<Moment, String> {
        // A bare number could be seconds or minutes here.
        let offset = || offset(text).ok().filter(|_| text.parse::<u64>().is_err()).map(Moment::After);
        let time = || text.parse::<Time>().ok().map(Moment::Time);
        offset()
            .or_else(time)
            .ok_or_else(|| "a moment of the recording, such as 4:12, 90s or 2026-11-24T00:33:10Z".into())
    }

    /// The moment as a time, in a recording that begins at `began`.
    pub fn time(self, began: Time) -> Time {
        match self {
            Moment::After(d) => {
                let delta = TimeDelta::from_std(d).ok();
                delta.and_then(|d| began.checked_add_signed(d)).unwrap_or(Time::MAX_UTC)
            }
            Moment::Time(t) => t,
        }
    }
}

/// Parses how far into a recording: `4:12`, `1:04:12`, `2m30s`, or a bare number of seconds; at most 30 days.
///
/// # Errors
/// What may be written.
pub fn offset(text: &str) -> Result<Duration, String> {
    let most = Duration::from_secs(30 * 86_400);
    let parts: Option<Vec<u64>> = text.split(':').map(digits).collect();
    let seconds = match parts.as_deref() {
        Some([m, s]) if *s < 60 => Some(m * 60 + s),
        Some([h, m, s]) if *m < 60 && *s < 60 => Some(h * 3600 + m * 60 + s),
        _ => None,
    };
    seconds
        .map(Duration::from_secs)
        .filter(|d| *d <= most)
        .or_else(|| duration::parse(text, Duration::ZERO..=most))
        .ok_or_else(|| "a duration of at most 30days, such as 4:12, 10m or 1h30m".into())
}

fn digits(text: &str) -> Option<u64> {
    text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit())).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_parsed() {
        let read = |t: &str| Moment::parse(t).ok();
        let after = |s| Some(Moment::After(Duration::from_secs(s)));
        assert_eq!(read("4:12"), after(252));
        assert_eq!(read("1:00:05"), after(3605));
        assert_eq!((read("90s"), read("5m")), (after(90), after(300)));
        assert!(matches!(read("2026-11-24T00:33:10Z"), Some(Moment::Time(_))));
        assert_eq!(["", "x", "4:60", "-3s", "4:1:60", "4"].map(read), [None; 6]);
        assert_eq!(read("1m30s"), after(90));
        assert_eq!(offset("4").ok(), Some(Duration::from_secs(4)));
        assert_eq!(["31days", "99999999:00", "soon"].map(|t| offset(t).ok()), [None; 3]);
    }
}
