//! Amounts of a Kubernetes resource in the unit that people set it in: cpu in thousandths of a core, memory in Mi.

use super::number::{finite, precise, visible};
use super::size::{MEBI, bytes};

/// CPU from thousandths of a core: `48m`, `1250m`; from ten cores on `12.5 cores`.
pub fn millicores(v: f64) -> String {
    finite(v, |v| match v.abs() >= 10_000.0 {
        true => format!("{} cores", visible(v / 1000.0)),
        false => format!("{}m", visible(v)),
    })
}

/// An amount of the metric `name` from milli-units: `48m`, `96 Mi`, `1.5`; less memory than the unit shows in a smaller one.
pub fn amount(name: &str, milli: i64) -> String {
    match resource(name) {
        "cpu" => format!("{milli}m"),
        "memory" | "ephemeral-storage" => {
            let mebi = milli as f64 / 1000.0 / MEBI;
            match mebi {
                m if milli != 0 && m.abs() < 0.05 => bytes(milli as f64 / 1000.0),
                m if m >= 10.0 => format!("{m:.0} Mi"),
                m => format!("{m:.1} Mi"),
            }
        }
        _ => plain(milli),
    }
}

/// Milli-units as a plain number.
pub fn plain(milli: i64) -> String {
    precise(milli as f64 / 1000.0)
}

/// The unit of [`amount`] from whole units (cores, bytes), with the digits that arithmetic needs: `96 Mi`, `48m`, `0.061`.
pub fn exact(name: &str, v: f64) -> String {
    match resource(name) {
        "cpu" => format!("{}m", precise(v * 1000.0)),
        "memory" | "ephemeral-storage" if v != 0.0 && v.abs() < 1024.0 => format!("{} B", precise(v)),
        "memory" | "ephemeral-storage" => format!("{} Mi", precise(v / MEBI)),
        _ => precise(v),
    }
}

/// A container metric is called `cpu of CONTAINER`.
fn resource(name: &str) -> &str {
    name.split(' ').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{amount, exact, millicores};
    use crate::format::size::{bytes, mebi};
    use proptest::prelude::*;

    #[test]
    fn what_is_below_the_unit_is_not_zero() {
        assert_eq!(amount("memory", 10), "0.01 B");
        assert_eq!(amount("memory", 20_000_000), "19.5 Ki");
        assert_eq!(amount("memory", 0), "0.0 Mi");
        assert_eq!(exact("memory", 0.01), "0.01 B");
        assert_eq!(exact("cpu", 0.0004), "0.4m");
        assert_eq!(millicores(0.004), "0.004m");
        assert_eq!((bytes(0.001), mebi(200.0)), ("0.001 B".into(), "200 B".into()));
    }

    /// Whether a text shows a digit other than zero.
    fn shows(text: &str) -> bool {
        text.chars().any(|c| matches!(c, '1'..='9'))
    }

    proptest! {
        #[test]
        fn an_amount_other_than_zero_is_never_shown_as_zero(
            milli in prop_oneof![any::<i64>(), -2000i64..2000, -60_000_000_000i64..60_000_000_000],
        ) {
            prop_assume!(milli != 0);
            let v = milli as f64 / 1000.0;
            for name in ["cpu", "memory", "ephemeral-storage", "requests"] {
                prop_assert!(shows(&amount(name, milli)), "{name} {milli}: {}", amount(name, milli));
                prop_assert!(shows(&exact(name, v)), "{name} {milli}: {}", exact(name, v));
            }
            for text in [millicores(v), bytes(v), mebi(v)] {
                prop_assert!(shows(&text), "{milli}: {text}");
            }
        }
    }

    #[test]
    fn arithmetic_is_shown_in_the_units_people_set() {
        assert_eq!(exact("memory", 100_663_296.0), "96 Mi");
        assert_eq!(exact("cpu", 0.0485), "48.5m");
        assert_eq!(exact("http_requests", 12.5), "12.5");
    }
}
