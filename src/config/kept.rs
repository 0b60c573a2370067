//! What the dashboard keeps over restarts: theme, y axis, zoom, sort, and that its first hint was shown. A file that is missing or cannot be read is as none; what was
//! given as a flag, in the environment or in the configuration counts more. Must not hold anything of a cluster.

use super::Settings;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// What is kept; a field that is missing has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Kept {
    /// Empty: the default.
    pub theme: String,
    /// `linear` or `log`; empty: the default.
    pub y_axis: String,
    /// `run`, or seconds; empty: the default.
    pub zoom: String,
    /// The head of the column by which that table is sorted; empty: the name.
    pub sort_pods: String,
    pub sort_streams: String,
    /// The hint at the first start in the lab was shown.
    pub welcomed: bool,
}

/// The longest file that is read, in bytes.
const LONGEST: u64 = 64 << 10;

fn path(settings: &Settings) -> PathBuf {
    settings.state_dir.join("state.toml")
}

/// What was kept; nothing with `--no-state`.
pub fn read(settings: &Settings) -> Kept {
    let path = path(settings);
    let small = |path: &Path| std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= LONGEST);
    if settings.no_state || !small(&path) {
        return Kept::default();
    }
    std::fs::read_to_string(path).ok().and_then(|text| toml::from_str(&text).ok()).unwrap_or_default()
}

/// Keeps it, if it differs from what is kept already. Not with `--no-state`.
///
/// # Errors
/// The file cannot be written.
pub fn write(settings: &Settings, kept: &Kept) -> io::Result<()> {
    if settings.no_state || *kept == read(settings) {
        return Ok(());
    }
    let text = toml::to_string(kept).map_err(io::Error::other)?;
    std::fs::create_dir_all(&settings.state_dir)?;
    let (path, new) = (path(settings), settings.state_dir.join(format!("state.toml.{}", std::process::id())));
    std::fs::write(&new, text)?;
    std::fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_damage_is_as_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { state_dir: folder.path().join("new"), ..Settings::default() };
        assert_eq!(read(&settings), Kept::default());
        let kept = Kept { theme: "light".into(), y_axis: "log".into(), zoom: "600".into(), ..Kept::default() };
        write(&settings, &kept).unwrap();
        assert_eq!(read(&settings), kept);
        let none = Settings { no_state: true, ..settings.clone() };
        assert_eq!(read(&none), Kept::default());
        write(&none, &Kept::default()).unwrap();
        assert_eq!(read(&settings), kept, "--no-state writes nothing");
        std::fs::write(path(&settings), "theme = 3\n\u{1b}").unwrap();
        assert_eq!(read(&settings), Kept::default());
    }
}
