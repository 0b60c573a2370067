//! One connection to a port of a pod: an HTTP server whose answers the model gives.

use super::Pod;
use crate::lab::model::{Answer as Answered, Ask, Unheard};
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::sync::watch;

/// The most that is taken of a request's body.
const BODY: usize = 8 << 20;

/// Why a connection could not go on.
#[derive(Debug, thiserror::Error)]
enum Dropped {
    #[error("{0}")]
    Unheard(#[from] Unheard),
    #[error("the request is not to be read")]
    Garbled,
}

/// Serve a connection until it ends; an error is why nobody answers at the port.
pub async fn serve(pod: &Pod, port: u16, connection: DuplexStream) -> Result<(), String> {
    let unheard = watch::Sender::new(None::<String>);
    let answering = service_fn(|request: Request<Incoming>| async {
        let answered = answer(pod, port, request).await;
        if let Err(Dropped::Unheard(why)) = &answered {
            unheard.send_replace(Some(why.to_string()));
        }
        answered
    });
    // How the connection ended does not matter; whether somebody listened does.
    let _ = http1::Builder::new().keep_alive(true).serve_connection(TokioIo::new(connection), answering).await;
    let why = unheard.borrow().clone();
    why.map_or(Ok(()), Err)
}

async fn answer(pod: &Pod, port: u16, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY).collect().await.map_err(|_| Dropped::Garbled)?.to_bytes();
    let pair = |(name, value): (&http::HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let ask = Ask {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().filter_map(pair).collect(),
        body: body.to_vec(),
    };
    let answered = pod.face.with(|lab| lab.port(&pod.namespace, &pod.name, port, &ask))?;
    Ok(response(answered))
}

fn response(answered: Answered) -> Response<Full<Bytes>> {
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
