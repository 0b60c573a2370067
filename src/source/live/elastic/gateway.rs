//! What the gateway's own configuration says of Elasticsearch: the endpoint of its exporter, from the ConfigMaps of its
//! namespace. Only a hint: whoever may not read them goes without it.

use super::super::client::encode;
use super::super::context::FeedContext;
use super::find::{asked, list};
use crate::observe::component_kind;
use elasticsearch::http::Url;
use serde_json::Value;

/// The longest configuration that is looked at.
const LONGEST: usize = 256 << 10;

/// The first endpoint of an `elasticsearch` exporter.
pub async fn endpoint(shared: &FeedContext, namespace: &str) -> Option<Url> {
    let path = format!("/api/v1/namespaces/{}/configmaps?limit=200", encode(namespace));
    let maps = list(shared, &path, asked("list", "", "v1", "configmaps", namespace)).await.ok()?;
    let texts = maps.iter().flat_map(|map| map["data"].as_object()).flatten().filter_map(|(_, text)| text.as_str());
    texts.filter(|t| t.len() <= LONGEST && t.contains("elasticsearch")).find_map(of_config)
}

/// The endpoint that a collector's configuration names; credentials in it are dropped.
fn of_config(text: &str) -> Option<Url> {
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
    use super::of_config;

    #[test]
    fn the_exporters_endpoint_is_found() {
        let text = "exporters:\n  debug: {}\n  elasticsearch/otel:\n    endpoints: ['https://u:p@quickstart-es-http.lab.svc:9200']\n    api_key: ${env:KEY}\n";
        assert_eq!(of_config(text).unwrap().as_str(), "https://quickstart-es-http.lab.svc:9200/");
        assert_eq!(of_config("exporters:\n  elasticsearch:\n    endpoint: ${env:ES_URL}\n"), None);
        assert_eq!(of_config("exporters: [elasticsearch"), None);
        assert_eq!(of_config("elasticsearch"), None);
    }
}
