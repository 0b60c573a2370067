//! What the commands over recordings and the dashboard's export share: reading a recording up to a moment, the expectations
//! of a run, and a session written in a format. Must not observe a cluster or print.

pub mod format;
pub mod moment;
pub mod reader;

pub use format::Format;
pub use moment::Moment;

use crate::error::CommandError;
use crate::report::Origin;
use crate::session::Session;
use crate::ui::Ui;
use crate::verdict::{self, Expectations};
use crate::view::Look;
use std::path::Path;
use std::sync::Arc;

/// A session as it is shown, in a format; [`format::write`] says which.
///
/// # Errors
/// None in practice; writing to memory is fallible by type.
pub fn export(
    session: &Session,
    format: Format,
    ui: &Ui,
    size: (u16, u16),
    look: &Look,
) -> Result<String, CommandError> {
    let verdict = verdict::run(session, ui.expectations());
    format::write(session, &verdict, &Origin::default(), format, ui, size, look)
}

/// The user's own expectations, or the built-in guide.
///
/// # Errors
/// The file cannot be read or is faulty.
pub fn expectations(path: Option<&Path>) -> Result<Arc<Expectations>, CommandError> {
    let Some(path) = path else { return Ok(Arc::new(Expectations::guide().clone())) };
    let faulty = |text: String| CommandError::usage(text).context(path.display().to_string());
    let text = std::fs::read_to_string(path).map_err(|e| faulty(e.to_string()))?;
    Expectations::read(&text).map(Arc::new).map_err(faulty)
}
