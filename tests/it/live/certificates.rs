//! Which certificates of a server are accepted: those that Go accepts; of the others it is said what is wrong.

use crate::it::support::fake_api::FakeApi;
use crate::it::support::tls::{Tls, self_signed, tls, tls_with};
use base64::{Engine, prelude::BASE64_STANDARD};
use edot_tui::source::live::connect::{Access, Environment};
use edot_tui::source::live::{cluster, list_hpas};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, date_time_ymd};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const V1: &str = include_str!("certificates/v1.b64");

/// The HPAs of a server with this TLS, by a kubeconfig with these authorities and fields; otherwise the error and its hint.
async fn asked(tls: Tls, authority: &str, more: &str) -> Result<(), String> {
    let api = FakeApi::over(Some(tls), |_| None).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let text = format!(
        "current-context: c\nclusters: [{{name: c, cluster: {{server: 'https://{}', certificate-authority-data: {authority}{more}}}}}]\n\
         users: [{{name: c, user: {{token: t}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: c}}}}]\n",
        api.address
    );
    std::fs::write(&path, text).unwrap();
    let access = Access { kubeconfig: Some(path), ..Access::new(Environment::default()) };
    let cluster = cluster::open(access).await.map_err(|e| e.to_string())?;
    match list_hpas(&cluster, "observability-lab").await {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{}; {}", error.reason, error.hint.unwrap_or_default())),
    }
}

/// Several certificates, one after another.
fn bundle(all: &[&str]) -> String {
    let texts = all.iter().map(|data| BASE64_STANDARD.decode(data.trim()).unwrap());
    BASE64_STANDARD.encode(texts.collect::<Vec<_>>().join(&b'\n'))
}

/// A certificate that is none.
fn damaged() -> String {
    BASE64_STANDARD.encode("-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n")
}

fn ca(p: &mut CertificateParams) {
    p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

fn expired(p: &mut CertificateParams) {
    (p.not_before, p.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1));
}

fn early(p: &mut CertificateParams) {
    p.not_before = date_time_ymd(3000, 1, 1);
}

fn for_clients(p: &mut CertificateParams) {
    p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
}

const HERE: [&str; 1] = ["127.0.0.1"];

#[tokio::test]
async fn what_go_accepts_is_accepted() {
    let elsewhere = || tls_with(&["elsewhere.example"], |_| {});
    let name = ", tls-server-name: elsewhere.example";
    let (signed, both) = (tls(), tls());
    for (case, tls, authority, more) in [
        ("signed by the authority", signed.clone(), signed.authority.clone(), ""),
        ("given itself", signed.clone(), signed.own.clone(), ""),
        ("given itself among others", signed.clone(), bundle(&[&both.authority, &signed.own]), ""),
        ("signed by the second of two", signed.clone(), bundle(&[&both.authority, &signed.authority]), ""),
        ("beside one that cannot be read", signed.clone(), bundle(&[&damaged(), V1, &signed.authority]), ""),
    ] {
        assert_eq!(asked(tls, &authority, more).await, Ok(()), "{case}");
    }
    for (case, tls) in
        [("signed by itself", self_signed(&HERE, |_| {})), ("an authority itself", self_signed(&HERE, ca))]
    {
        let own = tls.own.clone();
        assert_eq!(asked(tls, &own, "").await, Ok(()), "{case}");
    }
    let (tls, own) = {
        let tls = elsewhere();
        (tls.clone(), tls.own)
    };
    assert_eq!(asked(tls, &own, name).await, Ok(()), "given itself, under its own name");
    let (tls, authority) = {
        let tls = elsewhere();
        (tls.clone(), tls.authority)
    };
    assert_eq!(asked(tls, &authority, name).await, Ok(()), "under its own name");
}

#[tokio::test]
async fn what_go_refuses_is_refused_with_the_reason() {
    let other = tls();
    for (case, tls, own, words) in [
        ("another's", tls(), false, &["not signed by a CA that is trusted", "check certificate-authority"][..]),
        (
            "for another name",
            tls_with(&["elsewhere.example", "10.9.8.7"], |_| {}),
            true,
            &["not valid for this name, but for elsewhere.example, 10.9.8.7;", "tls-server-name"],
        ),
        ("without a name", tls_with(&[], |_| {}), true, &["it names no host (subjectAltName)"]),
        ("expired", tls_with(&HERE, expired), true, &["has expired"]),
        ("not valid yet", tls_with(&HERE, early), true, &["not valid yet"]),
        ("for clients", tls_with(&HERE, for_clients), true, &["not meant for a server"]),
        (
            "an authority, for another name",
            self_signed(&["elsewhere.example"], ca),
            true,
            &["not valid for this name, but for elsewhere.example"],
        ),
    ] {
        let given = if own {
            vec![tls.own.clone(), tls.authority.clone()]
        } else {
            vec![other.authority.clone(), other.own.clone()]
        };
        for authority in given {
            let error = asked(tls.clone(), &authority, "").await.unwrap_err();
            for word in words {
                assert!(error.contains(word), "{case}: {error:?} does not say {word:?}");
            }
            assert!(!error.contains("DnsName") && !error.contains("(\""), "{case}: {error}");
        }
    }
    let error = asked(tls(), &damaged(), "").await.unwrap_err();
    assert!(error.contains("certificate-authority") && error.contains("no certificate that can be read"), "{error}");
}

/// A proxy that tunnels to where it is asked to; the heads of the requests.
async fn proxy() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = heads.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let kept = kept.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    stream.read_line(&mut head).await.unwrap();
                }
                let to = head.split(' ').nth(1).unwrap().to_owned();
                kept.lock().unwrap().push(head);
                let mut far = TcpStream::connect(to).await.unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                // Until either side ends.
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut far).await;
            });
        }
    });
    (port, heads)
}

#[tokio::test]
async fn through_a_proxy_the_certificate_is_the_servers_and_the_password_the_proxys() {
    let (port, heads) = proxy().await;
    let tls = tls();
    let (authority, own) = (tls.authority.clone(), tls.own.clone());
    for given in [authority, own] {
        let more = format!(", proxy-url: 'http://me:p%40w@127.0.0.1:{port}'");
        assert_eq!(asked(tls.clone(), &given, &more).await, Ok(()));
    }
    let basic = format!("proxy-authorization: basic {}", BASE64_STANDARD.encode("me:p@w")).to_lowercase();
    let heads = heads.lock().unwrap();
    assert!(
        !heads.is_empty()
            && heads.iter().all(|head| head.starts_with("CONNECT ") && head.to_lowercase().contains(&basic))
    );
    assert!(heads.iter().all(|head| !head.to_lowercase().contains("bearer")), "the token is for the server");
}
