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
