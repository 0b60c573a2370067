//! Port-forward in channels of a WebSocket: each message begins with a channel's number, two channels a port.

use super::{Pod, cannot, process};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, WriteHalf};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// The channel in which v5 tells which channel is closed.
const CLOSED: u8 = 255;

/// Forward the ports until the client ends or every connection has.
pub async fn serve<S>(socket: WebSocketStream<S>, ports: &[u16], half_close: bool, pod: &Pod)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (sink, stream) = socket.split();
    let (to, from) = mpsc::channel::<Vec<u8>>(64);
    let mut writers = Vec::new();
    let mut connections = Vec::new();
    for (at, port) in ports.iter().enumerate() {
        let Ok(data) = u8::try_from(at * 2) else { break };
        // Both channels begin with the port that they are for.
        for channel in [data, data + 1] {
            let [low, high] = port.to_le_bytes();
            let _ = to.send(vec![channel, low, high]).await;
        }
        let (near, far) = tokio::io::duplex(64 << 10);
        let (reader, writer) = tokio::io::split(near);
        writers.push(Some(writer));
        connections.push(connection(pod, *port, data, reader, far, to.clone()));
    }
    drop(to);
    let all = async {
        futures::future::join_all(connections).await;
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(all, sending(sink, from)) } => {}
        () = receiving(stream, &mut writers, half_close) => {}
    }
}

/// What comes from the process, and why nobody answers if so.
async fn connection(
    pod: &Pod,
    port: u16,
    data: u8,
    mut reader: tokio::io::ReadHalf<DuplexStream>,
    far: DuplexStream,
    to: mpsc::Sender<Vec<u8>>,
) {
    let reading = async {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(length @ 1..) = reader.read(&mut buffer).await {
            let message = [&[data], &buffer[..length]].concat();
            if to.send(message).await.is_err() {
                return;
            }
        }
    };
    let (served, ()) = tokio::join!(process::serve(pod, port, far), reading);
    if let Err(why) = served {
        // The client may be gone by now.
        let _ = to.send([&[data + 1], cannot(pod, port, &why).as_bytes()].concat()).await;
    }
}

async fn sending<S>(mut sink: SplitSink<WebSocketStream<S>, Message>, mut from: mpsc::Receiver<Vec<u8>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = from.recv().await {
        if sink.send(Message::binary(message)).await.is_err() {
            return;
        }
    }
    // The client may have closed first.
    let _ = sink.close().await;
}

async fn receiving<S>(
    mut stream: SplitStream<WebSocketStream<S>>,
    writers: &mut [Option<WriteHalf<DuplexStream>>],
    half_close: bool,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = stream.next().await {
        let data = match message {
            Message::Binary(data) => data,
            Message::Close(_) => return,
            _ => continue,
        };
        let Some((channel, data)) = data.split_first() else { continue };
        if half_close && *channel == CLOSED {
            let closed = data.first().map(|closed| usize::from(*closed) / 2);
            if let Some(place) = closed.and_then(|at| writers.get_mut(at)) {
                close(place).await;
            }
            continue;
        }
        let Some(place) = writers.get_mut(usize::from(*channel) / 2).filter(|_| channel % 2 == 0) else { continue };
        if let Some(writer) = place
            && writer.write_all(data).await.is_err()
        {
            *place = None;
        }
    }
}

async fn close(place: &mut Option<WriteHalf<DuplexStream>>) {
    if let Some(mut writer) = place.take() {
        // It may be closed from the other side.
        let _ = writer.shutdown().await;
    }
}
