//! The types of value in a scenario, each with its own check and its own error text.

use crate::hpa::quantity;
use chrono::TimeDelta;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use std::fmt;

/// A duration such as "90s", "1m30s", "250ms"; at most a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Dur(pub TimeDelta);

impl Dur {
    pub const fn seconds(s: i64) -> Self {
        Dur(TimeDelta::seconds(s))
    }

    pub const fn millis(ms: i64) -> Self {
        Dur(TimeDelta::milliseconds(ms))
    }

    pub fn ms(self) -> i64 {
        self.0.num_milliseconds()
    }

    pub fn s(self) -> f64 {
        self.ms() as f64 / 1000.0
    }
}

/// A Kubernetes quantity such as "250m", "1.5", "256Mi", kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    pub text: String,
    /// In milli-units.
    pub milli: i64,
}

impl Quantity {
    /// A quantity that is written in this program; 0 if it cannot be read.
    pub fn of(text: &str) -> Self {
        Quantity { text: text.to_owned(), milli: quantity::milli(text).unwrap_or(0) }
    }

    /// In whole units: cores, bytes.
    pub fn units(&self) -> f64 {
        self.milli as f64 / 1000.0
    }
}

/// A part of a whole, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Share(pub f64);

/// How a value is read: from text or from a number, as far as it may be written so.
struct ValueVisitor<T> {
    /// What an error names after "expected".
    expected: &'static str,
    from_text: Option<fn(&str) -> Option<T>>,
    from_number: Option<fn(f64) -> Option<T>>,
}

impl<T> Visitor<'_> for ValueVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let read = self.from_text.ok_or_else(|| E::invalid_type(Unexpected::Str(text), &self))?;
        read(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        let read = self.from_number.ok_or_else(|| E::invalid_type(Unexpected::Float(value), &self))?;
        read(value).ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        match self.from_number {
            Some(_) => self.visit_f64(value as f64),
            None => Err(E::invalid_type(Unexpected::Signed(value), &self)),
        }
    }
}

impl<'de> Deserialize<'de> for Dur {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ValueVisitor {
            expected: "a duration such as \"30s\", \"1m30s\" or \"250ms\", at most a day",
            from_text: Some(|text| {
                let length = humantime::parse_duration(text).ok()?;
                let ms = i64::try_from(length.as_millis()).ok()?;
                (ms <= 86_400_000).then(|| Dur::millis(ms))
            }),
            from_number: None,
        })
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ValueVisitor {
            expected: "a quantity such as \"250m\", \"1\" or \"256Mi\"",
            from_text: Some(|text| {
                let milli = quantity::milli(text).ok().filter(|milli| *milli > 0)?;
                Some(Quantity { text: text.to_owned(), milli })
            }),
            from_number: None,
        })
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ValueVisitor {
            expected: "a number from 0 to 1",
            from_text: None,
            from_number: Some(|value| (0.0..=1.0).contains(&value).then_some(Share(value))),
        })
    }
}
