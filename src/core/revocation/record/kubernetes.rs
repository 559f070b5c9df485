//! Bindings, roles, and questions about them. A Kubernetes object is kept as the API server writes it.

use k8s_openapi::api::rbac::v1::Subject;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{OnDisk as _, RecordError, all, maybe, nullable, one, text, under, under_maybe};
use crate::core::json_fault::JsonFault;
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::rbac::{Attributes, PolicyRule, RoleFacts};
use crate::core::revocation::change::Change;
use crate::core::revocation::input::RoleThen;
use crate::core::revocation::operation::ClusterRoles;
use crate::core::revocation::static_tokens::SecretRef;
use crate::core::revocation::verification::Probe;

/// Which binding, or which Secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BindingRefV1 {
    /// `ClusterRoleBinding`, `RoleBinding` or `Secret`.
    pub kind: String,
    /// Null for a ClusterRoleBinding.
    #[serde(deserialize_with = "nullable")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl From<&BindingRef> for BindingRefV1 {
    fn from(BindingRef { kind, namespace, name }: &BindingRef) -> Self {
        Self { kind: kind.write(), namespace: namespace.clone(), name: name.clone() }
    }
}

impl TryFrom<BindingRefV1> for BindingRef {
    type Error = RecordError;

    fn try_from(BindingRefV1 { kind, namespace, name }: BindingRefV1) -> Result<Self, RecordError> {
        Ok(Self { kind: one("kind", &kind)?, namespace, name })
    }
}

/// The kind of a Secret.
const SECRET: &str = "Secret";

impl BindingRefV1 {
    /// A Secret's place.
    pub(super) fn of_secret(SecretRef { namespace, name }: &SecretRef) -> Self {
        Self { kind: SECRET.to_owned(), namespace: Some(namespace.clone()), name: name.clone() }
    }

    /// The Secret that it is the place of.
    pub(super) fn secret(self) -> Result<SecretRef, RecordError> {
        match (self.kind.as_str(), self.namespace) {
            (SECRET, Some(namespace)) => Ok(SecretRef { namespace, name: self.name }),
            _ => Err(RecordError::field("object", "a Secret in a namespace is expected".to_owned())),
        }
    }
}

/// A binding as JSON.
pub(super) fn object_json(object: &BindingObject) -> Value {
    object.clone().into()
}

/// The binding that stands under a key.
pub(super) fn object(field: &str, json: Value) -> Result<BindingObject, RecordError> {
    BindingObject::try_from(json).map_err(|error| {
        let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), |why| format!("{error}: {why}"));
        RecordError::field(field, why)
    })
}

/// The bindings of a list.
pub(super) fn objects(field: &str, json: Vec<Value>) -> Result<Vec<BindingObject>, RecordError> {
    json.into_iter().enumerate().map(|(index, json)| object(&format!("{field}[{index}]"), json)).collect()
}

/// Subjects of a binding as JSON.
pub(super) fn subjects_json(subjects: &[Subject]) -> Vec<Value> {
    subjects.iter().map(|subject| json!(subject)).collect()
}

/// The subjects of a list.
pub(super) fn subjects(field: &str, json: Vec<Value>) -> Result<Vec<Subject>, RecordError> {
    plain(field, json)
}

/// Rules of a role as JSON.
pub(super) fn rules_json(rules: &[PolicyRule]) -> Vec<Value> {
    rules.iter().map(|rule| json!(rule)).collect()
}

/// The rules of a list.
pub(super) fn rules(field: &str, json: Vec<Value>) -> Result<Vec<PolicyRule>, RecordError> {
    plain(field, json)
}

/// Things that are Kubernetes' own and have no form but JSON.
fn plain<T: DeserializeOwned>(field: &str, json: Vec<Value>) -> Result<Vec<T>, RecordError> {
    let each = json.into_iter().enumerate().map(|(index, json)| {
        serde_json::from_value(json)
            .map_err(|error| RecordError::field(&format!("{field}[{index}]"), JsonFault::from(error).to_string()))
    });
    each.collect()
}

/// A role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleV1 {
    /// The object's own ID.
    pub uid: String,
    /// `rules` as the API server writes them.
    pub rules: Vec<Value>,
}

/// The role of a binding as it was when access was taken away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleThenV1 {
    /// The binding.
    pub binding: BindingRefV1,
    /// Null where there was no such role.
    #[serde(deserialize_with = "nullable")]
    pub role: Option<RoleV1>,
    /// The UID of the binding's namespace; null where it could not be read. May be missing: null.
    #[serde(default)]
    pub namespace_uid: Option<String>,
}

impl From<&RoleThen> for RoleThenV1 {
    fn from(RoleThen { binding, role, namespace_uid }: &RoleThen) -> Self {
        let role = role.as_ref().map(|RoleFacts { uid, rules }| RoleV1 { uid: uid.clone(), rules: rules_json(rules) });
        Self { binding: binding.into(), role, namespace_uid: namespace_uid.clone() }
    }
}

impl TryFrom<RoleV1> for RoleFacts {
    type Error = RecordError;

    fn try_from(RoleV1 { uid, rules }: RoleV1) -> Result<Self, RecordError> {
        Ok(Self { uid, rules: self::rules("rules", rules)? })
    }
}

impl TryFrom<RoleThenV1> for RoleThen {
    type Error = RecordError;

    fn try_from(RoleThenV1 { binding, role, namespace_uid }: RoleThenV1) -> Result<Self, RecordError> {
        Ok(Self { binding: under("binding", binding)?, role: under_maybe("role", role)?, namespace_uid })
    }
}

/// The roles of the bindings in one cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterRolesV1 {
    /// The cluster; null where its ID is not known.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: Option<String>,
    /// The roles.
    pub roles: Vec<RoleThenV1>,
}

impl From<&ClusterRoles> for ClusterRolesV1 {
    fn from(ClusterRoles { cluster_id, roles }: &ClusterRoles) -> Self {
        Self { cluster_id: text(cluster_id.as_ref()), roles: roles.iter().map(RoleThenV1::from).collect() }
    }
}

impl TryFrom<ClusterRolesV1> for ClusterRoles {
    type Error = RecordError;

    fn try_from(ClusterRolesV1 { cluster_id, roles }: ClusterRolesV1) -> Result<Self, RecordError> {
        Ok(Self { cluster_id: maybe("clusterId", cluster_id.as_deref())?, roles: all("roles", roles)? })
    }
}

/// A question that was answered with yes before the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeV1 {
    /// The user name.
    pub name: String,
    /// The groups that go with it.
    pub groups: Vec<String>,
    /// What was asked.
    pub attributes: AttributesV1,
}

/// What a user may want to do, as a SubjectAccessReview has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributesV1 {
    /// `get`, `list` and so on.
    pub verb: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind in the plural.
    pub resource: String,
    /// Empty for the object itself.
    pub subresource: String,
    /// The object's name; empty for all.
    pub name: String,
    /// Empty for all, and for kinds without namespaces.
    pub namespace: String,
    /// A path outside the resources.
    #[serde(deserialize_with = "nullable")]
    pub path: Option<String>,
}

impl From<&Probe> for ProbeV1 {
    fn from(Probe { name, groups, attributes }: &Probe) -> Self {
        Self { name: name.clone(), groups: groups.clone(), attributes: attributes.clone().into() }
    }
}

impl From<ProbeV1> for Probe {
    fn from(ProbeV1 { name, groups, attributes }: ProbeV1) -> Self {
        Self { name, groups, attributes: attributes.into() }
    }
}

impl From<Attributes> for AttributesV1 {
    fn from(Attributes { verb, group, resource, subresource, name, namespace, path }: Attributes) -> Self {
        Self { verb, group, resource, subresource, name, namespace, path }
    }
}

impl From<AttributesV1> for Attributes {
    fn from(AttributesV1 { verb, group, resource, subresource, name, namespace, path }: AttributesV1) -> Self {
        Self { verb, group, resource, subresource, name, namespace, path }
    }
}

/// A change of a binding, with its preconditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all_fields = "camelCase")]
pub enum ChangeV1 {
    /// `DELETE`.
    Delete {
        /// The object's own ID.
        uid: String,
        /// The version that was read.
        resource_version: String,
    },
    /// `PATCH`.
    Patch {
        /// The operations of the JSON Patch.
        operations: Vec<Value>,
    },
    /// `POST`.
    Create {
        /// The object.
        object: Value,
    },
}

impl From<&Change> for ChangeV1 {
    fn from(change: &Change) -> Self {
        match change.clone() {
            Change::Delete { uid, resource_version } => Self::Delete { uid, resource_version },
            Change::Patch { operations } => Self::Patch { operations },
            Change::Create { object } => Self::Create { object: (*object).into() },
        }
    }
}

impl TryFrom<ChangeV1> for Change {
    type Error = RecordError;

    fn try_from(change: ChangeV1) -> Result<Self, RecordError> {
        Ok(match change {
            ChangeV1::Delete { uid, resource_version } => Self::Delete { uid, resource_version },
            ChangeV1::Patch { operations } => Self::Patch { operations },
            ChangeV1::Create { object: json } => Self::Create { object: Box::new(object("object", json)?) },
        })
    }
}
