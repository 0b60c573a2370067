//! Which Elasticsearch is the store, and as whom: `--store-url` and what belongs to it, or else the Elasticsearch that is
//! watched. Secrets print as `[REDACTED]`, and go from the environment straight to where they are used.

use crate::config::{SECRETS, STORE_SECRETS, Settings};
use crate::error::CommandError;
use secrecy::SecretString;
use std::path::Path;
use std::time::Duration;

/// The identity that requests carry.
#[derive(Clone, Debug)]
pub enum Credential {
    None,
    Basic { user: String, password: SecretString },
    ApiKey(SecretString),
}

/// The store's address, and how to get in.
#[derive(Clone, Debug)]
pub struct Access {
    pub url: String,
    pub credential: Credential,
    /// Certificates in PEM.
    pub ca: Option<Vec<u8>>,
    /// The longest that one request may take.
    pub timeout: Duration,
}

impl Access {
    /// The store of the settings, with the secrets of the environment.
    ///
    /// # Errors
    /// No store is named; a file cannot be read.
    pub fn new(settings: &Settings) -> Result<Access, CommandError> {
        let own = settings.store.url.is_some();
        let place = if own { &settings.store } else { &settings.es };
        let Some(url) = place.url.clone() else {
            let text = "which Elasticsearch holds the sessions is not known";
            return Err(CommandError::usage(text)
                .hint("give --store-url https://HOST:9200, with EDOT_TUI_STORE_API_KEY, or put store-url into the configuration file"));
        };
        let names = if own { STORE_SECRETS } else { SECRETS };
        let secret = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty()).map(SecretString::from);
        let [password, api_key] = names.map(secret);
        let credential = match (&place.api_key_file, api_key, password) {
            (Some(file), ..) => Credential::ApiKey(SecretString::from(read(file)?.trim().to_owned())),
            (None, Some(key), _) => Credential::ApiKey(key),
            (None, None, Some(password)) => {
                let user = place.user.clone().unwrap_or_else(|| "elastic".into());
                Credential::Basic { user, password }
            }
            (None, None, None) => Credential::None,
        };
        let ca = place.ca.as_deref().map(read).transpose()?.map(String::into_bytes);
        Ok(Access { url, credential, ca, timeout: settings.request_timeout })
    }
}

fn read(file: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(file).map_err(|e| CommandError::usage(e.to_string()).context(file.display().to_string()))
}
