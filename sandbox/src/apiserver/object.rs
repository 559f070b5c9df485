//! Objects as the API server keeps and writes them: known fields only, in the server's own order.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::lease::LeaseContent;
use super::resources::{ResourceRef, Shape};

/// An object's metadata.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Metadata {
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub(crate) name: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub(crate) generate_name: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub(crate) namespace: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub(crate) uid: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub(crate) resource_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) generation: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) creation_timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deletion_timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deletion_grace_period_seconds: Option<i64>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub(crate) owner_references: Vec<OwnerReference>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub(crate) finalizers: Vec<String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub(crate) managed_fields: Vec<ManagedFieldsEntry>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct OwnerReference {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) controller: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) block_owner_deletion: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ManagedFieldsEntry {
    pub(crate) manager: String,
    pub(crate) operation: String,
    pub(crate) api_version: String,
    pub(crate) time: String,
    pub(crate) fields_type: String,
    pub(crate) fields_v1: Value,
}

/// A rule of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PolicyRule {
    #[serde(deserialize_with = "or_default")]
    pub(crate) verbs: Vec<String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub(crate) api_groups: Vec<String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub(crate) resources: Vec<String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub(crate) resource_names: Vec<String>,
    #[serde(rename = "nonResourceURLs", deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub(crate) non_resource_urls: Vec<String>,
}

/// Who is bound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RbacSubject {
    #[serde(deserialize_with = "or_default")]
    pub(crate) kind: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub(crate) api_group: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub(crate) namespace: String,
}

/// Which role is bound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RoleRef {
    #[serde(deserialize_with = "or_default")]
    pub(crate) api_group: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) kind: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RoleContent {
    /// `null` where there are none, as the real server writes it.
    pub(crate) rules: Option<Vec<PolicyRule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aggregation_rule: Option<Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct BindingContent {
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub(crate) subjects: Vec<RbacSubject>,
    pub(crate) role_ref: RoleRef,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ConfigMapContent {
    #[serde(deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) data: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) binary_data: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) immutable: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SecretContent {
    /// In base64.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) data: BTreeMap<String, String>,
    /// What is to be written into `data`; never stored.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) string_data: BTreeMap<String, String>,
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub(crate) secret_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) immutable: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NamespaceContent {
    pub(crate) spec: NamespaceSpec,
    pub(crate) status: NamespaceStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct NamespaceSpec {
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub(crate) finalizers: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct NamespaceStatus {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) phase: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CustomContent {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) spec: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<Value>,
}

/// What an object holds beside its metadata.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Role(RoleContent),
    Binding(BindingContent),
    Namespace(NamespaceContent),
    ConfigMap(ConfigMapContent),
    Secret(SecretContent),
    Lease(LeaseContent),
    Custom(CustomContent),
    Stored(Map<String, Value>),
}

/// An object of a known resource.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Object {
    pub(crate) resource: ResourceKey,
    pub(crate) metadata: Metadata,
    pub(crate) content: Content,
}

/// A resource that compares by identity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResourceKey(pub(crate) ResourceRef);

impl PartialEq for ResourceKey {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

#[derive(Serialize)]
struct Item<'a> {
    metadata: &'a Metadata,
    #[serde(flatten)]
    content: &'a Content,
}

impl Object {
    /// Reads an object; unknown fields are dropped, as the server drops them. The error is serde's own text.
    pub(crate) fn from_value(resource: ResourceRef, mut value: Map<String, Value>) -> Result<Self, String> {
        let metadata = match value.remove("metadata") {
            None | Some(Value::Null) => Metadata::default(),
            Some(metadata) => serde_json::from_value(metadata).map_err(|error| error.to_string())?,
        };
        let content = content(resource.shape, Value::Object(value)).map_err(|error| error.to_string())?;
        Ok(Self { resource: ResourceKey(resource), metadata, content })
    }

    /// The object with `kind` and `apiVersion`, as a single GET gives it.
    pub(crate) fn to_bytes(&self) -> Bytes {
        let resource = self.resource.0;
        let head = format!("{{\"kind\":\"{}\",\"apiVersion\":\"{}\",", resource.kind, resource.api_version());
        let mut out = head.into_bytes();
        out.extend_from_slice(&self.item_bytes()[1..]);
        out.into()
    }

    /// The object as an item of a list: built-in kinds leave `kind` and `apiVersion` out.
    pub(crate) fn item_bytes(&self) -> Bytes {
        let item = Item { metadata: &self.metadata, content: &self.content };
        // Strings, maps and lists of them can always be written.
        serde_json::to_vec(&item).unwrap_or_else(|_| b"{}".to_vec()).into()
    }

    /// The object as a JSON value, as a patch sees it.
    pub(crate) fn to_value(&self) -> Value {
        serde_json::from_slice(&self.to_bytes()).unwrap_or_default()
    }

    pub(crate) fn rules(&self) -> &[PolicyRule] {
        match &self.content {
            Content::Role(role) => role.rules.as_deref().unwrap_or_default(),
            _ => &[],
        }
    }

    /// The type of a Secret; empty for anything else.
    pub(crate) fn secret_type(&self) -> &str {
        match &self.content {
            Content::Secret(secret) => &secret.secret_type,
            _ => "",
        }
    }

    pub(crate) fn binding(&self) -> Option<&BindingContent> {
        match &self.content {
            Content::Binding(binding) => Some(binding),
            _ => None,
        }
    }
}

fn content(shape: Shape, value: Value) -> serde_json::Result<Content> {
    Ok(match shape {
        Shape::Role => Content::Role(serde_json::from_value(value)?),
        Shape::Binding => Content::Binding(serde_json::from_value(value)?),
        Shape::Namespace => Content::Namespace(serde_json::from_value(value)?),
        Shape::ConfigMap => Content::ConfigMap(serde_json::from_value(value)?),
        Shape::Secret => Content::Secret(serde_json::from_value(value)?),
        Shape::Lease => Content::Lease(serde_json::from_value(value)?),
        Shape::Stored => Content::Stored(serde_json::from_value(value)?),
        Shape::Custom | Shape::Empty => Content::Custom(serde_json::from_value(value)?),
    })
}

fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
