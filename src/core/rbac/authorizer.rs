//! The decision itself, as the API server's RBAC authorizer makes it.
//!
//! Source: <https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/registry/rbac/validation/rule.go> and
//! <https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/rbac/v1/evaluation_helpers.go>

use super::user_info::SERVICE_ACCOUNT;
use super::{Attributes, PolicyRule, Roles, UserInfo};
use crate::core::rbac::binding::BindingKind;
use crate::core::rbac::inventory::{Binding, BoundSubject, Inventory};

/// The binding that allows a user something, if RBAC allows it. Of several it is one, a ClusterRoleBinding first.
///
/// Members of `system:masters` may do everything before RBAC is asked, which is not considered here.
pub fn allows<'a>(
    inventory: &'a Inventory,
    roles: &Roles,
    user_info: &UserInfo,
    attributes: &Attributes,
) -> Option<&'a Binding> {
    let grants = |binding: &&Binding| {
        reaches(binding, attributes) && names(binding, user_info) && {
            let role = roles.granted_by(binding);
            role.is_some_and(|role| role.rules.iter().any(|rule| rule_allows(rule, attributes)))
        }
    };
    let of_kind = |kind| inventory.bindings().iter().filter(move |binding| binding.kind() == kind);
    of_kind(BindingKind::ClusterRoleBinding).find(grants).or_else(|| of_kind(BindingKind::RoleBinding).find(grants))
}

/// Whether the binding has a say where this is asked: a RoleBinding in its own namespace only. Paths are in none.
fn reaches(binding: &Binding, attributes: &Attributes) -> bool {
    match binding.kind() {
        BindingKind::ClusterRoleBinding => true,
        BindingKind::RoleBinding => {
            attributes.path.is_none() && binding.namespace() == Some(attributes.namespace.as_str())
        }
    }
}

/// Whether a binding names a user or one of its groups, whatever its role allows.
pub fn names(binding: &Binding, user_info: &UserInfo) -> bool {
    binding.subjects().iter().any(|subject| is_bearer(subject, user_info, binding.namespace()))
}

pub(super) fn is_bearer(subject: &BoundSubject, user_info: &UserInfo, namespace: Option<&str>) -> bool {
    match subject.kind() {
        "User" => subject.name() == user_info.name,
        "Group" => user_info.groups.iter().any(|group| group == subject.name()),
        // A RoleBinding may leave the namespace to its own.
        "ServiceAccount" => subject.namespace().or(namespace).is_some_and(|namespace| {
            let account = user_info.name.strip_prefix(SERVICE_ACCOUNT).and_then(|rest| rest.strip_prefix(namespace));
            account.and_then(|rest| rest.strip_prefix(':')) == Some(subject.name())
        }),
        _ => false,
    }
}

/// A request for a kind, whatever the object is.
#[derive(Clone, Copy, Debug)]
pub(super) struct KindRequest<'q> {
    /// The verb.
    pub(super) verb: &'q str,
    /// The API group.
    pub(super) group: &'q str,
    /// The kind in the plural, with a subresource behind `/`.
    pub(super) resource: &'q str,
}

/// Whether a rule allows this for objects of some names at least, whatever name is asked for.
pub fn rule_allows_some(rule: &PolicyRule, attributes: &Attributes) -> bool {
    match &attributes.path {
        Some(_) => rule_allows(rule, attributes),
        None => {
            let Attributes { verb, group, .. } = attributes;
            rule_covers(rule, KindRequest { verb, group, resource: &attributes.combined_resource() })
        }
    }
}

/// The same for a request for a kind.
pub(super) fn rule_covers(rule: &PolicyRule, asked: KindRequest<'_>) -> bool {
    let subresource = asked.resource.split_once('/').map_or("", |(_, subresource)| subresource);
    // Most rules are about other kinds.
    rule.resources.iter().any(|resource| is_of(asked.resource, subresource, resource))
        && has(&rule.api_groups, asked.group)
        && has(&rule.verbs, asked.verb)
}

/// Whether a rule allows this.
pub fn rule_allows(rule: &PolicyRule, attributes: &Attributes) -> bool {
    if !has(&rule.verbs, &attributes.verb) {
        return false;
    }
    if let Some(path) = &attributes.path {
        return rule.non_resource_urls.iter().any(|url| is_within(path, url));
    }
    has(&rule.api_groups, &attributes.group)
        && (rule.resource_names.is_empty() || rule.resource_names.contains(&attributes.name))
        && {
            let combined = attributes.combined_resource();
            rule.resources.iter().any(|resource| is_of(&combined, &attributes.subresource, resource))
        }
}

fn has(set: &[String], wanted: &str) -> bool {
    set.iter().any(|one| one == "*" || one == wanted)
}

/// `*` has subresources in it, `*/log` is that of any resource, and `pods/*` is in no request.
fn is_of(combined: &str, subresource: &str, resource: &str) -> bool {
    resource == "*"
        || resource == combined
        || (!subresource.is_empty() && resource.strip_prefix("*/") == Some(subresource))
}

pub(super) fn is_within(path: &str, url: &str) -> bool {
    url == "*" || url == path || (url.ends_with('*') && path.starts_with(url.trim_end_matches('*')))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::{attributes, inventory, path, roles, user_info};
    use super::*;

    fn allowed(rule: &serde_json::Value, attributes: &Attributes) -> bool {
        rule_allows(&serde_json::from_value(rule.clone()).unwrap(), attributes)
    }

    #[test]
    fn verbs_groups_and_resources_are_compared_whole_or_by_a_star() {
        let rule = json!({"verbs": ["get"], "apiGroups": ["", "apps"], "resources": ["pods", "deployments"]});
        assert!(allowed(&rule, &attributes("get", "", "pods", "shop")));
        assert!(allowed(&rule, &attributes("get", "apps", "pods", "")));
        assert!(!allowed(&rule, &attributes("list", "", "pods", "shop")));
        assert!(!allowed(&rule, &attributes("get", "batch", "pods", "shop")));
        assert!(!allowed(&rule, &attributes("get", "", "pod", "shop")));
        assert!(!allowed(&rule, &attributes("*", "", "pods", "shop")), "who may get may not do everything");
        let all = json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]});
        assert!(allowed(&all, &attributes("anything", "any.where", "things", "")));
        assert!(!allowed(&all, &path("get", "/metrics")), "paths are no resources");
    }

    #[test]
    fn subresources_are_named_with_their_resource() {
        let log = |resource: &str| {
            let rule = json!({"verbs": ["get"], "apiGroups": [""], "resources": [resource]});
            allowed(&rule, &Attributes { subresource: "log".into(), ..attributes("get", "", "pods", "shop") })
        };
        for (resource, expected) in [
            ("pods/log", true),
            ("*", true),
            ("*/log", true),
            ("pods", false),
            ("pods/*", false),
            ("*/status", false),
            ("nodes/log", false),
            ("*/*", false),
        ] {
            assert_eq!(log(resource), expected, "{resource}");
        }
        let rule = json!({"verbs": ["get"], "apiGroups": [""], "resources": ["*/log", "pods/log"]});
        assert!(!allowed(&rule, &attributes("get", "", "pods", "shop")));
    }

    #[test]
    fn resource_names_allow_these_names_alone() {
        let rule = json!({"verbs": ["*"], "apiGroups": [""], "resources": ["*"], "resourceNames": ["a", "*"]});
        let named =
            |name: &str| allowed(&rule, &Attributes { name: name.into(), ..attributes("list", "", "pods", "") });
        assert!(named("a"));
        assert!(named("*"), "a star is a name here");
        assert!(!named("b"));
        assert!(!named(""), "to list all is no name");
    }

    #[test]
    fn paths_end_in_a_star_for_what_follows() {
        let within =
            |url: &str, asked: &str| allowed(&json!({"verbs": ["get"], "nonResourceURLs": [url]}), &path("get", asked));
        assert!(within("*", "/anything"));
        assert!(within("/logs", "/logs"));
        assert!(within("/logs/*", "/logs/a/b"));
        assert!(within("/logs*", "/logs"));
        assert!(within("/logs**", "/logs/a"));
        assert!(!within("/logs/*", "/logs"));
        assert!(!within("/logs", "/logs/a"));
        assert!(!within("/*/a", "/b/a"), "a star elsewhere is a letter");
        let rule = json!({"verbs": ["get"], "nonResourceURLs": ["/logs"]});
        assert!(!allowed(&rule, &path("post", "/logs")));
    }

    #[test]
    fn a_binding_names_users_groups_and_service_accounts() {
        let subjects = json!([
            {"kind": "User", "name": "ann"}, {"kind": "Group", "name": "ops"},
            {"kind": "ServiceAccount", "name": "robot", "namespace": "tools"}, {"kind": "ServiceAccount", "name": "local"},
        ]);
        let inventory = inventory(&[
            ("", "everywhere", "ClusterRole/dev", subjects.clone()),
            ("shop", "in-shop", "ClusterRole/dev", subjects),
        ]);
        let by = |name: &str, groups: &[&str]| -> Vec<String> {
            let user_info = user_info(name, groups);
            let naming = inventory.bindings().iter().filter(|binding| names(binding, &user_info));
            naming.map(|binding| binding.name().to_owned()).collect()
        };
        let both = ["everywhere", "in-shop"];
        assert_eq!(by("ann", &[]), both);
        assert_eq!(by("bo", &["x", "ops"]), both);
        assert_eq!(by("system:serviceaccount:tools:robot", &[]), both);
        assert_eq!(by("system:serviceaccount:shop:local", &[]), ["in-shop"], "its namespace is the binding's");
        for stranger in
            ["ops", "robot", "tools:robot", "system:serviceaccount:shop:robot", "system:serviceaccount:toolsrobot"]
        {
            assert!(by(stranger, &["ann"]).is_empty(), "{stranger}");
        }
    }

    #[test]
    fn a_role_binding_grants_in_its_namespace_alone_and_no_path() {
        let ann = json!([{"kind": "User", "name": "ann"}]);
        let inventory = inventory(&[
            ("shop", "in-shop", "ClusterRole/all", ann.clone()),
            ("billing", "by-role", "Role/local", ann.clone()),
            ("shop", "dangling", "Role/local", ann.clone()),
            ("", "paths", "ClusterRole/paths", ann),
        ]);
        let all = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, {"verbs": ["*"], "nonResourceURLs": ["*"]}]);
        let roles = roles(&[
            ("", "all", all),
            ("billing", "local", json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}])),
            ("", "paths", json!([{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}])),
        ]);
        let by = |attributes: &Attributes| {
            allows(&inventory, &roles, &user_info("ann", &[]), attributes).map(|binding| binding.name())
        };
        assert_eq!(by(&attributes("delete", "apps", "deployments", "shop")), Some("in-shop"));
        assert_eq!(by(&attributes("get", "", "pods", "billing")), Some("by-role"));
        assert_eq!(by(&attributes("list", "", "pods", "billing")), None);
        assert_eq!(by(&attributes("get", "", "pods", "")), None, "everywhere is more than here");
        assert_eq!(by(&path("get", "/metrics")), Some("paths"));
        assert_eq!(by(&path("get", "/logs")), None);
        assert_eq!(
            allows(&inventory, &roles, &user_info("bo", &[]), &path("get", "/metrics")).map(|binding| binding.name()),
            None
        );
    }

    #[test]
    fn of_two_grants_the_cluster_wide_one_is_reported() {
        let ann = json!([{"kind": "User", "name": "ann"}]);
        let inventory = inventory(&[
            ("shop", "in-shop", "ClusterRole/all", ann.clone()),
            ("", "everywhere", "ClusterRole/all", ann),
        ]);
        let roles = roles(&[("", "all", json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]))]);
        let found = allows(&inventory, &roles, &user_info("ann", &[]), &attributes("get", "", "pods", "shop"));
        assert_eq!(found.map(|binding| binding.name()), Some("everywhere"));
    }
}
