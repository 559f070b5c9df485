//! What links need of a request's bodies, read by types that have no place for a secret: a minted token and a Secret's data are
//! passed over and never kept.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use crate::core::credential::certificate_request::subject_of;

/// What a binding's body says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BindingBody {
    metadata: Named,
    /// Who is named; `None`: the body doesn't say.
    pub subjects: Option<Vec<BoundSubject>>,
}

/// A subject of a binding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BoundSubject {
    /// `User`, `Group`, `ServiceAccount`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// A ServiceAccount's namespace.
    pub namespace: String,
}

/// What a TokenRequest's body says, without the token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TokenBody {
    /// What was asked for.
    pub spec: TokenSpec,
    /// What was given.
    pub status: TokenStatus,
}

/// What a TokenRequest asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TokenSpec {
    /// Whom it is for.
    pub audiences: Option<Vec<String>>,
    /// How long it lives, in seconds.
    pub expiration_seconds: Option<i64>,
    /// With which object it ends.
    pub bound_object_ref: Option<BoundObject>,
}

/// The object with which a token ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BoundObject {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// What a TokenRequest gives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TokenStatus {
    /// When the token ends.
    pub expiration_timestamp: Option<Timestamp>,
}

/// What a CertificateSigningRequest's body says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CertificateRequestBody {
    spec: CertificateRequestSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct CertificateRequestSpec {
    request: String,
}

/// The name of any object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NamedBody {
    metadata: Named,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Named {
    name: Option<String>,
}

/// The bodies of a request, as far as the log has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bodies<T> {
    /// What was sent; `None`: it is not in the log, or not what such a request has.
    pub request: Option<T>,
    /// What was answered.
    pub response: Option<T>,
}

/// Where in a record the bodies are.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Places<'r> {
    #[serde(rename = "auditID")]
    audit_id: Option<IgnoredAny>,
    #[serde(borrow)]
    request_object: Option<&'r RawValue>,
    #[serde(borrow)]
    response_object: Option<&'r RawValue>,
    /// The events of an EventList.
    #[serde(borrow)]
    items: Option<Vec<Places<'r>>>,
    /// The line that a log service's record wraps.
    #[serde(borrow, alias = "log", alias = "message")]
    content: Option<&'r RawValue>,
}

impl<T: DeserializeOwned> Bodies<T> {
    /// Those of the event at this place of a record, as an API server writes it or as a log service wraps it.
    pub fn of(record: &[u8], place: usize) -> Self {
        let none = Self { request: None, response: None };
        serde_json::from_slice(record).map_or(none, |places: Places<'_>| places.bodies(place))
    }
}

impl Places<'_> {
    fn bodies<T: DeserializeOwned>(&self, place: usize) -> Bodies<T> {
        if let Some(content) = self.content.filter(|_| self.audit_id.is_none()) {
            return Bodies::of(unwrapped(content).as_bytes(), place);
        }
        let event = self.items.as_ref().and_then(|events| events.get(place)).unwrap_or(self);
        Bodies { request: event.request_object.and_then(body), response: event.response_object.and_then(body) }
    }
}

/// One body by itself: another one that is no such object hides nothing. A patch may be a list, which says nothing of an object.
fn body<T: DeserializeOwned>(value: &RawValue) -> Option<T> {
    let json = unwrapped(value);
    if json.trim_start().starts_with('{') { serde_json::from_str(&json).ok() } else { None }
}

/// The JSON of a value; of one that an export wrote as a text, what the text holds.
fn unwrapped(value: &RawValue) -> Cow<'_, str> {
    serde_json::from_str(value.get()).map_or(Cow::Borrowed(value.get()), Cow::Owned)
}

impl Bodies<BindingBody> {
    /// Those whom the binding names afterwards, as far as the log says.
    pub fn subjects(&self) -> Option<&[BoundSubject]> {
        [&self.response, &self.request].into_iter().flatten().find_map(|body| body.subjects.as_deref())
    }
}

impl Bodies<CertificateRequestBody> {
    /// The common name for which a certificate is requested.
    pub fn common_name(&self) -> Option<String> {
        let body = self.request.as_ref().or(self.response.as_ref())?;
        subject_of(&STANDARD.decode(body.spec.request.as_bytes()).ok()?)?.common_name
    }
}

impl Bodies<NamedBody> {
    /// The name that the server or the client chose.
    pub fn name(self) -> Option<String> {
        let named = [self.response, self.request].into_iter().flatten().filter_map(|body| body.metadata.name);
        named.into_iter().find(|name| !name.is_empty())
    }
}
