//! L04: roles by which every Secret of the cluster can be listed or watched.

use super::allowed::Allowed;
use super::fix::{Fix, RuleChange};
use super::narrowed::without;
use super::role_rules::{HeldRoles, RoleConcern, numbered};
use super::rules::Rule;
use super::{Finding, LintedCluster};
use crate::core::rbac::binding::BindingKind;
use crate::core::rbac::{Attributes, PolicyRule, rule_allows};

/// What returns the data of all of them.
const READ_ALL: [&str; 2] = ["list", "watch"];

pub(super) fn findings<'a>(cluster: &LintedCluster<'a>, held: &[HeldRoles<'a>], allowed: &Allowed) -> Vec<Finding<'a>> {
    let of_role = |role: &HeldRoles<'a>| {
        let found = role.breaking(Rule::AllSecrets, cluster.kinds, allowed, |rule, kind| {
            kind == BindingKind::ClusterRoleBinding && !verbs_on_all_secrets(rule).is_empty()
        })?;
        Some(finding(cluster, role, found))
    };
    held.iter().filter_map(of_role).collect()
}

fn verbs_on_all_secrets(rule: &PolicyRule) -> Vec<&'static str> {
    let allows = |verb: &&str| rule_allows(rule, &Attributes::on(verb, "", "secrets", "", ""));
    READ_ALL.into_iter().filter(allows).collect()
}

fn finding<'a>(cluster: &LintedCluster<'a>, role: &HeldRoles<'a>, found: RoleConcern<'a>) -> Finding<'a> {
    let RoleConcern { rules, concerns } = found;
    let narrowed = |index: &usize| {
        let before = &role.rules[*index];
        Some(RuleChange { index: *index, before, after: without(before, &READ_ALL, "secrets")? })
    };
    let changes: Option<Vec<RuleChange<'_>>> = rules.iter().map(narrowed).collect();
    let fix = match changes {
        Some(changes) if !role.is_kept_by_others => Fix::new(
            format!(
                "remove list and watch of secrets from {}, or bind the role in single namespaces",
                numbered(&rules)
            ),
            role.places().map(|place| cluster.kubectl.with_rules(&place, &changes)),
        ),
        _ => Fix::advice("bind the role in the namespaces that need it, by RoleBindings"),
    };
    let mut verbs: Vec<&str> = rules.iter().flat_map(|index| verbs_on_all_secrets(&role.rules[*index])).collect();
    verbs.sort_unstable();
    verbs.dedup();
    let why = format!("{} allows {} of secrets, with the data of all of them", numbered(&rules), verbs.join(","));
    Finding::of_bindings(Rule::AllSecrets, role.place(), &concerns, why, fix)
}
