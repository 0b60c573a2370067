//! What is read of the API's objects: lenient structs with only the fields that the program uses.
//!
//! Every field may be missing or null, so that one odd object never takes a feed down. Must not convert or judge; text
//! in here is as the server sent it, not yet cleaned.

mod discovery;
mod event;
mod hpa;
mod job;
mod lease;
mod pod;
mod scale;
mod scaler;
mod status;
mod usage;
mod workload;

pub use discovery::*;
pub use event::*;
pub use hpa::*;
pub use job::*;
pub use lease::*;
pub use pod::*;
pub use scale::*;
pub use scaler::*;
pub use status::*;
pub use usage::*;
pub use workload::*;

use crate::observe::Time;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// `metadata`, as far as it is needed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    #[serde(deserialize_with = "nullable")]
    pub namespace: String,
    #[serde(deserialize_with = "nullable")]
    pub uid: String,
    #[serde(deserialize_with = "nullable")]
    pub resource_version: String,
    pub creation_timestamp: Option<Time>,
    pub generation: Option<i64>,
    pub deletion_timestamp: Option<Time>,
    #[serde(deserialize_with = "nullable")]
    pub owner_references: Vec<Owner>,
    #[serde(deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "nullable")]
    pub annotations: BTreeMap<String, String>,
    #[serde(deserialize_with = "nullable")]
    pub managed_fields: Vec<ManagedFields>,
}

impl Meta {
    /// The owner that controls the object.
    pub fn controller(&self) -> Option<&Owner> {
        self.owner_references.iter().find(|owner| owner.controller == Some(true))
    }
}

/// One of `metadata.ownerReferences`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Owner {
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    #[serde(deserialize_with = "nullable")]
    pub uid: String,
    pub controller: Option<bool>,
}

/// A condition, as most kinds write it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    #[serde(rename = "type", deserialize_with = "nullable")]
    pub kind: String,
    #[serde(deserialize_with = "nullable")]
    pub status: String,
    #[serde(deserialize_with = "nullable")]
    pub reason: String,
    #[serde(deserialize_with = "nullable")]
    pub message: String,
    pub last_transition_time: Option<Time>,
}

/// Something that can be listed and watched.
pub trait Object: serde::de::DeserializeOwned + Send + 'static {
    fn meta(&self) -> &Meta;
}

impl Object for Hpa {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

impl Object for Workload {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

impl Object for Pod {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

impl Object for Event {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

impl Object for ScaledObject {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

impl Object for Vpa {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

impl Object for Job {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

impl Object for Lease {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

impl Object for Bare {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

/// An object of which only whether its status changes matters.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct StatusOnly {
    #[serde(deserialize_with = "nullable")]
    pub metadata: Meta,
    pub status: serde_json::Value,
}

impl Object for StatusOnly {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

/// An object of which only the metadata matters.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Bare {
    #[serde(deserialize_with = "nullable")]
    pub metadata: Meta,
}

/// A list of a kind, a page at a time.
#[derive(Debug, Deserialize)]
pub struct List<T> {
    #[serde(default, deserialize_with = "nullable")]
    pub metadata: ListMeta,
    /// None if the server writes null, as some do for an empty list.
    pub items: Option<Vec<T>>,
}

/// `metadata` of a list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListMeta {
    #[serde(deserialize_with = "nullable")]
    pub resource_version: String,
    #[serde(rename = "continue", deserialize_with = "nullable")]
    pub next: String,
}

/// The default in place of null.
fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}
