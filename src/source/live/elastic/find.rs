//! Finds Elasticsearch without being told: the resources that ECK's operator makes, in the HPA's namespace or in the one
//! that the gateway's own exporter names. Reads Secrets by name, and only those it needs. Must not talk to Elasticsearch.

use super::super::client::{ApiError, ErrorKind, ResourceAttributes, encode, get, read};
use super::super::context::FeedContext;
use super::bridge::Behind;
use super::line::Found;
use super::settings::{Credential, IngestSettings};
use super::{direct, gateway, kibana};
use crate::observe::text::{NAME, clean};
use elasticsearch::http::Url;
use k8s_openapi::ByteString;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeMap;

/// ECK's user for monitoring: it may read figures, and no documents.
const MONITORING: &str = "elastic-internal-monitoring";
const SUPERUSER: &str = "elastic";
const CLUSTER: &str = "elasticsearch.k8s.elastic.co/cluster-name";
const SCHEME: &str = "elasticsearch.k8s.elastic.co/http-scheme";

/// What leads to Elasticsearch; a fault of kind Absent when there is none.
pub async fn find(shared: &FeedContext, namespace: &str, settings: &IngestSettings) -> Result<Found, ApiError> {
    if let Some(url) = &settings.url {
        return direct::given(shared, url, settings).await;
    }
    if let Some(name) = in_namespace(shared, namespace).await? {
        return eck(shared, namespace, &name, settings).await;
    }
    match gateway::endpoint(shared, namespace).await {
        Some(url) => {
            let place = direct::in_cluster(&url);
            let eck_name = place.as_ref().and_then(|(service, of)| Some((service.strip_suffix("-es-http")?, of)));
            match eck_name {
                Some((name, of)) => eck(shared, of, name, settings).await,
                None if credential(settings)?.is_some() || url.scheme() == "http" => {
                    direct::given(shared, url.as_str(), settings).await
                }
                None => Err(ApiError::new(
                    ErrorKind::Absent,
                    format!("the gateway sends to {url}, for which there are no credentials here"),
                )
                .with_hint(format!(
                    "give --es-url {url} with --es-user and EDOT_TUI_ES_PASSWORD, or EDOT_TUI_ES_API_KEY"
                ))),
            }
        }
        None => Err(ApiError::new(ErrorKind::Absent, format!("no Elasticsearch of ECK in namespace {namespace}"))
            .with_hint("give --es-url URL, or --no-es to leave it out")),
    }
}

/// The Elasticsearch of a namespace, by its own kind or by its Services.
async fn in_namespace(shared: &FeedContext, namespace: &str) -> Result<Option<String>, ApiError> {
    let path = format!("/apis/elasticsearch.k8s.elastic.co/v1/namespaces/{}/elasticsearches", encode(namespace));
    let kinds =
        list(shared, &path, asked("list", "elasticsearch.k8s.elastic.co", "v1", "elasticsearches", namespace)).await;
    let mut names: Vec<(bool, String)> = match kinds {
        Ok(items) => items.iter().map(|i| (i["status"]["health"] != "green", name(i))).collect(),
        Err(fault) if matches!(fault.kind, ErrorKind::Absent | ErrorKind::Denied) => Vec::new(),
        Err(fault) => return Err(fault),
    };
    if names.is_empty() {
        let path = format!(
            "/api/v1/namespaces/{}/services?labelSelector={}",
            encode(namespace),
            encode("common.k8s.elastic.co/type=elasticsearch")
        );
        let services = match list(shared, &path, asked("list", "", "v1", "services", namespace)).await {
            Ok(items) => items,
            Err(fault) if fault.kind == ErrorKind::Absent => Vec::new(),
            Err(fault) if fault.kind == ErrorKind::Denied => {
                let reason = format!("whether there is an Elasticsearch is not known: {}", fault.reason);
                return Err(ApiError { reason, ..fault });
            }
            Err(fault) => return Err(fault),
        };
        let of = |s: &Value| name(s).strip_suffix("-es-http").map(|n| (false, n.to_owned()));
        names = services.iter().filter_map(of).collect();
    }
    names.retain(|(_, name)| !name.is_empty());
    names.sort();
    Ok(names.into_iter().next().map(|(_, name)| name))
}

/// The way to, and the credentials for, an Elasticsearch of ECK.
async fn eck(shared: &FeedContext, namespace: &str, name: &str, settings: &IngestSettings) -> Result<Found, ApiError> {
    let path =
        format!("/api/v1/namespaces/{}/pods?labelSelector={}", encode(namespace), encode(&format!("{CLUSTER}={name}")));
    let pods = list(shared, &path, asked("list", "", "v1", "pods", namespace)).await?;
    let pod = ready(&pods).ok_or_else(|| {
        ApiError::new(ErrorKind::Unreachable, format!("no pod of Elasticsearch {name} is ready"))
            .with_hint(format!("look at: kubectl -n {namespace} get elasticsearch,pods"))
    })?;
    let scheme = pod["metadata"]["labels"][SCHEME].as_str().filter(|s| *s == "http").unwrap_or("https");
    let url = format!("{scheme}://{name}-es-http.{namespace}.svc:9200");
    let url = Url::parse(&url).map_err(|e| ApiError::new(ErrorKind::Refused, format!("{url} is no address: {e}")))?;
    let (credential, from, mut notes) = match credential(settings)? {
        Some(given) => (given.0, given.1, Vec::new()),
        None => eck_credential(shared, namespace, name, settings.user.as_deref()).await?,
    };
    let ca = match direct::ca(settings)? {
        Some(given) => Some(given),
        None if scheme == "https" => {
            let secret = secret(shared, namespace, &format!("{name}-es-http-certs-public")).await?;
            secret.and_then(|mut s| s.remove("ca.crt").or_else(|| s.remove("tls.crt"))).map(|bytes| bytes.0)
        }
        None => None,
    };
    if pods.len() > 1 {
        notes.push(format!("asked through {}, one of {} nodes", clean(&self::name(pod), NAME), pods.len()));
    }
    let (found, version) = kibana::find(shared, namespace, name).await;
    Ok(Found {
        url,
        behind: Behind::Pod { namespace: namespace.to_owned(), pod: self::name(pod), port: 9200 },
        credential,
        from,
        ca,
        kibana: settings.kibana.clone().unwrap_or(found),
        kibana_version: version,
        notes,
    })
}

/// The monitoring user's, else the superuser's, which is said aloud; `user` names another.
async fn eck_credential(
    shared: &FeedContext,
    namespace: &str,
    name: &str,
    user: Option<&str>,
) -> Result<(Credential, String, Vec<String>), ApiError> {
    let (internal, elastic) = (format!("{name}-es-internal-users"), format!("{name}-es-elastic-user"));
    let places = [(internal.as_str(), user.unwrap_or(MONITORING)), (elastic.as_str(), user.unwrap_or(SUPERUSER))];
    let mut denied = None;
    for (place, user) in places {
        match secret(shared, namespace, place).await {
            Ok(Some(mut keys)) => {
                let Some(password) = keys.remove(user).and_then(|b| String::from_utf8(b.0).ok()) else { continue };
                let note = match user {
                    SUPERUSER => Some(format!("asks as the superuser elastic (Secret {place})")),
                    MONITORING => Some(format!(
                        "asks as {MONITORING}, which may not read documents: no log quality; --es-user elastic may"
                    )),
                    _ => None,
                };
                let password = SecretString::from(password.trim_end().to_owned());
                let credential = Credential::Basic { user: user.to_owned(), password };
                return Ok((credential, format!("Secret {place}, key {user}"), note.into_iter().collect()));
            }
            Ok(None) => {}
            Err(fault) if fault.kind == ErrorKind::Denied => denied = denied.or(Some(fault)),
            Err(fault) => return Err(fault),
        }
    }
    Err(match denied {
        Some(fault) => {
            let names = format!("{internal}, {elastic}, {name}-es-http-certs-public");
            let hint = format!(
                r#"add to a Role in namespace {namespace}: apiGroups [""], resources ["secrets"], resourceNames [{names}], verbs ["get"]; or set EDOT_TUI_ES_API_KEY"#
            );
            fault.with_hint(hint)
        }
        None => ApiError::new(
            ErrorKind::Absent,
            format!("no credentials for Elasticsearch {name}: neither Secret {internal} nor {elastic} has them"),
        )
        .with_hint("give --es-user with EDOT_TUI_ES_PASSWORD, or EDOT_TUI_ES_API_KEY"),
    })
}

/// What the user gave, and where.
pub fn credential(settings: &IngestSettings) -> Result<Option<(Credential, String)>, ApiError> {
    if let Some(file) = &settings.api_key_file {
        let text = std::fs::read_to_string(file).map_err(|e| {
            ApiError::new(ErrorKind::Unauthorized, format!("the API key file {} cannot be read: {e}", file.display()))
        })?;
        return Ok(Some((
            Credential::ApiKey(SecretString::from(text.trim().to_owned())),
            format!("--es-api-key-file {}", file.display()),
        )));
    }
    if let Some(key) = &settings.api_key {
        return Ok(Some((Credential::ApiKey(key.clone()), "EDOT_TUI_ES_API_KEY".into())));
    }
    let Some(password) = settings.password.clone() else { return Ok(None) };
    let user = settings.user.clone().unwrap_or_else(|| SUPERUSER.into());
    Ok(Some((Credential::Basic { user, password }, "--es-user and EDOT_TUI_ES_PASSWORD".into())))
}

/// The first pod that is ready and stays.
pub fn ready(pods: &[Value]) -> Option<&Value> {
    let is_ready = |pod: &&Value| {
        let conditions = pod["status"]["conditions"].as_array();
        let ready = conditions.into_iter().flatten().any(|c| c["type"] == "Ready" && c["status"] == "True");
        ready && pod["metadata"]["deletionTimestamp"].is_null()
    };
    pods.iter().filter(is_ready).min_by_key(|pod| name(pod))
}

/// The items of a list.
pub async fn list(shared: &FeedContext, path: &str, asked: ResourceAttributes) -> Result<Vec<Value>, ApiError> {
    let body = get(shared, path, &asked, shared.timing.request).await?;
    let mut list: Value =
        read(&body).map_err(|e| ApiError::new(ErrorKind::Garbled, format!("{} is no list: {e}", asked.what())))?;
    match list["items"].take() {
        Value::Array(items) => Ok(items),
        _ => Ok(Vec::new()),
    }
}

/// An object's name.
pub fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

pub fn asked(verb: &'static str, group: &str, version: &str, resource: &str, namespace: &str) -> ResourceAttributes {
    let (group, version) = (group.to_owned(), version.to_owned());
    ResourceAttributes { verb, group, version, resource: resource.to_owned(), namespace: namespace.to_owned() }
}

/// The keys of a Secret; None when it is not there.
async fn secret(
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
    match get(shared, &path, &asked, shared.timing.request).await {
        Ok(body) => {
            // What is wrong in it must not be quoted.
            let secret: Secret =
                read(&body).map_err(|_| ApiError::new(ErrorKind::Garbled, format!("Secret {name} cannot be read")))?;
            Ok(secret.data)
        }
        Err(fault) if fault.kind == ErrorKind::Absent => Ok(None),
        Err(fault) => Err(fault),
    }
}
