//! What can go wrong between the program and an API server.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use super::client::ProxyUnreachable;
use super::list::ListError;
use super::protobuf_list::ProtobufListError;
use super::tls::TlsFailure;
use crate::core::json_fault::JsonFault;
use crate::core::rbac::user_info::ANONYMOUS;
use crate::core::secret::{Secret, without_secrets};

/// A call to an API server that failed: which server, which call, and why.
#[derive(Debug, thiserror::Error)]
#[error("{server}: can't {call}")]
pub struct CallError {
    /// The API server's URL, without user name and password.
    pub server: String,
    /// What was asked, such as `list rolebindings`.
    pub call: String,
    /// Why it failed.
    #[source]
    pub failure: Failure,
}

impl CallError {
    /// The HTTP status of an answer that says no; `None` when there was no such answer.
    pub fn status(&self) -> Option<u16> {
        match &self.failure {
            Failure::Refused(refusal) => Some(refusal.status),
            Failure::NotKubernetes { status, .. } | Failure::Redirected { status } => Some(*status),
            _ => None,
        }
    }

    /// Whether the API server knows who asks and denies it to them (403).
    pub fn is_forbidden(&self) -> bool {
        matches!(&self.failure, Failure::Refused(refusal) if refusal.status == 403)
    }

    /// Whether the API server took the request for one without a credential, and denies it (403).
    pub fn is_forbidden_to_anonymous(&self) -> bool {
        let named = format!("User {ANONYMOUS:?}");
        self.is_forbidden() && matches!(&self.failure, Failure::Refused(refusal) if refusal.message.contains(&named))
    }

    /// Whether the API server doesn't accept the credential (401), in its own words: a proxy's sign-in page is no such answer.
    pub fn is_unauthorized(&self) -> bool {
        matches!(&self.failure, Failure::Refused(refusal) if refusal.status == 401 && refusal.reason == "Unauthorized")
    }

    /// What mends a call for which no server was found.
    pub fn hint(&self) -> Option<&'static str> {
        match &self.failure {
            Failure::ConnectionRefused => {
                Some("nothing listens at that address: is it still the cluster's? ACK's console shows its endpoints")
            }
            Failure::UnknownHost => Some("is this machine in the network in which that name is known?"),
            Failure::Proxy(_) => Some("the proxy is the context's proxy-url, else the one in HTTPS_PROXY"),
            _ => None,
        }
    }

    /// Whether there is no such thing (404), in the API server's own words: any server that stands in front of it has a 404.
    pub fn is_not_found(&self) -> bool {
        let in_its_words = |refusal: &Refusal| refusal.reason == "NotFound" || refusal.message == NO_SUCH_PATH;
        matches!(&self.failure, Failure::Refused(refusal) if refusal.status == 404 && in_its_words(refusal))
    }
}

/// What an API server says of a path that it doesn't know, such as an API group's.
const NO_SUCH_PATH: &str = "404 page not found";

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The answer wasn't complete in time.
    #[error("there was no complete answer within {}", seconds(.0))]
    Timeout(Duration),
    /// Nothing listens there.
    #[error("the connection was refused")]
    ConnectionRefused,
    /// The server's or the proxy's host name means nothing to the resolver.
    #[error("the host name can't be resolved")]
    UnknownHost,
    /// The proxy can't be reached, whatever the server does.
    #[error("the proxy can't be reached")]
    Proxy(#[source] Box<Failure>),
    /// TLS couldn't be agreed on.
    #[error(transparent)]
    Tls(#[from] TlsFailure),
    /// The connection was closed, or the compressed data ended, before the answer was complete.
    #[error("the connection was closed before the answer was complete")]
    Closed,
    /// The connection failed in another way.
    #[error("the connection failed")]
    Connection(#[source] Box<dyn StdError + Send + Sync>),
    /// The answer's compression is damaged.
    #[error("the answer can't be decompressed")]
    Compression(#[source] Box<dyn StdError + Send + Sync>),
    /// The answer redirects to elsewhere. API servers don't; a credential isn't carried along.
    #[error("the answer redirects to elsewhere (HTTP {status}); redirects are not followed")]
    Redirected {
        /// The HTTP status.
        status: u16,
    },
    /// Something else answered: a proxy, a login page.
    #[error("the answer is not from a Kubernetes API server: {content_type} instead of JSON (HTTP {status})")]
    NotKubernetes {
        /// The HTTP status.
        status: u16,
        /// What it says to be.
        content_type: String,
    },
    /// The API server says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The answer is larger than anything that was asked for.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A small document isn't what it should be.
    #[error("the answer can't be read")]
    Malformed(#[source] JsonFault),
    /// A list isn't what it should be.
    #[error(transparent)]
    List(#[from] ListError),
    /// A list in protobuf isn't what it should be.
    #[error(transparent)]
    ProtobufList(#[from] ProtobufListError),
    /// The list is one of other things.
    #[error("the answer is a `{found}` instead of a `{expected}`")]
    WrongKind {
        /// The version and kind that were asked for.
        expected: String,
        /// The version and kind that came.
        found: String,
    },
    /// The list doesn't say which version of the cluster's state it shows. Every API server does.
    #[error("the list has no resourceVersion")]
    NoVersion,
    /// There are more items, and no token that asks for them.
    #[error("the list leaves out items ({remaining}) and has no token to go on with")]
    NoWayToTheRest {
        /// `remainingItemCount`.
        remaining: i64,
    },
    /// Every API server with RBAC has objects of its own in this list.
    /// Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings>
    #[error("the list of {what} is empty: those of the API server itself are missing")]
    WithoutTheServersOwn {
        /// The kind of object, in the plural.
        what: &'static str,
    },
    /// The answer is something else than the object that was asked for.
    #[error("the answer is {found} instead of {expected}")]
    WrongObject {
        /// What was asked for.
        expected: String,
        /// What came.
        found: String,
    },
    /// A success that no API server answers with, such as a part of the answer (206).
    #[error("the answer is not whole: HTTP {status}")]
    NotWhole {
        /// The HTTP status.
        status: u16,
    },
    /// The list never ends: page follows page.
    #[error("the list has more than {0} pages")]
    TooManyPages(usize),
    /// The request can't be written.
    #[error("the request can't be written")]
    Request(#[source] http::Error),
}

/// An answer of the API server that says no.
/// Source: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/>
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The API server's word for it, such as `Forbidden`; empty when it gives none.
    pub reason: String,
    /// The API server's sentence, shortened.
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.reason.as_str(), self.message.as_str()) {
            ("", "") => write!(formatter, "the API server answered HTTP {}", self.status),
            ("", message) => write!(formatter, "{message} (HTTP {})", self.status),
            (reason, "") => write!(formatter, "{reason} (HTTP {})", self.status),
            (reason, message) => write!(formatter, "{message} ({reason}, HTTP {})", self.status),
        }
    }
}

fn seconds(duration: &Duration) -> String {
    format!("{}s", duration.as_secs_f64())
}

/// Source: <https://man7.org/linux/man-pages/man2/socket.2.html>
#[cfg(unix)]
fn is_out_of_files(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

#[cfg(not(unix))]
fn is_out_of_files(_error: &io::Error) -> bool {
    false
}

impl Failure {
    /// A document that isn't what it should be. The parser's own text quotes what it can't read, and that isn't kept.
    pub(super) fn malformed(error: serde_json::Error) -> Self {
        Self::Malformed(error.into())
    }

    /// Whether no connection could be opened because the process, or the machine, has too many open files.
    pub(super) fn is_out_of_files(&self) -> bool {
        let Self::Connection(cause) = self else { return false };
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&**cause);
        while let Some(error) = cause {
            if error.downcast_ref::<io::Error>().is_some_and(is_out_of_files) {
                return true;
            }
            cause = error.source();
        }
        false
    }

    /// The same failure without what a server, or what stands before it, repeats of these secrets.
    pub(super) fn without_secrets(mut self, secrets: &[Secret<String>]) -> Self {
        let said = match &mut self {
            Self::Refused(Refusal { reason, message, .. }) => vec![reason, message],
            Self::NotKubernetes { content_type, .. } => vec![content_type],
            Self::WrongKind { found, .. } | Self::WrongObject { found, .. } => vec![found],
            Self::List(ListError::Member { member, .. }) => vec![member],
            _ => Vec::new(),
        };
        let secrets: Vec<&Secret<String>> = secrets.iter().collect();
        for text in said {
            *text = without_secrets(text, &secrets);
        }
        self
    }

    /// Tells why the HTTP client got no answer.
    pub(super) fn of_transport(error: kube::Error, timeout: Option<Duration>) -> Self {
        let known = causes(&error).find_map(|cause| of_cause(cause, timeout));
        known.unwrap_or_else(|| match error {
            // kube repeats what it wraps.
            kube::Error::Service(inner) => Self::Connection(inner),
            kube::Error::HyperError(inner) => Self::Connection(Box::new(inner)),
            error => Self::Connection(Box::new(error)),
        })
    }

    /// Tells why an answer's body broke off. What isn't of the connection is of the decompression.
    pub(super) fn of_body(error: kube::Error, timeout: Option<Duration>) -> Self {
        let of_connection = causes(&error).any(|cause| cause.is::<hyper::Error>());
        match Self::of_transport(error, timeout) {
            Self::Connection(error) if !of_connection => Self::Compression(error),
            failure => failure,
        }
    }
}

fn of_cause(cause: &(dyn StdError + 'static), timeout: Option<Duration>) -> Option<Failure> {
    if let Some(proxy) = cause.downcast_ref::<ProxyUnreachable>() {
        let known = causes(proxy).skip(1).find_map(|cause| of_cause(cause, timeout));
        let failure = known.unwrap_or_else(|| Failure::Connection(proxy.to_string().into()));
        return Some(Failure::Proxy(Box::new(failure)));
    }
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(TlsFailure::of(tls).into());
    }
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return of_io(error.kind(), timeout);
    }
    if cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message) {
        return Some(Failure::Closed);
    }
    // hyper-util has no public type for this; the tests of hostile servers notice when it is reworded.
    (cause.to_string() == "dns error").then_some(Failure::UnknownHost)
}

fn of_io(kind: io::ErrorKind, timeout: Option<Duration>) -> Option<Failure> {
    match kind {
        io::ErrorKind::TimedOut => timeout.map(Failure::Timeout),
        io::ErrorKind::ConnectionRefused => Some(Failure::ConnectionRefused),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(Failure::Closed),
        _ => None,
    }
}

/// The error and all that is below it, including what `io::Error` wraps and skips in `source`.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| cause_of(*error))
}

fn cause_of<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;

    #[test]
    fn what_a_server_repeats_of_the_credential_is_taken_out() {
        let secrets = [Secret::new("hunter2+/=".to_owned())];
        let refusal = Refusal {
            status: 401,
            reason: "hunter2+/=".into(),
            message: "bad token hunter2+/= in /login?token=hunter2%2B%2F%3D".into(),
        };
        let text = || "a hunter2+/= b".to_owned();
        for (failure, shown) in [
            (refusal.into(), "bad token [secret] in /login?token=[secret] ([secret], HTTP 401)"),
            (
                Failure::NotKubernetes { status: 502, content_type: text() },
                "the answer is not from a Kubernetes API server: a [secret] b instead of JSON (HTTP 502)",
            ),
            (
                Failure::WrongObject { expected: "this".into(), found: text() },
                "the answer is a [secret] b instead of this",
            ),
            (
                Failure::WrongKind { expected: "this".into(), found: text() },
                "the answer is a `a [secret] b` instead of a `this`",
            ),
        ] {
            let failure = failure.without_secrets(&secrets);
            assert_eq!(chain(&failure), shown);
            assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
        }
        let malformed = Failure::malformed(serde_json::from_str::<u8>("\"hunter2+/=\"").unwrap_err());
        assert_eq!(
            chain(&malformed),
            "the answer can't be read: invalid type: string, expected u8 at line 1 column 12"
        );
        assert!(!format!("{malformed:?}").contains("hunter2"), "{malformed:?}");
    }
}
