//! A moment of a recording, as it is typed: from its beginning, or by the clock.

use crate::format::parse;
use crate::observe::Time;
use chrono::TimeDelta;

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Seconds after the recording's first observation.
    After(i64),
    Time(Time),
}

impl At {
    /// Reads `4:12`, `1:04:12`, `90s`, `5m`, or a time as in RFC 3339.
    ///
    /// # Errors
    /// What may be written.
    pub fn read(text: &str) -> Result<At, String> {
        let seconds = parse::position(text);
        let time = || text.parse::<Time>().ok().map(At::Time);
        seconds
            .map(At::After)
            .or_else(time)
            .ok_or_else(|| "a moment of the recording, such as 4:12, 90s or 2026-11-24T00:33:10Z".into())
    }

    /// The last moment that still counts, in a recording that begins at `began`.
    pub fn end(self, began: Time) -> Time {
        match self {
            At::After(s) => began.checked_add_signed(TimeDelta::seconds(s)).unwrap_or(Time::MAX_UTC),
            At::Time(t) => t,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read() {
        let read = |t: &str| At::read(t).ok();
        assert_eq!(read("4:12"), Some(At::After(252)));
        assert_eq!(read("1:00:05"), Some(At::After(3605)));
        assert_eq!((read("90s"), read("5m")), (Some(At::After(90)), Some(At::After(300))));
        assert!(matches!(read("2026-11-24T00:33:10Z"), Some(At::Time(_))));
        assert_eq!(["", "x", "4:60", "-3s", "4:1:60", "4"].map(read), [None; 6]);
    }
}
