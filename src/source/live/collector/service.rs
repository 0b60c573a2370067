//! The port inside each pod that a Service's port leads to. Must not scrape.

use super::Endpoint;
use crate::source::live::client::{ApiError, ErrorKind, encode};
use crate::source::live::context::FeedContext;
use crate::source::live::discovered::PodTarget;
use crate::source::live::elastic::{asked, list};
use serde_json::Value;

/// A port of a pod, which may be known by its name only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodPort {
    Number(u16),
    Name(String),
}

/// A Service's port as that of the pods behind it; every other endpoint as it is.
pub async fn resolved(shared: &FeedContext, endpoint: &Endpoint) -> Result<Endpoint, ApiError> {
    match endpoint {
        Endpoint::Service { namespace, name, port, path } => {
            let port = target(shared, namespace, name, *port).await?;
            Ok(Endpoint::Pod { port, path: path.clone() })
        }
        other => Ok(other.clone()),
    }
}

async fn target(shared: &FeedContext, namespace: &str, name: &str, port: u16) -> Result<PodPort, ApiError> {
    let query = encode(&format!("metadata.name={name}"));
    let path = format!("/api/v1/namespaces/{}/services?fieldSelector={query}", encode(namespace));
    let services = list(shared, &path, asked("list", "", "v1", "services", namespace)).await?;
    let absent = |what: &str| ApiError::new(ErrorKind::Absent, format!("{what} in namespace {namespace}"));
    let service = services.first().ok_or_else(|| absent(&format!("no Service {name}")))?;
    of(service, port).ok_or_else(|| absent(&format!("no port {port} of Service {name}")))
}

/// Without a target port it is the Service's own.
fn of(service: &Value, port: u16) -> Option<PodPort> {
    let ports = service["spec"]["ports"].as_array()?;
    let served = ports.iter().find(|p| p["port"] == port)?;
    match &served["targetPort"] {
        Value::String(name) => Some(PodPort::Name(name.clone())),
        number => Some(PodPort::Number(number.as_u64().and_then(|n| u16::try_from(n).ok()).unwrap_or(port))),
    }
}

impl PodPort {
    /// Its number in a pod.
    pub fn in_pod(&self, pod: &PodTarget) -> Result<u16, ApiError> {
        match self {
            PodPort::Number(number) => Ok(*number),
            PodPort::Name(name) => {
                pod.ports.get(name).copied().ok_or_else(|| {
                    ApiError::new(ErrorKind::Absent, format!("pod {} has no port called {name}", pod.name))
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_services_port_leads_to_a_number_or_a_name() {
        let service = json!({"spec": {"ports": [{"port": 80, "targetPort": "metrics"}, {"port": 8888},
            {"port": 9000, "targetPort": 8888}]}});
        assert_eq!(of(&service, 80), Some(PodPort::Name("metrics".into())));
        assert_eq!(of(&service, 8888), Some(PodPort::Number(8888)));
        assert_eq!(of(&service, 9000), Some(PodPort::Number(8888)));
        assert_eq!(of(&service, 1), None);
        let pod = PodTarget { ports: [("metrics".to_owned(), 9464)].into(), ..PodTarget::default() };
        assert_eq!(PodPort::Name("metrics".into()).in_pod(&pod), Ok(9464));
        assert!(PodPort::Name("other".into()).in_pod(&pod).is_err());
    }
}
