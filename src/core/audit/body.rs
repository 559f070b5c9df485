//! What links need of a request's bodies, read by types that have no place for a secret: a minted token and a Secret's data are
//! passed over and never kept.

use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

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

/// A record's bodies.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "T: DeserializeOwned"))]
pub struct Bodies<T> {
    /// What was sent; `None`: it is not in the log.
    #[serde(default = "none", deserialize_with = "unwrapped")]
    pub request_object: Option<T>,
    /// What was answered.
    #[serde(default = "none", deserialize_with = "unwrapped")]
    pub response_object: Option<T>,
    /// The bodies of a list's events.
    #[serde(default = "Vec::new")]
    items: Vec<Bodies<T>>,
    /// The line that a log service's record wraps.
    #[serde(default = "none", alias = "log", alias = "message", deserialize_with = "unwrapped")]
    content: Option<Box<Bodies<T>>>,
}

fn none<T>() -> Option<T> {
    None
}

impl<T: DeserializeOwned> Bodies<T> {
    /// The bodies of a record's event at this place; `None`: they are not what bodies of such requests are.
    pub fn of(record: &[u8], place: usize) -> Option<Self> {
        let bodies: Self = serde_json::from_slice(record).ok()?;
        let mut bodies = match bodies.content {
            Some(content) => *content,
            None => bodies,
        };
        if bodies.items.is_empty() { Some(bodies) } else { Some(bodies.items.swap_remove(place)) }
    }
}

impl Bodies<BindingBody> {
    /// Those whom the binding names afterwards, as far as the log says.
    pub fn subjects(&self) -> Option<&[BoundSubject]> {
        let of = |body: &'_ Option<BindingBody>| body.as_ref().is_some_and(|body| body.subjects.is_some());
        let body = if of(&self.response_object) { &self.response_object } else { &self.request_object };
        body.as_ref()?.subjects.as_deref()
    }
}

impl Bodies<CertificateRequestBody> {
    /// The common name for which a certificate is requested.
    pub fn common_name(&self) -> Option<String> {
        let body = self.request_object.as_ref().or(self.response_object.as_ref())?;
        let pem = STANDARD.decode(body.spec.request.as_bytes()).ok()?;
        let pem = x509_parser::pem::Pem::iter_from_buffer(&pem).next()?.ok()?;
        let (_, request) = X509CertificationRequest::from_der(&pem.contents).ok()?;
        let subject = &request.certification_request_info.subject;
        subject.iter_common_name().next()?.as_str().ok().map(str::to_owned)
    }
}

impl Bodies<NamedBody> {
    /// The name that the server or the client chose.
    pub fn name(self) -> Option<String> {
        let of = |body: Option<NamedBody>| body.and_then(|body| body.metadata.name).filter(|name| !name.is_empty());
        of(self.response_object).or_else(|| of(self.request_object))
    }
}

/// An object, or a text that holds one as JSON. A patch may be a list, which says nothing of an object.
fn unwrapped<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    struct AnObject<T>(PhantomData<T>);
    impl<'de, T: DeserializeOwned> Visitor<'de> for AnObject<T> {
        type Value = Option<T>;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("an object, or a text that holds one as JSON")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            T::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Some)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
            Ok(None)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            match text.trim_start().as_bytes().first() {
                // What serde_json says of it may quote the text.
                Some(b'{') => serde_json::from_str(text).map(Some).map_err(|_| E::custom("no JSON in a text")),
                _ => Ok(None),
            }
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(AnObject(PhantomData))
}
