//! One connection to a port of a pod: an HTTP server whose responses come from the pod's process.

use super::PodTarget;
use crate::lab::processes::{self, PodRequest, PodResponse, PortError};
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};

/// The largest request body.
const BODY: usize = 8 << 20;
/// Bytes under way between client and process, in each direction.
const BUFFER: usize = 64 << 10;
/// The most bytes of a response in one frame.
const PIECE: usize = 16 << 10;

/// Takes what the client sends to the process.
pub type ToProcess = WriteHalf<DuplexStream>;

/// A connection that is not served yet.
pub struct Connection {
    pod: PodTarget,
    port: u16,
    from_process: ReadHalf<DuplexStream>,
    process_end: DuplexStream,
}

/// Open a connection to a port.
pub fn open(pod: &PodTarget, port: u16) -> (ToProcess, Connection) {
    let (client_end, process_end) = tokio::io::duplex(BUFFER);
    let (from_process, to_process) = tokio::io::split(client_end);
    (to_process, Connection { pod: pod.clone(), port, from_process, process_end })
}

/// The client sends no more.
pub async fn close(mut to_process: ToProcess) {
    // The process may have closed it already.
    let _ = to_process.shutdown().await;
}

impl Connection {
    /// Serve it until it ends, and send what the process writes to the client, each piece as a `frame`.
    ///
    /// # Errors
    /// Why nothing answers on the port, in a kubelet's words.
    pub async fn serve(mut self, to: &mpsc::Sender<Vec<u8>>, frame: impl Fn(&[u8]) -> Vec<u8>) -> Result<(), String> {
        let sending = async {
            let mut buffer = vec![0; PIECE];
            while let Ok(length @ 1..) = self.from_process.read(&mut buffer).await {
                if to.send(frame(&buffer[..length])).await.is_err() {
                    return;
                }
            }
        };
        let (pod, port) = (&self.pod, self.port);
        let (served, ()) = tokio::join!(serve_http(pod, port, self.process_end), sending);
        served.map_err(|why| format!("error forwarding port {port} to pod {}, uid : {why}", pod.uid))
    }
}

/// Why a connection was dropped.
#[derive(Debug, thiserror::Error)]
enum ConnectionError {
    #[error("{0}")]
    Port(#[from] PortError),
    #[error("the request cannot be read")]
    Unreadable,
}

async fn serve_http(pod: &PodTarget, port: u16, connection: DuplexStream) -> Result<(), PortError> {
    let failed = watch::Sender::new(None::<PortError>);
    let answering = service_fn(|request: Request<Incoming>| async {
        let answered = answer(pod, port, request).await;
        if let Err(ConnectionError::Port(why)) = &answered {
            failed.send_replace(Some(why.clone()));
        }
        answered
    });
    // Only a port without a listener is an error, not how the connection ended.
    let _ = http1::Builder::new().keep_alive(true).serve_connection(TokioIo::new(connection), answering).await;
    let why = failed.borrow().clone();
    why.map_or(Ok(()), Err)
}

async fn answer(
    pod: &PodTarget,
    port: u16,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, ConnectionError> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY).collect().await.map_err(|_| ConnectionError::Unreadable)?.to_bytes();
    let pair = |(name, value): (&http::HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let request = PodRequest {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().filter_map(pair).collect(),
        body: body.to_vec(),
    };
    let answered = pod.state.with(|lab| processes::ask(lab, &pod.namespace, &pod.name, port, &request))?;
    Ok(response(answered))
}

fn response(answered: PodResponse) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answered.body)));
    *response.status_mut() = http::StatusCode::from_u16(answered.status).unwrap_or_default();
    let kind = (header::CONTENT_TYPE.as_str().to_owned(), answered.content_type);
    for (name, value) in std::iter::once(kind).chain(answered.headers) {
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
