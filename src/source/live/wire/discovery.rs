//! What a server serves, and its version, on the wire.

use super::nullable;
use serde::Deserialize;

/// APIGroup: the versions of a group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Group {
    #[serde(deserialize_with = "nullable")]
    pub versions: Vec<GroupVersion>,
    pub preferred_version: Option<GroupVersion>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GroupVersion {
    #[serde(deserialize_with = "nullable")]
    pub group_version: String,
    #[serde(deserialize_with = "nullable")]
    pub version: String,
}

/// APIResourceList: what a version of a group serves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Resources {
    #[serde(deserialize_with = "nullable")]
    pub resources: Vec<Resource>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Resource {
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    #[serde(deserialize_with = "nullable")]
    pub verbs: Vec<String>,
}

/// `GET /version`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Version {
    #[serde(deserialize_with = "nullable")]
    pub git_version: String,
    #[serde(deserialize_with = "nullable")]
    pub platform: String,
}
