//! Which kinds an API server serves, and whether their objects are in namespaces: what its discovery says, and what is only ever asked.

use std::collections::{BTreeMap, BTreeSet};

use super::Attributes;
use super::binding::RBAC_GROUP;

/// The API group of constrained impersonation, and of what impersonation asks beside users and groups.
pub const AUTHENTICATION_GROUP: &str = "authentication.k8s.io";

/// Whether the objects of a kind are in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindScope {
    /// They are the cluster's.
    Cluster,
    /// Each is in a namespace.
    Namespaced,
}

/// A kind, as discovery has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The plural by which rules name it.
    pub plural: String,
    /// The singular, in lower case.
    pub singular: String,
    /// Short names, such as `po`.
    pub short: Vec<String>,
    /// Whether its objects are in namespaces.
    pub scope: KindScope,
    /// Its subresources, without the kind: `log`.
    pub subresources: BTreeSet<String>,
}

/// Resources that authorizers are asked about and that no API serves, with what they are asked in.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/> and
/// <https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#authorization>
const ONLY_ASKED: [(&str, &str, KindScope); 9] = [
    ("", "users", KindScope::Cluster),
    ("", "groups", KindScope::Cluster),
    (AUTHENTICATION_GROUP, "users", KindScope::Cluster),
    (AUTHENTICATION_GROUP, "groups", KindScope::Cluster),
    (AUTHENTICATION_GROUP, "uids", KindScope::Cluster),
    (AUTHENTICATION_GROUP, "userextras", KindScope::Cluster),
    (AUTHENTICATION_GROUP, "nodes", KindScope::Cluster),
    (AUTHENTICATION_GROUP, "serviceaccounts", KindScope::Namespaced),
    ("certificates.k8s.io", "signers", KindScope::Cluster),
];

/// The kinds of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    by_plural: BTreeMap<String, Vec<Kind>>,
    by_other_name: BTreeMap<String, Vec<(String, String)>>,
}

impl Kinds {
    /// Adds a kind. One that is served in several versions is the same kind.
    pub fn add(&mut self, kind: Kind) {
        let same = self.by_plural.entry(kind.plural.clone()).or_default();
        if let Some(known) = same.iter_mut().find(|known| known.group == kind.group) {
            known.subresources.extend(kind.subresources);
            return;
        }
        for name in kind.short.iter().chain([&kind.singular]).filter(|name| !name.is_empty()) {
            let named = self.by_other_name.entry(name.clone()).or_default();
            named.push((kind.group.clone(), kind.plural.clone()));
        }
        same.push(kind);
    }

    /// The kind of this group and plural.
    pub fn get(&self, group: &str, plural: &str) -> Option<&Kind> {
        self.by_plural.get(plural)?.iter().find(|kind| kind.group == group)
    }

    /// The kind that people mean by a plural, singular or short name; without a group, the first in the server's order.
    pub fn named(&self, name: &str, group: Option<&str>) -> Option<&Kind> {
        let is_meant = |of: &str| group.is_none_or(|group| group == of);
        let by_plural = self.by_plural.get(name).into_iter().flatten().find(|kind| is_meant(&kind.group));
        by_plural.or_else(|| {
            let names = self.by_other_name.get(&name.to_lowercase())?;
            let (group, plural) = names.iter().find(|(group, _)| is_meant(group))?;
            self.get(group, plural)
        })
    }

    /// Whether objects of this kind are in namespaces; `None` where neither discovery nor Kubernetes itself knows the kind.
    pub fn scope(&self, group: &str, plural: &str) -> Option<KindScope> {
        let served = self.get(group, plural).map(|kind| kind.scope);
        served.or_else(|| {
            let asked = ONLY_ASKED.iter().find(|(of, name, _)| *of == group && *name == plural);
            asked.map(|(.., scope)| *scope)
        })
    }

    /// Whether a RoleBinding can allow this verb on a kind: not where the server asks for the whole cluster. `None` where the kind is
    /// not known.
    ///
    /// A request for one namespace is asked in that namespace, and so is `bind` on a ClusterRole that a RoleBinding is to grant.
    pub fn is_asked_in_namespaces(&self, verb: &str, group: &str, resource: &str) -> Option<bool> {
        let plural = resource.split('/').next().unwrap_or_default();
        match (group, plural) {
            ("", "namespaces") => Some(!matches!(verb, "list" | "watch" | "create" | "deletecollection")),
            (RBAC_GROUP, "clusterroles") if matches!(verb, "bind" | "*") => Some(true),
            _ => self.scope(group, plural).map(|scope| scope == KindScope::Namespaced),
        }
    }

    /// As [`Self::is_asked_in_namespaces`], for a rule's group: `*` stands for every group that has such a kind.
    pub(super) fn may_hold_in_namespaces(&self, verb: &str, group: &str, resource: &str) -> bool {
        let is_asked = |group: &str| self.is_asked_in_namespaces(verb, group, resource).unwrap_or(true);
        if group != "*" {
            return is_asked(group);
        }
        let plural = resource.split('/').next().unwrap_or_default();
        let served = self.by_plural.get(plural).into_iter().flatten().map(|kind| kind.group.as_str());
        let asked = ONLY_ASKED.iter().filter(|(_, name, _)| *name == plural).map(|(group, ..)| *group);
        let mut groups: Vec<&str> = served.chain(asked).collect();
        groups.dedup();
        groups.is_empty() || groups.into_iter().any(is_asked)
    }

    /// The API groups that serve a resource, `pods` or `pods/log`, or that it is asked in.
    pub fn groups_of(&self, resource: &str) -> Vec<String> {
        let (plural, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let has_it = |kind: &&Kind| subresource.is_empty() || kind.subresources.contains(subresource);
        let served = self.by_plural.get(plural).into_iter().flatten().filter(has_it).map(|kind| kind.group.as_str());
        let asked = ONLY_ASKED.iter().filter(|(_, name, _)| *name == resource).map(|(group, ..)| *group);
        let groups: BTreeSet<&str> = served.chain(asked).collect();
        groups.into_iter().map(str::to_owned).collect()
    }

    /// The resources that an API group serves, with their subresources: `pods`, `pods/log`.
    pub fn resources_of(&self, group: &str) -> Vec<String> {
        let served = self.by_plural.values().flatten().filter(|kind| kind.group == group);
        let with_subresources = served.flat_map(|kind| {
            let subresources = kind.subresources.iter().map(|name| format!("{}/{name}", kind.plural));
            std::iter::once(kind.plural.clone()).chain(subresources)
        });
        with_subresources.collect()
    }

    /// Whether the server would ask about this for the whole cluster, whatever namespace is named.
    pub fn is_of_the_cluster(&self, attributes: &Attributes) -> bool {
        attributes.path.is_some()
            || self.is_asked_in_namespaces(&attributes.verb, &attributes.group, &attributes.resource) == Some(false)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A few kinds of every scope, as a server has them.
    pub(in super::super) fn kinds() -> Kinds {
        let mut kinds = Kinds::default();
        for (group, plural, singular, short, scope, subresources) in [
            ("", "pods", "pod", &["po"][..], KindScope::Namespaced, &["log", "exec"][..]),
            ("", "secrets", "secret", &[], KindScope::Namespaced, &[]),
            ("", "nodes", "node", &["no"], KindScope::Cluster, &["proxy"]),
            ("", "namespaces", "namespace", &["ns"], KindScope::Cluster, &["finalize"]),
            ("", "serviceaccounts", "serviceaccount", &["sa"], KindScope::Namespaced, &["token"]),
            ("", "events", "event", &["ev"], KindScope::Namespaced, &[]),
            ("apps", "deployments", "deployment", &["deploy"], KindScope::Namespaced, &["scale"]),
            ("metrics.k8s.io", "nodes", "", &[], KindScope::Cluster, &[]),
            ("example.com", "nodes", "node", &[], KindScope::Namespaced, &[]),
            ("events.k8s.io", "events", "event", &["ev"], KindScope::Namespaced, &[]),
            (RBAC_GROUP, "clusterroles", "clusterrole", &[], KindScope::Cluster, &[]),
            (RBAC_GROUP, "clusterrolebindings", "clusterrolebinding", &[], KindScope::Cluster, &[]),
            (RBAC_GROUP, "roles", "role", &[], KindScope::Namespaced, &[]),
            (RBAC_GROUP, "rolebindings", "rolebinding", &[], KindScope::Namespaced, &[]),
        ] {
            kinds.add(Kind {
                group: group.into(),
                plural: plural.into(),
                singular: singular.into(),
                short: short.iter().map(|name| (*name).into()).collect(),
                scope,
                subresources: subresources.iter().map(|name| (*name).into()).collect(),
            });
        }
        kinds
    }

    #[test]
    fn a_kind_is_found_by_any_of_its_names() {
        let kinds = kinds();
        let found = |name: &str, group: Option<&str>| {
            kinds.named(name, group).map(|kind| format!("{}.{}", kind.plural, kind.group))
        };
        for name in ["pods", "pod", "po", "Pod"] {
            assert_eq!(found(name, None).as_deref(), Some("pods."), "{name}");
        }
        assert_eq!(found("deploy", None).as_deref(), Some("deployments.apps"));
        assert_eq!(found("events", None).as_deref(), Some("events."));
        assert_eq!(found("ev", Some("events.k8s.io")).as_deref(), Some("events.events.k8s.io"));
        for (name, group) in [("pods", Some("apps")), ("users", None), ("", None), ("log", None)] {
            assert_eq!(found(name, group), None, "{name}");
        }
    }

    #[test]
    fn what_the_server_asks_in_namespaces() {
        let kinds = kinds();
        for (verb, group, resource, expected) in [
            ("get", "", "pods", Some(true)),
            ("get", "", "pods/log", Some(true)),
            ("get", "", "nodes", Some(false)),
            ("get", "", "nodes/proxy", Some(false)),
            ("get", "example.com", "gadgets", None),
            ("get", "", "namespaces", Some(true)),
            ("delete", "", "namespaces/finalize", Some(true)),
            ("list", "", "namespaces", Some(false)),
            ("create", "", "namespaces", Some(false)),
            ("bind", RBAC_GROUP, "clusterroles", Some(true)),
            ("escalate", RBAC_GROUP, "clusterroles", Some(false)),
            ("impersonate", "", "users", Some(false)),
            ("impersonate", "", "serviceaccounts", Some(true)),
            ("impersonate:serviceaccount", AUTHENTICATION_GROUP, "serviceaccounts", Some(true)),
            ("approve", "certificates.k8s.io", "signers", Some(false)),
        ] {
            assert_eq!(kinds.is_asked_in_namespaces(verb, group, resource), expected, "{verb} {resource}.{group}");
        }
        assert!(kinds.may_hold_in_namespaces("get", "*", "nodes"), "one group has them in namespaces");
        assert!(kinds.may_hold_in_namespaces("get", "*", "gadgets"), "nothing is known");
        assert!(!kinds.may_hold_in_namespaces("get", "*", "clusterrolebindings"));
    }

    #[test]
    fn what_a_star_stands_for_today() {
        let kinds = kinds();
        assert_eq!(kinds.groups_of("events"), ["", "events.k8s.io"]);
        assert_eq!(kinds.groups_of("pods/log"), [""]);
        assert_eq!(kinds.groups_of("users"), ["", AUTHENTICATION_GROUP], "they are asked, and no API serves them");
        assert!(kinds.groups_of("pods/status").is_empty() && kinds.groups_of("gadgets").is_empty());
        assert_eq!(kinds.resources_of("apps"), ["deployments", "deployments/scale"]);
        assert!(kinds.resources_of("batch").is_empty());
    }
}
