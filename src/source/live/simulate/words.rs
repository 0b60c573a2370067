//! The API server's refusals, each in a sentence that says what would mend it. Must not decide anything.

use crate::observe::Rule;
use crate::source::live::ask::{Trouble, rule_yaml};

/// What was being done when it was refused.
#[derive(Clone, Copy, Debug)]
pub struct Doing<'a> {
    /// As in RBAC: `create`, `patch`, `delete`, `get`.
    pub verb: &'static str,
    pub group: &'a str,
    pub resource: &'a str,
    /// `Job k6-load`.
    pub title: &'a str,
    pub namespace: &'a str,
}

/// Why it could not be done, and what would mend it.
pub fn sentence(trouble: &Trouble, doing: Doing) -> String {
    let Doing { verb, group, resource, title, namespace } = doing;
    let Trouble::Refused { code, reason, message } = trouble else {
        return format!("{verb} {title}: {}", trouble.words());
    };
    let has = |part: &str| message.contains(part);
    match code {
        401 => "the API server does not accept the credentials (401): log in again".into(),
        403 if has("exceeded quota") => {
            format!("quota: namespace {namespace} does not allow it: {}: free some of it, or raise it", after(message))
        }
        403 if has("is being terminated") => {
            format!("namespace {namespace} is being deleted: wait until it is gone, then create it again")
        }
        403 if has("cannot ") => {
            let rule =
                Rule { verb: verb.into(), group: group.into(), resource: resource.into(), namespace: namespace.into() };
            let shown = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
            format!(
                "denied: may not {verb} {shown} in namespace {namespace}; to allow it, add to a Role there: {}",
                rule_yaml(&rule)
            )
        }
        403 => format!("the cluster's admission refuses {title}: {message}"),
        404 if has("namespaces ") => format!(
            "namespace {namespace} does not exist: create it (kubectl create namespace {namespace}), or name another with --load-namespace"
        ),
        404 => format!("{title} is not there (any more) in namespace {namespace}"),
        409 if reason == "AlreadyExists" && has("being deleted") => {
            format!("{title} is still terminating in namespace {namespace}: try again in a moment")
        }
        409 if reason == "AlreadyExists" => {
            format!("{title} already exists in namespace {namespace}: somebody else has just started it")
        }
        409 => format!("{title} was changed by somebody else meanwhile: try again ({message})"),
        400 | 422 => format!("the API server does not take {title}: {message}"),
        429 | 500..=599 => format!("the API server cannot do it now ({code}): {message}: try again in a moment"),
        _ => format!("{verb} {title}: {}", trouble.words()),
    }
}

/// What follows `is forbidden:`.
fn after(message: &str) -> &str {
    message.split_once("is forbidden: ").map_or(message, |(_, rest)| rest)
}
