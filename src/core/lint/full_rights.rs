//! L01: full rights in the whole cluster, by a binding, or by a mapping into `system:masters`.

use super::allowed::Allowed;
use super::concern::{self, Concern};
use super::fix::Fix;
use super::place::Place;
use super::rules::Rule;
use super::{Finding, LintedCluster};
use crate::core::rbac::binding::BindingKind;
use crate::core::rbac::has_full_rights;
use crate::core::rbac::mapping::{Mapping, MappingOrigin};
use crate::core::rbac::others::Others;
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
    let concerns = [concern];
    let [concern] = &concerns;
    Finding {
        rule: RULE,
        level: RULE.text().level,
        place: Place::of_binding(concern.binding),
        places: concern::places(&concerns),
        subjects: concern::concerned(&concerns),
        shared_with: concern::sharing(&concerns),
        why: format!("full rights in the whole cluster by {}/{}", role.kind, role.name),
        fix: Fix::new(
            "bind what is needed, then remove this; --allow accepts those who need it",
            [cluster.kubectl.without_subjects(concern)],
        ),
        path: None,
    }
}

fn of_mapping<'a>(cluster: &LintedCluster<'a>, mapping: &Mapping, allowed: &Allowed) -> Option<Finding<'a>> {
    let place = Place::new("RAMIdentityMapping", None, &mapping.name);
    let subject = format!("User/{}", mapping.username);
    if allowed.has_place(RULE, &place) || allowed.has_subject(RULE, &subject) {
        return None;
    }
    let text = format!("map {} to a group with the rights that it needs", mapping.identity.as_str());
    let fix = match mapping.origin {
        MappingOrigin::Object => Fix::new(text, [cluster.kubectl.delete(&place)]),
        MappingOrigin::ConfigMap => Fix::advice(text),
    };
    Some(Finding {
        rule: RULE,
        level: RULE.text().level,
        places: vec![place.clone()],
        place,
        subjects: Others::new([subject].into_iter(), 1),
        shared_with: Others::default(),
        why: format!("{} is mapped into {MASTERS}, whose members may do everything", mapping.identity.as_str()),
        fix,
        path: None,
    })
}
