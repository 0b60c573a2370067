//! An Elasticsearch whose address is given: over the network, or through a port-forward where the address is that of a
//! Service inside the cluster. Must not look for one.

use super::super::client::{ApiError, ErrorKind, encode};
use super::super::connect::Environment;
use super::super::context::FeedContext;
use super::bridge::{Behind, Proxy};
use super::find::{asked, credential, list, name, ready};
use super::line::Found;
use super::settings::{Credential, IngestSettings};
use elasticsearch::http::Url;
use serde_json::Value;

/// What leads to the given address.
pub async fn given(shared: &FeedContext, text: &str, settings: &IngestSettings) -> Result<Found, ApiError> {
    let wrong = |what: &str| {
        ApiError::new(ErrorKind::Refused, format!("--es-url {what}")).with_hint("give --es-url https://HOST:9200")
    };
    let mut url = Url::parse(text).map_err(|e| wrong(&format!("is no address: {e}")))?;
    let host = match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(host)) => host.trim_matches(['[', ']']).to_owned(),
        _ => return Err(wrong("must begin with http:// or https://")),
    };
    // Elasticsearch's port where none is named, but for a name that a proxy answers to.
    if url.port().is_none() && url.path().trim_matches('/').is_empty() && in_cluster(&url).is_some() {
        let _ = url.set_port(Some(9200));
    }
    let port = url.port_or_known_default().unwrap_or(9200);
    let (credential, from) = credential(settings)?.unwrap_or((Credential::None, String::new()));
    let behind = match in_cluster(&url) {
        Some((service, namespace)) if shared.cluster.context() != "in-cluster" => {
            pod_of(shared, &service, &namespace, port).await?
        }
        _ => Behind::Network { proxy: proxy(&url)?, host, port },
    };
    let ca = ca(settings)?;
    let kibana = settings.kibana.clone().unwrap_or_default();
    Ok(Found { url, behind, credential, from, ca, kibana, kibana_version: String::new(), notes: Vec::new() })
}

/// The Service and namespace of an address that holds only inside a cluster.
pub fn in_cluster(url: &Url) -> Option<(String, String)> {
    let host = url.host_str()?;
    let host = host.strip_suffix(".cluster.local").unwrap_or(host).strip_suffix(".svc")?;
    let (service, namespace) = host.split_once('.')?;
    (!namespace.contains('.')).then(|| (service.to_owned(), namespace.to_owned()))
}

/// A ready pod of a Service, and its port.
async fn pod_of(shared: &FeedContext, service: &str, namespace: &str, port: u16) -> Result<Behind, ApiError> {
    let path = format!(
        "/api/v1/namespaces/{}/services?fieldSelector={}",
        encode(namespace),
        encode(&format!("metadata.name={service}"))
    );
    let services = list(shared, &path, asked("list", "", "v1", "services", namespace)).await?;
    let none =
        |what: &str| ApiError::new(ErrorKind::Absent, format!("{what} of Service {service} in namespace {namespace}"));
    let found = services
        .first()
        .ok_or_else(|| ApiError::new(ErrorKind::Absent, format!("no Service {service} in namespace {namespace}")))?;
    let selector = found["spec"]["selector"].as_object().ok_or_else(|| none("no selector"))?;
    let parts: Vec<String> = selector.iter().filter_map(|(k, v)| Some(format!("{k}={}", v.as_str()?))).collect();
    let path = format!("/api/v1/namespaces/{}/pods?labelSelector={}", encode(namespace), encode(&parts.join(",")));
    let pods = list(shared, &path, asked("list", "", "v1", "pods", namespace)).await?;
    let pod = ready(&pods).ok_or_else(|| none("no ready pod"))?;
    let ports = found["spec"]["ports"].as_array();
    let served = ports.into_iter().flatten().find(|p| p["port"] == port);
    let target = served.and_then(|p| target(&p["targetPort"], pod)).unwrap_or(port);
    Ok(Behind::Pod { namespace: namespace.to_owned(), pod: name(pod), port: target })
}

/// A target port, which may be the name of a container's.
fn target(port: &Value, pod: &Value) -> Option<u16> {
    if let Some(number) = port.as_u64() {
        return u16::try_from(number).ok();
    }
    let containers = pod["spec"]["containers"].as_array()?;
    let named = containers.iter().flat_map(|c| c["ports"].as_array()).flatten().find(|p| &p["name"] == port)?;
    u16::try_from(named["containerPort"].as_u64()?).ok()
}

/// The environment's proxy for this address.
fn proxy(url: &Url) -> Result<Option<Proxy>, ApiError> {
    let fault =
        |what: String| ApiError::new(ErrorKind::Refused, what).with_hint("set NO_PROXY for Elasticsearch's host");
    let address: http::Uri = url.as_str().parse().map_err(|_| fault(format!("{url} is no address")))?;
    let chosen = super::super::connect::proxy_for(&address, &Environment::read()).map_err(|e| fault(e.to_string()))?;
    let Some(uri) = chosen else { return Ok(None) };
    match (uri.scheme_str(), uri.host()) {
        (Some("http"), Some(host)) if !uri.authority().is_some_and(|a| a.as_str().contains('@')) => {
            Ok(Some(Proxy { host: host.to_owned(), port: uri.port_u16().unwrap_or(80) }))
        }
        (Some("http"), _) => {
            Err(fault("a proxy with a password of its own is not supported on the way to Elasticsearch".into()))
        }
        _ => Err(fault("only HTTP proxies are supported on the way to Elasticsearch".into())),
    }
}

/// The given CA file.
pub fn ca(settings: &IngestSettings) -> Result<Option<Vec<u8>>, ApiError> {
    let Some(file) = &settings.ca else { return Ok(None) };
    match std::fs::read(file) {
        Ok(pem) => Ok(Some(pem)),
        Err(e) => Err(ApiError::new(ErrorKind::Tls, format!("--es-ca {}: {e}", file.display()))
            .with_hint("give a file with certificates in PEM")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_services_name_is_told_from_a_host() {
        let of = |text: &str| in_cluster(&Url::parse(text).unwrap());
        let quickstart = Some(("quickstart-es-http".to_owned(), "lab".to_owned()));
        assert_eq!(of("https://quickstart-es-http.lab.svc:9200"), quickstart);
        assert_eq!(of("https://quickstart-es-http.lab.svc.cluster.local"), quickstart);
        assert_eq!(of("https://es.example.com"), None);
        assert_eq!(of("http://127.0.0.1:9200"), None);
    }
}
