//! Why there is no client, in one line each, with a hint. Must hold no secrets.

use crate::observe::text::clean;
use kube::config::{KubeconfigError, LoadDataError};
use std::path::{Path, PathBuf};

/// Why there is no client for a cluster.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConnectError {
    /// Nothing anywhere: neither KUBECONFIG nor `~/.kube/config`, and not in a pod.
    #[error("no Kubernetes configuration: KUBECONFIG is not set, there is no ~/.kube/config, and this is not a pod")]
    NoConfiguration,
    #[error("none of the files that KUBECONFIG names exists: {0}; correct or unset KUBECONFIG")]
    NoneExists(String),
    #[error("cannot read the kubeconfig {path}: {cause}", path = path.display())]
    Unreadable { path: PathBuf, cause: String },
    #[error("the kubeconfig {path} is not valid{place}: {cause}", path = path.display(), place = place(*line))]
    Broken { path: PathBuf, line: Option<u64>, cause: String },
    #[error("the kubeconfig names no current context; pass --context, one of: {0}")]
    NoCurrentContext(String),
    #[error("the kubeconfig has no context at all; it needs a cluster, a user and a context that joins them")]
    NoContexts,
    #[error("there is no context {name:?} in the kubeconfig; there are: {known}")]
    UnknownContext { name: String, known: String },
    #[error("context {context:?} names cluster {cluster:?}, which is not in the kubeconfig")]
    UnknownCluster { context: String, cluster: String },
    #[error("{field} of context {context:?} is wrong: {cause}")]
    Wrong { context: String, field: &'static str, cause: String },
    #[error("cannot use the certificates: {0}")]
    Certificate(String),
    #[error("cannot use the proxy {value:?}: {cause}")]
    Proxy { value: String, cause: String },
    #[error("the pod's own credentials cannot be used: {0}")]
    InCluster(String),
    #[error("cannot read the token file {path}: {cause}", path = path.display())]
    TokenFile { path: PathBuf, cause: String },
    #[error("the credential plugin {command:?} failed: {cause}")]
    Exec { command: String, cause: String },
    #[error("cannot get the credentials: {0}")]
    Credentials(String),
    #[error("{0}")]
    Client(String),
}

impl ConnectError {
    /// Whether the user's input is wrong (exit code 2), and not the cluster unreachable (5).
    pub fn is_usage(&self) -> bool {
        use ConnectError::*;
        !matches!(self, InCluster(_) | TokenFile { .. } | Exec { .. } | Credentials(_) | Client(_))
    }
}

fn place(line: Option<u64>) -> String {
    line.map(|line| format!(" (line {line})")).unwrap_or_default()
}

/// The root cause of an error, on one line and without credentials.
pub fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    super::super::root(error)
}

/// Why the certificates of a kubeconfig cannot be used; `client` names the client's.
pub fn certificate(error: &(dyn std::error::Error + 'static), client: &str) -> String {
    let text = error.to_string();
    let of_ca = text.contains("root certificate");
    match text {
        _ if of_ca => "certificate-authority holds a certificate that is damaged, or not X.509 v3".to_owned(),
        text if text.contains("UnsupportedCertVersion") => {
            format!("{client} is X.509 v1, which is not supported here; have it issued again as X.509 v3")
        }
        text if text.contains("KeyMismatch") || text.contains("keys may not be consistent") => {
            format!("{client} does not belong to its client-key")
        }
        text if text.contains("invalid private key") => {
            format!("{client} or its client-key is damaged or of a kind that is not supported; have it issued again")
        }
        _ => format!("{client}: {}", cause(error)),
    }
}

/// From kube's error for a file.
pub fn from_file(path: &Path, from: KubeconfigError) -> ConnectError {
    let path = path.to_owned();
    match from {
        KubeconfigError::ReadConfig(e, _) => ConnectError::Unreadable { path, cause: clean(&e.to_string(), 300) },
        KubeconfigError::Parse(e) => {
            let line = e.location().map(|at| at.line()).filter(|line| *line > 0);
            // The first line of several; the rest is a drawing of the place.
            let text = e.without_snippet().to_string();
            ConnectError::Broken { path, line, cause: clean(text.lines().next().unwrap_or_default(), 300) }
        }
        e => ConnectError::Broken { path, line: None, cause: cause(&e) },
    }
}

/// From kube's error for a context of a kubeconfig that was read.
pub fn from_kubeconfig(from: KubeconfigError, context: &str) -> ConnectError {
    let wrong = |field, cause: String| ConnectError::Wrong { context: context.to_owned(), field, cause };
    let data = |e: &LoadDataError| match e {
        LoadDataError::DecodeBase64(_) => "not valid base64".to_owned(),
        LoadDataError::ReadFile(e, path) => clean(&format!("{}: {e}", path.display()), 300),
        e => cause(e),
    };
    match from {
        KubeconfigError::LoadClusterOfContext(cluster) => {
            ConnectError::UnknownCluster { context: context.to_owned(), cluster: clean(&cluster, 200) }
        }
        KubeconfigError::MissingClusterUrl => wrong("server", "it is missing".into()),
        KubeconfigError::ParseClusterUrl(e) => wrong("server", cause(&e)),
        KubeconfigError::ParseProxyUrl(e) => wrong("proxy-url", cause(&e)),
        KubeconfigError::LoadCertificateAuthority(e) => wrong("certificate-authority", data(&e)),
        KubeconfigError::ParseCertificates(e) => wrong("certificate-authority", cause(&e)),
        KubeconfigError::LoadClientCertificate(e) => wrong("client-certificate", data(&e)),
        KubeconfigError::LoadClientKey(e) => wrong("client-key", data(&e)),
        e => ConnectError::Client(cause(&e)),
    }
}
