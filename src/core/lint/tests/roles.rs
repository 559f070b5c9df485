//! L02, L03, L04 and L09: what roles allow.

use serde_json::{Value, json};

use super::setting::*;

fn held(namespace: &str, rules: Value) -> Vec<String> {
    Setting::new().held(namespace, rules, json!([user("ann")])).findings()
}

#[test]
fn a_star_counts_where_it_allows_something() {
    let on = |verbs: &[&str], group: &str, resources: &[&str]| json!([rule(verbs, group, resources, &[])]);
    let every_verb = ["L02 ClusterRole/-/held User/ann"];
    let every_resource = ["L03 ClusterRole/-/held User/ann"];
    assert_eq!(held("", on(&["*"], "", &["configmaps"])), every_verb);
    assert_eq!(held("shop", on(&["get", "*"], "apps", &["deployments"])), every_verb);
    assert_eq!(held("", json!([path(&["*"], &["/metrics"])])), every_verb);
    assert_eq!(held("", on(&["get"], "apps", &["*"])), every_resource);
    assert_eq!(held("", on(&["get"], "*", &["pods"])), every_resource);
    assert_eq!(held("shop", on(&["*"], "*", &["*"])), every_verb, "one rule is one cause");
    for (namespace, rules) in [
        ("", on(&["get"], "", &["pods"])),
        ("", on(&["*"], "", &["pods/*"])),
        ("", on(&["get"], "*", &["*/scale"])),
        ("shop", on(&["*"], "", &["nodes"])),
        ("shop", json!([path(&["*"], &["/metrics"])])),
        ("", json!([path(&["get"], &["*"])])),
        ("", json!([rule(&["get"], "", &["secrets"], &["*"])])),
    ] {
        let findings = held(namespace, rules.clone());
        let expected: &[&str] = if rules[0]["apiGroups"][0] == "*" { &every_resource } else { &[] };
        assert_eq!(findings, expected, "{namespace} {rules}");
    }
    let unbound = Setting::new().role("", "wide", on(&["*"], "", &["pods"]));
    assert_eq!(unbound.findings(), [""; 0], "no one holds it");
}

#[test]
fn a_role_is_one_cause_however_often_it_is_bound() {
    let wide = json!([rule(&["*"], "", &["configmaps"], &[])]);
    let mut setting = Setting::new().role("", "wide", wide.clone());
    for namespace in ["a", "b", "c"] {
        setting = setting.bind(namespace, namespace, "wide", json!([user("ann"), user(namespace)]));
    }
    assert_eq!(setting.findings(), ["L02 ClusterRole/-/wide User/ann,User/a,User/b,User/c in 3"]);
    let template = |other: Value| {
        Setting::new()
            .role("a", "wide", wide.clone())
            .role("b", "wide", other)
            .bind("a", "x", "Role/wide", json!([user("ann")]))
            .bind("b", "x", "Role/wide", json!([user("ann")]))
            .findings()
    };
    assert_eq!(template(wide.clone()), ["L02 Role/a/wide User/ann in 2"], "one that stands alike in each namespace");
    let other = json!([rule(&["*"], "", &["pods"], &[])]);
    assert_eq!(template(other), ["L02 Role/a/wide User/ann", "L02 Role/b/wide User/ann"]);
}

#[test]
fn all_secrets_are_listed_or_watched_in_the_whole_cluster() {
    let on = |verbs: &[&str], resources: &[&str], names: &[&str]| json!([rule(verbs, "", resources, names)]);
    for verb in ["list", "watch"] {
        assert_eq!(held("", on(&["get", verb], &["pods", "secrets"], &[])), ["L04 ClusterRole/-/held User/ann"]);
    }
    let by_a_star = held("", json!([rule(&["list"], "*", &["*"], &[])]));
    assert_eq!(by_a_star, ["L04 ClusterRole/-/held User/ann", "L03 ClusterRole/-/held User/ann"]);
    for (namespace, rules) in [
        ("", on(&["get"], &["secrets"], &[])),
        ("", on(&["list", "watch"], &["secrets"], &["db"])),
        ("", on(&["list"], &["secrets/*"], &[])),
        ("", json!([rule(&["list"], "example.com", &["secrets"], &[])])),
        ("shop", on(&["list"], &["secrets"], &[])),
    ] {
        assert_eq!(held(namespace, rules.clone()), [""; 0], "{namespace} {rules}");
    }
}

#[test]
fn a_path_needs_all_that_it_takes() {
    let paths = |namespace: &str, rules: Value| -> Vec<String> {
        let setting = Setting::new()
            .bind("", "root", "cluster-admin", json!([account("kube-x", "root")]))
            .held(namespace, rules, json!([user("ann")]))
            .allow(&["L01:root"]);
        setting.findings()
    };
    let found = ["L09 ClusterRole/-/held User/ann"];
    let roles = |verbs: &[&str]| rule(verbs, RBAC, &["clusterroles"], &[]);
    let token = |names: &[&str]| json!([rule(&["create"], "", &["serviceaccounts/token"], names)]);
    for (namespace, rules) in [
        ("", json!([roles(&["escalate", "patch"])])),
        ("", json!([roles(&["bind"]), rule(&["create"], RBAC, &["clusterrolebindings"], &[])])),
        ("kube-x", token(&["root"])),
        ("kube-x", token(&[])),
        ("", json!([rule(&["impersonate"], "", &["users", "groups"], &[])])),
        ("kube-x", json!([rule(&["impersonate"], "", &["serviceaccounts"], &["root"])])),
    ] {
        assert_eq!(paths(namespace, rules.clone()), found, "{namespace} {rules}");
    }
    for (namespace, rules) in [
        ("", json!([roles(&["escalate"])])),
        ("", json!([roles(&["update", "patch"])])),
        ("", json!([roles(&["bind"])])),
        ("", json!([rule(&["create"], RBAC, &["clusterrolebindings"], &[])])),
        ("shop", token(&[])),
        ("kube-x", token(&["robot"])),
        ("", json!([rule(&["get"], "", &["pods/exec"], &[])])),
        // These depend on more than the API server.
        ("kube-x", json!([rule(&["create"], "", &["pods"], &[])])),
        ("kube-x", json!([rule(&["get"], "", &["secrets"], &[])])),
        ("", json!([rule(&["impersonate"], "", &["groups"], &[])])),
    ] {
        assert_eq!(paths(namespace, rules.clone()), [""; 0], "{namespace} {rules}");
    }
    let whole_namespace = paths("shop", json!([rule(&["*"], "*", &["*"], &[])]));
    assert_eq!(whole_namespace, ["L02 ClusterRole/-/held User/ann"], "a namespace without an administrator's account");
}

#[test]
fn users_with_one_first_step_are_one_cause() {
    let escalate = json!([rule(&["escalate", "update"], RBAC, &["clusterroles"], &[])]);
    let both = Setting::new().held("", escalate, json!([user("ann"), group("ops")])).findings();
    assert_eq!(both, ["L09 ClusterRole/-/held User/ann,Group/ops"]);
}

#[test]
fn kubernetes_own_components_are_known_by_all_that_they_are() {
    let name = "system:controller:clusterrole-aggregation-controller";
    let own = || rule(&["escalate", "get", "list", "patch", "update", "watch"], RBAC, &["clusterroles"], &[]);
    let own_account = || account("kube-system", "clusterrole-aggregation-controller");
    let findings = |rules: Value, binding: &str, subject: Value| {
        Setting::new().role("", name, rules).bind("", binding, name, json!([subject])).findings()
    };
    assert_eq!(findings(json!([own()]), name, own_account()), [""; 0]);
    let with_a_role_to_change = Setting::new()
        .role("", name, json!([own()]))
        .bind("", name, name, json!([own_account()]))
        .bind("", "all", "view", json!([group("dev"), own_account()]));
    assert_eq!(with_a_role_to_change.findings(), [""; 0], "the right is its own, whichever role it would change");
    let wider = json!([own(), rule(&["list"], "", &["secrets"], &[])]);
    assert_eq!(findings(wider, name, own_account()).len(), 2, "its role was widened");
    assert_eq!(findings(json!([own()]), "another", own_account()).len(), 1, "another binding");
    for other in [user("ann"), account("shop", "clusterrole-aggregation-controller"), group(name)] {
        assert_eq!(findings(json!([own()]), name, other.clone()).len(), 1, "{other}");
    }
    let collector = "system:controller:generic-garbage-collector";
    let collects = rule(&["delete", "get", "list", "patch", "update", "watch"], "*", &["*"], &[]);
    let setting = |rules: Value| {
        let subjects = json!([account("kube-system", "generic-garbage-collector")]);
        Setting::new().role("", collector, rules).bind("", collector, collector, subjects).findings()
    };
    assert_eq!(setting(json!([collects])), [""; 0]);
    assert_eq!(setting(json!([rule(&["create"], "*", &["*"], &[])])).len(), 1);
}
