//! Whether an API server's certificate is one that kubectl accepts: Go's rules where they differ from those of the TLS library.
//!
//! webpki, which rustls verifies by, takes a CA bundle's certificates for granted, even expired ones and ones of no CA, and
//! refuses a server certificate that is a CA's. Go checks the CA as well, and accepts a server certificate that stands in the
//! bundle itself.
//! Source: <https://github.com/golang/go/blob/go1.26.0/src/crypto/x509/verify.go> (`Verify`, `isValid`, `CheckSignatureFrom`)

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Version};

use super::tls::{CaFault, TlsFailure};
use crate::core::credential::certificate::x509;

/// Verifies the certificates of an API server by a CA bundle.
#[derive(Debug)]
pub(super) struct ServerVerifier {
    authority: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerVerifier {
    pub(super) fn new(authority: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Self {
        Self { authority, provider }
    }

    /// A certificate that stands in the bundle needs no issuer.
    fn verify_pinned(
        certificate: &CertificateDer<'_>,
        parsed: &X509Certificate<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let validity = parsed.validity();
        let (start, end) = (unix(validity.not_before.timestamp()), unix(validity.not_after.timestamp()));
        if now > end {
            return Err(CertificateError::ExpiredContext { time: now, not_after: end }.into());
        }
        if now < start {
            return Err(CertificateError::NotValidYetContext { time: now, not_before: start }.into());
        }
        if !serves(parsed) {
            return Err(CertificateError::InvalidPurpose.into());
        }
        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)
    }

    fn verify_chain(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<(), Error> {
        let mut roots = RootCertStore::empty();
        for authority in &self.authority {
            if x509(authority).is_some_and(|parsed| fault_of(&parsed, now).is_none()) {
                roots.add(authority.clone())?;
            }
        }
        if roots.is_empty() {
            return Err(CertificateError::UnknownIssuer.into());
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider)).build();
        let verifier = verifier.map_err(|error| Error::General(error.to_string()))?;
        verifier.verify_server_cert(certificate, intermediates, name, ocsp_response, now).map(|_| ())
    }

    /// Why the chain does not end in the bundle: the fault of the CA that issued it, or what the TLS library doesn't support.
    fn explain(&self, error: Error, chain: &[&X509Certificate<'_>], now: UnixTime) -> Error {
        let leaf = chain[0];
        let Error::InvalidCertificate(reason) = &error else { return error };
        match reason {
            CertificateError::UnknownIssuer
            | CertificateError::BadSignature
            | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {}
            CertificateError::Other(_) if leaf.is_ca() => {
                return failure(TlsFailure::Unsupported("a certificate for servers that is also a CA's".to_owned()));
            }
            CertificateError::Other(_) if leaf.version() != X509Version::V3 => {
                return failure(TlsFailure::Unsupported("a certificate of an X.509 version before 3".to_owned()));
            }
            _ => return error,
        }
        let authorities: Vec<X509Certificate<'_>> =
            self.authority.iter().filter_map(|authority| x509(authority)).collect();
        let issued = |authority: &&X509Certificate<'_>| {
            chain.iter().any(|certificate| certificate.issuer().as_raw() == authority.subject().as_raw())
        };
        let issuers: Vec<&X509Certificate<'_>> = authorities.iter().filter(issued).collect();
        if let Some(key) = issuers.iter().chain(&chain[1..]).find_map(|issuer| unsupported_key(issuer.public_key())) {
            return failure(TlsFailure::Unsupported(format!("a CA whose key is {key}")));
        }
        let fault = issuers.iter().find_map(|issuer| fault_of(issuer, now));
        fault.map_or(error, |fault| failure(TlsFailure::Authority(fault)))
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let leaf = x509(end_entity).ok_or(CertificateError::BadEncoding)?;
        if self.authority.iter().any(|authority| authority == end_entity) {
            Self::verify_pinned(end_entity, &leaf, server_name, now)?;
        } else {
            self.verify_chain(end_entity, intermediates, server_name, ocsp_response, now).map_err(|error| {
                let sent: Vec<X509Certificate<'_>> = intermediates.iter().filter_map(|sent| x509(sent)).collect();
                let chain: Vec<&X509Certificate<'_>> = std::iter::once(&leaf).chain(&sent).collect();
                self.explain(error, &chain, now)
            })?;
        }
        match unsupported_key(leaf.public_key()) {
            Some(key) => Err(failure(TlsFailure::Unsupported(format!("a server certificate whose key is {key}")))),
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn failure(failure: TlsFailure) -> Error {
    CertificateError::Other(OtherError(Arc::new(failure))).into()
}

fn unix(seconds: i64) -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

/// Why a certificate of the bundle is no CA that Go would follow a chain to.
fn fault_of(authority: &X509Certificate<'_>, now: UnixTime) -> Option<CaFault> {
    let validity = authority.validity();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let timestamp = |seconds: i64| Timestamp::from_second(seconds).ok();
    if now > validity.not_after.timestamp() {
        return Some(CaFault::Expired(timestamp(validity.not_after.timestamp())));
    }
    if now < validity.not_before.timestamp() {
        return Some(CaFault::NotYetValid(timestamp(validity.not_before.timestamp())));
    }
    let constraints = authority.basic_constraints().ok().flatten().map(|extension| extension.value.ca);
    // Certificates before version 3 can't say that they are a CA's.
    if constraints == Some(false) || constraints.is_none() && authority.version() == X509Version::V3 {
        return Some(CaFault::NotACa);
    }
    let may_sign = authority.key_usage().ok().flatten().is_none_or(|usage| usage.value.key_cert_sign());
    if !may_sign || !serves(authority) {
        return Some(CaFault::OtherPurpose);
    }
    let is_unknown =
        |extension: &ParsedExtension<'_>| matches!(extension, ParsedExtension::UnsupportedExtension { .. });
    let mut extensions = authority.extensions().iter();
    let unknown = extensions.any(|extension| extension.critical && is_unknown(extension.parsed_extension()));
    unknown.then_some(CaFault::UnknownExtension)
}

/// Whether the extended key usage, where there is one, allows servers.
fn serves(certificate: &X509Certificate<'_>) -> bool {
    let usage = certificate.extended_key_usage().ok().flatten();
    usage.is_none_or(|usage| usage.value.any || usage.value.server_auth)
}

/// What the TLS library can't check signatures of, although Go can.
fn unsupported_key(key: &SubjectPublicKeyInfo<'_>) -> Option<Key> {
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => {
            (!(2048..=8192).contains(&rsa.key_size())).then_some(Key::Rsa { bits: rsa.key_size() })
        }
        Ok(PublicKey::EC(_)) => {
            let curve = key.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
            match curve.map(|curve| curve.to_id_string()).as_deref() {
                Some("1.2.840.10045.3.1.7" | "1.3.132.0.34") => None,
                Some("1.3.132.0.35") => Some(Key::P521),
                _ => Some(Key::Other),
            }
        }
        _ if key.algorithm.algorithm.to_id_string() == "1.3.101.112" => None,
        _ => Some(Key::Other),
    }
}

/// A kind of key that the TLS library doesn't know.
enum Key {
    Rsa { bits: usize },
    P521,
    Other,
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(formatter, "RSA with {bits} bits"),
            Self::P521 => formatter.write_str("ECDSA on the curve P-521"),
            Self::Other => formatter.write_str("of another kind than RSA, ECDSA on P-256 or P-384, and Ed25519"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustls::crypto::ring::default_provider;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    /// A certificate of `tests/fixtures/server-certificates`, made with openssl: the kinds that no Rust library makes.
    macro_rules! certificate {
        ($name:literal) => {
            CertificateDer::from_pem_slice(include_bytes!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/fixtures/server-certificates/",
                $name,
                ".pem"
            )))
            .unwrap()
        };
    }

    fn failure_of(authority: CertificateDer<'static>, server: &CertificateDer<'_>) -> TlsFailure {
        let verifier = ServerVerifier::new(vec![authority], Arc::new(default_provider()));
        let name = ServerName::try_from("127.0.0.1").unwrap();
        // 2030-01-01; every one of them is valid for a hundred years.
        let now = unix(1_893_456_000);
        TlsFailure::of(&verifier.verify_server_cert(server, &[], &name, &[], now).unwrap_err())
    }

    /// kubectl 1.36 accepts all of these.
    #[test]
    fn what_only_kubectl_supports_is_named() {
        for (authority, server, expected) in [
            (certificate!("ca"), certificate!("p521"), "a server certificate whose key is ECDSA on the curve P-521"),
            (certificate!("p521"), certificate!("p521"), "a server certificate whose key is ECDSA on the curve P-521"),
            (certificate!("ca"), certificate!("rsa1024"), "a server certificate whose key is RSA with 1024 bits"),
            (certificate!("rsa1024-ca"), certificate!("by-rsa1024-ca"), "a CA whose key is RSA with 1024 bits"),
        ] {
            assert_eq!(failure_of(authority, &server), TlsFailure::Unsupported(expected.to_owned()));
        }
        assert_eq!(failure_of(certificate!("ca"), &certificate!("by-rsa1024-ca")), TlsFailure::UnknownAuthority);
    }
}
