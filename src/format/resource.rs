//! Amounts of a Kubernetes resource in the unit that people set it in: cpu in thousandths of a core, memory in Mi.

use super::number::{finite, precise, three_digits};
use super::size::MEBI;

/// CPU from thousandths of a core: `48m`, `1250m`; from ten cores on `12.5 cores`.
pub fn millicores(v: f64) -> String {
    finite(v, |v| match v.abs() >= 10_000.0 {
        true => format!("{} cores", three_digits(v / 1000.0)),
        false => format!("{}m", three_digits(v)),
    })
}

/// An amount of the metric `name` from milli-units: `48m`, `96 Mi`, `1.5`.
pub fn amount(name: &str, milli: i64) -> String {
    match resource(name) {
        "cpu" => format!("{milli}m"),
        "memory" | "ephemeral-storage" => {
            let mebi = milli as f64 / 1000.0 / MEBI;
            if mebi >= 10.0 { format!("{mebi:.0} Mi") } else { format!("{mebi:.1} Mi") }
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
    use super::exact;

    #[test]
    fn arithmetic_is_shown_in_the_units_people_set() {
        assert_eq!(exact("memory", 100_663_296.0), "96 Mi");
        assert_eq!(exact("cpu", 0.0485), "48.5m");
        assert_eq!(exact("http_requests", 12.5), "12.5");
    }
}
