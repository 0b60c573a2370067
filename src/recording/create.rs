//! Creates the file of a recording safely: readable by its owner only, never through a symbolic link, and over an existing
//! file only when asked. Must not write into it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Whether an existing file may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    Keep,
    Replace,
}

/// Creates the file.
///
/// # Errors
/// A sentence that names the file, with a hint.
pub fn create(path: &Path, existing: Existing) -> Result<File, String> {
    let named = |what: String| format!("{}: {what}", path.display());
    let there = fs::symlink_metadata(path).ok();
    if let Some(there) = &there {
        let kind = there.file_type();
        let what = match existing {
            _ if kind.is_symlink() => "is a symbolic link, which a recording does not follow; name the file itself",
            _ if kind.is_dir() => "is a folder; name a file in it",
            _ if !kind.is_file() => "is not a regular file; a recording needs one",
            Existing::Keep => "exists already, and is not overwritten; choose another name",
            Existing::Replace => "",
        };
        if !what.is_empty() {
            return Err(named(what.into()));
        }
    }
    let made = match there {
        None => fresh(path),
        // Created beside it and renamed over it: no link is followed, and a process that reads the old file keeps it.
        Some(_) => {
            let beside = beside(path);
            fresh(&beside).and_then(|file| {
                fs::rename(&beside, path).inspect_err(|_| drop(fs::remove_file(&beside)))?;
                Ok(file)
            })
        }
    };
    made.map_err(|e| {
        named(match e.kind() {
            ErrorKind::NotFound => "its folder does not exist".into(),
            ErrorKind::AlreadyExists => "exists already, and is not overwritten; choose another name".into(),
            _ => format!("cannot be written: {}", words(&e)),
        })
    })
}

fn fresh(path: &Path) -> io::Result<File> {
    // O_EXCL, which also refuses a symbolic link.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}

/// Creates a folder for recordings, for its owner only.
///
/// # Errors
/// A sentence that names it.
pub fn folder(path: &Path) -> Result<(), String> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|e| format!("{}: the folder cannot be created: {}", path.display(), words(&e)))
}

/// An error of the system without its number: `no space left on device`.
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
    first + chars.as_str()
}

/// Whether a file of this name is written as gzip.
pub fn is_gz(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"))
}
