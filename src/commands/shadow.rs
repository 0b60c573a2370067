//! `edot-tui shadow`: other specs run beside the HPA's own, in the dashboard, or in a pipe to the end of a given time.

use super::{
    args::{RecordingFlags, SettingFlags, up_to_a_month},
    block_on, live,
};
use crate::{
    advise,
    app::{Recordings, RunningSource, SourceEvent},
    config::Settings,
    decide::{rerun::ChangeFlags, shadow},
    error::{CommandError, SUCCESS, signal_exit_code},
    observe::{Observation, ShadowSeen, Stamped},
    offline::format,
    open,
    recording::{STOPPED, Tape, create::Existing},
    report::{self, text},
    session::Session,
    signals::EndSignals,
    stdio,
};
use chrono::TimeDelta;
use clap::{Args, ValueEnum};
use std::{io::IsTerminal, path::PathBuf, time::Duration};
use tokio::time::Instant;

#[derive(Debug, Args)]
pub struct Shadow {
    /// A file with one or several HPAs (autoscaling/v2), each a shadow; - is standard input; may be given several times
    #[arg(short, long, value_name = "FILE", conflicts_with = "ChangeFlags", help_heading = "Shadow")]
    pub file: Vec<PathBuf>,
    #[command(flatten)]
    pub changes: ChangeFlags,
    /// Watch without the dashboard, and print this at the end; in a pipe text is the default
    #[arg(short, long, value_name = "FORMAT", value_enum, help_heading = "Output")]
    pub output: Option<ShadowFormat>,
    /// Without the dashboard: end after this time, such as 10m [default: at Ctrl-C]
    #[arg(long = "for", value_name = "DURATION", value_parser = up_to_a_month, help_heading = "Output")]
    pub most: Option<Duration>,
    #[command(flatten)]
    pub recording: RecordingFlags,
    #[command(flatten)]
    pub settings: SettingFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShadowFormat {
    Text,
    Json,
    Markdown,
}

/// Shows the dashboard with the shadows, or prints them at the end.
///
/// # Errors
/// There is no shadow, or one is wrong; those of [`live::run`]; the recording cannot be made.
pub fn run(settings: &Settings, args: &Shadow, recording: &RecordingFlags) -> Result<u8, CommandError> {
    let shadows = open::shadow::given(&args.file, &args.changes.changes())?;
    if args.output.is_none() && args.most.is_none() && std::io::stdout().is_terminal() {
        return live::run(settings, recording, shadows);
    }
    if recording.keeping.store {
        return Err(CommandError::usage(
            "without the dashboard it is edot-tui record --store, or sessions push afterwards",
        ));
    }
    if recording.keeping.otlp.is_some() {
        return Err(CommandError::usage("without the dashboard it is edot-tui record --otlp"));
    }
    open::fleet::refuse(settings, "shadow -o")?;
    block_on(async {
        let mut running = open::live(settings).await?;
        running.hpa_found().await?;
        let watched = watch(settings, args, recording, shadows, &mut running).await;
        running.stop.cancel();
        let (session, number) = watched?;
        let summary = report::shadow::summarize(&session, &shadow::run(&session));
        let text = match args.output.unwrap_or(ShadowFormat::Text) {
            ShadowFormat::Json => format::json(&summary)?,
            ShadowFormat::Markdown => text::markdown(&report::shadow::document(&summary)),
            ShadowFormat::Text => text::plain(&report::shadow::document(&summary), super::text_target(settings).width),
        };
        stdio::data(&text)?;
        Ok(number.map_or(SUCCESS, signal_exit_code))
    })
}

/// Observes until the time is over or a signal comes, whose number is given.
async fn watch(
    settings: &Settings,
    args: &Shadow,
    recording: &RecordingFlags,
    shadows: Vec<ShadowSeen>,
    running: &mut RunningSource,
) -> Result<(Session, Option<i32>), CommandError> {
    let mut signals = EndSignals::new()?;
    let (mut session, mut tape) = (advise::session(), Tape::default());
    let recordings = Recordings::new(settings, open::lab::run(settings), recording.record_limit);
    let (began, mut shadows) = (running.clock.instant(), Some(shadows));
    let end = loop {
        let event = tokio::select! {
            biased;
            number = signals.next() => break Some(number),
            event = running.next() => event,
        };
        let seen = match event {
            SourceEvent::Observed(seen) => seen,
            SourceEvent::Replay(_) => continue,
            SourceEvent::Failed(error) => return Err(error),
        };
        if let Some(all) = shadows.take() {
            if let Some(path) = &recording.record {
                let header = recordings.header(seen.at, &Default::default());
                tape.start(path, Existing::Keep, header, recordings.limit()).map_err(CommandError::failed)?;
            }
            let set = Stamped { at: seen.at, what: Observation::Shadows { all } };
            tape.take(&set);
            session.apply(&set);
        }
        tape.take(&seen);
        session.apply(&seen);
        if seen.what == Observation::Tick && is_over(args.most, began, running, &session) {
            break None;
        }
    };
    stdio::progress("");
    let now = session.now.unwrap_or_default();
    if let Some(outcome) = tape.stop(STOPPED, now) {
        stdio::message(&outcome.text);
    }
    Ok((session, end))
}

/// Whether the time is over; says how far it is.
fn is_over(most: Option<Duration>, began: Instant, running: &RunningSource, session: &Session) -> bool {
    let elapsed = running.observed_for(began, session);
    let seconds = elapsed.num_seconds();
    let replicas = session.replicas.current.last().copied().flatten();
    let replicas = replicas.map_or_else(|| "?".to_owned(), |n| n.to_string());
    stdio::progress(&format!("shadowing {}:{:02}  {replicas} replicas", seconds / 60, seconds % 60));
    most.and_then(|most| TimeDelta::from_std(most).ok()).is_some_and(|most| elapsed >= most)
}
