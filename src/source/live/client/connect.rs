//! From the user's settings and kubeconfig to a client of the cluster, with the credentials that kubectl would use.
//!
//! Kubeconfig files and lists, contexts, tokens and token files, client certificates, exec plugins, proxies, in-cluster.
//! Nothing here writes to the terminal; the last line of a plugin's stderr goes into the error, masked. Secrets are in no error.

mod auth;
mod error;
mod exec;
mod kubeconfig;
mod provider;
mod proxy;

pub use error::ConnectError;
pub use exec::LIMIT as PLUGIN;
pub use kubeconfig::{Environment, read};

/// The environment's proxy for `server`, if one is to be used.
///
/// # Errors
/// It is not a valid proxy.
pub fn proxy_for(server: &http::Uri, environment: &Environment) -> Result<Option<http::Uri>, ConnectError> {
    proxy::choose(None, server, environment)
}

use super::mask;
use crate::clock::Clock;
use crate::observe::text::clean;
use futures::FutureExt;
use http::header::{self, HeaderValue};
use kube::client::ClientBuilder;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kube::{Client, Error};
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tower::util::MapRequestLayer;

/// Which cluster, as whom.
#[derive(Clone, Debug)]
pub struct Access {
    /// The cluster inside this process, in place of any configuration.
    pub lab: Option<Lab>,
    /// `--kubeconfig`; otherwise KUBECONFIG, `~/.kube/config`, in-cluster.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`; otherwise the current one.
    pub context: Option<String>,
    /// `--as`: the user to impersonate.
    pub as_user: Option<String>,
    /// The longest that one answer may take.
    pub request_timeout: Duration,
    /// The longest that a credential plugin may take; [`PLUGIN`] unless the command ends sooner.
    pub plugin_timeout: Duration,
    /// The environment variables that matter for it.
    pub environment: Environment,
}

/// Where the lab inside this process listens, its credentials and its clock.
#[derive(Clone, Debug)]
pub struct Lab {
    /// `https://127.0.0.1:PORT`.
    pub server: String,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    pub token: SecretString,
    pub clock: Clock,
    /// What the user should know about why the lab was chosen.
    pub note: Option<String>,
}

impl Access {
    #[cfg(test)]
    /// What the environment alone gives.
    pub fn new(environment: Environment) -> Self {
        Access {
            lab: None,
            kubeconfig: None,
            context: None,
            as_user: None,
            request_timeout: Duration::from_secs(10),
            plugin_timeout: PLUGIN,
            environment,
        }
    }
}

/// A client, and what it talks to.
#[derive(Clone)]
pub struct Connection {
    pub client: Client,
    /// The context's name, or `in-cluster`.
    pub context: String,
    /// The server's URL.
    pub server: String,
}

/// A configuration that was found and is complete, before any credentials are fetched.
#[derive(Clone)]
pub struct Plan {
    pub context: String,
    pub server: String,
    config: Config,
    plugin_timeout: Duration,
}

/// Find the configuration and check it. Reads files; runs no plugin and contacts no server.
///
/// # Errors
/// See [`ConnectError`].
pub fn plan(access: &Access) -> Result<Plan, ConnectError> {
    // A second call finds one installed, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (context, mut config) = match &access.lab {
        Some(lab) => ("lab".to_owned(), of_lab(lab)?),
        None => configured(access)?,
    };
    config.default_retry = false;
    config.connect_timeout = Some(access.request_timeout.min(Duration::from_secs(5)));
    // The cluster's audit log should show who asked.
    let agent = HeaderValue::from_static(concat!("edot-tui/", env!("CARGO_PKG_VERSION")));
    config.headers.push((header::USER_AGENT, agent));
    if let Some(user) = &access.as_user {
        config.auth_info.impersonate = Some(user.clone());
    }
    // It is shown and recorded; it may hold a user and a password.
    let server = mask::url_users(config.cluster_url.to_string().trim_end_matches('/'));
    Ok(Plan { context, server, config, plugin_timeout: access.plugin_timeout })
}

fn of_lab(lab: &Lab) -> Result<Config, ConnectError> {
    let url = lab.server.parse().map_err(|e| ConnectError::Client(format!("{}: {e}", lab.server)))?;
    let mut config = Config::new(url);
    config.root_cert = Some(vec![lab.certificate.clone()]);
    config.auth_info.token = Some(lab.token.clone());
    Ok(config)
}

fn configured(access: &Access) -> Result<(String, Config), ConnectError> {
    match kubeconfig::find(access)? {
        kubeconfig::Found::InCluster => {
            let config = Config::incluster().map_err(|e| ConnectError::InCluster(error::cause(&e)))?;
            Ok(("in-cluster".to_owned(), config))
        }
        kubeconfig::Found::Files(files) => from_files(access, *files),
    }
}

fn from_files(access: &Access, files: Kubeconfig) -> Result<(String, Config), ConnectError> {
    let name = kubeconfig::context(access, &files)?;
    let files = kubeconfig::with_scheme(files);
    let proxy_given = kubeconfig::proxy_given(&files, &name);
    let options = KubeConfigOptions { context: Some(name.clone()), ..KubeConfigOptions::default() };
    // The future never waits.
    let loaded = Config::from_custom_kubeconfig(files, &options).now_or_never();
    let loaded = loaded.ok_or_else(|| ConnectError::Client("the kubeconfig was not loaded at once".into()))?;
    let mut config = loaded.map_err(|e| error::from_kubeconfig(e, &name))?;
    config.proxy_url = proxy::choose(proxy_given.as_deref(), &config.cluster_url, &access.environment)?;
    Ok((name, config))
}

/// A client for the plan: fetches the credentials (running an exec plugin once) and sets up TLS. Contacts no server.
/// Every request sent through it later is counted in `requests`.
///
/// # Errors
/// See [`ConnectError`].
pub async fn connect(plan: Plan, requests: Arc<AtomicU64>) -> Result<Connection, ConnectError> {
    let building = tokio::task::spawn_blocking(move || {
        let Plan { context, server, mut config, plugin_timeout } = plan;
        auth::fetch(&mut config.auth_info, plugin_timeout)?;
        let counting = MapRequestLayer::new(move |request| {
            requests.fetch_add(1, Ordering::Relaxed);
            request
        });
        let file = config.auth_info.client_certificate.clone();
        let builder = ClientBuilder::try_from(config).map_err(|e| from_client(e, &context, file.as_deref()))?;
        let client = builder.with_layer(&counting).build();
        Ok(Connection { client, context, server })
    });
    building.await.unwrap_or_else(|e| Err(ConnectError::Client(format!("the client could not be built: {e}"))))
}

fn from_client(from: Error, context: &str, certificate: Option<&str>) -> ConnectError {
    match from {
        Error::RustlsTls(e) => {
            let certificate = match certificate {
                Some(file) => format!("the client certificate {}", clean(file, 200)),
                None => format!("the client certificate of context {:?}", clean(context, 200)),
            };
            ConnectError::Certificate(error::certificate(&e, &certificate))
        }
        Error::InferKubeconfig(e) => error::from_kubeconfig(e, context),
        // Its text quotes what a plugin printed.
        Error::Auth(_) => ConnectError::Credentials("the user of the kubeconfig cannot be used; log in again".into()),
        e => ConnectError::Client(error::cause(&e)),
    }
}
