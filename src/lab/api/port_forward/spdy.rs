//! SPDY/3.1 as far as port-forward needs it: for each connection one stream of data and one of errors, which form a pair
//! by their `requestid`.

mod frames;

use super::PodTarget;
use super::pipe::Pipe;
use super::process::{self, Connection, ToProcess};
use frames::{Frame, FrameReader};
use std::collections::HashMap;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// The first stream of a pair, while the second has not been opened.
struct UnpairedStream {
    stream: u32,
    errors: bool,
}

/// Serve until the client ends.
pub async fn serve(pipe: Pipe, pod: &PodTarget) {
    let Pipe { mut from, to } = pipe;
    let mut reader = FrameReader::default();
    // By the number of the data stream. The client sends nothing in error streams.
    let mut writers: HashMap<u32, ToProcess> = HashMap::new();
    let mut unpaired: HashMap<String, UnpairedStream> = HashMap::new();
    let mut connections = JoinSet::new();
    while let Some(bytes) = from.recv().await {
        reader.push(&bytes);
        loop {
            let frame = match reader.frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(_) => return,
            };
            match frame {
                Frame::Open { stream, headers } => {
                    if to.send(frames::reply(stream, reader.first_reply())).await.is_err() {
                        return;
                    }
                    let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
                    let errors = header("streamtype") == "error";
                    let Some(other) = unpaired.remove(&header("requestid")) else {
                        unpaired.insert(header("requestid"), UnpairedStream { stream, errors });
                        continue;
                    };
                    let Ok(port) = header("port").parse::<u16>() else { continue };
                    let (data, error) = if other.errors { (stream, other.stream) } else { (other.stream, stream) };
                    let (writer, connection) = process::open(pod, port);
                    writers.insert(data, writer);
                    connections.spawn(serve_connection(connection, (data, error), to.clone()));
                }
                Frame::Data { stream, data, last } => {
                    if let Some(writer) = writers.get_mut(&stream)
                        && writer.write_all(&data).await.is_err()
                    {
                        writers.remove(&stream);
                    }
                    if last {
                        close(writers.remove(&stream)).await;
                    }
                }
                Frame::Reset { stream } => close(writers.remove(&stream)).await,
                Frame::Ping { id } => {
                    if to.send(frames::ping(id)).await.is_err() {
                        return;
                    }
                }
                Frame::GoAway => return,
                Frame::Other => {}
            }
        }
    }
}

async fn close(writer: Option<ToProcess>) {
    if let Some(writer) = writer {
        process::close(writer).await;
    }
}

async fn serve_connection(connection: Connection, (data, error): (u32, u32), to: mpsc::Sender<Vec<u8>>) {
    let served = connection.serve(&to, |piece| frames::data(data, piece, false)).await;
    let why = served.err().unwrap_or_default();
    // The client may be gone by now.
    let _ = to.send(frames::data(error, why.as_bytes(), true)).await;
    let _ = to.send(frames::data(data, &[], true)).await;
}
