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
    assert_eq!(fault.kind, ErrorKind::Busy);
    assert!(fault.reason.ends_with("answers 502: 502 Bad Gateway 502 Bad Gateway"), "{}", fault.reason);
}

#[test]
fn the_wait_that_the_server_asks_for_is_kept_up_to_a_limit() {
    let timing = Timing::default();
    let wait = |after| ApiError { retry_after: after, ..ApiError::new(ErrorKind::Busy, "") }.wait(1, &timing);
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
        (ErrorKind::Unreachable, "cannot reach https://k8s: connection refused")
    );
    let bad = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    assert_eq!(ApiError::from_error(&std::io::Error::other(bad), "https://k8s").kind, ErrorKind::Tls);
}

#[test]
fn every_answer_has_its_kind() {
    let kinds = [
        (400, ErrorKind::Refused),
        (401, ErrorKind::Unauthorized),
        (403, ErrorKind::Denied),
        (404, ErrorKind::Absent),
        (410, ErrorKind::Expired),
        (429, ErrorKind::Busy),
        (500, ErrorKind::Busy),
        (503, ErrorKind::Busy),
        (504, ErrorKind::Busy),
    ];
    for (code, kind) in kinds {
        assert_eq!(ApiError::from_answer(code, None, b"", &hpas("list")).kind, kind, "{code}");
    }
}
