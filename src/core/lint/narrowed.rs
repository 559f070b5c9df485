//! A role's rule with less in it.

use crate::core::distinct::distinct;
use crate::core::rbac::PolicyRule;
use crate::core::rbac::kinds::Kinds;

/// The verbs of resources that are no special right.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb>
const RESOURCE_VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
/// The verbs of paths.
const PATH_VERBS: [&str; 7] = ["get", "head", "post", "put", "patch", "delete", "options"];
/// A rule with more resources than this is not written in one command.
const MOST_RESOURCES: usize = 40;

/// The rule with its verbs named in place of `*`.
pub(super) fn with_named_verbs(rule: &PolicyRule) -> PolicyRule {
    let verbs: &[&str] = if rule.resources.is_empty() { &PATH_VERBS } else { &RESOURCE_VERBS };
    PolicyRule { verbs: verbs.iter().map(|verb| (*verb).to_owned()).collect(), ..rule.clone() }
}

/// The rule with its API groups or its resources named in place of `*`, as the API server has them now; `None` where both are a `*`,
/// where it has none, or where there are too many.
pub(super) fn with_named_resources(rule: &PolicyRule, kinds: &Kinds) -> Option<PolicyRule> {
    let has_star = |texts: &[String]| texts.iter().any(|one| one == "*");
    let named: Vec<String> = match (has_star(&rule.api_groups), has_star(&rule.resources)) {
        (true, true) | (false, false) => return None,
        (true, false) => rule.resources.iter().flat_map(|resource| kinds.groups_of(resource)).collect(),
        (false, true) => rule.api_groups.iter().flat_map(|group| kinds.resources_of(group)).collect(),
    };
    let distinct = distinct(named);
    if distinct.is_empty() || distinct.len() > MOST_RESOURCES {
        return None;
    }
    Some(match has_star(&rule.api_groups) {
        true => PolicyRule { api_groups: distinct, ..rule.clone() },
        false => PolicyRule { resources: distinct, ..rule.clone() },
    })
}

/// What is left of a rule without these verbs on a resource, `secrets` or `serviceaccounts/token`; `None` where a `*` stands for one of
/// them, so that it is not known what else is needed.
pub(super) fn without(rule: &PolicyRule, verbs: &[&str], resource: &str) -> Option<Vec<PolicyRule>> {
    let stands_for = |text: &String| text == "*" || text.starts_with("*/");
    if rule.verbs.iter().any(|verb| verb == "*") || rule.resources.iter().any(stands_for) {
        return None;
    }
    let (other, this): (Vec<String>, Vec<String>) = rule.resources.iter().cloned().partition(|one| one != resource);
    let left: Vec<String> = rule.verbs.iter().filter(|verb| !verbs.contains(&verb.as_str())).cloned().collect();
    let parts =
        [PolicyRule { resources: other, ..rule.clone() }, PolicyRule { resources: this, verbs: left, ..rule.clone() }];
    let allows = |part: &PolicyRule| {
        let is_about_something = !part.resources.is_empty() || !part.non_resource_urls.is_empty();
        is_about_something && !part.verbs.is_empty()
    };
    Some(parts.into_iter().filter(allows).collect())
}
