//! A small Kubernetes cluster inside this process. It is not a source: it serves the Kubernetes API, so the live feeds
//! watch it like any other cluster, and so can `kubectl` and k9s.
//!
//! ```text
//! api ─► processes ─► model ─► store
//!  └───────────────────┴──────► scenario
//! ```

pub mod api;
pub mod model;
pub mod processes;
pub mod scenario;
pub mod store;
