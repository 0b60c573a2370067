//! A stream of bytes in two directions as a pair of channels, whatever carries it.

use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// The near end.
pub struct Pipe {
    /// Bytes that came, in pieces of any size.
    pub from: mpsc::Receiver<Vec<u8>>,
    /// Bytes to be sent.
    pub to: mpsc::Sender<Vec<u8>>,
}

/// The far end, for what carries the bytes.
struct Far {
    to: mpsc::Sender<Vec<u8>>,
    from: mpsc::Receiver<Vec<u8>>,
}

fn pair() -> (Pipe, Far) {
    let (in_to, in_from) = mpsc::channel(16);
    let (out_to, out_from) = mpsc::channel(16);
    (Pipe { from: in_from, to: out_to }, Far { to: in_to, from: out_from })
}

/// Over the binary messages of a WebSocket; the future moves the bytes until either side has ended.
pub fn of_socket<S>(mut socket: WebSocketStream<S>) -> (Pipe, impl Future<Output = ()>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (pipe, mut far) = pair();
    let moving = async move {
        loop {
            tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Binary(data))) => if far.to.send(data.to_vec()).await.is_err() { break },
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                },
                data = far.from.recv() => match data {
                    Some(data) => if socket.send(Message::binary(data)).await.is_err() { return },
                    None => break,
                },
            }
        }
        // The other side may be gone already.
        let _ = socket.close(None).await;
    };
    (pipe, moving)
}

/// Over a connection as it is.
pub fn of_connection<S>(connection: S) -> (Pipe, impl Future<Output = ()>)
where
    S: AsyncRead + AsyncWrite,
{
    let (pipe, mut far) = pair();
    let moving = async move {
        let (mut reader, mut writer) = tokio::io::split(connection);
        let mut buffer = vec![0; 16 << 10];
        loop {
            tokio::select! {
                read = reader.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(length) => if far.to.send(buffer[..length].to_vec()).await.is_err() { return },
                },
                data = far.from.recv() => match data {
                    Some(data) => if writer.write_all(&data).await.is_err() { return },
                    None => return,
                },
            }
        }
    };
    (pipe, moving)
}
