//! The Elasticsearch that the gateway exports to: the endpoint in its configuration, from the ConfigMaps of its namespace.
//! Best effort: without permission to read ConfigMaps there is none.

use super::super::client::encode;
use super::super::context::FeedContext;
use super::kubernetes::{asked, list};
use crate::observe::component_kind;
use elasticsearch::http::Url;
use serde_json::Value;

/// The longest configuration that is parsed, in bytes.
const LONGEST: usize = 256 << 10;

/// The first endpoint of an `elasticsearch` exporter.
pub async fn exporter_endpoint(shared: &FeedContext, namespace: &str) -> Option<Url> {
    let path = format!("/api/v1/namespaces/{}/configmaps?limit=200", encode(namespace));
    let maps = list(shared, &path, asked("list", "", "v1", "configmaps", namespace)).await.ok()?;
    let texts = maps.iter().flat_map(|map| map["data"].as_object()).flatten().filter_map(|(_, text)| text.as_str());
    texts.filter(|t| t.len() <= LONGEST && t.contains("elasticsearch")).find_map(endpoint_in)
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
    use super::endpoint_in;

    #[test]
    fn the_exporters_endpoint_is_found() {
        let text = "exporters:\n  debug: {}\n  elasticsearch/otel:\n    endpoints: ['https://u:p@quickstart-es-http.lab.svc:9200']\n    api_key: ${env:KEY}\n";
        assert_eq!(endpoint_in(text).unwrap().as_str(), "https://quickstart-es-http.lab.svc:9200/");
        assert_eq!(endpoint_in("exporters:\n  elasticsearch:\n    endpoint: ${env:ES_URL}\n"), None);
        assert_eq!(endpoint_in("exporters: [elasticsearch"), None);
        assert_eq!(endpoint_in("elasticsearch"), None);
    }
}
