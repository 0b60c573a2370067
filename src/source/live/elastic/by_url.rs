//! An Elasticsearch whose address is given: reached over the network, or through a port-forward where the address is that
//! of a Service inside the cluster. Must not discover one.

use super::super::client::{ApiError, ApiErrorKind, encode};
use super::super::connect::Environment;
use super::super::context::FeedContext;
use super::bridge::{Behind, Proxy};
use super::kubernetes::{asked, in_cluster, list, name, ready};
use super::settings::{Credential, IngestSettings};
use super::target::Target;
use elasticsearch::http::Url;
use serde_json::Value;

/// The target at the given address.
pub async fn by_url(shared: &FeedContext, text: &str, settings: &IngestSettings) -> Result<Target, ApiError> {
    let wrong = |what: &str| {
        ApiError::new(ApiErrorKind::Refused, format!("--es-url {what}")).with_hint("give --es-url https://HOST:9200")
    };
    let mut url = Url::parse(text).map_err(|e| wrong(&format!("is no address: {e}")))?;
    let host = match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(host)) => host.trim_matches(['[', ']']).to_owned(),
        _ => return Err(wrong("must begin with http:// or https://")),
    };
    // Elasticsearch's own port where none is given; an external name without a port is a proxy's.
    if url.port().is_none() && url.path().trim_matches('/').is_empty() && in_cluster(&url).is_some() {
        let _ = url.set_port(Some(9200));
    }
    let port = url.port_or_known_default().unwrap_or(9200);
    let (credential, credential_source) = settings.credential()?.unwrap_or((Credential::None, String::new()));
    let behind = match in_cluster(&url) {
        Some((service, namespace)) if shared.cluster.context() != "in-cluster" => {
            pod_of(shared, &service, &namespace, port).await?
        }
        _ => Behind::Network { proxy: proxy(&url)?, host, port },
    };
    let (ca, kibana) = (settings.ca()?, settings.kibana.clone().unwrap_or_default());
    let (kibana_version, notes) = (String::new(), Vec::new());
    Ok(Target { url, behind, credential, credential_source, ca, kibana, kibana_version, notes })
}

/// A ready pod of a Service, and its port.
async fn pod_of(shared: &FeedContext, service: &str, namespace: &str, port: u16) -> Result<Behind, ApiError> {
    let path = format!(
        "/api/v1/namespaces/{}/services?fieldSelector={}",
        encode(namespace),
        encode(&format!("metadata.name={service}"))
    );
    let services = list(shared, &path, asked("list", "", "v1", "services", namespace)).await?;
    let none = |what: &str| {
        ApiError::new(ApiErrorKind::Absent, format!("{what} of Service {service} in namespace {namespace}"))
    };
    let found = services
        .first()
        .ok_or_else(|| ApiError::new(ApiErrorKind::Absent, format!("no Service {service} in namespace {namespace}")))?;
    let selector = found["spec"]["selector"].as_object().ok_or_else(|| none("no selector"))?;
    let parts: Vec<String> = selector.iter().filter_map(|(k, v)| Some(format!("{k}={}", v.as_str()?))).collect();
    let path = format!("/api/v1/namespaces/{}/pods?labelSelector={}", encode(namespace), encode(&parts.join(",")));
    let pods = list(shared, &path, asked("list", "", "v1", "pods", namespace)).await?;
    let pod = ready(&pods).ok_or_else(|| none("no ready pod"))?;
    let ports = found["spec"]["ports"].as_array();
    let served = ports.into_iter().flatten().find(|p| p["port"] == port);
    let port = served.and_then(|p| target_port(&p["targetPort"], pod)).unwrap_or(port);
    Ok(Behind::Pod { namespace: namespace.to_owned(), pod: name(pod), port })
}

/// The number of a target port, which may be the name of a container's port.
fn target_port(port: &Value, pod: &Value) -> Option<u16> {
    if let Some(number) = port.as_u64() {
        return u16::try_from(number).ok();
    }
    let containers = pod["spec"]["containers"].as_array()?;
    let named = containers.iter().flat_map(|c| c["ports"].as_array()).flatten().find(|p| &p["name"] == port)?;
    u16::try_from(named["containerPort"].as_u64()?).ok()
}

/// The HTTP proxy that the environment sets for this address.
fn proxy(url: &Url) -> Result<Option<Proxy>, ApiError> {
    let fault =
        |what: String| ApiError::new(ApiErrorKind::Refused, what).with_hint("set NO_PROXY for Elasticsearch's host");
    let address: http::Uri = url.as_str().parse().map_err(|_| fault(format!("{url} is no address")))?;
    let chosen = super::super::connect::proxy_for(&address, &Environment::read()).map_err(|e| fault(e.to_string()))?;
    let Some(uri) = chosen else { return Ok(None) };
    match (uri.scheme_str(), uri.host()) {
        (Some("http"), Some(host)) if !uri.authority().is_some_and(|a| a.as_str().contains('@')) => {
            Ok(Some(Proxy { host: host.to_owned(), port: uri.port_u16().unwrap_or(80) }))
        }
        (Some("http"), _) => Err(fault("a proxy with a password of its own is not supported for Elasticsearch".into())),
        _ => Err(fault("only HTTP proxies are supported for Elasticsearch".into())),
    }
}
