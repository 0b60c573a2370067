//! A port-forward against a server that speaks its protocol.

use super::*;
use crate::source::live::client::connect::{Access, Environment};
use crate::source::live::client::{Timing, cluster};
use futures::{SinkExt, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request as Upgrade, Response};

const LIMIT: (Duration, usize) = (Duration::from_secs(5), 1 << 20);

/// The pod's name says how it behaves.
async fn serve(stream: TcpStream) {
    let mut path = String::new();
    #[allow(clippy::result_large_err)]
    let check = |request: &Upgrade, mut response: Response| -> Result<Response, ErrorResponse> {
        path = request.uri().path().to_owned();
        if path.contains("/denied/") {
            let body = r#"{"kind":"Status","status":"Failure","code":403,"reason":"Forbidden","message":"pods \"denied\" is forbidden: User \"v\" cannot create resource \"pods/portforward\" in API group \"\" in the namespace \"lab\""}"#;
            let mut refusal = ErrorResponse::new(Some(body.to_owned()));
            *refusal.status_mut() = StatusCode::FORBIDDEN;
            return Err(refusal);
        }
        response.headers_mut().insert("sec-websocket-protocol", header::HeaderValue::from_static("v4.channel.k8s.io"));
        Ok(response)
    };
    let Ok(mut socket) = accept_hdr_async(stream, check).await else { return };
    for channel in [0u8, 1] {
        socket.send(Message::binary(vec![channel, 0xb8, 0x22])).await.unwrap();
    }
    if path.contains("/closed/") {
        let why = b"\x01error forwarding port 8888: dial tcp4 127.0.0.1:8888: connect: connection refused";
        socket.send(Message::binary(why.to_vec())).await.unwrap();
    }
    while let Some(Ok(message)) = socket.next().await {
        if !message.is_binary() || !path.contains("/ok/") {
            continue;
        }
        let request = String::from_utf8_lossy(&message.into_data()[1..]).into_owned();
        let body = request.lines().next().unwrap_or_default().to_owned();
        for part in [format!("\0HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()), format!("\0{body}")] {
            socket.send(Message::binary(part.into_bytes())).await.unwrap();
        }
    }
}

struct World {
    shared: FeedContext,
    connections: Arc<AtomicUsize>,
    _files: tempfile::TempDir,
}

async fn world() -> World {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream));
        }
    });
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nclusters: [{{name: c, cluster: {{server: \"{server}\"}}}}]\nusers: [{{name: u, user: {{}}}}]\n"
    );
    std::fs::write(&path, text).unwrap();
    let cluster =
        cluster::open(Access { kubeconfig: Some(path), ..Access::new(Environment::default()) }).await.unwrap();
    let (to, _) = tokio::sync::mpsc::channel(1);
    let shared = crate::source::live::shared(cluster, to, Timing::default());
    World { shared, connections, _files: files }
}

fn port(pod: &str) -> Port {
    Port { namespace: "lab".into(), pod: pod.into(), port: 8888 }
}

async fn ask(forward: &mut Forward, path: &str, limit: (Duration, usize)) -> Result<(StatusCode, String), ApiError> {
    let mut body = Vec::new();
    let code = forward.request(Method::GET, path, "", limit, |c| body.extend_from_slice(c)).await?;
    Ok((code, String::from_utf8(body).unwrap()))
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let world = world().await;
    let mut forward = open(&world.shared, &port("ok"), LIMIT.0).await.unwrap();
    for path in ["/metrics", "/v1/status", "/metrics"] {
        let answer = ask(&mut forward, path, LIMIT).await.unwrap();
        assert_eq!(answer, (StatusCode::OK, format!("GET {path} HTTP/1.1")));
    }
    assert_eq!(world.connections.load(Ordering::SeqCst), 1);
    let fault = ask(&mut forward, "/metrics", (LIMIT.0, 8)).await.unwrap_err();
    assert_eq!(fault.kind, ErrorKind::Garbled, "an answer beyond the limit is given up");
}

#[tokio::test]
async fn a_closed_port_has_a_plain_reason() {
    let world = world().await;
    let mut forward = open(&world.shared, &port("closed"), LIMIT.0).await.unwrap();
    let fault = ask(&mut forward, "/metrics", LIMIT).await.unwrap_err();
    assert_eq!(fault.reason, "port 8888 of pod closed is closed (connection refused)");
    assert_eq!(fault.kind, ErrorKind::Unreachable);
}

#[tokio::test]
async fn what_does_not_answer_is_given_up() {
    let world = world().await;
    let mut forward = open(&world.shared, &port("mute"), LIMIT.0).await.unwrap();
    let fault = ask(&mut forward, "/metrics", (Duration::from_millis(50), 99)).await.unwrap_err();
    assert_eq!(fault.reason, "port 8888 of pod mute does not answer within 0.05 s");
}

#[tokio::test]
async fn a_permission_that_is_missing_is_named_with_both_verbs() {
    let world = world().await;
    let Err(fault) = open(&world.shared, &port("denied"), LIMIT.0).await else { panic!("it is denied") };
    assert_eq!(fault.kind, ErrorKind::Denied);
    let hint =
        r#"add to a Role in namespace lab: apiGroups [""], resources ["pods/portforward"], verbs ["get", "create"]"#;
    assert_eq!(fault.hint.as_deref(), Some(hint));
    assert_eq!(fault.rule.unwrap().resource, "pods/portforward");
}
