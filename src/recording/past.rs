//! What was observed before recording began, kept compressed in memory, so that a recording begun in the middle has it too.
//! Bounded: the oldest goes, but for objects that are told of only when they change. Must not touch files.

use super::line::{Line, parse};
use super::lines::Lines;
use crate::observe::{Observation, Stamped, Time};
use flate2::{Compression, write::GzEncoder};
use std::collections::{BTreeMap, VecDeque};
use std::io::{Cursor, Write};

/// Bytes of text in one piece.
const PIECE: usize = 1 << 18;
/// Compressed bytes of all pieces together: about an hour and a half with four pods and every feed.
pub const MOST: usize = 4 << 20;

/// The past.
pub struct Past {
    pieces: VecDeque<Vec<u8>>,
    open: GzEncoder<Vec<u8>>,
    /// Bytes of text in the open piece.
    text: usize,
    most: usize,
    /// Objects as the forgotten pieces told of them last.
    objects: BTreeMap<String, Stamped>,
    /// What is older is forgotten.
    until: Option<Time>,
}

/// The past as it was at a moment, to be written down.
pub struct Known {
    pub(super) objects: Vec<Stamped>,
    pub(super) forgotten: Option<Time>,
    gz: Vec<u8>,
}

impl Default for Past {
    fn default() -> Past {
        Past::of(MOST)
    }
}

impl Past {
    /// One that keeps about so many bytes.
    pub fn of(most: usize) -> Past {
        let (pieces, objects) = (VecDeque::new(), BTreeMap::new());
        Past { pieces, open: encoder(), text: 0, most, objects, until: None }
    }

    /// Keeps an observation.
    pub fn take(&mut self, seen: &Stamped) {
        let Ok(mut line) = serde_json::to_vec(seen) else { return };
        line.push(b'\n');
        self.text += line.len();
        // Memory does not refuse to be written to.
        let _ = self.open.write_all(&line);
        if self.text >= PIECE.min(self.most) {
            let full = std::mem::replace(&mut self.open, encoder());
            self.pieces.extend(full.finish().ok());
            self.text = 0;
            while self.pieces.iter().map(Vec::len).sum::<usize>() > self.most {
                self.forget();
            }
        }
    }

    fn forget(&mut self) {
        let Some(oldest) = self.pieces.pop_front() else { return };
        each(&oldest, |text| {
            if let Some(Line::Seen(seen)) = parse(text) {
                self.until = self.until.max(Some(seen.at));
                note(&mut self.objects, seen);
            }
        });
    }

    /// Everything that is kept.
    pub fn known(&mut self) -> Known {
        let mut objects: Vec<Stamped> = self.objects.values().cloned().collect();
        objects.sort_by_key(|s| s.at);
        let _ = self.open.flush();
        let open = self.open.get_ref();
        let gz = self.pieces.iter().chain([open]).flatten().copied().collect();
        Known { objects, forgotten: self.until, gz }
    }
}

impl Known {
    /// Hands each line of it, oldest first, without its end.
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

/// The latest of each object that is told of only when it changes; samples come again by themselves.
fn note(objects: &mut BTreeMap<String, Stamped>, seen: Stamped) {
    let key = match &seen.what {
        Observation::Watching(_) => "watching".into(),
        Observation::FeedStatus(link) => format!("link/{}", link.feed.name()),
        Observation::Hpa(_) | Observation::HpaGone => "hpa".into(),
        Observation::Target(_) | Observation::TargetGone => "target".into(),
        Observation::Pod(pod) | Observation::CollectorPod { pod, .. } => format!("pod/{}", pod.uid),
        Observation::CollectorConfig(config) => format!("config/{:?}", config.role),
        Observation::Elastic(_) => "elastic".into(),
        Observation::LoadPod(pod) => format!("load/{}", pod.uid),
        Observation::PodGone(gone) => {
            objects.remove(&format!("pod/{}", gone.uid));
            objects.remove(&format!("load/{}", gone.uid));
            return;
        }
        Observation::Job(_) | Observation::JobGone { .. } => "job".into(),
        _ => return,
    };
    objects.insert(key, seen);
}

fn encoder() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::new(6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{ConfigSeen, PodSeen, Role};

    #[test]
    fn what_is_told_of_only_once_outlives_what_is_forgotten() {
        let mut past = Past::of(2000);
        let mut second = 0;
        let mut say = |what| {
            second += 1;
            past.take(&Stamped { at: Time::from_timestamp(second, 0).unwrap_or_default(), what });
        };
        let pod = Box::new(PodSeen { uid: "agent".into(), ..PodSeen::default() });
        say(Observation::CollectorPod { role: Role::Agent, pod });
        say(Observation::CollectorConfig(Box::default()));
        say(Observation::CollectorConfig(Box::new(ConfigSeen { role: Role::Agent, ..ConfigSeen::default() })));
        say(Observation::Elastic(Box::default()));
        (0..5000).for_each(|n| say(Observation::Note { text: format!("{:x}", n * 7_919 % 65_537) }));
        let known = past.known();
        assert!(known.forgotten.is_some());
        assert_eq!(known.objects.len(), 4);
    }
}
