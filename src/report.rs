//! A session or a screen in other forms: SVG, and `status`. Must not observe anything itself.

mod status;
mod status_ingest;
mod status_text;
mod svg;

pub use status::{Status, status};
pub use status_text::status_text;
pub use svg::svg;
