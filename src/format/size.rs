//! Bytes as text: binary units as Kubernetes writes them, decimal units for files on disk.

use super::number::{finite, scaled, visible};

/// Bytes of a mebibyte.
pub const MEBI: f64 = 1_048_576.0;

/// Binary units: `512 B`, `96 Mi`, `1.2 Gi`.
pub fn bytes(v: f64) -> String {
    finite(v, |v| {
        let (v, unit) = scaled(v, 1024.0, &["B", "Ki", "Mi", "Gi", "Ti", "Pi"]);
        format!("{} {unit}", visible(v))
    })
}

/// Whole mebibytes: `150 Mi`; less than half of one in a smaller unit.
pub fn mebi(of: f64) -> String {
    let whole = (of / MEBI).round();
    if whole == 0.0 && of != 0.0 { bytes(of) } else { format!("{whole} Mi") }
}

/// A file, in decimal units: `132 kB`, `1.5 MB`.
pub fn file(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{} kB", bytes / 1000),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_measured_in_decimal_units_and_memory_in_binary_ones() {
        assert_eq!([999, 132_900, 1_540_000, 2_000_000_000].map(file), ["999 B", "132 kB", "1.5 MB", "2.0 GB"]);
        assert_eq!(mebi(157_286_400.0), "150 Mi");
    }
}
