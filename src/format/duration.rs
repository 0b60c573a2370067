//! Lengths of time as text. Must not read a clock.

use super::number::{finite, three_digits};

/// Latencies, from milliseconds: `0.8 ms`, `310 ms`, `1.2 s`, `2:31`.
pub fn millis(v: f64) -> String {
    finite(v, |v| match v.abs() {
        a if a < 1000.0 => format!("{} ms", three_digits(v)),
        a if a < 100_000.0 => format!("{} s", three_digits(v / 1000.0)),
        _ => duration((v / 1000.0) as i64),
    })
}

/// From seconds: `62 s`, `2:31`, `3 h 05`, `2 d 04 h`.
pub fn duration(seconds: i64) -> String {
    let sign = if seconds < 0 { "−" } else { "" };
    let s = seconds.unsigned_abs();
    match s {
        0..100 => format!("{sign}{s} s"),
        100..3600 => format!("{sign}{}:{:02}", s / 60, s % 60),
        3600..172_800 => format!("{sign}{} h {:02}", s / 3600, s / 60 % 60),
        172_800..8_640_000 => format!("{sign}{} d {:02} h", s / 86_400, s / 3600 % 24),
        _ => format!("{sign}{} d", s / 86_400),
    }
}

/// For a sentence, from seconds: `45 s`, `12 min`.
pub fn coarse(seconds: i64) -> String {
    if seconds < 120 { format!("{} s", seconds.max(0)) } else { format!("{} min", seconds / 60) }
}

/// Running clocks, from seconds: `0:07`, `4:12`, `1:02:03`.
pub fn clock(seconds: i64) -> String {
    let sign = if seconds < 0 { "−" } else { "" };
    let s = seconds.unsigned_abs();
    match s {
        0..3600 => format!("{sign}{}:{:02}", s / 60, s % 60),
        _ => format!("{sign}{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60),
    }
}

/// Minutes and seconds, however many minutes, from milliseconds: `3:12`, `75:00`.
pub fn minutes(ms: i64) -> String {
    let s = (ms.unsigned_abs() + 500) / 1000;
    format!("{}{}:{:02}", if ms < 0 && s > 0 { "−" } else { "" }, s / 60, s % 60)
}

/// Ages as kubectl writes them, from seconds: `45s`, `2m31s`, `12m`, `3h5m`, `2d4h`, `12d`.
pub fn age(seconds: i64) -> String {
    let s = seconds.max(0);
    let two = |a: i64, unit: char, b: i64, small: char| {
        if b == 0 { format!("{a}{unit}") } else { format!("{a}{unit}{b}{small}") }
    };
    match s {
        0..120 => format!("{s}s"),
        120..600 => two(s / 60, 'm', s % 60, 's'),
        600..10_800 => format!("{}m", s / 60),
        10_800..28_800 => two(s / 3600, 'h', s / 60 % 60, 'm'),
        28_800..172_800 => format!("{}h", s / 3600),
        172_800..691_200 => two(s / 86_400, 'd', s / 3600 % 24, 'h'),
        _ => format!("{}d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_like_a_sentence_or_a_clock() {
        assert_eq!((coarse(45), coarse(725)), ("45 s".into(), "12 min".into()));
        assert_eq!([192_400, 4_500_000, -400, -1_600].map(minutes), ["3:12", "75:00", "0:00", "−0:02"]);
    }
}
