//! Who may do everything everywhere.

use std::collections::HashSet;

use super::{PolicyRule, Roles};
use crate::core::rbac::binding::BindingKind;
use crate::core::rbac::inventory::{BoundSubject, Inventory};

/// Whether one of the rules allows every verb on every resource of every group, whatever its name.
pub fn has_full_rights(rules: &[PolicyRule]) -> bool {
    let all = |set: &[String]| set.iter().any(|one| one == "*");
    rules
        .iter()
        .any(|rule| all(&rule.verbs) && all(&rule.api_groups) && all(&rule.resources) && rule.resource_names.is_empty())
}

/// The subjects to which a ClusterRoleBinding gives full rights: users, groups and service accounts, each once.
///
/// `system:masters` is among them where a binding names it, as the API server's own `cluster-admin` does; its members need
/// no binding.
pub fn full_rights_holders<'a>(inventory: &'a Inventory, roles: &Roles) -> Vec<&'a BoundSubject> {
    let mut known = HashSet::new();
    subjects_with_full_rights(inventory, roles)
        .filter(|subject| known.insert((subject.kind(), subject.namespace(), subject.name())))
        .collect()
}

/// Whether a ClusterRoleBinding gives full rights to the user of this name.
pub fn is_administrator(inventory: &Inventory, roles: &Roles, user: &str) -> bool {
    subjects_with_full_rights(inventory, roles).any(|subject| subject.is_rbac("User") && subject.name() == user)
}

fn subjects_with_full_rights<'a>(inventory: &'a Inventory, roles: &Roles) -> impl Iterator<Item = &'a BoundSubject> {
    let bindings = inventory.bindings().iter().filter(|binding| {
        let role = roles.of(None, binding.role());
        binding.kind() == BindingKind::ClusterRoleBinding && role.is_some_and(|role| has_full_rights(&role.rules))
    });
    bindings.flat_map(|binding| binding.subjects())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::{inventory, roles, rules_of};
    use super::*;

    #[test]
    fn full_rights_are_all_three_stars_in_one_rule() {
        let full = json!({"verbs": ["get", "*"], "apiGroups": ["*"], "resources": ["pods", "*"]});
        assert!(has_full_rights(&rules_of(&json!([{"verbs": ["get"]}, full]))));
        for rules in [
            json!([]),
            json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "resourceNames": ["a"]}]),
            json!([{"verbs": ["*"], "apiGroups": [""], "resources": ["*"]}]),
            json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*/*"]}]),
            json!([{"verbs": ["*"], "nonResourceURLs": ["*"]}]),
            json!([{"verbs": ["*"], "apiGroups": ["*"]}, {"verbs": ["*"], "resources": ["*"]}]),
        ] {
            assert!(!has_full_rights(&rules_of(&rules)), "{rules}");
        }
    }

    #[test]
    fn only_bindings_of_the_whole_cluster_count_and_everybody_once() {
        let full = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
        let roles = roles(&[
            ("", "admin", full),
            ("", "view", json!([{"verbs": ["get"], "apiGroups": ["*"], "resources": ["*"]}])),
        ]);
        let user = |name: &str| json!({"kind": "User", "name": name});
        let inventory = inventory(&[
            ("", "a", "ClusterRole/admin", json!([user("ann"), {"kind": "Group", "name": "ann"}])),
            (
                "",
                "b",
                "ClusterRole/admin",
                json!([user("bo"), user("ann"), {"kind": "ServiceAccount", "name": "ann", "namespace": "n"}]),
            ),
            ("", "c", "ClusterRole/view", json!([user("cy")])),
            ("", "d", "ClusterRole/gone", json!([user("di")])),
            ("shop", "e", "ClusterRole/admin", json!([user("ed")])),
        ]);
        let holders: Vec<String> = full_rights_holders(&inventory, &roles).iter().map(|one| one.to_string()).collect();
        assert_eq!(holders, ["User/ann", "Group/ann", "User/bo", "ServiceAccount/n/ann"]);
        let administrators = ["ann", "bo", "cy", "di", "ed", "system:serviceaccount:n:ann"]
            .map(|user| is_administrator(&inventory, &roles, user));
        assert_eq!(administrators, [true, true, false, false, false, false]);
    }
}
