//! HTTP to a port inside a pod, through the API server's port-forward, kept open from request to request. Nothing listens on
//! this machine. Answers are handed on chunk by chunk, so their size takes no room here.

use super::fault::{Asked, Fault, Kind, root};
use super::http::encode;
use super::shared::Shared;
use crate::observe::text::clean;
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
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A port of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    pub namespace: String,
    pub pod: String,
    pub port: u16,
}

/// A connection to a port of a pod; closed when dropped.
pub struct Forward {
    port: Port,
    sender: SendRequest<Full<Bytes>>,
    /// What the server says of a connection that cannot be had, or was lost.
    refused: Pin<Box<dyn Future<Output = Option<String>> + Send>>,
    forwarder: Portforwarder,
    driver: JoinHandle<()>,
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.driver.abort();
        self.forwarder.abort();
    }
}

/// What RBAC calls it. From 1.35 on `create` is needed besides `get`.
pub fn asked(namespace: &str) -> Asked {
    Asked {
        verb: "create",
        version: "v1".into(),
        resource: "pods/portforward".into(),
        namespace: namespace.to_owned(),
        ..Asked::default()
    }
}

/// Open a forward. Whether anything listens in the pod shows with the first request.
pub async fn open(shared: &Shared, port: &Port, limit: Duration) -> Result<Forward, Fault> {
    let within = timeout(limit, async {
        let (generation, client) = shared.cluster.client();
        match connect(shared, client, port).await {
            Err(Fault { kind: Kind::Unauthorized | Kind::Tls, .. })
                if shared.cluster.renew(generation, shared.pace.renew).await.unwrap_or(false) =>
            {
                connect(shared, shared.cluster.client().1, port).await
            }
            other => other,
        }
    });
    within.await.unwrap_or_else(|_| Err(Fault::new(Kind::Busy, format!("no port-forward to {} in time", port.pod))))
}

async fn connect(shared: &Shared, client: kube::Client, port: &Port) -> Result<Forward, Fault> {
    let api: Api<Pod> = Api::namespaced(client, &port.namespace);
    let name = encode(&port.pod);
    let mut forwarder =
        api.portforward(&name, &[port.port]).await.map_err(|e| fault(&e, &shared.cluster.server(), port))?;
    let (Some(stream), Some(refused)) = (forwarder.take_stream(port.port), forwarder.take_error(port.port)) else {
        return Err(Fault::new(Kind::Garbled, "the port-forward has no stream"));
    };
    let (sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|e| Fault::new(Kind::Cut, root(&e)))?;
    let driver = tokio::spawn(async move {
        // Its end shows in the next request.
        let _ = connection.await;
    });
    Ok(Forward { port: port.clone(), sender, refused: Box::pin(refused), forwarder, driver })
}

fn fault(error: &kube::Error, server: &str, port: &Port) -> Fault {
    match error {
        kube::Error::Api(status) if status.code == 404 => {
            Fault::new(Kind::Absent, format!("there is no pod {} any more", port.pod))
        }
        kube::Error::Api(status) => {
            let body = serde_json::json!({"kind": "Status", "message": status.message}).to_string();
            let mut asked = asked(&port.namespace);
            if status.message.contains("cannot get ") {
                asked.verb = "get";
            }
            Fault::from_answer(status.code, None, body.as_bytes(), &asked)
        }
        kube::Error::UpgradeConnection(e) => {
            Fault::new(Kind::Busy, format!("no port-forward: {}", clean(&e.to_string(), 200)))
                .with_hint("a proxy between here and the API server must let WebSockets through")
        }
        e => Fault::from_error(e, server),
    }
}

impl Forward {
    /// A request; `each` gets the body as it comes, at most `most` bytes of it.
    pub async fn request(
        &mut self,
        method: Method,
        path: &str,
        body: &'static str,
        (limit, most): (Duration, usize),
        mut each: impl FnMut(&[u8]),
    ) -> Result<StatusCode, Fault> {
        let Port { pod, port, .. } = &self.port;
        let at = format!("port {port} of pod {pod}");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, format!("127.0.0.1:{port}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from_static(body.as_bytes())))
            .map_err(|e| Fault::new(Kind::Refused, format!("no such path: {e}")))?;
        let sender = &mut self.sender;
        let exchange = async {
            let broke = |e: hyper::Error| Fault::new(Kind::Cut, format!("{at} closed the connection ({})", root(&e)));
            sender.ready().await.map_err(broke)?;
            let answer = sender.send_request(request).await.map_err(broke)?;
            let code = answer.status();
            let (mut body, mut size) = (answer.into_body(), 0);
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame.map_err(broke)?.into_data() else { continue };
                size += data.len();
                if size > most {
                    let why = format!("the answer of {at} is longer than {} MB", most >> 20);
                    return Err(Fault::new(Kind::Garbled, why));
                }
                each(&data);
            }
            Ok(code)
        };
        let silence = || Fault::new(Kind::Busy, format!("{at} does not answer within {} s", limit.as_secs_f64()));
        let done = timeout(limit, async {
            tokio::select! {
                biased;
                done = exchange => done,
                why = &mut self.refused => Err(refused(&at, why)),
            }
        });
        match done.await.unwrap_or_else(|_| Err(silence())) {
            // The connection ends when the server has said why; give it the time to.
            Err(fault) if fault.kind == Kind::Cut => {
                let why = timeout(Duration::from_millis(200), &mut self.refused).await.ok().flatten();
                Err(why.map_or(fault, |why| refused(&at, Some(why))))
            }
            other => other,
        }
    }
}

fn refused(at: &str, why: Option<String>) -> Fault {
    let why = clean(&why.unwrap_or_else(|| "the connection was closed".into()), 200);
    let words = match why.to_lowercase().contains("refused") {
        true => format!("{at} is closed (connection refused)"),
        false => format!("{at} cannot be reached: {why}"),
    };
    Fault::new(Kind::Busy, words)
}

#[cfg(test)]
#[path = "forward_tests.rs"]
mod tests;
