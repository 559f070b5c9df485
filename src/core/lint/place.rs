//! Where a finding is: an object of the cluster, or a kubeconfig.

use std::fmt;

use crate::core::percent;
use crate::core::rbac::grants::Grant;
use crate::core::rbac::inventory::Binding;

/// An object by its kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// `ClusterRoleBinding`, `RoleBinding`, `ClusterRole`, `Role`, `Secret`, `RAMIdentityMapping`, or `Kubeconfig`.
    pub kind: String,
    /// The namespace; `None` where it is in none.
    pub namespace: Option<String>,
    /// The name; of a kubeconfig the UID of whom it was issued to.
    pub name: String,
}

impl Place {
    /// An object.
    pub fn new(kind: &str, namespace: Option<&str>, name: &str) -> Self {
        Self { kind: kind.to_owned(), namespace: namespace.map(str::to_owned), name: name.to_owned() }
    }

    /// A binding.
    pub fn of_binding(binding: &Binding) -> Self {
        Self::new(binding.kind().as_str(), binding.namespace(), binding.name())
    }

    /// The binding or mapping that gives an identity access.
    pub fn of_grant(grant: &Grant<'_>) -> Self {
        Self::new(grant.kind(), grant.namespace(), grant.name())
    }

    /// What its name is at the API server, below the server's URL; `None` for what is no object.
    pub fn api_path(&self) -> Option<String> {
        let (group, plural) = match self.kind.as_str() {
            "ClusterRoleBinding" => ("apis/rbac.authorization.k8s.io/v1", "clusterrolebindings"),
            "RoleBinding" => ("apis/rbac.authorization.k8s.io/v1", "rolebindings"),
            "ClusterRole" => ("apis/rbac.authorization.k8s.io/v1", "clusterroles"),
            "Role" => ("apis/rbac.authorization.k8s.io/v1", "roles"),
            "Secret" => ("api/v1", "secrets"),
            "RAMIdentityMapping" if self.name.starts_with("alibabacloud-auth:") => {
                return Some("api/v1/namespaces/kube-system/configmaps/alibabacloud-auth".to_owned());
            }
            "RAMIdentityMapping" => ("apis/ramauthenticator.k8s.alibabacloud/v1alpha1", "ramidentitymappings"),
            _ => return None,
        };
        let name = percent::encode_segment(&self.name);
        Some(match &self.namespace {
            None => format!("{group}/{plural}/{name}"),
            Some(namespace) => {
                format!("{group}/namespaces/{}/{plural}/{name}", percent::encode_segment(namespace))
            }
        })
    }
}

impl fmt::Display for Place {
    /// `RoleBinding/namespace/name`, `ClusterRole/-/name`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.kind, self.namespace.as_deref().unwrap_or("-"), self.name)
    }
}
