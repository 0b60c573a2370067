//! Where the gateway exports to: the endpoint in its configuration, from the ConfigMaps of its namespace. Elasticsearch takes bulk
//! requests from its own exporter, and OTLP at `/_otlp`; Elastic's managed intake takes OTLP and shows no Elasticsearch.
//! Best effort: without permission to read ConfigMaps there is none.

use super::super::client::encode;
use super::super::context::FeedContext;
use super::kubernetes::{asked, list};
use crate::observe::component_kind;
use elasticsearch::http::Url;
use serde_json::Value;

/// The longest configuration that is parsed, in bytes.
const LONGEST: usize = 256 << 10;

/// Where telemetry goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Destination {
    /// The address of an Elasticsearch.
    Elasticsearch(Url),
    /// Elastic's managed OTLP intake, by its host.
    ManagedIntake(String),
}

/// The first destination of an `elasticsearch` exporter; else that of one that sends OTLP to Elastic.
pub async fn destination(shared: &FeedContext, namespace: &str) -> Option<Destination> {
    let path = format!("/api/v1/namespaces/{}/configmaps?limit=200", encode(namespace));
    let maps = list(shared, &path, asked("list", "", "v1", "configmaps", namespace)).await.ok()?;
    let texts = maps.iter().flat_map(|map| map["data"].as_object()).flatten().filter_map(|(_, text)| text.as_str());
    let texts = || texts.clone().filter(|t| t.len() <= LONGEST);
    let own = texts().filter(|t| t.contains("elasticsearch")).find_map(endpoint_in).map(Destination::Elasticsearch);
    own.or_else(|| texts().filter(|t| t.contains("otlp")).find_map(otlp_in))
}

/// Where an OTLP exporter sends to, if that is Elastic.
fn otlp_in(text: &str) -> Option<Destination> {
    let config: Value = serde_saphyr::from_str(text).ok()?;
    let exporters = config["exporters"].as_object()?;
    let sends = |id: &str| matches!(component_kind(id), "otlp" | "otlphttp" | "otlp_http" | "otlp_grpc");
    let endpoints = exporters.iter().filter(|(id, _)| sends(id)).flat_map(|(_, of)| {
        ["endpoint", "traces_endpoint", "metrics_endpoint", "logs_endpoint"].map(|key| of[key].as_str())
    });
    endpoints.flatten().find_map(otlp_destination)
}

fn otlp_destination(endpoint: &str) -> Option<Destination> {
    // gRPC's form has no scheme.
    let text = if endpoint.contains("://") { endpoint.to_owned() } else { format!("https://{endpoint}") };
    let mut url = Url::parse(&text).ok()?;
    let host = url.host_str()?.to_owned();
    if url.path() == "/_otlp" || url.path().starts_with("/_otlp/") {
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        url.set_path("/");
        url.set_query(None);
        return Some(Destination::Elasticsearch(url));
    }
    let elastic = [".elastic.cloud", ".elastic-cloud.com", ".elastic.co"].iter().any(|domain| host.ends_with(domain));
    let intake = host.split('.').any(|part| matches!(part, "ingest" | "apm" | "motlp"));
    (elastic && intake).then_some(Destination::ManagedIntake(host))
}

/// The endpoint in a collector's configuration, without the credentials that may be in it.
fn endpoint_in(text: &str) -> Option<Url> {
    let config: Value = serde_saphyr::from_str(text).ok()?;
    let exporters = config["exporters"].as_object()?;
    let ours = exporters.iter().filter(|(name, _)| component_kind(name) == "elasticsearch");
    let mut endpoints =
        ours.flat_map(|(_, e)| e["endpoints"].as_array().cloned().unwrap_or_else(|| vec![e["endpoint"].clone()]));
    endpoints.find_map(|endpoint| {
        let mut url = Url::parse(endpoint.as_str()?).ok()?;
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        matches!(url.scheme(), "http" | "https").then_some(url)
    })
}

#[cfg(test)]
mod tests {
    use super::{Destination, endpoint_in, otlp_in};

    #[test]
    fn otlp_to_elastic_is_known_by_its_path_or_its_host() {
        let of = |kind: &str, endpoint: &str| otlp_in(&format!("exporters: {{{kind}: {{endpoint: '{endpoint}'}}}}"));
        for (kind, endpoint) in
            [("otlp_http", "https://u:p@es:9200/_otlp"), ("otlphttp/es", "https://es:9200/_otlp/v1/logs")]
        {
            let Some(Destination::Elasticsearch(url)) = of(kind, endpoint) else { panic!("{endpoint}") };
            assert_eq!(url.as_str(), "https://es:9200/");
        }
        let host = "my-project.ingest.eu-west-1.aws.elastic.cloud";
        for endpoint in [format!("https://{host}:443"), format!("{host}:443")] {
            assert_eq!(of("otlp", &endpoint), Some(Destination::ManagedIntake(host.into())));
        }
        assert_eq!(of("otlp/gateway", "edot-gateway.observability-lab.svc:4317"), None);
        assert_eq!(of("otlp", "${env:ENDPOINT}"), None);
        assert_eq!(of("debug", &format!("https://{host}")), None);
    }

    #[test]
    fn the_exporters_endpoint_is_found() {
        let text = "exporters:\n  debug: {}\n  elasticsearch/otel:\n    endpoints: ['https://u:p@quickstart-es-http.lab.svc:9200']\n    api_key: ${env:KEY}\n";
        assert_eq!(endpoint_in(text).unwrap().as_str(), "https://quickstart-es-http.lab.svc:9200/");
        assert_eq!(endpoint_in("exporters:\n  elasticsearch:\n    endpoint: ${env:ES_URL}\n"), None);
        assert_eq!(endpoint_in("exporters: [elasticsearch"), None);
        assert_eq!(endpoint_in("elasticsearch"), None);
    }
}
