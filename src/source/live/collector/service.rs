//! Resolves a Service's port to the port inside each pod behind it. Must not scrape.

use super::endpoint::{Endpoint, PodPort};
use crate::source::live::client::{ApiError, ApiErrorKind, encode};
use crate::source::live::context::FeedContext;
use crate::source::live::elastic::{asked, list};
use serde_json::Value;

/// A Service endpoint as one inside each pod; every other endpoint unchanged.
pub async fn resolved(shared: &FeedContext, endpoint: &Endpoint) -> Result<Endpoint, ApiError> {
    match endpoint {
        Endpoint::Service { namespace, name, port, path } => {
            let port = pod_port(shared, namespace, name, *port).await?;
            Ok(Endpoint::Pod { port, path: path.clone() })
        }
        other => Ok(other.clone()),
    }
}

async fn pod_port(shared: &FeedContext, namespace: &str, name: &str, port: u16) -> Result<PodPort, ApiError> {
    let query = encode(&format!("metadata.name={name}"));
    let path = format!("/api/v1/namespaces/{}/services?fieldSelector={query}", encode(namespace));
    let services = list(shared, &path, asked("list", "", "v1", "services", namespace)).await?;
    let absent = |what: &str| ApiError::new(ApiErrorKind::Absent, format!("{what} in namespace {namespace}"));
    let service = services.first().ok_or_else(|| absent(&format!("no Service {name}")))?;
    target_port(service, port).ok_or_else(|| absent(&format!("no port {port} of Service {name}")))
}

/// The target port of a Service's port; without one it is the same number.
fn target_port(service: &Value, port: u16) -> Option<PodPort> {
    let ports = service["spec"]["ports"].as_array()?;
    let served = ports.iter().find(|p| p["port"] == port)?;
    match &served["targetPort"] {
        Value::String(name) => Some(PodPort::Name(name.clone())),
        number => Some(PodPort::Number(number.as_u64().and_then(|n| u16::try_from(n).ok()).unwrap_or(port))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::live::discovered::PodTarget;
    use serde_json::json;

    #[test]
    fn a_services_port_maps_to_a_number_or_a_name() {
        let service = json!({"spec": {"ports": [{"port": 80, "targetPort": "metrics"}, {"port": 8888},
            {"port": 9000, "targetPort": 8888}]}});
        assert_eq!(target_port(&service, 80), Some(PodPort::Name("metrics".into())));
        assert_eq!(target_port(&service, 8888), Some(PodPort::Number(8888)));
        assert_eq!(target_port(&service, 9000), Some(PodPort::Number(8888)));
        assert_eq!(target_port(&service, 1), None);
        let pod = PodTarget { ports: [("metrics".to_owned(), 9464)].into(), ..PodTarget::default() };
        assert_eq!(PodPort::Name("metrics".into()).in_pod(&pod), Ok(9464));
        assert!(PodPort::Name("other".into()).in_pod(&pod).is_err());
    }
}
