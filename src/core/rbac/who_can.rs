//! Who may do something: every subject of every binding whose role allows it where it is asked.

use std::collections::HashMap;

use super::authorizer::rule_allows;
use super::binding::BindingKind;
use super::inventory::{Binding, BoundSubject, Inventory, Role};
use super::kinds::Kinds;
use super::{Attributes, PolicyRule, Roles};
use crate::core::system_groups::{AUTHENTICATED, SERVICE_ACCOUNTS, UNAUTHENTICATED};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessQuestion {
    /// The request; its namespace is empty.
    pub attributes: Attributes,
    /// Where it is asked.
    pub place: Place,
}

/// Where something is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// For the whole cluster: a kind without namespaces, or a path. RoleBindings have no say.
    Cluster,
    /// In this namespace.
    Namespace(String),
    /// In any namespace, or in all.
    Anywhere,
}

impl AccessQuestion {
    /// Asks about a request in this namespace, or in any.
    pub fn new(attributes: Attributes, namespace: Option<&str>, kinds: &Kinds) -> Self {
        let place = match namespace {
            _ if kinds.is_of_the_cluster(&attributes) => Place::Cluster,
            // A namespace itself is asked about in that namespace.
            _ if is_one_namespace(&attributes) => Place::Namespace(attributes.name.clone()),
            Some(namespace) => Place::Namespace(namespace.to_owned()),
            None => Place::Anywhere,
        };
        Self { attributes: Attributes { namespace: String::new(), ..attributes }, place }
    }

    /// The request in this namespace (`None`: in the whole cluster).
    pub fn attributes_in(&self, namespace: Option<&str>) -> Attributes {
        Attributes { namespace: namespace.unwrap_or_default().to_owned(), ..self.attributes.clone() }
    }

    fn concerns(&self, binding: &Binding) -> bool {
        binding.kind() == BindingKind::ClusterRoleBinding
            || match &self.place {
                Place::Cluster => false,
                Place::Namespace(namespace) => binding.namespace() == Some(namespace),
                Place::Anywhere => true,
            }
    }
}

fn is_one_namespace(attributes: &Attributes) -> bool {
    (attributes.group.as_str(), attributes.resource.as_str()) == ("", "namespaces") && !attributes.name.is_empty()
}

/// A subject that may do it, and the binding that allows it.
#[derive(Clone, Debug)]
pub struct Allowed<'a> {
    /// The subject.
    pub subject: &'a BoundSubject,
    /// The binding.
    pub binding: &'a Binding,
    /// The only names for which it is allowed, where no name was asked for; empty where it is allowed for all.
    pub names: Vec<String>,
}

/// Whether a role allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum RoleVerdict {
    No,
    Yes,
    /// For these names.
    ByName(Vec<String>),
}

/// Every subject of a binding that allows what is asked, in the order of the bindings.
///
/// `system:masters` may do everything before RBAC is asked, and is among them only where a binding names it.
pub fn who_can<'a>(inventory: &'a Inventory, roles: &Roles, question: &AccessQuestion) -> Vec<Allowed<'a>> {
    let mut known: HashMap<(Option<&str>, &Role), RoleVerdict> = HashMap::new();
    let mut allowed = Vec::new();
    for binding in inventory.bindings().iter().filter(|binding| question.concerns(binding)) {
        let (namespace, role) = (binding.namespace(), binding.role());
        let place = namespace.filter(|_| &*role.kind == "Role");
        let verdict = known.entry((place, role)).or_insert_with(|| {
            let rules = roles.of(namespace, role).map(|facts| facts.rules.as_slice());
            verdict(rules.unwrap_or_default(), &question.attributes)
        });
        let names = match verdict {
            RoleVerdict::No => continue,
            RoleVerdict::Yes => Vec::new(),
            RoleVerdict::ByName(names) => names.clone(),
        };
        let of_subject = |subject| Allowed { subject, binding, names: names.clone() };
        allowed.extend(binding.subjects().iter().map(of_subject));
    }
    allowed
}

/// The bindings that may allow what is asked and whose roles could not be read.
pub fn undecided<'a>(inventory: &'a Inventory, roles: &Roles, question: &AccessQuestion) -> Vec<&'a Binding> {
    let is_unread = |binding: &&Binding| roles.granted_by(binding).is_none() && roles.is_unread(binding.role());
    inventory.bindings().iter().filter(|binding| question.concerns(binding)).filter(is_unread).collect()
}

fn verdict(rules: &[PolicyRule], attributes: &Attributes) -> RoleVerdict {
    if rules.iter().any(|rule| rule_allows(rule, attributes)) {
        return RoleVerdict::Yes;
    }
    if attributes.path.is_some() || !attributes.name.is_empty() {
        return RoleVerdict::No;
    }
    let mut names: Vec<String> = Vec::new();
    for rule in rules.iter().filter(|rule| !rule.resource_names.is_empty()) {
        for name in &rule.resource_names {
            let by_name = Attributes { name: name.clone(), ..attributes.clone() };
            if !names.contains(name) && rule_allows(rule, &by_name) {
                names.push(name.clone());
            }
        }
    }
    if names.is_empty() { RoleVerdict::No } else { RoleVerdict::ByName(names) }
}

/// Whether a group is one that everyone is in: every user, every caller without a credential, or every service account.
pub fn is_everyone(kind: &str, name: &str) -> bool {
    kind == "Group" && [AUTHENTICATED, UNAUTHENTICATED, SERVICE_ACCOUNTS].contains(&name)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixtures::{attributes, inventory, path, roles};
    use super::super::kinds::tests::kinds;
    use super::*;

    fn cluster() -> (Inventory, Roles) {
        let rule = |verbs: &[&str], resources: &[&str], names: &[&str]| json!([{"verbs": verbs, "apiGroups": [""], "resources": resources, "resourceNames": names}]);
        let roles = roles(&[
            ("", "read", rule(&["get"], &["pods", "secrets", "nodes"], &[])),
            ("", "db", rule(&["get"], &["secrets"], &["db", "x"])),
            ("shop", "own", rule(&["*"], &["*/log"], &[])),
            ("", "metrics", json!([{"verbs": ["get"], "nonResourceURLs": ["/logs/*"]}])),
        ]);
        let user = |name: &str| json!({"kind": "User", "name": name});
        let inventory = inventory(&[
            ("", "all", "ClusterRole/read", json!([user("ann"), {"kind": "Group", "name": "dev"}])),
            ("shop", "here", "ClusterRole/read", json!([user("bo")])),
            ("shop", "named", "ClusterRole/db", json!([user("cy")])),
            ("shop", "log", "Role/own", json!([user("di")])),
            ("pay", "missing", "Role/own", json!([user("ed")])),
            ("", "path", "ClusterRole/metrics", json!([user("flo")])),
            ("shop", "no-path", "ClusterRole/metrics", json!([user("gil")])),
        ]);
        (inventory, roles)
    }

    fn asked(attributes: Attributes, namespace: Option<&str>) -> Vec<String> {
        let (inventory, roles) = cluster();
        let question = AccessQuestion::new(attributes, namespace, &kinds());
        let described = |one: &Allowed<'_>| {
            let names = if !one.names.is_empty() { format!(" {}", one.names.join(",")) } else { String::new() };
            format!("{} {}{names}", one.subject, one.binding.name())
        };
        who_can(&inventory, &roles, &question).iter().map(described).collect()
    }

    fn get(resource: &str) -> Attributes {
        attributes("get", "", resource, "")
    }

    #[test]
    fn every_binding_of_the_place_has_a_say() {
        assert_eq!(asked(get("pods"), None), ["User/ann all", "Group/dev all", "User/bo here"]);
        assert_eq!(asked(get("pods"), Some("shop")), ["User/ann all", "Group/dev all", "User/bo here"]);
        assert_eq!(asked(get("pods"), Some("pay")), ["User/ann all", "Group/dev all"]);
        assert_eq!(asked(get("nodes"), Some("shop")), ["User/ann all", "Group/dev all"], "a kind of the cluster");
    }

    #[test]
    fn names_subresources_and_paths_are_asked_as_the_server_asks_them() {
        let everyone = ["User/ann all", "Group/dev all", "User/bo here"];
        assert_eq!(asked(get("secrets"), None), [&everyone[..], &["User/cy named db,x"]].concat());
        let db = |name: &str| asked(Attributes { name: name.into(), ..get("secrets") }, None);
        assert_eq!(db("db"), [&everyone[..], &["User/cy named"]].concat());
        assert_eq!(db("other"), everyone);
        let log = Attributes { subresource: "log".into(), ..get("pods") };
        assert_eq!(asked(log, None), ["User/di log"], "a missing role allows nothing");
        assert_eq!(asked(path("get", "/logs/x"), None), ["User/flo path"]);
        assert_eq!(asked(path("get", "/logs"), None), [""; 0]);
    }

    #[test]
    fn the_place_of_a_question_is_the_servers() {
        let place = |attributes: Attributes, namespace: Option<&str>| {
            AccessQuestion::new(attributes, namespace, &kinds()).place
        };
        let shop = || Place::Namespace("shop".into());
        let question = AccessQuestion::new(get("pods"), None, &kinds());
        assert_eq!(question.attributes_in(Some("shop")).to_string(), "get pods in namespace shop");
        assert_eq!(question.attributes_in(None).to_string(), "get pods");
        let rbac = |verb: &str| attributes(verb, "rbac.authorization.k8s.io", "clusterroles", "");
        assert_eq!(place(get("pods"), Some("shop")), shop());
        assert_eq!(place(get("pods"), None), Place::Anywhere);
        assert_eq!(place(get("nodes"), Some("shop")), Place::Cluster);
        assert_eq!(place(get("namespaces"), None), Place::Anywhere);
        assert_eq!(place(Attributes { name: "shop".into(), ..get("namespaces") }, Some("pay")), shop());
        assert_eq!(place(path("get", "/metrics"), Some("shop")), Place::Cluster);
        assert_eq!(place(rbac("bind"), Some("shop")), shop());
        assert_eq!(place(rbac("escalate"), Some("shop")), Place::Cluster);
        assert_eq!(place(attributes("impersonate", "", "users", ""), None), Place::Cluster);
        assert_eq!(place(attributes("get", "example.com", "gadgets", ""), None), Place::Anywhere);
    }

    #[test]
    fn a_binding_whose_role_was_not_read_is_undecided() {
        let (inventory, _) = cluster();
        let question = AccessQuestion::new(get("pods"), Some("shop"), &kinds());
        let undecided = |roles: &Roles| -> Vec<String> {
            undecided(&inventory, roles, &question).iter().map(|binding| binding.name().to_owned()).collect()
        };
        assert_eq!(undecided(&Roles::default()), [""; 0]);
        assert_eq!(undecided(&Roles::without_namespaced_roles()), ["log"]);
        assert_eq!(undecided(&Roles::without_cluster_roles()), ["all", "here", "named", "path", "no-path"]);
    }

    #[test]
    fn groups_that_everyone_is_in() {
        let is = |subject: Value| is_everyone(subject["kind"].as_str().unwrap(), subject["name"].as_str().unwrap());
        assert!(is(json!({"kind": "Group", "name": "system:authenticated"})));
        assert!(is(json!({"kind": "Group", "name": "system:serviceaccounts"})));
        assert!(!is(json!({"kind": "Group", "name": "system:serviceaccounts:ci"})));
        assert!(!is(json!({"kind": "User", "name": "system:authenticated"})));
    }
}
