//! One exchange with the API server, bounded in time and size: with the feeds' shared client, which is renewed when it is
//! refused, or with a client of the caller's.
//!
//! A 401, a failed TLS handshake or a server that has moved is answered once by renewing the client; every other failure is
//! the caller's. Must not retry. Whether the server can be reached is reported to the gate.

use super::cluster::{HTTPS, WITHHELD};
use super::connect::ConnectError;
use super::error::{ApiError, ApiErrorKind, ResourceAttributes, root};
use super::json_size::JsonSize;
use crate::source::live::context::FeedContext;
use http::{Response, header};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use serde_json::error::Category;
use std::time::Duration;
use tokio::time::timeout;

/// The most that is read of one answer, in bytes.
const ANSWER: usize = 32 << 20;
/// The most that is read of an error's body, in bytes.
const ERROR: usize = 64 << 10;
/// Every character that may have a meaning in a URL.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request to be sent with an [`ApiClient`].
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, `PATCH` (server-side apply) or `DELETE`.
    pub method: &'static str,
    /// Path and query, as `/api/v1/namespaces/demo-app/configmaps?dryRun=All`.
    pub path: String,
    pub body: Option<Value>,
    /// For the reason and the hint when it is denied.
    pub attributes: ResourceAttributes,
}

/// A client for single requests outside the feeds, and the longest that one of them may take.
#[derive(Clone)]
pub struct ApiClient {
    pub client: Client,
    pub timeout: Duration,
}

impl ApiClient {
    /// The server's answer.
    ///
    /// # Errors
    /// See [`ApiErrorKind`].
    pub async fn send(&self, request: Request) -> Result<Value, ApiError> {
        let whole = self.body(request).await?;
        read(&whole)
            .map_err(|e| ApiError::new(ApiErrorKind::Garbled, format!("the API server's answer cannot be read: {e}")))
    }

    /// The server's answer, whatever it is.
    ///
    /// # Errors
    /// See [`ApiErrorKind`].
    async fn body(&self, request: Request) -> Result<Vec<u8>, ApiError> {
        let Request { method, path, body, attributes } = request;
        let content = if method == "PATCH" { "application/apply-patch+yaml" } else { "application/json" };
        let body = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        let builder = http::Request::builder().method(method).header(header::CONTENT_TYPE, content);
        let exchange = async {
            let answer = exchange(&self.client, "the API server", builder, &path, body, &attributes).await?;
            collect(answer.into_body(), ANSWER).await
        };
        let late = || format!("no answer within {}", humantime::format_duration(self.timeout));
        timeout(self.timeout, exchange).await.unwrap_or_else(|_| Err(ApiError::new(ApiErrorKind::Unreachable, late())))
    }

    /// The answer to a GET, or None when it is 404. Sent without attributes, so that a denial has no hint.
    ///
    /// # Errors
    /// See [`ApiErrorKind`].
    pub async fn get(&self, path: &str) -> Result<Option<Value>, ApiError> {
        found(self.send(Request { method: "GET", path: path.into(), ..Request::default() }).await)
    }

    /// The text that answers a GET, such as the end of a log.
    ///
    /// # Errors
    /// See [`ApiErrorKind`].
    pub async fn text(&self, path: &str) -> Result<String, ApiError> {
        let body = self.body(Request { method: "GET", path: path.into(), ..Request::default() }).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}

/// None in place of a 404.
///
/// # Errors
/// That of `answer`, if it is another.
pub fn found(answer: Result<Value, ApiError>) -> Result<Option<Value>, ApiError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(fault) if fault.kind == ApiErrorKind::Absent => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The body of the answer to a GET of `path` (with its query), through the feeds' client.
///
/// # Errors
/// See [`ApiErrorKind`].
pub async fn get(
    shared: &FeedContext,
    path: &str,
    attributes: &ResourceAttributes,
    limit: Duration,
) -> Result<Vec<u8>, ApiError> {
    let within = timeout(limit, async {
        let answer = renewing(shared, path, attributes, false).await?;
        let whole = collect(answer.into_body(), ANSWER).await?;
        shared.gate.reached();
        Ok(whole)
    });
    within.await.unwrap_or_else(|_| Err(silence(shared, attributes, limit)))
}

/// The failure of a request that was not answered in time; noted by the gate.
pub(super) fn silence(shared: &FeedContext, attributes: &ResourceAttributes, limit: Duration) -> ApiError {
    shared.gate.unreachable();
    let seconds = (limit.as_secs_f64() * 10.0).round() / 10.0;
    ApiError::new(
        ApiErrorKind::Unreachable,
        format!("no answer within {seconds} s ({} {})", attributes.verb, attributes.what()),
    )
}

/// A successful response to a GET; the client is renewed at most once for it. `stream`: it is read as it comes.
pub(super) async fn renewing(
    shared: &FeedContext,
    path: &str,
    attributes: &ResourceAttributes,
    stream: bool,
) -> Result<Response<Body>, ApiError> {
    let (generation, client) = shared.cluster.client();
    let first = once(shared, client, path, attributes, stream).await;
    match &first {
        Err(ApiError { kind: ApiErrorKind::Unauthorized | ApiErrorKind::Tls, .. }) => {}
        Err(ApiError { kind: ApiErrorKind::Unreachable, .. }) if shared.cluster.moved() => {}
        _ => return first,
    }
    match shared.cluster.renew(generation, shared.timing().renew).await {
        Ok(true) => once(shared, shared.cluster.client().1, path, attributes, stream).await,
        Ok(false) => first,
        Err(e) => first.map_err(|fault| not_renewed(fault, &e)),
    }
}

/// A failure for which the client could not be renewed either.
fn not_renewed(fault: ApiError, error: &ConnectError) -> ApiError {
    ApiError { reason: format!("{}; and {error}", fault.reason), ..fault }
}

async fn once(
    shared: &FeedContext,
    client: Client,
    path: &str,
    attributes: &ResourceAttributes,
    stream: bool,
) -> Result<Response<Body>, ApiError> {
    let mut builder = http::Request::builder();
    if stream {
        // Lines that a compressor holds back would come late, and each may be a gzip member of its own.
        builder = builder.header(header::ACCEPT_ENCODING, "identity");
    }
    let answer = exchange(&client, &shared.cluster.server(), builder, path, Vec::new(), attributes).await;
    match &answer {
        Err(fault) if fault.status.is_some() => shared.gate.reached(),
        Err(fault) if fault.kind == ApiErrorKind::Unreachable => shared.gate.unreachable(),
        _ => {}
    }
    match answer {
        Err(fault) if fault.denied() && shared.cluster.withholds() => {
            Err(fault.with_hint(format!("{WITHHELD}; {HTTPS}")))
        }
        answer => answer,
    }
}

/// Send one request. `server` is named in errors.
async fn exchange(
    client: &Client,
    server: &str,
    builder: http::request::Builder,
    path: &str,
    body: Vec<u8>,
    attributes: &ResourceAttributes,
) -> Result<Response<Body>, ApiError> {
    let request = builder.uri(path).header(header::ACCEPT, "application/json").body(Body::from(body));
    let request = request.map_err(|e| ApiError::new(ApiErrorKind::Refused, format!("not a valid path: {e}")))?;
    let answer = client.send(request).await.map_err(|e| ApiError::from_error(&e, server))?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let code = answer.status().as_u16();
    let after = answer.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.trim().parse().ok());
    // An error whose body breaks off is the same error.
    let body = collect(answer.into_body(), ERROR).await.unwrap_or_default();
    Err(ApiError::from_answer(code, after.map(Duration::from_secs), &body, attributes))
}

async fn collect(mut body: Body, most: usize) -> Result<Vec<u8>, ApiError> {
    let (mut whole, mut size) = (Vec::new(), JsonSize::default());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| cut(&e, whole.len()))?;
        if let Ok(data) = frame.into_data() {
            let long = (whole.len() + data.len() > most).then(|| format!("{} MB", most >> 20));
            if let Some(most) = long.or_else(|| size.exceeded(&data)) {
                return Err(ApiError::new(ApiErrorKind::Garbled, format!("the answer is longer than {most}")));
            }
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole)
}

/// An answer that broke off after this many bytes.
pub(super) fn cut(error: &kube::Error, after: usize) -> ApiError {
    let root = root(error);
    ApiError::new(
        ApiErrorKind::Cut,
        format!("the answer broke off after {after} bytes ({root}); is there a proxy in between?"),
    )
}

/// A JSON text, read even if it holds bytes that are not UTF-8.
///
/// # Errors
/// It is not JSON, or not of this type; in words.
pub fn read<T: serde::de::DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    let read = match std::str::from_utf8(text) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_str(&String::from_utf8_lossy(text)),
    };
    read.map_err(|e| json_text(&e))
}

/// Why a JSON text could not be read; the parser's own words name types of the program.
pub fn json_text(error: &serde_json::Error) -> String {
    let at = || format!("line {} column {}", error.line(), error.column());
    match error.classify() {
        Category::Eof => "it breaks off".to_owned(),
        Category::Io => "it could not be read to its end".to_owned(),
        Category::Syntax => format!("it is no JSON at {}", at()),
        Category::Data => format!("it has another form at {}", at()),
    }
}

/// `text`, percent-encoded for a path segment or a query's value.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_utf8_do_not_hide_the_rest() {
        let read: serde_json::Value = read(b"{\"message\":\"a\xff\xfeb\"}").unwrap();
        assert_eq!(read["message"], "a\u{fffd}\u{fffd}b");
    }

    #[test]
    fn nothing_of_a_name_or_selector_can_end_the_path() {
        assert_eq!(encode("app=web,tier in (a,b)"), "app%3Dweb%2Ctier%20in%20%28a%2Cb%29");
        assert_eq!(encode("../x?y&z"), "..%2Fx%3Fy%26z");
    }
}
