//! Numbers for people: short, with their unit, never NaN or infinity. What is not known is a dash.

/// In place of a number that is not known.
pub const UNKNOWN: &str = "–";

/// `96 %`, `0.4 %`, `2000 %`.
pub fn percent(v: f64) -> String {
    finite(v, |v| format!("{} %", three_digits(v)))
}

/// Signed: `+20 %`, `−49 %`, `−5.5 %`.
pub fn percent_change(v: f64) -> String {
    let size = |v: f64| if v >= 9.95 { v.round() } else { v };
    finite(v, |v| format!("{}{} %", if v < 0.0 { "−" } else { "+" }, three_digits(size(v.abs()))))
}

/// Decimal units: `412`, `18.2 k`, `3.4 M`. For counts and rates.
pub fn count(v: f64) -> String {
    finite(v, |v| match scaled(v, 1000.0, &["", "k", "M", "G", "T"]) {
        (v, "") => three_digits(v),
        (v, unit) => format!("{} {unit}", three_digits(v)),
    })
}

/// `count` each second: `18.2 k/s`.
pub fn rate(v: f64) -> String {
    finite(v, |v| format!("{}/s", count(v)))
}

/// For a sentence, at most one decimal: `96`, `1.5`.
pub fn one_decimal(v: f64) -> String {
    let text = format!("{v:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// For a sentence, a count without decimals up to four digits: `412`, `9800`, `18.2 k`, `3.4 M`.
pub fn rounded(v: f64) -> String {
    match v.abs() {
        a if a < 9999.5 => format!("{}", v.round()),
        a if a < 999_950.0 => format!("{} k", one_decimal(v / 1000.0)),
        _ => format!("{} M", one_decimal(v / 1e6)),
    }
}

/// A count in full, in groups of three digits: `1 204 512`.
pub fn grouped(v: f64) -> String {
    finite(v, |v| {
        let digits = format!("{:.0}", v.abs());
        let gap = |(i, c): (usize, char)| (i > 0 && (digits.len() - i) % 3 == 0).then_some(' ').into_iter().chain([c]);
        let grouped: String = digits.chars().enumerate().flat_map(gap).collect();
        if v < -0.5 { format!("−{grouped}") } else { grouped }
    })
}

/// For arithmetic that is shown: at most three decimals; of what is less than 1, three digits.
pub fn precise(v: f64) -> String {
    let zeros = if v != 0.0 && v.abs() < 1.0 { -v.abs().log10().floor() } else { 1.0 };
    let text = format!("{v:.*}", zeros.clamp(1.0, 9.0) as usize + 2);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// `text` of a number; a dash for NaN and infinity.
pub(super) fn finite(v: f64, text: impl Fn(f64) -> String) -> String {
    if v.is_finite() { text(v) } else { UNKNOWN.into() }
}

/// The largest unit that leaves at least 1; values that would round up to the next unit take it.
pub(super) fn scaled(mut v: f64, by: f64, units: &[&'static str]) -> (f64, &'static str) {
    let mut at = 0;
    while v.abs() >= by - 0.5 && at + 1 < units.len() {
        v /= by;
        at += 1;
    }
    (v, units.get(at).copied().unwrap_or_default())
}

/// About three digits: `0`, `0.42`, `3.4`, `18.2`, `412`, `2000`, `1e15`.
pub(super) fn three_digits(v: f64) -> String {
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

/// As [`three_digits`], but what is not zero never looks like it: `0.001`.
pub(super) fn visible(v: f64) -> String {
    match v.abs() {
        0.0 => three_digits(v),
        a if a < 1e-9 => format!("{v:.0e}").replacen('-', "−", usize::from(v < 0.0)),
        a if a < 0.005 => precise(v).replace('-', "−"),
        _ => three_digits(v),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{age, bytes, clock, duration, millicores, millis};

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

    #[test]
    fn figures_read_like_a_sentence() {
        assert_eq!((one_decimal(96.04), one_decimal(1.46)), ("96".into(), "1.5".into()));
        assert_eq!([412.4, 18_234.0, 3_400_000.0].map(rounded), ["412", "18.2 k", "3.4 M"]);
    }

    #[test]
    fn small_figures_keep_their_digits() {
        let all = [0.0015, 0.000_057, 0.061, 0.5, 96.0, 12.3456, 0.0, 0.000_1];
        assert_eq!(all.map(precise), ["0.0015", "0.000057", "0.061", "0.5", "96", "12.346", "0", "0.0001"]);
    }
}
