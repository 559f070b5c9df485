//! Keys: fresh elliptic ones, and two fixed RSA test keys (ring signs with RSA but doesn't generate it).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};

use super::der::{NULL, OBJECT_IDENTIFIER, OCTET_STRING, bit_string, children, element, integer, sequence};
use super::error::CertError;

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ECDSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

const TEST_RSA: [&str; 2] =
    [include_str!("../../testdata/test-rsa-1.key.pem"), include_str!("../../testdata/test-rsa-2.key.pem")];

/// What kind of key a certificate holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyKind {
    /// The first of two fixed 2048-bit RSA test keys: every certificate that asks for it holds the same key.
    Rsa,
    /// The second fixed RSA test key.
    OtherRsa,
    /// A fresh key on NIST P-256.
    #[default]
    EcdsaP256,
    /// A fresh key on NIST P-384.
    EcdsaP384,
    /// A fresh Ed25519 key.
    Ed25519,
}

/// A private key with its encodings.
#[derive(Clone)]
pub struct Key {
    kind: KeyKind,
    pkcs8: Vec<u8>,
}

impl Key {
    /// A key of this kind; RSA keys are fixed, the others fresh.
    ///
    /// # Errors
    /// If the system has no randomness, or a test key can't be read.
    pub fn generate(kind: KeyKind) -> Result<Self, CertError> {
        let random = SystemRandom::new();
        let pkcs8 = match kind {
            KeyKind::Rsa => pem_body(TEST_RSA[0])?,
            KeyKind::OtherRsa => pem_body(TEST_RSA[1])?,
            KeyKind::EcdsaP256 => {
                EcdsaKeyPair::generate_pkcs8(&signature::ECDSA_P256_SHA256_ASN1_SIGNING, &random)?.as_ref().to_vec()
            }
            KeyKind::EcdsaP384 => {
                EcdsaKeyPair::generate_pkcs8(&signature::ECDSA_P384_SHA384_ASN1_SIGNING, &random)?.as_ref().to_vec()
            }
            KeyKind::Ed25519 => ed25519_pkcs8(&random)?,
        };
        Ok(Self { kind, pkcs8 })
    }

    /// PKCS#8 in DER.
    pub fn pkcs8_der(&self) -> &[u8] {
        &self.pkcs8
    }

    /// PKCS#8 in PEM, `BEGIN PRIVATE KEY`.
    pub fn pkcs8_pem(&self) -> String {
        pem("PRIVATE KEY", &self.pkcs8)
    }

    /// PKCS#1 in PEM, `BEGIN RSA PRIVATE KEY`, as in ACK's own samples; `None` for other than RSA.
    pub fn pkcs1_pem(&self) -> Option<String> {
        if !matches!(self.kind, KeyKind::Rsa | KeyKind::OtherRsa) {
            return None;
        }
        let parts = children(&self.pkcs8)?;
        let (_, pkcs1) = parts.iter().find(|(tag, _)| *tag == OCTET_STRING)?;
        Some(pem("RSA PRIVATE KEY", pkcs1))
    }

    /// The public half in PEM, `BEGIN PUBLIC KEY`.
    ///
    /// # Errors
    /// If the key can't be read.
    pub fn public_pem(&self) -> Result<String, CertError> {
        Ok(pem("PUBLIC KEY", &self.subject_public_key_info()?))
    }

    pub(super) fn subject_public_key_info(&self) -> Result<Vec<u8>, CertError> {
        let (algorithm, public) = match self.kind {
            KeyKind::Rsa | KeyKind::OtherRsa => {
                let pair = RsaKeyPair::from_pkcs8(&self.pkcs8)?;
                (rsa_identifier(RSA_ENCRYPTION), pair.public_key().as_ref().to_vec())
            }
            KeyKind::EcdsaP256 => (ec_identifier(P256), self.ecdsa()?.public_key().as_ref().to_vec()),
            KeyKind::EcdsaP384 => (ec_identifier(P384), self.ecdsa()?.public_key().as_ref().to_vec()),
            KeyKind::Ed25519 => (
                sequence(&[&element(OBJECT_IDENTIFIER, &[ED25519])]),
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.pkcs8)?.public_key().as_ref().to_vec(),
            ),
        };
        Ok(sequence(&[&algorithm, &bit_string(&public)]))
    }

    pub(super) fn signature_algorithm(&self) -> Vec<u8> {
        match self.kind {
            KeyKind::Rsa | KeyKind::OtherRsa => rsa_identifier(SHA256_WITH_RSA),
            KeyKind::EcdsaP256 => sequence(&[&element(OBJECT_IDENTIFIER, &[ECDSA_SHA256])]),
            KeyKind::EcdsaP384 => sequence(&[&element(OBJECT_IDENTIFIER, &[ECDSA_SHA384])]),
            KeyKind::Ed25519 => sequence(&[&element(OBJECT_IDENTIFIER, &[ED25519])]),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CertError> {
        let random = SystemRandom::new();
        match self.kind {
            KeyKind::Rsa | KeyKind::OtherRsa => {
                let pair = RsaKeyPair::from_pkcs8(&self.pkcs8)?;
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
            KeyKind::EcdsaP256 | KeyKind::EcdsaP384 => Ok(self.ecdsa()?.sign(&random, message)?.as_ref().to_vec()),
            KeyKind::Ed25519 => {
                Ok(Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.pkcs8)?.sign(message).as_ref().to_vec())
            }
        }
    }

    fn ecdsa(&self) -> Result<EcdsaKeyPair, CertError> {
        let algorithm = if self.kind == KeyKind::EcdsaP384 {
            &signature::ECDSA_P384_SHA384_ASN1_SIGNING
        } else {
            &signature::ECDSA_P256_SHA256_ASN1_SIGNING
        };
        Ok(EcdsaKeyPair::from_pkcs8(algorithm, &self.pkcs8, &SystemRandom::new())?)
    }
}

/// PEM text of DER bytes.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

fn pem_body(text: &str) -> Result<Vec<u8>, CertError> {
    let encoded: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(encoded).map_err(|_| CertError::TestKey)
}

/// Version 0 without the public half, which every reader knows; ring's own generator writes the newer form.
fn ed25519_pkcs8(random: &SystemRandom) -> Result<Vec<u8>, CertError> {
    let seed: [u8; 32] = ring::rand::generate(random)?.expose();
    let inner = element(OCTET_STRING, &[&seed]);
    let algorithm = sequence(&[&element(OBJECT_IDENTIFIER, &[ED25519])]);
    Ok(sequence(&[&integer(&[0]), &algorithm, &element(OCTET_STRING, &[&inner])]))
}

fn rsa_identifier(oid: &[u8]) -> Vec<u8> {
    sequence(&[&element(OBJECT_IDENTIFIER, &[oid]), &element(NULL, &[])])
}

fn ec_identifier(curve: &[u8]) -> Vec<u8> {
    sequence(&[&element(OBJECT_IDENTIFIER, &[EC_PUBLIC_KEY]), &element(OBJECT_IDENTIFIER, &[curve])])
}
