//! A request that failed: sorted by what can be done about it, with a reason and a hint for the user.
//!
//! Must not retry; that is the feeds' part. Text from servers is cleaned and bounded here.

use super::timing::{Timing, jitter};
use crate::observe::mask;
use crate::observe::text::{MESSAGE, clean};
use crate::observe::{Feed, FeedState, FeedStatus, Rule};
use crate::source::live::wire;
use std::time::Duration;

/// What a request is for, in the terms of RBAC; the default for a request that has none, such as a review.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceAttributes {
    pub verb: &'static str,
    /// Empty for core.
    pub group: String,
    pub version: String,
    /// Plural, with the subresource if there is one.
    pub resource: String,
    /// Empty for the whole cluster.
    pub namespace: String,
}

impl ResourceAttributes {
    /// The same with another verb.
    pub fn to(&self, verb: &'static str) -> ResourceAttributes {
        ResourceAttributes { verb, ..self.clone() }
    }

    /// `horizontalpodautoscalers.autoscaling in namespace lab`.
    pub fn what(&self) -> String {
        if self.resource.is_empty() {
            return "the API server".to_owned();
        }
        let dot = if self.group.is_empty() { "" } else { "." };
        match self.namespace.is_empty() {
            true => format!("{}{dot}{}", self.resource, self.group),
            false => format!("{}{dot}{} in namespace {}", self.resource, self.group, self.namespace),
        }
    }

    /// `autoscaling/v2`.
    pub fn api(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// What kind of failure it is, which decides how it is retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiErrorKind {
    /// No connection, no answer in time, or the connection broke before an answer.
    Unreachable,
    /// The server's certificate or the TLS handshake.
    Tls,
    /// 401.
    Unauthorized,
    /// 403.
    Denied,
    /// 404.
    Absent,
    /// 410: the resource version is too old.
    Expired,
    /// 429 and 5xx: try later.
    Busy,
    /// The answer broke off.
    Cut,
    /// The answer is not what was asked for.
    Garbled,
    /// Any other answer.
    Refused,
}

/// The server's own words for a request that it did not carry out. The texts are cleaned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiStatus {
    /// The HTTP status code.
    pub code: u16,
    /// One word, such as `AlreadyExists`; empty where a proxy answered.
    pub reason: String,
    pub message: String,
}

/// A request that failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub struct ApiError {
    pub kind: ApiErrorKind,
    /// What happened, for the user.
    pub reason: String,
    /// What the user can do about it.
    pub hint: Option<String>,
    /// The RBAC rule that is missing. Boxed, since most failures have none.
    pub rule: Option<Box<Rule>>,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
    /// The API server's answer; None when there was none.
    pub status: Option<Box<ApiStatus>>,
}

impl ApiError {
    /// A failure with nothing but its reason.
    pub fn new(kind: ApiErrorKind, reason: impl Into<String>) -> ApiError {
        ApiError { kind, reason: reason.into(), hint: None, rule: None, retry_after: None, status: None }
    }

    /// The same failure with this hint.
    pub fn with_hint(self, hint: impl Into<String>) -> ApiError {
        ApiError { hint: Some(hint.into()), ..self }
    }

    /// From an answer other than success. `body` may be a Status, or anything that a proxy wrote.
    pub fn from_answer(
        code: u16,
        retry_after: Option<Duration>,
        body: &[u8],
        attributes: &ResourceAttributes,
    ) -> ApiError {
        let status =
            serde_json::from_slice::<wire::Status>(body).ok().filter(|s| s.kind == "Status").unwrap_or_else(|| {
                wire::Status { message: plain(&String::from_utf8_lossy(body)), ..wire::Status::default() }
            });
        let masked = mask::credentials(&clean(&status.message, MESSAGE));
        let message = clean(&masked, 300);
        let fault = match code {
            401 => ApiError::new(
                ApiErrorKind::Unauthorized,
                "the API server does not accept the credentials (401 Unauthorized)",
            )
            .with_hint("log in again or renew the token; the kubeconfig is read again at every attempt"),
            403 => denied(&message, attributes),
            404 if !attributes.resource.is_empty() => {
                ApiError::new(ApiErrorKind::Absent, format!("{} is not served here (404: {message})", attributes.api()))
            }
            // Go's own words.
            400 if message.contains("HTTP request to an HTTPS server") => {
                ApiError::new(ApiErrorKind::Refused, "the API server speaks HTTPS, and the kubeconfig says http://")
                    .with_hint("write https:// in the cluster's server")
            }
            410 => ApiError::new(ApiErrorKind::Expired, "the resource version is too old (410 Gone)"),
            _ => ApiError::new(kind(code), answers(code, &message, attributes)),
        };
        let requested_wait = status.details.retry_after_seconds.map(Duration::from_secs);
        let status = ApiStatus { code, reason: clean(&status.reason, 64), message: masked };
        ApiError { retry_after: retry_after.or(requested_wait), status: Some(Box::new(status)), ..fault }
    }

    /// From an error below HTTP, while talking to `server` (its URL).
    pub fn from_error(error: &(dyn std::error::Error + 'static), server: &str) -> ApiError {
        let (mut tls, mut at) = (false, Some(error));
        while let Some(next) = at {
            // Its own text quotes what a credential plugin printed, which may be the credential.
            if matches!(next.downcast_ref(), Some(kube::Error::Auth(_))) {
                let reason =
                    format!("cannot reach {server}: the kubeconfig's credentials could not be obtained or used");
                return ApiError::new(ApiErrorKind::Unreachable, reason);
            }
            tls |= tls_of(next).is_some();
            at = next.source();
        }
        let cause = root(error);
        match tls {
            true => ApiError::new(ApiErrorKind::Tls, format!("no TLS connection to {server}: {cause}")).with_hint(
                match cause.starts_with(NOT_FOR_THIS_NAME) {
                    true => "give the cluster a server, or a tls-server-name, that the certificate names",
                    false => "check certificate-authority and server of the cluster in the kubeconfig",
                },
            ),
            false => ApiError::new(ApiErrorKind::Unreachable, format!("cannot reach {server}: {cause}"))
                .with_hint("is the cluster up, the VPN or proxy on, and the context the right one?"),
        }
    }

    /// The HTTP status code, if the API server answered.
    pub fn code(&self) -> Option<u16> {
        self.status.as_ref().map(|status| status.code)
    }

    /// The credentials or their permissions are the cause, not the request.
    pub fn denied(&self) -> bool {
        matches!(self.kind, ApiErrorKind::Unauthorized | ApiErrorKind::Denied)
    }

    /// The state of a feed whose request failed so.
    pub fn state(&self) -> FeedState {
        match self.kind {
            ApiErrorKind::Unauthorized | ApiErrorKind::Denied => FeedState::Denied,
            ApiErrorKind::Absent => FeedState::Absent,
            _ => FeedState::Retrying,
        }
    }

    /// How long to wait after `attempt` failed attempts.
    pub fn wait(&self, attempt: u32, timing: &Timing) -> Duration {
        match self.kind {
            // By then the credentials may be fetched again, by whichever feed fetched them last.
            ApiErrorKind::Unauthorized => timing.renew,
            ApiErrorKind::Denied | ApiErrorKind::Absent | ApiErrorKind::Refused => timing.settled,
            _ => jitter(timing.backoff(attempt)).max(self.retry_after.unwrap_or_default().min(timing.settled)),
        }
    }

    /// The feed's status, without the time of the next attempt.
    pub fn feed_status(&self, feed: Feed, attempt: u32) -> FeedStatus {
        FeedStatus {
            reason: Some(self.reason.clone()),
            hint: self.hint.clone(),
            rule: self.rule.as_deref().cloned(),
            attempt,
            ..FeedStatus::new(feed, self.state())
        }
    }
}

fn kind(code: u16) -> ApiErrorKind {
    match code {
        404 => ApiErrorKind::Absent,
        429 | 500..=599 => ApiErrorKind::Busy,
        _ => ApiErrorKind::Refused,
    }
}

fn answers(code: u16, message: &str, attributes: &ResourceAttributes) -> String {
    match message {
        "" if attributes.resource.is_empty() => format!("the API server answers {code}"),
        _ => format!("{} answers {code}: {message}", attributes.what()),
    }
}

/// A watch needs list as well, so both are named together.
fn denied(message: &str, attributes: &ResourceAttributes) -> ApiError {
    if attributes.resource.is_empty() {
        return ApiError::new(ApiErrorKind::Denied, answers(403, message, attributes));
    }
    let user = message.split_once("User \"").and_then(|(_, rest)| rest.split_once('"')).map(|(user, _)| user);
    let user = user.map_or_else(|| "this user".to_owned(), |user| format!("user {user}"));
    let verbs = match attributes.verb {
        "list" | "watch" => r#""list", "watch""#.to_owned(),
        // Which of them is checked depends on the server's version.
        _ if attributes.resource == "pods/portforward" => r#""get", "create""#.to_owned(),
        verb => format!(r#""{verb}""#),
    };
    let role = match attributes.namespace.as_str() {
        "" => "a ClusterRole".to_owned(),
        namespace => format!("a Role in namespace {namespace}"),
    };
    let (group, resource) = (&attributes.group, &attributes.resource);
    let rule = Rule {
        verb: attributes.verb.to_owned(),
        group: group.clone(),
        resource: resource.clone(),
        namespace: attributes.namespace.clone(),
    };
    let fault =
        ApiError::new(ApiErrorKind::Denied, format!("{user} may not {} {} (403)", attributes.verb, attributes.what()))
            .with_hint(format!(r#"add to {role}: apiGroups ["{group}"], resources ["{resource}"], verbs [{verbs}]"#));
    ApiError { rule: Some(Box::new(rule)), ..fault }
}

/// The TLS error that this is or wraps, however often an I/O error wraps another: `source` passes over what it holds.
fn tls_of<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls);
    }
    let inner = error.downcast_ref::<std::io::Error>()?.get_ref()?;
    tls_of(inner)
}

/// The text of an error's root cause, without what only a programmer would look for.
pub fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut root = error;
    loop {
        if let Some(tls) = tls_of(root) {
            return tls_text(tls);
        }
        match root.source() {
            Some(next) => root = next,
            None => break,
        }
    }
    let text = mask::credentials(&root.to_string());
    match text.as_str() {
        "deadline has elapsed" => "no connection in time".to_owned(),
        "tls handshake eof" => "the connection was closed during the TLS handshake".to_owned(),
        text if text.starts_with("peer closed connection") => "the connection was closed early".to_owned(),
        text => clean(text.split(" (os error").next().unwrap_or_default(), 300),
    }
}

const NOT_FOR_THIS_NAME: &str = "its certificate is not valid for this name";

/// With the names that the certificate has; rustls writes them as `DnsName("a.example")` and `IpAddress(10.0.0.1)`.
fn not_valid_for(presented: &[String]) -> String {
    let names = presented.iter().map(|name| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, inner)| inner);
        clean(inner.trim_matches(['(', ')', '"']), 100)
    });
    match names.collect::<Vec<_>>().join(", ") {
        names if names.is_empty() => {
            format!("{NOT_FOR_THIS_NAME}: it names no host (subjectAltName), and its common name does not count")
        }
        names => format!("{NOT_FOR_THIS_NAME}, but for {}", clean(&names, 300)),
    }
}

/// A TLS error in words; rustls writes many of them as Rust would print the value.
pub fn tls_text(error: &rustls::Error) -> String {
    use rustls::CertificateError as C;
    let text = match error {
        rustls::Error::InvalidCertificate(C::UnknownIssuer) => "its certificate is not signed by a CA that is trusted",
        rustls::Error::InvalidCertificate(C::NotValidForNameContext { presented, .. }) => {
            return not_valid_for(presented);
        }
        rustls::Error::InvalidCertificate(C::NotValidForName) => NOT_FOR_THIS_NAME,
        rustls::Error::InvalidCertificate(C::InvalidPurpose | C::InvalidPurposeContext { .. }) => {
            "its certificate is not meant for a server (extendedKeyUsage)"
        }
        rustls::Error::InvalidCertificate(
            C::UnsupportedSignatureAlgorithmContext { .. } | C::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
        ) => "its certificate is signed in a way that is not accepted, such as with SHA-1",
        rustls::Error::InvalidCertificate(C::BadSignature) => {
            "its certificate is not signed by a CA that is trusted, but by another of the same name"
        }
        rustls::Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => "its certificate has expired",
        rustls::Error::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
            "its certificate is not valid yet; check the clocks of both sides"
        }
        rustls::Error::InvalidCertificate(C::Other(other)) => match other.to_string().as_str() {
            text if text.contains("CaUsedAsEndEntity") => "its certificate is a CA's, and not one for a server",
            text if text.contains("UnsupportedCertVersion") => "its certificate is X.509 v1; reissue it as v3",
            _ => "its certificate has a form that is not supported",
        },
        rustls::Error::InvalidCertificate(_) => "its certificate cannot be used",
        rustls::Error::InvalidMessage(_) => "it does not speak TLS",
        rustls::Error::AlertReceived(_) => {
            "the server ended the TLS handshake; it may not accept the client certificate"
        }
        rustls::Error::PeerIncompatible(_) => "it supports no TLS version or cipher that this program has",
        other => {
            let text = other.to_string();
            let plain = !text.contains(['{', '(']);
            return if plain { clean(&text, 200) } else { "the TLS handshake failed".to_owned() };
        }
    };
    text.to_owned()
}

/// The text of an error page, without its markup.
pub fn plain(body: &str) -> String {
    let (mut out, mut tag) = (String::new(), false);
    for c in body.chars().take(4096) {
        match c {
            '<' => tag = true,
            '>' if tag => {
                tag = false;
                out.push(' ');
            }
            c if !tag => out.push(c),
            _ => {}
        }
    }
    let words: Vec<&str> = out.split_whitespace().collect();
    clean(&words.join(" "), 200)
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
