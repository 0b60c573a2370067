//! The embedded lab as a server: strangers, other Host headers, oversized bodies, connections that never finish.

use crate::process::{Family, HANGS, MEMORY, edot_tui, ended_child, peak, run, terminate};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub struct Lab {
    child: Child,
    server: String,
    token: String,
    /// Its kubeconfig.
    pub config: PathBuf,
    /// Where it keeps its state; deleted with it.
    state: Arc<TempDir>,
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn between<'a>(text: &'a str, from: &str) -> &'a str {
    let rest = &text[text.find(from).unwrap() + from.len()..];
    rest.trim_start().split(['\n', ' ', '"', '\'', ',', '}']).find(|w| !w.is_empty()).unwrap()
}

pub fn serve() -> Lab {
    serve_in(Arc::new(tempfile::tempdir().unwrap()))
}

fn serve_in(state: Arc<TempDir>) -> Lab {
    let mut command = edot_tui(&["lab", "--serve"]);
    command.env("XDG_STATE_HOME", state.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let path = PathBuf::from(line.trim_end());
    let config = std::fs::read_to_string(&path).unwrap();
    let (server, token) = (between(&config, "server:").to_owned(), between(&config, "token:").to_owned());
    Lab { child, server, token, config: path, state }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().danger_accept_invalid_certs(true).timeout(Duration::from_secs(10)).build().unwrap()
}

#[tokio::test]
async fn strangers_and_large_bodies_are_refused() {
    let family = Family::new("lab server");
    let lab = serve();
    let client = client();
    let pods = format!("{}/api/v1/namespaces/observability-lab/pods", lab.server);
    let get = |token: Option<&str>| {
        let request = client.get(&pods);
        if let Some(token) = token { request.bearer_auth(token) } else { request }
    };
    let began = Instant::now();
    for (case, request, wanted) in [
        ("no token", get(None), 401),
        ("another token", get(Some("guess")), 401),
        ("an empty token", get(Some("")), 401),
        ("the token", get(Some(&lab.token)), 200),
        ("another Host without the token", client.get(&pods).header("host", "rebound.example:80"), 401),
        (
            "another Host with the token",
            client.get(&pods).header("host", "rebound.example").bearer_auth(&lab.token),
            200,
        ),
        ("a web page's origin", client.get(&pods).header("origin", "https://web.example"), 401),
        ("an endless path", client.get(format!("{pods}/{}", "a".repeat(30_000))).bearer_auth(&lab.token), 404),
        ("an oversized body", client.post(&pods).bearer_auth(&lab.token).body(vec![b'x'; 64 << 20]), 413),
        ("deep JSON", client.post(&pods).bearer_auth(&lab.token).body("[".repeat(200_000)), 400),
        ("no JSON", client.post(&pods).bearer_auth(&lab.token).body("{"), 400),
    ] {
        let code = request.send().await.map(|r| r.status().as_u16());
        // A server may close the connection before an oversized body was sent whole.
        let closed = wanted == 413 && code.is_err();
        family.expect(closed || code.as_ref().is_ok_and(|c| *c == wanted), || {
            format!("{case}: {code:?}, wanted {wanted}")
        });
    }
    family.note(peak(&lab.child), began.elapsed());
    family.expect(peak(&lab.child) < MEMORY, || format!("{} MB", peak(&lab.child) >> 20));
    family.end();
}

/// Connections that begin TLS and never finish do not keep others out.
fn slow(connections: usize) {
    let family = Family::new("slow connections to the lab");
    let lab = serve();
    let address = lab.server.trim_start_matches("https://").to_owned();
    let began = Instant::now();
    let mut held: Vec<TcpStream> = Vec::new();
    for _ in 0..connections {
        let Ok(mut stream) = TcpStream::connect(&address) else { break };
        let _ = stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00");
        held.push(stream);
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let code = runtime.block_on(async {
        client()
            .get(format!("{}/version", lab.server))
            .bearer_auth(&lab.token)
            .send()
            .await
            .map(|r| r.status().as_u16())
    });
    family.expect(matches!(code, Ok(200)), || format!("with {} slow connections: {code:?}", held.len()));
    family.expect(peak(&lab.child) < MEMORY, || format!("{} MB", peak(&lab.child) >> 20));
    family.note(peak(&lab.child), began.elapsed());
    family.end();
}

#[test]
fn a_few_slow_connections() {
    slow(100);
}

#[test]
#[ignore = "long, and needs 4,000 open files"]
fn many_slow_connections() {
    slow(2_000);
}

/// How long the lab holds what a stranger began, by whether TLS is set up.
async fn held(lab: &Lab, sent: &[u8], tls: bool) -> Duration {
    let address = lab.server.trim_start_matches("https://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let began = Instant::now();
    let mut out = vec![0; 4096];
    if tls {
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap();
        let any = Arc::new(anyone::Anyone);
        let config = config.dangerous().with_custom_certificate_verifier(any).with_no_client_auth();
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let mut stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        stream.write_all(sent).await.unwrap();
        while stream.read(&mut out).await.is_ok_and(|n| n > 0) {}
    } else {
        stream.write_all(sent).await.unwrap();
        while stream.read(&mut out).await.is_ok_and(|n| n > 0) {}
    }
    began.elapsed()
}

#[tokio::test]
async fn what_a_stranger_begins_is_not_held() {
    let whole = Family::new("half requests to the lab");
    let lab = serve();
    let half = b"GET /api/v1/pods HTTP/1.1\r\nhost: x\r\nauthoriz".as_slice();
    let refused = b"GET /api/v1/pods HTTP/1.1\r\nhost: x\r\n\r\n".as_slice();
    let cases = [
        ("nothing", b"".as_slice(), false),
        ("half a handshake", b"\x16\x03\x01\x02\x00\x01\x00".as_slice(), false),
        ("plain HTTP", refused, false),
        ("nothing after the handshake", b"".as_slice(), true),
        ("half a request", half, true),
        ("a request without a token", refused, true),
    ];
    let (lab, family) = (&lab, &whole);
    let tried = cases.map(|(case, sent, tls)| async move {
        let limit = Duration::from_secs(15);
        let took = tokio::time::timeout(limit, held(lab, sent, tls)).await.unwrap_or(limit);
        family.expect(took < Duration::from_secs(9), || format!("{case}: held for {took:?}"));
        family.note(peak(&lab.child), took);
    });
    futures::future::join_all(tried).await;
    whole.end();
}

/// A certificate that does not fit is called that, in every way in which it may not.
#[test]
fn certificates_that_do_not_fit() {
    let family = Family::new("certificates");
    let lab = serve();
    let sound = std::fs::read_to_string(&lab.config).unwrap();
    let authority = between(&sound, "certificate-authority-data:").to_owned();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert;
    let other = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(other.der()));
    let folder = tempfile::tempdir().unwrap();
    for (case, from, to, says) in [
        ("another authority", authority.as_str(), STANDARD.encode(other), "not signed by a CA that is trusted"),
        (
            "none",
            &format!("certificate-authority-data: {authority}"),
            "x: y".into(),
            "not signed by a CA that is trusted",
        ),
        (
            "half of it",
            &authority,
            authority[..authority.len() / 8 * 4].into(),
            "it holds no certificate that can be read",
        ),
        (
            "another name",
            "server:",
            "tls-server-name: elsewhere.example\n    server:".into(),
            "not valid for this name",
        ),
    ] {
        let path = folder.path().join("config");
        std::fs::write(&path, sound.replacen(from, &to, 1)).unwrap();
        let mut command = edot_tui(&["status", "--wait", "2s", "--request-timeout", "1s"]);
        command.env("KUBECONFIG", &path);
        let asked = Duration::from_secs(2);
        let ended = run(command, asked);
        family.hold(case, &ended, asked);
        family.expect(ended.stderr.contains(says), || format!("{case}: {}", ended.stderr));
    }
    family.end();
}

#[test]
fn what_a_killed_lab_leaves_goes_with_the_next() {
    let family = Family::new("labs killed");
    let began = Instant::now();
    let mut first = serve();
    let other = serve_in(first.state.clone());
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    family.expect(first.config.exists(), || "nothing was left over to begin with".into());
    let mut third = serve_in(first.state.clone());
    family.expect(!first.config.exists(), || "the kubeconfig of the killed lab is still there".into());
    family.expect(other.config.exists(), || "the kubeconfig of a lab that runs is gone".into());
    terminate(&third.child);
    let code = ended_child(&mut third.child, HANGS);
    family
        .expect(code == Some(143) && !third.config.exists(), || format!("SIGTERM: {code:?}, and its kubeconfig stays"));
    family.note(0, began.elapsed());
    family.end();
}

/// A client that trusts any certificate.
mod anyone {
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{DigitallySignedStruct, Error, SignatureScheme};

    #[derive(Debug)]
    pub struct Anyone;

    impl ServerCertVerifier for Anyone {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::ED25519, SignatureScheme::RSA_PSS_SHA256]
        }
    }
}
