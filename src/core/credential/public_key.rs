//! The public key of a certificate, as far as it takes to tell whether a private key belongs to it.

use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKCS1_RSAENCRYPTION,
    OID_SIG_ED25519,
};
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::x509::SubjectPublicKeyInfo;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA: modulus and exponent, big-endian without leading zeros.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The public exponent.
        exponent: Vec<u8>,
    },
    /// A point on an elliptic curve, as the certificate encodes it.
    Ec {
        /// The curve.
        curve: Curve,
        /// The point.
        point: Vec<u8>,
    },
    /// An Ed25519 key.
    Ed25519(Vec<u8>),
    /// Another algorithm.
    Other,
}

/// A named elliptic curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
    /// Another curve, or parameters that name none.
    Other,
}

impl PublicKey {
    pub(super) fn read(info: &SubjectPublicKeyInfo<'_>) -> Self {
        let algorithm = &info.algorithm.algorithm;
        let bits = || info.subject_public_key.data.to_vec();
        if *algorithm == OID_PKCS1_RSAENCRYPTION {
            match info.parsed() {
                Ok(Parsed::RSA(key)) => Self::Rsa {
                    modulus: without_leading_zeros(key.modulus).to_vec(),
                    exponent: without_leading_zeros(key.exponent).to_vec(),
                },
                _ => Self::Other,
            }
        } else if *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
            let parameters = info.algorithm.parameters.as_ref();
            Self::Ec { curve: parameters.map_or(Curve::Other, |oid| Curve::from_oid(oid.data)), point: bits() }
        } else if *algorithm == OID_SIG_ED25519 {
            Self::Ed25519(bits())
        } else {
            Self::Other
        }
    }
}

impl Curve {
    /// The curve that the content of an OBJECT IDENTIFIER names.
    pub(super) fn from_oid(oid: &[u8]) -> Self {
        if oid == OID_EC_P256.as_bytes() {
            Self::P256
        } else if oid == OID_NIST_EC_P384.as_bytes() {
            Self::P384
        } else if oid == OID_NIST_EC_P521.as_bytes() {
            Self::P521
        } else {
            Self::Other
        }
    }
}

pub(super) fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}
