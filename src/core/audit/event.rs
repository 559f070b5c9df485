//! One audit event, borrowed from the record that it lies in: `audit.k8s.io/v1`.
//!
//! No body is a part of it: at level RequestResponse bodies hold Secrets and minted tokens. What links need of a body,
//! [`body`](super::body) reads by types that have no place for a secret.
//!
//! Source: <https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/>

use jiff::Timestamp;
use ring::digest::{Context, SHA256};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::core::ids::Uid;
use crate::core::text::Text;

/// A request at one stage of its handling.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// How much of the request is in the log.
    pub level: Level,
    /// The `Audit-ID`, which the client may choose: by itself it does not distinguish requests.
    pub audit_id: Text<'a>,
    /// How far the request was.
    pub stage: Stage,
    /// Path and query as the client sent them.
    pub request_uri: Text<'a>,
    /// The verb, for requests about resources; else the HTTP method in lower case.
    pub verb: Text<'a>,
    /// Who sent it; without a name where it was not authenticated.
    pub user: User<'a>,
    /// As whom it was sent.
    pub impersonated: Option<User<'a>>,
    /// Which kind of constrained impersonation allowed that (Kubernetes 1.36).
    pub impersonation_constraint: Option<Text<'a>>,
    /// The client's address and those of proxies before it, as they say.
    pub source_ips: Vec<Text<'a>>,
    /// What it is about; `None`: a path, or the event doesn't say.
    pub object: Option<ObjectRef<'a>>,
    /// The HTTP status of the answer; `None` before there is one.
    pub code: Option<u16>,
    /// When the API server received the request.
    pub received: Timestamp,
    /// What the API server noted.
    pub annotations: Annotations<'a>,
}

/// How much of a request is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Level {
    /// Nothing should be.
    None,
    /// Who, when, what; no body.
    Metadata,
    /// The request's body, too.
    Request,
    /// Both bodies.
    RequestResponse,
}

/// How far a request was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Stage {
    /// It has arrived.
    RequestReceived,
    /// The answer's head is sent: of requests that stay open.
    ResponseStarted,
    /// The answer is complete.
    ResponseComplete,
    /// The API server panicked.
    Panic,
}

/// Who sends a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct User<'a> {
    /// The user name.
    #[serde(borrow)]
    pub username: Text<'a>,
    /// The unique ID: a ServiceAccount's; `ack-ram-authenticator:<account>:<uid>`.
    #[serde(borrow)]
    pub uid: Text<'a>,
    /// The groups.
    #[serde(borrow, deserialize_with = "null_is_none")]
    pub groups: Vec<Text<'a>>,
    /// What the authenticator adds.
    #[serde(borrow)]
    pub extra: Extra<'a>,
}

/// What authenticators add to a user. Some of it says which credential it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extra<'a> {
    /// `X509SHA256=…` or `JTI=…`: the credential itself. Older servers don't say it.
    pub credential_id: Vec<Text<'a>>,
    /// The pod that a token is bound to.
    pub pod_name: Vec<Text<'a>>,
    /// What else there is, by its key.
    pub others: Vec<(Text<'a>, Vec<Text<'a>>)>,
}

/// What a request is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObjectRef<'a> {
    /// The API group; empty for the core group.
    #[serde(borrow)]
    pub api_group: Text<'a>,
    /// The resource, in the plural.
    #[serde(borrow)]
    pub resource: Text<'a>,
    /// The subresource.
    #[serde(borrow)]
    pub subresource: Text<'a>,
    /// The namespace.
    #[serde(borrow)]
    pub namespace: Text<'a>,
    /// The name; empty where the request has none, as when the server chooses it.
    #[serde(borrow)]
    pub name: Text<'a>,
}

/// What the API server notes about a request, as far as it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Annotations<'a> {
    /// `allow` or `forbid`: what the authorizer said. The code may say otherwise, and decides.
    #[serde(borrow, rename = "authorization.k8s.io/decision")]
    pub decision: Option<Text<'a>>,
    /// Why, such as the binding that allows it.
    #[serde(borrow, rename = "authorization.k8s.io/reason")]
    pub reason: Option<Text<'a>>,
    /// `JTI=…` of a token that this request minted.
    #[serde(
        borrow,
        rename = "authentication.kubernetes.io/issued-credential-id",
        alias = "authentication.k8s.io/issued-credential-id"
    )]
    pub issued_credential_id: Option<Text<'a>>,
    /// The Secret of the static token by which the request was made, if that Secret was made by hand.
    #[serde(borrow, rename = "authentication.k8s.io/legacy-token-manual-secret")]
    pub manual_secret: Option<Text<'a>>,
    /// The same, if Kubernetes made it.
    #[serde(borrow, rename = "authentication.k8s.io/legacy-token-autogenerated-secret")]
    pub autogenerated_secret: Option<Text<'a>>,
}

/// How ack-ram-authenticator writes a RAM identity: `ack-ram-authenticator:<account>:<uid>`.
const BY_AUTHENTICATOR: &str = "ack-ram-authenticator:";

impl Event<'_> {
    /// What distinguishes requests. The client chooses the `Audit-ID`: by it alone one request would hide others.
    pub fn request_key(&self) -> [u8; 16] {
        let mut context = Context::new(&SHA256);
        for part in [&*self.audit_id, &*self.verb, &*self.request_uri] {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part.as_bytes());
        }
        context.update(&self.received.as_nanosecond().to_le_bytes());
        let digest = context.finish();
        let mut key = [0; 16];
        key.copy_from_slice(&digest.as_ref()[..16]);
        key
    }
}

impl User<'_> {
    /// Whether it is a RAM identity, under any of its names.
    pub fn is_identity(&self, uid: &Uid) -> bool {
        let by_authenticator = self.uid.strip_prefix(BY_AUTHENTICATOR).and_then(|rest| rest.split_once(':'));
        let is_mapped = !self.username.is_empty() && by_authenticator.is_some_and(|(_, own)| own == uid.as_str());
        is_mapped || Uid::of_user_name(&self.username).as_ref() == Some(uid)
    }

    /// The credential that it authenticated with, as the API server names it.
    pub fn credential_id(&self) -> Option<&str> {
        self.extra.credential_id.first().map(|id| &**id).filter(|id| !id.is_empty())
    }
}

/// Under this key API servers write down which credential a user has shown.
pub const CREDENTIAL_ID: &str = "authentication.kubernetes.io/credential-id";
/// The same in older servers.
const OLD_CREDENTIAL_ID: &str = "authentication.k8s.io/credential-id";
/// The key of the pod that a token is bound to.
const POD_NAME: &str = "authentication.kubernetes.io/pod-name";

impl<'a> Extra<'a> {
    /// Every key with its values.
    pub fn all(&self) -> impl Iterator<Item = (&str, &[Text<'a>])> {
        let named = [(CREDENTIAL_ID, &self.credential_id), (POD_NAME, &self.pod_name)];
        let named = named.into_iter().map(|(key, values)| (key, values.as_slice()));
        named.chain(self.others.iter().map(|(key, values)| (&**key, values.as_slice())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Extra<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysAndValues;
        impl<'de> Visitor<'de> for KeysAndValues {
            type Value = Extra<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("keys with lists of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut extra = Extra::default();
                while let Some((key, values)) = map.next_entry::<Text<'de>, Vec<Text<'de>>>()? {
                    match &*key {
                        CREDENTIAL_ID | OLD_CREDENTIAL_ID => extra.credential_id = values,
                        POD_NAME => extra.pod_name = values,
                        _ => extra.others.push((key, values)),
                    }
                }
                Ok(extra)
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Extra::default())
            }
        }
        deserializer.deserialize_any(KeysAndValues)
    }
}

impl Annotations<'_> {
    /// The Secret of the static token that the request was made with.
    pub fn legacy_secret(&self) -> Option<&str> {
        self.manual_secret.as_deref().or(self.autogenerated_secret.as_deref())
    }
}

/// `null` where Go has no list.
pub(super) fn null_is_none<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
