//! The order of the rows of a table: by name, or by one of its figures, the greatest first. Must not draw.

use super::{List, PaneKind, Ui};
use crate::session::ingest::Stream;
use crate::session::{Pod, Session};

/// A figure at a moment (milliseconds since 1970); None where it is not known.
type Figure<Row> = fn(&Session, &Row, i64) -> Option<f64>;
/// What a table can be sorted by: the head of a column, and its figure.
type By<Row> = (&'static str, Figure<Row>);

/// How long a sample of the metrics API holds, milliseconds.
const HOLDS: i64 = 120_000;

const PODS: [By<Pod>; 5] = [
    ("cpu", |_, pod, ms| pod.cpu.at(ms, HOLDS).map(|s| s.1)),
    ("memory", |_, pod, ms| pod.memory.at(ms, HOLDS).map(|s| s.1)),
    ("accepted", accepted),
    ("restarts", |_, pod, _| Some(f64::from(pod.seen.restarts()))),
    ("age", |_, pod, ms| pod.seen.created.map(|t| (ms - t.timestamp_millis()) as f64)),
];

const STREAMS: [By<Stream>; 3] = [
    ("docs/s", |session, stream, ms| stream.flow.rate_at(ms, session.ingest.max_age())),
    ("bytes/s", |session, stream, ms| stream.flow.bytes_at(ms, session.ingest.max_age())),
    ("on disk", |_, stream, _| stream.stored.map(|bytes| bytes as f64)),
];

fn accepted(session: &Session, pod: &Pod, ms: i64) -> Option<f64> {
    let collector = session.collectors.of(&pod.seen.uid)?;
    collector.accepted.rate.at(ms, collector.max_gap()).map(|s| s.1)
}

/// What each table is sorted by: an index into its list; None is the name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    pods: Option<usize>,
    streams: Option<usize>,
}

impl Sort {
    /// The head of the column by which the pods are sorted; empty where it is the name.
    pub fn pods(self) -> &'static str {
        head(&PODS, self.pods)
    }

    /// The head of the column by which the data streams are sorted; empty where it is the name.
    pub fn streams(self) -> &'static str {
        head(&STREAMS, self.streams)
    }

    /// Sorted by the columns with these heads; by name where there is no such column.
    pub fn of_words(pods: &str, streams: &str) -> Sort {
        Sort { pods: PODS.iter().position(|by| by.0 == pods), streams: STREAMS.iter().position(|by| by.0 == streams) }
    }
}

fn head<Row>(all: &[By<Row>], sort: Option<usize>) -> &'static str {
    sort.and_then(|i| all.get(i)).map_or("", |by| by.0)
}

/// The next of `all`, and after the last one the name.
fn next(sort: Option<usize>, all: usize) -> Option<usize> {
    Some(sort.map_or(0, |i| i + 1)).filter(|i| *i < all)
}

impl Ui {
    /// Sorts the focused table by its next column.
    pub(super) fn sort_by_next(&mut self) {
        let by = match self.pane().kind {
            PaneKind::List(List::Pods) => {
                self.sort.pods = next(self.sort.pods, PODS.len());
                self.sort.pods()
            }
            PaneKind::List(List::Streams) => {
                self.sort.streams = next(self.sort.streams, STREAMS.len());
                self.sort.streams()
            }
            PaneKind::List(List::Fleet) => {
                self.fleet.sort = self.fleet.sort.next();
                self.fleet.sort.word()
            }
            _ => return self.say("only the tables of Fleet, Gateways and Ingest can be sorted"),
        };
        self.say(format!("sorted by {}", if by.is_empty() { "name" } else { by }));
    }

    /// The pods that the filter lets through, in the order of their table.
    pub fn pods<'a>(&self, session: &'a Session) -> Vec<&'a Pod> {
        let mut all: Vec<&Pod> = session.pods.live().filter(|p| self.shows(&p.seen.name)).collect();
        if let Some((_, figure)) = self.sort.pods.and_then(|i| PODS.get(i)) {
            let ms = self.moment(session.now_ms());
            all.sort_by(|a, b| greatest_first(figure(session, a, ms), figure(session, b, ms)));
        }
        all
    }

    /// The data streams that the filter lets through, in the order of their table.
    pub fn streams<'a>(&self, session: &'a Session) -> Vec<(&'a str, &'a Stream)> {
        let mut all: Vec<(&str, &Stream)> = session.ingest.streams().filter(|(name, _)| self.shows(name)).collect();
        if let Some((_, figure)) = self.sort.streams.and_then(|i| STREAMS.get(i)) {
            let ms = self.moment(session.now_ms());
            all.sort_by(|a, b| greatest_first(figure(session, a.1, ms), figure(session, b.1, ms)));
        }
        all
    }
}

/// What is not known comes last.
fn greatest_first(a: Option<f64>, b: Option<f64>) -> std::cmp::Ordering {
    b.is_some().cmp(&a.is_some()).then(b.unwrap_or(0.0).total_cmp(&a.unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_comes_last_and_words_name_columns() {
        let mut all = [None, Some(1.0), Some(3.0), None, Some(2.0)];
        all.sort_by(|a, b| greatest_first(*a, *b));
        assert_eq!(all, [Some(3.0), Some(2.0), Some(1.0), None, None]);
        let sort = Sort::of_words("memory", "docs/s");
        assert_eq!((sort.pods(), sort.streams()), ("memory", "docs/s"));
        assert_eq!(Sort::of_words("no such", ""), Sort::default());
        let steps = [None, Some(0), Some(1)].map(|sort| next(sort, 2));
        assert_eq!(steps, [Some(0), Some(1), None]);
    }
}
