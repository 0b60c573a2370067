//! `edot-tui replay`: the dashboard over a recording.

use super::{args::SettingFlags, block_on, dashboard_exit_code, keep, look_and_ui, need_screen};
use crate::{
    app::{App, Recordings},
    config::Settings,
    error::CommandError,
    offline::{moment, reader},
    open,
    replay::Begin,
    terminal,
};
use clap::Args;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Debug, Args)]
pub struct Replay {
    /// The recording; - is standard input, es:ID a session of the store
    pub file: PathBuf,
    /// Begin this far into the recording, such as 4:12 or 2m30s
    #[arg(long, value_name = "DURATION", value_parser = moment::offset, help_heading = "Replay")]
    pub at: Option<Duration>,
    /// Times real time: 0.25 to 256, in doublings
    #[arg(long, value_name = "N", default_value = "1", value_parser = pace, help_heading = "Replay")]
    pub pace: f64,
    /// Begin paused
    #[arg(long, help_heading = "Replay")]
    pub paused: bool,
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Shows the recording until the user quits.
///
/// # Errors
/// There is no terminal, or the recording cannot be read.
pub fn run(settings: &Settings, args: &Replay) -> Result<u8, CommandError> {
    need_screen("a replay", "edot-tui status -o screen prints a screen once, and -o text its figures")?;
    let local = reader::local(settings, &args.file)?;
    block_on(show(settings, args, &local.path))
}

async fn show(settings: &Settings, args: &Replay, file: &Path) -> Result<u8, CommandError> {
    let (look, ui) = look_and_ui(settings, true)?;
    let after = args.at.map_or(0, |at| i64::try_from(at.as_millis()).unwrap_or(i64::MAX));
    let begin = Begin { after, speed: args.pace, paused: args.paused };
    let running = open::replay(file, begin)?;
    let recordings = Recordings::new(settings, None, None);
    let mut app = App::new(settings.mouse, ui, look, settings.fps, recordings, None)?;
    app.replay(begin);
    app.watch(running);
    let ended = app.run(None).await;
    let kept = app.kept();
    drop(app);
    terminal::restore();
    keep(settings, &kept);
    dashboard_exit_code(ended?)
}

fn pace(text: &str) -> Result<f64, String> {
    let n = text.trim_start_matches('×').parse().ok();
    let n = n.filter(|n: &f64| (0.25..=256.0).contains(n) && n.log2().fract() == 0.0);
    n.ok_or_else(|| "one of 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256".into())
}
