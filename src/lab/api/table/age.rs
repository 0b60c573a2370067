//! Durations as kubectl prints them.

use crate::lab::model::Time;
use chrono::DateTime;

/// The time since `stamp` (RFC 3339).
pub fn since(stamp: &str, now: Time) -> String {
    match DateTime::parse_from_rfc3339(stamp) {
        Ok(then) => human((now - then.to_utc()).num_seconds()),
        Err(_) => "<unknown>".to_owned(),
    }
}

/// A duration in at most two units, finer for short ones (`HumanDuration` of apimachinery).
pub fn human(seconds: i64) -> String {
    let two = |big: i64, big_unit: &str, small: i64, unit: &str| match small {
        0 => format!("{big}{big_unit}"),
        _ => format!("{big}{big_unit}{small}{unit}"),
    };
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    match seconds {
        ..-1 => "<invalid>".into(),
        -1..0 => "0s".into(),
        0..120 => format!("{seconds}s"),
        _ if minutes < 10 => two(minutes, "m", seconds % 60, "s"),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => two(hours, "h", minutes % 60, "m"),
        _ if hours < 48 => format!("{hours}h"),
        _ if hours < 192 => two(days, "d", hours % 24, "h"),
        _ if hours < 24 * 365 * 2 => format!("{days}d"),
        _ if hours < 24 * 365 * 8 => two(years, "y", days % 365, "d"),
        _ => format!("{years}y"),
    }
}
