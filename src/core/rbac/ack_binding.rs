//! Which bindings have the name and the role that ACK gives an identity's own.

use super::inventory::{Binding, Role};

/// Whether ACK seems to have made this binding for an identity: it has the name `<uid>-clusterrolebinding`,
/// `<uid>-cluster-admin-clusterrolebinding` or `<uid>-<namespace>-rolebinding`, and grants one of ACK's roles.
///
/// The role is a part of it because anyone who may create a binding may choose its name.
/// Source: <https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/user-guide/faq-about-authorization-management>
pub fn is_made_by_ack(binding: &Binding, uid: &str) -> bool {
    let rest = binding.name().strip_prefix(uid).and_then(|rest| rest.strip_prefix('-'));
    let is_named = rest.is_some_and(|rest| match binding.namespace() {
        None => rest == "clusterrolebinding" || rest.ends_with("-clusterrolebinding"),
        Some(_) => rest.len() > "-rolebinding".len() && rest.ends_with("-rolebinding"),
    });
    is_named && is_role_of_ack(binding.role())
}

/// ACK's predefined ClusterRoles are `cs:admin`, `cs:ops`, `cs:dev`, `cs:ns:dev`, `cs:restricted` and others that begin alike; an
/// administrator gets Kubernetes' own.
fn is_role_of_ack(role: &Role) -> bool {
    &*role.kind == "ClusterRole"
        && (role.name.starts_with("cs:") || matches!(&*role.name, "cluster-admin" | "admin-view"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rbac::binding::{BindingItem, BindingKind};
    use crate::core::rbac::inventory::Inventory;

    fn is_made(namespace: &str, name: &str, role_kind: &str, role: &str) -> bool {
        let text = format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"{namespace}"}},"roleRef":{{"kind":"{role_kind}","name":"{role}"}}}}"#
        );
        let item: BindingItem<'_> = serde_json::from_str(&text).unwrap();
        let kind = if namespace.is_empty() { BindingKind::ClusterRoleBinding } else { BindingKind::RoleBinding };
        let mut inventory = Inventory::default();
        inventory.add(kind, &item);
        is_made_by_ack(&inventory.bindings()[0], "200")
    }

    #[test]
    fn acks_names_with_acks_roles_are_acks_bindings() {
        for (namespace, name, role) in [
            ("", "200-clusterrolebinding", "cs:admin"),
            ("", "200-clusterrolebinding", "admin-view"),
            ("", "200-cluster-admin-clusterrolebinding", "cluster-admin"),
            ("default", "200-default-rolebinding", "cs:ns:dev"),
            ("kube-system", "200-heapster-rolebinding", "cs:restricted"),
        ] {
            assert!(is_made(namespace, name, "ClusterRole", role), "{namespace} {name} {role}");
        }
    }

    #[test]
    fn other_names_other_roles_and_other_numbers_are_not() {
        for (namespace, name, kind, role) in [
            ("", "employees", "ClusterRole", "cs:restricted"),
            ("", "200", "ClusterRole", "cs:restricted"),
            ("", "2001-clusterrolebinding", "ClusterRole", "cs:admin"),
            ("", "200clusterrolebinding", "ClusterRole", "cs:admin"),
            ("", "200-default-rolebinding", "ClusterRole", "cs:admin"),
            ("", "200-clusterrolebinding", "ClusterRole", "view"),
            ("default", "200-default-rolebinding", "Role", "cs:ns:dev"),
            ("default", "200-clusterrolebinding", "ClusterRole", "cs:ns:dev"),
            ("default", "200-rolebinding", "ClusterRole", "cs:ns:dev"),
            ("default", "200--rolebinding", "ClusterRole", "cs:ns:dev"),
            ("default", "200--rolebinding", "ClusterRole", "edit"),
        ] {
            assert!(!is_made(namespace, name, kind, role), "{namespace} {name} {kind} {role}");
        }
    }
}
