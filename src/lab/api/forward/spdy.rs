//! SPDY/3.1 as far as port-forward needs it: for each connection a stream of data and one of errors, which come in pairs
//! by their `requestid`.

mod frames;

use super::pipe::Pipe;
use super::{Pod, cannot, process};
use frames::{Frame, Reader};
use std::collections::HashMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, WriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// A stream that was opened.
enum Stream {
    /// Takes what the client sends to the process.
    Data(WriteHalf<DuplexStream>),
    /// The client says nothing in it.
    Errors,
}

/// The first of a pair.
struct Waiting {
    stream: u32,
    errors: bool,
}

/// Serve until the client ends.
pub async fn serve(pipe: Pipe, pod: &Pod) {
    let Pipe { mut from, to } = pipe;
    let mut reader = Reader::default();
    let mut streams: HashMap<u32, Stream> = HashMap::new();
    let mut waiting: HashMap<String, Waiting> = HashMap::new();
    let mut connections = JoinSet::new();
    while let Some(bytes) = from.recv().await {
        reader.take(&bytes);
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
                    let of = |name: &str| headers.get(name).cloned().unwrap_or_default();
                    let errors = of("streamtype") == "error";
                    if errors {
                        streams.insert(stream, Stream::Errors);
                    }
                    let Some(other) = waiting.remove(&of("requestid")) else {
                        waiting.insert(of("requestid"), Waiting { stream, errors });
                        continue;
                    };
                    let Ok(port) = of("port").parse::<u16>() else { continue };
                    let (data, error) = if other.errors { (stream, other.stream) } else { (other.stream, stream) };
                    let (near, far) = tokio::io::duplex(64 << 10);
                    let (from_process, to_process) = tokio::io::split(near);
                    streams.insert(data, Stream::Data(to_process));
                    connections.spawn(connection(pod.clone(), port, (data, error), from_process, far, to.clone()));
                }
                Frame::Data { stream, data, last } => {
                    if let Some(Stream::Data(writer)) = streams.get_mut(&stream)
                        && writer.write_all(&data).await.is_err()
                    {
                        streams.remove(&stream);
                    }
                    if last {
                        close(streams.remove(&stream)).await;
                    }
                }
                Frame::Reset { stream } => close(streams.remove(&stream)).await,
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

async fn close(stream: Option<Stream>) {
    if let Some(Stream::Data(mut writer)) = stream {
        // It may be closed from the other side.
        let _ = writer.shutdown().await;
    }
}

/// What comes from the process, and why nobody answers if so.
async fn connection(
    pod: Pod,
    port: u16,
    (data, error): (u32, u32),
    mut reader: tokio::io::ReadHalf<DuplexStream>,
    far: DuplexStream,
    to: mpsc::Sender<Vec<u8>>,
) {
    let reading = async {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(length @ 1..) = reader.read(&mut buffer).await {
            if to.send(frames::data(data, &buffer[..length], false)).await.is_err() {
                return;
            }
        }
    };
    let (served, ()) = tokio::join!(process::serve(&pod, port, far), reading);
    let why = served.err().map(|why| cannot(&pod, port, &why)).unwrap_or_default();
    // The client may be gone by now.
    let _ = to.send(frames::data(error, why.as_bytes(), true)).await;
    let _ = to.send(frames::data(data, &[], true)).await;
}
