//! Recording from the dashboard: to which file, with which header, and the messages about it.

use super::App;
use crate::{
    config::Settings,
    observe::{Time, WatchingSeen},
    otlp::{self, Exporter},
    recording::{Header, LIMIT, LabRun, STOPPED, Tape, create, create::Existing},
    store::stream::{self, Ending, Stream},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Characters of `-20261124-003110.jsonl.gz`.
const TIME: usize = 25;

/// Where recordings go, and what their headers contain of the settings.
#[derive(Clone, Debug, Default)]
pub struct Recordings {
    /// For those that `r` starts.
    folder: PathBuf,
    watching: WatchingSeen,
    settings: BTreeMap<String, String>,
    /// None on a real cluster.
    lab: Option<LabRun>,
    limit: u64,
}

/// The settings that affect what is observed; those that were given go into the header. None of them can hold a secret.
const IN_HEADER: [&str; 3] = ["request-timeout", "readonly", "as"];

impl Recordings {
    /// `lab` is the lab's run, None on a real cluster; `limit` the most bytes of a recording.
    pub fn new(settings: &Settings, lab: Option<LabRun>, limit: Option<u64>) -> Recordings {
        let watching = WatchingSeen {
            context: settings.context.clone().unwrap_or_default(),
            namespace: settings.namespace.clone(),
            hpa: settings.hpa.clone(),
            load_namespace: settings.load_namespace.clone(),
            load_job: settings.load_job.clone(),
            lab: settings.lab,
            ..WatchingSeen::default()
        };
        let given = IN_HEADER.iter().filter(|key| settings.is_given(key));
        Recordings {
            folder: settings.state_dir.join("recordings"),
            watching,
            settings: given.filter_map(|key| Some(((*key).to_owned(), settings.text(key)?))).collect(),
            lab,
            limit: limit.unwrap_or(LIMIT),
        }
    }

    /// The same, with another folder where one is given.
    pub fn in_folder(self, folder: Option<&Path>) -> Recordings {
        Recordings { folder: folder.map_or(self.folder, Path::to_owned), ..self }
    }

    /// Removes recordings that are named as this one is but for the time, beyond the newest `keep`, and none that is not wholly
    /// in the store yet.
    ///
    /// # Errors
    /// A sentence that names the folder, or the file that cannot be removed.
    pub fn keep_newest(path: &Path, keep: usize) -> Result<(), String> {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let own = name(path);
        let hpa = own.get(..own.len().saturating_sub(TIME)).unwrap_or_default();
        let is_alike = |other: &str| {
            other.len() == own.len()
                && other.strip_prefix(hpa).is_some_and(|rest| rest.len() == TIME && rest.starts_with('-'))
                && other.ends_with(".jsonl.gz")
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        let listed = folder.read_dir().map_err(|e| format!("{}: {}", folder.display(), create::words(&e)))?;
        let mut all: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
        all.retain(|path| is_alike(&name(path)));
        all.sort_unstable_by(|a, b| b.cmp(a));
        for old in all.into_iter().skip(keep).filter(|path| !stream::mark(path).exists()) {
            std::fs::remove_file(&old).map_err(|e| format!("{}: {}", old.display(), create::words(&e)))?;
        }
        Ok(())
    }

    /// The header of a recording that starts at `at`; `seen` is what is watched, as far as that is known.
    pub fn header(&self, at: Time, seen: &WatchingSeen) -> Header {
        let known = !seen.hpa.is_empty();
        let mut header = Header::new(at, if known { seen } else { &self.watching }.clone());
        header.settings = self.settings.clone();
        header.lab = self.lab.clone();
        header
    }

    /// Starts a recording to this file.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub fn start(&self, tape: &mut Tape, path: &Path, at: Time, seen: &WatchingSeen) -> Result<(), String> {
        tape.start(path, Existing::Keep, self.header(at, seen), self.limit)
    }

    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// A new file's path in the folder for recordings, which is created if necessary.
    ///
    /// # Errors
    /// A sentence that names the folder.
    pub fn path(&self, at: Time, hpa: &str) -> Result<PathBuf, String> {
        create::folder(&self.folder)?;
        let hpa = if hpa.is_empty() { &self.watching.hpa } else { hpa };
        // The name becomes part of a path, so nothing else may pass.
        let hpa: String = hpa.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        Ok(self.folder.join(format!("{hpa}-{}.jsonl.gz", at.format("%Y%m%d-%H%M%S"))))
    }
}

impl App {
    /// `r`: starts a recording or ends the one that runs.
    pub(super) fn toggle_recording(&mut self, now: Time) {
        let text = if self.tape.is_recording() {
            self.end_recording(STOPPED).unwrap_or_default()
        } else if self.running.is_none() && self.fleet.is_watched() {
            "open an HPA to record it; edot-tui record -A records every one".to_owned()
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
        self.ui.say(text);
    }

    /// Ends the recording, if there is one; a sentence about the file.
    pub fn end_recording(&mut self, why: &str) -> Option<String> {
        self.ui.recording = None;
        let ended = self.tape.stop(why, self.session.now.unwrap_or_default()).map(|ended| ended.text);
        self.end_stream();
        ended
    }

    /// Sends the recording that runs into the store, from now to its end.
    pub fn stream(&mut self, stream: Stream) {
        self.stream = Some(stream);
    }

    /// What was begun to be sent and has ended.
    pub fn endings(&mut self) -> Vec<Ending> {
        std::mem::take(&mut self.endings)
    }

    /// Sends the session by OTLP, from now on.
    pub fn send_by(&mut self, exporter: Option<Exporter>) {
        self.exporter = exporter;
    }

    /// Ends that.
    pub fn end_export(&mut self) -> Option<otlp::Ending> {
        self.exporter.take().map(|exporter| exporter.end(&self.session, self.ui.expectations()))
    }

    /// Once a second: to the store, and by OTLP.
    pub(super) fn hand_out(&mut self) {
        let expected = self.ui.expectations();
        let stored = self.stream.as_mut().and_then(|stream| stream.tick(&self.session, expected));
        let exported = self.exporter.as_mut().and_then(|exporter| exporter.tick(&self.session, expected));
        stored.into_iter().chain(exported).for_each(|text| self.ui.say(text));
    }

    fn end_stream(&mut self) {
        if let Some(stream) = self.stream.take() {
            self.endings.push(stream.end(&self.session, self.ui.expectations()));
        }
    }

    /// Shows a message when a recording has ended by itself.
    pub(super) fn watch_recording(&mut self) {
        if let Some(ended) = self.tape.ended() {
            self.ui.recording = None;
            self.end_stream();
            self.ui.say(ended.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_an_hpa_stay_and_what_the_store_has_not_got() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let day = |hpa: &str, day: u8| path(&format!("{hpa}-202611{day:02}-000000.jsonl.gz"));
        let others =
            [day("gateway", 1), day("lab-edot", 1), path("lab-gateway-of-mine.jsonl.gz"), path("lab-gateway.txt")];
        let own: Vec<PathBuf> = (1..=6).map(|n| day("lab-gateway", n)).collect();
        own.iter().chain(&others).for_each(|path| std::fs::write(path, "").unwrap());
        std::fs::write(stream::mark(&own[1]), "").unwrap();
        Recordings::keep_newest(&own[5], 3).unwrap();
        let left: Vec<bool> = own.iter().map(|path| path.exists()).collect();
        assert_eq!(left, [false, true, false, true, true, true]);
        assert!(others.iter().all(|path| path.exists()));
    }
}
