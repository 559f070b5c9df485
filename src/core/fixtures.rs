//! Certificates and keys made to order, for tests.

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    SerialNumber, SignatureAlgorithm,
};
use time::OffsetDateTime;

/// An RSA key in PKCS#8 form. It guards nothing: it exists for tests only.
pub(crate) const RSA_PKCS8: &str = include_str!("../../tests/fixtures/rsa-pkcs8.pem");
/// The same key in PKCS#1 form.
pub(crate) const RSA_PKCS1: &str = include_str!("../../tests/fixtures/rsa-pkcs1.pem");

/// A self-signed certificate to be.
pub(crate) struct CertificateFixture {
    pub(crate) subject: Vec<(DnType, DnValue)>,
    pub(crate) serial: Vec<u8>,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) is_ca: bool,
    pub(crate) usages: Vec<ExtendedKeyUsagePurpose>,
    pub(crate) hosts: Vec<String>,
}

impl CertificateFixture {
    /// A certificate as ACK issues them: three years, the second of issue in the common name.
    pub(crate) fn ack(common_name: &str) -> Self {
        Self {
            subject: vec![
                (DnType::OrganizationName, DnValue::Utf8String("system:users".into())),
                (DnType::OrganizationalUnitName, DnValue::Utf8String(String::new())),
                (DnType::CommonName, DnValue::Utf8String(common_name.into())),
            ],
            serial: vec![0x04, 0xd2],
            not_before: at("2023-01-11T06:44:34Z"),
            not_after: at("2026-01-10T06:44:34Z"),
            is_ca: false,
            usages: Vec::new(),
            hosts: Vec::new(),
        }
    }

    /// A CA's.
    pub(crate) fn ca(common_name: &str) -> Self {
        Self { is_ca: true, ..Self::ack(common_name) }
    }

    pub(crate) fn valid(mut self, not_before: &str, not_after: &str) -> Self {
        self.not_before = at(not_before);
        self.not_after = at(not_after);
        self
    }

    pub(crate) fn serial(mut self, serial: &[u8]) -> Self {
        self.serial = serial.to_vec();
        self
    }

    pub(crate) fn with(mut self, kind: DnType, value: &str) -> Self {
        self.subject.push((kind, DnValue::Utf8String(value.into())));
        self
    }

    pub(crate) fn usages(mut self, usages: &[ExtendedKeyUsagePurpose]) -> Self {
        self.usages = usages.to_vec();
        self
    }

    pub(crate) fn host(mut self, name: &str) -> Self {
        self.hosts.push(name.to_owned());
        self
    }

    /// The certificate for a key, as PEM.
    pub(crate) fn pem(self, key: &KeyPair) -> String {
        let mut params = CertificateParams::new(self.hosts).unwrap();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in self.subject {
            params.distinguished_name.push(kind, value);
        }
        params.serial_number = Some(SerialNumber::from_slice(&self.serial));
        params.not_before = OffsetDateTime::from_unix_timestamp(self.not_before.as_second()).unwrap();
        params.not_after = OffsetDateTime::from_unix_timestamp(self.not_after.as_second()).unwrap();
        params.extended_key_usages = self.usages;
        if self.is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params.self_signed(key).unwrap().pem()
    }
}

/// A new key.
pub(crate) fn key(algorithm: &'static SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(algorithm).unwrap()
}

/// The RSA key.
pub(crate) fn rsa_key() -> KeyPair {
    KeyPair::from_pem(RSA_PKCS8).unwrap()
}

/// A time.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
