//! Decodes the events of a record: as API servers write them, and as exports of Alibaba Cloud's log service may.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::event::{Annotations, Event, Extra, Level, ObjectRef, Stage, User, null_is_none};
use super::unwrapped::{HasTexts, Unwrapped};
use crate::core::text::Text;

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

/// Decodes the events of one record: that of a line, those of a list, or what a log service wraps around either.
///
/// # Errors
/// One of them is no event.
pub fn decode(record: &[u8]) -> Result<Vec<Event<'_>>, DecodeError> {
    let wire: Wire<'_> = serde_json::from_slice(record).map_err(|_| DecodeError::Json)?;
    match wire.content {
        Some(content) if wire.audit_id.is_none() => content.0.into_events(),
        _ => Wire { content: None, ..wire }.into_events(),
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
    fn into_events(self) -> Result<Vec<Event<'a>>, DecodeError> {
        if self.items.is_empty() {
            return self.into_event().map(|event| vec![event]);
        }
        self.items.into_iter().map(Wire::into_event).collect()
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
        match decode(text.as_bytes()).unwrap().as_slice() {
            [event] => format!("{event:?}"),
            events => panic!("{events:?}"),
        }
    }

    #[test]
    fn an_event_says_who_did_what_by_which_credential() {
        let text = native().to_string();
        let event = decode(text.as_bytes()).unwrap().remove(0);
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
        let event = decode(text.as_bytes()).unwrap().remove(0);
        assert_eq!(event.user.credential_id(), Some("X509SHA256=ab"));
        assert_eq!(event.annotations.issued_credential_id.as_deref(), Some("JTI=1-2"));
    }

    #[test]
    fn a_list_is_its_events() {
        let list = json!({ "kind": "EventList", "metadata": {}, "items": [native(), native()] }).to_string();
        assert_eq!(decode(list.as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn what_is_absent_is_absent() {
        let bare = json!({
            "auditID": "a", "stage": "RequestReceived", "requestReceivedTimestamp": "2026-11-22T03:10:04Z",
            "user": {}, "impersonatedUser": null, "objectRef": "", "sourceIPs": null, "annotations": "null",
            "responseStatus": {}
        });
        let text = bare.to_string();
        let event = decode(text.as_bytes()).unwrap().remove(0);
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
