//! Private keys: which ones kubectl loads, and whether one belongs to that certificate.
//!
//! PKCS#1, PKCS#8 (RFC 5208, 8410) and SEC1 (RFC 5915) are distinguished by their content, as kubectl does; the label only
//! says that it is a key.
//! Source: <https://github.com/golang/go/blob/master/src/crypto/tls/tls.go> (`X509KeyPair`, `parsePrivateKey`)

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
};
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519,
};

use zeroize::Zeroizing;

use super::der::{self, Der};
use super::pem::{self, Damage};
use super::public_key::{Curve, PublicKey, without_leading_zeros};
use super::rsa_key::RsaKey;
use crate::core::secret::Secret;

/// Whether a private key and a certificate belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMatch {
    /// They do.
    Matches,
    /// They don't.
    Mismatch,
    /// Unknown, and why.
    Unknown(&'static str),
}

/// Why kubectl loads no private key from a text. Nothing of its content is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivateKeyError {
    /// There is no PEM block at all.
    #[error("no PEM block in it")]
    NoPem,
    /// The only PEM blocks are certificates.
    #[error("a certificate where a private key is expected")]
    Certificate,
    /// There are PEM blocks, but no private key.
    #[error("no PRIVATE KEY block in it")]
    NoKey,
    /// The PEM block of the key is damaged.
    #[error("the PRIVATE KEY block is damaged: {0}")]
    Damaged(Damage),
    /// It is protected by a passphrase.
    #[error("the private key is encrypted, and kubectl asks for no passphrase")]
    Encrypted,
    /// It is in OpenSSH's own form.
    #[error("the private key is in OpenSSH's own form, which kubectl does not read")]
    OpenSsh,
    /// The block's content is neither PKCS#1 nor PKCS#8 nor SEC1.
    #[error("the content of its PRIVATE KEY block is no private key")]
    Malformed,
    /// Its numbers contradict each other.
    #[error("the numbers of the private key contradict each other")]
    Inconsistent,
    /// It is neither RSA nor ECDSA nor Ed25519.
    #[error("the private key is not RSA, ECDSA or Ed25519")]
    Algorithm,
    /// It is on a curve that Go does not know.
    #[error("the private key is on an unknown elliptic curve")]
    Curve,
}

/// A private key. No `Debug`: it holds the private value.
pub(super) enum PrivateKey {
    Rsa(RsaKey),
    /// The private value has the curve's length. The point that the file names beside it is not looked at, as in Go.
    Ec {
        curve: Curve,
        scalar: Secret<Vec<u8>>,
    },
    Ed25519 {
        seed: Secret<Vec<u8>>,
    },
}

impl PrivateKey {
    /// Reads the first block of a text that is labelled as a private key, and none after it.
    pub(super) fn from_pem(text: &[u8]) -> Result<Self, PrivateKeyError> {
        let mut others = 0;
        let mut certificates = 0;
        for block in pem::blocks(text) {
            if is_key(block.label) {
                let content = Zeroizing::new(block.content);
                return Self::from_der(&content).map_err(|error| match (error, block.label) {
                    (_, b"ENCRYPTED PRIVATE KEY") => PrivateKeyError::Encrypted,
                    (_, b"OPENSSH PRIVATE KEY") => PrivateKeyError::OpenSsh,
                    (_, _) if block.encrypted => PrivateKeyError::Encrypted,
                    (error, _) => error,
                });
            }
            others += 1;
            certificates += usize::from(block.label == b"CERTIFICATE");
        }
        Err(match pem::damage(text, is_key) {
            Some(damage) => PrivateKeyError::Damaged(damage),
            None if others == 0 && pem::damage(text, |_| true).is_none() => PrivateKeyError::NoPem,
            None if others > 0 && certificates == others => PrivateKeyError::Certificate,
            None => PrivateKeyError::NoKey,
        })
    }

    fn from_der(bytes: &[u8]) -> Result<Self, PrivateKeyError> {
        if let Some(key) = RsaKey::read(bytes) {
            return key.map(Self::Rsa).ok_or(PrivateKeyError::Inconsistent);
        }
        match Self::pkcs8(bytes) {
            Some(key) => key,
            None => Self::sec1(bytes, None).unwrap_or(Err(PrivateKeyError::Malformed)),
        }
    }

    /// A PrivateKeyInfo (RFC 5208, 5). `None` if it is none.
    fn pkcs8(bytes: &[u8]) -> Option<Result<Self, PrivateKeyError>> {
        let mut content = Der(bytes).sequence()?;
        content.small_integer()?;
        let (oid, parameters) = content.sequence()?.algorithm()?;
        let key = content.take(der::OCTET_STRING)?;
        let read = if oid == OID_PKCS1_RSAENCRYPTION.as_bytes() {
            RsaKey::read(key).map(|key| key.map(Self::Rsa).ok_or(PrivateKeyError::Inconsistent))
        } else if oid == OID_KEY_TYPE_EC_PUBLIC_KEY.as_bytes() {
            Self::sec1(key, Der(parameters).object_identifier())
        } else if oid == OID_SIG_ED25519.as_bytes() {
            let seed = Der(key).take(der::OCTET_STRING).filter(|seed| seed.len() == 32 && parameters.is_empty());
            seed.map(|seed| Ok(Self::Ed25519 { seed: Secret::new(seed.to_vec()) }))
        } else {
            Some(Err(PrivateKeyError::Algorithm))
        };
        Some(read.unwrap_or(Err(PrivateKeyError::Malformed)))
    }

    /// An ECPrivateKey (RFC 5915, 3). `None` if it is none. Inside PKCS#8 the curve is already known.
    fn sec1(bytes: &[u8], outer_curve: Option<&[u8]>) -> Option<Result<Self, PrivateKeyError>> {
        let mut content = Der(bytes).sequence()?;
        let version = content.small_integer()?;
        let scalar = without_leading_zeros(content.take(der::OCTET_STRING)?);
        let mut inner_curve = None;
        if let Some(mut parameters) = explicit(content, 0)? {
            // Parameters that name no curve are as none.
            if parameters.begins_with(der::OBJECT_IDENTIFIER) {
                inner_curve = Some(parameters.object_identifier()?);
                content = parameters;
            }
        }
        if let Some(mut point) = explicit(content, 1)?.filter(|point| point.begins_with(der::BIT_STRING)) {
            point.bit_string()?;
        }
        if version != 1 {
            return None;
        }
        let Some(curve) = outer_curve.or(inner_curve).and_then(Curve::from_oid) else {
            return Some(Err(PrivateKeyError::Curve));
        };
        let Some(zeros) = curve.scalar_length().checked_sub(scalar.len()) else {
            return Some(Err(PrivateKeyError::Malformed));
        };
        let scalar = Secret::new([vec![0; zeros].as_slice(), scalar].concat());
        Some(Ok(Self::Ec { curve, scalar }))
    }

    /// Whether it is the private half of this key.
    pub(super) fn matches(&self, public: &PublicKey) -> KeyMatch {
        match (self, public) {
            (Self::Rsa(key), PublicKey::Rsa { modulus, exponent }) => verdict(key.belongs_to(modulus, exponent)),
            (Self::Ec { curve, .. }, PublicKey::Ec { curve: theirs, .. }) if curve != theirs => KeyMatch::Mismatch,
            (Self::Ec { curve, scalar }, PublicKey::Ec { point, .. }) => match curve {
                Curve::P224 => KeyMatch::Unknown("keys on the curve P-224 are not checked"),
                Curve::P256 => is_scalar_of(&ECDSA_P256_SHA256_ASN1_SIGNING, scalar, point),
                Curve::P384 => is_scalar_of(&ECDSA_P384_SHA384_ASN1_SIGNING, scalar, point),
                Curve::P521 => verdict(curve.has_pair(scalar.expose(), point)),
            },
            (Self::Ed25519 { seed }, PublicKey::Ed25519(public)) => {
                verdict(Ed25519KeyPair::from_seed_and_public_key(seed.expose(), public).is_ok())
            }
            _ => KeyMatch::Mismatch,
        }
    }

    /// The key in the form that this program's TLS library reads, for a certificate with this public key that it belongs to.
    pub(super) fn to_signing_key(&self, public: &PublicKey) -> Option<SigningKey> {
        match (self, public) {
            (Self::Rsa(key), _) => key.to_der().map(SigningKey::Pkcs1),
            (Self::Ec { curve, scalar, .. }, PublicKey::Ec { point, .. }) => {
                let curve = match curve {
                    Curve::P256 => OID_EC_P256,
                    Curve::P384 => OID_NIST_EC_P384,
                    Curve::P224 | Curve::P521 => return None,
                };
                let own_point = der::element(der::BIT_STRING, &[&[0], point.as_slice()].concat());
                let key = [
                    der::element(der::INTEGER, &[1]),
                    der::element(der::OCTET_STRING, scalar.expose()),
                    der::element(der::explicit(1), &own_point),
                ];
                let parameters = der::element(der::OBJECT_IDENTIFIER, curve.as_bytes());
                Some(private_key_info(OID_KEY_TYPE_EC_PUBLIC_KEY.as_bytes(), &parameters, &sequence(&key)))
            }
            (Self::Ed25519 { seed }, _) => {
                let seed = der::element(der::OCTET_STRING, seed.expose());
                Some(private_key_info(OID_SIG_ED25519.as_bytes(), &[], &seed))
            }
            _ => None,
        }
    }
}

/// A private key as DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningKey {
    /// An `RSAPrivateKey`.
    Pkcs1(Secret<Vec<u8>>),
    /// A `PrivateKeyInfo`.
    Pkcs8(Secret<Vec<u8>>),
}

fn private_key_info(algorithm: &[u8], parameters: &[u8], key: &[u8]) -> SigningKey {
    let algorithm = [der::element(der::OBJECT_IDENTIFIER, algorithm), parameters.to_vec()];
    let content = [der::element(der::INTEGER, &[0]), sequence(&algorithm), der::element(der::OCTET_STRING, key)];
    SigningKey::Pkcs8(Secret::new(sequence(&content)))
}

fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    der::element(der::SEQUENCE, &elements.concat())
}

/// The content of an element `[number]` with another one in it, or of none; Go reads on behind the inner element.
fn explicit(content: Der<'_>, number: u8) -> Option<Option<Der<'_>>> {
    if !content.begins_with(der::explicit(number)) {
        return Some(None);
    }
    let (_, start, length) = der::header(content.0)?;
    (length > 0).then(|| Some(Der(&content.0[start..])))
}

fn is_scalar_of(algorithm: &'static EcdsaSigningAlgorithm, scalar: &Secret<Vec<u8>>, point: &[u8]) -> KeyMatch {
    // The key pair wants a random number for signatures, which are never made with it.
    let random = SystemRandom::new();
    verdict(EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar.expose(), point, &random).is_ok())
}

fn verdict(matches: bool) -> KeyMatch {
    if matches { KeyMatch::Matches } else { KeyMatch::Mismatch }
}

fn is_key(label: &[u8]) -> bool {
    label == b"PRIVATE KEY" || label.ends_with(b" PRIVATE KEY")
}

#[cfg(test)]
mod tests;
