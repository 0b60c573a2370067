//! `edot-tui live`, and `edot-tui` alone: the dashboard over a cluster or the embedded lab.

use super::{
    args::{RecordingFlags, SettingFlags},
    block_on, dashboard_exit_code, is_first_in_lab, keep, look_and_ui, need_screen,
};
use crate::{
    app::{self, App, Recordings},
    config::Settings,
    error::{CommandError, ErrorKind},
    observe::ShadowSeen,
    open,
    recording::STOPPED,
    stdio, terminal,
};
use clap::Args;
use std::time::Duration;

/// How long the screen waits for the answer whether an HPA that was named is there; a later answer is shown on the screen.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the end waits for the store, where the next run sends the rest, and for OTLP.
const PATIENCE_AT_END: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
pub struct Live {
    #[command(flatten)]
    pub recording: RecordingFlags,
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Shows the dashboard until the user quits, with `shadows` beside the HPA.
///
/// # Errors
/// There is no terminal; what is watched cannot be opened or is not there; the recording cannot be started.
pub fn run(settings: &Settings, recording: &RecordingFlags, shadows: Vec<ShadowSeen>) -> Result<u8, CommandError> {
    block_on(show(settings, recording, shadows))
}

async fn show(settings: &Settings, recording: &RecordingFlags, shadows: Vec<ShadowSeen>) -> Result<u8, CommandError> {
    need_screen("the dashboard", "edot-tui status -o text prints once what it would show")?;
    let (look, ui) = look_and_ui(settings, settings.readonly)?;
    let settings = &open::lab::or_configured(settings)?;
    // Reading certificates and running plugins takes a while: the first frame is drawn in the meantime.
    let every = open::fleet::is_wanted(settings)?;
    let mut opening = (!every).then(|| open::live_in_background(settings, None));
    let mut running = None;
    if let Some(opening) = opening.as_mut().filter(|_| open::is_hpa_named(settings))
        && let Ok(opened) = tokio::time::timeout(PATIENCE, opening).await
    {
        let mut opened = app::opened(opened)?;
        if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, opened.hpa_found()).await
            && error.kind == ErrorKind::NotFound
        {
            return Err(error);
        }
        running = Some(opened);
    }
    let recordings = Recordings::new(settings, open::lab::run(settings), recording.record_limit);
    let keeping = &recording.keeping;
    // What is sent into the store is read from its file.
    let file = match &recording.record {
        None if keeping.store => Some(app::new_recording(&recordings)?),
        file => file.clone(),
    };
    // Before the screen is taken: an address that is wrong is said at once.
    let stream = file.as_deref().filter(|_| keeping.store);
    let stream = stream.map(|file| open::store::stream(settings, file, &keeping.tag, ui.expectations())).transpose()?;
    let exporter = open::otlp::exporter(keeping.otlp.as_deref(), file.as_deref())?;
    let mut app = App::new(settings.mouse, ui, look, settings.fps, recordings, file.as_deref())?;
    if let Some(stream) = stream {
        app.stream(stream);
    }
    app.send_by(exporter);
    if is_first_in_lab(settings) {
        app.welcome();
    }
    app.changeable(open::watched(settings));
    app.shadow(shadows);
    if let Some(running) = running {
        app.watch(running);
    }
    if every {
        app.begin_with_fleet();
    }
    let ended = app.run(opening).await;
    let recorded = app.end_recording(STOPPED);
    let (kept, endings, exported) = (app.kept(), app.endings(), app.end_export());
    drop(app);
    terminal::restore();
    recorded.iter().for_each(|text| stdio::message(text));
    for ending in endings {
        stdio::message(&ending.done(PATIENCE_AT_END).await);
    }
    if let Some(exported) = exported {
        stdio::message(&exported.done(PATIENCE_AT_END).await);
    }
    keep(settings, &kept);
    dashboard_exit_code(ended?)
}
