//! The error of this module.

/// Why a certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CertError {
    /// No randomness, or a signature failed.
    #[error("the crypto library refused")]
    Crypto,
    /// The library doesn't accept the key.
    #[error("the key was rejected: {0}")]
    Rejected(String),
    /// A shipped test key isn't PEM.
    #[error("a test key is not PEM")]
    TestKey,
}

impl From<ring::error::Unspecified> for CertError {
    fn from(_: ring::error::Unspecified) -> Self {
        Self::Crypto
    }
}

impl From<ring::error::KeyRejected> for CertError {
    fn from(rejected: ring::error::KeyRejected) -> Self {
        Self::Rejected(rejected.to_string())
    }
}
