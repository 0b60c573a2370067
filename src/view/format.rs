//! Figures for people: short, with their unit, never NaN or infinity. What is not known is a dash.

/// What stands where no figure is known.
pub const UNKNOWN: &str = "–";

/// `96 %`, `0.4 %`, `2000 %`.
pub fn percent(v: f64) -> String {
    scaled(v, |v| format!("{} %", figure(v)))
}

/// Signed: `+20 %`, `−49 %`, `−5.5 %`.
pub fn percent_change(v: f64) -> String {
    let size = |v: f64| if v >= 9.95 { v.round() } else { v };
    scaled(v, |v| format!("{}{} %", if v < 0.0 { "−" } else { "+" }, figure(size(v.abs()))))
}

/// CPU in thousandths of a core as Kubernetes writes it: `48m`, `1250m`; from ten cores on `12.5 cores`.
pub fn millicores(v: f64) -> String {
    scaled(v, |v| if v.abs() >= 10_000.0 { format!("{} cores", figure(v / 1000.0)) } else { format!("{}m", figure(v)) })
}

/// Binary units as Kubernetes writes them: `512 B`, `96 Mi`, `1.2 Gi`.
pub fn bytes(v: f64) -> String {
    scaled(v, |v| {
        let (v, unit) = step(v, 1024.0, &["B", "Ki", "Mi", "Gi", "Ti", "Pi"]);
        format!("{} {unit}", figure(v))
    })
}

/// Decimal units: `412`, `18.2 k`, `3.4 M`. For counts and rates.
pub fn count(v: f64) -> String {
    scaled(v, |v| match step(v, 1000.0, &["", "k", "M", "G", "T"]) {
        (v, "") => figure(v),
        (v, unit) => format!("{} {unit}", figure(v)),
    })
}

/// `count` each second: `18.2 k/s`.
pub fn rate(v: f64) -> String {
    scaled(v, |v| format!("{}/s", count(v)))
}

/// Latencies, from milliseconds: `0.8 ms`, `310 ms`, `1.2 s`, `2:31`.
pub fn millis(v: f64) -> String {
    scaled(v, |v| match v.abs() {
        a if a < 1000.0 => format!("{} ms", figure(v)),
        a if a < 100_000.0 => format!("{} s", figure(v / 1000.0)),
        _ => duration((v / 1000.0) as i64),
    })
}

/// Lengths of time, from seconds: `62 s`, `2:31`, `3 h 05`, `2 d 04 h`.
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

/// Running clocks, from seconds: `0:07`, `4:12`, `1:02:03`.
pub fn clock(seconds: i64) -> String {
    let sign = if seconds < 0 { "−" } else { "" };
    let s = seconds.unsigned_abs();
    match s {
        0..3600 => format!("{sign}{}:{:02}", s / 60, s % 60),
        _ => format!("{sign}{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60),
    }
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

fn scaled(v: f64, words: impl Fn(f64) -> String) -> String {
    if v.is_finite() { words(v) } else { UNKNOWN.into() }
}

/// The largest unit that leaves at least 1; values that would round up to the next unit take it.
fn step(mut v: f64, by: f64, units: &[&'static str]) -> (f64, &'static str) {
    let mut at = 0;
    while v.abs() >= by - 0.5 && at + 1 < units.len() {
        v /= by;
        at += 1;
    }
    (v, units.get(at).copied().unwrap_or_default())
}

/// About three digits: `0`, `0.42`, `3.4`, `18.2`, `412`, `2000`, `1e15`.
fn figure(v: f64) -> String {
    let trimmed = |s: String| match s.contains('.') {
        true => s.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => s,
    };
    let text = match v.abs() {
        a if a < 0.005 => "0".into(),
        a if a < 0.995 => trimmed(format!("{v:.2}")),
        a if a < 99.95 => trimmed(format!("{v:.1}")),
        a if a < 1e9 => format!("{v:.0}"),
        _ => format!("{v:.0e}"),
    };
    text.replace('-', "−").replace("e−", "e-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_carry_their_unit() {
        for (got, want) in [
            (percent(96.0), "96 %"),
            (percent(95.96), "96 %"),
            (percent(0.42), "0.42 %"),
            (percent(2000.4), "2000 %"),
            (percent_change(-48.75), "−49 %"),
            (percent_change(-5.46), "−5.5 %"),
            (percent_change(20.0), "+20 %"),
            (millicores(48.2), "48.2m"),
            (millicores(1250.0), "1250m"),
            (millicores(12_500.0), "12.5 cores"),
            (bytes(0.0), "0 B"),
            (bytes(1023.9), "1 Ki"),
            (bytes(96.0 * 1048576.0), "96 Mi"),
            (bytes(1.25 * 1073741824.0), "1.2 Gi"),
            (count(412.0), "412"),
            (count(999.7), "1 k"),
            (count(18_234.0), "18.2 k"),
            (rate(3_400_000.0), "3.4 M/s"),
            (millis(0.83), "0.83 ms"),
            (millis(310.0), "310 ms"),
            (millis(1234.0), "1.2 s"),
            (duration(62), "62 s"),
            (duration(151), "2:31"),
            (duration(11_100), "3 h 05"),
            (duration(-34), "−34 s"),
            (clock(252), "4:12"),
            (age(151), "2m31s"),
            (age(-3), "0s"),
            (count(f64::NAN), UNKNOWN),
            (bytes(f64::INFINITY), UNKNOWN),
            (percent(-0.001), "0 %"),
        ] {
            assert_eq!(got, want);
        }
    }

    #[test]
    fn no_number_makes_a_figure_long_or_wild() {
        let mut wild = vec![f64::MAX, f64::MIN, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY, -0.0];
        wild.extend((-320..308).map(|e| 9.9999 * 10f64.powi(e)));
        for v in wild {
            for text in [percent(v), percent_change(v), millicores(v), bytes(v), count(v), rate(v), millis(v)] {
                assert!(text.chars().count() <= 18, "{v} gives {text}");
                assert!(!text.contains("NaN") && !text.contains("inf"), "{v} gives {text}");
            }
        }
        for s in [i64::MIN, i64::MAX] {
            assert!(!duration(s).is_empty() && !clock(s).is_empty() && !age(s).is_empty());
        }
    }
}
