//! The roles that are bound, each once, however many bindings grant it: a role is one cause.

use std::collections::BTreeMap;

use super::LintedCluster;
use super::allowed::Allowed;
use super::concern::Concern;
use super::fix::is_kept_by_others;
use super::kubernetes_own::is_kubernetes_own;
use super::place::Place;
use super::rules::Rule;
use crate::core::rbac::binding::BindingKind;
use crate::core::rbac::inert::parts;
use crate::core::rbac::inventory::{Binding, Role};
use crate::core::rbac::kinds::Kinds;
use crate::core::rbac::{PolicyRule, has_full_rights};

/// A role with the bindings that grant it. Roles of one name and the same rules in several namespaces are one.
#[derive(Debug)]
pub(super) struct HeldRoles<'a> {
    pub(super) role: &'a Role,
    /// The namespace of a Role, of several the first; `None` for a ClusterRole.
    namespace: Option<&'a str>,
    /// The other namespaces in which a Role of this name has the same rules.
    more_namespaces: Vec<Option<&'a str>>,
    pub(super) rules: &'a [PolicyRule],
    pub(super) bindings: Vec<&'a Binding>,
    /// Whether a change of it would not stay.
    pub(super) is_kept_by_others: bool,
}

/// Every role that is there and is bound to someone, Kubernetes' own components aside.
pub(super) fn held_roles<'a>(cluster: &LintedCluster<'a>) -> Vec<HeldRoles<'a>> {
    let mut held: BTreeMap<(&Role, Option<&str>), Vec<&Binding>> = BTreeMap::new();
    for binding in cluster.scan.grants.inventory().bindings() {
        if !binding.subjects().is_empty() && !is_kubernetes_own(binding, cluster.roles) {
            let namespace = binding.namespace().filter(|_| &*binding.role().kind == "Role");
            held.entry((binding.role(), namespace)).or_default().push(binding);
        }
    }
    let mut found: Vec<HeldRoles<'a>> = Vec::new();
    for ((role, namespace), bindings) in held {
        let Some(facts) = cluster.roles.of(namespace, role) else { continue };
        let rules = facts.rules.as_slice();
        match found.last_mut().filter(|last| last.role == role && last.rules == rules) {
            Some(last) => {
                last.more_namespaces.push(namespace);
                last.bindings.extend(bindings);
            }
            None => found.push(HeldRoles {
                role,
                namespace,
                more_namespaces: Vec::new(),
                rules,
                bindings,
                is_kept_by_others: is_kept_by_others(role, cluster.roles.is_aggregated(role)),
            }),
        }
    }
    found
}

/// A role that breaks a rule: by which of its rules, and to whom they are bound.
#[derive(Debug)]
pub(super) struct RoleConcern<'a> {
    /// Places among the role's rules.
    pub(super) rules: Vec<usize>,
    pub(super) concerns: Vec<Concern<'a>>,
}

impl<'a> HeldRoles<'a> {
    /// The role's object, of several the first.
    pub(super) fn place(&self) -> Place {
        self.place_in(self.namespace)
    }

    /// The role's objects: one, or one for each namespace.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        std::iter::once(&self.namespace).chain(&self.more_namespaces).map(|namespace| self.place_in(*namespace))
    }

    fn place_in(&self, namespace: Option<&str>) -> Place {
        Place::new(&self.role.kind, namespace, &self.role.name)
    }

    /// `ClusterRole/cs:dev`.
    pub(super) fn text(&self) -> String {
        format!("{}/{}", self.role.kind, self.role.name)
    }

    /// Which rules are meant that allow something where the role is bound, and the bindings by which they do. Bindings that give full
    /// rights in the whole cluster are another rule's.
    pub(super) fn breaking(
        &self,
        rule: Rule,
        kinds: &Kinds,
        allowed: &Allowed,
        is_meant: impl Fn(&PolicyRule, BindingKind) -> bool,
    ) -> Option<RoleConcern<'a>> {
        let by_kind = |kind: BindingKind| -> Vec<usize> {
            let is_full = kind == BindingKind::ClusterRoleBinding && has_full_rights(self.rules);
            let allows = |rule: &PolicyRule| {
                let mut parts = parts(rule, kind, kinds).into_iter();
                parts.any(|(part, why)| why.is_none() && is_meant(&part, kind))
            };
            let all = self.rules.iter().enumerate().filter(|_| !is_full);
            all.filter(|(_, rule)| allows(rule)).map(|(index, _)| index).collect()
        };
        let [everywhere, here] = [BindingKind::ClusterRoleBinding, BindingKind::RoleBinding].map(by_kind);
        let of = |binding: &Binding| match binding.kind() {
            BindingKind::ClusterRoleBinding => &everywhere,
            BindingKind::RoleBinding => &here,
        };
        let breaking: Vec<&'a Binding> =
            self.bindings.iter().copied().filter(|binding| !of(binding).is_empty()).collect();
        if breaking.is_empty() || self.places().any(|place| allowed.has_place(rule, &place)) {
            return None;
        }
        let concern = |binding: &&'a Binding| Concern::of(binding, rule, allowed, |_| true);
        let concerns: Vec<Concern<'a>> = breaking.iter().filter_map(concern).collect();
        let mut rules: Vec<usize> = concerns.iter().flat_map(|concern| of(concern.binding)).copied().collect();
        rules.sort_unstable();
        rules.dedup();
        (!concerns.is_empty()).then_some(RoleConcern { rules, concerns })
    }
}

/// `rule 1`, `rules 1 and 3`, as people count them.
pub(super) fn numbered(rules: &[usize]) -> String {
    let numbers: Vec<String> = rules.iter().map(|index| (index + 1).to_string()).collect();
    match numbers.as_slice() {
        [one] => format!("rule {one}"),
        [first @ .., last] => format!("rules {} and {last}", first.join(", ")),
        [] => String::new(),
    }
}
