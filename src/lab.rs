//! A small cluster inside this process. It is no source: it speaks the Kubernetes API, so the live feeds watch it as they
//! watch any other, and so do `kubectl` and k9s.

pub mod api;
mod face;
pub mod model;
pub mod scenario;
pub mod store;
