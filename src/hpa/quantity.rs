//! Kubernetes quantities ("250m", "1.5Gi", "44400001n") as the integers the HPA controller computes with.
//! Must not print quantities.
//!
//! ```
//! use edot_tui::hpa::quantity::{approximate, milli};
//!
//! assert_eq!(milli("250m"), Ok(250)); // a quarter of a core, in millicores
//! assert_eq!(milli("1.5Gi"), Ok(1_610_612_736_000)); // bytes × 1000
//! assert_eq!(milli("44400001n"), Ok(45)); // rounded up, as the controller does
//! assert_eq!(approximate("50m"), Ok(0.05)); // a tolerance
//! assert!(milli("1 core").is_err());
//! ```

use std::fmt;

/// Why a text is not a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantityError {
    /// Nothing at all.
    Empty,
    /// No digit before the suffix, or a second decimal point.
    NoNumber,
    /// A suffix Kubernetes does not know.
    UnknownSuffix,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an empty quantity",
            Self::NoNumber => "a quantity without a number",
            Self::UnknownSuffix => "a quantity with an unknown suffix",
        })
    }
}

impl std::error::Error for QuantityError {}

/// The multiplier of a suffix.
#[derive(Clone, Copy)]
enum Scale {
    /// A power of ten.
    Ten(i64),
    /// A power of two (10, 20 … 60).
    Two(u32),
}

/// A parsed quantity: digits before and after the point, and the scale.
struct Parts<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    scale: Scale,
}

/// The quantity in milli-units, as `Quantity.MilliValue()`: a fraction of a milli-unit is rounded away from
/// zero (44400001n of cpu is 45), what does not fit an int64 saturates.
///
/// # Errors
/// When the text is not a quantity.
pub fn milli(text: &str) -> Result<i64, QuantityError> {
    let parts = split(text)?;
    Ok(rounded(&parts, 3))
}

/// Milli-units as Kubernetes writes them: `512`, `1500m`.
pub fn text(milli: i64) -> String {
    if milli % 1000 == 0 { (milli / 1000).to_string() } else { format!("{milli}m") }
}

/// The quantity in nano-units, rounded away from zero, saturating.
///
/// # Errors
/// When the text is not a quantity.
pub fn nano(text: &str) -> Result<i64, QuantityError> {
    let parts = split(text)?;
    Ok(rounded(&parts, 9))
}

/// The quantity in units as a float, as `Quantity.AsApproximateFloat64()`: the digits as an integer times a
/// power. The tolerance fields are read this way by the controller.
///
/// # Errors
/// When the text is not a quantity.
pub fn approximate(text: &str) -> Result<f64, QuantityError> {
    let parts = split(text)?;
    let digits = parts.whole.iter().chain(parts.fraction);
    let base = digits.fold(0.0_f64, |sum, d| sum * 10.0 + f64::from(d - b'0'));
    let places = i64::try_from(parts.fraction.len()).unwrap_or(i64::MAX);
    let (ten, two) = match parts.scale {
        Scale::Ten(power) => (power.saturating_sub(places), 0),
        Scale::Two(power) => (places.saturating_neg(), power),
    };
    let ten = i32::try_from(ten.clamp(-400, 400)).unwrap_or(0);
    let value = match ten {
        0 => base,
        _ => base * power_of_ten(ten),
    } * 2_f64.powi(two.cast_signed());
    Ok(if parts.negative { -value } else { value })
}

/// 10^n correctly rounded, which repeated multiplication is not.
fn power_of_ten(n: i32) -> f64 {
    format!("1e{n}").parse().unwrap_or(f64::INFINITY)
}

/// |quantity| × 10^places rounded up, with its sign.
fn rounded(parts: &Parts<'_>, places: i64) -> i64 {
    let (value, rest) = match parts.scale {
        Scale::Ten(power) => shifted(parts, power.saturating_add(places)),
        Scale::Two(power) => {
            let unit = 10_u128.pow(u32::try_from(places).unwrap_or(0)) << power;
            multiplied(parts, unit)
        }
    };
    let up = value.saturating_add(u128::from(rest));
    let size = i64::try_from(up).unwrap_or(i64::MAX);
    if parts.negative { -size } else { size }
}

/// The number with its decimal point moved right by `power` places: whole part, and whether a fraction remains.
fn shifted(parts: &Parts<'_>, power: i64) -> (u128, bool) {
    let mut point = i64::try_from(parts.whole.len()).unwrap_or(i64::MAX).saturating_add(power);
    let (mut value, mut rest) = (0_u128, false);
    for digit in parts.whole.iter().chain(parts.fraction) {
        let digit = u128::from(digit - b'0');
        if point > 0 {
            value = value.saturating_mul(10).saturating_add(digit);
            point -= 1;
        } else {
            rest |= digit != 0;
        }
    }
    // zeros up to the point: more than 40 saturate anything but zero
    for _ in 0..point.clamp(0, 40) {
        value = value.saturating_mul(10);
    }
    (value, rest)
}

/// The number times an integer: whole part, and whether a fraction remains. Exact for any number of digits.
fn multiplied(parts: &Parts<'_>, unit: u128) -> (u128, bool) {
    let whole = parts.whole.iter().fold(0_u128, |sum, d| sum.saturating_mul(10).saturating_add(u128::from(d - b'0')));
    let (mut fraction, mut rest) = (0_u128, false);
    for digit in parts.fraction.iter().rev() {
        let sum = u128::from(digit - b'0').saturating_mul(unit).saturating_add(fraction);
        rest |= sum % 10 != 0;
        fraction = sum / 10;
    }
    (whole.saturating_mul(unit).saturating_add(fraction), rest)
}

/// Sign, digits, point, digits, suffix.
fn split(text: &str) -> Result<Parts<'_>, QuantityError> {
    if text.is_empty() {
        return Err(QuantityError::Empty);
    }
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, rest) = digits(text);
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => ("", rest),
    };
    if (whole.is_empty() && fraction.is_empty()) || suffix.starts_with('.') {
        return Err(QuantityError::NoNumber);
    }
    Ok(Parts { negative, whole: whole.as_bytes(), fraction: fraction.as_bytes(), scale: scale(suffix)? })
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

fn scale(suffix: &str) -> Result<Scale, QuantityError> {
    Ok(match suffix {
        "n" => Scale::Ten(-9),
        "u" => Scale::Ten(-6),
        "m" => Scale::Ten(-3),
        "" => Scale::Ten(0),
        "k" => Scale::Ten(3),
        "M" => Scale::Ten(6),
        "G" => Scale::Ten(9),
        "T" => Scale::Ten(12),
        "P" => Scale::Ten(15),
        "E" => Scale::Ten(18),
        "Ki" => Scale::Two(10),
        "Mi" => Scale::Two(20),
        "Gi" => Scale::Two(30),
        "Ti" => Scale::Two(40),
        "Pi" => Scale::Two(50),
        "Ei" => Scale::Two(60),
        _ => Scale::Ten(exponent(suffix)?),
    })
}

/// "e3", "E-2", "e+6".
fn exponent(suffix: &str) -> Result<i64, QuantityError> {
    let power = suffix.strip_prefix(['e', 'E']).ok_or(QuantityError::UnknownSuffix)?;
    power.parse().map_err(|_| QuantityError::UnknownSuffix)
}
