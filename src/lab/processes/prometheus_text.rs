//! The Prometheus text format as Go writes it.

use std::fmt::Write;

/// A response under construction: metric families in order.
#[derive(Debug, Default)]
pub struct MetricsText(String);

impl MetricsText {
    /// The head of a family; `kind` is `counter`, `gauge` or `histogram`.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ok = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// A sample; labels are written in the order given.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        if !labels.is_empty() {
            let all: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
            let _ok = write!(self.0, "{{{}}}", all.join(","));
        }
        let _ok = writeln!(self.0, " {}", number(value));
    }

    /// A family with one sample.
    pub fn single(&mut self, name: &str, kind: &str, help: &str, labels: &[(&str, &str)], value: f64) {
        self.family(name, kind, help);
        self.sample(name, labels, value);
    }

    pub fn done(self) -> String {
        self.0
    }
}

/// A number in the form of Go's `strconv` with format `g`: from 1e6 on and below 1e-4 with an exponent of at least two
/// digits.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-4..1e6).contains(&size) {
        return value.to_string();
    }
    let text = format!("{value:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_go_writes_them() {
        let real = [
            (98_684_928.0, "9.8684928e+07"),
            (270_730.0, "270730"),
            (33.352_399_26, "33.35239926"),
            (0.0, "0"),
            (1_000_000.0, "1e+06"),
            (0.000_01, "1e-05"),
            (4.67, "4.67"),
        ];
        for (value, text) in real {
            assert_eq!(number(value), text);
        }
    }
}
