//! Recording from the dashboard: where to, under which name, with which header; and what the user is told of it.

use super::App;
use crate::{
    config::Settings,
    observe::{Time, WatchingSeen},
    recording::{Header, LIMIT, LabRun, STOPPED, Tape, create, create::Existing},
    start,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Where recordings go, and what their headers tell of the settings.
#[derive(Clone, Debug, Default)]
pub struct Recordings {
    /// For those that `r` begins.
    folder: PathBuf,
    watching: WatchingSeen,
    settings: BTreeMap<String, String>,
    /// None on a real cluster.
    lab: Option<LabRun>,
    limit: u64,
}

/// The settings that bear on what is observed. None of them can hold a secret.
const TOLD: [&str; 3] = ["request-timeout", "readonly", "as"];

impl Recordings {
    pub fn new(settings: &Settings, limit: Option<u64>) -> Recordings {
        let watching = WatchingSeen {
            context: settings.context.clone().unwrap_or_default(),
            namespace: settings.namespace.clone(),
            hpa: settings.hpa.clone(),
            load_namespace: settings.load_namespace.clone(),
            load_job: settings.load_job.clone(),
            lab: settings.lab,
            ..WatchingSeen::default()
        };
        let value = |key: &str| match key {
            "request-timeout" => humantime::format_duration(settings.request_timeout).to_string(),
            "readonly" => settings.readonly.to_string(),
            _ => settings.impersonate.clone().unwrap_or_default(),
        };
        let given = TOLD.iter().filter(|key| settings.origins.contains_key(*key));
        Recordings {
            folder: settings.state_dir.join("recordings"),
            watching,
            settings: given.map(|key| ((*key).to_owned(), value(key))).collect(),
            lab: settings.lab.then(|| start::lab::run(settings)),
            limit: limit.unwrap_or(LIMIT),
        }
    }

    /// The header of a recording that begins at `at`; `seen` is what is watched as far as that is known.
    pub fn header(&self, at: Time, seen: &WatchingSeen) -> Header {
        let known = !seen.hpa.is_empty();
        let mut header = Header::new(at, if known { seen } else { &self.watching }.clone());
        header.settings = self.settings.clone();
        header.lab = self.lab.clone();
        header
    }

    /// Begins a recording into this file.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub fn start(&self, tape: &mut Tape, path: &Path, at: Time, seen: &WatchingSeen) -> Result<(), String> {
        tape.start(path, Existing::Keep, self.header(at, seen), self.limit)
    }

    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// A name in the folder for recordings, which is made if need be.
    ///
    /// # Errors
    /// A sentence that names the folder.
    pub fn path(&self, at: Time, hpa: &str) -> Result<PathBuf, String> {
        create::folder(&self.folder)?;
        let hpa = if hpa.is_empty() { &self.watching.hpa } else { hpa };
        // A name goes into a path, whoever gave it.
        let hpa: String = hpa.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        Ok(self.folder.join(format!("{hpa}-{}.jsonl.gz", at.format("%Y%m%d-%H%M%S"))))
    }
}

impl App {
    /// `r`: begins a recording or ends the one that runs.
    pub(super) fn toggle_recording(&mut self, now: Time) {
        let text = if self.tape.is_recording() {
            self.end_recording(STOPPED).unwrap_or_default()
        } else {
            let at = self.session.now.unwrap_or(now);
            let (seen, recordings) = (&self.session.watching, &self.recordings);
            let started = recordings.path(at, &seen.hpa).and_then(|path| {
                recordings.start(&mut self.tape, &path, at, seen)?;
                Ok(path)
            });
            match started {
                Ok(path) => {
                    self.ui.recording = Some(at.timestamp_millis());
                    format!("recording to {}", path.display())
                }
                Err(text) => text,
            }
        };
        self.ui.say(self.session.now_ms(), text);
    }

    /// Ends the recording, if there is one; a sentence of what became of it.
    pub fn end_recording(&mut self, why: &str) -> Option<String> {
        self.ui.recording = None;
        self.tape.stop(why, self.session.now.unwrap_or_default())
    }

    /// Tells when a recording has ended by itself.
    pub(super) fn watch_recording(&mut self) {
        if let Some(text) = self.tape.ended() {
            self.ui.recording = None;
            self.ui.say(self.session.now_ms(), text);
        }
    }
}
