//! Discovers Elasticsearch: by the given address, else by the resources that ECK's operator creates, in the HPA's namespace
//! or in the one that the gateway exports to. Reads Secrets by name, and only those it needs. Must not connect to
//! Elasticsearch.

use super::super::client::{ApiError, ApiErrorKind, encode};
use super::super::context::FeedContext;
use super::bridge::Behind;
use super::by_url::by_url;
use super::exporter_endpoint::{Destination, destination};
use super::kibana::kibana_of;
use super::kubernetes::{asked, in_cluster, list, name, ready, secret};
use super::settings::{Credential, IngestSettings, SUPERUSER};
use super::target::Target;
use crate::observe::text::{NAME, clean};
use elasticsearch::http::Url;
use secrecy::SecretString;
use serde_json::Value;

/// ECK's monitoring user: it may read statistics, but no documents.
const MONITORING: &str = "elastic-internal-monitoring";
const CLUSTER_LABEL: &str = "elasticsearch.k8s.elastic.co/cluster-name";
const SCHEME_LABEL: &str = "elasticsearch.k8s.elastic.co/http-scheme";

/// The Elasticsearch to watch; a fault of kind Absent when there is none.
pub async fn discover(shared: &FeedContext, namespace: &str, settings: &IngestSettings) -> Result<Target, ApiError> {
    if let Some(url) = &settings.url {
        return by_url(shared, url, settings).await;
    }
    if let Some(name) = in_namespace(shared, namespace).await? {
        return eck(shared, namespace, &name, settings).await;
    }
    match destination(shared, namespace).await {
        Some(Destination::ManagedIntake(host)) => Err(ApiError::new(
            ApiErrorKind::Absent,
            format!("the gateway sends by OTLP to Elastic's managed intake {host}, which shows no Elasticsearch"),
        )
        .with_hint(
            "where it is too slow it answers 429, ResourceExhausted: request exceeded available capacity; then enlarge Elasticsearch (hosted), or ask Elastic (serverless). To watch what is behind it: --es-url URL",
        )),
        Some(Destination::Elasticsearch(url)) => {
            let place = in_cluster(&url);
            let eck_name = place.as_ref().and_then(|(service, of)| Some((service.strip_suffix("-es-http")?, of)));
            match eck_name {
                Some((name, of)) => eck(shared, of, name, settings).await,
                None if settings.credential()?.is_some() || url.scheme() == "http" => {
                    by_url(shared, url.as_str(), settings).await
                }
                None => Err(ApiError::new(
                    ApiErrorKind::Absent,
                    format!("the gateway sends to {url}, for which there are no credentials here"),
                )
                .with_hint(format!(
                    "give --es-url {url} with --es-user and EDOT_TUI_ES_PASSWORD, or EDOT_TUI_ES_API_KEY"
                ))),
            }
        }
        None => Err(ApiError::new(ApiErrorKind::Absent, format!("no Elasticsearch of ECK in namespace {namespace}"))
            .with_hint("give --es-url URL, or --no-es to leave it out")),
    }
}

/// The name of the Elasticsearch in a namespace, from ECK's resources or from its Services; a healthy one first.
async fn in_namespace(shared: &FeedContext, namespace: &str) -> Result<Option<String>, ApiError> {
    let path = format!("/apis/elasticsearch.k8s.elastic.co/v1/namespaces/{}/elasticsearches", encode(namespace));
    let kinds =
        list(shared, &path, asked("list", "elasticsearch.k8s.elastic.co", "v1", "elasticsearches", namespace)).await;
    let mut names: Vec<(bool, String)> = match kinds {
        Ok(items) => items.iter().map(|i| (i["status"]["health"] != "green", name(i))).collect(),
        Err(fault) if matches!(fault.kind, ApiErrorKind::Absent | ApiErrorKind::Denied) => Vec::new(),
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
            Err(fault) if fault.kind == ApiErrorKind::Absent => Vec::new(),
            Err(fault) if fault.kind == ApiErrorKind::Denied => {
                let reason = format!("cannot tell whether there is an Elasticsearch: {}", fault.reason);
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

/// An Elasticsearch that ECK's operator runs, through a port-forward to one of its pods.
async fn eck(shared: &FeedContext, namespace: &str, name: &str, settings: &IngestSettings) -> Result<Target, ApiError> {
    let path = format!(
        "/api/v1/namespaces/{}/pods?labelSelector={}",
        encode(namespace),
        encode(&format!("{CLUSTER_LABEL}={name}"))
    );
    let pods = list(shared, &path, asked("list", "", "v1", "pods", namespace)).await?;
    let pod = ready(&pods).ok_or_else(|| {
        ApiError::new(ApiErrorKind::Unreachable, format!("no pod of Elasticsearch {name} is ready"))
            .with_hint(format!("look at: kubectl -n {namespace} get elasticsearch,pods"))
    })?;
    let scheme = pod["metadata"]["labels"][SCHEME_LABEL].as_str().filter(|s| *s == "http").unwrap_or("https");
    let url = format!("{scheme}://{name}-es-http.{namespace}.svc:9200");
    let url =
        Url::parse(&url).map_err(|e| ApiError::new(ApiErrorKind::Refused, format!("{url} is no address: {e}")))?;
    let (credential, credential_source, mut notes) = match settings.credential()? {
        Some(given) => (given.0, given.1, Vec::new()),
        None => eck_credential(shared, namespace, name, settings.user.as_deref()).await?,
    };
    let ca = match settings.ca()? {
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
    let (kibana, kibana_version) = kibana_of(shared, namespace, name).await;
    Ok(Target {
        url,
        behind: Behind::Pod { namespace: namespace.to_owned(), pod: self::name(pod), port: 9200 },
        credential,
        credential_source,
        ca,
        kibana: settings.kibana.clone().unwrap_or(kibana),
        kibana_version,
        notes,
    })
}

/// The credential from ECK's Secrets, its source, and notes: the monitoring user's, else the superuser's; or that of `user`.
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
            Err(fault) if fault.kind == ApiErrorKind::Denied => denied = denied.or(Some(fault)),
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
            ApiErrorKind::Absent,
            format!("no credentials for Elasticsearch {name}: neither Secret {internal} nor {elastic} has them"),
        )
        .with_hint("give --es-user with EDOT_TUI_ES_PASSWORD, or EDOT_TUI_ES_API_KEY"),
    })
}
