//! From settings to what an import cannot read from documents: the HPA's spec, from a file, from the cluster as it is today, or from
//! flags. Must not ask Elasticsearch.

use crate::{
    config::Settings,
    error::CommandError,
    import::Spec,
    observe::{HpaSeen, HpaStatus, TargetSeen, Time},
    source::live::{
        client::{ApiClient, encode},
        cluster, convert, scale_target, wire,
    },
};
use std::path::Path;

/// The spec in a file, the HPA of this name where there are several.
///
/// # Errors
/// Names the file; it has no such HPA, or one that the API server would not take.
pub fn of_file(file: &Path, hpa: &str) -> Result<Spec, CommandError> {
    let all = super::shadow::read(file).map_err(CommandError::usage)?;
    let specs: Vec<HpaSeen> = all.into_iter().filter_map(|shadow| shadow.spec.map(|spec| *spec)).collect();
    let named = |specs: &[HpaSeen]| specs.iter().position(|spec| spec.name == hpa);
    let at = named(&specs).or((specs.len() == 1).then_some(0));
    let Some(spec) = at.and_then(|at| specs.into_iter().nth(at)) else {
        let text = format!("{}: there are several HPAs in it, and none is {hpa}", file.display());
        return Err(CommandError::usage(text).hint("say which with --hpa NAME"));
    };
    Ok(Spec { hpa: Some(spec), from: format!("that of {}", file.display()), ..Spec::default() })
}

/// The spec as it is in the cluster today, and what it scales.
///
/// # Errors
/// Why there is none, as a phrase.
pub async fn of_cluster(settings: &Settings, span: Time) -> Result<Spec, String> {
    let cluster = cluster::open(super::access(settings)).await.map_err(|e| e.to_string())?;
    let client = ApiClient { client: cluster.client().1, timeout: settings.request_timeout };
    let (namespace, name) = (encode(&settings.namespace), encode(&settings.hpa));
    let path = format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/{name}");
    let object = client.get(&path).await.map_err(|e| e.to_string())?;
    let object = object.ok_or_else(|| format!("it has no HPA {}/{}", settings.namespace, settings.hpa))?;
    let wire: wire::Hpa = serde_json::from_value(object).map_err(|e| e.to_string())?;
    let seen = convert::hpa(&wire);
    let created = seen.created.filter(|created| *created <= span);
    let version = client.get("/version").await.ok().flatten();
    let server_version = version.and_then(|v| v["gitVersion"].as_str().map(str::to_owned)).unwrap_or_default();
    let target = target(&client, &settings.namespace, &seen).await;
    let seen = HpaSeen { created, resource_version: String::new(), status: HpaStatus::default(), ..seen };
    let from = format!("that of the cluster {}, as it is today", cluster.context());
    Ok(Spec { hpa: Some(seen), target, server_version: crate::observe::text::clean(&server_version, 100), from })
}

/// The workload that the HPA scales; None for another kind, and where it cannot be read.
async fn target(client: &ApiClient, namespace: &str, hpa: &HpaSeen) -> Option<TargetSeen> {
    let known = scale_target::workload(&hpa.target)?;
    let path = format!("{}/{}", known.collection(&encode(namespace)), encode(&hpa.target.name));
    let wire: wire::Workload = serde_json::from_value(client.get(&path).await.ok()??).ok()?;
    Some(convert::workload(&hpa.target, &wire))
}
