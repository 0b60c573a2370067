//! The controller's own wording: names of metrics, error chains, messages of conditions and events.
//! Texts only: must not decide which of them apply.

use super::{
    fault::Fault,
    settings::Settings,
    spec::{Metric, Source, Target},
};

pub(super) const GOT_SCALE: &str = "the HPA controller was able to get the target's current scale";
pub(super) const READY: &str = "recommended size matches current size";
pub(super) const DOWN_STABILIZED: &str =
    "recent recommendations were higher than current one, applying the highest recent recommendation";
pub(super) const UP_STABILIZED: &str =
    "recent recommendations were lower than current one, applying the lowest recent recommendation";
pub(super) const DISABLED: &str = "scaling is disabled since the replica count of the target is zero";
pub(super) const NO_SELECTOR: &str = "the HPA target's scale is missing a selector";
pub(super) const ABOVE_MAX: &str = "Current number of replicas above Spec.MaxReplicas";
pub(super) const BELOW_MIN: &str = "Current number of replicas below Spec.MinReplicas";
pub(super) const ALL_BELOW: &str = "All metrics below target";
pub(super) const TO_ZERO: &str = "the HPA controller scaled the workload to zero";
pub(super) const NOT_TO_ZERO: &str = "the HPA controller did not scale the workload to zero";

/// The controller's name of a metric, as in "New size: 4; reason: … above target". The
/// controller calls an Object metric with an average target external, too.
#[must_use]
pub fn metric_name(metric: &Metric) -> String {
    let utilization = matches!(metric.target, Target::Utilization(_));
    let external = |name: &str, selector: &Option<String>| {
        let selector = selector.as_deref().unwrap_or("nil");
        format!("external metric {name}({selector})")
    };
    match &metric.source {
        Source::Resource { resource } if utilization => {
            format!("{resource} resource utilization (percentage of request)")
        }
        Source::ContainerResource { resource, .. } if utilization => {
            format!("{resource} container resource utilization (percentage of request)")
        }
        Source::Resource { resource } | Source::ContainerResource { resource, .. } => {
            format!("{resource} resource")
        }
        Source::Pods { metric } => format!("pods metric {metric}"),
        Source::Object { metric: name, kind, selector, .. } => match metric.target {
            Target::Value(_) => format!("{kind} metric {name}"),
            _ => external(name, selector),
        },
        Source::External { metric: name, selector } => external(name, selector),
        Source::Other(kind) => kind.clone(),
    }
}

/// A metric's failure: reason, message of the event, and the error quoted by the aggregate.
#[must_use]
pub fn failure(metric: &Metric, fault: &Fault, namespace: &str, settings: &Settings) -> (&'static str, String, String) {
    let average = matches!(metric.target, Target::AverageValue(_));
    match &metric.source {
        Source::Resource { resource } => {
            let message = of_resource(resource, metric.target, fault);
            let error = format!("failed to get {resource} resource metric value: {message}");
            ("FailedGetResourceMetric", message, error)
        }
        Source::ContainerResource { resource, container } => {
            let message = of_resource(resource, metric.target, fault);
            let error = format!("failed to get {container} container metric value: {message}");
            ("FailedGetContainerResourceMetric", message, error)
        }
        Source::Pods { metric } => {
            let message = match fault.is_fetch() {
                true => format!("unable to get metric {metric}: {fault}"),
                false => fault.to_string(),
            };
            let error = format!("failed to get pods metric value: {message}");
            ("FailedGetPodsMetric", message, error)
        }
        Source::Object { metric: of, kind, name, .. } => {
            let message = match (fault.is_fetch(), settings.object_error_ends_with_cause) {
                (true, true) => format!("unable to get metric {of} on {kind} {namespace}/{name}: {fault}"),
                // this word order is the controller's
                (true, false) => format!("unable to get metric {of}: {kind} on {namespace} {name}/{fault}"),
                (false, _) => fault.to_string(),
            };
            let inner = match average {
                true => format!("failed to get {of} object metric: {message}"),
                false => message.clone(),
            };
            let error = format!("failed to get object metric value: {inner}");
            ("FailedGetObjectMetric", message, error)
        }
        Source::External { metric: name, selector } => {
            let selector = selector.as_deref().unwrap_or("nil");
            let message = match fault.is_fetch() {
                true => {
                    format!("unable to get external metric {namespace}/{name}/{selector}: {fault}")
                }
                false => fault.to_string(),
            };
            let inner = match metric.target {
                Target::AverageValue(_) => {
                    format!("failed to get {name} external metric: {message}")
                }
                Target::Value(_) => format!("failed to get external metric {name}: {message}"),
                _ => message.clone(),
            };
            let error = format!("failed to get {name} external metric value: {inner}");
            ("FailedGetExternalMetric", message, error)
        }
        Source::Other(_) => {
            let message = fault.to_string();
            ("InvalidMetricSourceType", message.clone(), message)
        }
    }
}

fn of_resource(resource: &str, target: Target, fault: &Fault) -> String {
    let what = match target {
        Target::AverageValue(_) => "usage",
        Target::Utilization(_) => "utilization",
        _ => return fault.to_string(),
    };
    match fault.is_fetch() {
        true => format!("failed to get {resource} {what}: unable to get metrics for resource {resource}: {fault}"),
        false => format!("failed to get {resource} {what}: {fault}"),
    }
}
