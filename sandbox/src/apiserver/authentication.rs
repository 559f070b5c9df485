//! Who sends a request: the user of a client certificate, of a bearer token, or the anonymous user.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use ring::digest;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::static_token;
use super::status::StatusError;
use super::store::Store;
use super::user::User;

/// Who sends a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Authenticated {
    /// The user.
    pub(crate) user: User,
    /// The Secret that the user's static token lies in, in the namespace of the user.
    pub(crate) token_secret: Option<String>,
}

/// The user of a certificate that was verified already: its common name, its organizations, its fingerprint.
pub(crate) fn of_certificate(der: &[u8]) -> Option<User> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let name = certificate.subject().iter_common_name().last()?.as_str().ok()?;
    if name.is_empty() {
        return None;
    }
    let groups = certificate.subject().iter_organization().filter_map(|organization| organization.as_str().ok());
    let mut user = User::authenticated(name, groups);
    let fingerprint = digest::digest(&digest::SHA256, der);
    let fingerprint: String = fingerprint.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    user.extra.insert("authentication.kubernetes.io/credential-id".into(), vec![format!("X509SHA256={fingerprint}")]);
    Some(user)
}

/// Determines the user. A certificate that does not verify and an unknown token are refused; neither makes the request anonymous.
pub(crate) fn authenticate(
    certificate: Option<Option<User>>,
    tokens: &BTreeMap<String, User>,
    store: &Store,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Authenticated, StatusError> {
    let known = |user: User| Authenticated { user, token_secret: None };
    match (certificate, bearer(headers)) {
        (Some(Some(user)), _) => Ok(known(user)),
        (_, Some(token)) => tokens
            .get(token)
            .cloned()
            .map(known)
            .or_else(|| {
                let (user, secret) = static_token::user(store, token, now)?;
                Some(Authenticated { user, token_secret: Some(secret) })
            })
            .ok_or_else(StatusError::unauthorized),
        (Some(None), None) => Err(StatusError::unauthorized()),
        (None, None) => Ok(known(User::anonymous())),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
