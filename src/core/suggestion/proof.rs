//! The proof of a draft: its documents, read as the API server reads them, allow each request that was seen, and nothing beside the rights
//! that they were drafted for.

use serde_json::Value;

use super::draft::Draft;
use super::whose::bearer;
use super::{covers, rules};
use crate::core::rbac::binding::{BindingItem, BindingKind};
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::{Attributes, PolicyRule, RoleFacts, Roles, allows};

/// Why a draft is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// It doesn't allow what was seen.
    #[error("the drafted roles do not allow: {0}")]
    Missing(String),
    /// It allows what was not seen.
    #[error("the drafted roles would allow more than what was seen: {0}")]
    TooMuch(String),
    /// Its documents are no roles and bindings.
    #[error("the drafted roles are no RBAC objects")]
    NoObjects,
}

/// Proves a draft for all these requests.
///
/// # Errors
/// What it doesn't allow, or allows too much.
pub fn prove<'a>(draft: &Draft, seen: impl Iterator<Item = &'a Attributes>) -> Result<(), Unproven> {
    let (inventory, roles) = read(&draft.documents()).ok_or(Unproven::NoObjects)?;
    let seen: Vec<&Attributes> = seen.collect();
    for subject in &draft.subjects {
        let user = bearer(subject);
        let missing = seen.iter().find(|request| allows(&inventory, &roles, &user, request).is_none());
        if let Some(request) = missing {
            return Err(Unproven::Missing(request.to_string()));
        }
    }
    for role in &draft.roles {
        let namespace = role.namespace.as_deref().unwrap_or_default();
        for right in role.rules.iter().flat_map(|rule| rules::rights_of(rule, namespace)) {
            let is_literal =
                ![&right.verb, &right.group, &right.resource, &right.subresource].iter().any(|text| text.contains('*'))
                    && right.path.as_deref().is_none_or(|path| !path.contains('*'));
            if !is_literal || !draft.rights.iter().any(|meant| covers(meant, &right)) {
                return Err(Unproven::TooMuch(right.to_string()));
            }
        }
    }
    Ok(())
}

/// Roles and bindings as the API server would hold them.
pub(super) fn read(documents: &[Value]) -> Option<(Inventory, Roles)> {
    let (mut inventory, mut roles) = (Inventory::default(), Roles::default());
    for document in documents {
        let text = document.to_string();
        let kind = document["kind"].as_str()?;
        let name = document["metadata"]["name"].as_str()?.to_owned();
        let facts = || {
            let rules: Vec<PolicyRule> = serde_json::from_value(document["rules"].clone()).ok()?;
            Some(RoleFacts { uid: String::new(), rules })
        };
        match kind {
            "ClusterRole" => roles.insert_cluster_role(name, facts()?),
            "Role" => roles.insert_role(document["metadata"]["namespace"].as_str()?.to_owned(), name, facts()?),
            _ => {
                let kind = [BindingKind::ClusterRoleBinding, BindingKind::RoleBinding]
                    .into_iter()
                    .find(|of| of.as_str() == kind)?;
                inventory.add(kind, &serde_json::from_str::<BindingItem<'_>>(&text).ok()?);
            }
        }
    }
    Some((inventory, roles))
}
