//! What is needed to reach one Elasticsearch: the result of discovery. Must not connect.

use super::bridge::Behind;
use super::settings::Credential;
use elasticsearch::http::Url;

/// One Elasticsearch: where it is, over which route, as whom.
#[derive(Clone, Debug)]
pub struct Target {
    /// `https://quickstart-es-http.observability-lab.svc:9200`, with a path where a proxy has one; no credentials.
    pub url: Url,
    pub behind: Behind,
    pub credential: Credential,
    /// Where the credential comes from, for hints; empty without one.
    pub credential_source: String,
    /// Certificates in PEM that are trusted besides the system's.
    pub ca: Option<Vec<u8>>,
    /// Kibana's base address; empty when it is not known.
    pub kibana: String,
    pub kibana_version: String,
    /// What the user should know about the choice.
    pub notes: Vec<String>,
}
