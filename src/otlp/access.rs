//! Where telemetry goes, and how: `--otlp` and the variables `OTEL_EXPORTER_OTLP_…`, for all signals and for one. Headers may
//! hold secrets: they print as `[REDACTED]`, and no message repeats a value.

use crate::error::CommandError;
use crate::observe::Signal;
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use std::path::Path;
use std::time::Duration;

/// The port that gRPC has; any other is taken for HTTP, unless the protocol is named.
const GRPC_PORT: &str = ":4317";
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Grpc,
    Http,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
}

/// Where one signal goes.
#[derive(Clone, Debug)]
pub struct Target {
    pub signal: Signal,
    pub protocol: Protocol,
    /// The whole address that requests are sent to.
    pub url: String,
    pub headers: Vec<(String, SecretString)>,
    pub compression: Compression,
    /// The longest that one request may take.
    pub timeout: Duration,
    /// Certificates in PEM, trusted besides the system's.
    pub ca: Option<Vec<u8>>,
    /// The client's certificate and key in PEM.
    pub identity: Option<SecretString>,
}

/// Where each signal goes, and what is added to the resource.
#[derive(Clone, Debug)]
pub struct Access {
    pub targets: [Target; 3],
    pub resource: Vec<(String, String)>,
}

impl Access {
    /// From the flag's address, where it has one, and the variables that `var` reads.
    ///
    /// # Errors
    /// A variable has a value that cannot be used, or a file cannot be read; the message names it.
    pub fn new(url: Option<&str>, var: &dyn Fn(&str) -> Option<String>) -> Result<Access, CommandError> {
        let [traces, metrics, logs] = Signal::ALL.map(|signal| target(signal, url, var));
        let mut resource = match var("OTEL_RESOURCE_ATTRIBUTES") {
            Some(text) => pairs(&text).map_err(|what| wrong("OTEL_RESOURCE_ATTRIBUTES", what))?,
            None => Vec::new(),
        };
        resource.extend(var("OTEL_SERVICE_NAME").map(|name| ("service.name".to_owned(), name)));
        Ok(Access { targets: [traces?, metrics?, logs?], resource })
    }
}

fn target(signal: Signal, flag: Option<&str>, var: &dyn Fn(&str) -> Option<String>) -> Result<Target, CommandError> {
    // A signal's own variable goes before that of all; an empty one counts as not set.
    let own = |name: &str| format!("OTEL_EXPORTER_OTLP_{}_{name}", signal.name().to_uppercase());
    let set = |name: String| var(&name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).map(|v| (name, v));
    let of = |name: &str| set(own(name)).or_else(|| set(format!("OTEL_EXPORTER_OTLP_{name}")));

    let whole = if flag.is_some() { None } else { set(own("ENDPOINT")) };
    let is_whole = whole.is_some();
    let base = flag.map(|url| ("--otlp".to_owned(), url.to_owned()));
    let (from, address) = match whole.or(base).or_else(|| set("OTEL_EXPORTER_OTLP_ENDPOINT".into())) {
        Some((from, address)) => (from, address),
        None => (String::new(), String::new()),
    };
    let protocol = match of("PROTOCOL") {
        None if address.trim_end_matches('/').ends_with(GRPC_PORT) => Protocol::Grpc,
        None => Protocol::Http,
        Some((_, text)) if text == "grpc" => Protocol::Grpc,
        Some((_, text)) if text == "http/protobuf" => Protocol::Http,
        Some((name, _)) => return Err(wrong(&name, "must be grpc or http/protobuf".into())),
    };
    let insecure = of("INSECURE").is_some_and(|(_, text)| text.eq_ignore_ascii_case("true"));
    let url = match address.as_str() {
        "" => format!("http://localhost:{}", if protocol == Protocol::Grpc { 4317 } else { 4318 }),
        text if text.contains("://") => text.to_owned(),
        // gRPC allows an address without a scheme.
        text => format!("{}://{text}", if insecure { "http" } else { "https" }),
    };
    let url = path(&url, signal, protocol, is_whole).map_err(|what| wrong(&from, what))?;
    let mut headers = Vec::new();
    if let Some((name, text)) = of("HEADERS") {
        let all = pairs(&text).map_err(|what| wrong(&name, what))?;
        headers = all.into_iter().map(|(key, value)| (key.to_lowercase(), value.into())).collect();
    }
    let compression = match of("COMPRESSION") {
        None => Compression::None,
        Some((_, text)) if text == "none" => Compression::None,
        Some((_, text)) if text == "gzip" => Compression::Gzip,
        Some((name, _)) => return Err(wrong(&name, "must be gzip or none".into())),
    };
    let timeout = match of("TIMEOUT") {
        None => TIMEOUT,
        Some((name, text)) => {
            let ms = text.parse().ok().filter(|ms| (1..=3_600_000).contains(ms));
            Duration::from_millis(ms.ok_or_else(|| wrong(&name, "must be milliseconds, such as 10000".into()))?)
        }
    };
    let file = |name: &str| of(name).map(|(_, path)| read(&path)).transpose();
    let identity = match (file("CLIENT_CERTIFICATE")?, file("CLIENT_KEY")?) {
        (Some(certificate), Some(key)) => Some([certificate, key].join("\n").into()),
        (None, None) => None,
        _ => {
            let what = "a client's certificate and its key belong together: set both";
            return Err(wrong("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY", what.into()));
        }
    };
    let ca = file("CERTIFICATE")?.map(String::into_bytes);
    Ok(Target { signal, protocol, url, headers, compression, timeout, ca, identity })
}

/// The address that requests of the signal go to.
fn path(text: &str, signal: Signal, protocol: Protocol, is_whole: bool) -> Result<String, String> {
    let example = "such as https://collector.example.com:4318";
    let mut url = reqwest::Url::parse(text).map_err(|_| format!("must be an address, {example}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(format!("must begin with https:// or http:// and name a host, {example}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold credentials: give them in OTEL_EXPORTER_OTLP_HEADERS".into());
    }
    match protocol {
        Protocol::Grpc => {
            let (room, service) = match signal {
                Signal::Traces => ("trace", "TraceService"),
                Signal::Metrics => ("metrics", "MetricsService"),
                _ => ("logs", "LogsService"),
            };
            url.set_query(None);
            url.set_path(&format!("/opentelemetry.proto.collector.{room}.v1.{service}/Export"));
        }
        Protocol::Http if is_whole => {}
        Protocol::Http => url.set_path(&format!("{}/v1/{}", url.path().trim_end_matches('/'), signal.name())),
    }
    Ok(url.into())
}

/// `key=value,key2=value2`, with values percent-encoded.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let filled = text.split(',').map(str::trim).enumerate().filter(|(_, part)| !part.is_empty());
    filled
        .map(|(n, part)| {
            let (key, value) = part.split_once('=').ok_or_else(|| format!("part {} has no =", n + 1))?;
            let value = percent_decode_str(value.trim()).decode_utf8();
            let value = value.map_err(|_| format!("the value of part {} is not UTF-8", n + 1))?;
            Ok((key.trim().to_owned(), value.into_owned()))
        })
        .collect()
}

fn read(file: &str) -> Result<String, CommandError> {
    std::fs::read_to_string(Path::new(file)).map_err(|e| CommandError::usage(e.to_string()).context(file.to_owned()))
}

fn wrong(name: &str, what: String) -> CommandError {
    CommandError::usage(what).context(name.to_owned())
}
