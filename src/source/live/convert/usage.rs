//! PodMetrics -> PodUsage, with the sample's own timestamp and window.

use super::name;
use super::pod::quantities;
use crate::observe::PodUsage;
use crate::source::live::wire;

/// A pod's sample; None when it has no timestamp.
pub fn pod_usage(from: &wire::PodMetrics) -> Option<PodUsage> {
    Some(PodUsage {
        pod: name(&from.metadata.name),
        at: from.timestamp?,
        window_s: seconds(from.window.trim()).unwrap_or(0.0),
        containers: from.containers.iter().map(|c| (name(&c.name), quantities(&c.usage))).collect(),
    })
}

/// Seconds of a Go duration such as `1m0.004s` or `15.061s`; None for other text.
pub fn seconds(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut sum = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let scale = match &tail[..unit] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        sum += number.parse::<f64>().ok()? * scale;
        rest = &tail[unit..];
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_go_durations() {
        assert_eq!(seconds("15.061s"), Some(15.061));
        assert_eq!(seconds("1m0.5s"), Some(60.5));
        assert_eq!(seconds("1h2m3s"), Some(3723.0));
        assert_eq!(seconds("500ms"), Some(0.5));
        for wrong in ["", "15", "s", "1x", "-3s", "1.2.3s"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_sample_without_a_timestamp_is_none() {
        assert_eq!(pod_usage(&serde_json::from_str(r#"{"metadata":{"name":"p"}}"#).unwrap()), None);
    }
}
