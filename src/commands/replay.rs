//! `edot-tui replay`: the dashboard over a recording.

use super::{args::SettingFlags, block_on, dashboard_exit_code, keep, look_and_ui, need_screen};
use crate::{
    app::{App, Recordings, Replays},
    config::Settings,
    error::CommandError,
    format::size::file,
    observe::{Time, text},
    offline::{moment, reader},
    open,
    recording::{self, Header, Reading},
    replay::Begin,
    terminal,
};
use clap::Args;
use std::{
    cmp::Reverse,
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Debug, Args)]
pub struct Replay {
    /// The recording; a folder of them, to pick one; - is standard input, es:ID a session of the store
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
    if !args.file.is_dir() {
        let local = reader::local(settings, &args.file)?;
        return block_on(show(settings, args, &local.path, Vec::new()));
    }
    let all = of_folder(&args.file)?;
    let Some((first, _)) = all.first() else {
        return Err(CommandError::failed(format!("there is no recording in {}", args.file.display()))
            .hint("a recording is a file whose name ends with .jsonl.gz or .jsonl"));
    };
    block_on(show(settings, args, &args.file.join(first), all.clone()))
}

/// The names of a folder's recordings, and what each is of, since when; the latest first by when they began.
fn of_folder(folder: &Path) -> Result<Vec<(String, String)>, CommandError> {
    let listed = folder.read_dir().map_err(|e| CommandError::from(e).context(folder.display().to_string()))?;
    let paths = listed.flatten().map(|entry| entry.path()).filter(|path| is_recording(path));
    let mut all: Vec<_> = paths.map(|path| about(&path)).collect();
    all.sort_unstable();
    Ok(all.into_iter().map(|(_, name, about)| (name, about)).collect())
}

fn is_recording(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    (name.ends_with(".jsonl.gz") || name.ends_with(".jsonl")) && path.is_file()
}

/// When a recording began, such that the latest sorts first and what cannot be read last; its name; a word about it.
fn about(path: &Path) -> (Reverse<Option<Time>>, String, String) {
    let name = text::clean(&path.file_name().unwrap_or_default().to_string_lossy(), text::NAME);
    let size = std::fs::metadata(path).map_or_else(|_| String::new(), |about| file(about.len()));
    match recording::open(path) {
        Ok(Reading { header: Header { at, watching: w, .. }, .. }) => {
            let began = at.format("%Y-%m-%d %H:%M");
            (Reverse(Some(at)), name, format!("{}/{}  {began}  {size}", w.namespace, w.hpa))
        }
        Err(_) => (Reverse(None), name, format!("cannot be read  {size}")),
    }
}

/// Shows a recording, and offers those of its folder.
async fn show(
    settings: &Settings,
    args: &Replay,
    file: &Path,
    of_folder: Vec<(String, String)>,
) -> Result<u8, CommandError> {
    let (look, ui) = look_and_ui(settings, true)?;
    let after = args.at.map_or(0, |at| i64::try_from(at.as_millis()).unwrap_or(i64::MAX));
    let begin = Begin { after, speed: args.pace, paused: args.paused };
    let running = open::replay(file, begin)?;
    let recordings = Recordings::new(settings, None, None);
    let mut app = App::new(settings.mouse, ui, look, settings.fps, recordings, None)?;
    app.replay(begin);
    app.watch(running);
    if !of_folder.is_empty() {
        app.offer(Replays { folder: args.file.clone(), begin, open: open::replay }, of_folder);
    }
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
