//! Why TLS fails, in one sentence each.

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error};

/// TLS couldn't be agreed on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFailure {
    /// The certificate's chain ends in a CA that isn't the cluster's.
    #[error("the server's certificate is signed by an unknown authority")]
    UnknownAuthority,
    /// The certificate is another server's.
    #[error("the server's certificate is for another name{}", detail(.0))]
    WrongName(Option<String>),
    /// The certificate has expired.
    #[error("the server's certificate has expired{}", since(.0))]
    Expired(Option<Timestamp>),
    /// The certificate isn't valid yet.
    #[error("the server's certificate is not valid yet{}", since(.0))]
    NotYetValid(Option<Timestamp>),
    /// The other end doesn't speak TLS.
    #[error("the server does not speak TLS")]
    NotTls,
    /// Something else, in the TLS library's words.
    #[error("TLS failed: {0}")]
    Other(String),
}

impl TlsFailure {
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(error) => Self::of_certificate(error),
            Error::InvalidMessage(_) => Self::NotTls,
            error => Self::Other(error.to_string()),
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            // Every cluster's own authority is called alike, so a foreign one fails by its signature.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownAuthority,
            CertificateError::NotValidForName => Self::WrongName(None),
            CertificateError::NotValidForNameContext { expected, presented } => {
                Self::WrongName(Some(format!("{} is not among {}", expected.to_str(), presented.join(", "))))
            }
            CertificateError::Expired => Self::Expired(None),
            CertificateError::ExpiredContext { not_after, .. } => Self::Expired(timestamp(*not_after)),
            CertificateError::NotValidYet => Self::NotYetValid(None),
            CertificateError::NotValidYetContext { not_before, .. } => Self::NotYetValid(timestamp(*not_before)),
            error => Self::Other(error.to_string()),
        }
    }
}

fn timestamp(time: UnixTime) -> Option<Timestamp> {
    i64::try_from(time.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok())
}

fn detail(detail: &Option<String>) -> String {
    detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default()
}

fn since(time: &Option<Timestamp>) -> String {
    time.map(|time| format!(": {time}")).unwrap_or_default()
}
