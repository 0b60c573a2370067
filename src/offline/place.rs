//! A moment of a recording, as it is typed: from its beginning, or by the clock.

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
        let parts: Option<Vec<i64>> = text.split(':').map(whole).collect();
        let seconds = match (parts.as_deref(), text.strip_suffix('s'), text.strip_suffix('m')) {
            (Some([m, s]), ..) if *s < 60 => Some(m * 60 + s),
            (Some([h, m, s]), ..) if *m < 60 && *s < 60 => Some(h * 3600 + m * 60 + s),
            (_, Some(s), _) => whole(s),
            (_, _, Some(m)) => whole(m).map(|m| m * 60),
            _ => None,
        };
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

fn whole(text: &str) -> Option<i64> {
    text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit())).map(i64::from)
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
