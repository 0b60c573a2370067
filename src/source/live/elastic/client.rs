//! Requests to one Elasticsearch, each limited in time and size, and what their failures mean.
//!
//! Every response's body is read to its end, so that connections are reused. Errors never contain credentials.

use super::super::client::{ApiError, ApiErrorKind, root};
use super::super::context::FeedContext;
use super::bridge;
use super::errors;
use super::settings::Credential;
use super::target::Target;
use crate::observe::mask;
use crate::observe::text::clean;
use ::http::Method;
use ::http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use elasticsearch::http::Url;
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A client of one Elasticsearch, through a bridge of its own.
pub struct Client {
    http: reqwest::Client,
    /// The bridge's address with the path before every request's own, ending with `/`.
    base: Url,
    /// Why the bridge's last connection failed.
    bridge_fault: watch::Receiver<Option<ApiError>>,
    pub target: Target,
    /// Counts the requests.
    requests: Arc<AtomicU64>,
}

impl Client {
    /// A client, and its bridge: requests get through only while that future is polled.
    pub async fn open(
        target: Target,
        shared: &FeedContext,
    ) -> Result<(Client, impl Future<Output = ()> + Send + use<>), ApiError> {
        let no_port =
            |e: std::io::Error| ApiError::new(ApiErrorKind::Unreachable, format!("no port on 127.0.0.1: {}", root(&e)));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(no_port)?;
        let port = listener.local_addr().map_err(no_port)?.port();
        let token = bridge::random_token()?;
        let (http, base) = http_client(&target, port, &token, shared.timing().request * 2)?;
        let (last_fault, bridge_fault) = watch::channel(None);
        let bridge =
            bridge::serve(listener, target.behind.clone(), token, shared.clone(), last_fault, shared.timing().request);
        let requests = shared.elastic.clone();
        Ok((Client { http, base, bridge_fault, target, requests }, bridge))
    }

    /// The body of a successful response to `path` (with its query).
    pub async fn request(
        &mut self,
        method: Method,
        path: &str,
        body: Option<String>,
        limit: Duration,
    ) -> Result<Vec<u8>, ApiError> {
        self.bridge_fault.mark_unchanged();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let exchange = async {
            let url = self.base.join(path.trim_start_matches('/'));
            let url = url.map_err(|e| ApiError::new(ApiErrorKind::Refused, format!("not a valid path: {e}")))?;
            let request = self.http.request(method, url).timeout(limit * 2).body(body.unwrap_or_default());
            let response = request.send().await.map_err(|e| self.transport_fault(&e))?;
            let code = response.status().as_u16();
            let after = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.trim().parse().ok());
            if let Some(encoding) = response.headers().get(CONTENT_ENCODING).filter(|e| *e != "identity") {
                let encoding = clean(&String::from_utf8_lossy(encoding.as_bytes()), 40);
                let reason = format!("the answer is compressed ({encoding}), though none that is was asked for");
                return Err(
                    ApiError::new(ApiErrorKind::Garbled, reason).with_hint("a proxy before Elasticsearch does that")
                );
            }
            let body = response.bytes().await.map_err(|e| self.transport_fault(&e))?;
            match code {
                200..=299 => Ok(body.into()),
                _ => Err(ApiError {
                    retry_after: after.map(Duration::from_secs),
                    ..errors::response(code, &body, path, &self.target)
                }),
            }
        };
        match tokio::time::timeout(limit, exchange).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.fault_of_bridge().unwrap_or_else(|| errors::timeout(limit, &self.target))),
        }
    }

    /// The bridge knows more about a failure than what the HTTP client sees of it.
    fn fault_of_bridge(&self) -> Option<ApiError> {
        if self.bridge_fault.has_changed().unwrap_or(false) { self.bridge_fault.borrow().clone() } else { None }
    }

    fn transport_fault(&self, error: &(dyn std::error::Error + 'static)) -> ApiError {
        self.fault_of_bridge().unwrap_or_else(|| errors::transport(error, &self.target))
    }
}

/// The HTTP client, and the URL that all paths are below. It follows no redirect: the token of the bridge and the
/// credentials are for this Elasticsearch only, and the bridge's limits end where another address begins.
fn http_client(target: &Target, port: u16, token: &str, limit: Duration) -> Result<(reqwest::Client, Url), ApiError> {
    let wrong = |e: &dyn std::error::Error| {
        let url = mask::url_users(target.url.as_str());
        ApiError::new(ApiErrorKind::Refused, format!("no client for {url}: {e}"))
    };
    let value = |text: &str| HeaderValue::from_str(text).map_err(|e| wrong(&e));
    let bridge_url = |text: String| Url::parse(&text).map_err(|e| wrong(&e));
    let mut headers = HeaderMap::new();
    // The bridge limits a response by its bytes on the wire, so it must not be compressed; one that is compressed all the same
    // is not unpacked.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let authorization = match &target.credential {
        Credential::None => None,
        Credential::Basic { user, password } => {
            Some(format!("Basic {}", BASE64.encode(format!("{user}:{}", password.expose_secret()))))
        }
        Credential::ApiKey(key) => {
            let key = key.expose_secret();
            if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
                let reason = format!(
                    "the API key ({}) is empty or holds characters that no header may hold",
                    target.credential_source
                );
                return Err(ApiError::new(ApiErrorKind::Unauthorized, reason)
                    .with_hint("give the key in its encoded form, as Elasticsearch gives it out"));
            }
            Some(format!("ApiKey {key}"))
        }
    };
    if let Some(authorization) = authorization {
        let mut authorization = value(&authorization)?;
        authorization.set_sensitive(true);
        headers.insert(AUTHORIZATION, authorization);
    }
    let mut builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(limit);
    builder = builder.no_gzip().no_deflate().no_brotli().no_zstd();
    let mut url = target.url.clone();
    if url.scheme() == "https" {
        let bridge = reqwest::Proxy::all(bridge_url(format!("http://127.0.0.1:{port}"))?).map_err(|e| wrong(&e))?;
        builder = builder.proxy(bridge.basic_auth(bridge::USER, token));
        if let Some(pem) = &target.ca {
            for ca in reqwest::Certificate::from_pem_bundle(pem).map_err(|e| errors::ca(&root(&e)))? {
                builder = builder.add_root_certificate(ca);
            }
        }
    } else {
        let host = target.url.host_str().unwrap_or_default();
        headers.insert(HOST, value(&format!("{host}:{}", target.url.port_or_known_default().unwrap_or(80)))?);
        headers.insert(HeaderName::from_static(bridge::TOKEN), value(token)?);
        url = bridge_url(format!("http://127.0.0.1:{port}{}", target.url.path()))?;
        builder = builder.no_proxy();
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    let client = builder.default_headers(headers).build().map_err(|e| errors::ca(&root(&e)))?;
    Ok((client, url))
}
