//! TLS as the API server does it: the handshake accepts any client certificate; each request then verifies it at the current
//! time.

use std::sync::Arc;

use jiff::Timestamp;
use tokio_rustls::rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig, SignatureScheme,
};

use super::authentication::of_certificate;
use super::faults::Impostor;
use super::user::User;
use crate::certs::{Authority, Identity, Validity};
use crate::clock;
use crate::cluster::ClusterError;

/// What the server presents: its own certificate, or that of an impostor.
pub(crate) struct Certificates {
    authority: Arc<Authority>,
    names: Vec<String>,
    own: Arc<ServerConfig>,
}

impl Certificates {
    /// # Errors
    /// If a certificate can't be made.
    pub(crate) fn new(authority: Arc<Authority>, names: Vec<String>) -> Result<Self, ClusterError> {
        let own = server_config(&authority.server(&names, Validity::ack(clock::now()))?)?;
        Ok(Self { authority, names, own })
    }

    /// # Errors
    /// If the impostor's certificate can't be made.
    pub(crate) fn config(&self, impostor: Option<Impostor>) -> Result<Arc<ServerConfig>, ClusterError> {
        let now = clock::now();
        let identity = match impostor {
            None => return Ok(self.own.clone()),
            Some(Impostor::OfAnotherAuthority) => Authority::new(now)?.server(&self.names, Validity::ack(now)),
            Some(Impostor::Expired) => self.authority.server(&self.names, Validity::ack(Timestamp::UNIX_EPOCH)),
        };
        Ok(server_config(&identity?)?)
    }
}

fn server_config(identity: &Identity) -> Result<Arc<ServerConfig>, Error> {
    let chain = vec![CertificateDer::from(identity.certificate_der().to_vec())];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key().pkcs8_der().to_vec()));
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(AnyClient(provider.signature_verification_algorithms));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Judges client certificates by one CA.
pub(crate) struct ClientVerifier(Arc<dyn ClientCertVerifier>);

impl ClientVerifier {
    /// # Errors
    /// If the CA's certificate can't be read.
    pub(crate) fn new(authority: &[u8]) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(authority.to_vec()))?;
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::new(ring::default_provider()))
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        Ok(Self(verifier))
    }

    /// The user of this chain; `None` where it isn't valid now or isn't from the CA.
    pub(crate) fn user(&self, chain: &[CertificateDer<'static>], now: Timestamp) -> Option<User> {
        let (leaf, others) = chain.split_first()?;
        let seconds = u64::try_from(now.as_second()).ok()?;
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        self.0.verify_client_cert(leaf, others, now).ok()?;
        of_certificate(leaf)
    }
}

#[derive(Debug)]
struct AnyClient(WebPkiSupportedAlgorithms);

impl ClientCertVerifier for AnyClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<tokio_rustls::rustls::client::danger::HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<tokio_rustls::rustls::client::danger::HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
