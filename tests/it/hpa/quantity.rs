//! Quantities as the controller reads them: a table of known values, and properties over many texts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use edot_tui::hpa::quantity::{QuantityError, approximate, milli, nano};
use proptest::prelude::*;

#[test]
fn known_values_in_milli_units() {
    let table = [
        ("0", 0),
        ("1", 1000),
        ("250m", 250),
        ("1.5", 1500),
        (".5", 500),
        ("1.", 1000),
        ("+2", 2000),
        ("-250m", -250),
        ("44400001n", 45),
        ("44000000n", 44),
        ("1n", 1),
        ("-1n", -1),
        ("1u", 1),
        ("1001u", 2),
        ("0.0000000001", 1),
        ("2k", 2_000_000),
        ("3M", 3_000_000_000),
        ("1G", 1_000_000_000_000),
        ("1T", 1_000_000_000_000_000),
        ("1P", 1_000_000_000_000_000_000),
        ("1E", i64::MAX),
        ("256Mi", 268_435_456_000),
        ("1Ki", 1_024_000),
        ("1.5Gi", 1_610_612_736_000),
        ("0.1Ki", 102_400),
        ("0.0001Ki", 103),
        ("1Ti", 1_099_511_627_776_000),
        ("1Pi", 1_125_899_906_842_624_000),
        ("1Ei", i64::MAX),
        ("-1Ei", -i64::MAX),
        ("1e3", 1_000_000),
        ("1E3", 1_000_000),
        ("1e-3", 1),
        ("1.25e+2", 125_000),
        ("1e-9999999999999999", 1),
        ("1e99999999999", i64::MAX),
        ("0e99999999999", 0),
        ("99999999999999999999999999999999999999999999", i64::MAX),
        ("71421952", 71_421_952_000),
        ("171502796800m", 171_502_796_800),
    ];
    for (text, want) in table {
        assert_eq!(milli(text), Ok(want), "{text}");
    }
}

#[test]
fn texts_that_are_no_quantity() {
    let table = [
        ("", QuantityError::Empty),
        (".", QuantityError::NoNumber),
        ("-", QuantityError::NoNumber),
        ("m", QuantityError::NoNumber),
        ("1.2.3", QuantityError::NoNumber),
        ("--1", QuantityError::NoNumber),
        ("1 m", QuantityError::UnknownSuffix),
        ("1K", QuantityError::UnknownSuffix),
        ("1i", QuantityError::UnknownSuffix),
        ("1mi", QuantityError::UnknownSuffix),
        ("1e", QuantityError::UnknownSuffix),
        ("1e3.5", QuantityError::UnknownSuffix),
        ("1e3m", QuantityError::UnknownSuffix),
        ("aoeu", QuantityError::NoNumber),
        ("١", QuantityError::NoNumber),
    ];
    for (text, want) in table {
        assert_eq!(milli(text), Err(want), "{text}");
        assert_eq!(nano(text), Err(want), "{text}");
        assert_eq!(approximate(text), Err(want), "{text}");
    }
}

#[test]
fn tolerances_as_floats() {
    for (text, want) in [("0.05", 0.05), ("50m", 0.05), ("0", 0.0), ("-1", -1.0), ("1Ki", 1024.0)] {
        assert_eq!(approximate(text), Ok(want), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = (milli(&text), nano(&text), approximate(&text));
    }

    #[test]
    fn no_number_like_text_makes_it_panic(text in "[+-]?[0-9.]{0,60}[eEinumkKMGTP]{0,2}[+-]?[0-9]{0,25}") {
        let _ = (milli(&text), nano(&text), approximate(&text));
    }

    #[test]
    fn integers_are_a_thousand_milli(n in -9_000_000_000_000_000_i64..9_000_000_000_000_000) {
        prop_assert_eq!(milli(&n.to_string()), Ok(n * 1000));
        prop_assert_eq!(milli(&format!("{n}m")), Ok(n));
    }

    #[test]
    fn fractions_round_away_from_zero(n in any::<i64>()) {
        let up = n.signum() * n.unsigned_abs().div_ceil(1_000_000).cast_signed();
        prop_assert_eq!(milli(&format!("{n}n")), Ok(up));
    }

    #[test]
    fn a_sign_only_changes_the_sign(text in "[0-9]{1,30}(\\.[0-9]{1,30})?(|n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|e-?[0-9]{1,2})") {
        let plain = milli(&text).unwrap();
        prop_assert_eq!(milli(&format!("-{text}")), Ok(-plain));
        prop_assert_eq!(milli(&format!("+{text}")), Ok(plain));
    }

    #[test]
    fn milli_is_the_float_rounded_up(whole in 0_u32..1_000_000, rest in 0_u32..1000, suffix in "(|k|Ki|Mi|m)") {
        let text = format!("{whole}.{rest:03}{suffix}");
        let (exact, near) = (milli(&text).unwrap() as f64, approximate(&text).unwrap() * 1000.0);
        prop_assert!((exact - near).abs() <= 1.0 + near * 1e-12, "{}: {} {}", text, exact, near);
    }

    #[test]
    fn leading_and_trailing_zeros_change_nothing(whole in "[0-9]{1,20}", rest in "[0-9]{1,20}", suffix in "(|n|m|k|G|Ki|Ei)") {
        let plain = milli(&format!("{whole}.{rest}{suffix}"));
        prop_assert_eq!(milli(&format!("000{whole}.{rest}000{suffix}")), plain);
    }
}
