//! What people type, read: lengths of time, positions on a clock, sizes. Must not decide which are allowed: the caller
//! knows the bounds and the sentence for what is wrong.

use std::time::Duration;

/// The known word that is most like `word`, if one is at least that like it (0 to 1): for "did you mean".
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>, least: f64) -> Option<&'a str> {
    let scored = known.map(|one| (strsim::jaro_winkler(word, one), one)).filter(|(score, _)| *score > least);
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, one)| one)
}

/// `10s`, `1m30s`, or a number of seconds.
pub fn duration(text: &str) -> Option<Duration> {
    match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(text).ok(),
    }
}

/// Seconds, from `4:12`, `1:04:12`, `90s` or `5m`.
pub fn position(text: &str) -> Option<i64> {
    let parts: Option<Vec<i64>> = text.split(':').map(whole).collect();
    match (parts.as_deref(), text.strip_suffix('s'), text.strip_suffix('m')) {
        (Some([m, s]), ..) if *s < 60 => Some(m * 60 + s),
        (Some([h, m, s]), ..) if *m < 60 && *s < 60 => Some(h * 3600 + m * 60 + s),
        (_, Some(s), _) => whole(s),
        (_, _, Some(m)) => whole(m).map(|m| m * 60),
        _ => None,
    }
}

/// Bytes, from `500MB`, `10G` or a bare number; never 0. Units are decimal.
pub fn bytes(text: &str) -> Option<u64> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let factor = match text[at..].trim().to_ascii_lowercase().trim_end_matches('b') {
        "" => 1,
        "k" => 1000,
        "m" => 1_000_000,
        "g" => 1_000_000_000,
        _ => return None,
    };
    text[..at].parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).filter(|n| *n > 0)
}

/// Digits only: no sign, no space.
fn whole(text: &str) -> Option<i64> {
    text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit())).map(i64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_positions_and_sizes_are_read() {
        let seconds = |text| duration(text).map(|d| d.as_secs());
        assert_eq!(
            ["10", "10s", "1m30s", "-1", "", "soon"].map(seconds),
            [Some(10), Some(10), Some(90), None, None, None]
        );
        assert_eq!(["4:12", "1:00:05", "90s", "5m"].map(position), [Some(252), Some(3605), Some(90), Some(300)]);
        assert_eq!(["", "x", "4:60", "-3s", "4:1:60", "4", "+5s", "s"].map(position), [None; 8]);
        assert_eq!(
            ["500MB", "10g", "7", "2 kB"].map(bytes),
            [Some(500_000_000), Some(10_000_000_000), Some(7), Some(2000)]
        );
        assert_eq!(["0", "", "5x", "99999999999999999999", "-1"].map(bytes), [None; 5]);
    }
}
