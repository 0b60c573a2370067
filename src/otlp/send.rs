//! One request of OTLP, over HTTP or gRPC, limited in time, and what its answer means. Must not retry.

use super::access::{Compression, Protocol, Target};
use crate::observe::{mask, text::clean};
use flate2::{Compression as Level, write::GzEncoder};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::{BodyExt, Limited};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use reqwest::{Body, Certificate, Identity, redirect::Policy};
use secrecy::ExposeSecret;
use std::error::Error;
use std::io::Write;
use std::time::Duration;

/// Bytes of an answer that are read at most.
const ANSWER: usize = 64 << 10;

/// Why nothing, or not all, was taken.
#[derive(Clone, Debug)]
pub struct SendError {
    pub reason: String,
    /// Whether the same can be taken later, and after which time at the earliest.
    pub again: Option<Duration>,
}

/// Sends one signal.
pub struct Sender {
    client: reqwest::Client,
    target: Target,
    headers: HeaderMap,
}

impl Sender {
    /// # Errors
    /// A sentence: a certificate or a header cannot be used. It repeats no value.
    pub fn new(target: Target) -> Result<Sender, String> {
        let secure = target.url.starts_with("https:");
        let mut builder = reqwest::Client::builder()
            .timeout(target.timeout)
            // What was a POST would become a GET.
            .redirect(Policy::none())
            // They take memory, and plain HTTP needs none.
            .tls_built_in_root_certs(secure)
            .user_agent(concat!("edot-tui/", env!("CARGO_PKG_VERSION")));
        if target.protocol == Protocol::Grpc {
            builder = builder.http2_prior_knowledge();
        }
        if let Some(pem) = &target.ca {
            let all = Certificate::from_pem_bundle(pem).ok().filter(|all| !all.is_empty());
            let all = all.ok_or("OTEL_EXPORTER_OTLP_CERTIFICATE holds no certificate in PEM")?;
            builder = all.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate);
        }
        if let Some(pem) = &target.identity {
            let identity = Identity::from_pem(pem.expose_secret().as_bytes());
            let what = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY hold no certificate and key in PEM";
            builder = builder.identity(identity.map_err(|_| what)?);
        }
        let mut headers = HeaderMap::new();
        for (key, value) in &target.headers {
            let name = HeaderName::try_from(key.as_str());
            let name = name.map_err(|_| "OTEL_EXPORTER_OTLP_HEADERS has a name that no header may have")?;
            let mut value = HeaderValue::try_from(value.expose_secret())
                .map_err(|_| format!("OTEL_EXPORTER_OTLP_HEADERS: {name} has characters that no header may have"))?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        let own: &[(&str, &str)] = match target.protocol {
            Protocol::Http => &[("content-type", "application/x-protobuf")],
            Protocol::Grpc => &[("content-type", "application/grpc"), ("te", "trailers")],
        };
        let packed: &[(&str, &str)] = match (target.compression, target.protocol) {
            (Compression::None, _) => &[],
            (Compression::Gzip, Protocol::Http) => &[("content-encoding", "gzip")],
            (Compression::Gzip, Protocol::Grpc) => &[("grpc-encoding", "gzip")],
        };
        for (name, value) in own.iter().chain(packed) {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let client = builder.build().map_err(|e| format!("no client for OTLP: {}", root(&e)))?;
        Ok(Sender { client, target, headers })
    }

    /// Sends an encoded request; how many of its items were refused for good, and why.
    ///
    /// # Errors
    /// It was not taken.
    pub async fn send(&self, message: &[u8]) -> Result<(u64, String), SendError> {
        let grpc = self.target.protocol == Protocol::Grpc;
        let body = self.body(message).map_err(|e| self.failed(&e.to_string(), None))?;
        let post = self.client.post(&self.target.url).headers(self.headers.clone()).body(body);
        let response = post.send().await.map_err(|e| self.unreachable(&e))?;
        let (status, after) = (response.status().as_u16(), retry_after(response.headers()));
        let (parts, body) = http::Response::<Body>::from(response).into_parts();
        let answer = Limited::new(body, ANSWER).collect().await;
        let answer = answer.map_err(|e| self.unreachable(e.as_ref()))?;
        let trailers = answer.trailers().cloned().unwrap_or_default();
        let bytes = answer.to_bytes();
        if grpc && status == 200 {
            let of = |name: &str| trailers.get(name).or_else(|| parts.headers.get(name)).and_then(|v| v.to_str().ok());
            let message = of("grpc-message").map(|text| percent_encoding::percent_decode_str(text).decode_utf8_lossy());
            return match of("grpc-status").unwrap_or("2") {
                "0" => Ok(partial(bytes.get(5..).unwrap_or_default())),
                code => {
                    // Cancelled, deadline, exhausted, aborted, out of range, unavailable, data loss.
                    let passes = ["1", "4", "8", "10", "11", "14", "15"].contains(&code);
                    let text = format!("status {code}: {}", message.unwrap_or_default());
                    Err(self.failed(&text, passes.then_some(after)))
                }
            };
        }
        match status {
            200..=299 => Ok(partial(&bytes)),
            _ => {
                // An error is a Status in protobuf, or a proxy's page.
                let text = prost_status(&bytes).unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned());
                let passes = matches!(status, 429 | 502..=504);
                Err(self.failed(&format!("{status}: {text}"), passes.then_some(after)))
            }
        }
    }

    fn body(&self, message: &[u8]) -> std::io::Result<Vec<u8>> {
        let packed = match self.target.compression {
            Compression::None => message.to_vec(),
            Compression::Gzip => {
                let mut to = GzEncoder::new(Vec::new(), Level::default());
                to.write_all(message)?;
                to.finish()?
            }
        };
        if self.target.protocol == Protocol::Http {
            return Ok(packed);
        }
        let mut framed = vec![u8::from(self.target.compression == Compression::Gzip)];
        framed.extend(u32::try_from(packed.len()).unwrap_or(u32::MAX).to_be_bytes());
        framed.extend(packed);
        Ok(framed)
    }

    /// Where it sends to, without a path and anything secret.
    pub fn address(&self) -> String {
        reqwest::Url::parse(&self.target.url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }

    fn unreachable(&self, error: &(dyn Error + 'static)) -> SendError {
        let mut why = self.cleaned(&root(error));
        if self.target.protocol == Protocol::Http && why.contains("invalid HTTP version") {
            why = "it speaks gRPC: set OTEL_EXPORTER_OTLP_PROTOCOL=grpc".into();
        }
        let reason = format!("no answer from {} by OTLP: {why}", self.address());
        SendError { reason, again: Some(Duration::ZERO) }
    }

    fn failed(&self, text: &str, again: Option<Duration>) -> SendError {
        let reason =
            format!("{} takes no {} by OTLP: {}", self.address(), self.target.signal.name(), self.cleaned(text));
        SendError { reason, again }
    }

    /// Text from outside without the headers' values, which some proxies echo.
    fn cleaned(&self, text: &str) -> String {
        let secrets = self.target.headers.iter().map(|(_, value)| value.expose_secret());
        clean(mask::credentials(&mask::known(text, secrets)).trim_end_matches([':', ' ']), 200)
    }
}

fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get("retry-after").and_then(|v| v.to_str().ok()?.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

/// How many items an answer refuses; it is of the same form for each signal.
fn partial(bytes: &[u8]) -> (u64, String) {
    let answer = ExportTraceServiceResponse::decode(bytes).unwrap_or_default();
    let partial = answer.partial_success.unwrap_or_default();
    (u64::try_from(partial.rejected_spans).unwrap_or(0), clean(&partial.error_message, 200))
}

/// The message of a `google.rpc.Status`.
fn prost_status(bytes: &[u8]) -> Option<String> {
    #[derive(Clone, PartialEq, Message)]
    struct Status {
        #[prost(int32, tag = "1")]
        code: i32,
        #[prost(string, tag = "2")]
        message: String,
    }
    Status::decode(bytes).ok().map(|status| status.message).filter(|text| !text.is_empty())
}

/// The innermost cause, which says what is wrong: the outer ones only that a request was sent.
fn root(error: &(dyn Error + 'static)) -> String {
    let mut at = error;
    while let Some(next) = at.source() {
        at = next;
    }
    // The system's number says nothing to a user.
    at.to_string().split(" (os error").next().unwrap_or_default().to_owned()
}
