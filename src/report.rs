//! A session, a screen, a comparison or a what-if simulation in other forms: `status`, text, Markdown, JSON, CSV, HTML,
//! JUnit, SVG, asciicast. Must not observe anything itself.
//!
//! What programs read is described by the JSON Schemas in `assets/schemas`; [`schema`] prints them for `--help`.

mod cast;
pub mod compare;
pub mod cost;
pub mod csv;
pub mod document;
pub mod fail_if;
pub mod figures;
pub mod fleet;
pub mod html;
pub mod json;
mod junit;
pub mod manifest;
pub mod panels;
pub mod plot;
pub mod scaled_object;
pub mod schema;
pub mod series;
pub mod shadow;
pub mod size;
mod status;
mod svg;
pub mod text;
pub mod text_chart;
pub mod tune;
pub mod what_if;

pub use cast::{Cast, cast};
#[cfg(test)]
pub use json::Report;
pub use json::{BudgetPart, DecisionPart, Origin, ProposalPart, budget, decision, report};
pub use junit::junit;
pub use status::{FindingStatus, LossStatus, Status, findings, status, status_as_text};
pub use svg::svg;
