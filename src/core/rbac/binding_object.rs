//! A RoleBinding or ClusterRoleBinding as a whole: what a change is made from and what a backup keeps.
//!
//! Scans read bindings into [`Inventory`](super::inventory::Inventory), which is small. Of the few that are to be changed
//! nothing may be lost, not even fields that are not used here.

use std::fmt;

use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::binding::{BindingKind, RBAC_GROUP};
use crate::core::json_fault::JsonFault;

/// A binding by its kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BindingRef {
    /// Which of the two kinds.
    pub kind: BindingKind,
    /// The namespace; null for a ClusterRoleBinding.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl fmt::Display for BindingRef {
    /// `RoleBinding/namespace/name`, `ClusterRoleBinding/-/name`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.kind, self.namespace.as_deref().unwrap_or("-"), self.name)
    }
}

/// A binding with all its fields.
/// Source: <https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/role-binding-v1/>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct BindingObject {
    /// Which of the two kinds.
    pub kind: BindingKind,
    /// Name, version, owners, finalizers, who wrote what.
    pub metadata: ObjectMeta,
    /// The role that is granted. It can't be changed.
    pub role_ref: RoleRef,
    /// To whom, in order.
    pub subjects: Vec<Subject>,
}

/// Why a document is no binding.
#[derive(Debug, thiserror::Error)]
pub enum BindingObjectError {
    /// It is of another kind.
    #[error("a RoleBinding or ClusterRoleBinding is expected, not `{0}`")]
    Kind(String),
    /// Its fields aren't what they should be.
    #[error("the binding can't be read")]
    Fields(#[source] JsonFault),
}

impl TryFrom<Value> for BindingObject {
    type Error = BindingObjectError;

    fn try_from(object: Value) -> Result<Self, Self::Error> {
        let fields = |error| BindingObjectError::Fields(JsonFault::from(error));
        match object["kind"].as_str().unwrap_or_default() {
            "ClusterRoleBinding" => {
                let ClusterRoleBinding { metadata, role_ref, subjects } =
                    serde_json::from_value(object).map_err(fields)?;
                let subjects = subjects.unwrap_or_default();
                Ok(Self { kind: BindingKind::ClusterRoleBinding, metadata, role_ref, subjects })
            }
            "RoleBinding" => {
                let RoleBinding { metadata, role_ref, subjects } = serde_json::from_value(object).map_err(fields)?;
                Ok(Self { kind: BindingKind::RoleBinding, metadata, role_ref, subjects: subjects.unwrap_or_default() })
            }
            kind => Err(BindingObjectError::Kind(kind.chars().take(100).collect())),
        }
    }
}

impl From<BindingObject> for Value {
    /// The object as the API server takes it, with `apiVersion` and `kind`.
    fn from(object: BindingObject) -> Self {
        let BindingObject { kind, metadata, role_ref, subjects } = object;
        serde_json::json!({
            "apiVersion": format!("{RBAC_GROUP}/v1"), "kind": kind.as_str(), "metadata": metadata,
            "roleRef": role_ref, "subjects": subjects,
        })
    }
}

impl BindingObject {
    /// Which binding it is.
    pub fn reference(&self) -> BindingRef {
        BindingRef {
            kind: self.kind,
            namespace: self.metadata.namespace.clone().filter(|namespace| !namespace.is_empty()),
            name: self.metadata.name.clone().unwrap_or_default(),
        }
    }

    /// The object's own ID, which differs from that of a later object of the same name.
    pub fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }

    /// The version that it was read in.
    pub fn resource_version(&self) -> &str {
        self.metadata.resource_version.as_deref().unwrap_or_default()
    }

    /// Whether its deletion waits for others. While it waits it still grants.
    pub fn has_finalizers(&self) -> bool {
        self.metadata.finalizers.as_ref().is_some_and(|finalizers| !finalizers.is_empty())
    }

    /// The object as it can be created anew: without what the server fills in, without owners (a dead one would have the
    /// garbage collector take it) and with these subjects.
    pub fn stripped(&self, subjects: Vec<Subject>) -> Self {
        Self {
            kind: self.kind,
            metadata: ObjectMeta {
                name: self.metadata.name.clone(),
                namespace: self.metadata.namespace.clone(),
                labels: self.metadata.labels.clone(),
                annotations: self.metadata.annotations.clone(),
                finalizers: self.metadata.finalizers.clone(),
                ..ObjectMeta::default()
            },
            role_ref: self.role_ref.clone(),
            subjects,
        }
    }
}

/// A change of a binding, as a watch reports it.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchEvent {
    /// What happened to it.
    pub change: WatchedChange,
    /// The binding after the change; a deleted one as it was last.
    pub object: BindingObject,
}

/// What happened to a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchedChange {
    /// It was created.
    Added,
    /// Something in it was changed.
    Modified,
    /// It was deleted.
    Deleted,
}

/// The user name, if the subject is a `User` of the RBAC group.
pub fn user_name(subject: &Subject) -> Option<&str> {
    let group = subject.api_group.as_deref().unwrap_or_default();
    let is_user = subject.kind == "User" && (group.is_empty() || group == RBAC_GROUP);
    is_user.then_some(subject.name.as_str())
}

/// `User/alice`, `ServiceAccount/namespace/name`, as scans show subjects.
pub fn subject_text(subject: &Subject) -> String {
    match subject.namespace.as_deref().filter(|namespace| !namespace.is_empty()) {
        None => format!("{}/{}", subject.kind, subject.name),
        Some(namespace) => format!("{}/{namespace}/{}", subject.kind, subject.name),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object() -> Value {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {
                "name": "team", "namespace": "shop", "uid": "u", "resourceVersion": "7", "generation": 3,
                "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"a": "b"}, "annotations": {"c": "d"},
                "finalizers": ["e/f"],
                "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "x"}],
            },
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "dev"},
            "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "200-1"}],
        })
    }

    #[test]
    fn nothing_is_lost_on_the_way_through_a_file() {
        let read: BindingObject = serde_json::from_value(object()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), object());
        assert_eq!(read.reference().to_string(), "RoleBinding/shop/team");
    }

    #[test]
    fn a_stripped_object_can_be_created() {
        let read: BindingObject = serde_json::from_value(object()).unwrap();
        let stripped = serde_json::to_value(read.stripped(Vec::new())).unwrap();
        let metadata = json!({
            "name": "team", "namespace": "shop", "labels": {"a": "b"}, "annotations": {"c": "d"}, "finalizers": ["e/f"],
        });
        assert_eq!((&stripped["metadata"], &stripped["subjects"]), (&metadata, &json!([])));
    }

    #[test]
    fn other_kinds_are_refused() {
        for kind in ["Role", "", "RoleBindingList"] {
            let mut object = object();
            object["kind"] = kind.into();
            assert!(serde_json::from_value::<BindingObject>(object).is_err(), "{kind}");
        }
    }

    #[test]
    fn only_users_of_the_rbac_group_have_a_user_name() {
        let subject = |kind: &str, group: Option<&str>, name: &str| Subject {
            kind: kind.into(),
            api_group: group.map(str::to_owned),
            name: name.into(),
            namespace: None,
        };
        assert_eq!(user_name(&subject("User", Some(RBAC_GROUP), "200-1")), Some("200-1"));
        assert_eq!(user_name(&subject("User", None, "200")), Some("200"));
        assert_eq!(user_name(&subject("User", Some(""), "ann")), Some("ann"));
        assert_eq!(user_name(&subject("Group", Some(RBAC_GROUP), "200")), None);
        assert_eq!(user_name(&subject("User", Some("other"), "200")), None);
        assert_eq!(user_name(&subject("ServiceAccount", None, "200")), None);
    }
}
