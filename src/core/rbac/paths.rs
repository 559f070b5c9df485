//! Where to ask a question by doing it, without harm: reading, and nothing that tells a secret.

use super::Attributes;
use super::known_kinds::known_group;
use crate::core::percent;

/// A name that no object has, for questions about objects by name. With the right to get it, the answer is 404.
const NO_SUCH_NAME: &str = "ackcred-no-such-object";

/// Path and query of a `get` or `list` that an API server authorizes as exactly these attributes. A list is cut to one item.
///
/// `None` for other verbs, for subresources (a `get` of `pods/exec` runs a command), for Secrets, for groups that not every
/// cluster has, and for paths that aren't read for free.
/// Source: <https://github.com/kubernetes/apiserver/blob/v0.36.3/pkg/endpoints/request/requestinfo.go>
pub fn path_of(attributes: &Attributes) -> Option<String> {
    if let Some(path) = &attributes.path {
        return (attributes.verb == "get").then(|| outside_resources(path)).flatten();
    }
    let Attributes { verb, group, resource, subresource, name, namespace, .. } = attributes;
    // The first two are verbs in a path's place.
    if !subresource.is_empty() || matches!(resource.as_str(), "watch" | "proxy" | "secrets") {
        return None;
    }
    let version = known_group(group)?.version;
    let mut path = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
    if !namespace.is_empty() {
        path += &format!("/namespaces/{}", segment(namespace)?);
    }
    path += &format!("/{}", segment(resource)?);
    match verb.as_str() {
        // One namespace by its name is authorized as being in it, and these attributes are in none.
        "get" if resource == "namespaces" && namespace.is_empty() && !name.is_empty() => None,
        "get" if name.is_empty() => Some(format!("{path}/{NO_SUCH_NAME}")),
        "get" => Some(format!("{path}/{}", segment(name)?)),
        "list" if name.is_empty() => Some(format!("{path}?limit=1")),
        "list" => Some(format!("{path}?limit=1&fieldSelector=metadata.name%3D{}", segment(name)?)),
        _ => None,
    }
}

/// The text as one part of a path, if it can be one: servers decode a path before they cut it into its parts.
fn segment(text: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'%' | b'*');
    let is_name = !matches!(text, "" | "." | "..") && text.bytes().all(is_plain);
    is_name.then(|| percent::encode(text))
}

fn outside_resources(path: &str) -> Option<String> {
    let inner = path.strip_prefix('/')?;
    if inner.is_empty() {
        return Some("/".to_owned());
    }
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    let parts: Vec<String> = inner.split('/').map(segment).collect::<Option<_>>()?;
    let is_outside = match parts[0].as_str() {
        // Profiles take their time and the server's.
        "debug" => false,
        "api" => parts.len() < 3,
        "apis" => parts.len() < 4,
        _ => true,
    };
    let end = if path.ends_with('/') { "/" } else { "" };
    is_outside.then(|| format!("/{}{end}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixtures::{attributes, path};
    use super::*;

    fn named(verb: &str, group: &str, resource: &str, namespace: &str, name: &str) -> Option<String> {
        path_of(&Attributes { name: name.into(), ..attributes(verb, group, resource, namespace) })
    }

    #[test]
    fn gets_and_lists_have_a_path() {
        for (verb, group, resource, namespace, name, expected) in [
            ("list", "", "pods", "shop", "", "/api/v1/namespaces/shop/pods?limit=1"),
            ("list", "", "pods", "", "", "/api/v1/pods?limit=1"),
            (
                "list",
                "",
                "configmaps",
                "billing",
                "ledger",
                "/api/v1/namespaces/billing/configmaps?limit=1&fieldSelector=metadata.name%3Dledger",
            ),
            ("get", "", "configmaps", "billing", "ledger", "/api/v1/namespaces/billing/configmaps/ledger"),
            (
                "get",
                "apps",
                "deployments",
                "shop",
                "",
                "/apis/apps/v1/namespaces/shop/deployments/ackcred-no-such-object",
            ),
            ("get", "", "nodes", "", "cn-1.10.0.0.1", "/api/v1/nodes/cn-1.10.0.0.1"),
            (
                "get",
                "rbac.authorization.k8s.io",
                "clusterroles",
                "",
                "cs:ns:dev",
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/cs%3Ans%3Adev",
            ),
            ("list", "", "namespaces", "", "", "/api/v1/namespaces?limit=1"),
            ("get", "", "namespaces", "shop", "shop", "/api/v1/namespaces/shop/namespaces/shop"),
        ] {
            assert_eq!(named(verb, group, resource, namespace, name).as_deref(), Some(expected));
        }
        assert_eq!(path_of(&path("get", "/metrics")).as_deref(), Some("/metrics"));
        assert_eq!(path_of(&path("get", "/version/")).as_deref(), Some("/version/"));
        assert_eq!(path_of(&path("get", "/")).as_deref(), Some("/"));
        assert_eq!(path_of(&path("get", "/apis/apps/v1")).as_deref(), Some("/apis/apps/v1"));
        assert_eq!(path_of(&path("get", "/api/v1")).as_deref(), Some("/api/v1"));
    }

    #[test]
    fn what_changes_costs_or_tells_something_has_none() {
        for (verb, group, resource, namespace, name) in [
            ("watch", "", "pods", "shop", ""),
            ("create", "", "pods", "shop", ""),
            ("deletecollection", "", "pods", "shop", ""),
            ("get", "", "secrets", "shop", "a"),
            ("list", "", "secrets", "", ""),
            ("list", "example.com", "gadgets", "", ""),
            ("get", "", "namespaces", "", "shop"),
            ("list", "", "watch", "", ""),
            ("get", "", "proxy", "", "a"),
            ("get", "", "pods", "..", "a"),
            ("get", "", "pods", "shop", ".."),
            ("get", "", "pods", "shop", "a/exec"),
            ("get", "", "pods", "shop", "a%2Fexec"),
            ("get", "", "configmaps/../secrets", "shop", "a"),
        ] {
            assert_eq!(named(verb, group, resource, namespace, name), None, "{verb} {resource} {name}");
        }
        let exec = Attributes { subresource: "exec".into(), ..attributes("get", "", "pods", "shop") };
        assert_eq!(path_of(&exec), None);
        for asked in [
            "metrics",
            "",
            "/debug/pprof/profile",
            "/api/v1/secrets",
            "/apis/apps/v1/deployments",
            "//api",
            "/a//b",
            "/a/../api/v1/secrets",
            "/a?b",
            "/%61",
            "/a*",
        ] {
            let found = path_of(&path("get", asked));
            assert!(found.is_none() || found.as_deref() == Some("/a%3Fb"), "{asked} {found:?}");
        }
        assert_eq!(path_of(&path("post", "/metrics")), None);
    }

    proptest! {
        #[test]
        fn no_text_leads_out_of_its_place(
            resource in "[a-z./%?#]{0,9}", namespace in "[a-z./%?#]{0,6}", name in "\\PC{0,9}", list in any::<bool>(),
        ) {
            let verb = if list { "list" } else { "get" };
            if let Some(path) = named(verb, "", &resource, &namespace, &name) {
                let (path, query) = path.split_once('?').unwrap_or((&path, ""));
                let parts: Vec<&str> = path.split('/').collect();
                let expected = 4 + if namespace.is_empty() { 0 } else { 2 } + usize::from(!list);
                prop_assert_eq!(parts.len(), expected, "{}", path);
                prop_assert!(!parts.contains(&"..") && !parts.contains(&"secrets"), "{}", path);
                prop_assert_eq!(query.starts_with("limit=1"), list);
                prop_assert!(!query.contains(['#', '/']));
            }
        }
    }
}
