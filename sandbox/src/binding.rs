//! Bindings as those name them who change them over the API.

use serde_json::Value;

/// RBAC's resources at the cluster scope.
pub const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// A RoleBinding or a ClusterRoleBinding, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BindingRef {
    /// The namespace; `None` for a ClusterRoleBinding.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl BindingRef {
    /// A RoleBinding.
    pub fn role_binding(namespace: &str, name: &str) -> Self {
        Self { namespace: Some(namespace.to_owned()), name: name.to_owned() }
    }

    /// A ClusterRoleBinding.
    pub fn cluster_role_binding(name: &str) -> Self {
        Self { namespace: None, name: name.to_owned() }
    }

    /// The binding that an object is.
    pub(crate) fn of(object: &Value) -> Self {
        let text = |key: &str| object["metadata"][key].as_str().map(str::to_owned);
        Self { namespace: text("namespace"), name: text("name").unwrap_or_default() }
    }

    /// `RoleBinding` or `ClusterRoleBinding`.
    pub fn kind(&self) -> &'static str {
        if self.namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" }
    }

    /// `rolebindings` or `clusterrolebindings`.
    pub fn resource(&self) -> &'static str {
        if self.namespace.is_some() { "rolebindings" } else { "clusterrolebindings" }
    }

    /// Where the binding and its neighbours are listed and created.
    pub fn collection(&self) -> String {
        let resource = self.resource();
        match &self.namespace {
            Some(namespace) => format!("{RBAC}/namespaces/{namespace}/{resource}"),
            None => format!("{RBAC}/{resource}"),
        }
    }

    /// Where the binding is.
    pub fn path(&self) -> String {
        format!("{}/{}", self.collection(), self.name)
    }
}

/// Whether two subjects are the same one, whether or not the group of their kind is spelt out.
pub(crate) fn is_same_subject(one: &Value, other: &Value) -> bool {
    ["kind", "name", "namespace"].iter().all(|key| one[*key] == other[*key])
}

/// Whether a binding names a subject.
pub(crate) fn names(binding: &Value, subject: &Value) -> bool {
    binding["subjects"].as_array().is_some_and(|subjects| subjects.iter().any(|one| is_same_subject(one, subject)))
}
