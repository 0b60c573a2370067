//! What the user said of Elasticsearch. Secrets print as `[REDACTED]`.

use secrecy::SecretString;
use std::path::PathBuf;

/// Flags, configuration and environment.
#[derive(Clone, Debug, Default)]
pub struct IngestSettings {
    /// `--no-es`.
    pub off: bool,
    /// `--es-url`; None: found in the cluster.
    pub url: Option<String>,
    /// `--es-user`.
    pub user: Option<String>,
    /// `EDOT_TUI_ES_PASSWORD`.
    pub password: Option<SecretString>,
    /// `EDOT_TUI_ES_API_KEY`, encoded as Elasticsearch gives it out.
    pub api_key: Option<SecretString>,
    /// `--es-api-key-file`: read anew at every connection.
    pub api_key_file: Option<PathBuf>,
    /// `--es-ca`: certificates in PEM.
    pub ca: Option<PathBuf>,
    /// `--kibana-url`.
    pub kibana: Option<String>,
}

/// Who we are to Elasticsearch.
#[derive(Clone, Debug)]
pub enum Credential {
    None,
    Basic { user: String, password: SecretString },
    ApiKey(SecretString),
}

impl Credential {
    /// The user's name; empty for none.
    pub fn name(&self) -> String {
        match self {
            Credential::None => String::new(),
            Credential::Basic { user, .. } => user.clone(),
            Credential::ApiKey(_) => "an API key".into(),
        }
    }

    /// As in `user elastic may not`.
    pub fn whose(&self) -> String {
        match self {
            Credential::None => "without credentials".into(),
            Credential::Basic { user, .. } => format!("user {user}"),
            Credential::ApiKey(_) => "the API key".into(),
        }
    }
}
