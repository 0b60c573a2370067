//! What can go wrong with Elasticsearch, one sentence each with what mends it.

use super::super::client::{ApiError, ErrorKind, plain, root};
use super::line::Found;
use super::settings::Credential;
use crate::observe::text::clean;
use serde_json::Value;
use std::error::Error;
use std::time::Duration;

/// The rights that everything here needs.
pub const ROLE: &str =
    r#"a role with cluster ["monitor"] and, on traces-*, metrics-*, logs-*, indices ["monitor", "read"]"#;

/// An answer other than success. What stands between may have written it.
pub fn answer(code: u16, body: &[u8], path: &str, found: &Found) -> ApiError {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let said = said(json.as_ref(), body);
    let api = api(path);
    match code {
        401 => {
            let reason = match &found.credential {
                Credential::None => "Elasticsearch asks for credentials (401)".to_owned(),
                Credential::Basic { user, .. } => {
                    format!("Elasticsearch does not accept the password of user {user} (401)")
                }
                Credential::ApiKey(_) => "Elasticsearch does not accept the API key (401)".to_owned(),
            };
            ApiError::new(ErrorKind::Unauthorized, reason).with_hint(match &found.credential {
                Credential::None => "give --es-user with EDOT_TUI_ES_PASSWORD, or EDOT_TUI_ES_API_KEY".to_owned(),
                _ => format!("check {}; it is read anew at every try", found.from),
            })
        }
        403 => ApiError::new(ErrorKind::Denied, format!("{} may not use {api} (403)", found.credential.whose()))
            .with_hint(format!("give it {ROLE}")),
        429 => ApiError::new(ErrorKind::Busy, format!("Elasticsearch is too busy to answer {api} (429: {said})")),
        _ if json.is_none() && code >= 500 => {
            ApiError::new(ErrorKind::Busy, format!("a proxy before Elasticsearch answers {code}: {said}"))
                .with_hint("look at the ingress or load balancer, and whether Elasticsearch runs behind it")
        }
        500..=599 => ApiError::new(ErrorKind::Busy, format!("Elasticsearch answers {api} with {code}: {said}")),
        404 | 405 | 410 => ApiError::new(ErrorKind::Absent, format!("{api} is not served here ({code}: {said})")),
        300..=399 => ApiError::new(
            ErrorKind::Refused,
            format!("{} answers with a redirect ({code}), as a login page does", found.url),
        )
        .with_hint("give --es-url the address of Elasticsearch itself"),
        _ => ApiError::new(ErrorKind::Refused, format!("{api} is refused ({code}: {said})")),
    }
}

/// What an error's body says: Elasticsearch writes an object, a string for some, and a proxy a page.
fn said(json: Option<&Value>, body: &[u8]) -> String {
    let Some(json) = json else { return plain(&String::from_utf8_lossy(body)) };
    let error = &json["error"];
    let text = error["reason"].as_str().or(error.as_str()).or(error["type"].as_str());
    text.map_or_else(|| plain(&String::from_utf8_lossy(body)), |text| clean(text, 200))
}

/// `_stats` for a path with its query.
fn api(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or(path).trim_matches('/');
    path.split('/').find(|part| part.starts_with('_')).unwrap_or("GET /")
}

/// No whole answer in time.
pub fn silence(limit: Duration, found: &Found) -> ApiError {
    ApiError::new(
        ErrorKind::Unreachable,
        format!("no whole answer from {} within {} s", found.url, limit.as_secs_f32()),
    )
    .with_hint("see whether Elasticsearch is overloaded; --request-timeout gives it longer")
}

/// An answer that cannot be read.
pub fn garbled(path: &str, error: &serde_json::Error, found: &Found) -> ApiError {
    let what = api(path);
    ApiError::new(
        ErrorKind::Garbled,
        format!("the answer to {what} is none of Elasticsearch's: {}", clean(&error.to_string(), 120)),
    )
    .with_hint(format!("check that {} is Elasticsearch", found.url))
}

/// Certificates that cannot be read.
pub fn ca(why: &str) -> ApiError {
    ApiError::new(ErrorKind::Tls, format!("the CA of Elasticsearch cannot be read: {}", clean(why, 200)))
        .with_hint("give --es-ca a file with certificates in PEM (-----BEGIN CERTIFICATE-----)")
}

/// An error below HTTP.
pub fn error(error: &(dyn Error + 'static), found: &Found) -> ApiError {
    let (mut tls, mut late, mut at) = (None, false, Some(error));
    while let Some(next) = at {
        let io = next.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let inner = next.downcast_ref::<rustls::Error>().or_else(|| io.and_then(|i| i.downcast_ref::<rustls::Error>()));
        tls = tls.or(inner);
        late |= next.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout);
        at = next.source();
    }
    let host = found.url.host_str().unwrap_or_default();
    let why = root(error);
    match tls {
        Some(tls) => certificate(tls, host, found.ca.is_some()),
        None if late => ApiError::new(ErrorKind::Unreachable, format!("no whole answer from {} in time", found.url)),
        None if found.url.scheme() == "http" && broken(&why) => {
            ApiError::new(ErrorKind::Unreachable, format!("{} closed the connection without an answer", found.url))
                .with_hint("if it speaks TLS, give --es-url with https://")
        }
        None => ApiError::new(ErrorKind::Unreachable, format!("no answer from {}: {why}", found.url)),
    }
}

fn broken(why: &str) -> bool {
    ["connection closed", "closed early", "reset", "invalid HTTP"].iter().any(|w| why.contains(w))
}

/// What is wrong between us and the server's certificate.
fn certificate(error: &rustls::Error, host: &str, with_ca: bool) -> ApiError {
    use rustls::CertificateError as C;
    let tls = |reason: String, hint: &str| ApiError::new(ErrorKind::Tls, reason).with_hint(hint);
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
            "give --es-url the name that stands in the certificate, or have it issued for this one",
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
        other => tls(
            format!("no TLS connection to {host}: {}", clean(&other.to_string(), 200)),
            "check --es-url and --es-ca",
        ),
    }
}
