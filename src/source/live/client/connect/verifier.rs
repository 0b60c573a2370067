//! Which certificates of a server are accepted: as Go does, those that an authority of the kubeconfig signed, and those that the
//! kubeconfig names themselves. Must not accept anything by its name alone.

use kube::Config;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// Those of the given certificates that can be an authority. Go leaves out what it cannot read, as long as one is left.
pub fn authorities(given: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let readable = |der: &&Vec<u8>| RootCertStore::empty().add(CertificateDer::from(der.as_slice())).is_ok();
    given.iter().filter(readable).cloned().collect()
}

/// A verifier for the certificates of the kubeconfig; None where it names none, or wants none to be verified.
///
/// # Errors
/// None of them can be used.
pub fn verifier(config: &Config) -> Result<Option<Arc<dyn ServerCertVerifier>>, rustls::client::VerifierBuilderError> {
    let Some(given) = config.root_cert.as_ref().filter(|_| !config.accept_invalid_certs) else { return Ok(None) };
    let given: Vec<CertificateDer<'static>> = given.iter().cloned().map(CertificateDer::from).collect();
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(given.iter().cloned());
    let signed = WebPkiServerVerifier::builder(Arc::new(store)).build()?;
    Ok(Some(Arc::new(GivenOrSigned { signed, given })))
}

#[derive(Debug)]
struct GivenOrSigned {
    signed: Arc<WebPkiServerVerifier>,
    given: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for GivenOrSigned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.signed.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            // Its time and its purpose are looked at before its issuer.
            Err(Error::InvalidCertificate(e)) if is_about_the_issuer(&e) && self.given.contains(end_entity) => {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}

/// Nothing is wrong with the certificate but who signed it, or that it may sign others too.
fn is_about_the_issuer(error: &CertificateError) -> bool {
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => true,
        CertificateError::Other(other) => other.to_string().contains("CaUsedAsEndEntity"),
        _ => false,
    }
}
