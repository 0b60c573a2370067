//! Which Elasticsearch is the store, and as whom: `--store-url` and what belongs to it, or else the Elasticsearch that is
//! watched. Secrets print as `[REDACTED]`, and go from the environment straight to where they are used.

use crate::config::{SECRETS, STORE_SECRETS, Settings, settings::Es};
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

/// Which Elasticsearch it is: the one that holds sessions, or the one that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Store,
    Watched,
}

impl Place {
    /// What messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Place::Store => "the store",
            Place::Watched => "Elasticsearch",
        }
    }

    /// What its flags and its variables begin with.
    pub fn settings(self) -> (&'static str, &'static str) {
        match self {
            Place::Store => ("--store", "EDOT_TUI_STORE"),
            Place::Watched => ("--es", "EDOT_TUI_ES"),
        }
    }
}

/// The address of an Elasticsearch, and how to get in.
#[derive(Clone, Debug)]
pub struct Access {
    pub place: Place,
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
        let (from, names) = match settings.store.url {
            Some(_) => (&settings.store, STORE_SECRETS),
            None => (&settings.es, SECRETS),
        };
        let Some(url) = from.url.clone() else {
            let text = "which Elasticsearch holds the sessions is not known";
            return Err(CommandError::usage(text)
                .hint("give --store-url https://HOST:9200, with EDOT_TUI_STORE_API_KEY, or put store-url into the configuration file"));
        };
        Access::of(settings, from, names, Place::Store, url)
    }

    /// The Elasticsearch that is watched, or another address with the same credentials.
    ///
    /// # Errors
    /// None is named; a file cannot be read.
    pub fn watched(settings: &Settings, url: Option<String>) -> Result<Access, CommandError> {
        let Some(url) = url.or_else(|| settings.es.url.clone()) else {
            return Err(CommandError::usage("which Elasticsearch is meant is not known")
                .hint("give --es-url https://HOST:9200, with EDOT_TUI_ES_API_KEY"));
        };
        Access::of(settings, &settings.es, SECRETS, Place::Watched, url)
    }

    fn of(settings: &Settings, from: &Es, names: [&str; 2], place: Place, url: String) -> Result<Access, CommandError> {
        let secret = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty()).map(SecretString::from);
        let [password, api_key] = names.map(secret);
        let credential = match (&from.api_key_file, api_key, password) {
            (Some(file), ..) => Credential::ApiKey(SecretString::from(read(file)?.trim().to_owned())),
            (None, Some(key), _) => Credential::ApiKey(key),
            (None, None, Some(password)) => {
                let user = from.user.clone().unwrap_or_else(|| "elastic".into());
                Credential::Basic { user, password }
            }
            (None, None, None) => Credential::None,
        };
        let ca = from.ca.as_deref().map(read).transpose()?.map(String::into_bytes);
        Ok(Access { place, url, credential, ca, timeout: settings.request_timeout })
    }
}

fn read(file: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(file).map_err(|e| CommandError::usage(e.to_string()).context(file.display().to_string()))
}
