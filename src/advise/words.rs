//! Figures in a finding's sentences. Must not lay out text.

/// A number of at most one decimal: `96`, `1.5`.
pub fn figure(v: f64) -> String {
    let text = format!("{v:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A count, rounded: `412`, `18.2 k`, `3.4 M`.
pub fn whole(v: f64) -> String {
    match v.abs() {
        a if a < 9999.5 => format!("{}", v.round()),
        a if a < 999_950.0 => format!("{} k", figure(v / 1000.0)),
        _ => format!("{} M", figure(v / 1e6)),
    }
}

/// `45 s`, `12 min`.
pub fn seconds(s: i64) -> String {
    if s < 120 { format!("{} s", s.max(0)) } else { format!("{} min", s / 60) }
}

/// Bytes of a mebibyte.
pub const MEBI: f64 = 1_048_576.0;

/// Mebibytes: `150 Mi`.
pub fn mebi(bytes: f64) -> String {
    format!("{} Mi", (bytes / MEBI).round())
}

/// `1 pod`, `3 pods`.
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_like_a_sentence() {
        assert_eq!((figure(96.04), figure(1.46), mebi(157_286_400.0)), ("96".into(), "1.5".into(), "150 Mi".into()));
        assert_eq!([412.4, 18_234.0, 3_400_000.0].map(whole), ["412", "18.2 k", "3.4 M"]);
        assert_eq!((seconds(45), seconds(725)), ("45 s".into(), "12 min".into()));
        assert_eq!((count(1, "pod"), count(3, "pod")), ("1 pod".into(), "3 pods".into()));
    }
}
