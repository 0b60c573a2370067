//! What lies under every request to the API server: proxy, TLS, timeouts, credentials. As kube's own client, which cannot be
//! given a verifier of certificates. Must not retry.

use super::verifier::verifier;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::header::HeaderValue;
use http::{Response, Uri};
use http_body_util::BodyExt;
use hyper::rt::{Read, Write};
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ClientBuilder, ConfigExt, DynBody};
use kube::{Config, Error};
use rustls::ClientConfig;
use tower::util::BoxService;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
use tower_http::decompression::DecompressionLayer;

type Stack = BoxService<http::Request<Body>, Response<Box<DynBody>>, BoxError>;

/// Connections that are kept for the next request; those of a burst, as when another HPA is opened, are closed again.
const IDLE: usize = 8;

/// A builder of the client for this configuration, whose proxy is http, https or socks5.
///
/// # Errors
/// The certificates or the credentials cannot be used.
pub fn builder(config: &Config) -> Result<ClientBuilder<Stack>, Error> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    let tls = tls(config)?;
    match &config.proxy_url {
        None => over(connector, config, tls),
        Some(proxy) if proxy.scheme_str() == Some("socks5") => {
            over(SocksV5::new(proxy.clone(), connector), config, tls)
        }
        Some(proxy) if proxy.scheme_str() == Some("https") => {
            let to_proxy = HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http().enable_http1();
            over(tunnel(proxy, to_proxy.wrap_connector(connector)), config, tls)
        }
        Some(proxy) => over(tunnel(proxy, connector), config, tls),
    }
}

/// kube's TLS, with our verifier where the kubeconfig names certificates.
fn tls(config: &Config) -> Result<ClientConfig, Error> {
    let mut tls = config.rustls_client_config()?;
    let verifier = verifier(config).map_err(|e| Error::Service(Box::new(e)))?;
    if let Some(verifier) = verifier.filter(|_| config.root_cert_file.is_none()) {
        tls.dangerous().set_certificate_verifier(verifier);
    }
    Ok(tls)
}

/// Through an http proxy, with the user and the password of its address.
fn tunnel<C>(proxy: &Uri, connector: C) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy.clone(), connector);
    let user = proxy.authority().and_then(|authority| authority.as_str().rsplit_once('@')).map(|(user, _)| user);
    let basic = user.map(|user| {
        let user: Vec<u8> = percent_encoding::percent_decode_str(user).collect();
        format!("Basic {}", STANDARD.encode(user))
    });
    match basic.and_then(|basic| HeaderValue::from_str(&basic).ok()) {
        Some(basic) => tunnel.with_auth(basic),
        None => tunnel,
    }
}

fn over<C>(connector: C, config: &Config, tls: ClientConfig) -> Result<ClientBuilder<Stack>, Error>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: std::error::Error + Send + Sync + 'static,
{
    let mut https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name = name.clone().try_into().map_err(kube::client::RustlsTlsError::InvalidServerName);
        https = https.with_server_name_resolver(FixedServerNameResolver::new(name.map_err(Error::RustlsTls)?));
    }
    let mut connector = TimeoutConnector::new(https.enable_http1().wrap_connector(connector));
    connector.set_connect_timeout(config.connect_timeout);
    connector.set_read_timeout(config.read_timeout);
    connector.set_write_timeout(config.write_timeout);
    let client: Client<_, Body> = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(IDLE).build(connector);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(DecompressionLayer::new().no_br().no_deflate().no_zstd().gzip(!config.disable_compression))
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(client)
        .map_response(|response: Response<_>| {
            response.map(|body| Box::new(body.map_err(BoxError::from)) as Box<DynBody>)
        });
    Ok(ClientBuilder::new(BoxService::new(service), config.default_namespace.clone()))
}
