//! L08: bindings to roles that don't exist. A role that could not be read is none of them.

use std::collections::BTreeMap;

use super::allowed::Allowed;
use super::concern::{self, Concern};
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
    let places = concern::places(concerns);
    Finding {
        rule: RULE,
        level: RULE.text().level,
        place: places[0].clone(),
        fix: Fix::new("delete the binding", places.iter().map(|place| cluster.kubectl.delete(place))),
        places,
        subjects: concern::concerned(concerns),
        shared_with: concern::sharing(concerns),
        why: format!("{}/{} does not exist; who creates it decides what this gives", role.kind, role.name),
        path: None,
    }
}
