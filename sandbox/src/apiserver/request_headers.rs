//! Headers that several handlers read.

use http::HeaderMap;
use http::header::{CONTENT_TYPE, USER_AGENT};

/// The client's `User-Agent`.
pub(crate) fn user_agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(USER_AGENT).and_then(|value| value.to_str().ok())
}

/// The media type of the body without parameters; empty if there is none.
pub(crate) fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}
