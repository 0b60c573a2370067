//! SelfSubjectAccessReview and SelfSubjectRulesReview: all is allowed, except what a fault forbids. Pure.

use super::faults;
use crate::lab::model::{ApiFault, ApiFaultKind};
use serde_json::{Value, json};

/// The review with its status.
pub fn answer(in_force: &[ApiFault], review: Value) -> Value {
    let mut review = review;
    if review["kind"] == "SelfSubjectRulesReview" {
        let all = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
        let denied = in_force.iter().any(|fault| matches!(fault.what, ApiFaultKind::Forbidden { .. }));
        review["status"] = json!({
            "resourceRules": all, "incomplete": denied,
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        });
        return review;
    }
    let attributes = &review["spec"]["resourceAttributes"];
    let word = |key: &str| attributes[key].as_str().unwrap_or_default();
    let resource = match word("subresource") {
        "" => word("resource").to_owned(),
        part => format!("{}/{part}", word("resource")),
    };
    let allowed = !faults::is_forbidden(in_force, word("verb"), &resource);
    review["status"] = json!({"allowed": allowed});
    if allowed {
        review["status"]["reason"] =
            json!("RBAC: allowed by ClusterRoleBinding \"lab\" of ClusterRole \"cluster-admin\"");
    }
    review
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn denied_verbs_are_reported() {
        let at = DateTime::UNIX_EPOCH;
        let what = ApiFaultKind::Forbidden { verb: "get".into(), resource: "pods/log".into() };
        let faults = [ApiFault { what, since: at }];
        let allowed = |verb: &str, part: &str| {
            let asked = json!({"verb": verb, "resource": "pods", "subresource": part});
            answer(&faults, json!({"spec": {"resourceAttributes": asked}}))["status"]["allowed"].clone()
        };
        assert_eq!(
            (allowed("get", ""), allowed("get", "log"), allowed("list", "log")),
            (json!(true), json!(false), json!(true))
        );
    }
}
