//! A listener on 127.0.0.1 that relays to one Elasticsearch: over a port-forward to its pod or over the network.
//!
//! The client can neither be given a connection nor limit the size of a response, so both are done here: TLS goes through
//! CONNECT and stays end to end between the client and Elasticsearch, under the name that its certificate is for; a
//! response that is too long is cut. Only a client with this process's random token is served. Must not read the traffic.

use super::super::client::port_forward::{self, Port};
use super::super::client::{ApiError, ApiErrorKind, root};
use super::super::context::FeedContext;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The longest response, in bytes.
const LONGEST_RESPONSE: u64 = 16 << 20;
/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 16 << 10;
/// The header that carries the token in plain HTTP requests.
pub const TOKEN: &str = "x-edot-tui";
/// The user name that goes with the token in a CONNECT.
pub const USER: &str = "edot-tui";

/// Where the listener relays to.
#[derive(Clone, Debug, PartialEq)]
pub enum Behind {
    Pod {
        namespace: String,
        pod: String,
        port: u16,
    },
    /// Host and port, over an HTTP proxy where the environment sets one.
    Network {
        host: String,
        port: u16,
        proxy: Option<Proxy>,
    },
}

/// An HTTP proxy, as set in the environment.
#[derive(Clone, PartialEq)]
pub struct Proxy {
    pub host: String,
    pub port: u16,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A random token of 128 bits, in hex.
///
/// # Errors
/// The system's random source fails.
pub fn random_token() -> Result<String, ApiError> {
    let mut bytes = [0u8; 16];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| ApiError::new(ApiErrorKind::Refused, "the system's random source fails"))?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// Serve clients that present `token`, until dropped. `last_fault` gets the reason why a connection failed.
pub async fn serve(
    listener: TcpListener,
    behind: Behind,
    token: String,
    shared: FeedContext,
    last_fault: watch::Sender<Option<ApiError>>,
    limit: Duration,
) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((mut client, _)) => {
                    let (behind, token) = (behind.clone(), token.clone());
                    let (shared, last_fault) = (shared.clone(), last_fault.clone());
                    open.spawn(async move {
                        // Before `client` is dropped: the HTTP client looks for the reason once its connection is gone.
                        if let Err(fault) = handle(&mut client, &behind, &token, &shared, limit).await {
                            last_fault.send_replace(Some(fault));
                        }
                    });
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            Some(_) = open.join_next() => {}
        }
    }
}

/// One connection, from the head of its first request to its end.
async fn handle(
    client: &mut TcpStream,
    behind: &Behind,
    token: &str,
    shared: &FeedContext,
    limit: Duration,
) -> Result<(), ApiError> {
    let Ok(Some(head)) = timeout(limit, head(client)).await else { return Ok(()) };
    let connect = head.starts_with(b"CONNECT ");
    if !authorized(&head, connect, token) {
        let _ = client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").await;
        return Ok(());
    }
    match behind {
        Behind::Pod { namespace, pod, port } => {
            let port = Port { namespace: namespace.clone(), pod: pod.clone(), port: *port };
            let (mut stream, mut tunnel) = port_forward::dial(shared, &port, limit).await.map_err(unreachable)?;
            greet(client, &mut stream, connect, &head).await?;
            let ended = relay(client, &mut stream).await;
            drop(stream);
            match ended {
                Ok(()) => tunnel.reason().await.map_or(Ok(()), Err),
                Err(fault) => Err(fault),
            }
        }
        Behind::Network { host, port, proxy } => {
            let to = proxy.as_ref().map_or((host.as_str(), *port), |p| (p.host.as_str(), p.port));
            let far = |why: String| {
                ApiError::new(ApiErrorKind::Unreachable, format!("cannot reach {}:{}: {why}", to.0, to.1))
            };
            let connecting = timeout(limit, TcpStream::connect(to)).await;
            let mut stream = connecting
                .map_err(|_| far(format!("no connection within {} s", limit.as_secs())))?
                .map_err(|e| far(root(&e)))?;
            let _ = stream.set_nodelay(true);
            if proxy.is_some() {
                let ask = format!("CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n");
                let _ = stream.write_all(ask.as_bytes()).await;
                let response = timeout(limit, self::head(&mut stream)).await.ok().flatten().unwrap_or_default();
                if response.get(9..12) != Some(b"200") {
                    let line = String::from_utf8_lossy(&response);
                    let line = crate::observe::text::clean(line.lines().next().unwrap_or("nothing"), 200);
                    return Err(far(format!("the proxy answers {line}")));
                }
            }
            greet(client, &mut stream, connect, &head).await?;
            relay(client, &mut stream).await
        }
    }
}

/// Answer a CONNECT; pass the head of any other request on.
async fn greet(
    client: &mut TcpStream,
    far: &mut (impl AsyncWrite + Unpin),
    connect: bool,
    head: &[u8],
) -> Result<(), ApiError> {
    let done = match connect {
        true => client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await,
        false => far.write_all(head).await,
    };
    done.map_err(|e| ApiError::new(ApiErrorKind::Cut, format!("the connection broke off ({})", root(&e))))
}

/// Relay bytes in both directions; a response may have [`LONGEST_RESPONSE`] of them.
async fn relay(client: &mut TcpStream, far: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<(), ApiError> {
    let (mut up, mut down) = (vec![0u8; 4 << 10], vec![0u8; 16 << 10]);
    let mut taken = 0u64;
    loop {
        tokio::select! {
            read = client.read(&mut up) => match read {
                Ok(0) | Err(_) => return Ok(()),
                Ok(n) => {
                    taken = 0;
                    if far.write_all(&up[..n]).await.is_err() || far.flush().await.is_err() {
                        return Ok(());
                    }
                }
            },
            read = far.read(&mut down) => match read {
                Ok(0) | Err(_) => return Ok(()),
                Ok(n) => {
                    taken += n as u64;
                    if taken > LONGEST_RESPONSE {
                        let why = format!("the answer is longer than {} MB", LONGEST_RESPONSE >> 20);
                        return Err(ApiError::new(ApiErrorKind::Garbled, why));
                    }
                    if client.write_all(&down[..n]).await.is_err() {
                        return Ok(());
                    }
                }
            },
        }
    }
}

/// The head of a request, up to and including the empty line; None when it is too long or breaks off.
async fn head(from: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LONGEST_HEAD {
            return None;
        }
        head.push(from.read_u8().await.ok()?);
    }
    Some(head)
}

/// Whether the head carries the token: as the password of a CONNECT, or in the header [`TOKEN`].
fn authorized(head: &[u8], connect: bool, token: &str) -> bool {
    let text = String::from_utf8_lossy(head);
    let (name, expected) = match connect {
        true => ("proxy-authorization", format!("Basic {}", BASE64.encode(format!("{USER}:{token}")))),
        false => (TOKEN, token.to_owned()),
    };
    let mut headers = text.lines().filter_map(|line| line.split_once(':'));
    headers.find(|(n, _)| n.eq_ignore_ascii_case(name)).is_some_and(|(_, value)| value.trim() == expected)
}

/// A port-forward that the API server did not open: Elasticsearch as a whole is out of reach, and not one of its APIs.
fn unreachable(fault: ApiError) -> ApiError {
    match fault.kind {
        ApiErrorKind::Busy | ApiErrorKind::Refused => ApiError { kind: ApiErrorKind::Unreachable, ..fault },
        _ => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::authorized;

    #[test]
    fn only_the_token_is_accepted() {
        // "edot-tui:w"
        let head = b"CONNECT es:9200 HTTP/1.1\r\nHost: es\r\nProxy-Authorization: Basic ZWRvdC10dWk6dw==\r\n\r\n";
        assert!(authorized(head, true, "w") && !authorized(head, true, "v") && !authorized(head, false, "w"));
        let plain = b"GET / HTTP/1.1\r\nX-Edot-Tui: w\r\n\r\n";
        assert!(authorized(plain, false, "w") && !authorized(plain, false, ""));
        assert!(!authorized(b"GET / HTTP/1.1\r\n\r\n", false, ""));
    }
}
