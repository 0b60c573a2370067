//! TLS for the servers of tests: a certificate authority made for each, and a server's certificate from it.

use base64::{Engine, prelude::BASE64_STANDARD};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// A server's identity, and the certificates that a kubeconfig may name, as base64 of PEM.
#[derive(Clone)]
pub struct Tls {
    pub acceptor: TlsAcceptor,
    pub authority: String,
    pub own: String,
}

/// For 127.0.0.1, signed by an authority of its own.
pub fn tls() -> Tls {
    tls_with(&["127.0.0.1"], |_| {})
}

/// For these names, with this change of the server's certificate.
pub fn tls_with(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Tls {
    let mut authority = params(&[]);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let root = authority.self_signed(&authority_key).unwrap();
    let mut own = params(names);
    change(&mut own);
    let key = KeyPair::generate().unwrap();
    let leaf = own.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    served(leaf.der(), root.der(), &key)
}

/// The same, signed by itself.
pub fn self_signed(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Tls {
    let mut own = params(names);
    change(&mut own);
    let key = KeyPair::generate().unwrap();
    let leaf = own.self_signed(&key).unwrap();
    served(leaf.der(), leaf.der(), &key)
}

fn params(names: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    // Authorities of one name would be taken for one another.
    params.distinguished_name.push(DnType::CommonName, format!("{:?}", std::time::Instant::now()));
    params
}

fn served(leaf: &CertificateDer<'static>, root: &CertificateDer<'static>, key: &KeyPair) -> Tls {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.clone()], key)
        .unwrap();
    Tls { acceptor: TlsAcceptor::from(Arc::new(config)), authority: pem(root), own: pem(leaf) }
}

/// As `certificate-authority-data` has it.
pub fn pem(der: &CertificateDer<'_>) -> String {
    let lines = BASE64_STANDARD.encode(der);
    BASE64_STANDARD.encode(format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"))
}

/// A client's certificate and its key, as `client-certificate-data` and `client-key-data` have them.
pub fn client_identity() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = params(&["me"]).self_signed(&key).unwrap();
    let lines = BASE64_STANDARD.encode(key.serialize_der());
    let key = format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n");
    (pem(certificate.der()), BASE64_STANDARD.encode(key))
}
