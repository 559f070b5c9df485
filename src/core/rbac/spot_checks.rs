//! Questions by which an API server shows whether what was evaluated here is what it decides by: some that the rules allow, and some
//! that tell whether other authorizers allow more.

use super::inventory::{Binding, Inventory};
use super::{Attributes, PolicyRule, Roles, UserInfo, allows, names, probes};

/// How many questions are asked about what a user's rules allow.
const ALLOWED: usize = 24;

/// A question, and the answer that RBAC gives as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpotCheck {
    /// The request.
    pub attributes: Attributes,
    /// Whether RBAC allows it; `None` where what could not be read may.
    pub expected: Option<bool>,
}

/// What other authorizers would most tellingly allow: verb, API group, resource, subresource.
const TELLING: [(&str, &str, &str, &str); 8] = [
    ("*", "*", "*", ""),
    ("list", "", "secrets", ""),
    ("list", "", "pods", ""),
    ("create", "", "pods", "exec"),
    ("get", "", "nodes", ""),
    ("impersonate", "", "users", ""),
    ("create", "rbac.authorization.k8s.io", "clusterrolebindings", ""),
    ("create", "", "serviceaccounts", "token"),
];

/// The questions about a user, each once. `bindings_are_whole`: all that give something were read.
pub fn spot_checks(inventory: &Inventory, bindings_are_whole: bool, roles: &Roles, info: &UserInfo) -> Vec<SpotCheck> {
    let held: Vec<&Binding> = inventory.bindings().iter().filter(|binding| names(binding, info)).collect();
    let is_unread = |binding: &&Binding| roles.granted_by(binding).is_none() && roles.is_unread(binding.role());
    let is_whole = bindings_are_whole && !held.iter().any(is_unread);
    let grants: Vec<(&Binding, &[PolicyRule])> =
        held.into_iter().filter_map(|binding| Some((binding, roles.granted_by(binding)?.rules.as_slice()))).collect();
    let mut questions = probes(&grants, |_| false, ALLOWED);
    let telling = TELLING.map(|(verb, group, resource, subresource)| {
        let [verb, group, resource, subresource] = [verb, group, resource, subresource].map(str::to_owned);
        Attributes { verb, group, resource, subresource, ..Attributes::default() }
    });
    let metrics = Attributes { verb: "get".to_owned(), path: Some("/metrics".to_owned()), ..Attributes::default() };
    for attributes in telling.into_iter().chain([metrics]) {
        if !questions.contains(&attributes) {
            questions.push(attributes);
        }
    }
    let is_allowed = |attributes: &Attributes| info.is_master() || allows(inventory, roles, info, attributes).is_some();
    // Rules only ever add: a yes is a yes whatever else there is.
    let expected =
        |attributes: &Attributes| if is_allowed(attributes) { Some(true) } else { is_whole.then_some(false) };
    questions.into_iter().map(|attributes| SpotCheck { expected: expected(&attributes), attributes }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::{inventory, roles, user_info};
    use super::*;

    #[test]
    fn what_is_held_is_asked_with_yes_and_what_is_telling_with_the_rules_answer() {
        let rules = json!([{"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}]);
        let (roles, inventory) = (
            roles(&[("", "r", rules)]),
            inventory(&[("", "b", "ClusterRole/r", json!([{"kind": "User", "name": "ann"}]))]),
        );
        let checks = spot_checks(&inventory, true, &roles, &user_info("ann", &[]));
        let allowed: Vec<String> = checks
            .iter()
            .filter(|check| check.expected == Some(true))
            .map(|check| check.attributes.to_string())
            .collect();
        assert_eq!((allowed, checks.len()), (vec!["list pods".to_owned()], 9));
        let telling: Vec<String> = checks.iter().map(|check| check.attributes.to_string()).collect();
        let expected = [
            "list pods",
            "* *.*",
            "list secrets",
            "create pods --subresource=exec",
            "get nodes",
            "impersonate users",
            "create clusterrolebindings.rbac.authorization.k8s.io",
            "create serviceaccounts --subresource=token",
            "get /metrics",
        ];
        assert_eq!(telling, expected);
        let masters = spot_checks(&inventory, false, &roles, &user_info("cy", &["system:masters"]));
        assert!(masters.len() == 9 && masters.iter().all(|check| check.expected == Some(true)));
    }

    #[test]
    fn what_was_not_read_is_not_expected_to_be_denied() {
        let inventory = inventory(&[("", "b", "ClusterRole/r", json!([{"kind": "User", "name": "ann"}]))]);
        let rules = json!([{"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}]);
        let read = roles(&[("", "r", rules)]);
        let expected = |bindings_are_whole, roles: &Roles| {
            let checks = spot_checks(&inventory, bindings_are_whole, roles, &user_info("ann", &[]));
            let count = |wanted| checks.iter().filter(|check| check.expected == wanted).count();
            [Some(true), Some(false), None].map(count)
        };
        assert_eq!(expected(true, &read), [1, 8, 0]);
        assert_eq!(expected(false, &read), [1, 0, 8]);
        assert_eq!(expected(true, &Roles::unread()), [0, 0, 9]);
        assert_eq!(expected(true, &Roles::default()), [0, 9, 0], "a role that is not there gives nothing");
        let mut but_namespaced = Roles::without_namespaced_roles();
        but_namespaced.append(read);
        assert_eq!(expected(true, &but_namespaced), [1, 8, 0], "what was not read is not what is bound");
        let mut but_cluster = Roles::without_cluster_roles();
        but_cluster.append(roles(&[("", "r", json!([{"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}]))]));
        assert_eq!(expected(true, &but_cluster), [1, 8, 0], "the role that is bound was read");
    }
}
