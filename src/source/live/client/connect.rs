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
mod stack;
mod verifier;

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

use crate::clock::Clock;
use crate::observe::mask;
use crate::observe::text::clean;
use futures::FutureExt;
use http::Response;
use http::header::{self, HeaderValue};
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use kube::client::DynBody;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kube::{Client, Error};
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::sync::DropGuard;
use tower::BoxError;
use tower::util::{MapRequestLayer, MapResponseLayer};

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
    /// Ends the lab with the last copy; None where another ends it.
    pub _running: Option<Arc<DropGuard>>,
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
    /// See [`Plan::withheld`].
    pub withheld: bool,
}

/// A configuration that was found and is complete, before any credentials are fetched.
#[derive(Clone)]
pub struct Plan {
    pub context: String,
    pub server: String,
    /// The user has credentials, which are not sent, as the address begins with `http://`.
    pub withheld: bool,
    config: Config,
    plugin_timeout: Duration,
}

/// The names of all contexts of the configuration.
///
/// # Errors
/// See [`ConnectError`].
pub fn contexts(access: &Access) -> Result<Vec<String>, ConnectError> {
    Ok(match kubeconfig::find(access)? {
        kubeconfig::Found::InCluster => vec![IN_CLUSTER.to_owned()],
        kubeconfig::Found::Files(files) => kubeconfig::contexts(&files),
    })
}

/// What the cluster is called that this process runs in.
const IN_CLUSTER: &str = "in-cluster";

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
    let withheld = config.cluster_url.scheme_str() == Some("http") && auth::withhold(&mut config.auth_info);
    if let Some(user) = &access.as_user {
        config.auth_info.impersonate = Some(user.clone());
    }
    // It is shown and recorded; it may hold a user and a password.
    let server = mask::url_users(config.cluster_url.to_string().trim_end_matches('/'));
    Ok(Plan { context, server, withheld, config, plugin_timeout: access.plugin_timeout })
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
            Ok((IN_CLUSTER.to_owned(), config))
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
    config.root_cert = usable(config.root_cert, &name)?;
    config.proxy_url = proxy::choose(proxy_given.as_deref(), &config.cluster_url, &access.environment)?;
    Ok((name, config))
}

/// The authorities that can be used, of those that are given.
fn usable(given: Option<Vec<Vec<u8>>>, context: &str) -> Result<Option<Vec<Vec<u8>>>, ConnectError> {
    let Some(given) = given else { return Ok(None) };
    let usable = verifier::authorities(&given);
    match usable.is_empty() {
        false => Ok(Some(usable)),
        true => Err(ConnectError::Wrong {
            context: context.to_owned(),
            field: "certificate-authority",
            cause: "it holds no certificate that can be read; have it issued again".into(),
        }),
    }
}

/// A client for the plan: fetches the credentials (running an exec plugin once) and sets up TLS. Contacts no server.
/// Every request sent through it later is counted in `requests`.
///
/// # Errors
/// See [`ConnectError`].
pub async fn connect(plan: Plan, requests: Arc<AtomicU64>) -> Result<Connection, ConnectError> {
    let building = tokio::task::spawn_blocking(move || {
        let Plan { context, server, withheld, mut config, plugin_timeout } = plan;
        auth::fetch(&mut config.auth_info, plugin_timeout)?;
        let secrets: Arc<[SecretString]> = auth::secrets(&config.auth_info).into();
        let counting = MapRequestLayer::new(move |request| {
            requests.fetch_add(1, Ordering::Relaxed);
            request
        });
        let file = config.auth_info.client_certificate.clone();
        let builder = stack::builder(&config).map_err(|e| from_client(e, &context, file.as_deref()))?;
        let masking = MapResponseLayer::new(move |response| without(response, secrets.clone()));
        let client = builder.with_layer(&masking).with_layer(&counting).build();
        Ok(Connection { client, context, server, withheld })
    });
    building.await.unwrap_or_else(|e| Err(ConnectError::Client(format!("the client could not be built: {e}"))))
}

/// The response; an error's body is without the credentials that were sent, which some proxies repeat.
fn without(
    response: Response<Box<DynBody>>,
    secrets: Arc<[SecretString]>,
) -> Response<impl Body<Data = Bytes, Error = BoxError>> {
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let secrets = if failed { secrets } else { [].into() };
    response.map(|body| {
        body.map_frame(move |frame| {
            frame.map_data(|data| {
                if secrets.is_empty() {
                    return data;
                }
                mask::known(&String::from_utf8_lossy(&data), secrets.iter().map(ExposeSecret::expose_secret)).into()
            })
        })
    })
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
