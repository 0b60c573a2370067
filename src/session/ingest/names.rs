//! Parses names: the signal of a data stream, and the stream and generation of a backing index. Pure.

use crate::observe::Signal;

/// The signal of a data stream, by the naming scheme `type-dataset-namespace`.
pub fn signal(stream: &str) -> Option<Signal> {
    let begins =
        |s: &Signal| stream.strip_prefix(s.name()).is_some_and(|rest| rest.starts_with(['-', '.']) || rest.is_empty());
    Signal::ALL.into_iter().find(begins)
}

/// An index of a data stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backing<'a> {
    pub stream: &'a str,
    /// The number at its end; 0 for an index that is no backing index.
    pub generation: u64,
    /// It was written to by its stream. What a lifecycle policy made from it later (`partial-…`, `shrink-…`, `downsample-…`)
    /// holds documents that were indexed long before.
    pub original: bool,
}

/// `.ds-logs-generic.otel-default-2026.11.24-000001` -> `logs-generic.otel-default`, 1. An index with any other name counts
/// as its own stream.
pub fn backing(index: &str) -> Backing<'_> {
    let plain = Backing { stream: index, generation: 0, original: true };
    let (before, rest) = match index.find(".ds-") {
        Some(at) => (&index[..at], &index[at + 4..]),
        None => return plain,
    };
    let parts = rest.rsplit_once('-').and_then(|(head, number)| {
        let (stream, date) = head.rsplit_once('-')?;
        let dated = date.len() == 10 && date.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        number.parse().ok().filter(|_| dated && !stream.is_empty()).map(|n| (stream, n))
    });
    match parts {
        Some((stream, generation)) => Backing { stream, generation, original: before.is_empty() },
        None => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backing_index_names_its_stream_and_generation() {
        let of = |name| (backing(name).stream, backing(name).generation, backing(name).original);
        assert_eq!(of(".ds-logs-generic.otel-default-2026.11.24-000012"), ("logs-generic.otel-default", 12, true));
        assert_eq!(of("partial-.ds-logs-a-b-2026.11.24-000001"), ("logs-a-b", 1, false));
        assert_eq!(of("shrink-x1y2-.ds-traces-apm-default-2026.11.24-000003"), ("traces-apm-default", 3, false));
        assert_eq!(of("logs-app"), ("logs-app", 0, true));
        assert_eq!(of(".ds-odd"), (".ds-odd", 0, true));
        assert_eq!(of(".ds-2026.11.24-000001"), (".ds-2026.11.24-000001", 0, true));
    }

    #[test]
    fn a_stream_is_of_the_signal_it_begins_with() {
        assert_eq!(signal("traces-generic.otel-default"), Some(Signal::Traces));
        assert_eq!(signal("metrics-kubeletstatsreceiver.otel-default"), Some(Signal::Metrics));
        assert_eq!(signal("logs-x"), Some(Signal::Logs));
        assert_eq!(signal("logstash-1"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_name_belongs_to_some_stream(name in ".{0,60}") {
            proptest::prop_assert!(name.contains(backing(&name).stream));
        }
    }
}
