//! From `--otlp` and the environment to what is sent by OTLP. Must not know what that is.

use crate::{
    error::CommandError,
    otlp::{Access, Exporter},
};
use std::path::Path;

/// Begins to send, where that is asked for: to `url`, or where it is empty to the address of the environment. The variables
/// alone switch nothing on: they are often set for another program.
///
/// # Errors
/// An address, a header, or a certificate cannot be used.
pub fn exporter(url: Option<&str>, recording: Option<&Path>) -> Result<Option<Exporter>, CommandError> {
    let Some(url) = url else { return Ok(None) };
    let var = |name: &str| std::env::var(name).ok();
    let access = Access::new(Some(url).filter(|url| !url.is_empty()), &var)?;
    Exporter::start(access, recording).map(Some).map_err(CommandError::usage)
}
