//! The selected row: what is copied of it, and which object it is about. Must not read the object.

use super::{List, Overlay, PaneKind, Request, Ui};
use crate::control::Inspect;
use crate::explain::incident;
use crate::explain::sync::sentence;
use crate::observe::PodSeen;
use crate::session::{Pod, Session};
use crate::verdict;

impl Ui {
    /// Copies the selected row.
    pub(super) fn yank(&mut self, session: &Session) -> Option<Request> {
        let text = match self.pane().kind {
            PaneKind::List(List::Pods) => self.selected_pod(session).map(|p| p.seen.name.clone()),
            PaneKind::List(List::Events) => {
                let event = self.events(session).into_iter().nth(self.row);
                event.map(|e| format!("{} {} {}: {}", e.object.kind, e.object.name, e.reason, e.message))
            }
            PaneKind::List(List::Decisions) => {
                self.syncs(session).get(self.selected_sync(session)).map(|sync| sentence(sync))
            }
            PaneKind::List(List::Streams) => self.streams(session).get(self.row).map(|(name, _)| (*name).to_owned()),
            PaneKind::List(List::Expectations) => {
                let verdict = verdict::run(session, self.expectations());
                let checks = verdict.worst_first();
                checks
                    .get(self.row.min(checks.len().saturating_sub(1)))
                    .map(|c| format!("{}: {}; expected: {}", c.id, c.found.observed, c.found.expected))
            }
            PaneKind::List(List::Markers) => self.marker_row(session),
            PaneKind::List(List::Fleet) => {
                self.selected_hpa(session).map(|row| format!("{}/{}", row.hpa.namespace, row.hpa.name))
            }
            _ => Some(session.watching.hpa.clone()).filter(|name| !name.is_empty()),
        };
        let Some(text) = text else {
            self.say("there is no row to copy");
            return None;
        };
        Some(Request::Copy(text))
    }

    fn marker_row(&self, session: &Session) -> Option<String> {
        let all = session.markers.all();
        let marker = all.len().checked_sub(self.row + 1).and_then(|i| all.get(i))?;
        let at = crate::observe::Time::from_timestamp_millis(marker.ms)?;
        let what = match &marker.mark {
            crate::session::Mark::Rescale { to, reason, .. } => format!("scaled to {to}: {reason}"),
            crate::session::Mark::LoadStart => "the load started".into(),
            crate::session::Mark::LoadEnd { .. } => "the load ended".into(),
            crate::session::Mark::Note(text) => text.clone(),
            crate::session::Mark::Incident(what) => incident::sentence(what),
        };
        Some(format!("{} {what}", at.format("%Y-%m-%dT%H:%M:%SZ")))
    }

    fn selected_pod<'a>(&self, session: &'a Session) -> Option<&'a Pod> {
        self.pods(session).into_iter().nth(self.row)
    }

    /// Reads the object that the selected row is about; where it is about none, the HPA.
    pub(super) fn describe(&mut self, session: &Session) -> Option<Request> {
        let w = &session.watching;
        let object = |kind: &str, namespace: &str, name: &str| Inspect::Object {
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        let what = match (self.pane().kind, self.pane().title) {
            (PaneKind::List(List::Pods), _) => {
                let pod = self.selected_pod(session);
                pod.map(|p| object("Pod", &w.namespace, &p.seen.name))
            }
            (PaneKind::List(List::Events), _) => {
                let event = self.events(session).into_iter().nth(self.row);
                event.map(|e| object(&e.object.kind, &e.namespace, &e.object.name))
            }
            (PaneKind::List(List::Fleet), _) => {
                let row = self.selected_hpa(session);
                row.map(|row| object("HorizontalPodAutoscaler", &row.hpa.namespace, &row.hpa.name))
            }
            (_, LOAD) => session.load.job.as_ref().map(|j| object("Job", &w.load_namespace, &j.name)),
            _ => Some(object("HorizontalPodAutoscaler", &w.namespace, &w.hpa)).filter(|_| !w.hpa.is_empty()),
        };
        self.inspect(what, "there is nothing here to describe")
    }

    /// Reads the log of the selected pod, or of the load's.
    pub(super) fn log(&mut self, session: &Session) -> Option<Request> {
        let w = &session.watching;
        let log = |namespace: &str, pod: &PodSeen| {
            let container = pod.containers.iter().find(|c| !c.sidecar).or(pod.containers.first())?;
            let (namespace, pod) = (namespace.to_owned(), pod.name.clone());
            Some(Inspect::Log { namespace, pod, container: container.name.clone() })
        };
        let what = match (self.pane().kind, self.pane().title) {
            (PaneKind::List(List::Pods), _) => self.selected_pod(session).and_then(|p| log(&w.namespace, &p.seen)),
            (PaneKind::List(List::Events), _) => {
                let event = self.events(session).into_iter().nth(self.row);
                let pod = event.and_then(|e| session.pods.named(&e.object.name));
                pod.and_then(|p| log(&w.namespace, &p.seen))
            }
            (_, LOAD) => session.load.pods.values().find_map(|p| log(&w.load_namespace, p)),
            _ => None,
        };
        self.inspect(what, "select a pod in Gateways, or the pane Load: logs are of pods")
    }

    fn inspect(&mut self, what: Option<Inspect>, nothing: &str) -> Option<Request> {
        if self.replay.is_some() {
            self.say("this is a replay; objects and logs are read live");
            return None;
        }
        let Some(what) = what else {
            self.say(nothing);
            return None;
        };
        self.scroll = 0;
        self.overlay =
            Some(Overlay::Text { title: what.title(), lines: None, from_end: matches!(what, Inspect::Log { .. }) });
        Some(Request::Inspect(what))
    }

    /// What was read, or why it was not: shown where the user still waits for it.
    pub fn inspected(&mut self, what: &Inspect, read: Result<Vec<String>, String>) {
        match (&mut self.overlay, read) {
            (Some(Overlay::Text { title, lines, .. }), Ok(read)) if *title == what.title() => {
                *lines = Some(read.into());
            }
            (Some(Overlay::Text { title, .. }), Err(why)) if *title == what.title() => {
                self.overlay = None;
                self.say(format!("{}: {why}", what.title()));
            }
            _ => {}
        }
    }
}

/// The pane whose object is the load's.
const LOAD: &str = "Load";
