//! A session, a screen, a comparison or a supposition in other forms: `status`, text, markdown, JSON, CSV, HTML, JUnit, SVG,
//! asciicast. Must not observe anything itself.

mod cast;
pub mod compare;
pub mod cost;
pub mod courses;
pub mod figures;
pub mod full;
pub mod html;
mod inside;
mod junit;
pub mod overlay;
pub mod page;
pub mod panels;
pub mod plot;
pub mod prose;
mod status;
mod status_ingest;
mod status_inside;
mod status_text;
mod svg;
pub mod table;
pub mod what_if;

pub use cast::{Film, cast};
pub use full::{Origin, Report, full};
pub use junit::junit;
pub use status::{FindingStatus, Status, status};
pub use status_text::status_text;
pub use svg::svg;
