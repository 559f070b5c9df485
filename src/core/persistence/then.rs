//! The rights that an identity had before it was revoked: the bindings and roles of today, with those of the record in their place.

use serde_json::Value;

use crate::core::rbac::binding::BindingItem;
use crate::core::rbac::binding_object::BindingObject;
use crate::core::rbac::inventory::{Inventory, Role};
use crate::core::rbac::{RoleFacts, Roles};
use crate::core::revocation::input::RoleThen;

/// The bindings and roles of an earlier time, as far as they are known.
#[derive(Debug, Default)]
pub struct RightsThen {
    /// The bindings as they were before they were changed; none of those that were not.
    pub bindings: Inventory,
    /// Their roles, as they were.
    pub roles: Roles,
    /// What of it is not known.
    pub unknown: Vec<String>,
}

impl RightsThen {
    /// What the record of a revocation says: each binding right before it was changed, and its role.
    pub fn of_record<'a>(before: impl IntoIterator<Item = &'a BindingObject>, roles: &[RoleThen]) -> Self {
        let mut then = Self::default();
        for object in before {
            then.add(object, roles);
        }
        then
    }

    fn add(&mut self, object: &BindingObject, roles: &[RoleThen]) {
        let reference = object.reference();
        let text = Value::from(object.clone()).to_string();
        match serde_json::from_str::<BindingItem<'_>>(&text) {
            Ok(item) => self.bindings.add(object.kind, &item),
            Err(_) => self.unknown.push(format!("{reference} as it was: the record's copy can't be read")),
        }
        let role = Role { kind: object.role_ref.kind.as_str().into(), name: object.role_ref.name.as_str().into() };
        let known = roles.iter().find(|then| then.binding == reference).and_then(|then| then.role.as_ref());
        match known {
            Some(facts) => self.add_role(object, &role, facts.clone()),
            None => {
                self.unknown
                    .push(format!("what {}/{} of {reference} allowed: the role was gone", role.kind, role.name));
            }
        }
    }

    fn add_role(&mut self, object: &BindingObject, role: &Role, facts: RoleFacts) {
        match (&*role.kind, &object.metadata.namespace) {
            ("Role", Some(namespace)) => self.roles.insert_role(namespace.clone(), role.name.to_string(), facts),
            _ => self.roles.insert_cluster_role(role.name.to_string(), facts),
        }
    }
}
