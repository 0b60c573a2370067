//! Requests to the store, each limited in time, and what their failures mean: one sentence, with a hint. Must not retry.

use super::Access;
use super::access::{Credential, Place};
use crate::error::{CommandError, ErrorKind};
use crate::observe::mask;
use crate::observe::text::clean;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use elasticsearch::auth::Credentials;
use elasticsearch::cert::{Certificate, CertificateValidation};
use elasticsearch::http::headers::HeaderMap;
use elasticsearch::http::transport::{SingleNodeConnectionPool, Transport, TransportBuilder};
use elasticsearch::http::{Method, Url};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::error::Error;
use std::time::Duration;

/// Elasticsearch's own port, where the address has none.
const PORT: u16 = 9200;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// No answer, or one that was cut off.
    Unreachable,
    /// It cannot take it now (429, 5xx, a full disk): the same later.
    Busy,
    /// The body is too large (413).
    TooLarge,
    /// 401, 403.
    Denied,
    /// What was named is not there.
    NotFound,
    /// The request is not one that it takes.
    Refused,
}

/// A request that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct StoreError {
    pub kind: StoreErrorKind,
    pub reason: String,
    pub hint: Option<String>,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
}

impl StoreError {
    pub fn new(kind: StoreErrorKind, reason: impl Into<String>) -> StoreError {
        StoreError { kind, reason: reason.into(), hint: None, retry_after: None }
    }

    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> StoreError {
        StoreError { hint: Some(hint.into()), ..self }
    }

    /// Whether the same request can succeed later.
    pub fn passes(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Unreachable | StoreErrorKind::Busy)
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind {
            StoreErrorKind::Denied => ErrorKind::Denied,
            StoreErrorKind::NotFound => ErrorKind::NotFound,
            StoreErrorKind::Unreachable | StoreErrorKind::Busy => ErrorKind::Unreachable,
            StoreErrorKind::TooLarge | StoreErrorKind::Refused => ErrorKind::Failed,
        };
        let failed = CommandError::new(kind, anyhow::Error::msg(error.reason));
        match error.hint {
            Some(hint) => failed.hint(hint),
            None => failed,
        }
    }
}

/// A client of the store.
#[derive(Clone)]
pub struct Client {
    transport: Transport,
    access: Access,
}

impl Client {
    /// # Errors
    /// The address, the certificates or the credential cannot be used.
    pub fn new(access: Access) -> Result<Client, StoreError> {
        let wrong = |what: String| StoreError::new(StoreErrorKind::Refused, what);
        let mut url = Url::parse(&access.url)
            .map_err(|e| wrong(format!("the address of {} is none: {e}", access.place.name())))?;
        if url.port().is_none() && url.scheme() == "http" && url.path().trim_matches('/').is_empty() {
            let _ = url.set_port(Some(PORT));
        }
        let mut builder = TransportBuilder::new(SingleNodeConnectionPool::new(url))
            .timeout(access.timeout)
            .enable_meta_header(false)
            .request_body_compression(true);
        if let Some(pem) = &access.ca {
            let ca = Certificate::from_pem(pem);
            let ca = ca.map_err(|e| {
                wrong(format!("the CA of {} cannot be read: {e}", access.place.name()))
                    .hint("give a file with certificates in PEM")
            })?;
            builder = builder.cert_validation(CertificateValidation::Full(ca));
        }
        builder = match &access.credential {
            Credential::None => builder,
            Credential::Basic { user, password } => {
                builder.auth(Credentials::Basic(user.clone(), password.expose_secret().to_owned()))
            }
            // The crate panics on a key that no header may hold.
            Credential::ApiKey(key) if !key.expose_secret().bytes().all(|b| b.is_ascii_graphic()) => {
                return Err(wrong(format!(
                    "the API key of {} holds characters that no header may hold",
                    access.place.name()
                ))
                .hint("give the key in its encoded form, as Elasticsearch gives it out"));
            }
            Credential::ApiKey(key) => builder.auth(Credentials::EncodedApiKey(key.expose_secret().to_owned())),
        };
        let transport =
            builder.build().map_err(|e| wrong(format!("no client for {}: {}", access.place.name(), root(&e))))?;
        Ok(Client { transport, access })
    }

    /// The address, without anything secret.
    pub fn address(&self) -> String {
        mask::url_users(&self.access.url)
    }

    /// `the store https://es:9200`.
    pub fn named(&self) -> String {
        format!("{} {}", self.access.place.name(), self.address())
    }

    /// The answer to a request, as JSON.
    ///
    /// # Errors
    /// Every answer but a 2xx, and none at all.
    pub async fn json(&self, method: Method, path: &str, body: Option<String>) -> Result<Value, StoreError> {
        let sent = self.transport.send(method, path, HeaderMap::new(), None::<&()>, body, None).await;
        let response = sent.map_err(|e| self.unreachable(&e))?;
        let code = response.status_code().as_u16();
        let after = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.trim().parse().ok());
        let text = response.text().await.map_err(|e| self.unreachable(&e))?;
        let json: Option<Value> = serde_json::from_str(&text).ok();
        match (code, json) {
            (200..=299, Some(json)) => Ok(json),
            (200..=299, None) => Err(StoreError::new(
                StoreErrorKind::Refused,
                format!("the answer of {} is not one of Elasticsearch's", self.address()),
            )),
            (code, json) => {
                let retry_after = after.map(Duration::from_secs);
                Err(StoreError { retry_after, ..self.answered(code, json.as_ref(), &text) })
            }
        }
    }

    pub async fn get(&self, path: &str) -> Result<Value, StoreError> {
        self.json(Method::Get, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, StoreError> {
        self.json(Method::Post, path, Some(body.to_string())).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, StoreError> {
        self.json(Method::Put, path, Some(body.to_string())).await
    }

    fn unreachable(&self, error: &elasticsearch::Error) -> StoreError {
        let why = self.without_secrets(&root(error));
        let (flags, _) = self.access.place.settings();
        let text = format!("no answer from {}: {}", self.named(), clean(&why, 200));
        StoreError::new(StoreErrorKind::Unreachable, text)
            .hint(format!("see whether it runs, and check {flags}-url and {flags}-ca"))
    }

    /// An answer other than success, by Elasticsearch or by a proxy before it.
    fn answered(&self, code: u16, json: Option<&Value>, text: &str) -> StoreError {
        use StoreErrorKind as K;
        let error = json.map(|json| &json["error"]);
        let reason = error.and_then(|e| root_reason(e).or(e.as_str())).unwrap_or(text);
        let reason = clean(&self.without_secrets(reason), 300);
        let kind = error.and_then(|e| e["type"].as_str()).unwrap_or_default();
        let (at, (flags, variables)) = (self.named(), self.access.place.settings());
        match code {
            401 => StoreError::new(K::Denied, format!("{at} does not accept the credentials (401)"))
                .hint(format!("give {variables}_API_KEY, or {flags}-user with {variables}_PASSWORD")),
            403 if kind == "cluster_block_exception" => {
                StoreError::new(K::Busy, format!("{at} takes no writes: {reason}"))
            }
            403 if self.access.place == Place::Store => denied(&reason),
            403 => StoreError::new(K::Denied, format!("{at} denies it: {reason}")),
            404 => StoreError::new(K::NotFound, format!("not in {at}: {reason}")),
            413 => StoreError::new(K::TooLarge, format!("{at} finds the request too large (413)")),
            429 | 500..=599 => StoreError::new(K::Busy, format!("{at} answers {code}: {reason}")),
            _ => StoreError::new(K::Refused, format!("{at} answers {code}: {reason}")),
        }
    }

    /// The text without the credential itself, which some proxies echo.
    fn without_secrets(&self, text: &str) -> String {
        let known = match &self.access.credential {
            Credential::None => text.to_owned(),
            Credential::ApiKey(key) => mask::known(text, [key.expose_secret()]),
            Credential::Basic { user, password } => {
                let password = password.expose_secret();
                mask::known(text, [BASE64.encode(format!("{user}:{password}")).as_str(), password])
            }
        };
        mask::credentials(&known)
    }
}

/// A missing privilege. Elasticsearch names the action, the user, the indices and the privileges that would grant it.
pub fn denied(reason: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Denied, format!("the store denies it: {reason}")).hint(
        "give the user the role edot-tui, which `edot-tui sessions setup` installs (assets/elasticsearch/role.json)",
    )
}

/// The reason of an error; that of its root cause, where the error itself only says that something went wrong.
pub fn root_reason(error: &Value) -> Option<&str> {
    let mut at = error;
    while at["caused_by"]["reason"].is_string() {
        at = &at["caused_by"];
    }
    at["reason"].as_str()
}

/// The innermost cause, which says what is wrong: the outer ones only that a request was sent.
fn root(error: &dyn Error) -> String {
    let mut at = error;
    while let Some(next) = at.source() {
        at = next;
    }
    // The system's number says nothing to a user.
    at.to_string().split(" (os error").next().unwrap_or_default().to_owned()
}
