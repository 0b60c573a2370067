//! A port inside a pod, through the API server's port-forward. Nothing listens on this machine.
//!
//! [`dial`] gives the bytes; [`open`] speaks HTTP over them and keeps the connection for the next request. Answers are
//! passed on chunk by chunk, so that their size takes no memory here.

use super::error::{ApiError, ApiErrorKind, ResourceAttributes, root};
use super::request::encode;
use crate::observe::text::clean;
use crate::source::live::context::FeedContext;
use ::http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::Portforwarder;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long to wait for the API server's report of why a stream ended.
const REASON: Duration = Duration::from_millis(200);

/// A port of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    pub namespace: String,
    pub pod: String,
    pub port: u16,
}

/// An open port-forward; it is closed when this is dropped.
pub struct Tunnel {
    /// `port 8888 of pod gateway-0`, for errors.
    at: String,
    /// What the API server reports of a port that cannot be reached, or was lost.
    error: Pin<Box<dyn Future<Output = Option<String>> + Send>>,
    forwarder: Portforwarder,
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.forwarder.abort();
    }
}

impl Tunnel {
    /// Wait until the port cannot be reached, or was lost; None when nothing was reported of it.
    pub async fn closed(&mut self) -> Option<ApiError> {
        let why = clean(&(&mut self.error).await?, 200);
        let reason = match why.to_lowercase().contains("refused") {
            true => format!("{} is closed (connection refused)", self.at),
            false => format!("{} cannot be reached: {why}", self.at),
        };
        Some(ApiError::new(ApiErrorKind::Unreachable, reason))
    }

    /// Why the stream ended: it is reported beside the stream, and a moment later.
    pub async fn reason(&mut self) -> Option<ApiError> {
        timeout(REASON, self.closed()).await.ok().flatten()
    }
}

/// What RBAC calls it. From Kubernetes 1.35 on `create` is needed besides `get`.
fn attributes(namespace: &str) -> ResourceAttributes {
    ResourceAttributes {
        verb: "create",
        version: "v1".into(),
        resource: "pods/portforward".into(),
        namespace: namespace.to_owned(),
        ..ResourceAttributes::default()
    }
}

/// Open a port-forward. Whether anything listens in the pod shows only when the stream is used.
///
/// # Errors
/// See [`ApiErrorKind`].
pub async fn dial(
    shared: &FeedContext,
    port: &Port,
    limit: Duration,
) -> Result<(impl AsyncRead + AsyncWrite + Send + Unpin + use<>, Tunnel), ApiError> {
    let within = timeout(limit, async {
        let (generation, client) = shared.cluster.client();
        match connect(shared, client, port).await {
            Err(ApiError { kind: ApiErrorKind::Unauthorized | ApiErrorKind::Tls, .. })
                if shared.cluster.renew(generation, shared.timing().renew).await.unwrap_or(false) =>
            {
                connect(shared, shared.cluster.client().1, port).await
            }
            other => other,
        }
    });
    let late = || format!("no port-forward to pod {} within {} s", port.pod, limit.as_secs_f64());
    within.await.unwrap_or_else(|_| Err(ApiError::new(ApiErrorKind::Unreachable, late())))
}

async fn connect(
    shared: &FeedContext,
    client: kube::Client,
    port: &Port,
) -> Result<(impl AsyncRead + AsyncWrite + Send + Unpin + use<>, Tunnel), ApiError> {
    let api: Api<Pod> = Api::namespaced(client, &port.namespace);
    let mut forwarder = api
        .portforward(&encode(&port.pod), &[port.port])
        .await
        .map_err(|e| refused(&e, &shared.cluster.server(), port))?;
    let (Some(stream), Some(error)) = (forwarder.take_stream(port.port), forwarder.take_error(port.port)) else {
        return Err(ApiError::new(
            ApiErrorKind::Unreachable,
            format!("the port-forward to pod {} has no stream", port.pod),
        ));
    };
    let at = format!("port {} of pod {}", port.port, port.pod);
    Ok((stream, Tunnel { at, error: Box::pin(error), forwarder }))
}

/// Why there is no port-forward.
fn refused(error: &kube::Error, server: &str, port: &Port) -> ApiError {
    match error {
        kube::Error::Api(status) if status.code == 404 => {
            ApiError::new(ApiErrorKind::Absent, format!("pod {} does not exist any more", port.pod))
        }
        kube::Error::Api(status) => {
            let body = serde_json::json!({"kind": "Status", "message": status.message}).to_string();
            let mut attributes = attributes(&port.namespace);
            if status.message.contains("cannot get ") {
                attributes.verb = "get";
            }
            ApiError::from_answer(status.code, None, body.as_bytes(), &attributes)
        }
        kube::Error::UpgradeConnection(e) => {
            ApiError::new(ApiErrorKind::Unreachable, format!("no port-forward: {}", clean(&e.to_string(), 200)))
                .with_hint("a proxy between here and the API server must let WebSockets through")
        }
        e => ApiError::from_error(e, server),
    }
}

/// An HTTP connection to a port of a pod; closed when dropped.
pub struct Forward {
    port: u16,
    sender: SendRequest<Full<Bytes>>,
    tunnel: Tunnel,
    driver: JoinHandle<()>,
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Open an HTTP connection. Whether anything listens in the pod shows with the first request.
///
/// # Errors
/// See [`ApiErrorKind`].
pub async fn open(shared: &FeedContext, port: &Port, limit: Duration) -> Result<Forward, ApiError> {
    let (stream, tunnel) = dial(shared, port, limit).await?;
    let (sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|e| ApiError::new(ApiErrorKind::Cut, root(&e)))?;
    let driver = tokio::spawn(async move {
        // Its end shows in the next request.
        let _ = connection.await;
    });
    Ok(Forward { port: port.port, sender, tunnel, driver })
}

impl Forward {
    /// A request; `each` gets the answer's body as it comes, at most `most` bytes of it.
    ///
    /// # Errors
    /// See [`ApiErrorKind`].
    pub async fn request(
        &mut self,
        method: Method,
        path: &str,
        body: &'static str,
        (limit, most): (Duration, usize),
        mut each: impl FnMut(&[u8]),
    ) -> Result<StatusCode, ApiError> {
        let at = self.tunnel.at.clone();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, format!("127.0.0.1:{}", self.port))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from_static(body.as_bytes())))
            .map_err(|e| ApiError::new(ApiErrorKind::Refused, format!("not a valid path: {e}")))?;
        let sender = &mut self.sender;
        let broke =
            |e: hyper::Error| ApiError::new(ApiErrorKind::Cut, format!("{at} closed the connection ({})", root(&e)));
        let exchange = async {
            sender.ready().await.map_err(broke)?;
            let answer = sender.send_request(request).await.map_err(broke)?;
            let code = answer.status();
            let (mut body, mut size) = (answer.into_body(), 0);
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame.map_err(broke)?.into_data() else { continue };
                size += data.len();
                if size > most {
                    let why = format!("the answer of {at} is longer than {} MB", most >> 20);
                    return Err(ApiError::new(ApiErrorKind::Garbled, why));
                }
                each(&data);
            }
            Ok(code)
        };
        let lost =
            || ApiError::new(ApiErrorKind::Unreachable, format!("{at} cannot be reached: the connection was closed"));
        let done = timeout(limit, async {
            tokio::select! {
                biased;
                done = exchange => done,
                why = self.tunnel.closed() => Err(why.unwrap_or_else(lost)),
            }
        });
        let late = || format!("{at} does not answer within {} s", limit.as_secs_f64());
        match done.await.unwrap_or_else(|_| Err(ApiError::new(ApiErrorKind::Unreachable, late()))) {
            // The connection ends before the API server has reported why.
            Err(fault) if fault.kind == ApiErrorKind::Cut => Err(self.tunnel.reason().await.unwrap_or(fault)),
            other => other,
        }
    }
}

#[cfg(test)]
#[path = "port_forward_tests.rs"]
mod tests;
