//! One audit event, decoded where its line lies: `audit.k8s.io/v1`, and what exports of Alibaba Cloud's log service may make of it.
//!
//! No body is a part of it: at level RequestResponse bodies hold Secrets and minted tokens. What links need of a body,
//! [`body`](super::body) reads by types that have no place for a secret.
//!
//! Source: <https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/>

use std::borrow::Cow;

use jiff::Timestamp;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::text::{HasTexts, Text, Unwrapped};

/// A request at one stage of its handling.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// How much of the request is in the log.
    pub level: Level,
    /// The `Audit-ID`, which the client may choose: it tells no requests apart by itself.
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
    /// The Secret of the static token by which the request was made, if somebody made that Secret.
    #[serde(borrow, rename = "authentication.k8s.io/legacy-token-manual-secret")]
    pub manual_secret: Option<Text<'a>>,
    /// The same, if Kubernetes made it.
    #[serde(borrow, rename = "authentication.k8s.io/legacy-token-autogenerated-secret")]
    pub autogenerated_secret: Option<Text<'a>>,
}

impl<'a> User<'a> {
    /// The credential that it authenticated with, as the API server names it.
    pub fn credential_id(&self) -> Option<&str> {
        self.extra.credential_id.first().map(|id| &**id).filter(|id| !id.is_empty())
    }
}

/// The key of the credential itself.
const CREDENTIAL_ID: &str = "authentication.kubernetes.io/credential-id";
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

/// What a record of a log holds.
#[derive(Debug)]
pub enum Record<'a> {
    /// One event.
    Event(Box<Event<'a>>),
    /// A list of events: each is decoded by itself.
    #[expect(clippy::vec_box, reason = "an event is large, and each is moved alone, as that of a line is")]
    List(Vec<Box<Event<'a>>>),
}

/// Why a record is no event. What it says quotes nothing of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It is no JSON, or a field of an event has another type.
    #[error("it is no JSON of an audit event")]
    Json,
    /// It is JSON without the fields of an event.
    #[error("it has no auditID, stage or time")]
    NoEvent,
}

/// Decodes one record: an event, a list of them, or what a log service wraps around one.
///
/// # Errors
/// It is no event.
pub fn decode(record: &[u8]) -> Result<Record<'_>, DecodeError> {
    let wire: Wire<'_> = serde_json::from_slice(record).map_err(|_| DecodeError::Json)?;
    match wire.content {
        Some(content) if wire.audit_id.is_none() => content.0.into_record(),
        _ => Wire { content: None, ..wire }.into_record(),
    }
}

/// An event as it is written: everything may be absent, and an export may have made texts of objects.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    level: Option<Level>,
    #[serde(borrow, rename = "auditID")]
    audit_id: Option<Text<'a>>,
    stage: Option<Stage>,
    #[serde(borrow, rename = "requestURI", default)]
    request_uri: Text<'a>,
    #[serde(borrow, default)]
    verb: Text<'a>,
    #[serde(borrow, default)]
    user: Unwrapped<User<'a>>,
    #[serde(borrow)]
    impersonated_user: Option<Unwrapped<User<'a>>>,
    #[serde(borrow)]
    authentication_metadata: Option<Unwrapped<AuthenticationMetadata<'a>>>,
    #[serde(borrow, rename = "sourceIPs", default)]
    source_ips: Unwrapped<Vec<Text<'a>>>,
    #[serde(borrow)]
    object_ref: Option<Unwrapped<ObjectRef<'a>>>,
    response_status: Option<Unwrapped<ResponseStatus>>,
    #[serde(alias = "timestamp")]
    request_received_timestamp: Option<Timestamp>,
    stage_timestamp: Option<Timestamp>,
    #[serde(borrow, default)]
    annotations: Unwrapped<Annotations<'a>>,
    /// The events of an EventList.
    #[serde(borrow, default, deserialize_with = "null_is_none")]
    items: Vec<Wire<'a>>,
    /// The line that a log service's record wraps.
    #[serde(borrow, alias = "log", alias = "message")]
    content: Option<Unwrapped<Box<Wire<'a>>>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AuthenticationMetadata<'a> {
    #[serde(borrow)]
    impersonation_constraint: Option<Text<'a>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct ResponseStatus {
    #[serde(deserialize_with = "code")]
    code: Option<u16>,
    #[serde(rename = "message")]
    _message: IgnoredAny,
}

impl<'a> Wire<'a> {
    fn into_record(self) -> Result<Record<'a>, DecodeError> {
        if self.items.is_empty() {
            return self.into_event().map(Box::new).map(Record::Event);
        }
        let events = self.items.into_iter().map(|wire| wire.into_event().map(Box::new));
        events.collect::<Result<_, _>>().map(Record::List)
    }

    fn into_event(self) -> Result<Event<'a>, DecodeError> {
        let (Some(audit_id), Some(stage)) = (self.audit_id, self.stage) else { return Err(DecodeError::NoEvent) };
        let received = self.request_received_timestamp.or(self.stage_timestamp).ok_or(DecodeError::NoEvent)?;
        Ok(Event {
            level: self.level.unwrap_or(Level::Metadata),
            audit_id,
            stage,
            request_uri: self.request_uri,
            verb: self.verb,
            user: self.user.0,
            impersonated: self.impersonated_user.map(|user| user.0).filter(|user| !user.username.is_empty()),
            impersonation_constraint: self.authentication_metadata.and_then(|facts| facts.0.impersonation_constraint),
            source_ips: self.source_ips.0,
            object: self.object_ref.map(|object| object.0).filter(|object| !object.resource.is_empty()),
            code: self.response_status.and_then(|status| status.code),
            received,
            annotations: self.annotations.0,
        })
    }
}

/// A number, or an export's text of one.
fn code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Code<'a> {
        Number(u16),
        #[serde(borrow)]
        Text(Cow<'a, str>),
        Other(IgnoredAny),
    }
    Ok(match Code::deserialize(deserializer)? {
        Code::Number(code) => Some(code),
        Code::Text(text) => text.parse().ok(),
        Code::Other(_) => None,
    }
    .filter(|code| *code > 0))
}

/// `null` where Go has no list.
fn null_is_none<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

impl HasTexts for User<'_> {
    type Borrowing<'short> = User<'short>;

    fn owned(of: User<'_>) -> Self {
        Self {
            username: Text::owned(of.username),
            uid: Text::owned(of.uid),
            groups: HasTexts::owned(of.groups),
            extra: Extra {
                credential_id: HasTexts::owned(of.extra.credential_id),
                pod_name: HasTexts::owned(of.extra.pod_name),
                others: of
                    .extra
                    .others
                    .into_iter()
                    .map(|(key, values)| (Text::owned(key), HasTexts::owned(values)))
                    .collect(),
            },
        }
    }
}

impl HasTexts for ObjectRef<'_> {
    type Borrowing<'short> = ObjectRef<'short>;

    fn owned(of: ObjectRef<'_>) -> Self {
        Self {
            api_group: Text::owned(of.api_group),
            resource: Text::owned(of.resource),
            subresource: Text::owned(of.subresource),
            namespace: Text::owned(of.namespace),
            name: Text::owned(of.name),
        }
    }
}

impl HasTexts for Annotations<'_> {
    type Borrowing<'short> = Annotations<'short>;

    fn owned(of: Annotations<'_>) -> Self {
        Self {
            decision: HasTexts::owned(of.decision),
            reason: HasTexts::owned(of.reason),
            issued_credential_id: HasTexts::owned(of.issued_credential_id),
            manual_secret: HasTexts::owned(of.manual_secret),
            autogenerated_secret: HasTexts::owned(of.autogenerated_secret),
        }
    }
}

impl HasTexts for AuthenticationMetadata<'_> {
    type Borrowing<'short> = AuthenticationMetadata<'short>;

    fn owned(of: AuthenticationMetadata<'_>) -> Self {
        Self { impersonation_constraint: HasTexts::owned(of.impersonation_constraint) }
    }
}

impl HasTexts for ResponseStatus {
    type Borrowing<'short> = Self;

    fn owned(of: Self) -> Self {
        of
    }
}

impl<'a> HasTexts for Box<Wire<'a>> {
    type Borrowing<'short> = Box<Wire<'short>>;

    fn owned(of: Box<Wire<'_>>) -> Self {
        let wire = *of;
        Self::new(Wire {
            level: wire.level,
            audit_id: HasTexts::owned(wire.audit_id),
            stage: wire.stage,
            request_uri: HasTexts::owned(wire.request_uri),
            verb: HasTexts::owned(wire.verb),
            user: HasTexts::owned(wire.user),
            impersonated_user: HasTexts::owned(wire.impersonated_user),
            authentication_metadata: HasTexts::owned(wire.authentication_metadata),
            source_ips: HasTexts::owned(wire.source_ips),
            object_ref: HasTexts::owned(wire.object_ref),
            response_status: wire.response_status,
            request_received_timestamp: wire.request_received_timestamp,
            stage_timestamp: wire.stage_timestamp,
            annotations: HasTexts::owned(wire.annotations),
            items: wire.items.into_iter().map(|item| *<Box<Wire<'a>>>::owned(Box::new(item))).collect(),
            content: HasTexts::owned(wire.content),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn native() -> Value {
        json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse",
            "auditID": "a-1", "stage": "ResponseComplete",
            "requestURI": "/api/v1/namespaces/ci/serviceaccounts/robot/token", "verb": "create",
            "user": {
                "username": "200000000000000103-1700000000", "groups": ["system:users"],
                "extra": { "authentication.kubernetes.io/credential-id": ["X509SHA256=ab"], "other": ["x"] }
            },
            "impersonatedUser": { "username": "bob\n", "groups": null },
            "authenticationMetadata": { "impersonationConstraint": "impersonate:user-info" },
            "sourceIPs": ["192.0.2.7", "10.0.0.1"],
            "objectRef": {
                "resource": "serviceaccounts", "namespace": "ci", "name": "robot", "apiVersion": "v1", "subresource": "token"
            },
            "responseStatus": { "metadata": {}, "code": 201 },
            "requestObject": { "spec": { "audiences": 7 } },
            "responseObject": { "status": { "token": "canary" } },
            "requestReceivedTimestamp": "2026-11-22T03:10:04.123456Z", "stageTimestamp": "2026-11-22T03:10:04.223456Z",
            "annotations": {
                "authentication.kubernetes.io/issued-credential-id": "JTI=1-2",
                "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""
            }
        })
    }

    /// What an export makes of an event that writes objects as texts.
    fn with_texts(mut event: Value) -> Value {
        for value in event.as_object_mut().unwrap().values_mut() {
            if value.is_object() || value.is_array() {
                *value = json!(value.to_string());
            }
        }
        event["responseStatus"] = json!("{\"code\":\"201\"}");
        event
    }

    fn one(record: &Value) -> String {
        let text = record.to_string();
        match decode(text.as_bytes()).unwrap() {
            Record::Event(event) => format!("{event:?}"),
            Record::List(events) => panic!("{events:?}"),
        }
    }

    #[test]
    fn an_event_says_who_did_what_by_which_credential() {
        let text = native().to_string();
        let Record::Event(event) = decode(text.as_bytes()).unwrap() else { panic!() };
        assert_eq!(event.user.credential_id(), Some("X509SHA256=ab"));
        assert_eq!(event.annotations.issued_credential_id.as_deref(), Some("JTI=1-2"));
        assert_eq!(event.impersonated.as_ref().map(|user| &*user.username), Some("bob\n"));
        assert_eq!(event.impersonation_constraint.as_deref(), Some("impersonate:user-info"));
        assert_eq!(event.source_ips.iter().map(|ip| &**ip).collect::<Vec<_>>(), ["192.0.2.7", "10.0.0.1"]);
        assert_eq!(event.object.as_ref().map(|object| &*object.subresource), Some("token"));
        assert_eq!(
            (event.code, event.level, event.stage),
            (Some(201), Level::RequestResponse, Stage::ResponseComplete)
        );
        let extra: Vec<&str> = event.user.extra.all().flat_map(|(_, values)| values).map(|value| &**value).collect();
        assert_eq!(extra, ["X509SHA256=ab", "x"]);
        assert!(!format!("{event:?}").contains("canary"));
    }

    /// However a log service writes it, it is the same event.
    #[test]
    fn exports_say_the_same() {
        let expected = one(&native());
        let line = native().to_string();
        for (what, record) in [
            ("objects as texts", with_texts(native())),
            ("the line in a record", json!({ "__time__": "1", "__topic__": "", "content": line })),
            ("the line in Docker's log", json!({ "log": format!("{line}\n"), "stream": "stdout", "time": "x" })),
            ("the event in a record", json!({ "content": native() })),
            ("texts in a record", json!({ "content": with_texts(native()).to_string() })),
        ] {
            assert_eq!(one(&record), expected, "{what}");
        }
    }

    #[test]
    fn servers_before_1_30_have_another_prefix() {
        let text = native().to_string().replace("authentication.kubernetes.io/", "authentication.k8s.io/");
        let Record::Event(event) = decode(text.as_bytes()).unwrap() else { panic!() };
        assert_eq!(event.user.credential_id(), Some("X509SHA256=ab"));
        assert_eq!(event.annotations.issued_credential_id.as_deref(), Some("JTI=1-2"));
    }

    #[test]
    fn a_list_is_its_events() {
        let list = json!({ "kind": "EventList", "metadata": {}, "items": [native(), native()] }).to_string();
        assert!(matches!(decode(list.as_bytes()).unwrap(), Record::List(events) if events.len() == 2));
    }

    #[test]
    fn what_is_absent_is_absent() {
        let bare = json!({
            "auditID": "a", "stage": "RequestReceived", "requestReceivedTimestamp": "2026-11-22T03:10:04Z",
            "user": {}, "impersonatedUser": null, "objectRef": "", "sourceIPs": null, "annotations": "null",
            "responseStatus": {}
        });
        let text = bare.to_string();
        let Record::Event(event) = decode(text.as_bytes()).unwrap() else { panic!() };
        assert_eq!((event.user.credential_id(), event.code, event.level), (None, None, Level::Metadata));
        assert!(event.object.is_none() && event.impersonated.is_none());
    }

    #[test]
    fn what_is_no_event_is_said_without_quoting_it() {
        for (record, error) in [
            ("{\"auditID\": \"canary", DecodeError::Json),
            ("canary", DecodeError::Json),
            ("{\"user\":\"canary\",\"auditID\":\"x\"}", DecodeError::Json),
            ("{\"secret\":\"canary\"}", DecodeError::NoEvent),
            ("{\"auditID\":\"x\",\"auditID\":\"y\"}", DecodeError::Json),
            ("{\"log\":\"canary\"}", DecodeError::Json),
            ("[]", DecodeError::Json),
        ] {
            let refused = decode(record.as_bytes()).unwrap_err();
            assert_eq!(refused, error, "{record}");
            assert!(!refused.to_string().contains("canary"));
        }
    }
}
