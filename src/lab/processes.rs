//! What the processes in the lab's pods answer on their ports: collector metrics, k6's REST API, Elasticsearch reads.
//! Each answer is rendered from the model's figures in the format of the real process. It must not change the model,
//! except that k6's REST API stops a run.

mod collector;
mod elastic;
mod k6_rest;
mod prometheus_text;

use super::model::Lab;
use super::model::objects::{Key, text};
use serde_json::json;

/// An HTTP request to a process that listens in a pod.
#[derive(Debug, Clone, Default)]
pub struct PodRequest {
    /// `GET`, `POST`, `PATCH` …
    pub method: String,
    /// Without the query: `/v1/status`.
    pub path: String,
    /// Without the question mark, still encoded.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl PodRequest {
    /// The value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The HTTP response of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodResponse {
    pub status: u16,
    pub content_type: String,
    /// Other than content type and length, e.g. `X-elastic-product`.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl PodResponse {
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let content_type = "application/json".to_owned();
        PodResponse { status, content_type, headers: Vec::new(), body: body.to_string().into_bytes() }
    }

    pub fn text(status: u16, content_type: &str, body: String) -> Self {
        PodResponse { status, content_type: content_type.to_owned(), headers: Vec::new(), body: body.into_bytes() }
    }
}

/// Why a port of a pod did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    #[error("pods \"{0}\" not found")]
    NoPod(String),
    /// Its container does not run yet, or no longer.
    #[error("unable to forward port because pod is not running. Current status={0}")]
    NotRunning(String),
    /// No process listens on this port. The container runtime's text.
    #[error("dial tcp4 127.0.0.1:{0}: connect: connection refused")]
    NoListener(u16),
}

/// Send a request to whatever listens on a port of a pod.
///
/// # Errors
/// There is no such pod, it does not run, or nothing listens on the port.
pub fn ask(
    lab: &mut Lab,
    namespace: &str,
    pod: &str,
    port: u16,
    request: &PodRequest,
) -> Result<PodResponse, PortError> {
    let Some(object) = lab.store.get("pods", namespace, pod) else {
        return Err(PortError::NoPod(pod.to_owned()));
    };
    let phase = text(&object["status"]["phase"]);
    if phase != "Running" {
        return Err(PortError::NotRunning(phase.to_owned()));
    }
    let key = (namespace.to_owned(), pod.to_owned());
    answer(lab, &key, port, request).ok_or(PortError::NoListener(port))
}

/// None when no process listens on the port.
fn answer(lab: &mut Lab, pod: &Key, port: u16, request: &PodRequest) -> Option<PodResponse> {
    let t = lab.elapsed_ms();
    if port == 6565 {
        let run = lab.k6_run_mut(pod).filter(|run| run.listens(t))?;
        return Some(k6_rest::answer(run, t, request));
    }
    let flow = lab.flow();
    match port {
        8888 => {
            let gateway = flow.gateways.get(pod).filter(|gateway| gateway.listens(t));
            let text = match gateway {
                Some(gateway) => collector::gateway(gateway, &pod.1, t),
                None => collector::agent(flow.agents.get(pod)?, flow.collector_version(), &pod.1, t),
            };
            Some(collector::route(request, text))
        }
        13133 => {
            let listens = flow.gateways.get(pod).is_some_and(|gateway| gateway.listens(t));
            let healthy = json!({"status": "Server available"});
            (listens || flow.agents.contains_key(pod)).then(|| PodResponse::json(200, &healthy))
        }
        9200 => {
            let here = flow.elastic_pod.as_ref() == Some(pod);
            let node = flow.elastic.as_ref().filter(|node| here && !node.faults.down)?;
            Some(elastic::answer(lab, node, request))
        }
        _ => None,
    }
}
