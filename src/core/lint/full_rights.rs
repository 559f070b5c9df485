//! L01: full rights in the whole cluster, by a binding, or by a mapping into `system:masters`.

use super::allowed::Allowed;
use super::concern::Concern;
use super::fix::Fix;
use super::place::Place;
use super::rules::Rule;
use super::{Finding, LintedCluster};
use crate::core::rbac::binding::BindingKind;
use crate::core::rbac::has_full_rights;
use crate::core::rbac::mapping::{Mapping, MappingOrigin};
use crate::core::system_groups::MASTERS;

const RULE: Rule = Rule::FullRights;

pub(super) fn findings<'a>(cluster: &LintedCluster<'a>, allowed: &Allowed) -> Vec<Finding<'a>> {
    let bindings = cluster.scan.grants.inventory().bindings().iter().filter(|binding| {
        let role = cluster.roles.granted_by(binding);
        binding.kind() == BindingKind::ClusterRoleBinding && role.is_some_and(|role| has_full_rights(&role.rules))
    });
    // RBAC is not asked for the members of system:masters.
    let concerns = bindings.filter_map(|binding| {
        Concern::of(binding, RULE, allowed, |subject| (subject.kind(), subject.name()) != ("Group", MASTERS))
    });
    let by_binding = concerns.map(|concern| of_binding(cluster, concern));
    let into_masters =
        cluster.scan.grants.mappings().iter().filter(|mapping| mapping.groups.iter().any(|group| group == MASTERS));
    let by_mapping = into_masters.filter_map(|mapping| of_mapping(cluster, mapping, allowed));
    by_binding.chain(by_mapping).collect()
}

fn of_binding<'a>(cluster: &LintedCluster<'a>, concern: Concern<'a>) -> Finding<'a> {
    let role = concern.binding.role();
    let fix = Fix::new(
        "bind what is needed, then remove this; --allow accepts those who need it",
        [cluster.kubectl.without_subjects(&concern)],
    );
    let why = format!("full rights in the whole cluster by {}/{}", role.kind, role.name);
    Finding::of_bindings(RULE, Place::of_binding(concern.binding), &[concern], why, fix)
}

fn of_mapping<'a>(cluster: &LintedCluster<'a>, mapping: &Mapping, allowed: &Allowed) -> Option<Finding<'a>> {
    let identity = mapping.identity.as_str();
    let why = format!("{identity} is mapped into {MASTERS}, whose members may do everything");
    let text = format!("map {identity} to a group with the rights that it needs");
    Finding::of_mapping(RULE, mapping, allowed, why, |place| match mapping.origin {
        MappingOrigin::Object => Fix::new(text, [cluster.kubectl.delete(place)]),
        MappingOrigin::ConfigMap => Fix::advice(text),
    })
}
