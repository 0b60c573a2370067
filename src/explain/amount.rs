//! Quantities in the units that people set: `48m`, `96 Mi`, `1.5`. Must not know what they are of.

/// Milli-units in the resource's own unit: `48m`, `96 Mi`, `1.5`.
pub fn amount(name: &str, milli: i64) -> String {
    match name.split(' ').next().unwrap_or_default() {
        "cpu" => format!("{milli}m"),
        "memory" | "ephemeral-storage" => {
            let mebi = milli as f64 / 1000.0 / 1_048_576.0;
            if mebi >= 10.0 { format!("{mebi:.0} Mi") } else { format!("{mebi:.1} Mi") }
        }
        _ => plain(milli),
    }
}

/// Milli-units as a plain number.
pub fn plain(milli: i64) -> String {
    short(milli as f64 / 1000.0)
}

/// In the unit of [`amount`], as exactly as arithmetic over it needs: `96 Mi`, `48m`, `0.061`.
pub fn exact(name: &str, v: f64) -> String {
    match name.split(' ').next().unwrap_or_default() {
        "cpu" => format!("{}m", short(v * 1000.0)),
        "memory" | "ephemeral-storage" => format!("{} Mi", short(v / 1_048_576.0)),
        _ => short(v),
    }
}

/// At most three decimals; below 1, three significant digits.
pub fn short(v: f64) -> String {
    let zeros = if v != 0.0 && v.abs() < 1.0 { -v.abs().log10().floor() } else { 1.0 };
    let text = format!("{v:.*}", zeros.clamp(1.0, 9.0) as usize + 2);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::{exact, short};

    #[test]
    fn small_figures_keep_their_digits() {
        let all = [0.0015, 0.000_057, 0.061, 0.5, 96.0, 12.3456, 0.0, 0.000_1];
        assert_eq!(all.map(short), ["0.0015", "0.000057", "0.061", "0.5", "96", "12.346", "0", "0.0001"]);
    }

    #[test]
    fn arithmetic_uses_the_units_people_set() {
        assert_eq!(exact("memory", 100_663_296.0), "96 Mi");
        assert_eq!(exact("cpu", 0.0485), "48.5m");
        assert_eq!(exact("http_requests", 12.5), "12.5");
    }
}
