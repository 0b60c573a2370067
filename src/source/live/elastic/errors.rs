//! What can go wrong with Elasticsearch: one sentence each, with a hint.

use super::super::client::{ApiError, ApiErrorKind, json_text, plain, root, tls_text};
use super::settings::Credential;
use super::target::Target;
use crate::observe::mask;
use crate::observe::text::clean;
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::error::Error;
use std::time::Duration;

/// The privileges that all requests need.
const NEEDED_ROLE: &str =
    r#"a role with cluster ["monitor"] and, on traces-*, metrics-*, logs-*, indices ["monitor", "read"]"#;

/// A response other than success, by Elasticsearch or by a proxy in between.
pub fn response(code: u16, body: &[u8], path: &str, target: &Target) -> ApiError {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let message = clean(&mask::credentials(&without(&message(json.as_ref(), body), &target.credential)), 200);
    let api = api_name(path);
    match code {
        401 => {
            let reason = match &target.credential {
                Credential::None => "Elasticsearch asks for credentials (401)".to_owned(),
                Credential::Basic { user, .. } => {
                    format!("Elasticsearch does not accept the password of user {user} (401)")
                }
                Credential::ApiKey(_) => "Elasticsearch does not accept the API key (401)".to_owned(),
            };
            ApiError::new(ApiErrorKind::Unauthorized, reason).with_hint(match &target.credential {
                Credential::None => "give --es-user with EDOT_TUI_ES_PASSWORD, or EDOT_TUI_ES_API_KEY".to_owned(),
                _ => format!("check {}; it is read again at every try", target.credential_source),
            })
        }
        403 => ApiError::new(ApiErrorKind::Denied, format!("{} may not use {api} (403)", target.credential.whose()))
            .with_hint(format!("give it {NEEDED_ROLE}")),
        429 => ApiError::new(ApiErrorKind::Busy, format!("Elasticsearch is too busy to answer {api} (429: {message})")),
        _ if json.is_none() && code >= 500 => {
            ApiError::new(ApiErrorKind::Busy, format!("a proxy before Elasticsearch answers {code}: {message}"))
                .with_hint("look at the ingress or load balancer, and whether Elasticsearch runs behind it")
        }
        500..=599 => ApiError::new(ApiErrorKind::Busy, format!("Elasticsearch answers {api} with {code}: {message}")),
        404 | 405 | 410 => ApiError::new(ApiErrorKind::Absent, format!("{api} is not served here ({code}: {message})")),
        300..=399 => ApiError::new(
            ApiErrorKind::Refused,
            format!("{} answers with a redirect ({code}), which is not followed; a login page does so", target.url),
        )
        .with_hint("give --es-url the address of Elasticsearch itself"),
        _ => ApiError::new(ApiErrorKind::Refused, format!("{api} is refused ({code}: {message})")),
    }
}

/// The text without the credential itself, which some proxies echo.
fn without(text: &str, credential: &Credential) -> String {
    match credential {
        Credential::None => text.to_owned(),
        Credential::ApiKey(key) => mask::known(text, [key.expose_secret()]),
        Credential::Basic { user, password } => {
            let password = password.expose_secret();
            mask::known(text, [STANDARD.encode(format!("{user}:{password}")).as_str(), password])
        }
    }
}

/// The message in an error's body: Elasticsearch writes an object, for some errors a string; a proxy writes a page.
fn message(json: Option<&Value>, body: &[u8]) -> String {
    let Some(json) = json else { return plain(&String::from_utf8_lossy(body)) };
    let error = &json["error"];
    let text = error["reason"].as_str().or(error.as_str()).or(error["type"].as_str());
    text.map_or_else(|| plain(&String::from_utf8_lossy(body)), |text| clean(text, 200))
}

/// The API's name in a path with its query, such as `_stats`.
fn api_name(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or(path).trim_matches('/');
    path.split('/').find(|part| part.starts_with('_')).unwrap_or("GET /")
}

/// No complete response in time.
pub fn timeout(limit: Duration, target: &Target) -> ApiError {
    ApiError::new(
        ApiErrorKind::Unreachable,
        format!("no whole answer from {} within {} s", target.url, limit.as_secs_f32()),
    )
    .with_hint("see whether Elasticsearch is overloaded; --request-timeout gives it longer")
}

/// A response that cannot be parsed.
pub fn garbled(path: &str, error: &serde_json::Error, target: &Target) -> ApiError {
    let what = api_name(path);
    ApiError::new(
        ApiErrorKind::Garbled,
        format!("the answer to {what} is not one of Elasticsearch's: {}", json_text(error)),
    )
    .with_hint(format!("check that {} is Elasticsearch", target.url))
}

/// CA certificates that cannot be read.
pub fn ca(why: &str) -> ApiError {
    ApiError::new(ApiErrorKind::Tls, format!("the CA of Elasticsearch cannot be read: {}", clean(why, 200)))
        .with_hint("give --es-ca a file with certificates in PEM (-----BEGIN CERTIFICATE-----)")
}

/// An error below HTTP: DNS, TCP, TLS, or a connection that broke off.
pub fn transport(error: &(dyn Error + 'static), target: &Target) -> ApiError {
    let (mut tls, mut late, mut at) = (None, false, Some(error));
    while let Some(next) = at {
        let io = next.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let inner = next.downcast_ref::<rustls::Error>().or_else(|| io.and_then(|i| i.downcast_ref::<rustls::Error>()));
        tls = tls.or(inner);
        late |= next.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout);
        at = next.source();
    }
    let host = target.url.host_str().unwrap_or_default();
    let why = root(error);
    match tls {
        Some(tls) => certificate(tls, host, target.ca.is_some()),
        None if late => {
            ApiError::new(ApiErrorKind::Unreachable, format!("no whole answer from {} in time", target.url))
        }
        None if target.url.scheme() == "http" && broken(&why) => {
            ApiError::new(ApiErrorKind::Unreachable, format!("{} closed the connection without an answer", target.url))
                .with_hint("if it speaks TLS, give --es-url with https://")
        }
        None => ApiError::new(ApiErrorKind::Unreachable, format!("no answer from {}: {why}", target.url)),
    }
}

fn broken(why: &str) -> bool {
    ["connection closed", "closed early", "reset", "invalid HTTP"].iter().any(|w| why.contains(w))
}

/// Why the server's certificate is not accepted.
fn certificate(error: &rustls::Error, host: &str, with_ca: bool) -> ApiError {
    use rustls::CertificateError as C;
    let tls = |reason: String, hint: &str| ApiError::new(ApiErrorKind::Tls, reason).with_hint(hint);
    match error {
        rustls::Error::InvalidCertificate(C::UnknownIssuer) if with_ca => tls(
            format!("the certificate of {host} is signed neither by the given CA nor by one of the system's"),
            "give --es-ca the CA that signed it (ECK: Secret …-es-http-certs-public, ca.crt)",
        ),
        rustls::Error::InvalidCertificate(C::UnknownIssuer) => tls(
            format!("the certificate of {host} is self-signed, or signed by a CA that this system does not know"),
            "give --es-ca FILE with that CA in PEM (Elasticsearch: config/certs/http_ca.crt; ECK: Secret …-es-http-certs-public, ca.crt)",
        ),
        rustls::Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => tls(
            format!("the certificate is not valid for the name {host}"),
            "give --es-url a name that is in the certificate, or have it issued for this one",
        ),
        rustls::Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => {
            tls(format!("the certificate of {host} has expired"), "renew it")
        }
        rustls::Error::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
            tls(format!("the certificate of {host} is not valid yet"), "check the clocks of both sides")
        }
        rustls::Error::InvalidMessage(_) => tls(
            format!("{host} does not speak TLS"),
            "if Elasticsearch serves plain HTTP there, give --es-url with http://",
        ),
        other => tls(format!("no TLS connection to {host}: {}", tls_text(other)), "check --es-url and --es-ca"),
    }
}
