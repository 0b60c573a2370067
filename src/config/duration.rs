//! Durations as they are typed (`10s`, `1h30m`, a bare number of seconds) and printed. The command line and the
//! configuration know no other spelling.

use std::{ops::RangeInclusive, time::Duration};

/// A duration with a unit, or a bare number of seconds; None when it is neither, or out of range.
pub fn parse(text: &str, range: RangeInclusive<Duration>) -> Option<Duration> {
    let parsed = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => humantime::parse_duration(text).ok()?,
    };
    range.contains(&parsed).then_some(parsed)
}

/// The spelling that [`parse`] reads again, such as `1m 30s`.
pub fn print(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again() {
        let any = Duration::ZERO..=Duration::MAX;
        for seconds in [0, 1, 59, 90, 3600, 86_400] {
            let duration = Duration::from_secs(seconds);
            assert_eq!(parse(&print(duration), any.clone()), Some(duration));
            assert_eq!(parse(&seconds.to_string(), any.clone()), Some(duration));
        }
        assert_eq!(["", "soon", "-3s", "1.5"].map(|text| parse(text, any.clone())), [None; 4]);
        assert_eq!(parse("61m", Duration::ZERO..=Duration::from_secs(3600)), None);
    }
}
