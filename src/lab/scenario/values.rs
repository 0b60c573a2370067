//! The kinds of value a scenario has, each with its own check and its own sentence.

use crate::hpa::quantity;
use chrono::TimeDelta;
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use std::fmt;

/// A length of time such as "90s", "1m30s", "250ms"; at most a day.
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
    /// A quantity known to be one; 0 if it is none.
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

const DURATION: &str = "a duration such as \"30s\", \"1m30s\" or \"250ms\", at most a day";
const QUANTITY: &str = "a quantity such as \"250m\", \"1\" or \"256Mi\"";
const SHARE: &str = "a number from 0 to 1";

struct DurVisitor;

impl Visitor<'_> for DurVisitor {
    type Value = Dur;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DURATION)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Dur, E> {
        let wrong = || E::invalid_value(Unexpected::Str(text), &self);
        let length = humantime::parse_duration(text).map_err(|_| wrong())?;
        let ms = i64::try_from(length.as_millis()).map_err(|_| wrong())?;
        if ms > 86_400_000 { Err(wrong()) } else { Ok(Dur::millis(ms)) }
    }
}

impl<'de> serde::Deserialize<'de> for Dur {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(DurVisitor)
    }
}

struct QuantityVisitor;

impl Visitor<'_> for QuantityVisitor {
    type Value = Quantity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(QUANTITY)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
        match quantity::milli(text) {
            Ok(milli) if milli > 0 => Ok(Quantity { text: text.to_owned(), milli }),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(QuantityVisitor)
    }
}

struct ShareVisitor;

impl Visitor<'_> for ShareVisitor {
    type Value = Share;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHARE)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Share, E> {
        match (0.0..=1.0).contains(&value) {
            true => Ok(Share(value)),
            false => Err(E::invalid_value(Unexpected::Float(value), &self)),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Share, E> {
        self.visit_f64(value as f64)
    }
}

impl<'de> serde::Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ShareVisitor)
    }
}
