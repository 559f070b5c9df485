//! L01, L05, L06, L07 and L08: what bindings and mappings give, to whom.

use serde_json::{Value, json};

use super::setting::*;
use crate::core::ids::Uid;
use crate::core::lint::Rule;
use crate::core::rbac::Roles;
use crate::core::rbac::mapping::{MappedIdentity, Mapping, MappingOrigin};

#[test]
fn full_rights_are_the_whole_clusters() {
    let admin =
        |namespace: &str, subjects: Value| Setting::new().bind(namespace, "a", "cluster-admin", subjects).findings();
    assert_eq!(admin("", json!([user("ann")])), ["L01 ClusterRoleBinding/-/a User/ann"]);
    let masters = || group("system:masters");
    assert_eq!(admin("", json!([masters()])), [""; 0], "RBAC is not asked for its members");
    let beside = ["L01 ClusterRoleBinding/-/a User/ann beside Group/system:masters"];
    assert_eq!(admin("", json!([masters(), user("ann")])), beside);
    assert_eq!(admin("", json!([])), [""; 0]);
    let here = admin("shop", json!([user("ann")]));
    assert_eq!(here, ["L02 ClusterRole/-/cluster-admin User/ann"], "a namespace is not the cluster");
    // What kubectl auth can-i takes for everything.
    let core = Setting::new().held("", json!([rule(&["*"], "", &["*"], &[])]), json!([user("ann")])).findings();
    let expected =
        ["L04 ClusterRole/-/held User/ann", "L09 ClusterRole/-/held User/ann", "L02 ClusterRole/-/held User/ann"];
    assert_eq!(core, expected, "it leads to full rights by impersonation");
    let named = json!([rule(&["*"], "*", &["*"], &["a"])]);
    let named = Setting::new().held("", named, json!([user("ann")])).findings();
    assert!(!named.iter().any(|line| line.starts_with("L01")), "{named:?}");
}

#[test]
fn one_who_is_mapped_into_masters_has_full_rights_without_a_binding() {
    let mapping = |origin, groups: &[&str]| Mapping {
        origin,
        name: "ops".into(),
        identity: MappedIdentity::Arn("acs:ram::1000:role/ops".into()),
        uid: Uid::parse("300"),
        account: None,
        username: "ops".into(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        created: None,
    };
    let findings = |mapping| {
        Setting::new().mapping(mapping).verdict("300", crate::core::identity::verdict::State::Active).findings()
    };
    assert_eq!(
        findings(mapping(MappingOrigin::Object, &["system:masters"])),
        ["L01 RAMIdentityMapping/-/ops User/ops"]
    );
    assert_eq!(findings(mapping(MappingOrigin::ConfigMap, &["dev", "system:masters"])).len(), 1);
    assert_eq!(findings(mapping(MappingOrigin::Object, &["masters", "dev"])), [""; 0]);
}

#[test]
fn what_is_accepted_is_no_finding_and_is_counted() {
    let findings = |names: &[&str]| {
        let setting = Setting::new()
            .bind("", "root", "cluster-admin", json!([user("ann"), user("200-17"), group("ops")]))
            .bind("shop", "gone", "no-such-role", json!([user("ann")]))
            .verdict("200", crate::core::identity::verdict::State::Active)
            .allow(names);
        setting.look(|linted, allowed| {
            let findings: Vec<String> =
                linted.findings.iter().map(|one| format!("{} {}", one.rule.id(), one.subjects)).collect();
            let counts: Vec<usize> = allowed.allowances().iter().map(|one| one.count()).collect();
            (findings, counts)
        })
    };
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    let all = lines(&["L01 User/ann,User/200-17,Group/ops", "L08 User/ann"]);
    assert_eq!(findings(&[]), (all.clone(), vec![]));
    assert_eq!(findings(&["nobody"]), (all.clone(), vec![0]), "what accepts nothing is reported");
    for place in ["root", "ClusterRoleBinding/-/root", "L01:root"] {
        assert_eq!(findings(&[place]), (lines(&["L08 User/ann"]), vec![1]), "{place}");
    }
    let without_ann = lines(&["L01 User/200-17,Group/ops"]);
    assert_eq!(findings(&["ann"]), (without_ann.clone(), vec![2]));
    assert_eq!(findings(&["User/ann"]), (without_ann, vec![2]));
    assert_eq!(findings(&["L08:ann"]), (lines(&["L01 User/ann,User/200-17,Group/ops"]), vec![1]), "for one rule");
    assert_eq!(findings(&["200"]).0[0], "L01 User/ann,Group/ops", "a UID stands for the names of the identity");
    assert_eq!(findings(&["Group/ann", "an", "roo", "L02:root"]).0, all, "names are whole");
    assert_eq!(findings(&["200", "User/ann", "ops"]).0, lines(&[]));
}

#[test]
fn everyone_may_have_the_defaults_and_no_more() {
    let bound = |name: &str, role: &str, subjects: Value| Setting::new().bind("", name, role, subjects).findings();
    let everyone = || json!([group("system:authenticated")]);
    for role in ["system:basic-user", "system:discovery"] {
        assert_eq!(bound(role, role, everyone()), [""; 0]);
        assert_eq!(bound("again", role, everyone()), [""; 0], "another binding of the same adds nothing");
    }
    let discovery_for_all = bound("again", "system:discovery", json!([group("system:unauthenticated")]));
    assert_eq!(discovery_for_all, ["L05 ClusterRoleBinding/-/again Group/system:unauthenticated"]);
    assert_eq!(bound("again", "system:public-info-viewer", json!([group("system:unauthenticated")])), [""; 0]);
    let with_ann = json!([group("system:authenticated"), user("ann")]);
    assert_eq!(bound("system:basic-user", "system:basic-user", with_ann), [""; 0], "no one has more by it");

    let log = |namespace: &str, subjects: Value| {
        Setting::new().held(namespace, json!([rule(&["get"], "", &["pods/log"], &[])]), subjects).findings()
    };
    assert_eq!(log("", everyone()), ["L05 ClusterRoleBinding/-/holds Group/system:authenticated"]);
    let beside = "L05 RoleBinding/shop/holds Group/system:serviceaccounts beside User/ann";
    assert_eq!(log("shop", json!([user("ann"), group("system:serviceaccounts")])), [beside]);
    for subject in [user("system:anonymous"), group("system:users"), group("system:unauthenticated")] {
        assert_eq!(log("shop", json!([subject])).len(), 1, "{subject}");
    }
    for subject in
        [group("system:serviceaccounts:ci"), user("system:authenticated"), group("dev"), account("x", "robot")]
    {
        assert_eq!(log("shop", json!([subject])), [""; 0], "{subject}");
    }
    let inert = json!([rule(&["get"], "", &["pods/*"], &[]), rule(&["get"], "", &["nodes"], &[])]);
    assert_eq!(Setting::new().held("shop", inert, everyone()).findings(), [""; 0], "it allows nothing");
}

#[test]
fn a_default_that_was_widened_is_mended_in_its_role() {
    let rules = json!([path(&["get"], &["/api"]), rule(&["get"], "", &["pods/log"], &[])]);
    let setting = || {
        let everyone = json!([group("system:authenticated")]);
        Setting::new().role("", "system:discovery", rules.clone()).bind(
            "",
            "system:discovery",
            "system:discovery",
            everyone,
        )
    };
    assert_eq!(setting().findings(), ["L05 ClusterRoleBinding/-/system:discovery Group/system:authenticated"]);
    let commands = setting().commands();
    let [command] = commands.as_slice() else { panic!("{commands:?}") };
    assert!(command.starts_with("kubectl patch clusterrole system:discovery --type=json"), "{command}");
    assert!(command.contains(r#"{"op":"remove","path":"/rules/1"}"#), "{command}");
}

#[test]
fn one_binding_in_many_namespaces_is_one_cause() {
    let mut setting = Setting::new();
    for namespace in ["a", "b", "c"] {
        setting = setting.bind(namespace, "ci", "view", json!([account("", "default")]));
        setting = setting.bind(namespace, "gone", "no-such-role", json!([group("dev")]));
        setting = setting.bind(namespace, "robot", "view", json!([user("system:serviceaccount:ci:robot")]));
    }
    let findings = setting.findings();
    assert_eq!(
        findings,
        [
            "L06 RoleBinding/a/ci ServiceAccount/a/default,ServiceAccount/b/default,ServiceAccount/c/default in 3",
            "L07 RoleBinding/a/robot User/system:serviceaccount:ci:robot in 3",
            "L08 RoleBinding/a/gone Group/dev in 3",
        ]
    );
}

#[test]
fn a_default_service_account_counts_where_it_holds_something() {
    let findings = |role: &str, subject: Value| {
        let setting = Setting::new().role("", "nothing", json!([])).role(
            "",
            "nodes",
            json!([rule(&["get"], "", &["nodes"], &[])]),
        );
        setting.bind("shop", "b", role, json!([subject])).findings()
    };
    assert_eq!(findings("view", account("shop", "default")), ["L06 RoleBinding/shop/b ServiceAccount/shop/default"]);
    assert_eq!(findings("nothing", account("shop", "default")), [""; 0]);
    assert_eq!(findings("nodes", account("shop", "default")), [""; 0], "a RoleBinding allows nothing on nodes");
    for other in [account("shop", "default2"), account("default", "robot"), user("default"), group("default")] {
        assert_eq!(findings("view", other.clone()), [""; 0], "{other}");
    }
}

#[test]
fn a_service_account_is_reported_from_a_user_by_the_whole_name() {
    let findings = |name: &str| Setting::new().bind("", "b", "view", json!([user(name)])).findings();
    let name = "system:serviceaccount:ci:robot";
    assert_eq!(findings(name), [format!("L07 ClusterRoleBinding/-/b User/{name}")]);
    for other in [
        "system:serviceaccount:ci",
        "system:serviceaccount:ci:",
        "system:serviceaccounts:ci:robot",
        "system:serviceaccount:ci:a:b",
    ] {
        assert_eq!(findings(other), [""; 0], "{other}");
    }
    let both = findings("system:serviceaccount:ci:default");
    assert_eq!(both.len(), 2, "every pod there has it, and tools don't show it: {both:?}");
}

#[test]
fn a_role_that_was_not_read_is_not_missing() {
    let findings = |roles: Option<Roles>, role: &str| {
        let mut setting = Setting::new().bind("shop", "b", role, json!([user("ann")]));
        if let Some(roles) = roles {
            setting.roles = roles;
        }
        setting.findings()
    };
    assert_eq!(findings(None, "ClusterRole/gone"), ["L08 RoleBinding/shop/b User/ann"]);
    assert_eq!(findings(None, "Role/gone"), ["L08 RoleBinding/shop/b User/ann"]);
    assert_eq!(findings(Some(Roles::without_cluster_roles()), "ClusterRole/gone"), [""; 0]);
    assert_eq!(findings(Some(Roles::without_namespaced_roles()), "Role/gone"), [""; 0]);
    assert_eq!(findings(None, "ClusterRole/view"), [""; 0]);
    assert_eq!(Setting::new().bind("shop", "b", "gone", json!([])).findings(), [""; 0], "it is for no one");
}

#[test]
fn a_rule_that_is_skipped_is_named_as_not_checked() {
    let mut setting = Setting::new().bind("shop", "b", "gone", json!([user("ann")]));
    setting.skipped = vec![Rule::MissingRole];
    setting.look(|linted, _| {
        assert!(linted.findings.is_empty());
        let [one] = linted.not_checked.as_slice() else { panic!("{:?}", linted.not_checked) };
        assert_eq!((one.rule.id(), one.reason.as_str()), ("L08", "--skip"));
    });
}
