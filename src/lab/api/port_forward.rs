//! `pods/portforward`: connections to the processes in a pod, over a WebSocket or an upgraded connection.
//!
//! The client chooses one of three protocols: channels of a WebSocket (`v4`, `v5.channel.k8s.io`: kube's client), SPDY in a
//! WebSocket (kubectl), plain SPDY (older clients). Each connection ends at an HTTP server in front of `processes`.

mod channels;
mod pipe;
mod process;
mod spdy;

use super::failure::Failure;
use super::kinds;
use super::path::{Query, ResourcePath};
use super::response::{self, ApiResponse};
use super::state::ApiState;
use http::{HeaderMap, HeaderValue, Request, header};
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

const V5: &str = "v5.channel.k8s.io";
const V4: &str = "v4.channel.k8s.io";
/// SPDY in a WebSocket; the plus is followed by the protocol inside.
const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";
const FORWARD: &str = "portforward.k8s.io";

/// The pod whose ports are forwarded.
#[derive(Clone)]
pub struct PodTarget {
    pub state: Arc<ApiState>,
    pub namespace: String,
    pub name: String,
    pub uid: String,
}

#[derive(Clone, Copy)]
enum ForwardProtocol {
    Channels { half_close: bool },
    Tunnel,
    Bare,
}

/// Upgrade the connection and forward ports over it.
///
/// # Errors
/// There is no such pod, it is not scheduled, or the client offers no known protocol.
pub fn open(
    state: &Arc<ApiState>,
    path: &ResourcePath,
    query: &Query,
    request: &mut Request<Incoming>,
) -> Result<ApiResponse, Failure> {
    let pod = target_of(state, path)?;
    let (protocol, protocol_name) = negotiate(request.headers())?;
    let ports: Vec<u16> = query.all("ports").flat_map(|list| list.split(',')).filter_map(|p| p.parse().ok()).collect();
    if matches!(protocol, ForwardProtocol::Channels { .. }) && ports.is_empty() {
        return Err(Failure::bad_request("query parameter \"ports\" is required"));
    }
    let mut answer = response::empty(101);
    let headers = answer.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    if let ForwardProtocol::Bare = protocol {
        headers.insert(header::UPGRADE, HeaderValue::from_static("SPDY/3.1"));
        headers.insert("x-stream-protocol-version", HeaderValue::from_static(protocol_name));
    } else {
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol_name));
        let key = request.headers().get(header::SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()));
        let key = key.ok_or_else(|| Failure::bad_request("Sec-WebSocket-Key is missing"))?;
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, HeaderValue::from_str(&key).map_err(|_| Failure::not_allowed())?);
    }
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let Ok(connection) = upgrade.await else { return };
        // A restart of the API server ends it.
        let mut disruptions = pod.state.disruptions.subscribe();
        let restarts = disruptions.borrow().restarts;
        let gone = disruptions.wait_for(|now| now.restarts != restarts);
        let forwarding = carry(TokioIo::new(connection), protocol, ports, pod.clone());
        tokio::select! {
            () = forwarding => {}
            _ = gone => {}
        }
    });
    Ok(answer)
}

async fn carry(connection: TokioIo<Upgraded>, protocol: ForwardProtocol, ports: Vec<u16>, pod: PodTarget) {
    match protocol {
        ForwardProtocol::Channels { half_close } => {
            let socket = WebSocketStream::from_raw_socket(connection, Role::Server, None).await;
            channels::serve(socket, &ports, half_close, &pod).await;
        }
        ForwardProtocol::Tunnel => {
            let socket = WebSocketStream::from_raw_socket(connection, Role::Server, None).await;
            let (pipe, both) = pipe::of_socket(socket);
            tokio::join!(both, spdy::serve(pipe, &pod));
        }
        ForwardProtocol::Bare => {
            let (pipe, both) = pipe::of_connection(connection);
            tokio::join!(both, spdy::serve(pipe, &pod));
        }
    }
}

fn target_of(state: &Arc<ApiState>, path: &ResourcePath) -> Result<PodTarget, Failure> {
    let name = path.name.clone().unwrap_or_default();
    let lab = state.lab();
    let kind = kinds::find("", "pods").ok_or_else(Failure::no_such_path)?;
    let pod = lab.store.get("pods", path.store_namespace(), &name).ok_or_else(|| Failure::not_found(kind, &name))?;
    if pod["spec"]["nodeName"].is_null() {
        return Err(Failure::bad_request(format!("pod {name} does not have a host assigned")));
    }
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    Ok(PodTarget { state: Arc::clone(state), namespace: path.store_namespace().to_owned(), name, uid })
}

/// The best protocol that the client offers, with its name.
fn negotiate(headers: &HeaderMap) -> Result<(ForwardProtocol, &'static str), Failure> {
    let all = |name: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(str::trim).collect::<Vec<_>>()
    };
    let upgrades = all("upgrade");
    if upgrades.iter().any(|up| up.eq_ignore_ascii_case("websocket")) {
        let offered = all("sec-websocket-protocol");
        let has = |protocol: &str| offered.contains(&protocol);
        return if has(TUNNEL) {
            Ok((ForwardProtocol::Tunnel, TUNNEL))
        } else if has(V5) {
            Ok((ForwardProtocol::Channels { half_close: true }, V5))
        } else if has(V4) {
            Ok((ForwardProtocol::Channels { half_close: false }, V4))
        } else {
            let offered = offered.join(", ");
            Err(Failure::bad_request(format!("unable to negotiate protocol: client supports [{offered}]")))
        };
    }
    if upgrades.iter().any(|up| up.eq_ignore_ascii_case("SPDY/3.1")) {
        return Ok((ForwardProtocol::Bare, FORWARD));
    }
    Err(Failure::bad_request("Upgrade request required"))
}
