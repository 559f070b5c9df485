//! Private keys: does this one belong to that certificate?
//!
//! Of an RSA key only the modulus and the public exponent are read. Of the others the private value goes to the
//! library that derives the public key from it, and nowhere else; on large curves the public key that the file itself names is
//! compared instead. PKCS#1, PKCS#8 (RFC 5208, 8410) and SEC1 (RFC 5915)
//! are distinguished by their content, as kubectl does; the label only says that it is a key.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
};
use x509_parser::asn1_rs::{Any, Class, FromDer, Tag};
use x509_parser::oid_registry::{OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519};

use super::pem::{self, Damage};
use super::public_key::{Curve, PublicKey, without_leading_zeros};
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

/// Why a text holds no usable private key. Nothing of its content is repeated.
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
    /// The block's content is neither PKCS#1 nor PKCS#8 nor SEC1.
    #[error("the content of its PRIVATE KEY block is no private key")]
    Malformed,
}

/// Tells whether the first private key of a PEM text belongs to a public key.
pub fn compare(text: &Secret<Vec<u8>>, public: &PublicKey) -> Result<KeyMatch, PrivateKeyError> {
    let Some(der) = first_key(text.expose())? else {
        return Ok(KeyMatch::Unknown("the private key is encrypted"));
    };
    let key = PrivateKey::read(der.expose()).ok_or(PrivateKeyError::Malformed)?;
    Ok(key.belongs_to(public))
}

/// What is needed of a private key, borrowed from its DER form. No `Debug`: it holds the private value.
enum PrivateKey<'a> {
    Rsa { modulus: &'a [u8], exponent: &'a [u8] },
    Ec { curve: Curve, scalar: &'a [u8], point: Option<&'a [u8]> },
    Ed25519 { seed: &'a [u8] },
    Other,
}

impl<'a> PrivateKey<'a> {
    fn read(der: &'a [u8]) -> Option<Self> {
        let (content, []) = sequence(der)? else { return None };
        let (version, rest) = element(content, Tag::Integer)?;
        let (first, _) = next(rest)?;
        match first.tag() {
            Tag::Integer => Self::rsa(rest),
            Tag::Sequence => Self::pkcs8(rest),
            Tag::OctetString if version == [1] => Self::sec1(rest, None),
            _ => None,
        }
    }

    /// The rest of an RSAPrivateKey after its version (RFC 8017, A.1.2).
    fn rsa(rest: &'a [u8]) -> Option<Self> {
        let (modulus, rest) = element(rest, Tag::Integer)?;
        let (exponent, rest) = element(rest, Tag::Integer)?;
        // The private exponent must be there; its value is of no interest.
        element(rest, Tag::Integer)?;
        Some(Self::Rsa { modulus: without_leading_zeros(modulus), exponent: without_leading_zeros(exponent) })
    }

    /// The rest of a PrivateKeyInfo after its version (RFC 5208, 5).
    fn pkcs8(rest: &'a [u8]) -> Option<Self> {
        let (algorithm, rest) = sequence(rest)?;
        let (key, _) = element(rest, Tag::OctetString)?;
        let (oid, parameters) = element(algorithm, Tag::Oid)?;
        if oid == OID_PKCS1_RSAENCRYPTION.as_bytes() {
            let (content, []) = sequence(key)? else { return None };
            Self::rsa(element(content, Tag::Integer)?.1)
        } else if oid == OID_KEY_TYPE_EC_PUBLIC_KEY.as_bytes() {
            let curve = element(parameters, Tag::Oid).map_or(Curve::Other, |(oid, _)| Curve::from_oid(oid));
            let (content, []) = sequence(key)? else { return None };
            Self::sec1(element(content, Tag::Integer)?.1, Some(curve))
        } else if oid == OID_SIG_ED25519.as_bytes() {
            let (seed, []) = element(key, Tag::OctetString)? else { return None };
            (seed.len() == 32).then_some(Self::Ed25519 { seed })
        } else {
            Some(Self::Other)
        }
    }

    /// The rest of an ECPrivateKey after its version (RFC 5915, 3). Inside PKCS#8 the curve is already known.
    fn sec1(rest: &'a [u8], curve: Option<Curve>) -> Option<Self> {
        let (scalar, rest) = element(rest, Tag::OctetString)?;
        let curve = curve.or_else(|| named_curve(rest)).unwrap_or(Curve::Other);
        let scalar = without_leading_zeros(scalar);
        (!scalar.is_empty()).then_some(Self::Ec { curve, scalar, point: own_point(rest) })
    }

    fn belongs_to(&self, public: &PublicKey) -> KeyMatch {
        match (self, public) {
            (_, PublicKey::Other) => KeyMatch::Unknown("the certificate's key is of a kind that is not checked"),
            (Self::Other, _) => KeyMatch::Unknown("the private key is of a kind that is not checked"),
            (Self::Rsa { modulus, exponent }, PublicKey::Rsa { modulus: theirs, exponent: their_exponent }) => {
                verdict(modulus == theirs && exponent == their_exponent)
            }
            (Self::Ec { curve, scalar, point }, PublicKey::Ec { curve: theirs, point: their_point }) => {
                match (curve == theirs, *curve, point) {
                    (false, _, _) => KeyMatch::Mismatch,
                    // Deriving takes a third of a millisecond on P-384 and isn't possible on others.
                    (true, Curve::P384 | Curve::P521, Some(point)) => verdict(point == their_point),
                    (true, curve, _) => on_curve(curve, scalar, their_point),
                }
            }
            (Self::Ed25519 { seed }, PublicKey::Ed25519(public)) => {
                verdict(Ed25519KeyPair::from_seed_and_public_key(seed, public).is_ok())
            }
            _ => KeyMatch::Mismatch,
        }
    }
}

/// How an uncompressed point begins (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;

fn on_curve(curve: Curve, scalar: &[u8], point: &[u8]) -> KeyMatch {
    if point.first() != Some(&UNCOMPRESSED) {
        return KeyMatch::Unknown("the certificate's public key is in a form that is not checked");
    }
    match curve {
        Curve::P256 => ecdsa::<32>(&ECDSA_P256_SHA256_ASN1_SIGNING, scalar, point),
        Curve::P384 => ecdsa::<48>(&ECDSA_P384_SHA384_ASN1_SIGNING, scalar, point),
        Curve::P521 => KeyMatch::Unknown("keys on the curve P-521 are not checked"),
        Curve::Other => KeyMatch::Unknown("keys on this elliptic curve are not checked"),
    }
}

/// Some programs drop the scalar's leading zeros, the library wants its full length.
fn ecdsa<const LENGTH: usize>(algorithm: &'static EcdsaSigningAlgorithm, scalar: &[u8], point: &[u8]) -> KeyMatch {
    let mut padded = [0; LENGTH];
    let Some(start) = LENGTH.checked_sub(scalar.len()) else { return KeyMatch::Mismatch };
    padded[start..].copy_from_slice(scalar);
    // The key pair wants a random number for signatures, which are never made with it.
    let random = SystemRandom::new();
    verdict(EcdsaKeyPair::from_private_key_and_public_key(algorithm, &padded, point, &random).is_ok())
}

fn verdict(matches: bool) -> KeyMatch {
    if matches { KeyMatch::Matches } else { KeyMatch::Mismatch }
}

/// The content of the first private key; `None` where it is encrypted.
fn first_key(text: &[u8]) -> Result<Option<Secret<Vec<u8>>>, PrivateKeyError> {
    let mut damaged = None;
    let mut others: Vec<String> = Vec::new();
    for block in pem::blocks(text) {
        let (label, content) = match block {
            Ok(block) if !is_key(block.label) => {
                others.push(block.label.to_owned());
                continue;
            }
            Ok(block) if block.encrypted || block.label == "ENCRYPTED PRIVATE KEY" => return Ok(None),
            Ok(block) => (block.label, block.decode()),
            Err((label, damage)) => (label, Err(damage)),
        };
        match content {
            Ok(der) => return Ok(Some(Secret::new(der))),
            Err(damage) if is_key(label) => damaged = damaged.or(Some(damage)),
            Err(_) => others.push(label.to_owned()),
        }
    }
    Err(match (damaged, others.as_slice()) {
        (Some(damage), _) => PrivateKeyError::Damaged(damage),
        (None, []) => PrivateKeyError::NoPem,
        (None, labels) if labels.iter().all(|label| label == "CERTIFICATE") => PrivateKeyError::Certificate,
        (None, _) => PrivateKeyError::NoKey,
    })
}

fn is_key(label: &str) -> bool {
    label == "PRIVATE KEY" || label.ends_with(" PRIVATE KEY")
}

/// The curve that the optional parameters `[0]` of an ECPrivateKey name.
fn named_curve(rest: &[u8]) -> Option<Curve> {
    let (parameters, _) = next(rest)?;
    let names_curve = parameters.class() == Class::ContextSpecific && parameters.tag() == Tag(0);
    let (oid, _) = element(parameters.data, Tag::Oid).filter(|_| names_curve)?;
    Some(Curve::from_oid(oid))
}

/// The uncompressed point that the optional publicKey `[1]` of an ECPrivateKey holds.
fn own_point(rest: &[u8]) -> Option<&[u8]> {
    let (first, after) = next(rest)?;
    let any = if first.tag() == Tag(0) { next(after)?.0 } else { first };
    let is_public_key = any.class() == Class::ContextSpecific && any.tag() == Tag(1);
    let (bits, _) = element(any.data, Tag::BitString).filter(|_| is_public_key)?;
    let (unused_bits, point) = bits.split_first()?;
    (*unused_bits == 0 && point.first() == Some(&UNCOMPRESSED)).then_some(point)
}

fn next(der: &[u8]) -> Option<(Any<'_>, &[u8])> {
    Any::from_der(der).ok().map(|(rest, any)| (any, rest))
}

fn element(der: &[u8], tag: Tag) -> Option<(&[u8], &[u8])> {
    let (any, rest) = next(der)?;
    (any.class() == Class::Universal && any.tag() == tag).then_some((any.data, rest))
}

fn sequence(der: &[u8]) -> Option<(&[u8], &[u8])> {
    element(der, Tag::Sequence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::credential::certificate::Certificate;
    use crate::core::fixtures::{CertificateFixture, RSA_PKCS1, RSA_PKCS8, key, rsa_key};
    use base64::Engine as _;
    use proptest::prelude::*;
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

    fn public(key: &KeyPair) -> PublicKey {
        Certificate::from_pem(CertificateFixture::ack("1").pem(key).as_bytes()).unwrap().public_key
    }

    fn check(text: &str, public: &PublicKey) -> Result<KeyMatch, PrivateKeyError> {
        compare(&Secret::new(text.as_bytes().to_vec()), public)
    }

    fn pem(label: &str, der: &[u8]) -> String {
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
    }

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    /// The private value inside the PKCS#8 form that the builder writes.
    fn scalar(key: &KeyPair) -> Vec<u8> {
        let der = key.serialize_der();
        match PrivateKey::read(&der).unwrap() {
            PrivateKey::Ec { scalar, .. } => scalar.to_vec(),
            _ => panic!("not an EC key"),
        }
    }

    #[test]
    fn an_rsa_key_matches_its_certificate_in_both_forms() {
        let public = public(&rsa_key());
        assert_eq!(check(RSA_PKCS1, &public), Ok(KeyMatch::Matches));
        assert_eq!(check(RSA_PKCS8, &public), Ok(KeyMatch::Matches));
        assert_eq!(check(&RSA_PKCS1.replace('\n', "\r\n"), &public), Ok(KeyMatch::Matches));
    }

    #[test]
    fn an_rsa_key_of_another_modulus_does_not_match() {
        let PublicKey::Rsa { mut modulus, exponent } = public(&rsa_key()) else { panic!("not RSA") };
        modulus[17] ^= 1;
        assert_eq!(check(RSA_PKCS1, &PublicKey::Rsa { modulus, exponent }), Ok(KeyMatch::Mismatch));
    }

    #[test]
    fn ecdsa_and_ed25519_keys_match_their_own_certificate_and_no_other() {
        for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
            let (one, other) = (key(algorithm), key(algorithm));
            assert_eq!(check(&one.serialize_pem(), &public(&one)), Ok(KeyMatch::Matches));
            assert_eq!(check(&one.serialize_pem(), &public(&other)), Ok(KeyMatch::Mismatch));
            assert_eq!(check(&one.serialize_pem(), &public(&rsa_key())), Ok(KeyMatch::Mismatch));
            assert_eq!(check(RSA_PKCS8, &public(&one)), Ok(KeyMatch::Mismatch));
        }
        let (p256, p384) = (key(&PKCS_ECDSA_P256_SHA256), key(&PKCS_ECDSA_P384_SHA384));
        assert_eq!(check(&p256.serialize_pem(), &public(&p384)), Ok(KeyMatch::Mismatch));
    }

    #[test]
    fn sec1_keys_match_with_their_parameters_block_in_front() {
        let pair = key(&PKCS_ECDSA_P256_SHA256);
        let oid = tlv(0x06, OID_P256);
        let content = [tlv(0x02, &[1]), tlv(0x04, &scalar(&pair)), tlv(0xa0, &oid)].concat();
        let text = pem("EC PARAMETERS", &oid) + &pem("EC PRIVATE KEY", &tlv(0x30, &content));
        assert_eq!(check(&text, &public(&pair)), Ok(KeyMatch::Matches));
        assert_eq!(check(&text, &public(&key(&PKCS_ECDSA_P256_SHA256))), Ok(KeyMatch::Mismatch));
    }

    #[test]
    fn a_p384_key_without_its_public_point_matches_too() {
        let (pair, other) = (key(&PKCS_ECDSA_P384_SHA384), key(&PKCS_ECDSA_P384_SHA384));
        let content = [tlv(0x02, &[1]), tlv(0x04, &scalar(&pair)), tlv(0xa0, &tlv(0x06, OID_P384))].concat();
        let text = pem("EC PRIVATE KEY", &tlv(0x30, &content));
        assert_eq!(check(&text, &public(&pair)), Ok(KeyMatch::Matches));
        assert_eq!(check(&text, &public(&other)), Ok(KeyMatch::Mismatch));
    }

    #[test]
    fn a_key_on_a_curve_that_is_not_derived_is_told_by_the_point_in_its_file() {
        let point = [&[4], [9; 100].as_slice()].concat();
        let own = tlv(0xa1, &tlv(0x03, &[&[0], point.as_slice()].concat()));
        for parameters in [tlv(0xa0, &tlv(0x06, OID_P521)), Vec::new()] {
            let sec1 = [tlv(0x02, &[1]), tlv(0x04, &[7; 66]), parameters, own.clone()].concat();
            let key = PrivateKey::sec1(&sec1[3..], Some(Curve::P521)).unwrap();
            let certificate = |point: Vec<u8>| PublicKey::Ec { curve: Curve::P521, point };
            assert_eq!(key.belongs_to(&certificate(point.clone())), KeyMatch::Matches);
            assert_eq!(key.belongs_to(&certificate(vec![4; 101])), KeyMatch::Mismatch);
        }
    }

    #[test]
    fn a_scalar_with_dropped_or_added_zeros_is_the_same_scalar() {
        let pair = key(&PKCS_ECDSA_P256_SHA256);
        let padded = [&[0, 0], scalar(&pair).as_slice()].concat();
        let content = [tlv(0x02, &[1]), tlv(0x04, &padded), tlv(0xa0, &tlv(0x06, OID_P256))].concat();
        assert_eq!(check(&pem("EC PRIVATE KEY", &tlv(0x30, &content)), &public(&pair)), Ok(KeyMatch::Matches));
    }

    #[test]
    fn what_cannot_be_told_is_unknown_with_a_reason() {
        let rsa = public(&rsa_key());
        let legacy = RSA_PKCS1.replacen('\n', "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1);
        for text in [pem("ENCRYPTED PRIVATE KEY", &[0x30, 0]), legacy] {
            assert_eq!(check(&text, &rsa), Ok(KeyMatch::Unknown("the private key is encrypted")));
        }
        let p521 = PublicKey::Ec { curve: Curve::P521, point: vec![4; 133] };
        let content = [tlv(0x02, &[1]), tlv(0x04, &[7; 66]), tlv(0xa0, &tlv(0x06, OID_P521))].concat();
        let text = pem("EC PRIVATE KEY", &tlv(0x30, &content));
        assert_eq!(check(&text, &p521), Ok(KeyMatch::Unknown("keys on the curve P-521 are not checked")));
        assert!(matches!(check(RSA_PKCS1, &PublicKey::Other), Ok(KeyMatch::Unknown(_))));
    }

    #[test]
    fn what_is_no_key_is_told() {
        let rsa = public(&rsa_key());
        let certificate = CertificateFixture::ack("1").pem(&rsa_key());
        for (text, expected) in [
            ("", PrivateKeyError::NoPem),
            (certificate.as_str(), PrivateKeyError::Certificate),
            ("-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----", PrivateKeyError::NoKey),
            (&RSA_PKCS1[..400], PrivateKeyError::Damaged(Damage::CutOff)),
            ("-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----", PrivateKeyError::Damaged(Damage::NotBase64)),
            (&pem("PRIVATE KEY", b"hunter2"), PrivateKeyError::Malformed),
            (&pem("PRIVATE KEY", &[]), PrivateKeyError::Malformed),
        ] {
            let error = check(text, &rsa).unwrap_err();
            assert_eq!(error, expected);
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn a_certificate_before_the_key_is_skipped() {
        let text = CertificateFixture::ack("1").pem(&rsa_key()) + RSA_PKCS1;
        assert_eq!(check(&text, &public(&rsa_key())), Ok(KeyMatch::Matches));
    }

    const OID_P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    const OID_P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
    const OID_P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = PrivateKey::read(&bytes);
            let _ = PrivateKey::read(&tlv(0x30, &bytes[..bytes.len().min(120)]));
            let _ = first_key(&bytes);
        }

        #[test]
        fn a_key_with_a_changed_byte_never_belongs_to_another_certificate(position in 0..64usize, byte in any::<u8>()) {
            let rsa = public(&rsa_key());
            let mut der = key(&PKCS_ED25519).serialize_der();
            let position = position % der.len();
            der[position] = byte;
            if let Some(key) = PrivateKey::read(&der) {
                prop_assert_ne!(key.belongs_to(&rsa), KeyMatch::Matches);
            }
        }
    }
}
