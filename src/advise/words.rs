//! Figures in a finding's sentences. Must not lay out text.

/// Mebibytes: `150 Mi`.
pub fn mebi(bytes: f64) -> String {
    format!("{} Mi", (bytes / 1_048_576.0).round())
}

/// `1 pod`, `3 pods`.
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_lists_read_like_a_sentence() {
        assert_eq!(mebi(157_286_400.0), "150 Mi");
        assert_eq!((count(1, "pod"), count(3, "pod")), ("1 pod".into(), "3 pods".into()));
    }
}
