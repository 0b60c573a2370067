//! Where a collector serves its metrics: a port inside each pod, or a URL.

use super::super::client::{ApiError, ApiErrorKind};
use super::super::convert;
use super::super::discovered::PodTarget;

/// A port of a pod, which may be known by its name only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodPort {
    Number(u16),
    Name(String),
}

impl PodPort {
    /// The port's number in a pod.
    ///
    /// # Errors
    /// The pod has no port of that name.
    pub fn in_pod(&self, pod: &PodTarget) -> Result<u16, ApiError> {
        match self {
            PodPort::Number(number) => Ok(*number),
            PodPort::Name(name) => pod.ports.get(name).copied().ok_or_else(|| {
                ApiError::new(ApiErrorKind::Absent, format!("pod {} has no port called {name}", pod.name))
            }),
        }
    }
}

/// What to scrape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A port and path inside each pod, through a port-forward.
    Pod { port: PodPort, path: String },
    /// The same by the port of a Service, which maps to a port of each pod behind it.
    Service { namespace: String, name: String, port: u16, path: String },
    /// A URL that can be reached from here. `{pod}` is replaced by each pod's name; without it there is one collector.
    Url(String),
}

impl Default for Endpoint {
    fn default() -> Self {
        Endpoint::Pod { port: PodPort::Number(8888), path: "/metrics".into() }
    }
}

impl Endpoint {
    /// From `8888`, `9464/metrics`, `:8888/metrics`, `http://host:8888/metrics` or `http://service.namespace.svc:8888/metrics`.
    ///
    /// # Errors
    /// A description of what is expected.
    pub fn parse(text: &str) -> Result<Endpoint, String> {
        let wrong =
            || "a port and path inside the pod, such as 8888/metrics, or a URL that starts with http://".to_owned();
        if text.starts_with("http://") || text.starts_with("https://") {
            let plain = text.replace("{pod}", "pod");
            let url = reqwest::Url::parse(&plain).map_err(|_| wrong())?;
            let secret = !url.username().is_empty() || url.password().is_some();
            return match secret {
                true => Err("a URL without a user and a password in it".into()),
                false => Ok(service(&url, text).unwrap_or_else(|| Endpoint::Url(text.to_owned()))),
            };
        }
        let (port, path) =
            text.trim_start_matches(':').split_once('/').unwrap_or((text.trim_start_matches(':'), "metrics"));
        let port = PodPort::Number(port.parse().ok().filter(|p| *p > 0).ok_or_else(wrong)?);
        let fine = path.bytes().all(|b| b.is_ascii_graphic());
        fine.then(|| Endpoint::Pod { port, path: format!("/{path}") }).ok_or_else(wrong)
    }

    /// The host, where the endpoint is the URL of a single collector.
    pub fn single(&self) -> Option<String> {
        match self {
            Endpoint::Url(url) if !url.contains("{pod}") => {
                reqwest::Url::parse(url).ok()?.host_str().map(convert::name)
            }
            _ => None,
        }
    }
}

/// A cluster-internal Service address. Each request to it would reach another pod, so the pods are scraped one by one.
fn service(url: &reqwest::Url, text: &str) -> Option<Endpoint> {
    let (name, namespace) = super::super::elastic::in_cluster(url)?;
    let plain = url.scheme() == "http" && !text.contains("{pod}");
    let (port, path) = (url.port_or_known_default()?, url.path());
    let path = if path == "/" { "/metrics" } else { path }.to_owned();
    plain.then_some(Endpoint::Service { namespace, name, port, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_urls_are_distinguished() {
        let pod = |port, path: &str| Ok(Endpoint::Pod { port: PodPort::Number(port), path: path.into() });
        assert_eq!(Endpoint::parse("8888"), pod(8888, "/metrics"));
        assert_eq!(Endpoint::parse(":9464/own/metrics"), pod(9464, "/own/metrics"));
        assert_eq!(Endpoint::parse("8888/metrics"), Ok(Endpoint::default()));
        let one = Endpoint::parse("http://gw.example:8888/metrics").unwrap();
        assert_eq!(one.single().as_deref(), Some("gw.example"));
        assert_eq!(Endpoint::parse("http://{pod}.gw:8888/metrics").unwrap().single(), None);
        let service = |path: &str| Endpoint::Service {
            namespace: "lab".into(),
            name: "gateway".into(),
            port: 9464,
            path: path.into(),
        };
        assert_eq!(Endpoint::parse("http://gateway.lab.svc:9464/own"), Ok(service("/own")));
        assert_eq!(Endpoint::parse("http://gateway.lab.svc.cluster.local:9464"), Ok(service("/metrics")));
        let each = "http://{pod}.gateway.lab.svc:9464/metrics";
        assert_eq!(Endpoint::parse(each), Ok(Endpoint::Url(each.into())));
        for bad in ["", "0", "70000", "metrics", "8888/a b", "ftp://x", "http://", "http://u:p@h/metrics"] {
            assert!(Endpoint::parse(bad).is_err(), "{bad}");
        }
    }
}
