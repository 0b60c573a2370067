//! What was observed before recording began, kept compressed in memory, so that a recording begun later includes it. Bounded:
//! the oldest is dropped, except the latest state of objects that are reported only when they change. Must not touch files.

use super::MAX_LINE;
use super::chunks::encoder;
use super::line::{Line, parse};
use super::lines::Lines;
use crate::observe::{Observation, Stamped, Time};
use flate2::write::GzEncoder;
use std::collections::{BTreeMap, VecDeque};
use std::io::{Cursor, Write};

/// Bytes of text in one piece.
const PIECE: usize = 1 << 18;
/// Compressed bytes of all pieces together: about an hour and a half with four pods and every feed.
pub const MOST: usize = 4 << 20;

/// The backlog.
pub struct Backlog {
    pieces: VecDeque<Vec<u8>>,
    open: GzEncoder<Vec<u8>>,
    /// Bytes of text in the open piece.
    text: usize,
    most: usize,
    /// The latest state of objects in the dropped pieces.
    objects: BTreeMap<String, Stamped>,
    /// Everything up to this time was dropped.
    until: Option<Time>,
}

/// The backlog at one time, to be written.
pub struct BacklogSnapshot {
    pub(super) objects: Vec<Stamped>,
    pub(super) dropped_until: Option<Time>,
    gz: Vec<u8>,
}

impl Default for Backlog {
    fn default() -> Backlog {
        Backlog::of(MOST)
    }
}

impl Backlog {
    /// A backlog that keeps about `most` compressed bytes; of 0 only the latest state of objects.
    pub fn of(most: usize) -> Backlog {
        let (pieces, objects) = (VecDeque::new(), BTreeMap::new());
        Backlog { pieces, open: encoder(), text: 0, most, objects, until: None }
    }

    /// Keeps an observation.
    pub fn take(&mut self, seen: &Stamped) {
        if self.most == 0 {
            return note(&mut self.objects, seen);
        }
        let Ok(mut line) = serde_json::to_vec(seen) else { return };
        // A recording could not hold it either.
        if line.len() > MAX_LINE {
            return;
        }
        line.push(b'\n');
        self.text += line.len();
        // Writing to memory does not fail.
        let _ = self.open.write_all(&line);
        if self.text >= PIECE.min(self.most) {
            let full = std::mem::replace(&mut self.open, encoder());
            self.pieces.extend(full.finish().ok());
            self.text = 0;
            while self.pieces.iter().map(Vec::len).sum::<usize>() > self.most {
                self.drop_oldest();
            }
        }
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.pieces.pop_front() else { return };
        each(&oldest, |text| {
            if let Some(Line::Seen(seen)) = parse(text) {
                self.until = self.until.max(Some(seen.at));
                note(&mut self.objects, &seen);
            }
        });
    }

    /// The latest state of the objects in what was dropped; of everything, where no more than that is kept.
    pub fn objects(&self) -> Vec<Stamped> {
        let mut objects: Vec<Stamped> = self.objects.values().cloned().collect();
        objects.sort_by_key(|s| s.at);
        objects
    }

    /// Everything that is kept.
    pub fn snapshot(&mut self) -> BacklogSnapshot {
        let objects = self.objects();
        let _ = self.open.flush();
        let open = self.open.get_ref();
        let gz = self.pieces.iter().chain([open]).flatten().copied().collect();
        BacklogSnapshot { objects, dropped_until: self.until, gz }
    }
}

impl BacklogSnapshot {
    /// Passes each line to `take`, oldest first, without its line end.
    pub(super) fn each(&self, take: impl FnMut(&[u8])) {
        each(&self.gz, take);
    }
}

fn each(gz: &[u8], mut take: impl FnMut(&[u8])) {
    let Ok(mut lines) = Lines::new(Cursor::new(gz), 0) else { return };
    while let Ok(Some((text, _))) = lines.next() {
        take(text);
    }
}

/// Keeps the latest state of each object that is reported only when it changes; samples come again by themselves.
fn note(objects: &mut BTreeMap<String, Stamped>, seen: &Stamped) {
    let key = match &seen.what {
        Observation::Watching(_) => "watching".into(),
        Observation::FeedStatus(status) => format!("feed/{}", status.feed.name()),
        Observation::Hpa(_) | Observation::HpaGone => "hpa".into(),
        Observation::Target(_) | Observation::TargetGone => "target".into(),
        Observation::Lease(_) => "lease".into(),
        Observation::Pod(pod) | Observation::CollectorPod { pod, .. } => format!("pod/{}", pod.uid),
        Observation::CollectorConfig(config) => format!("config/{:?}", config.role),
        Observation::Elastic(_) => "elastic".into(),
        Observation::LoadPod(pod) => format!("load/{}", pod.uid),
        Observation::PodGone(gone) => {
            objects.remove(&format!("pod/{}", gone.uid));
            objects.remove(&format!("load/{}", gone.uid));
            return;
        }
        Observation::Shadows { .. } => "shadows".into(),
        Observation::Job(_) | Observation::JobGone { .. } => "job".into(),
        _ => return,
    };
    objects.insert(key, seen.clone());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{ConfigSeen, PodSeen, Role};

    #[test]
    fn what_is_reported_only_once_outlives_what_is_dropped() {
        let mut backlog = Backlog::of(2000);
        let mut second = 0;
        let mut observe = |what| {
            second += 1;
            backlog.take(&Stamped { at: Time::from_timestamp(second, 0).unwrap_or_default(), what });
        };
        let pod = Box::new(PodSeen { uid: "agent".into(), ..PodSeen::default() });
        observe(Observation::CollectorPod { role: Role::Agent, pod });
        observe(Observation::CollectorConfig(Box::default()));
        observe(Observation::CollectorConfig(Box::new(ConfigSeen { role: Role::Agent, ..ConfigSeen::default() })));
        observe(Observation::Elastic(Box::default()));
        (0..5000).for_each(|n| observe(Observation::Note { text: format!("{:x}", n * 7_919 % 65_537) }));
        let known = backlog.snapshot();
        assert!(known.dropped_until.is_some());
        assert_eq!(known.objects.len(), 4);
    }

    #[test]
    fn where_only_objects_are_kept_their_latest_state_is() {
        let mut backlog = Backlog::of(0);
        for second in 0..100 {
            let at = Time::from_timestamp(second, 0).unwrap_or_default();
            let pod = PodSeen { uid: format!("{}", second % 3), ..PodSeen::default() };
            backlog.take(&Stamped { at, what: Observation::Pod(Box::new(pod)) });
            backlog.take(&Stamped { at, what: Observation::Tick });
        }
        let kept: Vec<i64> = backlog.objects().iter().map(|seen| seen.at.timestamp()).collect();
        assert_eq!(kept, [97, 98, 99]);
    }
}
