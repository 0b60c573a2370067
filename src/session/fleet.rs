//! All HPAs of one or several clusters: a row each, and the state of each cluster's watch. A fold of
//! [`crate::observe::FleetSeen`]; bounded. Must not word anything.

mod history;
mod row;
mod trouble;

pub use history::History;
pub use row::{Figure, HpaRow, Rescaled};
pub use trouble::Trouble;

use super::events::time_of;
use super::{Session, Severity};
use crate::observe::{
    EventSeen, Feed, FeedState, FeedStatus, FleetChange, FleetSeen, HpaSeen, Observation, Stamped, Time, WatchingSeen,
};
use std::collections::BTreeMap;

/// HPAs kept at most, of all clusters together; the rest is left out, and counted.
const MOST: usize = 5000;
/// Clusters kept at most.
const CLUSTERS: usize = 500;

/// The state of one cluster's watch.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterRow {
    pub context: String,
    pub status: FeedStatus,
    /// In this state since.
    pub since: Time,
    /// The API server's; empty until known.
    pub version: String,
    /// All of its HPAs have been seen at least once.
    pub listed: bool,
}

/// Which HPA: the place of its cluster, and its uid.
type Key = (usize, String);

/// The fold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fleet {
    clusters: Vec<ClusterRow>,
    rows: BTreeMap<Key, HpaRow>,
    /// HPAs that there was no room for.
    pub left_out: usize,
}

impl Fleet {
    /// Takes in one observation.
    pub fn take(&mut self, at: Time, seen: &FleetSeen) {
        let Some(cluster) = self.cluster_of(at, &seen.context) else { return };
        match &seen.what {
            FleetChange::State(status) => self.state(at, cluster, status),
            FleetChange::Version { version } => {
                self.clusters[cluster].version = version.clone();
                // The version decides how the controller computes.
                let of_it: Vec<HpaRow> = self.rows().filter(|row| row.cluster == cluster).cloned().collect();
                of_it.into_iter().for_each(|row| self.put(at, row.labels, row.owner, (cluster, &row.hpa)));
            }
            FleetChange::Hpa { labels, owner, hpa } => self.put(at, labels.clone(), owner.clone(), (cluster, hpa)),
            FleetChange::Gone { uid } => {
                self.rows.remove(&(cluster, uid.clone()));
            }
            FleetChange::Event(event) => self.event(cluster, event),
            FleetChange::Unknown => {}
        }
    }

    fn put(
        &mut self,
        at: Time,
        labels: BTreeMap<String, String>,
        owner: Option<String>,
        (cluster, hpa): (usize, &HpaSeen),
    ) {
        let key = (cluster, hpa.uid.clone());
        if !self.rows.contains_key(&key) && self.rows.len() >= MOST {
            self.left_out += 1;
            return;
        }
        let session = session_of(&self.clusters[cluster].version, hpa, at);
        let before = self.rows.remove(&key);
        self.rows.insert(key, HpaRow::new(cluster, labels, owner, at, &session, before));
    }

    fn cluster_of(&mut self, at: Time, context: &str) -> Option<usize> {
        let known = self.clusters.iter().position(|c| c.context == context);
        known.or_else(|| {
            let room = self.clusters.len() < CLUSTERS;
            room.then(|| {
                self.clusters.push(ClusterRow {
                    context: context.to_owned(),
                    status: FeedStatus::new(Feed::Hpa, FeedState::Connecting),
                    since: at,
                    version: String::new(),
                    listed: false,
                });
                self.clusters.len() - 1
            })
        })
    }

    fn state(&mut self, at: Time, cluster: usize, status: &FeedStatus) {
        let here = &mut self.clusters[cluster];
        if here.status.state != status.state {
            here.since = at;
        }
        here.listed |= status.state == FeedState::Up;
        here.status = status.clone();
        if status.state != FeedState::Up {
            let of_it = self.rows.values_mut().filter(|row| row.cluster == cluster);
            of_it.for_each(|row| row.history.interrupt(at.timestamp_millis()));
        }
    }

    /// `New size: 3; reason: cpu resource utilization (percentage of request) above target`.
    fn event(&mut self, cluster: usize, event: &EventSeen) {
        let rescaled = event.message.strip_prefix("New size: ").and_then(|rest| rest.split_once("; reason: "));
        let (Some((size, reason)), Some(when)) = (rescaled, time_of(event)) else { return };
        let Ok(to) = size.parse() else { return };
        if let Some(row) = self.rows.get_mut(&(cluster, event.object.uid.clone())) {
            row.rescaled_by(when, to, reason);
        }
    }

    /// Every cluster, in the order in which they were named.
    pub fn clusters(&self) -> &[ClusterRow] {
        &self.clusters
    }

    /// Whether all HPAs of a cluster have been seen at least once.
    pub fn has_listed(&self, context: &str) -> bool {
        self.clusters.iter().any(|c| c.context == context && c.listed)
    }

    /// Those that show nothing, or nothing current: down, refused, or not answering yet.
    pub fn dark(&self) -> impl Iterator<Item = &ClusterRow> {
        self.clusters.iter().filter(|c| c.status.state != FeedState::Up)
    }

    /// The cluster of a row.
    pub fn cluster(&self, row: &HpaRow) -> &ClusterRow {
        &self.clusters[row.cluster]
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Every HPA, in no order that means anything.
    pub fn rows(&self) -> impl Iterator<Item = &HpaRow> {
        self.rows.values()
    }

    /// Every HPA, the one in the worst trouble first; then by context, namespace and name.
    pub fn by_trouble(&self, now: Time) -> Vec<&HpaRow> {
        let mut all: Vec<(std::cmp::Reverse<_>, &HpaRow)> =
            self.rows().map(|row| (std::cmp::Reverse(row.rank(now)), row)).collect();
        all.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| self.place(one).cmp(&self.place(other))));
        all.into_iter().map(|(_, row)| row).collect()
    }

    /// What a row is sorted by where nothing else tells two apart.
    pub fn place<'a>(&'a self, row: &'a HpaRow) -> (&'a str, &'a str, &'a str) {
        (&self.cluster(row).context, &row.hpa.namespace, &row.hpa.name)
    }

    /// HPAs in trouble, and of these those that do not scale at all.
    pub fn troubled(&self, now: Time) -> (usize, usize) {
        let severities = || self.rows().filter_map(|row| row.severity(now));
        (severities().count(), severities().filter(|s| *s == Severity::Critical).count())
    }

    /// A session with this HPA alone: what the dashboard would know of it without its pods.
    pub fn session(&self, row: &HpaRow) -> Session {
        session_of(&self.cluster(row).version, &row.hpa, row.seen)
    }
}

fn session_of(version: &str, hpa: &HpaSeen, at: Time) -> Session {
    let mut session = Session::default();
    let watching = WatchingSeen {
        server_version: version.to_owned(),
        namespace: hpa.namespace.clone(),
        hpa: hpa.name.clone(),
        ..WatchingSeen::default()
    };
    for what in [Observation::Watching(watching), Observation::Hpa(Box::new(hpa.clone()))] {
        session.apply(&Stamped { at, what });
    }
    session
}
