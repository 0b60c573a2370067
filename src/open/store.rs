//! From settings to a recording that is sent into the store, and to those that earlier runs left over. Must not know what is sent.

use crate::{
    config::Settings,
    error::CommandError,
    store::{
        Access, Client,
        stream::{self, Stream},
    },
    verdict::Expectations,
};
use std::path::Path;

/// Sends the recording at `path` while it is written, and in the background what is left over in its folder.
///
/// # Errors
/// No store is named, or its client cannot be made; the mark beside the recording cannot be written.
pub fn stream(
    settings: &Settings,
    path: &Path,
    tags: &[String],
    expected: &Expectations,
) -> Result<Stream, CommandError> {
    let client = Client::new(Access::new(settings)?)?;
    let stream = Stream::start(client.clone(), path, tags).map_err(CommandError::failed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    let expected = expected.clone();
    let runtime = tokio::runtime::Handle::current();
    // A long recording is folded for it, which must not delay what observes.
    tokio::task::spawn_blocking(move || runtime.block_on(stream::leftovers(&client, &folder, &expected)));
    Ok(stream)
}
