//! A certificate authority, and certificates of chosen subject, validity and key.
//!
//! ACK's client certificates read `O=system:users, OU=, CN=<uid>-<unix time>`; the empty OU is really there, so every reader has
//! to bear it. Certificates are written by hand because no library writes an empty or a repeated name part.

mod der;
mod error;
mod keys;

use std::net::{IpAddr, Ipv4Addr};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ring::digest;
use ring::rand::SystemRandom;

use crate::clock;

pub use self::error::CertError;
pub use self::keys::{Key, KeyKind};

use self::der::{
    GENERALIZED_TIME, OBJECT_IDENTIFIER, OCTET_STRING, SET, UTC_TIME, UTF8_STRING, bit_string, element, integer,
    sequence,
};

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];
const ORGANIZATIONAL_UNIT: &[u8] = &[0x55, 0x04, 0x0b];
const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 0x0e];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 0x23];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
const TRUE: &[u8] = &[0x01, 0x01, 0xff];

/// The subject of a certificate: name parts in the order written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// `O`, once each: the groups that the API server sees.
    pub organizations: Vec<String>,
    /// `OU`; an empty text is written as an empty value.
    pub organizational_unit: Option<String>,
    /// `CN`: the user name that the API server sees.
    pub common_name: String,
}

impl Subject {
    /// The subject in ACK's manner: `O=system:users, OU=, CN=…`.
    pub fn ack(common_name: impl Into<String>) -> Self {
        Self {
            organizations: vec!["system:users".into()],
            organizational_unit: Some(String::new()),
            common_name: common_name.into(),
        }
    }

    /// A user with these groups and nothing else.
    pub fn user<G: Into<String>>(common_name: impl Into<String>, groups: impl IntoIterator<Item = G>) -> Self {
        Self {
            organizations: groups.into_iter().map(Into::into).collect(),
            organizational_unit: None,
            common_name: common_name.into(),
        }
    }

    fn der(&self) -> Vec<u8> {
        let mut parts: Vec<Vec<u8>> =
            self.organizations.iter().map(|organization| name_part(ORGANIZATION, organization)).collect();
        parts.extend(self.organizational_unit.iter().map(|unit| name_part(ORGANIZATIONAL_UNIT, unit)));
        parts.push(name_part(COMMON_NAME, &self.common_name));
        sequence(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }
}

/// From when to when a certificate holds, in whole seconds, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: Timestamp,
    /// The last second.
    pub not_after: Timestamp,
}

impl Validity {
    /// From `start` on for that long.
    pub fn starting(start: Timestamp, length: SignedDuration) -> Self {
        Self { not_before: start, not_after: start.saturating_add(length).unwrap_or(Timestamp::MAX) }
    }

    /// ACK's three years (1095 days) from `start` on.
    pub fn ack(start: Timestamp) -> Self {
        Self::starting(start, SignedDuration::from_hours(1095 * 24))
    }
}

/// A certificate and its key.
#[derive(Clone)]
pub struct Identity {
    certificate: Vec<u8>,
    key: Key,
}

impl Identity {
    /// The certificate in DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    /// The certificate in PEM.
    pub fn certificate_pem(&self) -> String {
        keys::pem("CERTIFICATE", &self.certificate)
    }

    /// The certificate's key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The certificate followed by its CA's, as a bundle: leaf first.
    pub fn bundle_pem(&self, authority: &Authority) -> String {
        self.certificate_pem() + &authority.certificate_pem()
    }

    /// SHA-256 over the DER in lower-case hex, as in the API server's `credential-id`.
    pub fn sha256(&self) -> String {
        hex(digest::digest(&digest::SHA256, &self.certificate).as_ref())
    }
}

/// A certificate authority.
#[derive(Clone)]
pub struct Authority {
    identity: Identity,
    subject: Vec<u8>,
    key_id: Vec<u8>,
}

impl Authority {
    /// A fresh authority, `CN=kubernetes`, valid for ten years around `now`.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn new(now: Timestamp) -> Result<Self, CertError> {
        let start = now.saturating_sub(SignedDuration::from_hours(5 * 365 * 24)).unwrap_or(now);
        Self::valid(Validity::starting(start, SignedDuration::from_hours(10 * 365 * 24)))
    }

    /// A fresh authority around the machine's own time.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn of_today() -> Result<Self, CertError> {
        Self::new(clock::now())
    }

    /// A fresh authority of this validity.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn valid(validity: Validity) -> Result<Self, CertError> {
        let key = Key::generate(KeyKind::EcdsaP256)?;
        let subject = Subject::user::<String>("kubernetes", []).der();
        let key_id = key_identifier(&key)?;
        let extensions = [
            extension(BASIC_CONSTRAINTS, true, &sequence(&[TRUE])),
            extension(KEY_USAGE, true, &element(der::BIT_STRING, &[&[1, 0b0000_0110]])),
            extension(SUBJECT_KEY_ID, false, &element(OCTET_STRING, &[&key_id])),
        ];
        let certificate = sign(&key, &key, &subject, &subject, validity, &extensions)?;
        Ok(Self { identity: Identity { certificate, key }, subject, key_id })
    }

    /// The authority's own certificate in PEM.
    pub fn certificate_pem(&self) -> String {
        self.identity.certificate_pem()
    }

    /// The authority's own certificate in DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.identity.certificate
    }

    /// A server's certificate for 127.0.0.1, ::1, `localhost` and these names.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn server(&self, names: &[String], validity: Validity) -> Result<Identity, CertError> {
        let alternatives = alternative_names(names);
        let extensions = [
            extension(KEY_USAGE, true, &element(der::BIT_STRING, &[&[7, 0b1000_0000]])),
            extension(EXTENDED_KEY_USAGE, false, &sequence(&[&element(OBJECT_IDENTIFIER, &[SERVER_AUTH])])),
            extension(SUBJECT_ALT_NAME, false, &alternatives),
        ];
        self.issue(Subject::user::<String>("kube-apiserver", []), validity, KeyKind::EcdsaP256, extensions.to_vec())
    }

    /// A client's certificate of this subject, validity and kind of key.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn client(&self, subject: &Subject, validity: Validity, kind: KeyKind) -> Result<Identity, CertError> {
        let extensions = [
            extension(KEY_USAGE, true, &element(der::BIT_STRING, &[&[7, 0b1000_0000]])),
            extension(EXTENDED_KEY_USAGE, false, &sequence(&[&element(OBJECT_IDENTIFIER, &[CLIENT_AUTH])])),
        ];
        self.issue(subject.clone(), validity, kind, extensions.to_vec())
    }

    fn issue(
        &self,
        subject: Subject,
        validity: Validity,
        kind: KeyKind,
        mut extensions: Vec<Vec<u8>>,
    ) -> Result<Identity, CertError> {
        let key = Key::generate(kind)?;
        // [0] IMPLICIT, the key identifier.
        extensions.push(extension(AUTHORITY_KEY_ID, false, &sequence(&[&element(0x80, &[&self.key_id])])));
        let certificate = sign(&self.identity.key, &key, &self.subject, &subject.der(), validity, &extensions)?;
        Ok(Identity { certificate, key })
    }
}

fn sign(
    issuer_key: &Key,
    key: &Key,
    issuer: &[u8],
    subject: &[u8],
    validity: Validity,
    extensions: &[Vec<u8>],
) -> Result<Vec<u8>, CertError> {
    let serial: [u8; 16] = ring::rand::generate(&SystemRandom::new())?.expose();
    let extensions: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
    let to_be_signed = sequence(&[
        &element(0xa0, &[&integer(&[2])]),
        &integer(&serial),
        &issuer_key.signature_algorithm(),
        issuer,
        &sequence(&[&time(validity.not_before), &time(validity.not_after)]),
        subject,
        &key.subject_public_key_info()?,
        &element(0xa3, &[&sequence(&extensions)]),
    ]);
    let signature = issuer_key.sign(&to_be_signed)?;
    Ok(sequence(&[&to_be_signed, &issuer_key.signature_algorithm(), &bit_string(&signature)]))
}

fn key_identifier(key: &Key) -> Result<Vec<u8>, CertError> {
    Ok(digest::digest(&digest::SHA256, &key.subject_public_key_info()?).as_ref()[..20].to_vec())
}

fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let oid = element(OBJECT_IDENTIFIER, &[oid]);
    let value = element(OCTET_STRING, &[value]);
    if critical { sequence(&[&oid, TRUE, &value]) } else { sequence(&[&oid, &value]) }
}

fn alternative_names(names: &[String]) -> Vec<u8> {
    const DNS: u8 = 0x82;
    const ADDRESS: u8 = 0x87;
    let mut parts = vec![
        element(ADDRESS, &[&Ipv4Addr::LOCALHOST.octets()]),
        element(ADDRESS, &[&std::net::Ipv6Addr::LOCALHOST.octets()]),
        element(DNS, &[b"localhost"]),
    ];
    parts.extend(names.iter().map(|name| match name.parse() {
        Ok(IpAddr::V4(address)) => element(ADDRESS, &[&address.octets()]),
        Ok(IpAddr::V6(address)) => element(ADDRESS, &[&address.octets()]),
        Err(_) => element(DNS, &[name.as_bytes()]),
    }));
    sequence(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn name_part(oid: &[u8], value: &str) -> Vec<u8> {
    let part = sequence(&[&element(OBJECT_IDENTIFIER, &[oid]), &element(UTF8_STRING, &[value.as_bytes()])]);
    element(SET, &[&part])
}

/// UTCTime up to 2049, GeneralizedTime afterwards (RFC 5280, 4.1.2.5).
fn time(at: Timestamp) -> Vec<u8> {
    let civil = at.to_zoned(TimeZone::UTC).datetime();
    let clock =
        format!("{:02}{:02}{:02}{:02}{:02}Z", civil.month(), civil.day(), civil.hour(), civil.minute(), civil.second());
    if (1950..2050).contains(&civil.year()) {
        element(UTC_TIME, &[format!("{:02}{clock}", civil.year() % 100).as_bytes()])
    } else {
        element(GENERALIZED_TIME, &[format!("{:04}{clock}", civil.year()).as_bytes()])
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::{FromDer, X509Certificate};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn ack_subject_keeps_its_empty_unit() {
        let authority = Authority::new(at("2026-01-01T00:00:00Z")).unwrap();
        let subject = Subject::ack("2000001-1673419473");
        let validity = Validity::ack(at("2023-01-11T06:44:34Z"));
        for kind in [KeyKind::Rsa, KeyKind::OtherRsa, KeyKind::EcdsaP256, KeyKind::EcdsaP384, KeyKind::Ed25519] {
            let identity = authority.client(&subject, validity, kind).unwrap();
            let (rest, parsed) = X509Certificate::from_der(identity.certificate_der()).unwrap();
            assert!(rest.is_empty());
            assert_eq!(parsed.subject().to_string(), "O=system:users, OU=, CN=2000001-1673419473");
            assert_eq!(parsed.validity().not_after.timestamp(), at("2026-01-10T06:44:34Z").as_second());
            assert_eq!(identity.sha256().len(), 64);
        }
    }

    #[test]
    fn each_group_is_an_organization() {
        let authority = Authority::new(at("2026-01-01T00:00:00Z")).unwrap();
        let subject = Subject::user("ann", ["system:users", "on-call", "third"]);
        let identity =
            authority.client(&subject, Validity::ack(at("2049-06-01T00:00:00Z")), KeyKind::EcdsaP256).unwrap();
        let (_, parsed) = X509Certificate::from_der(identity.certificate_der()).unwrap();
        let organizations: Vec<_> = parsed.subject().iter_organization().map(|o| o.as_str().unwrap()).collect();
        assert_eq!(organizations, ["system:users", "on-call", "third"]);
        assert_eq!(parsed.validity().not_after.timestamp(), at("2052-05-31T00:00:00Z").as_second());
    }

    #[test]
    fn only_rsa_has_the_older_key_form() {
        assert!(Key::generate(KeyKind::Rsa).unwrap().pkcs1_pem().unwrap().starts_with("-----BEGIN RSA PRIVATE KEY"));
        assert!(Key::generate(KeyKind::Ed25519).unwrap().pkcs1_pem().is_none());
    }
}
