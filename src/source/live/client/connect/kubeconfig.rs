//! Finds and merges kubeconfig files as kubectl does.

use super::error::from_file;
use super::{Access, ConnectError};
use crate::observe::text::clean;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Cluster, Kubeconfig, KubeconfigError};
use secrecy::ExposeSecret;
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

/// One file, as client-go reads it: an empty field is one that is not set.
///
/// # Errors
/// It cannot be read, or is no kubeconfig.
pub fn read(path: &Path) -> Result<Kubeconfig, ConnectError> {
    // kube panics over half a unit, and does not say what to do about half a character.
    if std::fs::read(path).is_ok_and(|bytes| is_broken_utf16(&bytes)) {
        let cause = "it is UTF-16 and a character in it is incomplete; save it again as UTF-8".to_owned();
        return Err(ConnectError::Broken { path: path.to_owned(), line: None, cause });
    }
    let mut files = match Kubeconfig::read_from(path) {
        Err(KubeconfigError::Parse(e)) => without_nulls(path).ok_or(KubeconfigError::Parse(e)),
        other => other,
    }
    .map_err(|e| from_file(path, e))?;
    files.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()).for_each(tidy_cluster);
    files.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()).for_each(tidy_user);
    for context in files.contexts.iter_mut().filter_map(|named| named.context.as_mut()) {
        unset(&mut context.user);
        unset(&mut context.namespace);
    }
    Ok(files)
}

/// Whether it is UTF-16 by its mark of the byte order, and is no text.
fn is_broken_utf16(bytes: &[u8]) -> bool {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return false,
    };
    let (units, rest) = bytes.as_chunks();
    !rest.is_empty() || char::decode_utf16(units.iter().map(|two| unit(*two))).any(|c| c.is_err())
}

/// The file without its nulls, which for client-go are fields that are not set, and which kube refuses in a few places; None
/// where that is not what was wrong with it.
fn without_nulls(path: &Path) -> Option<Kubeconfig> {
    let mut value: serde_json::Value = serde_saphyr::from_str(&std::fs::read_to_string(path).ok()?).ok()?;
    let before = value.clone();
    strip(&mut value);
    let mut files: Kubeconfig = (value != before).then(|| serde_json::from_value(value).ok())??;
    let folder = path.parent()?;
    for cluster in files.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
        beside(folder, &mut cluster.certificate_authority);
    }
    for user in files.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
        [&mut user.client_certificate, &mut user.client_key, &mut user.token_file]
            .into_iter()
            .for_each(|field| beside(folder, field));
        // A command without a separator is looked for on the path.
        if let Some(exec) = user.exec.as_mut().filter(|e| e.command.as_ref().is_some_and(|c| c.contains('/'))) {
            beside(folder, &mut exec.command);
        }
    }
    Some(files)
}

fn strip(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(strip);
        }
        serde_json::Value::Array(all) => all.iter_mut().for_each(strip),
        _ => {}
    }
}

/// A path in a file is relative to its folder.
fn beside(folder: &Path, field: &mut Option<String>) {
    *field = field.take().filter(|path| !path.is_empty()).map(|path| folder.join(path).display().to_string());
}

fn tidy_cluster(cluster: &mut Cluster) {
    unset(&mut cluster.server);
    unset(&mut cluster.proxy_url);
    unset(&mut cluster.tls_server_name);
    unset_path(&mut cluster.certificate_authority);
    cluster.certificate_authority_data = cluster.certificate_authority_data.take().and_then(|data| base64(&data));
}

fn tidy_user(user: &mut AuthInfo) {
    unset(&mut user.username);
    unset(&mut user.impersonate);
    unset(&mut user.impersonate_uid);
    unset_path(&mut user.token_file);
    unset_path(&mut user.client_certificate);
    unset_path(&mut user.client_key);
    user.client_certificate_data = user.client_certificate_data.take().and_then(|data| base64(&data));
    let key = user.client_key_data.take();
    user.client_key_data = key.and_then(|data| base64(data.expose_secret())).map(Into::into);
    for secret in [&mut user.password, &mut user.token] {
        *secret = secret.take().filter(|secret| !secret.expose_secret().is_empty());
    }
    user.auth_provider = user.auth_provider.take().filter(|provider| !provider.name.is_empty());
    if let Some(exec) = &mut user.exec {
        unset(&mut exec.command);
        unset(&mut exec.api_version);
        unset(&mut exec.install_hint);
    }
}

fn unset(field: &mut Option<String>) {
    *field = field.take().filter(|value| !value.is_empty());
}

/// kube has put the file's folder before the path, also before an empty one.
fn unset_path(field: &mut Option<String>) {
    *field = field.take().filter(|value| !value.is_empty() && !value.ends_with(std::path::MAIN_SEPARATOR));
}

/// Base64 without the line ends and spaces that Go skips. The YAML parser has decoded a `!!binary`, so PEM is encoded again.
fn base64(data: &str) -> Option<String> {
    let data = match data.trim_start().starts_with("-----BEGIN ") {
        true => STANDARD.encode(data),
        false => data.split_whitespace().collect(),
    };
    (!data.is_empty()).then_some(data)
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
