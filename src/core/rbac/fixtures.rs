//! Bindings, roles and questions for tests, in few words.

use serde_json::{Value, json};

use super::{Attributes, PolicyRule, RoleFacts, Roles, UserInfo};
use crate::core::rbac::binding::{BindingItem, BindingKind};
use crate::core::rbac::inventory::Inventory;

/// Bindings as (namespace or nothing, name, `Kind/name` of the role, subjects).
pub(crate) fn inventory(bindings: &[(&str, &str, &str, Value)]) -> Inventory {
    let mut inventory = Inventory::default();
    for (namespace, name, role, subjects) in bindings {
        let (kind, role) = role.split_once('/').unwrap();
        let item = json!({
            "metadata": {"name": name, "namespace": namespace}, "subjects": subjects,
            "roleRef": {"kind": kind, "name": role},
        });
        let kind = if namespace.is_empty() { BindingKind::ClusterRoleBinding } else { BindingKind::RoleBinding };
        inventory.add(kind, &serde_json::from_str::<BindingItem<'_>>(&item.to_string()).unwrap());
    }
    inventory
}

/// Roles as (namespace or nothing, name, rules).
pub(crate) fn roles(all: &[(&str, &str, Value)]) -> Roles {
    let mut roles = Roles::default();
    for (namespace, name, rules) in all {
        let facts = RoleFacts { uid: format!("uid of {name}"), rules: rules_of(rules) };
        match *namespace {
            "" => roles.insert_cluster_role((*name).into(), facts),
            namespace => roles.insert_role(namespace.into(), (*name).into(), facts),
        }
    }
    roles
}

pub(crate) fn rules_of(rules: &Value) -> Vec<PolicyRule> {
    serde_json::from_value(rules.clone()).unwrap()
}

pub(crate) fn user_info(name: &str, groups: &[&str]) -> UserInfo {
    UserInfo { name: name.into(), groups: groups.iter().map(|group| (*group).to_owned()).collect() }
}

pub(crate) fn attributes(verb: &str, group: &str, resource: &str, namespace: &str) -> Attributes {
    let [verb, group, resource, namespace] = [verb, group, resource, namespace].map(str::to_owned);
    Attributes { verb, group, resource, namespace, ..Attributes::default() }
}

pub(crate) fn path(verb: &str, path: &str) -> Attributes {
    Attributes { verb: verb.into(), path: Some(path.into()), ..Attributes::default() }
}
