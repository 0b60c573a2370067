//! The flag and the variables: which holds, and what is said of one that is wrong.

use edot_tui::observe::Signal;
use edot_tui::otlp::Access;
use secrecy::ExposeSecret;
use std::time::Duration;

fn access(flag: Option<&str>, variables: &[(&str, &str)]) -> Result<Access, String> {
    let name = |key: &str| match key.starts_with("OTEL") {
        true => key.to_owned(),
        false => format!("OTEL_EXPORTER_OTLP_{key}"),
    };
    let all: Vec<(String, &str)> = variables.iter().map(|(key, value)| (name(key), *value)).collect();
    let var = |name: &str| all.iter().find(|(key, _)| key == name).map(|(_, value)| (*value).to_owned());
    Access::new(flag, &var).map_err(|e| e.to_string())
}

fn urls(flag: Option<&str>, variables: &[(&str, &str)]) -> [String; 3] {
    access(flag, variables).unwrap().targets.map(|t| t.url)
}

#[test]
fn addresses_are_those_of_the_specification() {
    const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    assert_eq!(urls(None, &[])[0], "http://localhost:4318/v1/traces");
    assert_eq!(urls(None, &[("PROTOCOL", "grpc")])[0], format!("http://localhost:4317{TRACES}"));
    assert_eq!(urls(Some("http://c:4317"), &[])[0], format!("http://c:4317{TRACES}"));
    assert_eq!(urls(Some("http://c:4317"), &[("PROTOCOL", "http/protobuf")])[1], "http://c:4317/v1/metrics");
    assert_eq!(urls(Some("https://es:9200/_otlp/"), &[])[2], "https://es:9200/_otlp/v1/logs");
    // A signal's own address is whole, and holds for it alone; the flag goes before all of them.
    let own = [("TRACES_ENDPOINT", "http://t:1/here"), ("ENDPOINT", "http://all:2")];
    assert_eq!(urls(None, &own), ["http://t:1/here", "http://all:2/v1/metrics", "http://all:2/v1/logs"]);
    assert_eq!(urls(Some("http://f:3"), &own)[0], "http://f:3/v1/traces");
    let plain = [("ENDPOINT", "c:4317"), ("INSECURE", "true")];
    assert_eq!(urls(None, &plain)[0], format!("http://c:4317{TRACES}"));
    assert_eq!(urls(None, &plain[..1])[0], format!("https://c:4317{TRACES}"));
}

#[test]
fn variables_of_a_signal_go_before_those_of_all() {
    let all = access(
        None,
        &[
            ("HEADERS", "Authorization=ApiKey%20abc=,x=1"),
            ("METRICS_HEADERS", "x=2"),
            ("TIMEOUT", "1500"),
            ("LOGS_TIMEOUT", "2"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=lab,k=a%2Cb"),
            ("OTEL_SERVICE_NAME", "mine"),
        ],
    )
    .unwrap();
    let header = |at: usize, n: usize| {
        let (key, value) = &all.targets[at].headers[n];
        (key.clone(), value.expose_secret().to_owned())
    };
    assert_eq!(header(0, 0), ("authorization".into(), "ApiKey abc=".into()));
    assert_eq!((header(1, 0), all.targets[1].headers.len()), (("x".into(), "2".into()), 1));
    assert_eq!(all.targets[0].timeout, Duration::from_millis(1500));
    assert_eq!((all.targets[2].signal, all.targets[2].timeout), (Signal::Logs, Duration::from_millis(2)));
    assert_eq!(all.resource[1], ("k".to_owned(), "a,b".to_owned()));
    assert_eq!(all.resource[2], ("service.name".to_owned(), "mine".to_owned()));
    assert!(!format!("{all:?}").contains("abc"), "{all:?}");
}

#[test]
fn what_cannot_be_used_is_named_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("missing.pem").display().to_string();
    for (flag, variables, expected) in [
        (Some("ftp://c"), vec![], "--otlp: must begin with"),
        (Some("nonsense"), vec![("PROTOCOL", "smoke")], "OTEL_EXPORTER_OTLP_PROTOCOL: must be grpc or http/protobuf"),
        (Some("http://u:hidden@c"), vec![], "--otlp: must not hold credentials"),
        (None, vec![("ENDPOINT", "http://")], "OTEL_EXPORTER_OTLP_ENDPOINT: must be an address"),
        (None, vec![("HEADERS", "hidden")], "OTEL_EXPORTER_OTLP_HEADERS: part 1 has no ="),
        (None, vec![("LOGS_COMPRESSION", "zip")], "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: must be gzip or none"),
        (None, vec![("TIMEOUT", "10s")], "OTEL_EXPORTER_OTLP_TIMEOUT: must be milliseconds"),
        (None, vec![("CERTIFICATE", file.as_str())], "missing.pem: No such file"),
    ] {
        let error = access(flag, &variables).unwrap_err();
        assert!(error.contains(expected) && !error.contains("hidden"), "{error}");
    }
}
