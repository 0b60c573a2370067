//! Requests to one Elasticsearch, each limited in time and size, and what their failures mean.
//!
//! Every response's body is read to its end, so that connections are reused. Errors never contain credentials.

use super::super::client::{ApiError, ApiErrorKind, root};
use super::super::context::FeedContext;
use super::bridge;
use super::errors;
use super::settings::Credential;
use super::target::Target;
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

/// A client of one Elasticsearch, through a bridge of its own.
pub struct Client {
    transport: Transport,
    headers: HeaderMap,
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
        let (transport, headers) = transport(&target, port, &token, shared.timing.request * 2)?;
        let (last_fault, bridge_fault) = watch::channel(None);
        let bridge =
            bridge::serve(listener, target.behind.clone(), token, shared.clone(), last_fault, shared.timing.request);
        let requests = shared.elastic.clone();
        Ok((Client { transport, headers, bridge_fault, target, requests }, bridge))
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
            let sent =
                self.transport.send(method, path, self.headers.clone(), None::<&()>, body, Some(limit * 2)).await;
            let response = sent.map_err(|e| self.transport_fault(&e))?;
            let code = response.status_code().as_u16();
            let after = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.trim().parse().ok());
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

fn transport(target: &Target, port: u16, token: &str, limit: Duration) -> Result<(Transport, HeaderMap), ApiError> {
    let wrong =
        |e: &dyn std::error::Error| ApiError::new(ApiErrorKind::Refused, format!("no client for {}: {e}", target.url));
    let bridge_url = |text: String| Url::parse(&text).map_err(|e| wrong(&e));
    let mut headers = HeaderMap::new();
    // The bridge limits a response by its bytes on the wire, so it must not be compressed.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let mut url = target.url.clone();
    let tls = url.scheme() == "https";
    if !tls {
        let value = |text: &str| HeaderValue::from_str(text).map_err(|e| wrong(&e));
        let host = target.url.host_str().unwrap_or_default();
        headers.insert(HOST, value(&format!("{host}:{}", target.url.port_or_known_default().unwrap_or(80)))?);
        headers.insert(HeaderName::from_static(bridge::TOKEN), value(token)?);
        let path = target.url.path().trim_end_matches('/').to_owned();
        url = bridge_url(format!("http://127.0.0.1:{port}{path}/"))?;
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    let builder = TransportBuilder::new(SingleNodeConnectionPool::new(url)).timeout(limit).enable_meta_header(false);
    let builder = match tls {
        true => builder.proxy(bridge_url(format!("http://127.0.0.1:{port}"))?, Some(bridge::USER), Some(token)),
        false => builder.disable_proxy(),
    };
    let builder = match &target.ca {
        Some(pem) if tls => {
            let ca = Certificate::from_pem(pem).map_err(|e| errors::ca(&root(&e)))?;
            builder.cert_validation(CertificateValidation::Full(ca))
        }
        _ => builder,
    };
    let builder = match &target.credential {
        Credential::None => builder,
        Credential::Basic { user, password } => {
            builder.auth(Credentials::Basic(user.clone(), password.expose_secret().to_owned()))
        }
        Credential::ApiKey(key) => {
            let key = key.expose_secret();
            // The HTTP client would panic over characters that no header may hold.
            if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
                let reason = format!(
                    "the API key ({}) is empty or holds characters that no header may hold",
                    target.credential_source
                );
                return Err(ApiError::new(ApiErrorKind::Unauthorized, reason)
                    .with_hint("give the key in its encoded form, as Elasticsearch gives it out"));
            }
            builder.auth(Credentials::EncodedApiKey(key.to_owned()))
        }
    };
    let transport = builder.build().map_err(|e| errors::ca(&root(&e)))?;
    Ok((transport, headers))
}
