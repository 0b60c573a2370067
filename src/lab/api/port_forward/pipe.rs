//! A byte stream in two directions as a pair of channels, over a WebSocket or a plain connection.

use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// The end that reads and writes the bytes.
pub struct Pipe {
    /// Bytes received, in pieces of any size.
    pub from: mpsc::Receiver<Vec<u8>>,
    /// Bytes to send.
    pub to: mpsc::Sender<Vec<u8>>,
}

/// The end that carries the bytes.
struct Carrier {
    to: mpsc::Sender<Vec<u8>>,
    from: mpsc::Receiver<Vec<u8>>,
}

fn pair() -> (Pipe, Carrier) {
    let (in_to, in_from) = mpsc::channel(16);
    let (out_to, out_from) = mpsc::channel(16);
    (Pipe { from: in_from, to: out_to }, Carrier { to: in_to, from: out_from })
}

/// Over the binary messages of a WebSocket. The future carries the bytes until either side ends.
pub fn of_socket<S>(mut socket: WebSocketStream<S>) -> (Pipe, impl Future<Output = ()>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (pipe, mut carrier) = pair();
    let carrying = async move {
        loop {
            tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Binary(data))) => if carrier.to.send(data.to_vec()).await.is_err() { break },
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                },
                data = carrier.from.recv() => match data {
                    Some(data) => if socket.send(Message::binary(data)).await.is_err() { return },
                    None => break,
                },
            }
        }
        // The peer may be gone already.
        let _ = socket.close(None).await;
    };
    (pipe, carrying)
}

/// Over a plain connection.
pub fn of_connection<S>(connection: S) -> (Pipe, impl Future<Output = ()>)
where
    S: AsyncRead + AsyncWrite,
{
    let (pipe, mut carrier) = pair();
    let carrying = async move {
        let (mut reader, mut writer) = tokio::io::split(connection);
        let mut buffer = vec![0; 16 << 10];
        loop {
            tokio::select! {
                read = reader.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(length) => if carrier.to.send(buffer[..length].to_vec()).await.is_err() { return },
                },
                data = carrier.from.recv() => match data {
                    Some(data) => if writer.write_all(&data).await.is_err() { return },
                    None => return,
                },
            }
        }
    };
    (pipe, carrying)
}
