//! What a session says, sent by OTLP to a collector or a backend: metrics, events as log records, and each scale-up as a trace.
//! Must not derive what the store's documents and the report do not hold, and must not make what observes wait.
//!
//! ```text
//! session ─► store's documents ─► metrics, events ─┐
//!        └─► reaction budget ───► traces ──────────┴─► Exporter: queue ─► Sender: gRPC or HTTP
//! ```

mod access;
mod events;
mod exporter;
mod metrics;
mod send;
mod traces;
mod values;

pub use access::Access;
pub use exporter::{Ending, Exporter};

/// The conventions that names and units follow.
const SCHEMA: &str = "https://opentelemetry.io/schemas/1.42.0";
