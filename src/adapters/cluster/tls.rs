//! Why TLS fails, in one sentence each.

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, OtherError};

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
    /// The CA that the certificate leads to is none that kubectl accepts.
    #[error("the cluster's CA {0}")]
    Authority(CaFault),
    /// The TLS library lacks what kubectl has.
    #[error("kubectl-ackcred does not support {0}; kubectl does")]
    Unsupported(String),
    /// Another reason to refuse the certificate.
    #[error("the server's certificate {0}")]
    Refused(&'static str),
    /// The other end doesn't speak TLS.
    #[error("the server does not speak TLS")]
    NotTls,
    /// The server ended the handshake because it shares nothing with this program.
    #[error(
        "the server and kubectl-ackcred have no TLS version, cipher or kind of key in common; one reason can be that the \
         server's key is ECDSA on the curve P-521, which kubectl supports"
    )]
    NothingInCommon,
    /// Something else, in the TLS library's words.
    #[error("TLS failed: {0}")]
    Other(String),
}

/// Why a certificate in the cluster's CA bundle is no CA for a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaFault {
    /// It has expired.
    #[error("has expired{}", since(.0))]
    Expired(Option<Timestamp>),
    /// It isn't valid yet.
    #[error("is not valid yet{}", since(.0))]
    NotYetValid(Option<Timestamp>),
    /// It doesn't say that it is a CA's.
    #[error("is no CA: its certificate lacks CA:TRUE")]
    NotACa,
    /// Its key usage or extended key usage is another.
    #[error("may not sign certificates of servers (key usage)")]
    OtherPurpose,
    /// It holds a critical extension that is unknown.
    #[error("holds a critical extension that is not known")]
    UnknownExtension,
}

impl TlsFailure {
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(error) => Self::of_certificate(error),
            Error::InvalidMessage(_) => Self::NotTls,
            Error::AlertReceived(AlertDescription::HandshakeFailure) => Self::NothingInCommon,
            Error::AlertReceived(alert) => Self::Other(format!("the server ended it ({})", first_word(alert))),
            Error::PeerIncompatible(reason) => {
                Self::Other(format!("the server's TLS is not supported ({})", first_word(reason)))
            }
            Error::PeerMisbehaved(reason) => {
                Self::Other(format!("the server broke TLS' rules ({})", first_word(reason)))
            }
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
            CertificateError::BadEncoding => Self::Refused("can't be read"),
            CertificateError::UnhandledCriticalExtension => {
                Self::Refused("holds a critical extension that is not known")
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::Refused("is not meant for servers (extended key usage)")
            }
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Self::Refused("is signed in a way that is not supported")
            }
            CertificateError::Other(OtherError(error)) => match error.downcast_ref::<Self>() {
                Some(failure) => failure.clone(),
                None => Self::Other(format!("the server's certificate breaks a rule ({})", first_word(error))),
            },
            error => Self::Other(format!("the server's certificate breaks a rule ({})", first_word(error))),
        }
    }
}

/// The name by which the TLS library calls something, without what it holds.
fn first_word(error: &impl std::fmt::Debug) -> String {
    format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
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
