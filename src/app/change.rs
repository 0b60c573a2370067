//! Another thing to watch in place of the present one: another scenario of the lab, another HPA, namespace or cluster. Where
//! it cannot be watched, the former one is again. Must not connect by itself.

use super::{App, FleetOpening, Opening, Recordings};
use crate::{
    clock::Clock,
    config::{Settings, kept::Kept},
    error::{CommandError, ErrorKind},
    recording::STOPPED,
    source::live::cluster::Cluster,
    ui::{HpaName, Screen},
};

/// What is watched, and how to watch something else.
pub struct Watched {
    pub settings: Settings,
    /// The settings with another value for a key; an error names what is wrong with it.
    pub change: fn(&Settings, &str, &str) -> Result<Settings, CommandError>,
    /// Opens what the settings say; over a cluster that is connected already, where one is given.
    pub open: fn(&Settings, Option<Cluster>) -> Opening,
    /// Opens the watch of every HPA.
    pub fleet: fn(&Settings, Option<Cluster>) -> FleetOpening,
    /// The settings for this HPA of the list.
    pub dive: fn(&Settings, &HpaName) -> Settings,
    pub recordings: fn(&Settings, u64) -> Recordings,
    /// The scenarios of the lab, and what each shows.
    pub scenarios: fn() -> Vec<(String, String)>,
    /// What was watched before, until something else is.
    pub before: Option<Box<Settings>>,
}

impl App {
    /// What is kept over restarts.
    pub fn kept(&self) -> Kept {
        let changed = |word: String| if word == "auto" { String::new() } else { word };
        let (y_axis, zoom) = (changed(self.ui.y.word().to_owned()), changed(self.ui.window.word()));
        let (sort_pods, sort_streams) = (self.ui.sort.pods().to_owned(), self.ui.sort.streams().to_owned());
        Kept { theme: self.look.theme().name.clone(), y_axis, zoom, sort_pods, sort_streams, ..Kept::default() }
    }

    /// What is watched can be changed by the user from now on.
    pub fn changeable(&mut self, watched: Watched) {
        self.ui.scenarios = (watched.scenarios)();
        self.ui.fleet.available = true;
        self.watched = Some(watched);
    }

    /// Watches something else: `key` is a setting, `to` its new value.
    pub(super) fn change(&mut self, key: &str, to: &str) {
        let Some(watched) = &mut self.watched else { return self.ui.say("this is a replay; it has one HPA only") };
        match (watched.change)(&watched.settings, key, to) {
            Ok(mut settings) => {
                // The lab keeps the pace that it was given.
                settings.speed = self.ui.lab_speed.unwrap_or(settings.speed);
                let before = std::mem::replace(&mut watched.settings, settings);
                watched.before = Some(Box::new(before));
                let here = matches!(key, "hpa" | "namespace");
                let cluster = self.running.as_ref().filter(|_| here).and_then(|running| running.cluster.clone());
                if key == "scenario" {
                    self.leave_lab();
                }
                self.watch_again(cluster, None);
                self.ui.say(format!("{key} {to}"));
            }
            Err(error) => self.ui.say(error.to_string()),
        }
    }

    /// After a failure: watches again what was watched before it. Returns the error where there is nothing like that.
    pub(super) fn go_back(&mut self, error: CommandError) -> Option<CommandError> {
        let missing = error.kind == ErrorKind::NotFound;
        let opening = self.running.is_none() || missing;
        let Some(watched) = self.watched.as_mut().filter(|_| opening) else { return Some(error) };
        let Some(before) = watched.before.take() else {
            // None was named, so one is to be picked; and the list of every HPA goes on without the one that is gone.
            let list = self.fleet.is_watched()
                || (missing && !watched.settings.is_given("hpa") && !watched.settings.is_given("namespace"));
            if list {
                self.pick_instead(&error);
                return None;
            }
            return Some(error);
        };
        watched.settings = *before;
        let cluster = self.running.as_ref().and_then(|running| running.cluster.clone());
        self.watch_again(cluster.filter(|cluster| cluster.is_lab()), None);
        self.ui.say(format!("{error}; back to what was watched before"));
        None
    }

    /// The lab that is watched ends, and with it all that was seen of it.
    fn leave_lab(&mut self) {
        self.fleet.close();
        self.fleet.forget();
        self.session.fleet = None;
    }

    /// Opens what the settings say, and forgets what was seen.
    pub(super) fn watch_again(&mut self, cluster: Option<Cluster>, to: Option<&HpaName>) {
        let recorded = self.end_recording(STOPPED);
        self.stop_source();
        let Some(watched) = &self.watched else { return };
        let other_clock = cluster.is_none();
        self.recordings = (watched.recordings)(&watched.settings, self.recordings.limit());
        self.opening = Some((watched.open)(&watched.settings, cluster));
        self.tape = Default::default();
        let shadows = self.session.shadows.to_vec();
        self.exchange(to);
        if other_clock {
            // That of a lab which ran faster is ahead.
            self.session.now = Some(Clock::system().now());
        }
        self.shadow(shadows);
        self.paused = None;
        self.ui.forget();
        // The list is watched again when it is shown.
        if self.ui.screen.is_of_many() {
            self.ui.screen = Screen::Overview;
        }
        recorded.into_iter().for_each(|text| self.ui.say(text));
        self.dirty = true;
    }
}
