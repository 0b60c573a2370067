//! An API server's defaults for objects that are written, and its validation. Pure.

use super::failure::Failure;
use super::kinds::ResourceKind;
use serde_json::{Value, json};

/// Set the defaults that other components or clients rely on.
pub fn fill(kind: &ResourceKind, object: &mut Value) {
    match kind.plural {
        "jobs" => {
            let all = [
                ("parallelism", json!(1)),
                ("completions", json!(1)),
                ("backoffLimit", json!(6)),
                ("completionMode", json!("NonIndexed")),
                ("suspend", json!(false)),
                ("podReplacementPolicy", json!("TerminatingOrFailed")),
            ];
            defaults(&mut object["spec"], all);
            template(&mut object["spec"]["template"]["spec"]);
        }
        "deployments" => {
            let rolling =
                json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}});
            let all = [
                ("replicas", json!(1)),
                ("strategy", rolling),
                ("revisionHistoryLimit", json!(10)),
                ("progressDeadlineSeconds", json!(600)),
            ];
            defaults(&mut object["spec"], all);
            template(&mut object["spec"]["template"]["spec"]);
        }
        "replicasets" | "statefulsets" => {
            defaults(&mut object["spec"], [("replicas", json!(1))]);
            template(&mut object["spec"]["template"]["spec"]);
        }
        "pods" => template(&mut object["spec"]),
        "services" => {
            defaults(&mut object["spec"], [("type", json!("ClusterIP")), ("sessionAffinity", json!("None"))]);
            for port in object["spec"]["ports"].as_array_mut().into_iter().flatten() {
                let target = port["port"].clone();
                defaults(port, [("protocol", json!("TCP")), ("targetPort", target)]);
            }
        }
        "horizontalpodautoscalers" => {
            defaults(&mut object["spec"], [("minReplicas", json!(1))]);
        }
        "secrets" => {
            if let Some(secret) = object.as_object_mut() {
                secret.entry("type").or_insert(json!("Opaque"));
            }
        }
        "namespaces" => object["status"] = json!({"phase": "Active"}),
        _ => {}
    }
}

fn defaults<const N: usize>(target: &mut Value, all: [(&str, Value); N]) {
    let Some(members) = target.as_object_mut() else { return };
    for (key, value) in all {
        members.entry(key).or_insert(value);
    }
}

/// Set the defaults of a pod's spec.
fn template(spec: &mut Value) {
    let all = [
        ("restartPolicy", json!("Always")),
        ("dnsPolicy", json!("ClusterFirst")),
        ("schedulerName", json!("default-scheduler")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("securityContext", json!({})),
    ];
    defaults(spec, all);
    for container in spec["containers"].as_array_mut().into_iter().flatten() {
        let latest = container["image"].as_str().is_some_and(|i| i.ends_with(":latest") || !i.contains(':'));
        let all = [
            ("imagePullPolicy", json!(if latest { "Always" } else { "IfNotPresent" })),
            ("terminationMessagePath", json!("/dev/termination-log")),
            ("terminationMessagePolicy", json!("File")),
            ("resources", json!({})),
        ];
        defaults(container, all);
        for port in container["ports"].as_array_mut().into_iter().flatten() {
            defaults(port, [("protocol", json!("TCP"))]);
        }
    }
}

/// Set a Job's selector and labels, which contain its uid.
pub fn select_own_pods(object: &mut Value) {
    let (uid, name) = (object["metadata"]["uid"].clone(), object["metadata"]["name"].clone());
    if object["spec"].get("selector").is_some() {
        return;
    }
    object["spec"]["selector"] = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}});
    let labels = [
        ("batch.kubernetes.io/controller-uid", uid.clone()),
        ("batch.kubernetes.io/job-name", name.clone()),
        ("controller-uid", uid),
        ("job-name", name),
    ];
    let meta = &mut object["spec"]["template"]["metadata"];
    if !meta["labels"].is_object() {
        meta["labels"] = json!({});
    }
    defaults(&mut meta["labels"], labels);
}

/// Validate an object; `before` is the one it replaces.
///
/// # Errors
/// The invalid field, in the API server's words.
pub fn check(kind: &ResourceKind, object: &Value, before: Option<&Value>) -> Result<(), Failure> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let invalid = |field: &str, why: &str| Err(Failure::invalid(kind, name, field, why));
    let dns = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let valid = name.is_empty() || (name.len() <= 253 && name.chars().all(dns));
    if !valid {
        let why = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'";
        return invalid("metadata.name", &format!("Invalid value: \"{name}\": {why}"));
    }
    let spec = &object["spec"];
    let workload = matches!(kind.plural, "deployments" | "replicasets" | "statefulsets" | "daemonsets");
    let container = &spec["template"]["spec"]["containers"][0]["name"];
    if (workload || kind.plural == "jobs") && container.as_str().unwrap_or_default().is_empty() {
        return invalid("spec.template.spec.containers", "Required value");
    }
    if workload && spec["selector"].is_null() {
        return invalid("spec.selector", "Required value");
    }
    if spec.get("replicas").is_some_and(|r| r.as_i64().is_none_or(|r| r < 0)) {
        return invalid("spec.replicas", "Invalid value: must be greater than or equal to 0");
    }
    if kind.plural == "jobs" && spec["template"]["spec"]["restartPolicy"] == "Always" {
        let why = "Unsupported value: \"Always\": supported values: \"OnFailure\", \"Never\"";
        return invalid("spec.template.spec.restartPolicy", why);
    }
    if kind.plural == "horizontalpodautoscalers" {
        let (min, max) = (spec["minReplicas"].as_i64().unwrap_or(1), spec["maxReplicas"].as_i64().unwrap_or(0));
        if max < 1 {
            return invalid("spec.maxReplicas", &format!("Invalid value: {max}: must be greater than 0"));
        }
        if max < min {
            let why = format!("Invalid value: {max}: must be greater than or equal to `minReplicas`");
            return invalid("spec.maxReplicas", &why);
        }
    }
    let fixed: &[&str] = match kind.plural {
        "jobs" => &["template", "selector", "completions"],
        "deployments" | "replicasets" | "statefulsets" => &["selector"],
        _ => &[],
    };
    let was = |key: &str| before.map(|before| &before["spec"][key]);
    match fixed.iter().find(|key| was(key).is_some_and(|was| *was != spec[**key])) {
        Some(key) => invalid(&format!("spec.{key}"), "Invalid value: field is immutable"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::api::kinds::find;

    #[test]
    fn a_job_gets_its_defaults() {
        let kind = find("batch", "jobs").unwrap();
        let mut job = json!({"metadata": {"name": "j", "uid": "u"}, "spec": {"backoffLimit": 0, "template": {
            "spec": {"restartPolicy": "Never", "containers": [{"name": "k6", "image": "grafana/k6:0.49.0"}]}}}});
        fill(kind, &mut job);
        select_own_pods(&mut job);
        check(kind, &job, None).unwrap();
        assert_eq!((&job["spec"]["backoffLimit"], &job["spec"]["completions"]), (&json!(0), &json!(1)));
        assert_eq!(job["spec"]["template"]["metadata"]["labels"]["job-name"], "j");
        let mut other = job.clone();
        other["spec"]["template"]["spec"]["containers"][0]["image"] = json!("k6:1");
        let error = check(kind, &other, Some(&job)).unwrap_err();
        assert_eq!(error.message, "Job.batch \"j\" is invalid: spec.template: Invalid value: field is immutable");
    }

    #[test]
    fn invalid_objects_are_refused() {
        let hpa = find("autoscaling", "horizontalpodautoscalers").unwrap();
        let of = |min, max| json!({"metadata": {"name": "h"}, "spec": {"minReplicas": min, "maxReplicas": max}});
        assert!(check(hpa, &of(1, 4), None).is_ok());
        assert_eq!(check(hpa, &of(5, 4), None).unwrap_err().code, 422);
        assert_eq!(check(hpa, &of(1, 0), None).unwrap_err().code, 422);
        let pods = find("", "configmaps").unwrap();
        let error = check(pods, &json!({"metadata": {"name": "A_b"}}), None).unwrap_err();
        assert!(
            error.message.starts_with("ConfigMap \"A_b\" is invalid: metadata.name: Invalid value"),
            "{}",
            error.message
        );
    }
}
