//! Where Kibana is, for links into it: the Ingress that leads to the Service of the Kibana which refers to our
//! Elasticsearch. Whoever may not read these resources gets no links.

use super::super::client::encode;
use super::super::context::FeedContext;
use super::find::{asked, list, name};
use crate::observe::text::{NAME, clean};
use serde_json::Value;

/// Base address and version; empty where they are not known.
pub async fn find(shared: &FeedContext, namespace: &str, elasticsearch: &str) -> (String, String) {
    let group = "kibana.k8s.elastic.co";
    let path = format!("/apis/{group}/v1/namespaces/{}/kibanas", encode(namespace));
    let all = list(shared, &path, asked("list", group, "v1", "kibanas", namespace)).await.unwrap_or_default();
    let ours = all.iter().find(|k| k["spec"]["elasticsearchRef"]["name"] == elasticsearch).or(all.first());
    let version =
        ours.and_then(|k| k["status"]["version"].as_str().or(k["spec"]["version"].as_str())).unwrap_or_default();
    let service = ours.map(|k| format!("{}-kb-http", name(k)));
    let group = "networking.k8s.io";
    let path = format!("/apis/{group}/v1/namespaces/{}/ingresses", encode(namespace));
    let ingresses = list(shared, &path, asked("list", group, "v1", "ingresses", namespace)).await.unwrap_or_default();
    let address = ingresses.iter().find_map(|ingress| address(ingress, service.as_deref())).unwrap_or_default();
    (address, clean(version, 32))
}

/// The address under which an Ingress serves Kibana: the named Service, or any that ECK would name so.
fn address(ingress: &Value, service: Option<&str>) -> Option<String> {
    let spec = &ingress["spec"];
    let leads = |path: &Value| {
        let to = path["backend"]["service"]["name"].as_str().unwrap_or_default();
        service.map_or_else(|| to.ends_with("-kb-http"), |service| to == service)
    };
    let rule = |rule: &&Value| rule["http"]["paths"].as_array().into_iter().flatten().any(leads);
    let host = spec["rules"].as_array()?.iter().find(rule)?["host"].as_str().filter(|h| !h.is_empty())?;
    let secured = |tls: &Value| tls["hosts"].as_array().into_iter().flatten().any(|h| h == host);
    let tls = spec["tls"].as_array().into_iter().flatten().any(secured);
    Some(format!("{}://{}", if tls { "https" } else { "http" }, clean(host, NAME)))
}

#[cfg(test)]
mod tests {
    use super::address;
    use serde_json::json;

    #[test]
    fn an_ingress_tells_kibanas_address() {
        let paths = json!([{"path": "/", "backend": {"service": {"name": "quickstart-kb-http"}}}]);
        let mut ingress = json!({"spec": {"rules": [{"host": "kb.example.com", "http": {"paths": paths}}]}});
        assert_eq!(address(&ingress, Some("quickstart-kb-http")).as_deref(), Some("http://kb.example.com"));
        assert_eq!(address(&ingress, Some("other-kb-http")), None);
        ingress["spec"]["tls"] = json!([{"hosts": ["kb.example.com"]}]);
        assert_eq!(address(&ingress, None).as_deref(), Some("https://kb.example.com"));
        assert_eq!(address(&json!({}), None), None);
    }
}
