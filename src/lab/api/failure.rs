//! Errors of requests, in the form and the words of an API server (metav1 Status).

use super::kinds::ResourceKind;
use crate::lab::store::StoreError;
use serde_json::{Value, json};

/// A Status with `status: Failure`.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub code: u16,
    pub reason: &'static str,
    pub message: String,
    details: Value,
}

impl Failure {
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Failure { code, reason, message: message.into(), details: json!({}) }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Failure::new(400, "BadRequest", message)
    }

    pub fn unauthorized() -> Self {
        Failure::new(401, "Unauthorized", "Unauthorized")
    }

    /// Nothing is served there.
    pub fn no_such_path() -> Self {
        Failure::new(404, "NotFound", "the server could not find the requested resource")
    }

    pub fn not_found(kind: &ResourceKind, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", kind.qualified());
        Failure::new(404, "NotFound", message).about(kind, name)
    }

    pub fn not_allowed() -> Self {
        Failure::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
    }

    pub fn conflict(kind: &ResourceKind, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.qualified());
        Failure::new(409, "Conflict", message).about(kind, name)
    }

    /// 422: a field of the object is invalid.
    pub fn invalid(kind: &ResourceKind, name: &str, field: &str, why: &str) -> Self {
        let group = if kind.group.is_empty() { String::new() } else { format!(".{}", kind.group) };
        let message = format!("{}{group} \"{name}\" is invalid: {field}: {why}", kind.name);
        let mut failure = Failure::new(422, "Invalid", message).about(kind, name);
        failure.details["kind"] = json!(kind.name);
        failure.details["causes"] = json!([{"reason": "FieldValueInvalid", "message": why, "field": field}]);
        failure
    }

    /// 410, for a list or a watch.
    pub fn expired(message: impl Into<String>) -> Self {
        Failure::new(410, "Expired", message)
    }

    fn about(mut self, kind: &ResourceKind, name: &str) -> Self {
        self.details = json!({"name": name, "group": kind.group, "kind": kind.plural});
        self
    }

    /// From the store's refusal.
    pub fn from_store(refused: &StoreError, kind: &ResourceKind) -> Self {
        match refused {
            StoreError::NotFound { name, .. } => Failure::not_found(kind, name),
            StoreError::Exists { name, .. } => {
                let message = format!("{} \"{name}\" already exists", kind.qualified());
                Failure::new(409, "AlreadyExists", message).about(kind, name)
            }
            StoreError::Invalid(why) => Failure::new(422, "Invalid", why.clone()),
            StoreError::Gone { .. } => Failure::expired(refused.to_string()),
        }
    }

    /// The Status object.
    pub fn status(&self) -> Value {
        json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "details": self.details, "code": self.code,
        })
    }
}
