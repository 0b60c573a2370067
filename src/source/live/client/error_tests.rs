//! The reason, the hint and the wait of each failure.

use super::*;

fn hpas(verb: &'static str) -> ResourceAttributes {
    ResourceAttributes {
        verb,
        group: "autoscaling".into(),
        version: "v2".into(),
        resource: "horizontalpodautoscalers".into(),
        namespace: "lab".into(),
    }
}

#[test]
fn a_403_names_the_user_and_the_rule_to_add() {
    let body = br#"{"kind":"Status","message":"horizontalpodautoscalers.autoscaling is forbidden: User \"system:serviceaccount:lab:me\" cannot watch resource","reason":"Forbidden","code":403}"#;
    let fault = ApiError::from_answer(403, None, body, &hpas("watch"));
    assert_eq!(
        fault.reason,
        "user system:serviceaccount:lab:me may not watch horizontalpodautoscalers.autoscaling in namespace lab (403)"
    );
    assert_eq!(
        fault.hint.as_deref(),
        Some(
            r#"add to a Role in namespace lab: apiGroups ["autoscaling"], resources ["horizontalpodautoscalers"], verbs ["list", "watch"]"#
        )
    );
    assert_eq!(fault.rule.as_ref().map(|r| r.verb.as_str()), Some("watch"));
    assert_eq!(fault.state(), FeedState::Denied);
}

#[test]
fn a_proxys_page_is_quoted_without_markup() {
    let body =
        b"<html><head><title>502 Bad Gateway</title></head>\r\n<body><h1>502\x1b[31m Bad Gateway</h1></body></html>";
    let fault = ApiError::from_answer(502, None, body, &hpas("list"));
    assert_eq!(fault.kind, ApiErrorKind::Busy);
    assert!(fault.reason.ends_with("answers 502: 502 Bad Gateway 502 Bad Gateway"), "{}", fault.reason);
}

#[test]
fn the_wait_that_the_server_asks_for_is_kept_up_to_a_limit() {
    let timing = Timing::default();
    let wait = |after| ApiError { retry_after: after, ..ApiError::new(ApiErrorKind::Busy, "") }.wait(1, &timing);
    assert!(wait(None) <= Duration::from_secs(1));
    assert_eq!(wait(Some(Duration::from_secs(3))), Duration::from_secs(3));
    assert_eq!(wait(Some(Duration::from_secs(600))), timing.settled);
    let body = br#"{"kind":"Status","code":429,"details":{"retryAfterSeconds":2}}"#;
    assert_eq!(ApiError::from_answer(429, None, body, &hpas("list")).retry_after, Some(Duration::from_secs(2)));
}

#[test]
fn an_error_below_http_is_named_by_its_root_cause() {
    let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    let fault = ApiError::from_error(&refused, "https://k8s");
    assert_eq!(
        (fault.kind, fault.reason.as_str()),
        (ApiErrorKind::Unreachable, "cannot reach https://k8s: connection refused")
    );
    let bad = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    assert_eq!(ApiError::from_error(&std::io::Error::other(bad), "https://k8s").kind, ApiErrorKind::Tls);
}

#[test]
fn a_tls_failure_is_found_however_deep_it_is_and_said_in_words() {
    use rustls::{AlertDescription, CertificateError as C, Error as E, InvalidMessage, OtherError};
    let other = || C::Other(OtherError(std::sync::Arc::new(std::io::Error::other("Other(UnsupportedCertVersion)"))));
    for error in [
        E::InvalidCertificate(C::UnknownIssuer),
        E::InvalidCertificate(C::Expired),
        E::InvalidCertificate(C::BadEncoding),
        E::InvalidCertificate(other()),
        E::InvalidMessage(InvalidMessage::InvalidContentType),
        E::AlertReceived(AlertDescription::CertificateRequired),
        E::General("x Error(y)".into()),
        E::DecryptError,
    ] {
        // As hyper and its connector wrap it.
        let wrapped = std::io::Error::other(std::io::Error::other(std::io::Error::other(error.clone())));
        let fault = ApiError::from_error(&wrapped, "https://k8s");
        assert_eq!(fault.kind, ApiErrorKind::Tls, "{error}");
        assert!(fault.reason.starts_with("no TLS connection to https://k8s: "), "{}", fault.reason);
        let debug = ["Error(", "Other(", "{ ", "Invalid"];
        assert!(!debug.iter().any(|form| fault.reason.contains(form)), "{}", fault.reason);
    }
}

#[test]
fn a_credential_that_a_server_echoes_is_not_quoted() {
    for code in [400, 404, 409, 429, 500, 503] {
        let body = br#"{"kind":"Status","message":"bad header Authorization: Bearer abc123 from https://me:pw@h/"}"#;
        let fault = ApiError::from_answer(code, None, body, &hpas("list"));
        assert!(!format!("{fault:?}").contains("abc123") && !format!("{fault:?}").contains("me:pw"), "{fault:?}");
    }
}

#[test]
fn every_answer_has_its_kind() {
    let kinds = [
        (400, ApiErrorKind::Refused),
        (401, ApiErrorKind::Unauthorized),
        (403, ApiErrorKind::Denied),
        (404, ApiErrorKind::Absent),
        (410, ApiErrorKind::Expired),
        (429, ApiErrorKind::Busy),
        (500, ApiErrorKind::Busy),
        (503, ApiErrorKind::Busy),
        (504, ApiErrorKind::Busy),
    ];
    for (code, kind) in kinds {
        assert_eq!(ApiError::from_answer(code, None, b"", &hpas("list")).kind, kind, "{code}");
    }
}

#[test]
fn plain_http_to_a_server_of_https_is_said_with_the_correction() {
    let fault = ApiError::from_answer(400, None, b"Client sent an HTTP request to an HTTPS server.\n", &hpas("list"));
    assert_eq!(fault.reason, "the API server speaks HTTPS, and the kubeconfig says http://");
    assert_eq!(fault.hint.as_deref(), Some("write https:// in the cluster's server"));
}
