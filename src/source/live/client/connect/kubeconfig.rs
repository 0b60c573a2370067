//! Finds and merges kubeconfig files as kubectl does.

use super::error::from_file;
use super::{Access, ConnectError};
use crate::observe::text::clean;
use kube::config::Kubeconfig;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment variables about clusters and proxies.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `KUBECONFIG`.
    pub kubeconfig: Option<OsString>,
    pub home: Option<PathBuf>,
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, or the same in lower case.
    pub https_proxy: Option<String>,
    pub http_proxy: Option<String>,
    pub no_proxy: Option<String>,
    /// This process runs in a pod with a service account.
    pub in_cluster: bool,
}

impl Environment {
    /// That of this process.
    pub fn read() -> Self {
        let either = |big: &str, small: &str| {
            [big, small].iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty())
        };
        let token = Path::new("/var/run/secrets/kubernetes.io/serviceaccount/token");
        Environment {
            kubeconfig: std::env::var_os("KUBECONFIG"),
            home: etcetera::home_dir().ok(),
            https_proxy: either("HTTPS_PROXY", "https_proxy"),
            http_proxy: either("HTTP_PROXY", "http_proxy"),
            no_proxy: either("NO_PROXY", "no_proxy"),
            in_cluster: std::env::var_os("KUBERNETES_SERVICE_HOST").is_some_and(|h| !h.is_empty()) && token.exists(),
        }
    }
}

/// Where the configuration comes from.
pub enum Found {
    Files(Box<Kubeconfig>),
    InCluster,
}

/// Look for a configuration: `--kubeconfig`, KUBECONFIG (a list, of which missing files are left out),
/// `~/.kube/config`, in-cluster.
///
/// # Errors
/// There is none, or a file cannot be read.
pub fn find(access: &Access) -> Result<Found, ConnectError> {
    let environment = &access.environment;
    if let Some(path) = &access.kubeconfig {
        return Ok(Found::Files(Box::new(read(path)?)));
    }
    let listed: Vec<PathBuf> = environment.kubeconfig.iter().flat_map(std::env::split_paths).collect();
    let listed: Vec<PathBuf> = listed.into_iter().filter(|p| !p.as_os_str().is_empty()).collect();
    let paths = match (listed.is_empty(), &environment.home) {
        (false, _) => listed,
        (true, Some(home)) => vec![home.join(".kube/config")],
        (true, None) => Vec::new(),
    };
    let named = environment.kubeconfig.as_ref().is_some_and(|list| !list.is_empty());
    let mut merged: Option<Kubeconfig> = None;
    for path in paths.iter().filter(|path| path.exists()) {
        let next = read(path)?;
        merged = Some(match merged {
            Some(before) => before.merge(next).map_err(|e| from_file(path, e))?,
            None => next,
        });
    }
    match merged {
        Some(files) if !files.contexts.is_empty() || !files.clusters.is_empty() => Ok(Found::Files(Box::new(files))),
        _ if environment.in_cluster => Ok(Found::InCluster),
        None if named && !paths.is_empty() => {
            let names: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
            Err(ConnectError::NoneExists(clean(&names.join(", "), 500)))
        }
        // An empty file, such as /dev/null, means for kubectl that there is none.
        _ => Err(ConnectError::NoConfiguration),
    }
}

fn read(path: &Path) -> Result<Kubeconfig, ConnectError> {
    Kubeconfig::read_from(path).map_err(|e| from_file(path, e))
}

/// The name of the context in use.
///
/// # Errors
/// There is no such context; the error names those that exist.
pub fn context(access: &Access, files: &Kubeconfig) -> Result<String, ConnectError> {
    let known = contexts(files);
    let listed = || clean(&known.join(", "), 500);
    let current = files.current_context.as_ref().filter(|name| !name.is_empty());
    match access.context.as_ref().or(current) {
        Some(name) if known.contains(name) => Ok(name.clone()),
        _ if known.is_empty() => Err(ConnectError::NoContexts),
        Some(name) => Err(ConnectError::UnknownContext { name: clean(name, 200), known: listed() }),
        None => Err(ConnectError::NoCurrentContext(listed())),
    }
}

/// The names of all contexts.
pub fn contexts(files: &Kubeconfig) -> Vec<String> {
    files.contexts.iter().filter(|c| c.context.is_some()).map(|c| c.name.clone()).collect()
}

/// The same with a scheme before every server that has none: https where certificates are mentioned, as kubectl does.
pub fn with_scheme(mut files: Kubeconfig) -> Kubeconfig {
    for cluster in files.clusters.iter_mut().filter_map(|c| c.cluster.as_mut()) {
        let tls = cluster.certificate_authority.is_some()
            || cluster.certificate_authority_data.is_some()
            || cluster.insecure_skip_tls_verify == Some(true);
        if let Some(server) = cluster.server.as_mut().filter(|s| !s.contains("://") && !s.is_empty()) {
            *server = format!("{}{server}", if tls { "https://" } else { "http://" });
        }
    }
    files
}

/// `proxy-url` of the context's cluster.
pub fn proxy_given(files: &Kubeconfig, context: &str) -> Option<String> {
    let context = files.contexts.iter().find(|c| c.name == context)?.context.as_ref()?;
    let cluster = files.clusters.iter().find(|c| c.name == context.cluster)?.cluster.as_ref()?;
    cluster.proxy_url.clone().filter(|url| !url.is_empty())
}
