//! Why kubectl or API servers refuse a certificate.

use std::fmt;

/// Why kubectl or API servers refuse a certificate, said of it as the rest of a sentence about the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// It is no X.509 certificate at all.
    NotX509,
    /// It is one in another encoding than DER.
    Encoding,
    /// Bytes follow the certificate in its block.
    TrailingBytes,
    /// The version is none of 1 to 3.
    Version,
    /// The serial number is below zero.
    NegativeSerial,
    /// The serial number is empty or has needless leading bytes.
    MalformedSerial,
    /// It names one signature algorithm inside and another one outside.
    TwoAlgorithms,
    /// A text of the subject or the issuer is in an encoding that Go refuses.
    NameEncoding(&'static str),
    /// A part is not encoded as it must be.
    Malformed(&'static str),
    /// The key's curve is described by parameters, not by name.
    ExplicitCurve,
    /// Go has no such curve.
    UnknownCurve,
    /// The same extension is there twice.
    DuplicateExtension,
    /// An extension is marked critical that must not be.
    WronglyCritical(&'static str),
    /// Go knows no such key, or none that authenticates a client.
    KeyAlgorithm,
    /// Go has the curve, TLS has not.
    CurveWithoutTls,
    /// An RSA key that is too short or too long, with its length in bits.
    RsaBits(u64),
    /// The signature's algorithm is unknown or too weak.
    SignatureAlgorithm(&'static str),
    /// The extended key usages are there and clientAuth is not among them.
    NotForClients,
    /// An extension is critical, and Go does not know it.
    UnknownCriticalExtension,
    /// It demands a certificate policy and names none.
    NoPolicy,
    /// It has no common name.
    NoCommonName,
    /// The UID of a Kubernetes user is there twice, or empty.
    UserUid,
}

/// Who refuses a certificate first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedBy {
    /// kubectl doesn't send it, and API servers would not take it.
    Kubectl,
    /// kubectl sends it, API servers don't take it.
    ApiServers,
}

impl Defect {
    /// Who refuses a client certificate for it.
    pub fn refused_by(self) -> RefusedBy {
        match self {
            Self::RsaBits(bits) if bits > *super::RSA_BITS.end() => RefusedBy::ApiServers,
            Self::SignatureAlgorithm(_)
            | Self::NotForClients
            | Self::UnknownCriticalExtension
            | Self::NoPolicy
            | Self::NoCommonName
            | Self::UserUid => RefusedBy::ApiServers,
            _ => RefusedBy::Kubectl,
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::NotX509 => "it is no X.509 certificate",
            Self::Encoding => "its encoding is not DER",
            Self::TrailingBytes => "other bytes follow it in its block",
            Self::Version => "its version is none of 1, 2 and 3",
            Self::NegativeSerial => "its serial number is negative",
            Self::MalformedSerial => "its serial number is malformed",
            Self::TwoAlgorithms => "its two statements of the signature algorithm differ",
            Self::NameEncoding(part) => {
                return write!(formatter, "its {part} holds a text in an encoding that is not allowed");
            }
            Self::Malformed("dates") => "its dates are malformed",
            Self::Malformed(part) => return write!(formatter, "its {part} is malformed"),
            Self::ExplicitCurve => "its key has an elliptic curve with explicit parameters",
            Self::UnknownCurve => "its key is on an unknown elliptic curve",
            Self::DuplicateExtension => "it has the same extension twice",
            Self::WronglyCritical(extension) => return write!(formatter, "its {extension} is marked critical"),
            Self::KeyAlgorithm => "its key is not RSA, ECDSA or Ed25519",
            Self::CurveWithoutTls => "its key is on the curve P-224, which TLS does not use",
            Self::RsaBits(bits) => {
                let limits = super::RSA_BITS;
                return write!(
                    formatter,
                    "its RSA key has {bits} bits, and {} to {} are allowed",
                    limits.start(),
                    limits.end()
                );
            }
            Self::SignatureAlgorithm(algorithm) => return write!(formatter, "it is signed with {algorithm}"),
            Self::NotForClients => "its extended key usages do not include clientAuth",
            Self::UnknownCriticalExtension => "it has a critical extension that is unknown",
            Self::NoPolicy => "its policy constraints demand a certificate policy, and it names none",
            Self::NoCommonName => "it has no common name, so that API servers see its holder as system:anonymous",
            Self::UserUid => "its subject holds more than one Kubernetes UID, or an empty one",
        };
        formatter.write_str(text)
    }
}

impl fmt::Display for RefusedBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Kubectl => "kubectl refuses it",
            Self::ApiServers => "API servers refuse it",
        })
    }
}
