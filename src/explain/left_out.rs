//! What the figures leave out because there is too much of it, a sentence for each place where that shows. Must not bound
//! anything itself.

use crate::format::number::rounded as count;
use crate::session::Session;
use crate::session::ingest::quality;

/// Where figures stand that may leave something out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Pods,
    Events,
    Collectors,
    Load,
    Streams,
    BackPressure,
    LogQuality,
}

impl Place {
    /// The places that are not about Elasticsearch.
    pub const CLUSTER: [Place; 4] = [Place::Pods, Place::Events, Place::Collectors, Place::Load];
    pub const ELASTICSEARCH: [Place; 3] = [Place::Streams, Place::BackPressure, Place::LogQuality];
}

/// What is left out there; None when nothing is.
pub fn left_out(session: &Session, place: Place) -> Option<String> {
    let (crowded, ingest) = (&session.crowded, &session.ingest);
    let more = |is: bool, most: usize, what: &str| {
        is.then(|| format!("there are more than {} {what}; the others are left out", count(most as f64)))
    };
    match place {
        Place::Pods => more(crowded.pods, Session::MOST_PODS, "pods"),
        Place::Collectors => more(crowded.collectors, Session::MOST_PODS, "collectors"),
        Place::Load if crowded.load => more(true, Session::MOST_PODS, "pods of the load"),
        Place::Load => more(session.load.k6.crowded, crate::session::K6::PROCESSES, "k6 processes"),
        Place::Events => {
            let dropped = session.events.dropped;
            (dropped > 0).then(|| format!("{} older events are left out", count(dropped as f64)))
        }
        Place::Streams => {
            let documents = (ingest.left_out.documents > 0).then(|| {
                let documents = count(ingest.left_out.documents as f64);
                format!("{documents} documents are left out: they are in indices beyond the 5,000 largest")
            });
            let streams = (ingest.left_out.streams > 0).then(|| {
                let streams = count(ingest.left_out.streams as f64);
                format!("{streams} of the quietest data streams are left out of the list, but not of the sums")
            });
            let all: Vec<String> = documents.into_iter().chain(streams).collect();
            (!all.is_empty()).then(|| all.join("; "))
        }
        Place::BackPressure => {
            let (nodes, breakers) = (ingest.pressure.nodes_left_out, ingest.pressure.breakers_left_out);
            let all: Vec<String> = [(nodes, "nodes"), (breakers, "circuit breakers")]
                .into_iter()
                .filter(|(n, _)| *n > 0)
                .map(|(n, what)| format!("{} {what} are left out", count(f64::from(n))))
                .collect();
            (!all.is_empty()).then(|| all.join("; "))
        }
        Place::LogQuality => {
            let seen = ingest.quality.as_ref()?;
            let (missing, all) = (quality::left_out(seen), seen.records);
            (missing > 0).then(|| {
                format!(
                    "{} of {} records are left out: those without a dataset, and beyond the 20 largest datasets and the 20 largest services of each",
                    count(missing as f64),
                    count(all as f64)
                )
            })
        }
    }
}
