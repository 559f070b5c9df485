use serde_json::{Value, json};

use super::*;
use crate::core::rbac::Roles;
use crate::core::rbac::fixtures::{attributes, inventory, roles, user_info};
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::kinds::tests::kinds;
use crate::core::rbac::who_can::AccessQuestion;

const RBAC: &str = "rbac.authorization.k8s.io";

fn full() -> Value {
    json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}])
}

fn rule(verbs: &[&str], group: &str, resources: &[&str], names: &[&str]) -> Value {
    json!({"verbs": verbs, "apiGroups": [group], "resources": resources, "resourceNames": names})
}

fn user(name: &str) -> Value {
    json!([{"kind": "User", "name": name}])
}

fn account(namespace: &str, name: &str) -> Value {
    json!([{"kind": "ServiceAccount", "name": name, "namespace": namespace}])
}

/// A cluster with an administrator of each kind, in which `ann` holds these rules by a binding of this namespace.
fn cluster(namespace: &str, rules: Value) -> (Inventory, Roles) {
    let roles = roles(&[
        ("", "cluster-admin", full()),
        ("", "tested", rules),
        ("", "view", json!([rule(&["get"], "", &["pods"], &[])])),
        ("", "small", json!([rule(&["get"], "", &["services"], &[])])),
    ]);
    let masters = json!([{"kind": "Group", "name": "system:masters"}, {"kind": "Group", "name": "ops"}]);
    let inventory = inventory(&[
        ("", "cluster-admin", "ClusterRole/cluster-admin", masters),
        ("", "root", "ClusterRole/cluster-admin", account("kube-x", "root")),
        ("", "boss", "ClusterRole/cluster-admin", user("boss")),
        ("shop", "robot", "ClusterRole/view", account("shop", "robot")),
        ("", "bo", "ClusterRole/view", user("bo")),
        (namespace, "tested", "ClusterRole/tested", user("ann")),
    ]);
    (inventory, roles)
}

fn paths_on(version: Option<u32>, namespace: &str, rules: Value) -> Vec<String> {
    let (inventory, roles) = cluster(namespace, rules);
    let cluster = ReachCluster::new(&inventory, &[], &roles, Discovered { minor_version: version });
    let paths = Reach::new(cluster).paths(&user_info("ann", &["system:authenticated"]));
    let paths_of = |path: &ReachPath<'_>| {
        let steps: Vec<String> = path.steps.iter().map(|step| format!("{:?}", step.primitive)).collect();
        format!("{:?} {} by {}", path.certainty(), path.target, steps.join(", "))
    };
    paths.iter().map(paths_of).collect()
}

fn paths_of(namespace: &str, rules: Value) -> Vec<String> {
    paths_on(Some(36), namespace, rules)
}

#[test]
fn full_rights_are_an_administrators_and_in_a_namespace_that_namespaces() {
    assert_eq!(paths_of("", full()), ["Exact administrator of the cluster by FullRights"]);
    assert_eq!(
        paths_of("shop", full()).first().map(String::as_str),
        Some("Exact administrator of namespace shop by FullRights")
    );
    assert!(!paths_of("shop", full()).iter().any(|path| path.contains("cluster")), "{:?}", paths_of("shop", full()));
}

#[test]
fn who_acts_as_others_becomes_them_with_the_groups_that_may_be_named() {
    let masters = "Exact member of system:masters by Impersonate";
    let all = rule(&["impersonate"], "", &["users", "groups"], &[]);
    assert_eq!(paths_of("", json!([all])), [masters]);
    assert_eq!(paths_of("", json!([rule(&["*"], "", &["*"], &[])]))[0], masters, "core rights alone");
    let groups = rule(&["impersonate"], "", &["groups"], &["ops"]);
    let users = rule(&["impersonate"], "", &["users"], &["bo"]);
    let expected = ["Exact administrator of the cluster by Impersonate, FullRights"];
    assert_eq!(paths_of("", json!([groups, users])), expected);
    assert_eq!(paths_of("", json!([groups])), [""; 0], "a group without a user is refused");
    assert_eq!(paths_of("", json!([users])), ["Exact User/bo by Impersonate"]);
    assert_eq!(paths_of("shop", json!([all])), [""; 0], "users are the cluster's");
    let account = rule(&["impersonate"], "", &["serviceaccounts"], &["root"]);
    assert_eq!(paths_of("kube-x", json!([account])), expected);
    assert_eq!(paths_of("shop", json!([account])), ["Exact ServiceAccount/shop/root by Impersonate"]);
}

#[test]
fn acting_for_some_verbs_alone_is_less_than_the_others_rights() {
    let rules = || {
        json!([
            rule(&["impersonate:user-info"], "authentication.k8s.io", &["users"], &["boss"]),
            rule(&["impersonate-on:user-info:create"], "", &["serviceaccounts/token"], &[]),
        ])
    };
    assert_eq!(
        paths_of("", rules()).iter().filter(|path| path.contains("cluster")).collect::<Vec<_>>(),
        ["Exact administrator of the cluster by ConstrainedImpersonate, Token, FullRights"]
    );
    assert!(paths_on(None, "", rules()).iter().all(|path| path.starts_with("Depends")));
    assert_eq!(paths_on(Some(33), "", rules()), [""; 0]);
    let nothing_to_do = json!([rule(&["impersonate:user-info"], "authentication.k8s.io", &["users"], &["boss"])]);
    assert_eq!(paths_of("", nothing_to_do), [""; 0]);
    let masters = json!([
        rule(&["impersonate:user-info"], "authentication.k8s.io", &["users"], &["boss"]),
        rule(&["impersonate:user-info"], "authentication.k8s.io", &["groups"], &["system:masters"]),
        rule(&["impersonate-on:user-info:get"], "", &["pods"], &[]),
    ]);
    assert_eq!(paths_of("", masters), ["Exact User/boss by ConstrainedImpersonate"]);
    let node = |name: &str| {
        json!([
            rule(&["impersonate:arbitrary-node"], "authentication.k8s.io", &["nodes"], &[name]),
            rule(&["impersonate-on:arbitrary-node:get"], "", &["pods"], &[]),
        ])
    };
    assert_eq!(paths_of("", node("n1")), ["Exact User/system:node:n1 by ConstrainedImpersonate"]);
    assert_eq!(paths_of("", node("*")), [""; 0]);
}

#[test]
fn a_token_makes_one_its_service_account_and_goes_on_to_its_end() {
    let token = |names: &[&str]| json!([rule(&["create"], "", &["serviceaccounts/token"], names)]);
    let admin = "Exact administrator of the cluster by Token, FullRights";
    assert_eq!(paths_of("kube-x", token(&["root"])), [admin]);
    let of_shop = ["Exact any ServiceAccount in namespace shop by Token", "Exact ServiceAccount/shop/robot by Token"];
    assert_eq!(paths_of("shop", token(&[])), of_shop);
    let all = paths_of("", token(&[]));
    assert!(
        all.contains(&admin.to_owned()) && all.contains(&"Exact any ServiceAccount by Token".to_owned()),
        "{all:?}"
    );
}

#[test]
fn a_role_is_written_only_with_both_rights() {
    let on = |verbs: &[&str], resource: &str, names: &[&str]| rule(verbs, RBAC, &[resource], names);
    let admin = "Exact administrator of the cluster by Escalate";
    assert_eq!(paths_of("", json!([on(&["escalate", "update"], "clusterroles", &["tested"])])), [admin]);
    assert_eq!(paths_of("", json!([on(&["escalate", "patch"], "clusterroles", &[])])), [admin]);
    for rules in [
        json!([on(&["escalate"], "clusterroles", &[])]),
        json!([on(&["update", "patch", "create"], "clusterroles", &[])]),
        json!([on(&["escalate", "update"], "clusterroles", &["view"])]),
        json!([on(&["escalate"], "clusterroles", &["tested"]), on(&["update"], "clusterroles", &["view"])]),
        json!([on(&["bind"], "clusterroles", &[])]),
        json!([on(&["create", "update"], "clusterrolebindings", &[])]),
    ] {
        assert_eq!(paths_of("", rules.clone()), [""; 0], "{rules}");
    }
    let both = json!([on(&["escalate", "update"], "clusterroles", &[])]);
    assert_eq!(paths_of("shop", both), [""; 0], "ClusterRoles are the cluster's");
}

/// Which role one comes to hold is said where it is one alone.
#[test]
fn a_step_names_the_one_role_that_it_gives() {
    let gives = |names: &[&str]| {
        let write = rule(&["create"], RBAC, &["clusterrolebindings"], &[]);
        let (inventory, roles) = cluster("", json!([rule(&["bind"], RBAC, &["clusterroles"], names), write]));
        let cluster = ReachCluster::new(&inventory, &[], &roles, Discovered { minor_version: Some(36) });
        let paths = Reach::new(cluster).paths(&user_info("ann", &["system:authenticated"]));
        paths[0].steps[0].becomes.as_ref().map(ToString::to_string)
    };
    assert_eq!(gives(&["small"]).as_deref(), Some("holder of ClusterRole/small"));
    assert_eq!(gives(&["small", "view"]), None);
}

#[test]
fn a_binding_is_written_only_with_both_rights() {
    let bind = |names: &[&str]| rule(&["bind"], RBAC, &["clusterroles"], names);
    let write = |plural: &str| rule(&["create"], RBAC, &[plural], &[]);
    let admin = ["Exact administrator of the cluster by Bind"];
    assert_eq!(paths_of("", json!([bind(&[]), write("clusterrolebindings")])), admin);
    assert_eq!(paths_of("", json!([bind(&["cluster-admin"]), write("clusterrolebindings")])), admin);
    assert_eq!(
        paths_of("", json!([bind(&["small"]), write("clusterrolebindings")])),
        ["Exact holder of ClusterRole/small by Bind"]
    );
    assert_eq!(
        paths_of("shop", json!([bind(&["cluster-admin"]), write("rolebindings")]))[0],
        "Exact administrator of namespace shop by Bind"
    );
    let any = paths_of("", json!([bind(&[]), write("rolebindings")]));
    assert!(any.contains(&"Exact administrator of any namespace by Bind".to_owned()), "{any:?}");
    let by_an_account = "Exact administrator of the cluster by Bind, Impersonate, FullRights".to_owned();
    assert!(any.contains(&by_an_account), "a namespace has an account with full rights: {any:?}");
    assert!(!any.iter().any(|path| path.contains("holder of")), "nothing is left to be bound: {any:?}");
    let change = rule(&["patch"], RBAC, &["clusterrolebindings"], &["boss"]);
    assert_eq!(paths_of("", json!([bind(&["cluster-admin"]), change])), admin);
    assert_eq!(paths_of("", json!([bind(&["small"]), change])), [""; 0], "the binding grants another role");
}

#[test]
fn certificates_mappings_and_admission_depend_on_others() {
    let csr = |verbs: &[&str], resource: &str| rule(verbs, "certificates.k8s.io", &[resource], &[]);
    let approve = rule(&["approve"], "certificates.k8s.io", &["signers"], &["kubernetes.io/kube-apiserver-client"]);
    let whole = [
        csr(&["create"], "certificatesigningrequests"),
        csr(&["update"], "certificatesigningrequests/approval"),
        approve,
    ];
    let found = paths_of("", json!(whole));
    assert!(found.contains(&"Depends any user by CertificateRequest".to_owned()), "{found:?}");
    assert!(found.contains(&"Depends administrator of the cluster by CertificateRequest, FullRights".to_owned()));
    assert!(!found.iter().any(|path| path.contains("masters")), "the server refuses that at creation: {found:?}");
    for missing in 0..3 {
        let some: Vec<&Value> =
            whole.iter().enumerate().filter(|(index, _)| *index != missing).map(|(_, rule)| rule).collect();
        assert_eq!(paths_of("", json!(some)), [""; 0], "{some:?}");
    }
    let mapping = json!([rule(&["create"], "ramauthenticator.k8s.alibabacloud", &["ramidentitymappings"], &[])]);
    let by_mapping = ["Depends member of system:masters by Mapping", "Depends any user by Mapping"];
    assert_eq!(paths_of("", mapping), by_mapping);
    let config_map = json!([rule(&["update"], "", &["configmaps"], &["alibabacloud-auth"])]);
    assert_eq!(paths_of("kube-system", config_map.clone()), by_mapping);
    assert_eq!(paths_of("shop", config_map), [""; 0]);
    let webhook = json!([rule(&["patch"], "admissionregistration.k8s.io", &["mutatingwebhookconfigurations"], &[])]);
    assert_eq!(paths_of("", webhook), ["Depends administrator of the cluster by Admission"]);
}

#[test]
fn pods_and_secrets_lead_to_the_service_accounts_of_their_namespace() {
    let workload =
        ["Depends any ServiceAccount in namespace shop by Workload", "Depends ServiceAccount/shop/robot by Workload"];
    for (verb, group, resource) in [
        ("create", "", "pods"),
        ("patch", "apps", "deployments"),
        ("create", "", "pods/exec"),
        ("update", "", "pods/ephemeralcontainers"),
    ] {
        assert_eq!(paths_of("shop", json!([rule(&[verb], group, &[resource], &[])])), workload, "{verb} {resource}");
    }
    let get_exec = || json!([rule(&["get"], "", &["pods/exec"], &[])]);
    assert_eq!(paths_of("shop", get_exec()), [""; 0], "the second check asks for create");
    assert_eq!(paths_on(Some(33), "shop", get_exec()), workload);
    assert_eq!(paths_on(None, "shop", get_exec()), workload);
    assert_eq!(paths_of("shop", json!([rule(&["list", "watch"], "", &["pods"], &[])])), [""; 0]);
    let secrets = paths_of("", json!([rule(&["list"], "", &["secrets"], &[])]));
    assert_eq!(secrets[0], "Exact reader of all Secrets by ReadSecrets");
    assert!(secrets.contains(&"Depends administrator of the cluster by ReadSecrets, FullRights".to_owned()));
    let make = paths_of("shop", json!([rule(&["create", "get"], "", &["secrets"], &[])]));
    assert!(make.contains(&"Depends ServiceAccount/shop/robot by MakeSecrets".to_owned()), "{make:?}");
}

#[test]
fn rights_of_two_user_infos_are_not_joined() {
    let roles = roles(&[
        ("", "cluster-admin", full()),
        ("", "binds", json!([rule(&["bind"], RBAC, &["clusterroles"], &[])])),
        ("", "writes", json!([rule(&["create"], RBAC, &["clusterrolebindings"], &[])])),
    ]);
    let inventory =
        inventory(&[("", "a", "ClusterRole/binds", user("200")), ("", "b", "ClusterRole/writes", user("200-1"))]);
    for name in ["200", "200-1"] {
        let mut reach = Reach::new(ReachCluster::new(&inventory, &[], &roles, Discovered::default()));
        assert!(reach.paths(&user_info(name, &["system:users", "system:authenticated"])).is_empty(), "{name}");
    }
}

#[test]
fn paths_go_on_over_several_users_and_end_in_no_cycle() {
    let token = |namespace: &str, name: &str| {
        (namespace.to_owned(), rule(&["create"], "", &["serviceaccounts/token"], &[name]))
    };
    let chain = [token("a", "one"), token("b", "two"), token("c", "three"), token("d", "four")];
    let mut all = vec![("".to_owned(), "cluster-admin".to_owned(), full())];
    let mut bindings: Vec<(String, String, String, Value)> = Vec::new();
    for (index, (namespace, rule)) in chain.iter().enumerate() {
        let subject = match index {
            0 => user("ann"),
            _ => {
                let (before, rule) = &chain[index - 1];
                account(before, rule["resourceNames"][0].as_str().unwrap())
            }
        };
        // Each goes back to the first, too.
        let back = self::rule(&["impersonate"], "", &["users"], &["ann"]);
        all.push((namespace.clone(), "next".to_owned(), json!([rule])));
        all.push(("".to_owned(), format!("back-{index}"), json!([back])));
        bindings.push((namespace.clone(), format!("next-{index}"), "Role/next".to_owned(), subject.clone()));
        bindings.push(("".to_owned(), format!("back-{index}"), format!("ClusterRole/back-{index}"), subject));
    }
    bindings.push(("".to_owned(), "end".to_owned(), "ClusterRole/cluster-admin".to_owned(), account("d", "four")));
    let texts: Vec<(&str, &str, Value)> =
        all.iter().map(|(namespace, name, rules)| (namespace.as_str(), name.as_str(), rules.clone())).collect();
    let bound: Vec<(&str, &str, &str, Value)> = bindings
        .iter()
        .map(|(namespace, name, role, subjects)| (namespace.as_str(), name.as_str(), role.as_str(), subjects.clone()))
        .collect();
    let (roles, inventory) = (roles(&texts), inventory(&bound));
    let mut reach = Reach::new(ReachCluster::new(&inventory, &[], &roles, Discovered::default()));
    let paths = reach.paths(&user_info("ann", &["system:authenticated"]));
    let [path] = paths.as_slice() else { panic!("{paths:?}") };
    assert_eq!((path.target.clone(), path.steps.len()), (Target::Administrator, 5), "{path:?}");
    let bindings: Vec<&str> = path.steps.iter().flat_map(|step| &step.bindings).map(|binding| binding.name()).collect();
    assert_eq!(bindings, ["next-0", "next-1", "next-2", "next-3", "end"]);
}

#[test]
fn who_could_become_one_that_may_do_it() {
    let (inventory, roles) = cluster("kube-x", json!([rule(&["create"], "", &["serviceaccounts/token"], &["root"])]));
    let cluster = ReachCluster::new(&inventory, &[], &roles, Discovered::default());
    let all_users = cluster.all_users();
    let mut reach = Reach::new(cluster);
    let question = AccessQuestion::new(attributes("delete", "", "pods", ""), None, &kinds());
    let paths_of: Vec<String> = reach
        .becoming(&all_users, &question)
        .into_iter()
        .map(|one| format!("{} {} {}", one.who.name, one.path.target, one.path.steps.len()))
        .collect();
    assert_eq!(paths_of, ["ann administrator of the cluster 1"]);
    assert!(all_users.iter().any(|info| info.groups == ["ops", "system:authenticated"]), "{all_users:?}");
}

/// Of many who hold the same, one is looked at; the same role elsewhere is another matter.
#[test]
fn what_leads_nowhere_in_one_namespace_may_lead_on_in_another() {
    let token = json!([rule(&["create"], "", &["serviceaccounts/token"], &["root"])]);
    let roles = roles(&[("", "token", token), ("", "cluster-admin", full())]);
    let inventory = inventory(&[
        ("shop", "a", "ClusterRole/token", user("ann")),
        ("shop", "b", "ClusterRole/token", user("bo")),
        ("kube-x", "c", "ClusterRole/token", user("cy")),
        ("shop", "d", "ClusterRole/token", user("dora")),
        ("kube-x", "d", "ClusterRole/token", user("dora")),
        ("", "root", "ClusterRole/cluster-admin", account("kube-x", "root")),
    ]);
    let cluster = ReachCluster::new(&inventory, &[], &roles, Discovered::default());
    let starts = ["ann", "bo", "cy", "dora"].map(|name| user_info(name, &["system:authenticated"]));
    let question = AccessQuestion::new(attributes("delete", "", "pods", ""), None, &kinds());
    let found = Reach::new(cluster).becoming(&starts, &question);
    assert_eq!(found.iter().map(|one| one.who.name.as_str()).collect::<Vec<_>>(), ["cy", "dora"]);
}

/// Paths of `ann` where these are all the roles and bindings that there are.
fn paths_in(all: &[(&str, &str, Value)], bindings: &[(&str, &str, &str, Value)]) -> Vec<String> {
    let (roles, inventory) = (roles(all), inventory(bindings));
    let cluster = ReachCluster::new(&inventory, &[], &roles, Discovered { minor_version: Some(36) });
    let paths = Reach::new(cluster).paths(&user_info("ann", &["system:authenticated"]));
    let text = |path: &ReachPath<'_>| {
        let steps: Vec<String> = path.steps.iter().map(|step| format!("{:?}", step.primitive)).collect();
        format!("{} by {}", path.target, steps.join(", "))
    };
    paths.iter().map(text).collect()
}

#[test]
fn who_may_act_as_one_for_everything_is_not_said_to_act_as_them_for_some_verbs() {
    let for_some = |resource: &str, mode: &str, name: &str| {
        let verb = format!("impersonate:{mode}");
        let on = format!("impersonate-on:{mode}:get");
        [
            rule(&[verb.as_str()], "authentication.k8s.io", &[resource], &[name]),
            rule(&[on.as_str()], "", &["pods"], &[]),
        ]
    };
    let whole = |resource: &str, name: &str| rule(&["impersonate"], "", &[resource], &[name]);
    let [some, what] = for_some("users", "user-info", "bo");
    assert_eq!(paths_of("", json!([some, what])), ["Exact User/bo by ConstrainedImpersonate"]);
    assert_eq!(paths_of("", json!([some, what, whole("users", "bo")])), ["Exact User/bo by Impersonate"]);
    let [some, what] = for_some("serviceaccounts", "serviceaccount", "robot");
    assert_eq!(paths_of("shop", json!([some, what])), ["Exact ServiceAccount/shop/robot by ConstrainedImpersonate"]);
    let both = json!([some, what, whole("serviceaccounts", "robot")]);
    assert_eq!(paths_of("shop", both), ["Exact ServiceAccount/shop/robot by Impersonate"]);
}

#[test]
fn nodes_and_service_accounts_are_no_users_to_act_as_everywhere() {
    let as_user = |name: &str| json!([rule(&["impersonate"], "", &["users"], &[name])]);
    assert_eq!(paths_of("", as_user("system:node:n1")), ["Exact User/system:node:n1 by Impersonate"]);
    assert_eq!(paths_of("", as_user("system:serviceaccount:kube-x:root")), [""; 0], "that is asked of serviceaccounts");
    for name in ["system:node:n1", "system:serviceaccount:kube-x:root"] {
        let rules = json!([
            rule(&["impersonate:user-info"], "authentication.k8s.io", &["users"], &[name]),
            rule(&["impersonate-on:user-info:get"], "", &["pods"], &[]),
        ]);
        assert_eq!(paths_of("", rules), [""; 0], "{name}");
    }
}

#[test]
fn who_acts_as_users_and_accounts_becomes_both() {
    let rules = json!([
        rule(&["impersonate"], "", &["users"], &["bo"]),
        rule(&["impersonate"], "", &["serviceaccounts"], &["robot"])
    ]);
    let found = paths_of("", rules);
    assert_eq!(found, ["Exact User/bo by Impersonate", "Exact ServiceAccount/shop/robot by Impersonate"]);
}

#[test]
fn what_is_allowed_in_two_namespaces_leads_to_the_accounts_of_both() {
    let token = json!([rule(&["create"], "", &["serviceaccounts/token"], &[])]);
    let found = paths_in(
        &[("", "token", token), ("", "view", json!([rule(&["get"], "", &["pods"], &[])]))],
        &[
            ("a", "one", "ClusterRole/token", user("ann")),
            ("b", "two", "ClusterRole/token", user("ann")),
            ("a", "robot", "ClusterRole/view", account("a", "robot")),
            ("b", "robot", "ClusterRole/view", account("b", "robot")),
        ],
    );
    for namespace in ["a", "b"] {
        assert!(found.contains(&format!("any ServiceAccount in namespace {namespace} by Token")), "{found:?}");
        assert!(found.contains(&format!("ServiceAccount/{namespace}/robot by Token")), "{found:?}");
    }
    let star = json!([rule(&["create"], "", &["serviceaccounts/token"], &["*"])]);
    assert_eq!(paths_of("shop", star), [""; 0], "a star among the names is no wildcard");
}

#[test]
fn a_role_of_a_namespace_is_written_there() {
    let write = |verbs: &[&str]| json!([rule(verbs, RBAC, &["roles"], &["own"])]);
    let own = |rules| paths_in(&[("shop", "own", rules)], &[("shop", "own", "Role/own", user("ann"))]);
    assert_eq!(own(write(&["escalate", "update"]))[0], "administrator of namespace shop by Escalate");
    assert_eq!(own(json!([rule(&["escalate", "update"], RBAC, &["clusterroles"], &["own"])])), [""; 0]);
}

#[test]
fn a_role_is_bound_where_it_is_not_held_yet_and_leads_on() {
    let on = |verbs: &[&str], resource: &str, names: &[&str]| rule(verbs, RBAC, &[resource], names);
    let binder = json!([on(&["bind"], "clusterroles", &["small", "ghost"]), on(&["create"], "rolebindings", &[])]);
    let small = json!([rule(&["get"], "", &["services"], &[])]);
    let case = |held_in: &str| {
        paths_in(
            &[("", "binder", binder.clone()), ("", "small", small.clone())],
            &[
                ("shop", "binder", "ClusterRole/binder", user("ann")),
                (held_in, "small", "ClusterRole/small", user("ann")),
            ],
        )
    };
    assert_eq!(case("shop"), [""; 0], "it is held there, and ghost does not exist");
    assert_eq!(case("other"), ["holder of ClusterRole/small in namespace shop by Bind"]);

    let step = json!([on(&["bind"], "clusterroles", &["cluster-admin"])]);
    let first = json!([on(&["bind"], "clusterroles", &["step"]), on(&["create"], "clusterrolebindings", &[])]);
    let found = paths_in(
        &[("", "first", first), ("", "step", step), ("", "cluster-admin", full())],
        &[("", "first", "ClusterRole/first", user("ann"))],
    );
    assert_eq!(found, ["administrator of the cluster by Bind, Bind"]);
}

#[test]
fn a_binding_is_changed_where_it_is_and_to_roles_of_its_kind() {
    let rules = |bind: &str, name: &str| {
        json!([rule(&["bind"], RBAC, &[bind], &["cluster-admin"]), rule(&["patch"], RBAC, &["rolebindings"], &[name])])
    };
    let case = |bind: &str, name: &str| {
        paths_in(
            &[("", "cluster-admin", full()), ("", "tested", rules(bind, name))],
            &[
                ("shop", "tested", "ClusterRole/tested", user("ann")),
                ("shop", "team", "ClusterRole/cluster-admin", user("bo")),
                ("other", "theirs", "ClusterRole/cluster-admin", user("bo")),
                ("", "all", "ClusterRole/cluster-admin", user("bo")),
            ],
        )
    };
    assert_eq!(case("clusterroles", "team")[0], "administrator of namespace shop by Bind");
    for (bind, name) in [("clusterroles", "theirs"), ("clusterroles", "all"), ("roles", "team")] {
        assert_eq!(case(bind, name), [""; 0], "{bind} {name}");
    }
}

#[test]
fn the_role_with_full_rights_is_bound_alone_and_others_together() {
    let on = |verbs: &[&str], resource: &str, names: &[&str]| rule(verbs, RBAC, &[resource], names);
    let requests = |names: &[&str]| {
        let rules = json!([on(&["bind"], "clusterroles", names), on(&["create"], "clusterrolebindings", &[])]);
        let (inventory, roles) = cluster("", rules);
        let cluster = ReachCluster::new(&inventory, &[], &roles, Discovered::default());
        let paths = Reach::new(cluster).paths(&user_info("ann", &["system:authenticated"]));
        paths.iter().map(|path| (path.target.to_string(), path.steps[0].attributes.len())).collect::<Vec<_>>()
    };
    assert_eq!(requests(&["cluster-admin", "small", "view"]), [("administrator of the cluster".to_owned(), 2)]);
    let both = ["holder of ClusterRole/small", "holder of ClusterRole/view"].map(|target| (target.to_owned(), 3));
    assert_eq!(requests(&["small", "view"]), both);
}

#[test]
fn a_path_goes_on_for_five_steps_and_no_further() {
    let chain = |length: usize| {
        let next = |index: usize| rule(&["create"], "", &["serviceaccounts/token"], &[format!("s{index}").as_str()]);
        let names: Vec<String> = (0..length).map(|index| format!("r{index}")).collect();
        let mut all = vec![("", "cluster-admin", full())];
        all.extend(names.iter().enumerate().map(|(index, name)| ("", name.as_str(), json!([next(index)]))));
        let granted: Vec<String> = names.iter().map(|name| format!("ClusterRole/{name}")).collect();
        let holder = |index: usize| match index {
            0 => user("ann"),
            _ => account("a", &format!("s{}", index - 1)),
        };
        let mut bindings: Vec<_> = granted
            .iter()
            .enumerate()
            .map(|(index, role)| ("a", names[index].as_str(), role.as_str(), holder(index)))
            .collect();
        bindings.push(("", "end", "ClusterRole/cluster-admin", holder(length)));
        paths_in(&all, &bindings)
    };
    let end = "administrator of the cluster by Token, Token, Token, Token, Token, FullRights";
    assert_eq!(chain(5), [end]);
    assert_eq!(chain(6), ["ServiceAccount/a/s4 by Token, Token, Token, Token, Token"]);
}

#[test]
fn full_rights_in_several_namespaces_are_an_administrators_of_each() {
    let all = [("", "all", full())];
    let of_each = [("a", "all", "ClusterRole/all", user("ann")), ("b", "all", "ClusterRole/all", user("ann"))];
    let admin = |namespace: &str| format!("administrator of namespace {namespace} by FullRights");
    assert_eq!(paths_in(&all, &of_each)[..2], [admin("a"), admin("b")]);
    let (roles, inventory) = (roles(&all), inventory(&of_each));
    let paths = Reach::new(ReachCluster::new(&inventory, &[], &roles, Discovered::default()))
        .paths(&user_info("ann", &["system:authenticated"]));
    let asked: Vec<String> = paths[..2].iter().map(|path| path.steps[0].attributes[0].to_string()).collect();
    assert_eq!(asked, ["* *.* in namespace a", "* *.* in namespace b"]);
}

#[test]
fn from_the_top_nothing_more_is_looked_for() {
    let masters = json!([{"kind": "Group", "name": "system:masters"}]);
    let found = paths_in(
        &[
            ("", "acts", json!([rule(&["impersonate"], "", &["users", "groups"], &[])])),
            ("", "token", json!([rule(&["create"], "", &["serviceaccounts/token"], &["robot"])])),
        ],
        &[
            ("", "acts", "ClusterRole/acts", user("ann")),
            ("shop", "token", "ClusterRole/token", masters),
            ("shop", "robot", "ClusterRole/token", account("shop", "robot")),
        ],
    );
    assert_eq!(found, ["member of system:masters by Impersonate"]);
}

#[test]
fn a_service_account_that_makes_its_own_token_becomes_no_other() {
    let (roles, inventory) = (
        roles(&[("", "token", json!([rule(&["create"], "", &["serviceaccounts/token"], &["robot"])]))]),
        inventory(&[("shop", "token", "ClusterRole/token", account("shop", "robot"))]),
    );
    // As the server sees one that came by a mapping: without the groups of service accounts.
    let info = user_info("system:serviceaccount:shop:robot", &["system:authenticated"]);
    let paths = Reach::new(ReachCluster::new(&inventory, &[], &roles, Discovered::default())).paths(&info);
    assert!(paths.is_empty(), "{paths:?}");
}

#[test]
fn the_kubelets_of_a_cluster_lead_to_any_service_account() {
    let proxy = json!([rule(&["create"], "", &["nodes/proxy"], &[])]);
    let found = paths_of("", proxy.clone());
    assert!(found.contains(&"Depends any ServiceAccount by Kubelet".to_owned()), "{found:?}");
    assert_eq!(paths_of("shop", proxy), [""; 0], "nodes are the cluster's");
}

#[test]
fn what_leads_to_the_accounts_of_all_namespaces_is_not_said_of_one() {
    let pods = json!([rule(&["create"], "", &["pods"], &[])]);
    let found = paths_in(
        &[("", "pods", pods)],
        &[("", "all", "ClusterRole/pods", user("ann")), ("shop", "one", "ClusterRole/pods", user("ann"))],
    );
    assert_eq!(found, ["any ServiceAccount by Workload"]);
}

#[test]
fn who_acts_as_another_for_some_verbs_may_do_these_alone() {
    let rules = json!([
        rule(&["impersonate:user-info"], "authentication.k8s.io", &["users"], &["boss"]),
        rule(&["impersonate-on:user-info:get"], "", &["pods"], &[]),
    ]);
    let (inventory, roles) = cluster("", rules);
    let becoming = |verb: &str| {
        let cluster = ReachCluster::new(&inventory, &[], &roles, Discovered { minor_version: Some(36) });
        let question = AccessQuestion::new(attributes(verb, "", "pods", ""), None, &kinds());
        let ann = [user_info("ann", &["system:authenticated"])];
        let found = Reach::new(cluster).becoming(&ann, &question);
        found.iter().map(|one| one.who.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(becoming("get"), ["ann"]);
    assert_eq!(becoming("delete"), [""; 0]);
}
