//! What the authorizer was asked about a request, as the API server reads it from the path.
//!
//! An event's own reference to the object may be filled in from the body afterwards: `create` has a name there that the
//! authorizer was not asked about.
//!
//! Source: <https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go>

use crate::core::audit::event::{Event, ObjectRef};
use crate::core::percent;
use crate::core::rbac::Attributes;

/// What of a namespace is a subresource, not a kind in it.
const OF_NAMESPACES: [&str; 2] = ["status", "finalize"];
/// Old forms of a path: `/api/v1/watch/pods`.
const OLD_FORMS: [&str; 2] = ["watch", "proxy"];
/// Requests about many objects, which a field selector narrows to one name.
const OF_MANY: [&str; 3] = ["list", "watch", "deletecollection"];

/// What the authorizer was asked; `None` where the event doesn't say.
pub(super) fn attributes(event: &Event<'_>) -> Option<Attributes> {
    let path = event.request_uri.split(['?', '#']).next().unwrap_or_default();
    let path = percent::decode(path);
    let verb = event.verb.to_string();
    match (of_path(&path), &event.object) {
        (Some(mut attributes), object) => {
            if let Some(object) = object.as_ref().filter(|_| OF_MANY.contains(&verb.as_str())) {
                attributes.name = object.name.to_string();
            }
            Some(Attributes { verb, ..attributes })
        }
        (None, Some(object)) => Some(of_reference(verb, object)),
        (None, None) if path.starts_with('/') => Some(Attributes { verb, path: Some(path), ..Attributes::default() }),
        (None, None) => None,
    }
}

fn of_reference(verb: String, object: &ObjectRef<'_>) -> Attributes {
    // Who creates an object itself is not asked about its name.
    let has_name = verb != "create" || !object.subresource.is_empty();
    Attributes {
        group: object.api_group.to_string(),
        resource: object.resource.to_string(),
        subresource: object.subresource.to_string(),
        namespace: object.namespace.to_string(),
        name: if has_name { object.name.to_string() } else { String::new() },
        verb,
        path: None,
    }
}

/// The resource that a path names, without the verb; `None`: it names none.
fn of_path(path: &str) -> Option<Attributes> {
    let mut parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let group = match parts.first().copied()? {
        "api" => parts.drain(..1).next().map(|_| "")?,
        "apis" => parts.drain(..parts.len().min(2)).nth(1)?,
        _ => return None,
    };
    let mut parts = parts.split_first().filter(|(_, rest)| !rest.is_empty()).map(|(_, rest)| rest)?;
    if OLD_FORMS.contains(&parts[0]) {
        parts = parts.get(1..).filter(|rest| !rest.is_empty())?;
    }
    let mut namespace = "";
    if let ["namespaces", name, rest @ ..] = parts {
        namespace = name;
        if rest.first().is_some_and(|kind| !OF_NAMESPACES.contains(kind)) {
            parts = rest;
        }
    }
    let part = |place: usize| parts.get(place).copied().unwrap_or_default().to_owned();
    let attributes = Attributes {
        group: group.to_owned(),
        resource: part(0),
        name: part(1),
        subresource: part(2),
        namespace: namespace.to_owned(),
        ..Attributes::default()
    };
    (!attributes.resource.is_empty()).then_some(attributes)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Sent, event};
    use super::*;

    fn asked(verb: &str, uri: &str, name: &str) -> String {
        let sent = Sent { verb, uri, named: name, ..Sent::default() };
        event(&sent, |event| attributes(event).map_or_else(|| "nothing".to_owned(), |asked| asked.to_string()))
    }

    #[test]
    fn a_path_says_what_the_authorizer_was_asked() {
        for (verb, uri, name, expected) in [
            ("list", "/api/v1/pods?limit=500", "", "list pods"),
            ("list", "/api/v1/namespaces/shop/pods", "", "list pods in namespace shop"),
            (
                "list",
                "/api/v1/namespaces/shop/secrets?fieldSelector=metadata.name%3Ddb",
                "db",
                "list secrets/db in namespace shop",
            ),
            ("create", "/api/v1/namespaces/shop/pods?dryRun=All", "web", "create pods in namespace shop"),
            (
                "create",
                "/api/v1/namespaces/shop/pods/web/eviction",
                "web",
                "create pods/web --subresource=eviction in namespace shop",
            ),
            (
                "get",
                "/api/v1/namespaces/shop/pods/web/proxy/a/b",
                "web",
                "get pods/web --subresource=proxy in namespace shop",
            ),
            ("get", "/api/v1/namespaces/shop", "shop", "get namespaces/shop in namespace shop"),
            (
                "update",
                "/api/v1/namespaces/shop/finalize",
                "shop",
                "update namespaces/shop --subresource=finalize in namespace shop",
            ),
            ("create", "/api/v1/namespaces", "shop", "create namespaces"),
            (
                "patch",
                "/apis/apps/v1/namespaces/shop/deployments/web",
                "web",
                "patch deployments.apps/web in namespace shop",
            ),
            (
                "get",
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
                "system:node",
                "get clusterroles.rbac.authorization.k8s.io/system:node",
            ),
            ("watch", "/api/v1/watch/namespaces/shop/pods", "", "watch pods in namespace shop"),
            ("get", "/api", "", "get /api"),
            ("get", "/apis/apps/v1?timeout=32s", "", "get /apis/apps/v1"),
            ("get", "/metrics", "", "get /metrics"),
            ("post", "/", "", "post /"),
        ] {
            assert_eq!(asked(verb, uri, name), expected, "{uri}");
        }
    }

    #[test]
    fn without_a_path_the_reference_says_it_but_for_a_name_that_the_body_gave() {
        let asked = |verb: &str, subresource: &str| {
            let reference = Some(("", "pods", subresource, "shop"));
            let sent = Sent { verb, uri: "", named: "web", reference, ..Sent::default() };
            event(&sent, |event| attributes(event).unwrap().to_string())
        };
        assert_eq!(asked("create", ""), "create pods in namespace shop");
        assert_eq!(asked("create", "exec"), "create pods/web --subresource=exec in namespace shop");
        assert_eq!(asked("delete", ""), "delete pods/web in namespace shop");
        let sent = Sent { verb: "get", uri: "", ..Sent::default() };
        assert_eq!(event(&sent, attributes), None);
    }
}
