//! Values, attributes, times and the resource, as the protocol has them. Must not know what is sent.

use crate::session::Session;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::Value;

/// Nanoseconds since 1970 of milliseconds since then.
pub fn nanos(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0).saturating_mul(1_000_000)
}

/// None for null, and for what no attribute should hold.
pub fn any(value: &Value) -> Option<AnyValue> {
    let value = match value {
        Value::Null | Value::Object(_) | Value::Array(_) => return None,
        Value::Bool(b) => Any::BoolValue(*b),
        Value::String(s) => Any::StringValue(s.clone()),
        Value::Number(n) => n.as_i64().map_or_else(|| Any::DoubleValue(n.as_f64().unwrap_or(0.0)), Any::IntValue),
    };
    Some(AnyValue { value: Some(value) })
}

/// An attribute; None where it has no value or an empty one.
pub fn attribute(key: impl Into<String>, value: impl Into<Value>) -> Option<KeyValue> {
    let value = value.into();
    let filled = value.as_str() != Some("");
    any(&value).filter(|_| filled).map(|value| KeyValue { key: key.into(), value: Some(value), ..Default::default() })
}

/// What everything that is sent belongs to: the HPA, by the names of the conventions, and the session. `more` is what
/// `OTEL_RESOURCE_ATTRIBUTES` adds or replaces.
pub fn resource(session: &Session, id: &str, more: &[(String, String)]) -> Resource {
    let (watching, hpa) = (&session.watching, session.hpa.as_ref());
    let target = hpa.map(|hpa| &hpa.target);
    let of = |text: Option<&String>| text.cloned().unwrap_or_default();
    let own = [
        attribute("service.name", "edot-tui"),
        attribute("service.version", env!("CARGO_PKG_VERSION")),
        attribute("service.instance.id", id),
        attribute("k8s.namespace.name", watching.namespace.as_str()),
        attribute("k8s.hpa.name", watching.hpa.as_str()),
        attribute("k8s.hpa.uid", of(hpa.map(|hpa| &hpa.uid))),
        attribute("k8s.hpa.scaletargetref.api_version", of(target.map(|t| &t.api_version))),
        attribute("k8s.hpa.scaletargetref.kind", of(target.map(|t| &t.kind))),
        attribute("k8s.hpa.scaletargetref.name", of(target.map(|t| &t.name))),
        attribute("edot_tui.session", id),
        attribute("edot_tui.context", watching.context.as_str()),
    ];
    let replaced = |key: &str| more.iter().any(|(name, _)| name == key);
    let mut attributes: Vec<KeyValue> = own.into_iter().flatten().filter(|a| !replaced(&a.key)).collect();
    attributes.extend(more.iter().filter_map(|(key, value)| attribute(key, value.as_str())));
    Resource { attributes, ..Default::default() }
}

pub fn scope() -> InstrumentationScope {
    InstrumentationScope { name: "edot-tui".into(), version: env!("CARGO_PKG_VERSION").into(), ..Default::default() }
}
