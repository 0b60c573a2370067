//! What is known before the first document is read: what there is in the span, what the HPA scales, and what cannot be known; or
//! why there is nothing to import. Must not read the span itself.

use super::document::{HpaRow, Says};
use super::{Found, Kind, Names, Plan, Search, Wanted, utc};
use crate::error::CommandError;
use crate::hpa::quantity;
use crate::observe::text::clean;
use crate::observe::{ElasticsearchSeen, HpaSeen, Metric, MetricKind, MetricValue, TargetRef, Time};
use crate::store::StoreError;
use chrono::TimeDelta;

/// The plan of an import, with all that is to be known of it added to the notes.
///
/// # Errors
/// Elasticsearch does not answer, or denies it; it has no such documents.
pub async fn plan(search: &Search, wanted: Wanted, mut notes: Vec<String>) -> Result<Plan, CommandError> {
    let names = Names { namespace: wanted.namespace.clone(), hpa: wanted.hpa.clone(), ..Names::default() };
    let (from, to) = (wanted.from, wanted.to);
    let early = search.found(&names, Some((from, to))).await?;
    let mut hpa = wanted.spec.hpa.clone().unwrap_or_default();
    let first = first_hpa(search, &names, from, to).await?;
    (hpa.namespace, hpa.name) = (wanted.namespace.clone(), wanted.hpa.clone());
    if let Some(row) = &first {
        (hpa.min_replicas, hpa.max_replicas) = (row.min.or(hpa.min_replicas), row.max.unwrap_or(hpa.max_replicas));
        if hpa.uid.is_empty() {
            hpa.uid.clone_from(&row.uid);
        }
        if hpa.metrics.is_empty() {
            hpa.metrics.extend(row.cpu_percent.and_then(|percent| metric(&format!("cpu={percent}")).ok()));
        }
    }
    if hpa.uid.is_empty() {
        hpa.uid = format!("{}/{}", hpa.namespace, hpa.name);
    }
    let target = target(&hpa, first.as_ref(), &early);
    let names = Names { target: target.as_ref().map(|t| t.name.clone()).unwrap_or_default(), ..names };
    let found = search.found(&names, Some((from, to))).await?;
    // Where HPAs are stored, and not this one, its name is wrong.
    let is_other = !found.has(Kind::Hpa) && !early.hpas.is_empty() && !early.hpas.contains(&names.own());
    let Some(target) = target.filter(|_| found.whole().is_some() && !is_other) else {
        return Err(nothing(search, &names, &early, (from, to)).await?);
    };
    if hpa.max_replicas < 1 {
        let text = "no document says the HPA's maxReplicas (k8s.hpa.max_replicas), and its spec is not known";
        return Err(CommandError::not_found(text).hint("give the spec with -f hpa.yaml"));
    }
    hpa.target = target.clone();
    if hpa.metrics.is_empty() {
        notes.push(
            "no target is known, so that no decision can be computed: give -f hpa.yaml, or --target cpu=60".into(),
        );
    }
    let elastic = elastic(search).await;
    let counted = match search.counts(from, from + TimeDelta::seconds(1)).await {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("documents are not counted: {error}")),
    };
    for kind in Kind::ALL.into_iter().filter(|kind| !found.has(*kind)) {
        notes.push(format!("no document in the span of {}", kind.words()));
    }
    notes.push(
        "the controller's own figures and conditions are not stored; what pods use is the kubelet's, between two documents nothing is known"
            .into(),
    );
    Ok(Plan {
        names,
        target,
        hpa,
        found,
        elastic,
        counted,
        context: format!("imported from {}", search.client().address()),
        notes,
        wanted,
    })
}

/// What the HPA scales: of its spec, of documents, or the workload that its name is of.
fn target(hpa: &HpaSeen, first: Option<&HpaRow>, found: &Found) -> Option<TargetRef> {
    if !hpa.target.name.is_empty() {
        return Some(hpa.target.clone());
    }
    if let Some((kind, name, version)) = first.and_then(|row| row.target.clone()) {
        let api_version = if version.is_empty() { "apps/v1".into() } else { version };
        return Some(TargetRef { api_version, kind, name });
    }
    let short = hpa.name.strip_suffix("-hpa").unwrap_or(&hpa.name);
    let named = found.deployments.iter().find(|name| **name == hpa.name || *name == short);
    let only = found.deployments.first().filter(|_| found.deployments.len() == 1);
    let name = named.or(only)?.clone();
    Some(TargetRef { api_version: "apps/v1".into(), kind: "Deployment".into(), name })
}

/// Why there is nothing to import, and what there is.
async fn nothing(
    search: &Search,
    names: &Names,
    found: &Found,
    (from, to): (Time, Time),
) -> Result<CommandError, CommandError> {
    let lacks = search.lacks().await.unwrap_or_default();
    if !lacks.is_empty() {
        let text = format!("the user may not read {} in {}", lacks.join(", "), search.client().named());
        return Ok(CommandError::denied(text).hint("an import needs the index privilege read on them"));
    }
    let (namespace, hpa) = (&names.namespace, &names.hpa);
    let of = format!("HPA {namespace}/{hpa} from {} to {}", utc(from), utc(to));
    let place = format!("{} ({})", search.client().named(), search.source().indices);
    let own = found.hpas.contains(&names.own());
    if names.target.is_empty() && (own || found.deployments.len() > 1) {
        let text = format!("which workload {namespace}/{hpa} scales is not known");
        let all = found.deployments.join(", ");
        let hint = if all.is_empty() { String::new() } else { format!("; there are {all}") };
        return Ok(CommandError::not_found(text).hint(format!("give its spec with -f hpa.yaml{hint}")));
    }
    let ever = search.found(names, None).await?;
    let text = format!("no document of {of} in {place}");
    let whole = ever.whole().filter(|_| ever.hpas.is_empty() || ever.hpas.contains(&names.own()));
    Ok(CommandError::not_found(text).hint(match whole {
        Some((first, last)) => format!("there are some from {} to {}", utc(first), utc(last)),
        None if ever.hpas.is_empty() => {
            "it has none of any HPA: see whether the collectors write k8s.hpa.* and k8s.pod.* metrics there".into()
        }
        None => format!("there are some of {}: say which with -n NAMESPACE --hpa NAME", ever.hpas.join(", ")),
    }))
}

/// Which Elasticsearch it is, as far as it says.
async fn elastic(search: &Search) -> ElasticsearchSeen {
    let root = search.client().get("").await.unwrap_or_default();
    let text = |value: &serde_json::Value| clean(value.as_str().unwrap_or_default(), 200);
    ElasticsearchSeen {
        cluster: text(&root["cluster_name"]),
        version: text(&root["version"]["number"]),
        flavor: text(&root["version"]["build_flavor"]),
        url: search.client().address(),
        route: "the network".into(),
        notes: vec!["documents are counted by their own times; what it indexed when is not stored".into()],
        ..ElasticsearchSeen::default()
    }
}

/// The first document of the HPA in a span.
async fn first_hpa(search: &Search, names: &Names, from: Time, to: Time) -> Result<Option<HpaRow>, StoreError> {
    let rows = search.few(Kind::Hpa, names, from, to, 1).await?;
    Ok(rows.into_iter().find_map(|row| match row.says {
        Says::Hpa(hpa) => Some(hpa),
        _ => None,
    }))
}

/// `cpu=60` as a metric of the spec: percent of the request, or a quantity, mean over pods.
///
/// # Errors
/// What is accepted.
pub fn metric(text: &str) -> Result<Metric, String> {
    let wrong = || "cpu or memory, and a percentage or a quantity, such as cpu=60 or memory=400Mi".to_owned();
    let (name, value) = text.split_once('=').filter(|(name, _)| matches!(*name, "cpu" | "memory")).ok_or_else(wrong)?;
    let value = match value.trim_end_matches('%').parse::<i32>() {
        Ok(percent) if percent > 0 => MetricValue { utilization: Some(percent), ..MetricValue::default() },
        Ok(_) => return Err(wrong()),
        Err(_) => {
            quantity::milli(value).ok().filter(|milli| *milli > 0).ok_or_else(wrong)?;
            MetricValue { average_value: Some(value.to_owned()), ..MetricValue::default() }
        }
    };
    Ok(Metric { kind: MetricKind::Resource, name: name.to_owned(), value, ..Metric::default() })
}
