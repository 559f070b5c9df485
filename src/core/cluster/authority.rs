//! A cluster's CA, by its keys: names and addresses in a kubeconfig can be edited, a CA's key can't.

use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;

use crate::core::credential::certificate::{CertificateError, certificate_blocks, key_fingerprint, x509};

/// Why the CA in a kubeconfig has no key to compare.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAuthority {
    /// The cluster entry names none.
    #[error("the file has no CA for its cluster")]
    Absent,
    /// It is named, and can't be read.
    #[error("the CA of the file can't be read: {0}")]
    Unread(String),
    /// A byte order mark stands before the first certificate, which kubectl then does not find.
    #[error("the CA of the file can't be read: a byte order mark stands before its first line")]
    ByteOrderMark,
}

/// The key fingerprints of a CA bundle.
///
/// # Errors
/// There is no certificate in it that could be read.
pub fn authority_keys(bundle: &[u8]) -> Result<Vec<String>, NoAuthority> {
    let keys = key_fingerprints(bundle);
    match certificate_blocks(bundle) {
        _ if !keys.is_empty() => Ok(keys),
        Err(_) if BYTE_ORDER_MARKS.iter().any(|mark| bundle.starts_with(mark)) => Err(NoAuthority::ByteOrderMark),
        Err(error) => Err(NoAuthority::Unread(error.to_string())),
        Ok(_) => Err(NoAuthority::Unread(CertificateError::NotX509.to_string())),
    }
}

/// Of UTF-8 and of UTF-16 in both orders.
const BYTE_ORDER_MARKS: [&[u8]; 3] = [b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF"];

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
    fn a_ca_that_has_no_key_to_compare_is_said_to_be_absent_unread_or_behind_a_mark() {
        let (pem, _) = authority();
        assert_eq!(authority_keys(pem.as_bytes()), Ok(key_fingerprints(pem.as_bytes())));
        let marked = format!("\u{feff}{pem}");
        assert_eq!(authority_keys(marked.as_bytes()), Err(NoAuthority::ByteOrderMark));
        let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(authority_keys(&utf16), Err(NoAuthority::ByteOrderMark));
        // As in Go, a mark hides the first certificate alone.
        assert_eq!(authority_keys(format!("{marked}{pem}").as_bytes()), Ok(key_fingerprints(pem.as_bytes())));
        for (text, reason) in [
            ("nothing", "no PEM block in it"),
            (&pem.replace("END", "AND"), "the CERTIFICATE block is damaged: it is cut off: its END line is missing"),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "the content of its CERTIFICATE block is no X.509 certificate",
            ),
        ] {
            assert_eq!(authority_keys(text.as_bytes()), Err(NoAuthority::Unread(reason.to_owned())));
        }
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
