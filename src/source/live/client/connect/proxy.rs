//! Which proxy to use: the kubeconfig's own, or the environment's unless NO_PROXY excludes the server.
//!
//! kube compares the proxy and not the server with NO_PROXY, so this is decided here, by the rules that kubectl
//! (golang.org/x/net/http/httpproxy) follows: loopback never goes through the environment's proxy.

use super::{ConnectError, Environment};
use crate::observe::text::clean;
use http::Uri;
use std::net::IpAddr;

/// The proxy for `server`, if one is to be used.
///
/// # Errors
/// [`ConnectError::Proxy`].
pub fn choose(given: Option<&str>, server: &Uri, environment: &Environment) -> Result<Option<Uri>, ConnectError> {
    if let Some(url) = given {
        return parse(url).map(Some);
    }
    let from_environment = match server.scheme_str() {
        Some("http") => &environment.http_proxy,
        _ => &environment.https_proxy,
    };
    match from_environment {
        Some(url) if !excluded(server, environment.no_proxy.as_deref().unwrap_or_default()) => parse(url).map(Some),
        _ => Ok(None),
    }
}

fn parse(url: &str) -> Result<Uri, ConnectError> {
    let whole = match url.split_once("://") {
        Some(("socks5h", rest)) => format!("socks5://{rest}"),
        Some(_) => url.to_owned(),
        None => format!("http://{url}"),
    };
    // The value may hold a password before the @.
    let shown = clean(url.rsplit_once('@').map_or(url, |(_, host)| host), 200);
    let wrong = |cause: String| ConnectError::Proxy { value: shown.clone(), cause };
    let uri: Uri = whole.parse().map_err(|e: http::uri::InvalidUri| wrong(e.to_string()))?;
    match uri.scheme_str() {
        Some("http" | "https" | "socks5") => Ok(uri),
        _ => Err(wrong("only http, https and socks5 proxies are known".into())),
    }
}

/// Whether the server is reached without the environment's proxy.
fn excluded(server: &Uri, no_proxy: &str) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']).trim_end_matches('.').to_lowercase();
    let port = server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 });
    let ip: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()) {
        return true;
    }
    no_proxy.split(',').map(|entry| entry.trim().to_lowercase()).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let Some(in_network) = ip.and_then(|ip| network(&entry).map(|(net, bits)| same_network(ip, net, bits))) {
            return in_network;
        }
        let (name, wanted) = with_port(&entry);
        if wanted.is_some_and(|wanted| wanted != port) {
            return false;
        }
        match ip {
            Some(ip) => name.trim_matches(['[', ']']).parse() == Ok(ip),
            None => {
                let bare = name.trim_start_matches('*').trim_start_matches('.');
                let below = host.strip_suffix(bare).is_some_and(|before| before.ends_with('.'));
                below || (host == bare && !name.starts_with(['*', '.']))
            }
        }
    })
}

fn with_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn network(entry: &str) -> Option<(IpAddr, u32)> {
    let (net, bits) = entry.split_once('/')?;
    Some((net.parse().ok()?, bits.parse().ok()?))
}

fn same_network(ip: IpAddr, net: IpAddr, bits: u32) -> bool {
    match (ip, net) {
        (IpAddr::V4(a), IpAddr::V4(b)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            a.to_bits() & mask == b.to_bits() & mask
        }
        (IpAddr::V6(a), IpAddr::V6(b)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            a.to_bits() & mask == b.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_excluded(server: &str, no_proxy: &str) -> bool {
        excluded(&server.parse().unwrap(), no_proxy)
    }

    #[test]
    fn no_proxy_is_compared_with_the_server_as_go_does() {
        for (server, list) in [
            ("https://127.0.0.1:6443", ""),
            ("https://localhost:6443", ""),
            ("https://[::1]:6443", ""),
            ("https://k8s.corp.example", "corp.example"),
            ("https://k8s.corp.example", ".corp.example"),
            ("https://k8s.corp.example", "*.corp.example"),
            ("https://corp.example", "corp.example"),
            ("https://corp.example:6443", "a, CORP.example:6443"),
            ("https://10.1.2.3", "10.0.0.0/8"),
            ("https://10.1.2.3", "10.1.2.3"),
            ("https://[fd00::1]", "fd00::/16"),
            ("https://anything", "*"),
        ] {
            assert!(is_excluded(server, list), "{server} by {list:?}");
        }
        for (server, list) in [
            ("https://k8s.corp.example", ""),
            ("https://k8scorp.example", "corp.example"),
            ("https://corp.example", ".corp.example"),
            ("https://corp.example:6443", "corp.example:443"),
            ("https://11.1.2.3", "10.0.0.0/8"),
            ("https://10.1.2.3", "10.1.2"),
        ] {
            assert!(!is_excluded(server, list), "{server} by {list:?}");
        }
    }

    #[test]
    fn the_kubeconfigs_own_proxy_overrides_the_environments() {
        let environment = Environment {
            https_proxy: Some("env:3128".into()),
            no_proxy: Some("k8s.example".into()),
            ..Environment::default()
        };
        let server = |text: &str| text.parse::<Uri>().unwrap();
        let chosen = |given, at| choose(given, &server(at), &environment).unwrap().map(|u| u.to_string());
        assert_eq!(chosen(Some("socks5h://own:1080"), "https://k8s.example").as_deref(), Some("socks5://own:1080/"));
        assert_eq!(chosen(None, "https://other.example").as_deref(), Some("http://env:3128/"));
        assert_eq!(chosen(None, "https://k8s.example"), None);
        assert_eq!(chosen(None, "http://other.example"), None, "HTTPS_PROXY is not for http");
    }

    #[test]
    fn a_wrong_proxy_is_named_without_its_password() {
        let error = parse("ftp://me:secret@host:1").unwrap_err().to_string();
        assert!(error.contains("host:1") && !error.contains("secret"), "{error}");
    }
}
