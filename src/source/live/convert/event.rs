//! Event -> EventSeen, from either of the two event APIs.

use super::{message, name};
use crate::observe::{EventSeen, ObjectRef};
use crate::source::live::wire;

/// One version of an event. Those of events.k8s.io have `eventTime` and a series instead of first, last and count.
pub fn event(from: &wire::Event) -> EventSeen {
    let series = from.series.as_ref();
    let first = from.first_timestamp.or(from.event_time).or(from.metadata.creation_timestamp);
    EventSeen {
        uid: name(&from.metadata.uid),
        namespace: name(&from.metadata.namespace),
        first,
        last: series.and_then(|s| s.last_observed_time).or(from.last_timestamp).or(from.event_time).or(first),
        count: series.and_then(|s| s.count).or(from.count).unwrap_or(1).max(1),
        kind: name(&from.kind),
        reason: name(&from.reason),
        message: message(&from.message),
        source: name(if from.source.component.is_empty() { &from.reporting_component } else { &from.source.component }),
        object: ObjectRef {
            kind: name(&from.involved_object.kind),
            name: name(&from.involved_object.name),
            uid: name(&from.involved_object.uid),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_event_give_their_time_and_count() {
        let old = r#"{"firstTimestamp":"2026-11-24T00:00:00Z","lastTimestamp":"2026-11-24T00:05:00Z","count":7,"source":{"component":"hpa"}}"#;
        let seen = event(&serde_json::from_str(old).unwrap());
        assert_eq!((seen.count, seen.source.as_str()), (7, "hpa"));
        assert_eq!(seen.last.map(|t| t.to_rfc3339()), Some("2026-11-24T00:05:00+00:00".into()));
        let new = r#"{"firstTimestamp":null,"lastTimestamp":null,"eventTime":"2026-11-24T00:00:00.5Z","source":{},
          "series":{"count":4,"lastObservedTime":"2026-11-24T00:09:00.000000Z"},"reportingComponent":"default-scheduler"}"#;
        let seen = event(&serde_json::from_str(new).unwrap());
        assert_eq!((seen.count, seen.source.as_str()), (4, "default-scheduler"));
        assert_eq!(seen.first.map(|t| t.timestamp_subsec_millis()), Some(500));
        assert_eq!(seen.last.map(|t| t.timestamp() % 3600), Some(540));
    }

    #[test]
    fn a_hostile_message_is_cleaned_and_bounded() {
        let text = format!(r#"{{"message":"\u001b[31mred\u202e{}"}}"#, "x".repeat(1 << 20));
        let seen = event(&serde_json::from_str(&text).unwrap());
        assert!(seen.message.starts_with("redxxx") && seen.message.len() < 5000);
    }
}
