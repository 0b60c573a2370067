//! The guide's system in a cluster: its objects, what applying them would change, whether they are ready and why not, and how they
//! are removed again. Must not ask or print; the command does.
//!
//! ```text
//! files ─► kustomize ─► choice (overlay, parts, Elasticsearch) ─► plan ─► apply ─► ready
//!                                                   inventory ───┴─► down      api: all requests
//! ```
//!
//! What it makes has the label [`MANAGED_BY`]; what was there before has not, and is left by `down`. The inventory, a ConfigMap, is
//! written before the first object, so that what was begun can be continued, and removed.

pub mod api;
pub mod apply;
pub mod choice;
pub mod down;
pub mod drift;
pub mod files;
pub mod guard;
pub mod inventory;
pub mod kustomize;
pub mod plan;
pub mod pods;
pub mod ready;

/// The label of what the program made, and its value.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "edot-tui");
