//! Every rule that a user info holds, and whence: the binding, its role, and the subject by which it is named.

use std::collections::HashMap;

use super::authorizer::is_bearer;
use super::inert::{Inert, parts};
use super::inventory::{Binding, BoundSubject, Inventory};
use super::kinds::Kinds;
use super::others::Others;
use super::server_defaults::is_server_default;
use super::user_info::UserInfo;
use super::{PolicyRule, Roles};

/// Which bindings name whom, so that not every binding is looked at for each user.
#[derive(Debug)]
pub struct BindingIndex<'a> {
    bindings: &'a [Binding],
    users: HashMap<&'a str, Vec<usize>>,
    groups: HashMap<&'a str, Vec<usize>>,
    accounts: HashMap<(&'a str, &'a str), Vec<usize>>,
}

impl<'a> BindingIndex<'a> {
    /// Looks at every binding once.
    pub fn new(inventory: &'a Inventory) -> Self {
        let bindings = inventory.bindings();
        let mut index = Self { bindings, users: HashMap::new(), groups: HashMap::new(), accounts: HashMap::new() };
        for (place, binding) in bindings.iter().enumerate() {
            for subject in binding.subjects() {
                index.places(binding, subject).push(place);
            }
        }
        index
    }

    fn places(&mut self, binding: &'a Binding, subject: &'a BoundSubject) -> &mut Vec<usize> {
        match subject.kind() {
            "User" => self.users.entry(subject.name()).or_default(),
            "Group" => self.groups.entry(subject.name()).or_default(),
            // A RoleBinding may leave the namespace to its own.
            _ => {
                let namespace = subject.namespace().or(binding.namespace()).unwrap_or_default();
                self.accounts.entry((namespace, subject.name())).or_default()
            }
        }
    }

    /// The bindings that name a user or one of its groups, each once, in the order in which they were read.
    pub fn of(&self, info: &UserInfo) -> Vec<&'a Binding> {
        let by_user = self.users.get(info.name.as_str()).filter(|_| !info.name.is_empty());
        let by_account = info.as_service_account().and_then(|account| self.accounts.get(&account));
        let by_group = info.groups.iter().filter_map(|group| self.groups.get(group.as_str()));
        let named = by_user.into_iter().chain(by_account).chain(by_group).flatten().copied();
        let mut places: Vec<usize> = named.collect();
        places.sort_unstable();
        places.dedup();
        let bindings = places.into_iter().map(|place| &self.bindings[place]);
        bindings.filter(|binding| super::names(binding, info)).collect()
    }

    /// The names of users that bindings name.
    pub fn users(&self) -> impl Iterator<Item = &'a str> {
        self.users.keys().copied()
    }

    /// The groups that bindings name.
    pub fn groups(&self) -> impl Iterator<Item = &'a str> {
        self.groups.keys().copied()
    }

    /// The service accounts that bindings name as such: namespace and name.
    pub fn accounts(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.accounts.keys().copied().filter(|(namespace, _)| !namespace.is_empty())
    }
}

/// By which of its subjects a binding names a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Through<'a> {
    /// By the user name.
    User,
    /// By the service account.
    ServiceAccount,
    /// By a group of the user.
    Group(&'a str),
}

/// A rule, or a part of one, that a user holds.
#[derive(Clone, Debug)]
pub struct HeldRule<'a> {
    /// What it allows. Without verbs where the role is missing, has no rules or was not read.
    pub rule: PolicyRule,
    /// Whether the role could not be read, so that it is not known what it allows.
    pub is_unread: bool,
    /// The binding that grants it.
    pub binding: &'a Binding,
    /// By what the binding names the user.
    pub through: Through<'a>,
    /// The subject by which it does.
    pub subject: &'a BoundSubject,
    /// Why it allows nothing; `None` where it does.
    pub inert: Option<Inert>,
    /// Whether it is one of the API server's own for every user.
    pub is_default: bool,
}

impl<'a> HeldRule<'a> {
    /// The binding's other subjects.
    pub fn others(&self) -> Others {
        let all = self.binding.subjects();
        let others = all.iter().filter(|subject| !std::ptr::eq(*subject, self.subject));
        Others::new(others.map(ToString::to_string), all.len().saturating_sub(1))
    }
}

/// Every rule that a user info holds, in the order of the bindings; in one binding first what allows something.
pub fn held_rules<'a>(index: &BindingIndex<'a>, roles: &Roles, kinds: &Kinds, info: &UserInfo) -> Vec<HeldRule<'a>> {
    let mut held = Vec::new();
    for binding in index.of(info) {
        let Some((through, subject)) = through(binding, info) else { continue };
        let is_default = is_server_default(binding, roles);
        let role = roles.granted_by(binding);
        let rules = role.map(|role| role.rules.as_slice()).unwrap_or_default();
        let of_rule = |rule: &PolicyRule| parts(rule, binding.kind(), kinds);
        let mut granted: Vec<_> = rules.iter().flat_map(of_rule).collect();
        let is_unread = role.is_none() && roles.is_unread(binding.role());
        if granted.is_empty() {
            let why = match role {
                Some(_) => Some(Inert::RoleWithoutRules),
                None => (!is_unread).then_some(Inert::RoleMissing),
            };
            granted.push((PolicyRule::default(), why));
        }
        let held_rule = |(rule, inert)| HeldRule { rule, is_unread, binding, through, subject, inert, is_default };
        held.extend(granted.into_iter().map(held_rule));
    }
    held
}

fn through<'a>(binding: &'a Binding, info: &UserInfo) -> Option<(Through<'a>, &'a BoundSubject)> {
    let by = |subject: &'a BoundSubject| match subject.kind() {
        "User" => Through::User,
        "Group" => Through::Group(subject.name()),
        _ => Through::ServiceAccount,
    };
    let own = binding.subjects().iter().filter(|subject| is_bearer(subject, info, binding.namespace()));
    own.map(|subject| (by(subject), subject)).min_by_key(|(through, _)| *through)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::{inventory, roles, user_info};
    use super::super::kinds::tests::kinds;
    use super::*;

    #[test]
    fn every_rule_is_reported_with_its_binding_and_the_subject_that_is_named() {
        let get = |resources: &[&str]| json!([{"verbs": ["get"], "apiGroups": [""], "resources": resources}]);
        let roles = roles(&[
            ("", "read", get(&["pods", "nodes"])),
            ("", "empty", json!([])),
            ("shop", "own", json!([{"verbs": ["get"], "nonResourceURLs": ["/x"]}])),
            ("", "system:discovery", json!([{"verbs": ["get"], "nonResourceURLs": ["/api"]}])),
        ]);
        let user = json!({"kind": "User", "name": "ann"});
        let group = |name: &str| json!({"kind": "Group", "name": name});
        let inventory = inventory(&[
            ("", "a", "ClusterRole/read", json!([group("dev"), user])),
            ("shop", "b", "ClusterRole/read", json!([group("dev")])),
            ("shop", "c", "Role/own", json!([user])),
            ("", "d", "ClusterRole/empty", json!([user])),
            ("", "e", "ClusterRole/gone", json!([user])),
            ("", "system:discovery", "ClusterRole/system:discovery", json!([group("system:authenticated")])),
            ("", "f", "ClusterRole/read", json!([{"kind": "User", "name": "ann2"}, group("ann")])),
        ]);
        let info = user_info("ann", &["dev", "system:authenticated"]);
        let index = BindingIndex::new(&inventory);
        let described: Vec<String> = held_rules(&index, &roles, &kinds(), &info)
            .into_iter()
            .map(|held| {
                let what = [&held.rule.resources, &held.rule.non_resource_urls].map(|texts| texts.join(",")).concat();
                let default = if held.is_default { " default" } else { "" };
                format!("{} {what} {:?} {:?}{default}", held.binding.name(), held.through, held.inert)
            })
            .collect();
        assert_eq!(
            described,
            [
                "a pods,nodes User None",
                "b pods Group(\"dev\") None",
                "b nodes Group(\"dev\") Some(ClusterScopedInRoleBinding)",
                "c /x User Some(PathInRoleBinding)",
                "d  User Some(RoleWithoutRules)",
                "e  User Some(RoleMissing)",
                "system:discovery /api Group(\"system:authenticated\") None default",
            ]
        );
    }

    #[test]
    fn a_role_that_was_not_read_is_not_missing() {
        let inventory = inventory(&[
            ("", "a", "ClusterRole/gone", json!([{"kind": "User", "name": "ann"}])),
            ("shop", "b", "Role/gone", json!([{"kind": "User", "name": "ann"}])),
        ]);
        let index = BindingIndex::new(&inventory);
        let described = |roles: &Roles| -> Vec<(bool, Option<Inert>)> {
            let held = held_rules(&index, roles, &kinds(), &user_info("ann", &[]));
            held.iter().map(|held| (held.is_unread, held.inert)).collect()
        };
        let missing = (false, Some(Inert::RoleMissing));
        assert_eq!(described(&Roles::default()), [missing, missing]);
        assert_eq!(described(&Roles::without_cluster_roles()), [(true, None), missing]);
        assert_eq!(described(&Roles::without_namespaced_roles()), [missing, (true, None)]);
    }

    #[test]
    fn a_service_account_is_named_by_any_spelling() {
        let roles = roles(&[("", "read", json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]))]);
        let robot =
            |namespace: Option<&str>| json!({"kind": "ServiceAccount", "name": "robot", "namespace": namespace});
        let inventory = inventory(&[
            ("ci", "own", "ClusterRole/read", json!([robot(None)])),
            ("shop", "other", "ClusterRole/read", json!([robot(Some("ci"))])),
            ("", "user", "ClusterRole/read", json!([{"kind": "User", "name": "system:serviceaccount:ci:robot"}])),
            ("", "all", "ClusterRole/read", json!([{"kind": "Group", "name": "system:serviceaccounts:ci"}])),
            ("shop", "namesake", "ClusterRole/read", json!([robot(None)])),
        ]);
        let index = BindingIndex::new(&inventory);
        let held = held_rules(&index, &roles, &kinds(), &UserInfo::service_account("ci", "robot"));
        let names: Vec<&str> = held.iter().map(|held| held.binding.name()).collect();
        assert_eq!(names, ["own", "other", "user", "all"]);
    }
}
