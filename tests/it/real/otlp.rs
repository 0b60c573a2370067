//! A recorded run into a real collector (`EDOT_OTELCOL`, its binary), over gRPC and HTTP: what its debug exporter prints.

use crate::it::otlp::session::{scale_ups, sent_to};
use edot_tui::otlp::Access;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "wants EDOT_OTELCOL, the binary of a collector with the otlp receiver and the debug exporter"]
async fn a_collector_takes_every_signal() {
    let program = std::env::var("EDOT_OTELCOL").unwrap();
    let (folder, grpc, http) = (tempfile::tempdir().unwrap(), port(), port());
    let config = format!(
        "receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:{grpc}'}}, http: {{endpoint: '127.0.0.1:{http}'}}}}}}}}
exporters: {{debug: {{verbosity: detailed, sampling_initial: 100000}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [debug]}}
    metrics: {{receivers: [otlp], exporters: [debug]}}
    logs: {{receivers: [otlp], exporters: [debug]}}
"
    );
    let path = folder.path().join("config.yaml");
    std::fs::write(&path, config).unwrap();
    let out = folder.path().join("out.log");
    let log = std::fs::File::create(&out).unwrap();
    let mut command = Command::new(program);
    command.arg("--config").arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    let mut collector = command.spawn().unwrap();
    for (port, protocol, gzip) in [(grpc, "grpc", "gzip"), (http, "http/protobuf", "gzip"), (grpc, "grpc", "none")] {
        let before = std::fs::read_to_string(&out).unwrap().len();
        let var = |name: &str| match name {
            "OTEL_EXPORTER_OTLP_PROTOCOL" => Some(protocol.to_owned()),
            "OTEL_EXPORTER_OTLP_COMPRESSION" => Some(gzip.to_owned()),
            _ => None,
        };
        let access = Access::new(Some(&format!("http://127.0.0.1:{port}")), &var).unwrap();
        // It may still be starting: what is refused is sent again.
        let (session, _, end) = sent_to(access, Duration::from_secs(30)).await;
        assert!(!end.contains("dropped") && !end.starts_with("0 items"), "{end}");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let said = std::fs::read_to_string(&out).unwrap()[before..].to_owned();
        for name in ["k8s.hpa.pod.current", "edot_tui.gateway.accepted", "edot_tui.sync.asked"] {
            assert!(said.contains(&format!("-> Name: {name}\n")), "{name}");
        }
        assert!(said.contains("EventName: edot_tui.verdict\n") && said.contains("EventName: edot_tui.rescale\n"));
        let traces = said.matches(" : scale-up\n").count();
        assert_eq!(traces, scale_ups(&session).len());
    }
    collector.kill().unwrap();
    collector.wait().unwrap();
}
