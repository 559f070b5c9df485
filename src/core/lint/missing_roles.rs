//! L08: bindings to roles that don't exist. A role that could not be read is none of them.

use std::collections::BTreeMap;

use super::allowed::Allowed;
use super::concern::Concern;
use super::fix::Fix;
use super::place::Place;
use super::rules::Rule;
use super::{Finding, LintedCluster};
use crate::core::rbac::inventory::Role;

const RULE: Rule = Rule::MissingRole;

pub(super) fn findings<'a>(cluster: &LintedCluster<'a>, allowed: &Allowed) -> Vec<Finding<'a>> {
    let mut missing: BTreeMap<&Role, Vec<Concern<'a>>> = BTreeMap::new();
    for binding in cluster.scan.grants.inventory().bindings() {
        let role = binding.role();
        if cluster.roles.granted_by(binding).is_none() && !cluster.roles.is_unread(role) {
            missing.entry(role).or_default().extend(Concern::of(binding, RULE, allowed, |_| true));
        }
    }
    missing.retain(|role, concerns| {
        !concerns.is_empty() && !allowed.has_place(RULE, &Place::new(&role.kind, None, &role.name))
    });
    missing.into_iter().map(|(role, concerns)| finding(cluster, role, &concerns)).collect()
}

fn finding<'a>(cluster: &LintedCluster<'a>, role: &Role, concerns: &[Concern<'a>]) -> Finding<'a> {
    let fix = Fix::new(
        "delete the binding",
        concerns.iter().map(|one| cluster.kubectl.delete(&Place::of_binding(one.binding))),
    );
    let why = format!("{}/{} does not exist; who creates it decides what this gives", role.kind, role.name);
    Finding::of_bindings(RULE, Place::of_binding(concerns[0].binding), concerns, why, fix)
}
