//! Every HPA beside the one that is watched: their watch, going from one HPA to another, and the sessions of those that were
//! watched before. Must not connect by itself.

use super::App;
use crate::{
    error::CommandError,
    observe::{Feed, FeedState, FeedStatus, FleetChange, Observation, PodGone, Stamped},
    open::fleet::RunningFleet,
    session::Session,
    source::live::cluster::Cluster,
    ui::{Entry, HpaName, Overlay, Screen},
};
use tokio::task::JoinHandle;

/// The watch of every HPA that is being opened.
pub type FleetOpening = JoinHandle<Result<RunningFleet, CommandError>>;

/// Sessions of HPAs that were watched before that are kept.
const PARKED: usize = 4;

/// The watch of every HPA, and the sessions that wait.
#[derive(Default)]
pub struct FleetWatch {
    pub opening: Option<FleetOpening>,
    pub running: Option<RunningFleet>,
    /// Of HPAs that were watched before, the latest last.
    parked: Vec<(HpaName, Box<Session>)>,
}

impl Drop for FleetWatch {
    fn drop(&mut self) {
        self.close();
    }
}

impl FleetWatch {
    /// Ends the watch. The sessions stay.
    pub fn close(&mut self) {
        self.opening.take().iter().for_each(JoinHandle::abort);
        if let Some(running) = self.running.take() {
            running.stop.cancel();
        }
    }

    /// Forgets the sessions: the cluster that they are of is gone.
    pub fn forget(&mut self) {
        self.parked.clear();
    }

    pub fn is_watched(&self) -> bool {
        self.opening.is_some() || self.running.is_some()
    }

    fn park(&mut self, name: HpaName, session: Box<Session>) {
        self.parked.retain(|(other, _)| *other != name);
        self.parked.push((name, session));
        self.parked.drain(..self.parked.len().saturating_sub(PARKED));
    }

    fn take(&mut self, name: &HpaName) -> Option<Box<Session>> {
        let at = self.parked.iter().position(|(other, _)| other == name)?;
        Some(self.parked.remove(at).1)
    }

    /// What comes next; pending for ever while nothing is watched.
    pub async fn next(&mut self) -> FleetEvent {
        match (&mut self.opening, &mut self.running) {
            (Some(opening), _) => {
                let opened = opening.await.unwrap_or_else(|e| Err(crate::source::Died::from_panic(e).into()));
                self.opening = None;
                match opened {
                    Ok(running) => {
                        self.running = Some(running);
                        FleetEvent::Opened
                    }
                    Err(error) => FleetEvent::Failed(error),
                }
            }
            (None, Some(running)) => match running.next().await {
                Some(Ok(seen)) => FleetEvent::Seen(seen),
                Some(Err(died)) => FleetEvent::Failed(died.into()),
                None => std::future::pending().await,
            },
            (None, None) => std::future::pending().await,
        }
    }
}

/// What the watch of every HPA brings.
pub enum FleetEvent {
    Opened,
    Seen(Stamped),
    Failed(CommandError),
}

/// The name of what a session is of; None before that is known.
fn name_of(session: &Session) -> Option<HpaName> {
    let w = &session.watching;
    let name = HpaName { context: w.context.clone(), namespace: w.namespace.clone(), name: w.hpa.clone() };
    Some(name).filter(|name| !name.name.is_empty() && session.hpa.is_some())
}

impl App {
    /// Begins to watch every HPA, where that is not done yet. What is watched is connected already.
    pub fn watch_fleet(&mut self) {
        let Some(watched) = self.watched.as_ref().filter(|_| !self.fleet.is_watched()) else { return };
        let connected = self.running.as_ref().and_then(|running| running.cluster.clone());
        self.fleet.opening = Some((watched.fleet)(&watched.settings, connected));
        self.dirty = true;
    }

    /// Every HPA is watched, and their list is shown.
    pub fn begin_with_fleet(&mut self) {
        self.ui.screen = Screen::Fleet;
        self.watch_fleet();
    }

    /// What was to be watched is not there: shows every HPA, to pick one.
    pub(super) fn pick_instead(&mut self, error: &CommandError) {
        // It is connected, and goes on to be until the list is.
        self.watch_fleet();
        self.stop_source();
        self.opening = None;
        self.ui.screen = Screen::Fleet;
        self.ui.overlay = Some(Overlay::Typing(Entry::Pick(String::new())));
        self.ui.say(error.to_string());
        self.dirty = true;
    }

    /// Takes in what the watch of every HPA saw. Those that wait go on with what it sees of them.
    pub(super) fn fleet_event(&mut self, event: FleetEvent) -> Option<CommandError> {
        // What is seen says by itself whether it can wait.
        self.dirty |= !matches!(event, FleetEvent::Seen(_));
        match event {
            FleetEvent::Opened => {
                let lab = self.watched.as_ref().map(|watched| &watched.settings).filter(|settings| settings.lab);
                self.ui.lab_speed = self.ui.lab_speed.or(lab.map(|settings| settings.speed));
                None
            }
            FleetEvent::Seen(first) => {
                self.take_of_fleet(&first);
                for _ in 1..super::DRAIN {
                    let more = self.fleet.running.as_mut().and_then(|r| r.source.observations.try_recv().ok());
                    let Some(seen) = more else { break };
                    self.take_of_fleet(&seen);
                }
                None
            }
            FleetEvent::Failed(error) => {
                self.fleet.close();
                // Without anything else to show the program ends, as without a cluster.
                if self.running.is_none() && self.opening.is_none() {
                    return Some(error);
                }
                self.ui.say(error.to_string());
                None
            }
        }
    }

    fn take_of_fleet(&mut self, seen: &Stamped) {
        match &seen.what {
            // What is watched has ticks of its own.
            Observation::Tick if self.running.is_some() => return,
            Observation::Fleet(fleet) => {
                // Of what is listed, hundreds change with every sync: that is shown with the next tick, a second later at most.
                let listed = self.session.fleet.as_deref().is_some_and(|all| all.has_listed(&fleet.context));
                let can_wait = matches!(fleet.what, FleetChange::Hpa { .. } | FleetChange::Event(_));
                self.dirty |= !(listed && can_wait);
                if let FleetChange::Hpa { hpa, .. } = &fleet.what {
                    let of = |name: &HpaName| {
                        (&name.context, &name.namespace, &name.name) == (&fleet.context, &hpa.namespace, &hpa.name)
                    };
                    if let Some((_, session)) = self.fleet.parked.iter_mut().find(|(name, _)| of(name)) {
                        session.apply(&Stamped { at: seen.at, what: Observation::Hpa(hpa.clone()) });
                    }
                }
            }
            _ => self.dirty = true,
        }
        self.session.apply(seen);
    }

    /// Watches this HPA and shows its screens.
    pub(super) fn dive(&mut self, to: HpaName) {
        self.ui.overlay = None;
        if self.running.is_some() && name_of(&self.session).as_ref() == Some(&to) {
            self.ui.screen = Screen::Overview;
            return;
        }
        let Some(watched) = &mut self.watched else { return self.ui.say("this is a replay; it has one HPA only") };
        let settings = (watched.dive)(&watched.settings, &to);
        let settings = crate::config::Settings { speed: self.ui.lab_speed.unwrap_or(settings.speed), ..settings };
        let before = std::mem::replace(&mut watched.settings, settings);
        watched.before = self.running.is_some().then(|| Box::new(before));
        let known = self.fleet_cluster(Some(&to));
        self.watch_again(known, Some(&to));
        self.ui.screen = Screen::Overview;
        self.ui.focus = 0;
    }

    /// The cluster of an HPA of the list; without a name the only one.
    pub(super) fn fleet_cluster(&self, of: Option<&HpaName>) -> Option<Cluster> {
        let clusters = self.fleet.running.as_ref()?.source.clusters.borrow();
        match of {
            Some(name) => clusters.get(&name.context).cloned(),
            None => clusters.values().next().cloned().filter(|_| clusters.len() == 1),
        }
    }

    /// Puts the session away that is shown now, and gives that of `to`: kept from before, or an empty one. What is known of
    /// every HPA stays.
    pub(super) fn exchange(&mut self, to: Option<&HpaName>) {
        let fleet = self.session.fleet.take();
        let (now, name) = (self.session.now, name_of(&self.session));
        let resumed = to.and_then(|to| self.fleet.take(to));
        let next = match resumed {
            Some(session) => Session { fleet, now: session.now.max(now), ..*session },
            None => Session { fleet, now, ..crate::advise::session() },
        };
        let mut left = std::mem::replace(&mut self.session, next);
        if let Some(name) = name {
            interrupt(&mut left);
            self.fleet.park(name, Box::new(left));
        }
    }
}

/// Nothing but the HPA's own object is watched from now on: the feeds are to report again, and the pods that are still there
/// are listed again.
fn interrupt(session: &mut Session) {
    let Some(at) = session.now else { return };
    let pods: Vec<(String, String)> = session.pods.live().map(|p| (p.seen.uid.clone(), p.seen.name.clone())).collect();
    let gone = pods.into_iter().map(|(uid, name)| Observation::PodGone(PodGone { uid, name }));
    let feeds = Feed::ALL.map(|feed| Observation::FeedStatus(FeedStatus::new(feed, FeedState::Connecting)));
    for what in feeds.into_iter().chain(gone) {
        session.apply(&Stamped { at, what });
    }
}
