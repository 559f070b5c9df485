//! A cluster's CA, by its keys: names and addresses in a kubeconfig can be edited, a CA's key can't.

use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;

use crate::core::credential::certificate::{certificate_blocks, key_fingerprint, x509};

/// The key fingerprints of all certificates of a bundle, a CA's say.
pub fn key_fingerprints(bundle: &[u8]) -> Vec<String> {
    let ders = certificate_blocks(bundle).unwrap_or_default();
    ders.iter().filter_map(|der| x509(der)).map(|certificate| key_fingerprint(&certificate)).collect()
}

/// Whether one of a CA bundle's keys signed the first certificate of another bundle. `None` if that is unknown: a
/// certificate can't be read, or the signature's algorithm isn't known here.
pub fn is_signed_by(bundle: &[u8], authority: &[u8]) -> Option<bool> {
    let leaf = certificate_blocks(bundle).ok()?.into_iter().next()?;
    let leaf = x509(&leaf)?;
    let ders = certificate_blocks(authority).ok()?;
    let issuers: Vec<X509Certificate<'_>> = ders.iter().filter_map(|der| x509(der)).collect();
    // One that can't be read may be the one.
    let mut unknown = issuers.is_empty() || issuers.len() < ders.len();
    for issuer in &issuers {
        match leaf.verify_signature(Some(issuer.public_key())) {
            Ok(()) => return Some(true),
            Err(X509Error::SignatureUnsupportedAlgorithm) => unknown = true,
            Err(_) => {}
        }
    }
    (!unknown).then_some(false)
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

    use super::*;

    fn authority() -> (String, Issuer<'static, KeyPair>) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        (pem, Issuer::new(params, key))
    }

    #[test]
    fn only_the_key_that_signed_a_certificate_signed_it() {
        let ((own, issuer), (other, _)) = (authority(), authority());
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::default().signed_by(&key, &issuer).unwrap().pem();
        assert_eq!(is_signed_by(leaf.as_bytes(), own.as_bytes()), Some(true));
        assert_eq!(is_signed_by(leaf.as_bytes(), other.as_bytes()), Some(false));
        assert_eq!(is_signed_by(leaf.as_bytes(), (other.clone() + &own).as_bytes()), Some(true));
        assert_eq!(is_signed_by(leaf.as_bytes(), b"nothing"), None);
        // "AAAA" is no certificate, and may have been the one.
        let unreadable = other.clone() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(is_signed_by(leaf.as_bytes(), unreadable.as_bytes()), None);
        assert_eq!(is_signed_by(b"nothing", own.as_bytes()), None);
    }

    #[test]
    fn a_bundle_has_the_keys_of_all_its_certificates() {
        let ((one, _), (other, _)) = (authority(), authority());
        let keys = key_fingerprints((one.clone() + &other).as_bytes());
        assert_eq!(keys, [key_fingerprints(one.as_bytes()), key_fingerprints(other.as_bytes())].concat());
        assert!(keys.len() == 2 && keys[0] != keys[1]);
        assert!(key_fingerprints(b"nothing").is_empty());
    }
}
