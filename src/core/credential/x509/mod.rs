//! One X.509 certificate, read as Go's `crypto/x509` reads it: what it says of itself, and the first thing that makes kubectl
//! or API servers refuse it.
//!
//! Sources: <https://github.com/golang/go/blob/master/src/crypto/x509/parser.go> (`parseCertificate`),
//! <https://github.com/golang/go/blob/master/src/crypto/x509/verify.go>,
//! <https://github.com/kubernetes/apiserver/blob/v0.36.3/pkg/authentication/request/x509/x509.go>

use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::certificate::Subject;
use super::der::{self, Der};
use super::public_key::{Curve, PublicKey};
use name::Name;

pub use defect::{Defect, RefusedBy};

mod dates;
mod defect;
mod extensions;
mod name;
mod signature;
mod uri;

/// API servers take RSA keys of so many bits.
const RSA_BITS: std::ops::RangeInclusive<u64> = 1024..=8192;

/// What a certificate says of itself.
pub(super) struct X509<'a> {
    pub(super) subject: Subject,
    /// In two's complement.
    pub(super) serial: &'a [u8],
    pub(super) not_before: Timestamp,
    /// `None` for an end beyond any calendar.
    pub(super) not_after: Option<Timestamp>,
    pub(super) public_key: PublicKey,
    /// `SubjectPublicKeyInfo`, whole.
    pub(super) key_info: &'a [u8],
    pub(super) is_authority: bool,
    /// What makes Go refuse to read it.
    unreadable: Option<Defect>,
    /// What makes API servers refuse it as a client's.
    refused: Option<Defect>,
}

/// Keeps the first defect and lets reading go on.
#[derive(Default)]
struct Defects(Option<Defect>);

impl Defects {
    fn note(&mut self, found: Option<Defect>) {
        self.0 = self.0.or(found);
    }

    fn unless(&mut self, is_sound: bool, defect: Defect) {
        self.note((!is_sound).then_some(defect));
    }

    fn take<T>(&mut self, read: Result<T, Defect>) -> Option<T> {
        read.map_err(|defect| self.note(Some(defect))).ok()
    }
}

impl<'a> X509<'a> {
    /// `None` where the encoding is so broken that its parts can't be separated.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        Self::read_as_go(bytes).or_else(|| Self::read_unreadable(bytes, Defect::Encoding))
    }

    /// What a certificate says of itself that Go can't read.
    fn read_unreadable(bytes: &'a [u8], defect: Defect) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(bytes).ok()?;
        let name = Der(certificate.subject().as_raw()).sequence().map(|name| Name::read(name, "subject"));
        let validity = certificate.validity();
        Some(Self {
            subject: name.unwrap_or_default().subject,
            serial: certificate.tbs_certificate.raw_serial(),
            not_before: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
            not_after: Timestamp::from_second(validity.not_after.timestamp()).ok(),
            public_key: PublicKey::Other,
            key_info: certificate.tbs_certificate.subject_pki.raw,
            is_authority: certificate.is_ca(),
            unreadable: Some(defect),
            refused: None,
        })
    }

    fn read_as_go(bytes: &'a [u8]) -> Option<Self> {
        let (mut unreadable, mut refused) = (Defects::default(), Defects::default());
        let mut block = Der(bytes);
        let mut certificate = block.sequence()?;
        unreadable.unless(block.is_empty(), Defect::TrailingBytes);
        let mut body = certificate.sequence()?;
        let outer_algorithm = certificate.take(der::SEQUENCE)?;
        unreadable.unless(certificate.bit_string().is_some(), Defect::Malformed("signature"));

        let version = version(&mut body)?;
        unreadable.unless((0..=2).contains(&version), Defect::Version);
        let serial = body.take(der::INTEGER)?;
        unreadable.unless(der::is_shortest(serial), Defect::MalformedSerial);
        unreadable.unless(!der::is_negative(serial), Defect::NegativeSerial);
        let algorithm = body.take(der::SEQUENCE)?;
        unreadable.unless(algorithm == outer_algorithm, Defect::TwoAlgorithms);
        refused.note(unreadable.take(signature::check(Der(algorithm))).flatten());
        unreadable.note(Name::read(body.sequence()?, "issuer").defect);
        let validity = body.sequence()?;
        let Some((not_before, not_after)) = dates::read(validity) else {
            return Self::read_unreadable(bytes, Defect::Malformed("dates"));
        };
        let subject = Name::read(body.sequence()?, "subject");
        unreadable.note(subject.defect);
        let key_info = body.next().filter(|element| element.tag == der::SEQUENCE)?;
        let public_key = unreadable.take(PublicKey::read(Der(key_info.content))).unwrap_or(PublicKey::Other);
        let extensions = unreadable.take(extensions::read(&mut body, version)).unwrap_or_default();

        refused.unless(extensions.allow_client, Defect::NotForClients);
        refused.unless(!extensions.has_unknown_critical, Defect::UnknownCriticalExtension);
        refused.unless(extensions.name_policy || !extensions.demand_policy, Defect::NoPolicy);
        refused.unless(subject.has_sound_user_uid(), Defect::UserUid);
        refused.unless(subject.subject.common_name.is_some(), Defect::NoCommonName);
        Some(Self {
            subject: subject.subject,
            serial,
            not_before,
            not_after,
            public_key,
            key_info: key_info.whole,
            is_authority: extensions.is_authority,
            unreadable: unreadable.0,
            refused: refused.0,
        })
    }

    /// Why kubectl can't load it, or API servers don't take it as a client's.
    pub(super) fn refusal_as_client(&self) -> Option<Defect> {
        self.unreadable.or_else(|| self.refusal_of_key()).or(self.refused)
    }

    /// Why API servers end the connection where it stands behind a client's certificate.
    pub(super) fn refusal_behind_client(&self) -> Option<Defect> {
        let is_too_long = |bits: u64| bits > *RSA_BITS.end();
        self.unreadable.or_else(|| self.public_key.rsa_bits().filter(|bits| is_too_long(*bits)).map(Defect::RsaBits))
    }

    fn refusal_of_key(&self) -> Option<Defect> {
        match &self.public_key {
            PublicKey::Rsa { .. } => {
                self.public_key.rsa_bits().filter(|bits| !RSA_BITS.contains(bits)).map(Defect::RsaBits)
            }
            PublicKey::Ec { curve: Curve::P224, .. } => Some(Defect::CurveWithoutTls),
            PublicKey::Ec { .. } | PublicKey::Ed25519(_) => None,
            PublicKey::Other => Some(Defect::KeyAlgorithm),
        }
    }
}

/// The version as it is encoded: 0 stands for X.509 v1.
fn version(body: &mut Der<'_>) -> Option<i64> {
    let Some(version) = body.take_if_there(der::explicit(0))? else { return Some(0) };
    let mut version = Der(version);
    version.small_integer().filter(|_| version.is_empty())
}
