//! Elasticsearch as the place where sessions are kept: what is written there, and how it is found and read again. Must not
//! print or ask, and must not observe a cluster.
//!
//! ```text
//! recording ─► push ─► chunks of the file ─────────► edot-tui-recordings    ─► pull ─► the same file
//!                 ├──► document: the session ──────► edot-tui-sessions      ─► query: list, trend, tags
//!                 └──► derived: syncs, gateway … ──► metrics-edot_tui.*, logs-edot_tui.event
//! stream: the same while the recording is written
//! ```
//!
//! Every document has an id that follows from what it says, so that sending it again changes nothing. The templates are in
//! `assets/elasticsearch`, and `setup` installs them.

mod access;
pub mod bulk;
mod chunk;
mod client;
pub mod derived;
pub mod document;
mod id;
pub mod pull;
pub mod push;
pub mod query;
pub mod setup;
pub mod stream;
pub mod trend;

pub use access::Access;
#[cfg(test)]
pub use access::{Credential, Place};
pub use bulk::{Sent, TRIES};
pub use client::{Client, StoreError, StoreErrorKind};

/// The index of the sessions, a document each.
pub const SESSIONS: &str = "edot-tui-sessions";
/// The index of the recordings, in chunks.
pub const RECORDINGS: &str = "edot-tui-recordings";
/// The data streams of what is derived: syncs of the controller, the gateway's figures, events.
pub const SYNCS: &str = "metrics-edot_tui.sync-default";
pub const GATEWAY: &str = "metrics-edot_tui.gateway-default";
pub const EVENTS: &str = "logs-edot_tui.event-default";
