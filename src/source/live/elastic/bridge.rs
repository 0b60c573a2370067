//! A door on 127.0.0.1 to one Elasticsearch: over a port-forward to its pod or over the network.
//!
//! The client's own connection cannot be replaced nor its answers be bounded, so both are done here: TLS goes through
//! CONNECT and stays between the client and Elasticsearch, under the name that its certificate is for; an answer that is
//! too long is cut. The door opens to who shows a word that only this process knows. Must not read what passes.

use super::super::client::port_forward::{self, Port};
use super::super::client::{ApiError, ErrorKind, root};
use super::super::context::FeedContext;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The most that is taken of one answer, in bytes.
pub const ANSWER: u64 = 16 << 20;
/// The longest head of a request.
const HEAD: usize = 16 << 10;
/// The header that opens the door where nothing is encrypted.
pub const WORD: &str = "x-edot-tui";
/// Who asks for a CONNECT.
pub const USER: &str = "edot-tui";

/// What stands behind the door.
#[derive(Clone, Debug, PartialEq)]
pub enum Behind {
    Pod {
        namespace: String,
        pod: String,
        port: u16,
    },
    /// Host and port, over an HTTP proxy where there is one: its host and port, and its `Proxy-Authorization`.
    Network {
        host: String,
        port: u16,
        proxy: Option<Proxy>,
    },
}

/// An HTTP proxy of the environment.
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

/// The last thing that went wrong behind the door.
pub type Trouble = watch::Sender<Option<ApiError>>;

/// Lets in who shows `word`, until it is dropped.
pub async fn serve(
    listener: TcpListener,
    behind: Behind,
    word: String,
    shared: FeedContext,
    trouble: Trouble,
    limit: Duration,
) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((mut client, _)) => {
                    let (behind, word, shared, trouble) = (behind.clone(), word.clone(), shared.clone(), trouble.clone());
                    open.spawn(async move {
                        // The client looks for the reason as soon as its connection is gone.
                        if let Err(fault) = pass(&mut client, &behind, &word, &shared, limit).await {
                            trouble.send_replace(Some(fault));
                        }
                    });
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            Some(_) = open.join_next() => {}
        }
    }
}

/// One connection, from its first words to its end.
async fn pass(
    client: &mut TcpStream,
    behind: &Behind,
    word: &str,
    shared: &FeedContext,
    limit: Duration,
) -> Result<(), ApiError> {
    let Ok(Some(head)) = timeout(limit, head(client)).await else { return Ok(()) };
    let connect = head.starts_with(b"CONNECT ");
    if !knows(&head, connect, word) {
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
            let far =
                |why: String| ApiError::new(ErrorKind::Unreachable, format!("cannot reach {}:{}: {why}", to.0, to.1));
            let connecting = timeout(limit, TcpStream::connect(to)).await;
            let mut stream = connecting
                .map_err(|_| far(format!("no connection within {} s", limit.as_secs())))?
                .map_err(|e| far(root(&e)))?;
            let _ = stream.set_nodelay(true);
            if proxy.is_some() {
                let ask = format!("CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n");
                let _ = stream.write_all(ask.as_bytes()).await;
                let said = timeout(limit, self::head(&mut stream)).await.ok().flatten().unwrap_or_default();
                if said.get(9..12) != Some(b"200") {
                    let line = String::from_utf8_lossy(&said);
                    let line = crate::observe::text::clean(line.lines().next().unwrap_or("nothing"), 200);
                    return Err(far(format!("the proxy answers {line}")));
                }
            }
            greet(client, &mut stream, connect, &head).await?;
            relay(client, &mut stream).await
        }
    }
}

/// A CONNECT is answered here; anything else is passed on from its first byte.
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
    done.map_err(|e| ApiError::new(ErrorKind::Cut, format!("the connection broke off ({})", root(&e))))
}

/// Passes bytes both ways; an answer may have [`ANSWER`] of them.
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
                    if taken > ANSWER {
                        return Err(ApiError::new(ErrorKind::Garbled, format!("the answer is longer than {} MB", ANSWER >> 20)));
                    }
                    if client.write_all(&down[..n]).await.is_err() {
                        return Ok(());
                    }
                }
            },
        }
    }
}

/// Everything up to the empty line, and nothing beyond for a CONNECT.
async fn head(from: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= HEAD {
            return None;
        }
        head.push(from.read_u8().await.ok()?);
    }
    Some(head)
}

/// The head holds the word: as the password of the proxy, or in the header of ours.
fn knows(head: &[u8], connect: bool, word: &str) -> bool {
    let text = String::from_utf8_lossy(head);
    let name = if connect { "proxy-authorization" } else { WORD };
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let value = lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim());
    match (connect, value) {
        (true, Some(value)) => {
            let encoded = value.strip_prefix("Basic ").unwrap_or_default();
            STANDARD.decode(encoded).is_ok_and(|shown| shown == format!("{USER}:{word}").into_bytes())
        }
        (false, Some(value)) => value == word,
        (_, None) => false,
    }
}

/// A port-forward that the API server did not open: Elasticsearch as a whole is out of reach, and not one of its APIs.
fn unreachable(fault: ApiError) -> ApiError {
    match fault.kind {
        ErrorKind::Busy | ErrorKind::Refused => ApiError { kind: ErrorKind::Unreachable, ..fault },
        _ => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::knows;

    #[test]
    fn the_door_opens_only_to_the_word() {
        // "edot-tui:w"
        let head = b"CONNECT es:9200 HTTP/1.1\r\nHost: es\r\nProxy-Authorization: Basic ZWRvdC10dWk6dw==\r\n\r\n";
        assert!(knows(head, true, "w") && !knows(head, true, "v") && !knows(head, false, "w"));
        let plain = b"GET / HTTP/1.1\r\nX-Edot-Tui: w\r\n\r\n";
        assert!(knows(plain, false, "w") && !knows(plain, false, ""));
        assert!(!knows(b"GET / HTTP/1.1\r\n\r\n", false, ""));
    }
}
