//! Where files are kept: the XDG folders, also on macOS. Must not create anything.

use super::{Env, Origin};
use etcetera::BaseStrategy;
use std::path::{Path, PathBuf};

/// The folders of this user.
#[derive(Clone, Debug)]
pub struct Dirs {
    home: PathBuf,
    config: PathBuf,
    state: PathBuf,
}

impl Dirs {
    /// By `XDG_CONFIG_HOME` and `XDG_STATE_HOME` where they are absolute paths, else under the home.
    pub fn new(env: &Env) -> Dirs {
        let set = |name: &str| env.get(name).map(PathBuf::from).filter(|p| p.is_absolute());
        let home = set("HOME")
            .or_else(|| etcetera::base_strategy::Xdg::new().ok().map(|x| x.home_dir().to_path_buf()))
            .unwrap_or_else(|| PathBuf::from("/"));
        Dirs {
            config: set("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")).join("edot-tui"),
            state: set("XDG_STATE_HOME").unwrap_or_else(|| home.join(".local/state")).join("edot-tui"),
            home,
        }
    }

    pub fn config(&self) -> PathBuf {
        self.config.clone()
    }

    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    pub fn state(&self) -> PathBuf {
        self.state.clone()
    }

    /// A path as the user meant it: `~/` is the home, one from a file starts at that file's folder.
    pub fn absolute(&self, text: &str, origin: &Origin) -> PathBuf {
        if let Some(rest) = text.strip_prefix("~/") {
            return self.home.join(rest);
        }
        match origin {
            Origin::File { path, .. } => path.parent().unwrap_or(Path::new("")).join(text),
            _ => PathBuf::from(text),
        }
    }
}
