//! What a scan needs of one RoleBinding or ClusterRoleBinding, borrowed from the JSON text that it is read from.
//!
//! Most of a binding's bytes are `managedFields` and annotations; nothing is allocated for them. Like the API server's own
//! decoder these types read `null` as absent.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// The API group of users, groups and roles in bindings.
pub const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// The two kinds of object that bind a role to subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

/// Somebody to whom a binding grants its role.
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

/// A JSON string, borrowed from the document unless it holds escapes. `null` is the empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(TextVisitor)
    }
}

fn required<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Text<'a>, D::Error> {
    let text = Text::deserialize(deserializer)?;
    if text.as_str().is_empty() {
        return Err(serde::de::Error::custom("a name or kind is empty"));
    }
    Ok(text)
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Text::default())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Text::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = r#"{"metadata":{"name":"a","namespace":"n","uid":"u","creationTimestamp":"2023-02-21T09:03:12Z",
        "managedFields":[{"fieldsV1":{"f:subjects":{}}}]},
        "subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"12345-1676970192"},
                    {"kind":"ServiceAccount","name":"s\u0061","namespace":"n"}],
        "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cs:ns:dev"}}"#;

    #[test]
    fn an_item_is_borrowed_from_its_text() {
        let item: BindingItem<'_> = serde_json::from_str(ITEM).unwrap();
        assert!(matches!(item.metadata.name.0, Cow::Borrowed("a")));
        let subjects = item.subjects.unwrap();
        assert!(matches!(subjects[0].name.0, Cow::Borrowed("12345-1676970192")));
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
