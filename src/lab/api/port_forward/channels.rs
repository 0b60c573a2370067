//! Port-forward in channels of a WebSocket: each message begins with a channel number; a port has two channels, for data
//! and for errors.

use super::PodTarget;
use super::process::{self, ToProcess};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// The channel in which v5 names the channels that are closed.
const CLOSED: u8 = 255;

/// Forward the ports until the client or every connection has ended.
pub async fn serve<S>(socket: WebSocketStream<S>, ports: &[u16], half_close: bool, pod: &PodTarget)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (sink, stream) = socket.split();
    let (to, from) = mpsc::channel::<Vec<u8>>(64);
    let mut writers = Vec::new();
    let mut connections = Vec::new();
    for (at, port) in ports.iter().enumerate() {
        let Ok(data) = u8::try_from(at * 2) else { break };
        // Both channels begin with their port.
        for channel in [data, data + 1] {
            let [low, high] = port.to_le_bytes();
            let _ = to.send(vec![channel, low, high]).await;
        }
        let (writer, connection) = process::open(pod, *port);
        writers.push(Some(writer));
        let to = to.clone();
        connections.push(async move {
            if let Err(why) = connection.serve(&to, |piece| [&[data], piece].concat()).await {
                // The client may be gone by now.
                let _ = to.send([&[data + 1], why.as_bytes()].concat()).await;
            }
        });
    }
    drop(to);
    let all = async {
        futures::future::join_all(connections).await;
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(all, send(sink, from)) } => {}
        () = receive(stream, &mut writers, half_close) => {}
    }
}

async fn send<S>(mut sink: SplitSink<WebSocketStream<S>, Message>, mut from: mpsc::Receiver<Vec<u8>>)
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

async fn receive<S>(mut stream: SplitStream<WebSocketStream<S>>, writers: &mut [Option<ToProcess>], half_close: bool)
where
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
            if let Some(writer) = closed.and_then(|at| writers.get_mut(at)).and_then(Option::take) {
                process::close(writer).await;
            }
            continue;
        }
        let Some(slot) = writers.get_mut(usize::from(*channel) / 2).filter(|_| channel % 2 == 0) else { continue };
        if let Some(writer) = slot
            && writer.write_all(data).await.is_err()
        {
            *slot = None;
        }
    }
}
