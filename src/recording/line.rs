//! A line of a recording, read. Must not know of files.
//!
//! Reading goes by `seen` first: the general way (flattened and tagged) holds every value twice on its way, which costs
//! three times as much, and a day has to open in a second or two.

use super::{Header, clean};
use crate::observe::{Observation, Stamped, Time};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What the recorder itself has to say, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub at: Time,
    #[serde(flatten)]
    pub told: Told,
}

/// What a mark tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "recorder", rename_all = "snake_case")]
pub enum Told {
    /// So many observations could not be written, for the disk was too slow.
    Dropped { lines: u64 },
    /// So much of what was known before recording began is no longer there: everything before `until`, but for objects as
    /// they stood.
    Forgotten { until: Time },
    /// The clock was set back, by so many seconds.
    ClockBack { seconds: i64 },
    /// Recording ended here, and why.
    End { why: String },
    /// A mark that a later version wrote.
    #[serde(other)]
    Unknown,
}

/// What a line holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    Header(Box<Header>),
    Seen(Stamped),
    /// An observation of a kind that this version does not know: its name.
    Strange(Time, String),
    Mark(Mark),
}

#[derive(Deserialize)]
struct Kind<'a> {
    at: Option<Time>,
    #[serde(borrow)]
    seen: Option<Cow<'a, str>>,
    recorder: Option<IgnoredAny>,
    edot_session: Option<IgnoredAny>,
}

/// The line that `text` holds; None if it is none of ours.
pub(super) fn parse(text: &[u8]) -> Option<Line> {
    let cleaned;
    let text = if clean::is_clean(text) {
        text
    } else {
        cleaned = clean::line(text)?;
        &cleaned
    };
    // Looked at as a whole once, not in each of its pieces.
    let text = std::str::from_utf8(text).ok()?;
    if let Some((at, seen, rest)) = head(text)
        && (seen != "tick" || rest == "}")
    {
        return observation(text, at, seen.into());
    }
    let kind: Kind = serde_json::from_str(text).ok()?;
    if kind.edot_session.is_some() {
        return body(text).map(|h| Line::Header(Box::new(h)));
    }
    if kind.recorder.is_some() {
        return body(text).map(Line::Mark);
    }
    observation(text, kind.at?, kind.seen?)
}

/// Time and kind of a line that begins with them, as ours do, and what follows: so the line is gone through only once.
fn head(text: &str) -> Option<(Time, &str, &str)> {
    let (at, rest) = text.strip_prefix("{\"at\":\"")?.split_once('"')?;
    let (seen, rest) = rest.strip_prefix(",\"seen\":\"")?.split_once('"')?;
    Some((at.parse().ok()?, seen, rest))
}

fn observation(text: &str, at: Time, seen: Cow<str>) -> Option<Line> {
    let what = match &*seen {
        "tick" => Observation::Tick,
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
        "cost" => Observation::Cost(body(text)?),
        "k6" => Observation::K6(body(text)?),
        "log_quality" => Observation::LogQuality(body(text)?),
        "elastic_health" => Observation::ElasticHealth(body(text)?),
        "elastic_nodes" => Observation::ElasticNodes(body(text)?),
        _ => body::<Stamped>(text)?.what,
    };
    match what {
        Observation::Unknown => Some(Line::Strange(at, seen.into_owned())),
        what => Some(Line::Seen(Stamped { at, what })),
    }
}

fn body<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}
