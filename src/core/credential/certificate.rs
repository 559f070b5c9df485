//! Client certificates: the facts that a PEM bundle states about itself, and whether kubectl and API servers take it. No
//! signature is checked.

use std::fmt;

use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::pem;
pub use super::pem::Damage;
use super::public_key::PublicKey;
use super::x509::X509;
pub use super::x509::{Defect, RefusedBy};
use crate::core::hex;

/// An API server reads no more bytes of certificates from a client.
/// Source: <https://github.com/golang/go/blob/master/src/crypto/tls/common.go> (`maxHandshakeCertificateMsg`)
const LONGEST_CHAIN: usize = 256 << 10;

/// What a client certificate, the first one of its bundle, says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Who it is issued to.
    pub subject: Subject,
    /// The serial number in lower-case hexadecimal digits, two a byte, with a minus sign where the issuer wrote a
    /// negative one: OpenSSL's digits in lower case.
    pub serial: String,
    /// The SHA-256 fingerprint of the certificate in lower-case hexadecimal digits.
    pub sha256: String,
    /// The first second of its validity.
    pub not_before: Timestamp,
    /// The last second of its validity. `None` where it has no well-defined end: the issuer wrote `99991231235959Z`
    /// (RFC 5280, 4.1.2.5) or a time that no calendar here reaches.
    pub not_after: Option<Timestamp>,
    /// The earliest last second of the CA certificates that follow in the bundle.
    pub ca_not_after: Option<Timestamp>,
    /// Whether the bundle is in the wrong order: it begins with a CA certificate, and one of no CA follows.
    pub ca_comes_first: bool,
    /// Its public key.
    pub public_key: PublicKey,
    /// SHA-256 fingerprint of its public key with the algorithm (`SubjectPublicKeyInfo`), in lower-case hexadecimal digits.
    pub key_sha256: String,
    /// Why kubectl or API servers refuse it, whatever its dates.
    pub refusal: Option<CertificateRefusal>,
    /// The certificates of the bundle (DER), this one first.
    pub chain: Vec<Vec<u8>>,
}

/// Why kubectl or API servers refuse a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateRefusal {
    /// Its first certificate, which is the client's.
    Leaf(Defect),
    /// One behind the first.
    Behind {
        /// Which one; the first one behind the leaf is 2.
        position: usize,
        /// Why.
        defect: Defect,
    },
    /// The bundle is too long to be sent.
    TooLong,
}

impl CertificateRefusal {
    /// Who refuses it first.
    pub fn by(self) -> RefusedBy {
        match self {
            Self::Leaf(defect) => defect.refused_by(),
            Self::Behind { .. } | Self::TooLong => RefusedBy::ApiServers,
        }
    }
}

impl fmt::Display for CertificateRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf(Defect::NoCommonName) => Defect::NoCommonName.fmt(formatter),
            Self::Leaf(defect) => write!(formatter, "{defect}; {}", self.by()),
            Self::Behind { position, defect } => {
                write!(formatter, "certificate {position} of the bundle: {defect}; {}", self.by())
            }
            Self::TooLong => write!(formatter, "its certificates together are longer than 256 KiB; {}", self.by()),
        }
    }
}

/// The parts of a certificate's subject that Kubernetes reads: the common name is the user, organizations are groups.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The common name; the last one where there are several.
    pub common_name: Option<String>,
    /// The organizations, in order.
    pub organizations: Vec<String>,
}

/// Why a bundle holds no client certificate that could be read. Nothing of its content is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// There is no PEM block at all.
    #[error("no PEM block in it")]
    NoPem,
    /// The only PEM block is a private key.
    #[error("a private key where a certificate is expected")]
    PrivateKey,
    /// There are PEM blocks, but no certificate.
    #[error("no CERTIFICATE block in it")]
    NoCertificate,
    /// The PEM block of the certificate is damaged.
    #[error("the CERTIFICATE block is damaged: {0}")]
    Damaged(Damage),
    /// The block's content is no X.509 certificate.
    #[error("the content of its CERTIFICATE block is no X.509 certificate")]
    NotX509,
}

impl Certificate {
    /// Reads the first certificate of a PEM bundle, and looks at those that follow.
    pub fn from_pem(bundle: &[u8]) -> Result<Self, CertificateError> {
        let chain = certificate_blocks(bundle)?;
        let (leaf, behind) = chain.split_first().ok_or(CertificateError::NoCertificate)?;
        let certificate = X509::read(leaf).ok_or(CertificateError::NotX509)?;
        let behind: Vec<_> = behind.iter().map(|der| X509::read(der)).collect();
        let ca_not_after =
            behind.iter().flatten().filter(|other| other.is_authority).filter_map(|ca| ca.not_after).min();
        let ca_comes_first = certificate.is_authority && behind.iter().flatten().any(|other| !other.is_authority);
        let refusal = certificate.refusal_as_client().map(CertificateRefusal::Leaf);
        let length = chain.iter().map(|der| der.len() + 5).sum::<usize>();
        Ok(Self {
            serial: serial_digits(certificate.serial),
            sha256: hex::sha256(leaf),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            ca_not_after,
            ca_comes_first,
            key_sha256: hex::sha256(certificate.key_info),
            refusal: refusal
                .or_else(|| refusal_behind(&behind))
                .or((length > LONGEST_CHAIN).then_some(CertificateRefusal::TooLong)),
            subject: certificate.subject,
            public_key: certificate.public_key,
            chain,
        })
    }
}

fn refusal_behind(certificates: &[Option<X509<'_>>]) -> Option<CertificateRefusal> {
    let defect = |certificate: &Option<X509<'_>>| match certificate {
        Some(certificate) => certificate.refusal_behind_client(),
        None => Some(Defect::NotX509),
    };
    let first = certificates.iter().enumerate().find_map(|(index, certificate)| Some((index, defect(certificate)?)));
    first.map(|(index, defect)| CertificateRefusal::Behind { position: index + 2, defect })
}

/// The certificates of a PEM bundle in DER, in its order; what else is in it is left out.
///
/// # Errors
/// Where there is none, and what there is instead.
pub(crate) fn certificate_blocks(bundle: &[u8]) -> Result<Vec<Vec<u8>>, CertificateError> {
    let is_certificate = |label: &[u8]| label == b"CERTIFICATE";
    let (wanted, others): (Vec<_>, Vec<_>) = pem::blocks(bundle).partition(|block| is_certificate(block.label));
    if !wanted.is_empty() {
        return Ok(wanted.into_iter().map(|block| block.content).collect());
    }
    Err(match (pem::damage(bundle, is_certificate), pem::damage(bundle, |_| true)) {
        (Some(damage), _) => CertificateError::Damaged(damage),
        (None, None) if others.is_empty() => CertificateError::NoPem,
        (None, _) if !others.is_empty() && others.iter().all(|block| block.label.ends_with(b"PRIVATE KEY")) => {
            CertificateError::PrivateKey
        }
        (None, _) => CertificateError::NoCertificate,
    })
}

/// A certificate in DER, read; `None` where it is none, or where bytes follow it.
pub(crate) fn x509(der: &[u8]) -> Option<X509Certificate<'_>> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Some(certificate),
        _ => None,
    }
}

/// The SHA-256 hash of the public key, as the certificate holds it, in hexadecimal digits.
pub(crate) fn key_fingerprint(certificate: &X509Certificate<'_>) -> String {
    hex::sha256(certificate.public_key().raw)
}

/// The digits of a DER integer as OpenSSL prints them: its magnitude, without the sign's byte.
fn serial_digits(integer: &[u8]) -> String {
    let negative = integer.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut magnitude = integer.to_vec();
    if negative {
        negate(&mut magnitude);
    }
    let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
    let digits = hex::encode(&magnitude[zeros.min(magnitude.len().saturating_sub(1))..]);
    if negative { format!("-{digits}") } else { digits }
}

/// Two's complement, in place.
fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::{CertificateFixture, RSA_PKCS1, at, key, rsa_key};
    use proptest::prelude::*;
    use rcgen::{DnType, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

    fn read(pem: &str) -> Certificate {
        Certificate::from_pem(pem.as_bytes()).unwrap()
    }

    #[test]
    fn an_ack_style_certificate_is_read_whole() {
        let certificate = read(&CertificateFixture::ack("20407123-1673419473").pem(&rsa_key()));
        assert_eq!(certificate.subject.common_name.as_deref(), Some("20407123-1673419473"));
        assert_eq!(certificate.subject.organizations, ["system:users"]);
        assert_eq!(certificate.serial, "04d2");
        assert_eq!(certificate.sha256.len(), 64);
        assert_eq!(certificate.not_before, at("2023-01-11T06:44:34Z"));
        assert_eq!(certificate.not_after, Some(at("2026-01-10T06:44:34Z")));
        assert_eq!(certificate.ca_not_after, None);
        assert!(matches!(certificate.public_key, PublicKey::Rsa { .. }));
    }

    #[test]
    fn every_kind_of_key_is_reported() {
        let of = |algorithm| read(&CertificateFixture::ack("1").pem(&key(algorithm))).public_key;
        assert!(matches!(of(&PKCS_ECDSA_P256_SHA256), PublicKey::Ec { .. }));
        assert!(matches!(of(&PKCS_ECDSA_P384_SHA384), PublicKey::Ec { .. }));
        assert!(matches!(of(&PKCS_ED25519), PublicKey::Ed25519(_)));
    }

    #[test]
    fn dates_far_away_are_exact_to_the_second() {
        for (not_before, not_after) in [
            ("1950-01-01T00:00:00Z", "1969-12-31T23:59:59Z"),
            ("1999-12-31T23:59:59Z", "2049-12-31T23:59:59Z"),
            ("2050-01-01T00:00:00Z", "2122-08-09T10:11:12Z"),
            ("2000-02-29T12:00:00Z", "9999-12-30T00:00:00Z"),
        ] {
            let certificate = read(&CertificateFixture::ack("1").valid(not_before, not_after).pem(&rsa_key()));
            assert_eq!(certificate.not_before, at(not_before));
            assert_eq!(certificate.not_after, Some(at(not_after)));
        }
    }

    #[test]
    fn a_certificate_without_a_well_defined_end_never_ends() {
        let mut pem =
            CertificateFixture::ack("1").valid("2023-01-01T00:00:00Z", "9999-12-30T00:00:00Z").pem(&rsa_key());
        let mut der = certificate_blocks(pem.as_bytes()).unwrap().remove(0);
        let date = b"99991230000000Z";
        let position = der.windows(date.len()).position(|window| window == date).unwrap();
        der[position..position + date.len()].copy_from_slice(b"99991231235959Z");
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        assert_eq!(read(&pem).not_after, None);
    }

    #[test]
    fn the_leaf_decides_and_the_earliest_ca_behind_it_is_named() {
        let authority =
            |not_after: &str| CertificateFixture::ca("ca").valid("2020-01-01T00:00:00Z", not_after).pem(&rsa_key());
        let leaf = CertificateFixture::ack("7-1").pem(&rsa_key());
        let other_leaf =
            CertificateFixture::ack("8-1").valid("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z").pem(&rsa_key());
        let (root, issuer) = (authority("2030-01-01T00:00:00Z"), authority("2024-01-01T00:00:00Z"));
        let certificate = read(&format!("{leaf}{root}{other_leaf}{issuer}"));
        assert_eq!(certificate.subject.common_name.as_deref(), Some("7-1"));
        assert!(!certificate.ca_comes_first);
        assert_eq!(certificate.ca_not_after, Some(at("2024-01-01T00:00:00Z")));
        assert_eq!((certificate.chain.len(), certificate.refusal), (4, None));
    }

    #[test]
    fn what_stands_behind_the_leaf_must_be_certificates_too() {
        let leaf = CertificateFixture::ack("7-1").pem(&rsa_key());
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let refusal = read(&format!("{leaf}{leaf}{garbage}")).refusal.unwrap();
        assert_eq!(refusal, CertificateRefusal::Behind { position: 3, defect: Defect::NotX509 });
        assert_eq!(
            refusal.to_string(),
            "certificate 3 of the bundle: it is no X.509 certificate; API servers refuse it"
        );
        assert_eq!(read(&leaf.repeat(400)).refusal, Some(CertificateRefusal::TooLong));
    }

    #[test]
    fn a_bundle_that_begins_with_a_ca_is_in_the_wrong_order() {
        let ca = CertificateFixture::ca("root").pem(&rsa_key());
        let leaf = CertificateFixture::ack("7-1").pem(&rsa_key());
        let ca_comes_first = |bundle: String| read(&bundle).ca_comes_first;
        assert!(ca_comes_first(format!("{ca}{leaf}")) && ca_comes_first(format!("{ca}{ca}{leaf}")));
        assert!(
            !ca_comes_first(format!("{leaf}{ca}"))
                && !ca_comes_first(ca.clone())
                && !ca_comes_first(format!("{ca}{ca}"))
        );
    }

    #[test]
    fn of_several_common_names_the_last_one_counts_and_every_organization() {
        let subject = |pairs: &[(DnType, &str)]| {
            let mut specimen = CertificateFixture::ack("1");
            specimen.subject.clear();
            let specimen = pairs.iter().fold(specimen, |specimen, (kind, text)| specimen.with(kind.clone(), text));
            read(&specimen.pem(&rsa_key())).subject
        };
        // The builder keeps one value a type; a custom OID gives the second one.
        let common_name = DnType::CustomDnType(vec![2, 5, 4, 3]);
        let organization = DnType::CustomDnType(vec![2, 5, 4, 10]);
        let read = subject(&[
            (DnType::OrganizationName, "system:users"),
            (DnType::CommonName, "first"),
            (organization, "system:masters"),
            (common_name, "second"),
        ]);
        assert_eq!(read.common_name.as_deref(), Some("second"));
        assert_eq!(read.organizations, ["system:users", "system:masters"]);
        assert_eq!(subject(&[(DnType::CommonName, "")]).common_name, None);
    }

    #[test]
    fn serials_have_openssls_digits() {
        for (integer, digits) in [
            (&[0][..], "00"),
            (&[1], "01"),
            (&[0x00, 0x80], "80"),
            (&[0x01, 0x00], "0100"),
            (&[0xff], "-01"),
            (&[0x80], "-80"),
            (&[0xff, 0x00], "-0100"),
            (&[], ""),
        ] {
            assert_eq!(serial_digits(integer), digits);
        }
        let serial =
            read(&CertificateFixture::ack("1").serial(&[0xab, 0xcd, 0xef, 0, 0, 0, 0, 1]).pem(&rsa_key())).serial;
        assert_eq!(serial, "abcdef0000000001");
    }

    #[test]
    fn what_is_wrong_is_said_and_nothing_of_the_content() {
        let pem = CertificateFixture::ack("1").pem(&rsa_key());
        let garbage = "-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n";
        for (bundle, expected) in [
            ("", CertificateError::NoPem),
            ("hunter2", CertificateError::NoPem),
            (RSA_PKCS1, CertificateError::PrivateKey),
            ("-----BEGIN X-----\nAAAA\n-----END X-----\n", CertificateError::NoCertificate),
            (&pem[..pem.len() / 2], CertificateError::Damaged(Damage::CutOff)),
            (&pem.replacen('M', "?", 1), CertificateError::Damaged(Damage::NotBase64)),
            (garbage, CertificateError::NotX509),
        ] {
            let error = Certificate::from_pem(bundle.as_bytes()).unwrap_err();
            assert_eq!(error, expected);
            let text = error.to_string();
            assert!(!text.is_empty() && !text.contains("hunter2") && !text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn bytes_after_the_certificate_in_its_block_are_refused_as_go_refuses_them() {
        use base64::Engine as _;
        let mut der = certificate_blocks(CertificateFixture::ack("1").pem(&rsa_key()).as_bytes()).unwrap().remove(0);
        der.push(0);
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        assert_eq!(read(&pem).refusal, Some(CertificateRefusal::Leaf(Defect::TrailingBytes)));
    }

    proptest! {
        #[test]
        fn any_bytes_in_a_certificate_block_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Certificate::from_pem(&bytes);
            let _ = X509::read(&bytes).is_some();
        }

        #[test]
        fn a_certificate_with_a_changed_byte_is_survived(position in 0..600usize, byte in any::<u8>()) {
            let mut der = certificate_blocks(CertificateFixture::ack("1").pem(&rsa_key()).as_bytes()).unwrap().remove(0);
            let position = position % der.len();
            der[position] = byte;
            let _ = X509::read(&der).is_some();
        }
    }
}
