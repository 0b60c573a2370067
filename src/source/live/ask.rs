//! One request to the API server with a limit in time, and what its failure means. Must not retry, nor log.

use crate::observe::Rule;
use crate::observe::text::{MESSAGE, clean};
use kube::Client;
use kube::core::Status;
use serde_json::Value;
use std::error::Error;
use std::time::Duration;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// The server answered with an error. The text is cleaned.
    Refused { code: u16, reason: String, message: String },
    /// No answer in this time.
    Silent(Duration),
    /// No connection, or no answer that can be read. The text is cleaned.
    Broken(String),
}

/// One request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, `PATCH` (server-side apply) or `DELETE`.
    pub method: &'static str,
    /// Path and query, as `/api/v1/namespaces/demo-app/configmaps?dryRun=All`.
    pub path: String,
    pub body: Option<Value>,
}

/// A client and the longest that one of its requests may take.
#[derive(Clone)]
pub struct Asker {
    pub client: Client,
    pub timeout: Duration,
}

impl Asker {
    /// The server's answer.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn ask(&self, request: Request) -> Result<Value, Trouble> {
        let kind = if request.method == "PATCH" { "application/apply-patch+yaml" } else { "application/json" };
        let body = request.body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        let request = http::Request::builder()
            .method(request.method)
            .uri(&request.path)
            .header(http::header::ACCEPT, "application/json")
            .header(http::header::CONTENT_TYPE, kind)
            .body(body)
            .map_err(|e| Trouble::Broken(e.to_string()))?;
        match tokio::time::timeout(self.timeout, self.client.request::<Value>(request)).await {
            Err(_) => Err(Trouble::Silent(self.timeout)),
            Ok(Err(e)) => Err(Trouble::from(e)),
            Ok(Ok(value)) => Ok(value),
        }
    }

    /// A GET; None when the answer is 404.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn get(&self, path: &str) -> Result<Option<Value>, Trouble> {
        match self.ask(Request { method: "GET", path: path.into(), body: None }).await {
            Ok(value) => Ok(Some(value)),
            Err(Trouble::Refused { code: 404, .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

impl From<kube::Error> for Trouble {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Trouble::from(*status),
            // Its own words quote what the credential plugin printed, which may be the credential.
            kube::Error::Auth(_) => Trouble::Broken("the kubeconfig's credentials could not be had or used".into()),
            other => Trouble::Broken(cause(&other)),
        }
    }
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        Trouble::Refused {
            code: status.code,
            reason: clean(&status.reason, 64),
            message: clean(&status.message, MESSAGE),
        }
    }
}

impl Trouble {
    /// It is about who asks, not about what was asked.
    pub fn denied(&self) -> bool {
        matches!(self, Trouble::Refused { code: 401 | 403, .. })
    }

    /// The server could not be asked at all.
    pub fn unreachable(&self) -> bool {
        matches!(self, Trouble::Silent(_) | Trouble::Broken(_))
    }

    /// What happened, without what was asked.
    pub fn words(&self) -> String {
        match self {
            Trouble::Refused { code: 401, .. } => "the API server does not accept the credentials (401)".into(),
            Trouble::Refused { code, message, .. } if message.is_empty() => format!("the API server answers {code}"),
            Trouble::Refused { code, message, .. } => format!("the API server answers {code}: {message}"),
            Trouble::Silent(limit) => format!("no answer within {}", humantime::format_duration(*limit)),
            Trouble::Broken(why) => format!("cannot reach the API server: {why}"),
        }
    }
}

/// The rule that a Role lacks, as it stands in YAML.
pub fn rule_yaml(rule: &Rule) -> String {
    format!("{{apiGroups: [\"{}\"], resources: [\"{}\"], verbs: [\"{}\"]}}", rule.group, rule.resource, rule.verb)
}

/// The deepest cause, which is the one that says something.
fn cause(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(next) = deepest.source() {
        deepest = next;
    }
    clean(&deepest.to_string(), 300)
}
