//! What of a rule allows nothing where it is bound, and why. `kubectl auth can-i --list` and others show it as held.

use super::PolicyRule;
use super::binding::BindingKind;
use super::kinds::{AUTHENTICATION_GROUP, Kinds};

/// Why a rule, or a part of it, allows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inert {
    /// The binding's role is not there.
    RoleMissing,
    /// The role has no rules.
    RoleWithoutRules,
    /// Paths are in no namespace.
    PathInRoleBinding,
    /// The server asks about this kind for the whole cluster.
    ClusterScopedInRoleBinding,
    /// `pods/*` is in no request.
    SubresourceStar,
    /// `*` among the names is a name like any other.
    StarAmongNames,
    /// What is to be created has no name yet; only a server-side apply, which needs `patch` too, has one.
    CreateByName,
}

impl Inert {
    /// The reason in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::RoleMissing => "the role does not exist",
            Self::RoleWithoutRules => "the role has no rules",
            Self::PathInRoleBinding => "a RoleBinding allows no paths",
            Self::ClusterScopedInRoleBinding => "a RoleBinding does not allow this on a kind outside of namespaces",
            Self::SubresourceStar => "no request asks for a subresource `*`",
            Self::StarAmongNames => "`*` among resource names is a name, not all names",
            Self::CreateByName => "an object that is created has no name yet, unless it is applied (patch)",
        }
    }
}

/// A part of a rule that allows something, or the reason why it doesn't.
pub type Part = (PolicyRule, Option<Inert>);

/// The parts of a rule as a binding of this kind grants it: first what allows something, then the rest by its reasons.
pub fn parts(rule: &PolicyRule, kind: BindingKind, kinds: &Kinds) -> Vec<Part> {
    let in_namespace = kind == BindingKind::RoleBinding;
    let mut parts: Vec<Part> = Vec::new();
    if !rule.non_resource_urls.is_empty() {
        let paths = PolicyRule {
            verbs: rule.verbs.clone(),
            non_resource_urls: rule.non_resource_urls.clone(),
            ..PolicyRule::default()
        };
        parts.push((paths, in_namespace.then_some(Inert::PathInRoleBinding)));
    }
    for resource in &rule.resources {
        let mut by_reason: Vec<(Option<Inert>, Vec<String>)> = Vec::new();
        for verb in &rule.verbs {
            let why = why_inert(rule, verb, resource, in_namespace, kinds);
            match by_reason.iter_mut().find(|(reason, _)| *reason == why) {
                Some((_, verbs)) => verbs.push(verb.clone()),
                None => by_reason.push((why, vec![verb.clone()])),
            }
        }
        by_reason.into_iter().for_each(|(why, verbs)| add(&mut parts, rule, resource, verbs, why));
    }
    let mut parts: Vec<Part> = parts.into_iter().flat_map(|part| without_star(part, rule)).collect();
    parts.sort_by_key(|(_, why)| *why);
    parts
}

fn why_inert(rule: &PolicyRule, verb: &str, resource: &str, in_namespace: bool, kinds: &Kinds) -> Option<Inert> {
    if resource.ends_with("/*") {
        return Some(Inert::SubresourceStar);
    }
    let is_some_kind = !resource.starts_with('*');
    let holds = |group: &String| kinds.may_hold_in_namespaces(verb, group, resource);
    if in_namespace && is_some_kind && !rule.api_groups.iter().any(holds) {
        return Some(Inert::ClusterScopedInRoleBinding);
    }
    if is_only_star(rule) {
        return Some(Inert::StarAmongNames);
    }
    let is_object = is_some_kind && !resource.contains('/');
    // A server-side apply is a patch of a name, and creates what is not there.
    let is_applied = rule.verbs.iter().any(|verb| verb == "patch");
    let is_by_name = verb == "create" && is_object && !rule.resource_names.is_empty();
    (is_by_name && !is_applied).then_some(Inert::CreateByName)
}

/// The server asks about an associated node by the name `*`.
fn is_only_star(rule: &PolicyRule) -> bool {
    rule.resource_names == ["*"] && !rule.api_groups.iter().any(|group| group == AUTHENTICATION_GROUP)
}

/// Puts a resource beside those of the same verbs and the same reason.
fn add(parts: &mut Vec<Part>, rule: &PolicyRule, resource: &str, verbs: Vec<String>, why: Option<Inert>) {
    let is_alike =
        |(part, reason): &&mut Part| part.non_resource_urls.is_empty() && *reason == why && part.verbs == verbs;
    match parts.iter_mut().find(is_alike) {
        Some((part, _)) => part.resources.push(resource.to_owned()),
        None => {
            let resources = vec![resource.to_owned()];
            parts.push((PolicyRule { verbs, resources, non_resource_urls: Vec::new(), ..rule.clone() }, why));
        }
    }
}

/// Tells the name `*` from the other names of what allows something.
fn without_star((part, why): Part, rule: &PolicyRule) -> Vec<Part> {
    let has_star = part.resource_names.len() > 1 && part.resource_names.iter().any(|name| name == "*");
    if why.is_some() || !has_star || rule.api_groups.iter().any(|group| group == AUTHENTICATION_GROUP) {
        return vec![(part, why)];
    }
    let names = part.resource_names.iter().filter(|name| *name != "*").cloned().collect();
    let star = PolicyRule { resource_names: vec!["*".to_owned()], ..part.clone() };
    vec![(PolicyRule { resource_names: names, ..part }, None), (star, Some(Inert::StarAmongNames))]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::kinds::tests::kinds;
    use super::*;

    /// The parts in short: `verbs resources names paths: reason`.
    fn split(rule: Value, kind: BindingKind) -> Vec<String> {
        let rule: PolicyRule = serde_json::from_value(rule).unwrap();
        let described = |(part, why): Part| {
            let PolicyRule { verbs, resources, resource_names, non_resource_urls, .. } = &part;
            let what = [verbs, resources, resource_names, non_resource_urls].map(|texts| texts.join(","));
            let what: Vec<&str> = what.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
            format!("{} {why:?}", what.join(" "))
        };
        parts(&rule, kind, &kinds()).into_iter().map(described).collect()
    }

    #[test]
    fn each_reason_has_words_of_its_own() {
        let all = [
            Inert::RoleMissing,
            Inert::RoleWithoutRules,
            Inert::PathInRoleBinding,
            Inert::ClusterScopedInRoleBinding,
            Inert::SubresourceStar,
            Inert::StarAmongNames,
            Inert::CreateByName,
        ];
        let words: std::collections::BTreeSet<&str> = all.into_iter().map(Inert::reason).collect();
        assert!(words.len() == all.len() && words.iter().all(|words| words.contains(' ')), "{words:?}");
    }

    const CLUSTER: BindingKind = BindingKind::ClusterRoleBinding;
    const ROLE: BindingKind = BindingKind::RoleBinding;

    #[test]
    fn a_rule_that_allows_all_it_says_is_one_part() {
        let rule = json!({"verbs": ["get", "create"], "apiGroups": [""], "resources": ["pods", "nodes", "*", "*/log"]});
        assert_eq!(split(rule, CLUSTER), ["get,create pods,nodes,*,*/log None"]);
        let rule = json!({"verbs": ["get"], "nonResourceURLs": ["/metrics", "*"]});
        assert_eq!(split(rule, CLUSTER), ["get /metrics,* None"]);
    }

    #[test]
    fn what_a_role_binding_does_not_allow_is_distinguished() {
        let rule = json!({
            "verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "nodes", "namespaces"],
        });
        assert_eq!(
            split(rule, ROLE),
            [
                "get,list pods None",
                "get namespaces None",
                "get,list nodes Some(ClusterScopedInRoleBinding)",
                "list namespaces Some(ClusterScopedInRoleBinding)",
            ]
        );
        let rule = json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "nonResourceURLs": ["*"]});
        assert_eq!(split(rule, ROLE), ["* * None", "* * Some(PathInRoleBinding)"]);
        let bind = json!({
            "verbs": ["bind", "escalate"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"],
        });
        let expected = ["bind clusterroles None", "escalate clusterroles Some(ClusterScopedInRoleBinding)"];
        assert_eq!(split(bind, ROLE), expected);
        let unknown = json!({"verbs": ["get"], "apiGroups": ["example.com"], "resources": ["gadgets"]});
        assert_eq!(split(unknown, ROLE), ["get gadgets None"]);
    }

    #[test]
    fn names_and_stars_that_mean_nothing_are_distinguished() {
        let rule = json!({
            "verbs": ["create", "get"], "apiGroups": [""], "resources": ["pods", "pods/exec", "pods/*"],
            "resourceNames": ["a", "*"],
        });
        assert_eq!(
            split(rule, CLUSTER),
            [
                "get pods a None",
                "create,get pods/exec a None",
                "create,get pods/* a,* Some(SubresourceStar)",
                "get pods * Some(StarAmongNames)",
                "create,get pods/exec * Some(StarAmongNames)",
                "create pods a,* Some(CreateByName)",
            ]
        );
        let rule = json!({"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["*"]});
        assert_eq!(split(rule, CLUSTER), ["get secrets * Some(StarAmongNames)"]);
        let applied = json!({
            "verbs": ["create", "patch"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["a"],
        });
        assert_eq!(split(applied, CLUSTER), ["create,patch configmaps a None"]);
        let node = json!({
            "verbs": ["impersonate:associated-node"], "apiGroups": ["authentication.k8s.io"], "resources": ["nodes"],
            "resourceNames": ["*"],
        });
        assert_eq!(split(node, CLUSTER), ["impersonate:associated-node nodes * None"]);
    }
}
