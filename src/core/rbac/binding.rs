//! What a scan needs of one RoleBinding or ClusterRoleBinding, borrowed from the JSON text or the protobuf message that it is read
//! from.
//!
//! Most of a binding's bytes are `managedFields` and annotations; nothing is allocated for them. Like the API server's own
//! decoder these types read `null` as absent.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::protobuf::{ProtobufError, Value, fields};
use crate::core::text::Text;

/// The API group of users, groups and roles in bindings.
pub const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// The two kinds of object that bind a role to subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum BindingKind {
    /// Grants a ClusterRole in every namespace.
    ClusterRoleBinding,
    /// Grants a Role or ClusterRole in its own namespace.
    RoleBinding,
}

impl BindingKind {
    /// The kind as the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClusterRoleBinding => "ClusterRoleBinding",
            Self::RoleBinding => "RoleBinding",
        }
    }
}

impl fmt::Display for BindingKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A RoleBinding or ClusterRoleBinding as a list holds it.
/// Source: <https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/role-binding-v1/>
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BindingItem<'a> {
    /// Who the object is.
    #[serde(borrow)]
    pub metadata: BindingMetadata<'a>,
    /// The role that is granted.
    #[serde(borrow)]
    pub role_ref: RoleRef<'a>,
    /// To whom; `None` and an empty list mean the same.
    #[serde(borrow, default)]
    pub subjects: Option<Vec<Subject<'a>>>,
}

/// The part of a binding's metadata that a scan shows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BindingMetadata<'a> {
    /// Name, unique in its namespace.
    #[serde(borrow, deserialize_with = "required")]
    pub name: Text<'a>,
    /// Namespace; empty for a ClusterRoleBinding.
    #[serde(borrow, default)]
    pub namespace: Text<'a>,
    /// When the object was created.
    #[serde(default)]
    pub creation_timestamp: Option<Timestamp>,
}

/// The role that a binding grants. It can't be changed once the binding exists.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RoleRef<'a> {
    /// `ClusterRole` or `Role`.
    #[serde(borrow, deserialize_with = "required")]
    pub kind: Text<'a>,
    /// The role's name.
    #[serde(borrow, deserialize_with = "required")]
    pub name: Text<'a>,
}

/// A subject to which a binding grants its role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject<'a> {
    /// `User`, `Group` or `ServiceAccount`.
    #[serde(borrow, deserialize_with = "required")]
    pub kind: Text<'a>,
    /// API group; empty where the object leaves it to the default.
    #[serde(borrow, default)]
    pub api_group: Text<'a>,
    /// User, group or service account name.
    #[serde(borrow, deserialize_with = "required")]
    pub name: Text<'a>,
    /// Namespace of a service account; empty otherwise.
    #[serde(borrow, default)]
    pub namespace: Text<'a>,
}

fn required<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Text<'a>, D::Error> {
    let text = Text::deserialize(deserializer)?;
    if text.as_str().is_empty() {
        return Err(serde::de::Error::custom("a name or kind is empty"));
    }
    Ok(text)
}

impl<'a> BindingItem<'a> {
    /// Reads a binding in protobuf. Both kinds have the same fields; a field that is there twice counts as it was last.
    ///
    /// Field numbers: <https://github.com/kubernetes/api/blob/master/rbac/v1/generated.proto> and
    /// <https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/generated.proto>
    ///
    /// # Errors
    /// Where the bytes are no such message, or a name or kind is missing.
    pub fn from_protobuf(message: &'a [u8]) -> Result<Self, ProtobufError> {
        let (mut metadata, mut role_ref, mut subjects) = (&[][..], &[][..], Vec::new());
        for field in fields(message) {
            match field? {
                (1, value) => metadata = value.bytes()?,
                (2, value) => subjects.push(Subject::from_protobuf(value.bytes()?)?),
                (3, value) => role_ref = value.bytes()?,
                _ => {}
            }
        }
        Ok(Self {
            metadata: BindingMetadata::from_protobuf(metadata)?,
            role_ref: RoleRef::from_protobuf(role_ref)?,
            subjects: Some(subjects),
        })
    }
}

impl<'a> BindingMetadata<'a> {
    fn from_protobuf(message: &'a [u8]) -> Result<Self, ProtobufError> {
        let (mut name, mut namespace, mut creation_timestamp) = ("", "", None);
        for field in fields(message) {
            match field? {
                (1, value) => name = value.text()?,
                (3, value) => namespace = value.text()?,
                (8, value) => creation_timestamp = timestamp(value.bytes()?)?,
                _ => {}
            }
        }
        Ok(Self { name: given(name)?, namespace: namespace.into(), creation_timestamp })
    }
}

impl<'a> RoleRef<'a> {
    fn from_protobuf(message: &'a [u8]) -> Result<Self, ProtobufError> {
        let [_, kind, name] = texts(message)?;
        Ok(Self { kind: given(kind)?, name: given(name)? })
    }
}

impl<'a> Subject<'a> {
    fn from_protobuf(message: &'a [u8]) -> Result<Self, ProtobufError> {
        let [kind, api_group, name, namespace] = texts(message)?;
        Ok(Self { kind: given(kind)?, api_group: api_group.into(), name: given(name)?, namespace: namespace.into() })
    }
}

/// The texts of a message whose fields from 1 on are all texts.
fn texts<const COUNT: usize>(message: &[u8]) -> Result<[&str; COUNT], ProtobufError> {
    let mut texts = [""; COUNT];
    for field in fields(message) {
        let (number, value) = field?;
        let place = usize::try_from(number).ok().and_then(|number| texts.get_mut(number - 1));
        if let Some(text) = place {
            *text = value.text()?;
        }
    }
    Ok(texts)
}

fn given(text: &str) -> Result<Text<'_>, ProtobufError> {
    if text.is_empty() { Err(ProtobufError::Empty) } else { Ok(text.into()) }
}

/// A time in whole seconds. The zero time, which API servers write for none, has no fields.
fn timestamp(message: &[u8]) -> Result<Option<Timestamp>, ProtobufError> {
    let mut seconds = 0;
    for field in fields(message) {
        if let (1, Value::Number(number)) = field? {
            seconds = number.cast_signed();
        }
    }
    match seconds {
        0 => Ok(None),
        _ => Timestamp::from_second(seconds).map(Some).map_err(|_| ProtobufError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(fields: &[(u8, &[u8])]) -> Vec<u8> {
        let field = |(number, content): &(u8, &[u8])| {
            [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], *content].concat()
        };
        fields.iter().flat_map(field).collect()
    }

    #[test]
    fn protobuf_and_json_say_the_same() {
        let created = [&[0x08], [0xd0, 0x91, 0xd2, 0x9f, 0x06].as_slice()].concat();
        let metadata = message(&[(1, b"a"), (3, b"n"), (5, b"u"), (8, &created), (11, b"\x0a\x01m")]);
        let user = message(&[(1, b"User"), (2, RBAC_GROUP.as_bytes()), (3, b"12345-1676970192"), (4, b"")]);
        let account = message(&[(1, b"ServiceAccount"), (3, b"sa"), (4, b"n")]);
        let role = message(&[(1, RBAC_GROUP.as_bytes()), (2, b"ClusterRole"), (3, b"cs:ns:dev")]);
        let item = message(&[(1, &metadata), (2, &user), (2, &account), (3, &role)]);
        assert_eq!(BindingItem::from_protobuf(&item), Ok(serde_json::from_str(ITEM).unwrap()));
    }

    #[test]
    fn a_message_without_a_name_or_with_a_bad_time_is_no_binding() {
        let (role, named) = (message(&[(2, b"Role"), (3, b"r")]), message(&[(1, b"a")]));
        assert!(BindingItem::from_protobuf(&message(&[(1, &named), (3, &role)])).is_ok());
        let timeless = message(&[(1, b"a"), (8, b"")]);
        let timeless = message(&[(1, &timeless), (3, &role)]);
        assert_eq!(BindingItem::from_protobuf(&timeless).unwrap().metadata.creation_timestamp, None);
        let far = message(&[(1, b"a"), (8, b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f")]);
        for (metadata, error) in [(&[][..], ProtobufError::Empty), (&far, ProtobufError::Malformed)] {
            assert_eq!(BindingItem::from_protobuf(&message(&[(1, metadata), (3, &role)])), Err(error));
        }
        assert_eq!(BindingItem::from_protobuf(&message(&[(1, &named)])), Err(ProtobufError::Empty));
        assert_eq!(BindingItem::from_protobuf(b"{}"), Err(ProtobufError::Malformed));
    }

    static ITEM: &str = r#"{"metadata":{"name":"a","namespace":"n","uid":"u","creationTimestamp":"2023-02-21T09:03:12Z",
        "managedFields":[{"fieldsV1":{"f:subjects":{}}}]},
        "subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"12345-1676970192"},
                    {"kind":"ServiceAccount","name":"s\u0061","namespace":"n"}],
        "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cs:ns:dev"}}"#;

    #[test]
    fn an_item_is_borrowed_from_its_text() {
        let is_borrowed = |text: &str| ITEM.as_bytes().as_ptr_range().contains(&text.as_ptr());
        let item: BindingItem<'_> = serde_json::from_str(ITEM).unwrap();
        assert!(item.metadata.name.as_str() == "a" && is_borrowed(&item.metadata.name));
        let subjects = item.subjects.unwrap();
        assert!(subjects[0].name.as_str() == "12345-1676970192" && is_borrowed(&subjects[0].name));
        assert_eq!(subjects[1].name.as_str(), "sa");
        assert_eq!(subjects[1].api_group.as_str(), "");
        assert_eq!(item.metadata.creation_timestamp.unwrap().to_string(), "2023-02-21T09:03:12Z");
    }

    const NAMELESS: &str = r#"{"metadata":{"name":""},"roleRef":{"kind":"Role","name":"r"}}"#;

    #[test]
    fn null_is_absent_and_an_object_that_is_no_binding_is_an_error() {
        let text = r#"{"metadata":{"name":"a","namespace":null,"creationTimestamp":null},"subjects":null,
            "roleRef":{"kind":"Role","name":"r"}}"#;
        let item: BindingItem<'_> = serde_json::from_str(text).unwrap();
        assert_eq!((item.metadata.namespace.as_str(), item.subjects), ("", None));
        for text in [
            "{}",
            r#"{"metadata":{"name":"a"}}"#,
            r#"{"metadata":{},"roleRef":{"kind":"Role","name":"r"}}"#,
            NAMELESS,
            "[]",
        ] {
            assert!(serde_json::from_str::<BindingItem<'_>>(text).is_err(), "{text}");
        }
    }
}
