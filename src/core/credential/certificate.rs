//! Client certificates: the facts that a PEM bundle states about itself. No signature is checked.
//!
//! Names are read as Go's `crypto/x509` reads them, because that is what the API server does.

use jiff::Timestamp;
use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{OID_X509_COMMON_NAME, OID_X509_ORGANIZATION_NAME};
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

use super::pem;
pub use super::pem::Damage;
use super::public_key::PublicKey;
use crate::core::hex;

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
    /// A name in the subject is in no encoding that an API server reads.
    #[error("its subject holds a text in an encoding that API servers refuse")]
    SubjectEncoding,
}

impl Certificate {
    /// Reads the first certificate of a PEM bundle, and the dates of those that follow.
    pub fn from_pem(bundle: &[u8]) -> Result<Self, CertificateError> {
        let mut ders = certificate_blocks(bundle)?.into_iter();
        let leaf = ders.next().ok_or(CertificateError::NoCertificate)?;
        let others: Vec<Vec<u8>> = ders.collect();
        let mut certificate = Self::from_der(&leaf)?;
        let others: Vec<X509Certificate<'_>> = others.iter().filter_map(|der| x509(der)).collect();
        let authorities = others.iter().filter(|other| other.is_ca());
        certificate.ca_not_after = authorities.filter_map(|ca| end(ca.validity().not_after)).min();
        certificate.ca_comes_first =
            x509(&leaf).is_some_and(|first| first.is_ca()) && others.iter().any(|other| !other.is_ca());
        Ok(certificate)
    }

    fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = x509(der).ok_or(CertificateError::NotX509)?;
        let validity = certificate.validity();
        Ok(Self {
            subject: Subject::read(certificate.subject())?,
            serial: serial_digits(certificate.raw_serial()),
            sha256: hex::sha256(der),
            not_before: Timestamp::from_second(validity.not_before.timestamp())
                .map_err(|_| CertificateError::NotX509)?,
            not_after: end(validity.not_after),
            ca_not_after: None,
            ca_comes_first: false,
            public_key: PublicKey::read(certificate.public_key()),
            key_sha256: key_fingerprint(&certificate),
        })
    }
}

impl Subject {
    fn read(name: &X509Name<'_>) -> Result<Self, CertificateError> {
        let mut subject = Self::default();
        for attribute in name.iter_attributes() {
            let text = directory_string(attribute.attr_value()).ok_or(CertificateError::SubjectEncoding)?;
            if *attribute.attr_type() == OID_X509_COMMON_NAME {
                subject.common_name = Some(text);
            } else if *attribute.attr_type() == OID_X509_ORGANIZATION_NAME {
                subject.organizations.push(text);
            }
        }
        subject.common_name = subject.common_name.filter(|name| !name.is_empty());
        Ok(subject)
    }
}

/// The certificates of a PEM bundle in DER, in its order; what else is in it is left out.
///
/// # Errors
/// Where there is none, and what there is instead.
pub(crate) fn certificate_blocks(bundle: &[u8]) -> Result<Vec<Vec<u8>>, CertificateError> {
    let mut certificates = Vec::new();
    let mut damaged = None;
    let mut others: Vec<String> = Vec::new();
    for block in pem::blocks(bundle) {
        let (label, content) = match block {
            Ok(block) if block.label == "CERTIFICATE" => (block.label, block.decode()),
            Ok(block) => {
                others.push(block.label.to_owned());
                continue;
            }
            Err((label, damage)) => (label, Err(damage)),
        };
        match content {
            Ok(der) => certificates.push(der),
            Err(damage) if label == "CERTIFICATE" => damaged = damaged.or(Some(damage)),
            Err(_) => others.push(label.to_owned()),
        }
    }
    if !certificates.is_empty() {
        return Ok(certificates);
    }
    Err(match (damaged, others.as_slice()) {
        (Some(damage), _) => CertificateError::Damaged(damage),
        (None, []) => CertificateError::NoPem,
        (None, labels) if labels.iter().all(|label| label.ends_with("PRIVATE KEY")) => CertificateError::PrivateKey,
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

/// 9999-12-31T23:59:59Z is later than the last [`Timestamp`], and so is nothing that an issuer would mean as a date.
fn end(time: ASN1Time) -> Option<Timestamp> {
    Timestamp::from_second(time.timestamp()).ok()
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

/// Go's reading of the string types of a name; `None` where Go refuses the certificate.
fn directory_string(value: &Any<'_>) -> Option<String> {
    let bytes = value.data;
    match value.tag() {
        Tag::Utf8String => std::str::from_utf8(bytes).ok().map(str::to_owned),
        Tag::PrintableString => ascii(bytes, is_printable),
        Tag::NumericString => ascii(bytes, |byte| byte.is_ascii_digit() || byte == b' '),
        Tag::Ia5String => ascii(bytes, |byte| byte.is_ascii()),
        Tag::T61String => Some(bytes.iter().copied().map(char::from).collect()),
        Tag::BmpString => bmp_string(bytes),
        _ => None,
    }
}

fn ascii(bytes: &[u8], allowed: impl Fn(u8) -> bool) -> Option<String> {
    bytes.iter().all(|byte| allowed(*byte)).then(|| bytes.iter().copied().map(char::from).collect())
}

/// X.680's PrintableString, and `*` and `&`, which issuers use all the same.
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(&byte)
}

fn bmp_string(bytes: &[u8]) -> Option<String> {
    let (units, []) = bytes.as_chunks::<2>() else { return None };
    let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
    let text = units.strip_suffix(&[0]).unwrap_or(&units);
    let reserved = |unit: &u16| matches!(unit, 0xfffe | 0xffff | 0xfdd0..=0xfdef | 0xd800..=0xdfff);
    if text.iter().any(reserved) { None } else { String::from_utf16(text).ok() }
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
    fn every_kind_of_key_is_told() {
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
    fn the_leaf_decides_and_the_earliest_ca_is_told() {
        let leaf = CertificateFixture::ack("7-1").pem(&rsa_key());
        let root = CertificateFixture::ca("root").valid("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z").pem(&rsa_key());
        let issuer =
            CertificateFixture::ca("issuer").valid("2020-01-01T00:00:00Z", "2024-01-01T00:00:00Z").pem(&rsa_key());
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let no_ca =
            CertificateFixture::ack("other").valid("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z").pem(&rsa_key());
        let certificate = read(&format!("{leaf}{root}{garbage}{issuer}{no_ca}"));
        assert_eq!(certificate.subject.common_name.as_deref(), Some("7-1"));
        assert!(!certificate.ca_comes_first);
        assert_eq!(certificate.ca_not_after, Some(at("2024-01-01T00:00:00Z")));
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
        assert_eq!(Certificate::from_pem(pem.as_bytes()), Err(CertificateError::NotX509));
    }

    #[test]
    fn texts_of_a_name_are_read_as_go_reads_them() {
        let text = |tag: u8, bytes: &[u8]| {
            let der = [&[tag, u8::try_from(bytes.len()).unwrap()], bytes].concat();
            directory_string(&Any::from_der(&der).unwrap().1)
        };
        assert_eq!(text(0x0c, "ü".as_bytes()).as_deref(), Some("ü"));
        assert_eq!(text(0x13, b"system:users").as_deref(), Some("system:users"));
        assert_eq!(text(0x13, b"").as_deref(), Some(""));
        assert_eq!(text(0x13, b"a*&").as_deref(), Some("a*&"));
        assert_eq!(text(0x13, b"a@b"), None);
        assert_eq!(text(0x14, &[0xfc]).as_deref(), Some("ü"));
        assert_eq!(text(0x1e, &[0, b'a', 0, 0]).as_deref(), Some("a"));
        assert_eq!(text(0x1e, &[0xd8, 0]), None);
        assert_eq!(text(0x12, b"12 3").as_deref(), Some("12 3"));
        assert_eq!(text(0x02, &[1]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_in_a_certificate_block_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Certificate::from_pem(&bytes);
            let _ = Certificate::from_der(&bytes);
        }

        #[test]
        fn a_certificate_with_a_changed_byte_is_survived(position in 0..600usize, byte in any::<u8>()) {
            let mut der = certificate_blocks(CertificateFixture::ack("1").pem(&rsa_key()).as_bytes()).unwrap().remove(0);
            let position = position % der.len();
            der[position] = byte;
            let _ = Certificate::from_der(&der);
        }
    }
}
