//! Parses a line of a recording. Must not know of files.
//!
//! The kind (`seen`) is looked at first: serde's general path (flattened and tagged) buffers every value, which costs three
//! times as much, and a day's recording has to open in a second or two.

use super::{Header, clean};
use crate::observe::{Observation, Stamped, Time};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A line of the recorder itself: what happened to the recording, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub at: Time,
    #[serde(flatten)]
    pub event: RecorderEvent,
}

/// What happened to the recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "recorder", rename_all = "snake_case")]
pub enum RecorderEvent {
    /// Observations that could not be written, because the disk was too slow or their lines too long.
    Dropped { lines: u64 },
    /// Of the time before recording began, everything up to `until` is missing, except the latest state of objects.
    Forgotten { until: Time },
    /// The clock was set back by this many seconds.
    ClockBack { seconds: i64 },
    /// Recording ended here, and why.
    End { why: String },
    /// An event that a later version wrote.
    #[serde(other)]
    Unknown,
}

/// What a line contains.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    Header(Box<Header>),
    Seen(Stamped),
    /// An observation of a kind that this version does not know: its name.
    Unknown(Time, String),
    Mark(Mark),
}

#[derive(Deserialize)]
struct LineHead<'a> {
    at: Option<Time>,
    #[serde(borrow)]
    seen: Option<Cow<'a, str>>,
    recorder: Option<IgnoredAny>,
    edot_session: Option<IgnoredAny>,
}

/// Parses `text`; None if it is not a line of a recording.
pub(super) fn parse(text: &[u8]) -> Option<Line> {
    let cleaned;
    let text = if clean::is_clean(text) {
        text
    } else {
        cleaned = clean::line(text)?;
        &cleaned
    };
    // UTF-8 is checked once for the whole line.
    let text = std::str::from_utf8(text).ok()?;
    if let Some((at, seen, rest)) = head(text)
        && (seen != "tick" || rest == "}")
    {
        return observation(text, at, seen.into());
    }
    let head_fields: LineHead = serde_json::from_str(text).ok()?;
    if head_fields.edot_session.is_some() {
        return body(text).map(|h| Line::Header(Box::new(h)));
    }
    if head_fields.recorder.is_some() {
        return body(text).map(Line::Mark);
    }
    observation(text, head_fields.at?, head_fields.seen?)
}

/// Time and kind of a line that begins with them, as this program writes it, and the rest; so the line is parsed only once.
fn head(text: &str) -> Option<(Time, &str, &str)> {
    let (at, rest) = text.strip_prefix("{\"at\":\"")?.split_once('"')?;
    let (seen, rest) = rest.strip_prefix(",\"seen\":\"")?.split_once('"')?;
    Some((at.parse().ok()?, seen, rest))
}

fn observation(text: &str, at: Time, seen: Cow<str>) -> Option<Line> {
    let what = match &*seen {
        "tick" => Observation::Tick,
        "other_synced" => Observation::OtherSynced,
        "hpa" => Observation::Hpa(body(text)?),
        "target" => Observation::Target(body(text)?),
        "pod" => Observation::Pod(body(text)?),
        "load_pod" => Observation::LoadPod(body(text)?),
        "usage" => Observation::Usage(body(text)?),
        "event" => Observation::Event(body(text)?),
        "feed_status" | "link" => Observation::FeedStatus(body(text)?),
        "collector" => Observation::Collector(body(text)?),
        "elastic" => Observation::Elastic(body(text)?),
        "counters" => Observation::Counters(body(text)?),
        "fleet" => Observation::Fleet(body(text)?),
        "cost" => Observation::Cost(body(text)?),
        "lease" => Observation::Lease(body(text)?),
        "k6" => Observation::K6(body(text)?),
        "log_quality" => Observation::LogQuality(body(text)?),
        "elastic_health" => Observation::ElasticHealth(body(text)?),
        "elastic_nodes" => Observation::ElasticNodes(body(text)?),
        _ => body::<Stamped>(text)?.what,
    };
    match what {
        Observation::Unknown => Some(Line::Unknown(at, seen.into_owned())),
        what => Some(Line::Seen(Stamped { at, what })),
    }
}

fn body<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}
