//! The one way to the API server: connecting, requests, streams, port-forwards, and what their failures mean. Every feed,
//! the load control and the doctor go through here. Must not know what the answers are about.
//!
//! ```text
//! connect (kubeconfig, credentials, TLS) ─► cluster (one client for all, renewed when it is refused)
//!     request (a whole answer) · stream (lines) · port_forward (a port inside a pod) ─► error (reason, hint, RBAC rule)
//!     retry_gate: requests that follow a failure take turns · timing: every duration of the live feeds
//! ```

pub mod cluster;
pub mod connect;
mod error;
mod json_size;
pub mod port_forward;
mod request;
mod retry_gate;
mod selector;
mod stream;
mod timing;

pub use error::{ApiError, ApiErrorKind, ResourceAttributes, plain, root, tls_text};
pub use request::{ApiClient, Request, encode, found, get, json_text, read};
pub use retry_gate::RetryGate;
pub use selector::{as_written, selector};
pub use stream::open;
pub use timing::{Timing, jitter};
