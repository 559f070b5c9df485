//! L02 and L03: roles with `*`. A rule with the verb `*` is one cause, whatever its resources are.

use super::Finding;
use super::LintedCluster;
use super::allowed::Allowed;
use super::fix::{Fix, RuleChange};
use super::narrowed::{with_named_resources, with_named_verbs};
use super::role_rules::{HeldRoles, RoleConcern, numbered};
use super::rules::Rule;
use crate::core::rbac::PolicyRule;

pub(super) fn findings<'a>(cluster: &LintedCluster<'a>, held: &[HeldRoles<'a>], allowed: &Allowed) -> Vec<Finding<'a>> {
    let of_role = |role: &HeldRoles<'a>| {
        let every_verb = role.breaking(Rule::EveryVerb, cluster.kinds, allowed, |rule, _| has_star(&rule.verbs));
        let is_wide =
            |rule: &PolicyRule| !has_star(&rule.verbs) && (has_star(&rule.resources) || has_star(&rule.api_groups));
        let every_resource = role.breaking(Rule::EveryResource, cluster.kinds, allowed, |rule, _| is_wide(rule));
        let every_verb = every_verb.map(|found| finding(cluster, role, Rule::EveryVerb, found));
        let every_resource = every_resource.map(|found| finding(cluster, role, Rule::EveryResource, found));
        [every_verb, every_resource]
    };
    held.iter().flat_map(of_role).flatten().collect()
}

fn finding<'a>(cluster: &LintedCluster<'a>, role: &HeldRoles<'a>, rule: Rule, found: RoleConcern<'a>) -> Finding<'a> {
    let RoleConcern { rules, concerns } = found;
    let first = &role.rules[rules[0]];
    let narrowed = |index: &usize| {
        let before = &role.rules[*index];
        let after = match rule {
            Rule::EveryVerb => Some(with_named_verbs(before)),
            _ => with_named_resources(before, cluster.kinds),
        };
        Some(RuleChange { index: *index, before, after: vec![after?] })
    };
    let changes: Option<Vec<RuleChange<'_>>> = rules.iter().map(narrowed).collect();
    let fix = match (role.is_kept_by_others, rule, changes) {
        (true, ..) => {
            Fix::advice(format!("bind a role of your own in place of {}, which lists what is needed", role.text()))
        }
        (false, Rule::EveryVerb, Some(changes)) => Fix::new(
            format!("list the verbs that are needed in {}; the command keeps all but special rights", numbered(&rules)),
            role.places().map(|place| cluster.kubectl.with_rules(&place, &changes)),
        ),
        (false, _, Some(changes)) => Fix::new(
            format!("list the kinds that are needed in {}; the command keeps those of today", numbered(&rules)),
            role.places().map(|place| cluster.kubectl.with_rules(&place, &changes)),
        ),
        (false, _, None) => Fix::advice(format!("list the kinds that are needed in {}", numbered(&rules))),
    };
    let why = match rule {
        Rule::EveryVerb => format!("{} allows every verb on {}", numbered(&rules), what(first)),
        _ => format!("{} allows {} on {}", numbered(&rules), first.verbs.join(","), what(first)),
    };
    Finding::of_bindings(rule, role.place(), &concerns, why, fix)
}

/// What a rule is about, in words: `pods of every API group`, `every kind of apps`.
fn what(rule: &PolicyRule) -> String {
    if rule.resources.is_empty() {
        return rule.non_resource_urls.join(",");
    }
    let resources = if has_star(&rule.resources) { "every kind".to_owned() } else { rule.resources.join(",") };
    match (has_star(&rule.api_groups), rule.api_groups.as_slice()) {
        (true, _) if has_star(&rule.resources) => resources,
        (true, _) => format!("{resources} of every API group"),
        (false, [group]) if group.is_empty() && has_star(&rule.resources) => format!("{resources} of the core group"),
        (false, [group]) if group.is_empty() => resources,
        (false, groups) => {
            let groups: Vec<&str> = groups.iter().map(|group| if group.is_empty() { "core" } else { group }).collect();
            format!("{resources} of {}", groups.join(","))
        }
    }
}

fn has_star(texts: &[String]) -> bool {
    texts.iter().any(|one| one == "*")
}
