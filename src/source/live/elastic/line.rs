//! Requests to one Elasticsearch, each with a limit in time and in size, and what their failures mean.
//!
//! The body of every answer is read, so that connections are kept. Credentials are in no error.

use super::super::client::{ApiError, ErrorKind, root};
use super::super::context::FeedContext;
use super::bridge::{self, Behind};
use super::settings::Credential;
use super::words;
use elasticsearch::auth::Credentials;
use elasticsearch::cert::{Certificate, CertificateValidation};
use elasticsearch::http::headers::{ACCEPT_ENCODING, HOST, HeaderMap, HeaderName, HeaderValue};
use elasticsearch::http::transport::{SingleNodeConnectionPool, Transport, TransportBuilder};
use elasticsearch::http::{Method, Url};
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What leads to an Elasticsearch.
#[derive(Clone, Debug)]
pub struct Found {
    /// `https://quickstart-es-http.observability-lab.svc:9200`, with a path where a proxy has one; no credentials.
    pub url: Url,
    pub behind: Behind,
    pub credential: Credential,
    /// Where the credential is from, for what mends it.
    pub from: String,
    /// Certificates in PEM that are trusted besides the system's.
    pub ca: Option<Vec<u8>>,
    pub kibana: String,
    pub kibana_version: String,
    pub notes: Vec<String>,
}

/// A line to it, and what keeps it open.
pub struct Line {
    transport: Transport,
    headers: HeaderMap,
    trouble: watch::Receiver<Option<ApiError>>,
    pub found: Found,
    /// Counts what is asked.
    asked: Arc<AtomicU64>,
}

impl Line {
    /// A line, and the future that carries it while it is polled.
    pub async fn open(
        found: Found,
        shared: &FeedContext,
    ) -> Result<(Line, impl Future<Output = ()> + Send + use<>), ApiError> {
        let no_door =
            |e: std::io::Error| ApiError::new(ErrorKind::Unreachable, format!("no port on 127.0.0.1: {}", root(&e)));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(no_door)?;
        let port = listener.local_addr().map_err(no_door)?.port();
        let word = random()?;
        let (transport, headers) = client(&found, port, &word, shared.timing.request * 2)?;
        let (trouble, told) = watch::channel(None);
        let carrying =
            bridge::serve(listener, found.behind.clone(), word, shared.clone(), trouble, shared.timing.request);
        let asked = shared.elastic.clone();
        Ok((Line { transport, headers, trouble: told, found, asked }, carrying))
    }

    /// The body of a successful answer to `path` (with its query).
    pub async fn ask(
        &mut self,
        method: Method,
        path: &str,
        body: Option<String>,
        limit: Duration,
    ) -> Result<Vec<u8>, ApiError> {
        self.trouble.mark_unchanged();
        self.asked.fetch_add(1, Ordering::Relaxed);
        let asking = async {
            let sent =
                self.transport.send(method, path, self.headers.clone(), None::<&()>, body, Some(limit * 2)).await;
            let answer = sent.map_err(|e| self.below(&e))?;
            let code = answer.status_code().as_u16();
            let after = answer.headers().get("retry-after").and_then(|v| v.to_str().ok()?.trim().parse().ok());
            let body = answer.bytes().await.map_err(|e| self.below(&e))?;
            match code {
                200..=299 => Ok(body.into()),
                _ => Err(ApiError {
                    retry_after: after.map(Duration::from_secs),
                    ..words::answer(code, &body, path, &self.found)
                }),
            }
        };
        match tokio::time::timeout(limit, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(self.told().unwrap_or_else(|| words::silence(limit, &self.found))),
        }
    }

    /// What the door knows is more than what the client sees of it.
    fn told(&self) -> Option<ApiError> {
        if self.trouble.has_changed().unwrap_or(false) { self.trouble.borrow().clone() } else { None }
    }

    fn below(&self, error: &(dyn std::error::Error + 'static)) -> ApiError {
        self.told().unwrap_or_else(|| words::error(error, &self.found))
    }
}

fn client(found: &Found, port: u16, word: &str, limit: Duration) -> Result<(Transport, HeaderMap), ApiError> {
    let wrong =
        |e: &dyn std::error::Error| ApiError::new(ErrorKind::Refused, format!("no client for {}: {e}", found.url));
    let door = |text: String| Url::parse(&text).map_err(|e| wrong(&e));
    let mut headers = HeaderMap::new();
    // Compressed, an answer's size would not be known by its bytes on the way.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let mut url = found.url.clone();
    let tls = url.scheme() == "https";
    if !tls {
        let value = |text: &str| HeaderValue::from_str(text).map_err(|e| wrong(&e));
        let host = found.url.host_str().unwrap_or_default();
        headers.insert(HOST, value(&format!("{host}:{}", found.url.port_or_known_default().unwrap_or(80)))?);
        headers.insert(HeaderName::from_static(bridge::WORD), value(word)?);
        let path = found.url.path().trim_end_matches('/').to_owned();
        url = door(format!("http://127.0.0.1:{port}{path}/"))?;
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    let builder = TransportBuilder::new(SingleNodeConnectionPool::new(url)).timeout(limit).enable_meta_header(false);
    let builder = match tls {
        true => builder.proxy(door(format!("http://127.0.0.1:{port}"))?, Some(bridge::USER), Some(word)),
        false => builder.disable_proxy(),
    };
    let builder = match &found.ca {
        Some(pem) if tls => {
            let ca = Certificate::from_pem(pem).map_err(|e| words::ca(&root(&e)))?;
            builder.cert_validation(CertificateValidation::Full(ca))
        }
        _ => builder,
    };
    let builder = match &found.credential {
        Credential::None => builder,
        Credential::Basic { user, password } => {
            builder.auth(Credentials::Basic(user.clone(), password.expose_secret().to_owned()))
        }
        Credential::ApiKey(key) => {
            let key = key.expose_secret();
            // The client would panic over what no header may hold.
            if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
                let reason =
                    format!("the API key ({}) is empty or holds characters that no header may hold", found.from);
                return Err(ApiError::new(ErrorKind::Unauthorized, reason)
                    .with_hint("give the key in its encoded form, as Elasticsearch gives it out"));
            }
            builder.auth(Credentials::EncodedApiKey(key.to_owned()))
        }
    };
    let transport = builder.build().map_err(|e| words::ca(&root(&e)))?;
    Ok((transport, headers))
}

/// A word that nobody can guess.
fn random() -> Result<String, ApiError> {
    let mut bytes = [0u8; 16];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| ApiError::new(ErrorKind::Refused, "the system gives no random numbers"))?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}
