//! A request before anything about it is decided.

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;

use super::request_headers;
use super::user::User;

/// A request with its body and what TLS says about the client.
pub(crate) struct IncomingRequest {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The certificate's user: `None` without a certificate, `Some(None)` if it does not verify.
    pub(crate) certificate: Option<Option<User>>,
    pub(crate) now: Timestamp,
}

impl IncomingRequest {
    pub(crate) fn content_type(&self) -> &str {
        request_headers::content_type(&self.headers)
    }
}
