//! Keys of all kinds, and private keys as files hold them.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PublicKeyData as _};

use super::der::{BIT_STRING, OCTET_STRING, content, elements, integer, oid, sequence, tlv};
use super::random::Random;

pub(crate) const RSA: &str = "1.2.840.113549.1.1.1";
pub(crate) const EC: &str = "1.2.840.10045.2.1";

/// A key.
pub(crate) struct Key {
    /// `SubjectPublicKeyInfo`.
    pub(crate) public: Vec<u8>,
    /// `PrivateKeyInfo`.
    pub(crate) pkcs8: Vec<u8>,
}

/// New keys of the usual kinds, and those of the cases.
pub(crate) fn keys() -> Vec<Key> {
    let new = |algorithm| KeyPair::generate_for(algorithm).unwrap();
    let rsa = include_str!("../../fixtures/rsa-pkcs8.pem");
    let usual = [new(&PKCS_ECDSA_P256_SHA256), new(&PKCS_ECDSA_P384_SHA384), new(&PKCS_ED25519)];
    let mut keys: Vec<Key> = usual
        .into_iter()
        .chain([KeyPair::from_pem(rsa).unwrap()])
        .map(|key| Key { public: key.subject_public_key_info(), pkcs8: key.serialize_der() })
        .collect();
    let cases =
        ["e-p521", "d-p224", "n-rsa1024", "o-rsa512", "p-rsa8192", "q-rsa-e3", "c-secp256k1", "j-ed448", "h-sm2"];
    keys.extend(cases.map(|case| Key::of_case(&format!("04-ec-keys/{case}"))));
    keys
}

/// Certificate and key of a case, as PEM.
pub(crate) fn of_case(case: &str) -> (Vec<u8>, Vec<u8>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases").join(format!("{case}.yaml"));
    let text = std::fs::read_to_string(file).unwrap();
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": ")).unwrap();
        STANDARD.decode(value).unwrap()
    };
    (field("client-certificate-data"), field("client-key-data"))
}

/// The content of the first block with a label of this end.
pub(crate) fn block(pem: &[u8], label: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(pem);
    let (_, rest) = text.split_once(&format!("{label}-----\n")).unwrap();
    STANDARD.decode(rest.split("\n-----END").next().unwrap().replace('\n', "")).unwrap()
}

impl Key {
    fn of_case(case: &str) -> Self {
        let (certificate, key) = of_case(case);
        let certificate = block(&certificate, "BEGIN CERTIFICATE");
        let parts = elements(content(elements(content(&certificate))[0]));
        let public = parts[6].to_vec();
        let key = block(&key, "PRIVATE KEY");
        let is_sec1 = elements(content(&key))[1][0] == OCTET_STRING;
        let algorithm = elements(content(&public))[0].to_vec();
        let pkcs8 = if is_sec1 { sequence(&[integer(&[0]), algorithm, tlv(OCTET_STRING, &key)]) } else { key };
        Self { public, pkcs8 }
    }

    /// PKCS#1 or SEC1, or what else PKCS#8 holds.
    fn inner(&self) -> &[u8] {
        content(elements(content(&self.pkcs8))[2])
    }

    fn algorithm(&self) -> &[u8] {
        elements(content(&self.pkcs8))[1]
    }

    fn is_ec(&self) -> bool {
        self.algorithm()[2..].starts_with(&oid(EC))
    }

    /// The private key in one of the forms that are met, or in none.
    pub(crate) fn encoded(&self, random: &Random, others: &[Key]) -> Vec<u8> {
        let inner = self.inner().to_vec();
        let wrapped =
            |algorithm: &[u8], inner: &[u8]| sequence(&[integer(&[0]), algorithm.to_vec(), tlv(OCTET_STRING, inner)]);
        let mut encoded = match random.below(14) {
            0..=4 => self.pkcs8.clone(),
            5..=7 if self.is_ec() => self.sec1(random),
            5..=7 => inner,
            8 if self.is_ec() => wrapped(self.algorithm(), &self.sec1(random)),
            9 => wrapped(others[random.below(others.len())].algorithm(), &inner),
            10 => sequence(&[integer(&[7]), self.algorithm().to_vec(), tlv(OCTET_STRING, &inner), tlv(0xa0, b"more")]),
            11 => wrapped(&sequence(&[oid(random.pick(&[RSA, EC, "1.3.101.112", "1.2.840.113549.1.1.10"]))]), &inner),
            _ => self.pkcs8.clone(),
        };
        if random.once_in(8) {
            encoded.extend(&[0; 3][..=random.below(3)]);
        }
        if random.once_in(10) {
            let position = random.below(encoded.len());
            encoded[position] ^= 1 << random.below(8);
        }
        encoded
    }

    /// An ECPrivateKey with parts that are there or not, right or wrong.
    fn sec1(&self, random: &Random) -> Vec<u8> {
        let parts = elements(content(self.inner()));
        let scalar = content(parts[1]);
        let scalar = match random.below(8) {
            0 => [&[0, 0], scalar].concat(),
            1 => scalar.iter().copied().skip_while(|byte| *byte == 0).collect(),
            2 => [&[1], scalar].concat(),
            _ => scalar.to_vec(),
        };
        let curve = elements(content(self.algorithm()))[1].to_vec();
        let curve = match random.below(10) {
            0 => Vec::new(),
            1 => tlv(0xa0, &oid("1.3.132.0.34")),
            2 => tlv(0xa0, &sequence(&[curve])),
            3 => tlv(0x80, &curve),
            4 => tlv(0xa0, &[]),
            _ => tlv(0xa0, &curve),
        };
        let point = content(elements(content(&self.public))[1]).to_vec();
        let point = match random.below(10) {
            0 => Vec::new(),
            1 => tlv(0xa1, &tlv(BIT_STRING, &[])),
            2 => tlv(0xa1, &tlv(OCTET_STRING, &point)),
            _ => tlv(0xa1, &tlv(BIT_STRING, &point)),
        };
        let version = if random.once_in(12) { integer(&[0]) } else { integer(&[1]) };
        sequence(&[version, tlv(OCTET_STRING, &scalar), curve, point])
    }
}
