//! The bindings with which an API server starts, for users with and without a login.

use super::authorizer::is_within;
use super::{Attributes, PolicyRule, Roles};
use crate::core::rbac::binding::BindingKind;
use crate::core::rbac::inventory::Binding;
use crate::core::system_groups::{AUTHENTICATED, UNAUTHENTICATED};

/// Whom the defaults are for.
const EVERY_USER: [&str; 2] = [AUTHENTICATED, UNAUTHENTICATED];

/// From 1.14 on the defaults are what they are now; before, `system:discovery` had Swagger's paths too.
/// Source: <https://github.com/kubernetes/kubernetes/blob/v1.36.3/plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go> and
/// <https://github.com/kubernetes/kubernetes/blob/v1.13.0/plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go>
const DISCOVERY: [&str; 15] = [
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/swagger-2.0.0.pb-v1",
    "/swagger.json",
    "/swaggerapi",
    "/swaggerapi/*",
    "/version",
    "/version/",
];
/// What every service account may read, from 1.20 on.
const ISSUER_DISCOVERY: [&str; 4] =
    ["/.well-known/openid-configuration", "/.well-known/openid-configuration/", "/openid/v1/jwks", "/openid/v1/jwks/"];
const PUBLIC_INFO: [&str; 5] = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
const BASIC_USER: [(&str, &str); 3] = [
    ("authentication.k8s.io", "selfsubjectreviews"),
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
];

/// Whether this is one of the API server's own bindings for every user, `system:basic-user`, `system:discovery` or
/// `system:public-info-viewer`, and its role allows nothing but what it does in some version of Kubernetes.
pub fn is_server_default(binding: &Binding, roles: &Roles) -> bool {
    let role = binding.role();
    let is_known: fn(&PolicyRule) -> bool = match binding.name() {
        "system:basic-user" => is_of_basic_user,
        "system:discovery" => |rule| gets_only(rule, &DISCOVERY),
        "system:public-info-viewer" => |rule| gets_only(rule, &PUBLIC_INFO),
        _ => return false,
    };
    let is_every_user = |kind: &str, name: &str| kind == "Group" && EVERY_USER.contains(&name);
    binding.kind() == BindingKind::ClusterRoleBinding
        && (&*role.kind, &*role.name) == ("ClusterRole", binding.name())
        && binding.subjects().iter().all(|subject| is_every_user(subject.kind(), subject.name()))
        && roles.of(None, role).is_some_and(|facts| facts.rules.iter().all(is_known))
}

/// Whether a rule allows nothing but what an API server's own bindings allow every user; one without a login has fewer of them.
pub fn is_default_for_everyone(rule: &PolicyRule, has_login: bool) -> bool {
    let is_of_all = gets_only(rule, &PUBLIC_INFO);
    let is_of_users = || is_of_basic_user(rule) || gets_only(rule, &DISCOVERY) || gets_only(rule, &ISSUER_DISCOVERY);
    is_of_all || (has_login && is_of_users())
}

/// Whether the API server's defaults allow this to every user who has a login: discovery, health, and questions about oneself.
pub fn everyone_may(request: &Attributes) -> bool {
    if let Some(path) = &request.path {
        let mut of_every_version = DISCOVERY.iter().filter(|url| !url.starts_with("/swagger"));
        return request.verb == "get" && of_every_version.any(|url| is_within(path, url));
    }
    request.verb == "create"
        && request.subresource.is_empty()
        && BASIC_USER.contains(&(request.group.as_str(), request.resource.as_str()))
}

fn gets_only(rule: &PolicyRule, urls: &[&str]) -> bool {
    rule.resources.is_empty()
        && rule.verbs.iter().all(|verb| verb == "get")
        && rule.non_resource_urls.iter().all(|url| urls.contains(&url.as_str()))
}

fn is_of_basic_user(rule: &PolicyRule) -> bool {
    let known = |group: &str, resource: &str| BASIC_USER.contains(&(group, resource));
    rule.non_resource_urls.is_empty()
        && rule.verbs.iter().all(|verb| verb == "create")
        && rule.api_groups.iter().all(|group| rule.resources.iter().all(|resource| known(group, resource)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixtures::{inventory, roles};
    use super::*;

    fn group(name: &str) -> Value {
        json!({"kind": "Group", "name": name})
    }

    fn is_default(name: &str, subjects: Value, rules: Value) -> bool {
        let inventory = inventory(&[("", name, &format!("ClusterRole/{name}"), subjects)]);
        is_server_default(&inventory.bindings()[0], &roles(&[("", name, rules)]))
    }

    fn basic_user() -> Value {
        json!([
            {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
             "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]},
            {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]},
        ])
    }

    #[test]
    fn the_rules_of_old_and_new_versions_are_defaults() {
        let (all, both) = (
            json!([group("system:authenticated")]),
            json!([group("system:authenticated"), group("system:unauthenticated")]),
        );
        let get = |urls: &[&str]| json!([{"verbs": ["get"], "nonResourceURLs": urls}]);
        assert!(is_default("system:basic-user", all.clone(), basic_user()));
        let old = json!([{"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews"]}]);
        assert!(is_default("system:basic-user", both.clone(), old));
        assert!(is_default(
            "system:discovery",
            all.clone(),
            get(&[
                "/api",
                "/api/*",
                "/apis",
                "/apis/*",
                "/healthz",
                "/livez",
                "/openapi",
                "/openapi/*",
                "/readyz",
                "/version",
                "/version/"
            ])
        ));
        assert!(is_default(
            "system:discovery",
            both.clone(),
            get(&["/version", "/swaggerapi", "/swaggerapi/*", "/swagger.json"])
        ));
        assert!(is_default(
            "system:public-info-viewer",
            both,
            get(&["/livez", "/readyz", "/healthz", "/version", "/version/"])
        ));
    }

    #[test]
    fn everyone_may_discover_and_ask_about_oneself() {
        let path =
            |verb: &str, path: &str| Attributes { verb: verb.into(), path: Some(path.into()), ..Attributes::default() };
        for (request, expected) in [
            (path("get", "/apis/apps/v1"), true),
            (path("get", "/openapi/v3"), true),
            (path("get", "/version"), true),
            (path("get", "/readyz"), true),
            (path("get", "/readyz/etcd"), false),
            (path("get", "/metrics"), false),
            (path("get", "/swagger.json"), false),
            (path("post", "/api"), false),
            (Attributes::on("create", "authorization.k8s.io", "selfsubjectaccessreviews", "", ""), true),
            (Attributes::on("create", "authentication.k8s.io", "selfsubjectreviews", "", ""), true),
            (Attributes::on("create", "authorization.k8s.io", "subjectaccessreviews", "", ""), false),
            (Attributes::on("get", "authorization.k8s.io", "selfsubjectaccessreviews", "", ""), false),
        ] {
            assert_eq!(everyone_may(&request), expected, "{request}");
        }
    }

    #[test]
    fn one_that_was_widened_is_none() {
        let all = || json!([group("system:authenticated")]);
        for widening in [
            json!({"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["*"]}),
            json!({"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"]}),
            json!({"verbs": ["create"], "apiGroups": ["*"], "resources": ["selfsubjectreviews"]}),
            json!({"verbs": ["create", "get"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]}),
            json!({"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectaccessreviews"]}),
            json!({"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"], "nonResourceURLs": ["*"]}),
            json!({"verbs": ["get"], "nonResourceURLs": ["/version"]}),
        ] {
            let mut rules = basic_user();
            rules.as_array_mut().unwrap().push(widening.clone());
            assert!(!is_default("system:basic-user", all(), rules), "{widening}");
        }
        for (name, rule) in [
            ("system:discovery", json!({"verbs": ["get"], "nonResourceURLs": ["*"]})),
            ("system:discovery", json!({"verbs": ["*"], "nonResourceURLs": ["/version"]})),
            (
                "system:discovery",
                json!({"verbs": ["get"], "nonResourceURLs": ["/version"], "apiGroups": [""], "resources": ["pods"]}),
            ),
            ("system:public-info-viewer", json!({"verbs": ["get"], "nonResourceURLs": ["/openapi"]})),
            ("system:monitoring", json!({"verbs": ["get"], "nonResourceURLs": ["/healthz"]})),
        ] {
            assert!(!is_default(name, all(), json!([rule.clone()])), "{name} {rule}");
        }
    }

    #[test]
    fn the_name_alone_makes_none() {
        let rules = basic_user();
        let roles = roles(&[
            ("", "system:basic-user", rules.clone()),
            ("", "wide", json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}])),
        ]);
        let all = json!([group("system:authenticated")]);
        let inventory = inventory(&[
            ("", "system:basic-user", "ClusterRole/wide", all.clone()),
            ("", "basic-user", "ClusterRole/system:basic-user", all.clone()),
            ("shop", "system:basic-user", "ClusterRole/system:basic-user", all.clone()),
            ("", "system:discovery", "ClusterRole/system:discovery", all),
        ]);
        for binding in inventory.bindings() {
            assert!(!is_server_default(binding, &roles), "{binding:?}");
        }
        for other in [group("system:serviceaccounts"), json!({"kind": "User", "name": "system:authenticated"})] {
            assert!(!is_default("system:basic-user", json!([group("system:authenticated"), other]), rules.clone()));
        }
    }
}
