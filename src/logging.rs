//! The log: a file, only when asked for, and only from our own code, so that no credential can get into it.
//!
//! hyper, rustls, kube and tower log request headers and handshakes at debug and trace, so nothing of theirs is logged at
//! any level; what matters about a failed request is in our own messages.

use crate::config::Log;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    prelude::*,
};

/// Starts logging for the rest of the process. The file is appended to, created with mode 0600, its folder with 0700.
///
/// # Errors
/// The file cannot be opened; the text names it.
pub fn start(log: &Log) -> Result<(), String> {
    let file = open(&log.file).map_err(|e| format!("log file {}: {e}", log.file.display()))?;
    let lines = fmt::layer().with_writer(std::sync::Arc::new(file)).with_ansi(false);
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(ours(&log.level)));
    tracing::subscriber::set_global_default(subscriber).map_err(|e| format!("log file {}: {e}", log.file.display()))
}

/// Our own crate at `level`, everything else off.
pub fn ours(level: &str) -> Targets {
    Targets::new().with_target("edot_tui", level.parse().unwrap_or(LevelFilter::INFO))
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        options.mode(0o600);
        folder.mode(0o700);
    }
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        folder.create(parent)?;
    }
    options.open(path)
}
