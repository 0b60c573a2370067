//! `pods/portforward`: connections to what listens in a pod, over a WebSocket or an upgraded connection.
//!
//! Three ways to carry them, as clients ask: channels of a WebSocket (`v4`, `v5.channel.k8s.io`: kube's client), SPDY in a
//! WebSocket (kubectl), bare SPDY (older clients). At the far end stands an HTTP server over the model's processes.

mod channels;
mod pipe;
mod process;
mod spdy;

use super::answer::{self, Answer};
use super::face::Face;
use super::failure::Failure;
use super::kinds;
use super::path::{Place, Query};
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
/// SPDY through a WebSocket; what is spoken in it follows the plus.
const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";
const FORWARD: &str = "portforward.k8s.io";

/// Whose ports.
#[derive(Clone)]
pub struct Pod {
    pub face: Arc<Face>,
    pub namespace: String,
    pub name: String,
    pub uid: String,
}

#[derive(Clone, Copy)]
enum Way {
    Channels { half_close: bool },
    Tunnel,
    Bare,
}

/// Upgrade the connection and forward.
///
/// # Errors
/// There is no such pod, it does not run, or the client offers nothing that is spoken here.
pub fn open(
    face: &Arc<Face>,
    place: &Place,
    query: &Query,
    request: &mut Request<Incoming>,
) -> Result<Answer, Failure> {
    let pod = running(face, place)?;
    let (way, protocol) = way(request.headers())?;
    let ports: Vec<u16> = query.all("ports").flat_map(|list| list.split(',')).filter_map(|p| p.parse().ok()).collect();
    if matches!(way, Way::Channels { .. }) && ports.is_empty() {
        return Err(Failure::bad_request("query parameter \"ports\" is required"));
    }
    let mut answer = answer::empty(101);
    let headers = answer.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    if let Way::Bare = way {
        headers.insert(header::UPGRADE, HeaderValue::from_static("SPDY/3.1"));
        headers.insert("x-stream-protocol-version", HeaderValue::from_static(protocol));
    } else {
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
        let key = request.headers().get(header::SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()));
        let key = key.ok_or_else(|| Failure::bad_request("Sec-WebSocket-Key is missing"))?;
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, HeaderValue::from_str(&key).map_err(|_| Failure::not_allowed())?);
    }
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let Ok(connection) = upgrade.await else { return };
        // All of it ends when the server restarts.
        let mut cuts = pod.face.cuts.subscribe();
        let restarts = cuts.borrow().restarts;
        let gone = cuts.wait_for(|now| now.restarts != restarts);
        let forwarding = carry(TokioIo::new(connection), way, ports, pod.clone());
        tokio::select! {
            () = forwarding => {}
            _ = gone => {}
        }
    });
    Ok(answer)
}

async fn carry(connection: TokioIo<Upgraded>, way: Way, ports: Vec<u16>, pod: Pod) {
    match way {
        Way::Channels { half_close } => {
            let socket = WebSocketStream::from_raw_socket(connection, Role::Server, None).await;
            channels::serve(socket, &ports, half_close, &pod).await;
        }
        Way::Tunnel => {
            let socket = WebSocketStream::from_raw_socket(connection, Role::Server, None).await;
            let (pipe, both) = pipe::of_socket(socket);
            tokio::join!(both, spdy::serve(pipe, &pod));
        }
        Way::Bare => {
            let (pipe, both) = pipe::of_connection(connection);
            tokio::join!(both, spdy::serve(pipe, &pod));
        }
    }
}

fn running(face: &Arc<Face>, place: &Place) -> Result<Pod, Failure> {
    let name = place.name.clone().unwrap_or_default();
    let lab = face.lab();
    let kind = kinds::find("", "pods").ok_or_else(Failure::no_such_path)?;
    let pod = lab.store.get("pods", place.at(), &name).ok_or_else(|| Failure::not_found(kind, &name))?;
    if pod["spec"]["nodeName"].is_null() {
        return Err(Failure::bad_request(format!("pod {name} does not have a host assigned")));
    }
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    Ok(Pod { face: Arc::clone(face), namespace: place.at().to_owned(), name, uid })
}

/// The best way that the client offers, and its name.
fn way(headers: &HeaderMap) -> Result<(Way, &'static str), Failure> {
    let all = |name: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(str::trim).collect::<Vec<_>>()
    };
    let upgrades = all("upgrade");
    if upgrades.iter().any(|up| up.eq_ignore_ascii_case("websocket")) {
        let offered = all("sec-websocket-protocol");
        let has = |protocol: &str| offered.contains(&protocol);
        return if has(TUNNEL) {
            Ok((Way::Tunnel, TUNNEL))
        } else if has(V5) {
            Ok((Way::Channels { half_close: true }, V5))
        } else if has(V4) {
            Ok((Way::Channels { half_close: false }, V4))
        } else {
            let offered = offered.join(", ");
            Err(Failure::bad_request(format!("unable to negotiate protocol: client supports [{offered}]")))
        };
    }
    if upgrades.iter().any(|up| up.eq_ignore_ascii_case("SPDY/3.1")) {
        return Ok((Way::Bare, FORWARD));
    }
    Err(Failure::bad_request("Upgrade request required"))
}

/// What is said when a port of a pod cannot be reached, in a kubelet's words.
fn cannot(pod: &Pod, port: u16, why: &str) -> String {
    format!("error forwarding port {port} to pod {}, uid : {why}", pod.uid)
}
