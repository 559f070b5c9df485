//! Certificates as issuers write them, and as they should not.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

use super::der::{
    BIT_STRING, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, SET, bits, content, elements, integer, oid, sequence, tlv,
};
use super::keys::{Key, block};
use super::random::Random;

const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
const COMMON_NAME: &str = "2.5.4.3";

/// The CA of the cases.
pub(crate) struct Issuer {
    pub(crate) pem: String,
    name: Vec<u8>,
    key: EcdsaKeyPair,
}

impl Issuer {
    pub(crate) fn of_the_cases() -> Self {
        let pem = include_str!("../../fixtures/cases/pki/ca.pem").to_owned();
        let certificate = block(pem.as_bytes(), "BEGIN CERTIFICATE");
        let name = elements(content(elements(content(&certificate))[0]))[5].to_vec();
        let key = block(include_bytes!("../../fixtures/cases/pki/ca.key"), "BEGIN PRIVATE KEY");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key, &SystemRandom::new()).unwrap();
        Self { pem, name, key }
    }

    /// A client certificate for a key. Once in so many times one of its parts is not as it should be; that it is signed by the
    /// issuer is always so if `signed`.
    pub(crate) fn certificate(&self, random: &Random, key: &Key, odds: Odds) -> Vec<u8> {
        let parts = Parts { random, odds };
        let algorithm = parts.algorithm();
        let outer = if parts.is_odd(4) { parts.algorithm() } else { algorithm.clone() };
        let version = parts.version();
        let body = [
            version,
            parts.serial(),
            algorithm,
            if !odds.signed && parts.is_odd(1) { parts.name() } else { self.name.clone() },
            parts.dates(),
            parts.name(),
            parts.public_key(key),
            parts.unique_identifiers(),
            parts.extensions(),
            if parts.is_odd(8) { tlv(0xa7, b"more") } else { Vec::new() },
        ];
        let body = sequence(&body);
        let signature = self.key.sign(&SystemRandom::new(), &body).unwrap();
        let mut certificate = sequence(&[body, outer, bits(signature.as_ref())]);
        if parts.is_odd(6) {
            certificate.push(0);
        }
        if !odds.signed && parts.is_odd(1) {
            let position = random.below(certificate.len());
            certificate[position] ^= 1 << random.below(8);
        }
        certificate
    }
}

/// How often parts are not as they should be.
#[derive(Clone, Copy)]
pub(crate) struct Odds {
    /// Once in so many times.
    pub(crate) once_in: usize,
    /// Whether the issuer's signature is right in spite of that.
    pub(crate) signed: bool,
}

struct Parts<'r> {
    random: &'r Random,
    odds: Odds,
}

impl Parts<'_> {
    fn is_odd(&self, rarer: usize) -> bool {
        self.random.once_in(self.odds.once_in * rarer)
    }

    fn version(&self) -> Vec<u8> {
        let version = |content: &[u8]| tlv(0xa0, content);
        match self.random.below(if self.is_odd(1) { 9 } else { 3 }) {
            0 | 1 => version(&integer(&[2])),
            2 if self.random.once_in(3) => Vec::new(),
            2 => version(&integer(&[2])),
            3 => version(&integer(&[1])),
            4 => version(&integer(&[3])),
            5 => version(&integer(&[0xff])),
            6 => version(&integer(&[0, 2])),
            7 => version(&[integer(&[2]), NULL.to_vec()].concat()),
            _ => integer(&[2]),
        }
    }

    fn serial(&self) -> Vec<u8> {
        if !self.is_odd(1) {
            return integer(&[1 + self.random.below(120) as u8, self.random.next() as u8, 7]);
        }
        match self.random.below(8) {
            0 => integer(&[]),
            1 => integer(&[0]),
            2 => integer(&[0xff]),
            3 => integer(&[0, 1]),
            4 => integer(&[0x11; 21]),
            5 => integer(&[0, 0x80]),
            6 => vec![INTEGER, 0x82, 0, 1, 7],
            _ => integer(&[0xff, 0x80]),
        }
    }

    fn algorithm(&self) -> Vec<u8> {
        if self.odds.signed || !self.is_odd(1) {
            return sequence(&[oid(ECDSA_SHA256)]);
        }
        let name = self.random.pick(&[
            "1.2.840.10045.4.3.3",
            "1.2.840.10045.4.3.4",
            "1.2.840.10045.4.1",
            "1.2.840.113549.1.1.11",
            "1.2.840.113549.1.1.5",
            "1.2.840.113549.1.1.4",
            "1.3.14.3.2.29",
            "1.3.101.112",
            "2.16.840.1.101.3.4.3.2",
            "1.2.840.10040.4.3",
            "1.2.156.10197.1.501",
            "1.2.840.113549.1.1.10",
        ]);
        let parameters = match self.random.below(6) {
            0 => NULL.to_vec(),
            1 => vec![5, 9],
            2 | 3 => self.pss(),
            _ => Vec::new(),
        };
        sequence(&[oid(name), parameters])
    }

    fn pss(&self) -> Vec<u8> {
        let hashes = ["2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "1.3.14.3.2.26"];
        let hash = self.random.pick(&hashes);
        let other = if self.random.once_in(5) { self.random.pick(&hashes) } else { hash };
        let salt = if hash == hashes[1] { 48 } else { 32 };
        let salt = if self.random.once_in(5) { 20 } else { salt };
        let named = |hash: &str| sequence(&[oid(hash), NULL.to_vec()]);
        let mask = sequence(&[oid("1.2.840.113549.1.1.8"), named(other)]);
        let trailer = match self.random.below(6) {
            0 => tlv(0xa3, &integer(&[1])),
            1 => tlv(0xa3, &integer(&[2])),
            _ => Vec::new(),
        };
        sequence(&[tlv(0xa0, &named(hash)), tlv(0xa1, &mask), tlv(0xa2, &integer(&[salt])), trailer])
    }

    /// A name that mostly holds one common name.
    fn name(&self) -> Vec<u8> {
        let mut sets = vec![self.attribute("2.5.4.10")];
        if !self.is_odd(1) {
            sets.push(self.attribute(COMMON_NAME));
        }
        if self.is_odd(1) {
            let kind = self.random.pick(&[COMMON_NAME, "1.3.6.1.4.1.57683.2", "2.5.4.11", "0.9.2342.19200300.100.1.1"]);
            sets.push(self.attribute(kind));
            if self.random.once_in(3) {
                sets.push(self.attribute(kind));
            }
        }
        let sets = sets.into_iter().map(|attribute| if self.is_odd(4) { attribute } else { tlv(SET, &attribute) });
        sequence(&sets.collect::<Vec<_>>())
    }

    fn attribute(&self, kind: &str) -> Vec<u8> {
        let text: &[u8] = match self.random.below(if self.is_odd(1) { 9 } else { 2 }) {
            0 => b"20407123-1673419473",
            1 => b"system:users",
            2 => b"",
            3 => "\u{fc}".as_bytes(),
            4 => b"under_score",
            5 => &[0xff, 0xfe],
            6 => &[0, b'a', 0, b'b', 0, 0],
            7 => &[0xd8, 0, 0, 1],
            _ => b"123 4",
        };
        let tags = [0x0c, 0x13, 0x0c, 0x13, 0x12, 0x14, 0x16, 0x1c, 0x1e, 0x04];
        let tag = tags[self.random.below(if self.is_odd(1) { tags.len() } else { 2 })];
        let value = if self.is_odd(8) { Vec::new() } else { tlv(tag, text) };
        let more = if self.is_odd(8) { NULL.to_vec() } else { Vec::new() };
        sequence(&[oid(kind), value, more])
    }

    fn dates(&self) -> Vec<u8> {
        let date = |tag: u8, text: &str| tlv(tag, text.as_bytes());
        let mut start = date(0x17, "260101000000Z");
        let mut end = date(0x17, "400101000000Z");
        if self.is_odd(1) {
            end = match self.random.below(20) {
                0 => date(0x18, "20400101000000Z"),
                1 => date(0x18, "99991231235959Z"),
                2 => date(0x17, "4001010000Z"),
                3 => date(0x17, "400101000000+0100"),
                4 => date(0x17, "400101000000+0000"),
                5 => date(0x17, "4001010000-0230"),
                6 => date(0x17, "400230000000Z"),
                7 => date(0x17, "400101000060Z"),
                8 => date(0x17, "400101240000Z"),
                9 => date(0x18, "20400101000000.5Z"),
                10 => date(0x18, "20400101000000"),
                11 => date(0x18, "204001010000Z"),
                12 => date(0x13, "400101000000Z"),
                13 => date(0x18, "20400101000000+0100"),
                14 => date(0x17, "400101000000+2400"),
                15 => date(0x17, "40010100000aZ"),
                16 => date(0x18, "00000101000000Z"),
                17 => date(0x17, "490101000000Z"),
                18 => date(0x17, "400229000000Z"),
                _ => Vec::new(),
            };
        }
        if self.is_odd(8) {
            start = date(0x18, "20260101000000Z");
        }
        sequence(&[start, end])
    }

    fn public_key(&self, key: &Key) -> Vec<u8> {
        if !self.is_odd(1) {
            return key.public.clone();
        }
        let parts = elements(content(&key.public));
        let algorithm = elements(content(parts[0]));
        let point = content(parts[1]);
        match self.random.below(10) {
            0 => sequence(&[sequence(&[algorithm[0].to_vec()]), parts[1].to_vec()]),
            1 => sequence(&[sequence(&[algorithm[0].to_vec(), NULL.to_vec()]), parts[1].to_vec()]),
            2 => sequence(&[sequence(&[algorithm[0].to_vec(), sequence(&[integer(&[1])])]), parts[1].to_vec()]),
            3 => sequence(&[parts[0].to_vec(), tlv(BIT_STRING, &point[..point.len() - 1])]),
            4 => sequence(&[parts[0].to_vec(), tlv(BIT_STRING, &[point, &[0]].concat())]),
            5 => sequence(&[parts[0].to_vec(), tlv(BIT_STRING, &[&[1], &point[1..]].concat())]),
            6 => sequence(&[sequence(&[oid("1.2.840.10040.4.1"), sequence(&[integer(&[1])])]), parts[1].to_vec()]),
            7 => {
                let mut changed = key.public.clone();
                let position = changed.len() - 1 - self.random.below(20);
                changed[position] ^= 1;
                changed
            }
            8 => sequence(&[sequence(&[oid("1.3.101.112")]), bits(&[7; 32])]),
            _ => sequence(&[parts[0].to_vec(), parts[1].to_vec(), NULL.to_vec()]),
        }
    }

    fn unique_identifiers(&self) -> Vec<u8> {
        match self.random.below(if self.is_odd(2) { 3 } else { 1 }) {
            0 => Vec::new(),
            1 => [tlv(0x81, &[0, 1]), tlv(0x82, &[0, 2])].concat(),
            _ => tlv(0x82, &[0, 2]),
        }
    }

    fn extensions(&self) -> Vec<u8> {
        if self.random.once_in(6) {
            return Vec::new();
        }
        let mut list = vec![extension("2.5.29.37", Some(false), &sequence(&[oid(CLIENT_AUTH)]))];
        if self.is_odd(1) {
            list.clear();
        }
        for _ in 0..self.random.below(3) {
            if self.is_odd(1) {
                let (name, value) = self.odd_extension();
                let critical = [None, None, Some(false), Some(true)][self.random.below(4)];
                list.push(extension(name, critical, &value));
            }
        }
        list.push(extension("2.5.29.19", Some(true), &sequence(&[])));
        if self.is_odd(8) {
            list.push(list[0].clone());
        }
        if self.is_odd(8) {
            list.push(sequence(&[oid("1.2.3"), tlv(1, &[1]), tlv(OCTET_STRING, &[])]));
        }
        tlv(0xa3, &sequence(&list))
    }

    fn odd_extension(&self) -> (&'static str, Vec<u8>) {
        let random = self.random;
        let uris: [&[u8]; 14] = [
            b"spiffe://a/b",
            b"",
            b"://%x",
            b"http://[::1]:8080/",
            b"http://host:port/",
            b"http://ho st/",
            b"http://host./",
            b"http://a..b/",
            b"a:b",
            b"1a:b",
            b"http://x/%zz",
            b"http://u:p@h/",
            b"http://%41/",
            b"\xff",
        ];
        match random.below(18) {
            0 => {
                let usages = [CLIENT_AUTH, "1.3.6.1.5.5.7.3.1", "2.5.29.37.0", "1.2.3.4", "1.3.6.1.5.5.7.3.3"];
                let list: Vec<_> = (0..random.below(3)).map(|_| oid(random.pick(&usages))).collect();
                ("2.5.29.37", sequence(&list))
            }
            1 => ("2.5.29.37", sequence(&[tlv(OID, &[0x80, 1])])),
            2..=5 => {
                let name = match random.below(8) {
                    0 => tlv(0x82, b"host"),
                    1 => tlv(0x82, &[0xff]),
                    2 => tlv(0x87, &[1; 20][..[3, 4, 16, 5][random.below(4)]]),
                    3 => tlv(0x81, b"me@host"),
                    4 => tlv(0xa4, b"x"),
                    _ => tlv(0x86, uris[random.below(uris.len())]),
                };
                ("2.5.29.17", tlv(SEQUENCE, &name))
            }
            6 => ("2.5.29.17", sequence(&[])),
            7 => {
                let path = match random.below(5) {
                    0 => integer(&[0xff]),
                    1 => integer(&[0x7f; 9]),
                    2 => integer(&[0]),
                    _ => Vec::new(),
                };
                let flag = [tlv(1, &[0xff]), tlv(1, &[1]), Vec::new()][random.below(3)].clone();
                ("2.5.29.19", sequence(&[flag, path]))
            }
            8 => (
                "2.5.29.15",
                [bits(&[0x80]), tlv(BIT_STRING, &[9, 0]), tlv(BIT_STRING, &[5, 0xa0])][random.below(3)].clone(),
            ),
            9 => ("2.5.29.14", [tlv(OCTET_STRING, &[1]), tlv(INTEGER, &[1])][random.below(2)].clone()),
            10 => ("2.5.29.35", [sequence(&[tlv(0x80, &[1])]), sequence(&[]), tlv(4, &[])][random.below(3)].clone()),
            11 => {
                let policy = || sequence(&[oid("1.2.3.4")]);
                let list = [vec![policy()], vec![policy(), policy()], vec![sequence(&[])], vec![]];
                ("2.5.29.32", sequence(&list[random.below(4)]))
            }
            12 => {
                let uri = tlv(0x86, b"http://x");
                let access = [sequence(&[oid("1.3.6.1.5.5.7.48.1"), uri]), sequence(&[])][random.below(2)].clone();
                ("1.3.6.1.5.5.7.1.1", sequence(&[access]))
            }
            13 => {
                let point = [tlv(0xa0, &tlv(0xa0, &tlv(0x86, b"http://x"))), tlv(0xa0, &tlv(0xa1, &[])), Vec::new()];
                ("2.5.29.31", sequence(&[sequence(&[point[random.below(3)].clone()])]))
            }
            14 => {
                let name = match random.below(7) {
                    0 => tlv(0x82, b"example.com"),
                    1 => tlv(0x82, b".example.com"),
                    2 => tlv(0x82, b"example.com."),
                    3 => tlv(0x87, &[10, 0, 0, 0, 255, 0, 0, 0]),
                    4 => tlv(0x87, &[10, 0, 0, 0, 255, 0, 255, 0]),
                    5 => tlv(0x86, b"1.2.3.4"),
                    _ => tlv(0xa4, &[]),
                };
                let subtrees = tlv(0xa0, &sequence(&[name]));
                ("2.5.29.30", [sequence(&[subtrees]), sequence(&[])][random.below(2)].clone())
            }
            15 => ("2.5.29.36", sequence(&[tlv(0x80, random.pick(&[&[0][..], &[], &[0, 0]]))])),
            16 => ("2.5.29.54", [integer(&[0]), integer(&[0xff]), tlv(4, &[])][random.below(3)].clone()),
            _ => ("1.2.3.4.5", vec![1]),
        }
    }
}

fn extension(name: &str, critical: Option<bool>, value: &[u8]) -> Vec<u8> {
    let critical = critical.map(|critical| tlv(1, &[if critical { 0xff } else { 0 }])).unwrap_or_default();
    sequence(&[oid(name), critical, tlv(OCTET_STRING, value)])
}
