//! The user's settings for Elasticsearch, and the files that they name. Secrets print as `[REDACTED]`.

use super::super::client::{ApiError, ApiErrorKind};
use secrecy::SecretString;
use std::path::PathBuf;

/// From flags, configuration file and environment.
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
    /// `--es-api-key-file`: read again for every connection.
    pub api_key_file: Option<PathBuf>,
    /// `--es-ca`: certificates in PEM.
    pub ca: Option<PathBuf>,
    /// `--kibana-url`.
    pub kibana: Option<String>,
}

/// ECK's superuser, and the user where only a password is given.
pub const SUPERUSER: &str = "elastic";

impl IngestSettings {
    /// The given credential, and where it was given; None without one.
    ///
    /// # Errors
    /// The API key file cannot be read.
    pub fn credential(&self) -> Result<Option<(Credential, String)>, ApiError> {
        if let Some(file) = &self.api_key_file {
            let text = std::fs::read_to_string(file).map_err(|e| {
                ApiError::new(
                    ApiErrorKind::Unauthorized,
                    format!("the API key file {} cannot be read: {e}", file.display()),
                )
            })?;
            let key = Credential::ApiKey(SecretString::from(text.trim().to_owned()));
            return Ok(Some((key, format!("--es-api-key-file {}", file.display()))));
        }
        if let Some(key) = &self.api_key {
            return Ok(Some((Credential::ApiKey(key.clone()), "EDOT_TUI_ES_API_KEY".into())));
        }
        let Some(password) = self.password.clone() else { return Ok(None) };
        let user = self.user.clone().unwrap_or_else(|| SUPERUSER.into());
        Ok(Some((Credential::Basic { user, password }, "--es-user and EDOT_TUI_ES_PASSWORD".into())))
    }

    /// The content of the given CA file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn ca(&self) -> Result<Option<Vec<u8>>, ApiError> {
        let Some(file) = &self.ca else { return Ok(None) };
        match std::fs::read(file) {
            Ok(pem) => Ok(Some(pem)),
            Err(e) => Err(ApiError::new(ApiErrorKind::Tls, format!("--es-ca {}: {e}", file.display()))
                .with_hint("give a file with certificates in PEM")),
        }
    }
}

/// The identity that requests to Elasticsearch carry.
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
