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
    PrivateKey::from_pem(text.as_bytes()).map(|key| key.matches(public))
}

fn block(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    der::element(tag, content)
}

/// The private value inside the PKCS#8 form that the builder writes.
fn scalar(key: &KeyPair) -> Vec<u8> {
    let der = key.serialize_der();
    match PrivateKey::from_der(&der) {
        Ok(PrivateKey::Ec { scalar, .. }) => scalar.expose().clone(),
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
    let text = block("EC PARAMETERS", &oid) + &block("EC PRIVATE KEY", &tlv(0x30, &content));
    assert_eq!(check(&text, &public(&pair)), Ok(KeyMatch::Matches));
    assert_eq!(check(&text, &public(&key(&PKCS_ECDSA_P256_SHA256))), Ok(KeyMatch::Mismatch));
}

#[test]
fn a_p384_key_without_its_public_point_matches_too() {
    let (pair, other) = (key(&PKCS_ECDSA_P384_SHA384), key(&PKCS_ECDSA_P384_SHA384));
    let content = [tlv(0x02, &[1]), tlv(0x04, &scalar(&pair)), tlv(0xa0, &tlv(0x06, OID_P384))].concat();
    let text = block("EC PRIVATE KEY", &tlv(0x30, &content));
    assert_eq!(check(&text, &public(&pair)), Ok(KeyMatch::Matches));
    assert_eq!(check(&text, &public(&other)), Ok(KeyMatch::Mismatch));
}

#[test]
fn a_p521_key_belongs_to_the_point_that_is_derived_from_it() {
    let number = |text: &str| num_bigint::BigUint::parse_bytes(text.as_bytes(), 16).unwrap().to_bytes_be();
    // Twice the base point, as Go's crypto/elliptic computes it.
    let x = "433c219024277e7e682fcb288148c282747403279b1ccc06352c6e5505d769be97b3b204da6ef55507aa104a3a35c5af41cf2f\
             a364d60fd967f43e3933ba6d783d";
    let y = "f4bb8cc7f86db26700a7f3eceeeed3f0b5c6b5107c4da97740ab21a29906c42dbbb3e377de9f251f6b93937fa99a3248f4eafc\
             be95edc0f4f71be356d661f41b02";
    let padded = |bytes: Vec<u8>| [vec![0; 66 - bytes.len()], bytes].concat();
    let point = [vec![4], padded(number(x)), padded(number(y))].concat();
    let public = PublicKey::Ec { curve: Curve::P521, point };
    for (value, expected) in [(2, KeyMatch::Matches), (3, KeyMatch::Mismatch), (0, KeyMatch::Mismatch)] {
        let sec1 = tlv(0x30, &[tlv(0x02, &[1]), tlv(0x04, &[value]), tlv(0xa0, &tlv(0x06, OID_P521))].concat());
        assert_eq!(check(&block("PRIVATE KEY", &sec1), &public), Ok(expected), "{value}");
    }
}

#[test]
fn the_content_decides_and_the_label_does_not() {
    let (ec, ed) = (key(&PKCS_ECDSA_P256_SHA256), key(&PKCS_ED25519));
    let sec1 = {
        let content = [tlv(0x02, &[1]), tlv(0x04, &scalar(&ec)), tlv(0xa0, &tlv(0x06, OID_P256))].concat();
        tlv(0x30, &content)
    };
    let rsa = pem::blocks(RSA_PKCS1.as_bytes()).next().unwrap().content;
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "MY OWN PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        assert_eq!(check(&block(label, &rsa), &public(&rsa_key())), Ok(KeyMatch::Matches), "{label}");
        assert_eq!(check(&block(label, &sec1), &public(&ec)), Ok(KeyMatch::Matches), "{label}");
        let with_more = [ed.serialize_der(), vec![0; 3]].concat();
        assert_eq!(check(&block(label, &with_more), &public(&ed)), Ok(KeyMatch::Matches), "{label}");
    }
    let with_more = [rsa, vec![0]].concat();
    assert_eq!(check(&block("PRIVATE KEY", &with_more), &public(&rsa_key())), Err(PrivateKeyError::Malformed));
}

#[test]
fn the_first_key_counts_even_if_it_can_not_be_read() {
    let text = block("ENCRYPTED PRIVATE KEY", &[0x30, 0]) + RSA_PKCS1;
    assert_eq!(check(&text, &public(&rsa_key())), Err(PrivateKeyError::Encrypted));
    let text = block("EC PARAMETERS", OID_P256) + RSA_PKCS1;
    assert_eq!(check(&text, &public(&rsa_key())), Ok(KeyMatch::Matches));
}

#[test]
fn an_rsa_key_whose_numbers_contradict_each_other_is_refused() {
    let sound = pem::blocks(RSA_PKCS1.as_bytes()).next().unwrap().content;
    for position in [400, 700, 830, 960, 1100] {
        let mut broken = sound.clone();
        broken[position] ^= 4;
        let text = block("RSA PRIVATE KEY", &broken);
        assert_eq!(check(&text, &public(&rsa_key())), Err(PrivateKeyError::Inconsistent), "{position}");
    }
}

#[test]
fn what_is_written_for_the_tls_library_is_the_same_key() {
    for (text, public) in [
        (RSA_PKCS8.to_owned(), public(&rsa_key())),
        {
            let pair = key(&PKCS_ECDSA_P384_SHA384);
            (pair.serialize_pem(), public(&pair))
        },
        {
            let pair = key(&PKCS_ED25519);
            (pair.serialize_pem(), public(&pair))
        },
    ] {
        let key = PrivateKey::from_pem(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let (SigningKey::Pkcs1(der) | SigningKey::Pkcs8(der)) = key.to_signing_key(&public).unwrap();
        assert_eq!(check(&block("PRIVATE KEY", der.expose()), &public), Ok(KeyMatch::Matches));
    }
}

#[test]
fn a_scalar_with_dropped_or_added_zeros_is_the_same_scalar() {
    let pair = key(&PKCS_ECDSA_P256_SHA256);
    let padded = [&[0, 0], scalar(&pair).as_slice()].concat();
    let content = [tlv(0x02, &[1]), tlv(0x04, &padded), tlv(0xa0, &tlv(0x06, OID_P256))].concat();
    assert_eq!(check(&block("EC PRIVATE KEY", &tlv(0x30, &content)), &public(&pair)), Ok(KeyMatch::Matches));
}

#[test]
fn an_encrypted_key_is_refused() {
    let rsa = public(&rsa_key());
    let legacy = block("RSA PRIVATE KEY", b"ciphertext").replacen(
        '\n',
        "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n",
        1,
    );
    for text in [block("ENCRYPTED PRIVATE KEY", &[0x30, 0]), legacy] {
        assert_eq!(check(&text, &rsa), Err(PrivateKeyError::Encrypted));
    }
}

#[test]
fn what_is_no_key_is_named() {
    let rsa = public(&rsa_key());
    let certificate = CertificateFixture::ack("1").pem(&rsa_key());
    for (text, expected) in [
        ("", PrivateKeyError::NoPem),
        (certificate.as_str(), PrivateKeyError::Certificate),
        ("-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----", PrivateKeyError::NoKey),
        (&RSA_PKCS1[..400], PrivateKeyError::Damaged(Damage::CutOff)),
        ("-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----", PrivateKeyError::Damaged(Damage::NotBase64)),
        (&block("PRIVATE KEY", b"hunter2"), PrivateKeyError::Malformed),
        (&block("PRIVATE KEY", &[]), PrivateKeyError::Malformed),
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
        let _ = PrivateKey::from_der(&bytes).is_ok();
        let _ = PrivateKey::from_der(&tlv(0x30, &bytes[..bytes.len().min(120)])).is_ok();
        let _ = PrivateKey::from_pem(&bytes).is_ok();
    }

    #[test]
    fn a_key_with_a_changed_byte_never_belongs_to_another_certificate(position in 0..64usize, byte in any::<u8>()) {
        let rsa = public(&rsa_key());
        let mut der = key(&PKCS_ED25519).serialize_der();
        let position = position % der.len();
        der[position] = byte;
        if let Ok(key) = PrivateKey::from_der(&der) {
            prop_assert_ne!(key.matches(&rsa), KeyMatch::Matches);
        }
    }
}
