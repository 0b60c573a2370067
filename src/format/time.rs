//! Moments as text in local time. Must not read a clock, nor the system's time zone: both are handed in.

use chrono::{DateTime, FixedOffset, Offset, Utc};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 1440 * MINUTE_MS;

/// `12:04:16`, from milliseconds since 1970.
pub fn of_day(ms: i64, offset: FixedOffset) -> String {
    local(ms, offset).map_or_else(|| "--:--:--".into(), |t| t.format("%H:%M:%S").to_string())
}

/// The time of day, with the date where that is another one than at `now` and could be mistaken.
pub fn moment(ms: i64, now: i64, offset: FixedOffset) -> String {
    let day = |ms| local(ms, offset).map(|t| t.date_naive());
    if day(ms) == day(now) || (now - ms).abs() < DAY_MS / 2 {
        return of_day(ms, offset);
    }
    local(ms, offset).map_or_else(String::new, |t| t.format("%b %d %H:%M").to_string())
}

/// A label of a time axis whose labels are `step_ms` apart: `12:04`, `12:04:15` for steps below a minute, `24 Nov` from a
/// day on.
pub fn axis_label(ms: i64, step_ms: i64, offset: FixedOffset) -> String {
    let form = match step_ms {
        s if s < MINUTE_MS => "%H:%M:%S",
        s if s < DAY_MS => "%H:%M",
        _ => "%-d %b",
    };
    local(ms, offset).map_or_else(String::new, |t| t.format(form).to_string())
}

/// An offset from UTC in seconds; UTC where it is none.
pub fn offset(utc_offset_s: i32) -> FixedOffset {
    FixedOffset::east_opt(utc_offset_s).unwrap_or_else(|| Utc.fix())
}

fn local(ms: i64, offset: FixedOffset) -> Option<DateTime<FixedOffset>> {
    DateTime::from_timestamp_millis(ms).map(|t| t.with_timezone(&offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_added_only_where_the_time_of_day_could_be_mistaken() {
        let (at, utc) = (1_795_480_260_000, offset(0));
        assert_eq!(moment(at, at + DAY_MS / 2 - 1, utc), "00:31:00");
        assert_eq!(moment(at, at + 2 * DAY_MS, utc), "Nov 24 00:31");
        assert_eq!(of_day(at, offset(5400)), "02:01:00");
        assert_eq!(of_day(i64::MAX, utc), "--:--:--");
        assert_eq!([1000, MINUTE_MS, DAY_MS].map(|step| axis_label(at, step, utc)), ["00:31:00", "00:31", "24 Nov"]);
    }
}
