//! Why the load could not be started or stopped, in a sentence with the hint. Must not decide anything.

use crate::source::live::client::{ApiError, ResourceAttributes};

/// What was attempted.
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

impl Doing<'_> {
    /// The same in the terms of RBAC.
    pub fn attributes(&self) -> ResourceAttributes {
        ResourceAttributes {
            verb: self.verb,
            group: self.group.to_owned(),
            resource: self.resource.to_owned(),
            namespace: self.namespace.to_owned(),
            ..ResourceAttributes::default()
        }
    }
}

/// Why it could not be done, and the hint.
pub fn sentence(fault: &ApiError, doing: Doing) -> String {
    let Doing { verb, title, namespace, .. } = doing;
    let Some(status) = &fault.status else { return format!("{verb} {title}: {}", fault.reason) };
    let (code, message) = (status.code, &status.message);
    let has = |part: &str| message.contains(part);
    let exists = status.reason == "AlreadyExists";
    match code {
        401 => "the API server does not accept the credentials (401): log in again".into(),
        403 if has("exceeded quota") => {
            format!("quota: namespace {namespace} does not allow it: {}: free some of it, or raise it", after(message))
        }
        403 if has("is being terminated") => {
            format!("namespace {namespace} is being deleted: wait until it is gone, then create it again")
        }
        403 if has("cannot ") => {
            let hint = fault.hint.as_deref().map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("denied: {}{hint}", fault.reason)
        }
        403 => format!("the cluster's admission refuses {title}: {message}"),
        404 if has("namespaces ") => format!(
            "namespace {namespace} does not exist: create it (kubectl create namespace {namespace}), or name another with --load-namespace"
        ),
        404 => format!("{title} does not exist (any more) in namespace {namespace}"),
        409 if exists && has("being deleted") => {
            format!("{title} is still terminating in namespace {namespace}: try again in a moment")
        }
        409 if exists => {
            format!("{title} already exists in namespace {namespace}: another user has just started it")
        }
        409 => format!("{title} was changed by another user meanwhile: try again ({message})"),
        400 | 422 => format!("the API server does not accept {title}: {message}"),
        429 | 500..=599 => format!("the API server cannot do it now ({code}): {message}: try again in a moment"),
        _ => format!("{verb} {title}: {}", fault.reason),
    }
}

/// What follows `is forbidden:`.
fn after(message: &str) -> &str {
    message.split_once("is forbidden: ").map_or(message, |(_, rest)| rest)
}
