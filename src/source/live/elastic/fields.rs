//! A document's fields by their plain names, wherever its mapping keeps them: `k8s.pod.name` of `resource.attributes`, nested or
//! with dots in its keys. Must not know what any field means.

use crate::observe::Time;
use crate::observe::text::{MESSAGE, NAME, clean};
use serde_json::Value;
use std::collections::BTreeMap;

/// Where mappings keep names and figures.
const PLACES: [&str; 4] = ["resource.attributes.", "scope.attributes.", "attributes.", "metrics."];
/// The fields of one document that are read at most.
const MOST: usize = 2000;

/// The fields.
#[derive(Debug, Default)]
pub struct Fields<'a>(BTreeMap<String, &'a Value>);

impl<'a> Fields<'a> {
    /// Those of a document's source.
    pub fn of(source: &'a Value) -> Fields<'a> {
        let mut fields = Fields::default();
        fields.add("", source);
        fields
    }

    fn add(&mut self, path: &str, value: &'a Value) {
        match value {
            Value::Object(all) => {
                for (key, value) in all {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    self.add(&path, value);
                }
            }
            // An answer's fields are lists, mostly of one.
            Value::Array(all) if all.len() == 1 => all.iter().for_each(|value| self.add(path, value)),
            Value::Null => {}
            _ if self.0.len() >= MOST => {}
            value => {
                let plain = PLACES.iter().find_map(|place| path.strip_prefix(place)).unwrap_or(path);
                self.0.entry(plain.to_owned()).or_insert(value);
            }
        }
    }

    /// The first of these fields that holds text, cleaned; none where it is empty.
    pub fn text(&self, names: &[&str]) -> Option<String> {
        self.cleaned(names, NAME)
    }

    /// The same for a message, which may be longer than a name.
    pub fn message(&self, names: &[&str]) -> Option<String> {
        self.cleaned(names, MESSAGE)
    }

    fn cleaned(&self, names: &[&str], most: usize) -> Option<String> {
        let text = |name: &&str| self.0.get(*name).and_then(|value| value.as_str()).map(|text| clean(text, most));
        names.iter().filter_map(text).find(|text| !text.is_empty())
    }

    /// The first of these fields that holds a finite number, also as text.
    pub fn number(&self, names: &[&str]) -> Option<f64> {
        names.iter().find_map(|name| number(self.0.get(*name)?))
    }

    /// The first of these fields that holds a whole number that a count can be.
    pub fn whole(&self, names: &[&str]) -> Option<i32> {
        self.number(names).and_then(whole)
    }

    /// The first of these fields that holds a time.
    pub fn time(&self, names: &[&str]) -> Option<Time> {
        names.iter().find_map(|name| time(self.0.get(*name)?))
    }

    /// Every field whose name begins so.
    pub fn beginning(&self, with: &str) -> impl Iterator<Item = (&str, &'a Value)> {
        self.0.iter().filter(move |(name, _)| name.starts_with(with)).map(|(name, value)| (name.as_str(), *value))
    }
}

/// The buckets of an aggregation.
pub fn buckets(of: &Value) -> impl Iterator<Item = &Value> {
    of["buckets"].as_array().into_iter().flatten()
}

/// A finite number, also as text.
pub fn number(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    number.is_finite().then_some(number)
}

/// A count that is not below 0.
pub fn whole(number: f64) -> Option<i32> {
    (0.0..=f64::from(i32::MAX)).contains(&number).then(|| number.round() as i32)
}

/// A time: RFC 3339, or milliseconds since 1970, which the exporter writes as a number or as text with a fraction.
pub fn time(value: &Value) -> Option<Time> {
    if let Some(at) = value.as_str().and_then(|text| text.parse().ok()) {
        return Some(at);
    }
    let ms = number(value).filter(|ms| (0.0..=4e12).contains(ms))?;
    Time::from_timestamp_micros((ms * 1000.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_has_its_plain_name_in_every_mapping() {
        for doc in [
            json!({"resource": {"attributes": {"k8s.pod.name": "p"}}, "metrics": {"k8s.pod.cpu.usage": 0.5}}),
            json!({"resource": {"attributes": {"k8s": {"pod": {"name": "p"}}}}, "metrics": {"k8s": {"pod": {"cpu": {"usage": "0.5"}}}}}),
            json!({"resource.attributes.k8s.pod.name": ["p"], "k8s.pod.cpu.usage": [0.5]}),
            json!({"k8s": {"pod": {"name": "p", "cpu.usage": 0.5}}}),
        ] {
            let fields = Fields::of(&doc);
            assert_eq!(fields.text(&["x", "k8s.pod.name"]).as_deref(), Some("p"), "{doc}");
            assert_eq!(fields.number(&["k8s.pod.cpu.usage"]), Some(0.5), "{doc}");
        }
    }

    #[test]
    fn times_are_read_in_each_form() {
        let ms = |value: Value| time(&value).map(|at| at.timestamp_millis());
        assert_eq!(ms(json!("2026-11-29T11:13:16.813Z")), Some(1_795_950_796_813));
        assert_eq!(ms(json!(1_795_950_796_813_i64)), Some(1_795_950_796_813));
        assert_eq!(ms(json!("1795950796813.250000")), Some(1_795_950_796_813));
        assert_eq!([json!("soon"), json!(null), json!(-1), json!(1e300), json!({})].map(ms), [None; 5]);
    }

    #[test]
    fn text_is_cleaned_and_what_is_no_count_is_none() {
        let doc = json!({"k8s.pod.name": "a\u{1b}[31mb", "n": -1, "big": 1e12, "text": "7"});
        let fields = Fields::of(&doc);
        assert_eq!(fields.text(&["k8s.pod.name"]).as_deref(), Some("ab"));
        assert_eq!([fields.whole(&["n"]), fields.whole(&["big"]), fields.whole(&["text"])], [None, None, Some(7)]);
    }
}
