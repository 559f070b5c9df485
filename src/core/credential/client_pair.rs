//! A client certificate with its private key: whether they belong together, and whether this program can connect with them.

use std::fmt;

use super::certificate::Certificate;
use super::private_key::{KeyMatch, PrivateKey, PrivateKeyError, SigningKey};
use super::public_key::{Curve, PublicKey};
use crate::core::secret::Secret;

/// This program's TLS library signs with RSA keys whose primes have a multiple of so many bits.
const RSA_STEP: u64 = 512;
/// From how many bits to how many.
const RSA_BITS: std::ops::RangeInclusive<u64> = 2048..=4096;
/// The least public exponent.
const RSA_EXPONENT: u64 = 65537;

/// A certificate's private key, which kubectl loads. No `Debug`: it holds the private value.
pub struct ClientPair {
    /// Whether the key is the certificate's.
    pub key_match: KeyMatch,
    /// Why this program can't connect with it, where it can't.
    pub obstacle: Option<Obstacle>,
    key: PrivateKey,
}

/// Why this program can't connect with a credential with which kubectl can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The length of its RSA key, in bits.
    RsaBits(u64),
    /// The public exponent of its RSA key is too small.
    RsaExponent,
    /// Its RSA key does not have two primes of equal length.
    RsaPrimes,
    /// Its key is on a curve that is not supported here.
    Curve,
}

impl ClientPair {
    /// Reads the private key of a certificate.
    ///
    /// # Errors
    /// kubectl doesn't load the key.
    pub fn read(certificate: &Certificate, key: &Secret<Vec<u8>>) -> Result<Self, PrivateKeyError> {
        let key = PrivateKey::from_pem(key.expose())?;
        let public = &certificate.public_key;
        Ok(Self { key_match: key.matches(public), obstacle: obstacle(&key, public), key })
    }

    /// What this program needs to connect with the certificate.
    ///
    /// # Errors
    /// It can't.
    pub fn signing_key(&self, certificate: &Certificate) -> Result<SigningKey, Obstacle> {
        match self.obstacle {
            Some(obstacle) => Err(obstacle),
            None => self.key.to_signing_key(&certificate.public_key).ok_or(Obstacle::Curve),
        }
    }
}

fn obstacle(key: &PrivateKey, public: &PublicKey) -> Option<Obstacle> {
    match key {
        PrivateKey::Rsa(key) => {
            let bits = public.rsa_bits().unwrap_or_default();
            let exponent = match public {
                PublicKey::Rsa { exponent, .. } => {
                    exponent.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte))
                }
                _ => RSA_EXPONENT,
            };
            if !RSA_BITS.contains(&bits) || !bits.is_multiple_of(2 * RSA_STEP) {
                Some(Obstacle::RsaBits(bits))
            } else if exponent < RSA_EXPONENT {
                Some(Obstacle::RsaExponent)
            } else {
                (!key.has_two_equal_primes()).then_some(Obstacle::RsaPrimes)
            }
        }
        PrivateKey::Ec { curve: Curve::P224 | Curve::P521, .. } => Some(Obstacle::Curve),
        PrivateKey::Ec { .. } | PrivateKey::Ed25519 { .. } => None,
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("kubectl-ackcred can't connect with it, kubectl can: ")?;
        match self {
            Self::RsaBits(bits) => {
                write!(formatter, "its RSA key has {bits} bits, and 2048, 3072 and 4096 are supported here")
            }
            Self::RsaExponent => {
                write!(formatter, "its RSA key has a public exponent below {RSA_EXPONENT}, which is not supported here")
            }
            Self::RsaPrimes => {
                formatter.write_str("its RSA key does not have two primes of equal length, which is not supported here")
            }
            Self::Curve => formatter.write_str("its key is on the curve P-521, which is not supported here"),
        }
    }
}
