//! Reads the Kubernetes objects that discovery needs: lists, Secrets by name, ready pods, Service addresses.

use super::super::client::{ApiError, ApiErrorKind, ResourceAttributes, encode, get, read};
use super::super::context::FeedContext;
use elasticsearch::http::Url;
use k8s_openapi::ByteString;
use serde_json::Value;
use std::collections::BTreeMap;

/// The items of a list.
pub async fn list(shared: &FeedContext, path: &str, asked: ResourceAttributes) -> Result<Vec<Value>, ApiError> {
    let body = get(shared, path, &asked, shared.timing().request).await?;
    let list: Value =
        read(&body).map_err(|e| ApiError::new(ApiErrorKind::Garbled, format!("{} is no list: {e}", asked.what())))?;
    Ok(items(list))
}

/// The items of what may be a list, or any other JSON.
fn items(mut list: Value) -> Vec<Value> {
    match list.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// What a request is for, in the terms of RBAC.
pub fn asked(verb: &'static str, group: &str, version: &str, resource: &str, namespace: &str) -> ResourceAttributes {
    let (group, version) = (group.to_owned(), version.to_owned());
    ResourceAttributes { verb, group, version, resource: resource.to_owned(), namespace: namespace.to_owned() }
}

/// An object's name.
pub fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

/// The first pod, by name, that is ready and not being deleted.
pub fn ready(pods: &[Value]) -> Option<&Value> {
    let is_ready = |pod: &&Value| {
        let conditions = pod["status"]["conditions"].as_array();
        let ready = conditions.into_iter().flatten().any(|c| c["type"] == "Ready" && c["status"] == "True");
        ready && pod["metadata"]["deletionTimestamp"].is_null()
    };
    pods.iter().filter(is_ready).min_by_key(|pod| name(pod))
}

/// The keys of a Secret; None when there is no such Secret.
pub async fn secret(
    shared: &FeedContext,
    namespace: &str,
    name: &str,
) -> Result<Option<BTreeMap<String, ByteString>>, ApiError> {
    #[derive(serde::Deserialize)]
    struct Secret {
        #[serde(default)]
        data: Option<BTreeMap<String, ByteString>>,
    }
    let path = format!("/api/v1/namespaces/{}/secrets/{}", encode(namespace), encode(name));
    let asked = asked("get", "", "v1", "secrets", namespace);
    match get(shared, &path, &asked, shared.timing().request).await {
        Ok(body) => {
            // Must not quote the body: it may hold secrets.
            let secret: Secret = read(&body)
                .map_err(|_| ApiError::new(ApiErrorKind::Garbled, format!("Secret {name} cannot be read")))?;
            Ok(secret.data)
        }
        Err(fault) if fault.kind == ApiErrorKind::Absent => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The Service and namespace in an address that resolves only inside a cluster.
pub fn in_cluster(url: &Url) -> Option<(String, String)> {
    let host = url.host_str()?;
    let host = host.strip_suffix(".cluster.local").unwrap_or(host).strip_suffix(".svc")?;
    let (service, namespace) = host.split_once('.')?;
    (!namespace.contains('.')).then(|| (service.to_owned(), namespace.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_list_has_no_items() {
        for text in [r#""yes""#, "7", "null", "[1]", "true", "{}", r#"{"items":{"a":1}}"#] {
            assert_eq!(items(serde_json::from_str(text).unwrap()), Vec::<Value>::new(), "{text}");
        }
        assert_eq!(items(serde_json::json!({"items": [1, 2]})).len(), 2);
    }

    #[test]
    fn a_services_name_is_distinguished_from_a_host() {
        let of = |text: &str| in_cluster(&Url::parse(text).unwrap());
        let quickstart = Some(("quickstart-es-http".to_owned(), "lab".to_owned()));
        assert_eq!(of("https://quickstart-es-http.lab.svc:9200"), quickstart);
        assert_eq!(of("https://quickstart-es-http.lab.svc.cluster.local"), quickstart);
        assert_eq!(of("https://es.example.com"), None);
        assert_eq!(of("http://127.0.0.1:9200"), None);
    }
}
