//! Commands are right as they stand: the object, the flags that lead there, and what is expected to be found.

use serde_json::{Value, json};

use super::setting::*;
use crate::core::lint::{Kubectl, Level, Rule};

/// The operations of the one patch.
fn patch(setting: Setting) -> Value {
    let commands = setting.commands();
    let [command] = commands.as_slice() else { panic!("{commands:?}") };
    let patch = command.split('\'').nth(1).unwrap_or_else(|| panic!("{command}"));
    serde_json::from_str(patch).unwrap()
}

#[test]
fn a_binding_that_others_share_keeps_them() {
    let shared = |subjects: Value| Setting::new().bind("", "a", "cluster-admin", subjects);
    assert_eq!(shared(json!([user("ann"), user("bo")])).commands(), ["kubectl delete clusterrolebinding a"]);
    let masters = group("system:masters");
    assert_eq!(
        patch(shared(json!([user("ann"), masters, user("bo")]))),
        json!([
            {"op": "test", "path": "/subjects/0/kind", "value": "User"},
            {"op": "test", "path": "/subjects/0/name", "value": "ann"},
            {"op": "test", "path": "/subjects/2/kind", "value": "User"},
            {"op": "test", "path": "/subjects/2/name", "value": "bo"},
            {"op": "remove", "path": "/subjects/2"},
            {"op": "remove", "path": "/subjects/0"},
        ])
    );
}

#[test]
fn a_rule_keeps_what_is_not_meant() {
    let operations = patch(Setting::new().held(
        "",
        json!([rule(&["get", "list"], "", &["pods", "secrets"], &[]), rule(&["watch"], "", &["secrets"], &[])]),
        json!([user("ann")]),
    ));
    assert_eq!(
        operations,
        json!([
            {"op": "test", "path": "/rules/0/verbs", "value": ["get", "list"]},
            {"op": "test", "path": "/rules/0/resources", "value": ["pods", "secrets"]},
            {"op": "test", "path": "/rules/1/verbs", "value": ["watch"]},
            {"op": "test", "path": "/rules/1/resources", "value": ["secrets"]},
            {"op": "replace", "path": "/rules/0", "value": {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}},
            {"op": "add", "path": "/rules/-", "value": {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}},
            {"op": "remove", "path": "/rules/1"},
        ])
    );
}

#[test]
fn stars_are_named_as_the_server_has_them_today() {
    let after = |rules: Value| {
        let operations = patch(Setting::new().held("", rules, json!([user("ann")])));
        let all = operations.as_array().unwrap().clone();
        all.into_iter().find(|one| one["op"] == "replace").unwrap()["value"].clone()
    };
    let verbs = after(json!([rule(&["*"], "", &["configmaps"], &["a"])]));
    let all = json!(["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]);
    assert_eq!((&verbs["verbs"], &verbs["resourceNames"]), (&all, &json!(["a"])));
    let groups = after(json!([rule(&["get"], "*", &["pods"], &[])]));
    assert_eq!(groups["apiGroups"], json!(["", "metrics.k8s.io"]));
    let resources = after(json!([rule(&["get"], "apps", &["*"], &[])]));
    assert_eq!(resources["resources"], json!(["deployments", "deployments/scale"]));
    let both = Setting::new().held("", json!([rule(&["get"], "*", &["*"], &[])]), json!([user("ann")]));
    assert_eq!(both.commands(), [""; 0], "what is needed of everything only people know");
}

#[test]
fn a_role_that_others_keep_is_not_changed() {
    let wide = || json!([rule(&["*"], "", &["configmaps"], &[])]);
    for name in ["cs:admin", "edit", "system:x"] {
        let setting = Setting::new().role("", name, wide()).bind("shop", "b", name, json!([user("ann")]));
        assert_eq!(setting.commands(), [""; 0], "{name}");
    }
    let mut aggregated = Setting::new().held("shop", wide(), json!([user("ann")]));
    aggregated.roles.note_aggregated("held".to_owned());
    assert_eq!(aggregated.commands(), [""; 0], "a controller would undo it");
}

#[test]
fn a_path_is_cut_at_its_first_step() {
    let escalate = || json!([rule(&["escalate", "get", "update"], RBAC, &["clusterroles"], &[])]);
    let operations = patch(Setting::new().held("", escalate(), json!([user("ann")])));
    assert_eq!(operations[2]["value"]["verbs"], json!(["get", "update"]));
    let by_a_star = json!([rule(&["*"], RBAC, &["clusterroles"], &[])]);
    let commands =
        Setting::new().held("", by_a_star, json!([user("ann"), user("bo")])).allow(&["L02:held", "bo"]).commands();
    let [command] = commands.as_slice() else { panic!("{commands:?}") };
    assert!(command.starts_with("kubectl patch clusterrolebinding holds") && !command.contains("bo"), "{command}");
}

#[test]
fn a_service_account_is_written_as_one() {
    let spelled = user("system:serviceaccount:ci:robot");
    let operations = patch(Setting::new().bind("", "b", "view", json!([user("ann"), spelled])));
    let written = json!({"kind": "ServiceAccount", "namespace": "ci", "name": "robot"});
    assert_eq!(operations[2], json!({"op": "replace", "path": "/subjects/1", "value": written}));
}

#[test]
fn commands_lead_to_the_cluster_that_was_read() {
    let setting = |is_out_of_reach| {
        let flags = ["--context", "prod"].map(str::to_owned).to_vec();
        let kubectl = Kubectl { flags, is_out_of_reach };
        Setting {
            kubectl,
            ..Setting::new().bind("a", "x", "gone", json!([user("ann")])).bind("b", "x y", "gone", json!([user("ann")]))
        }
    };
    assert_eq!(
        setting(false).commands(),
        ["kubectl delete rolebinding x -n a --context prod", "kubectl delete rolebinding 'x y' -n b --context prod"]
    );
    assert_eq!(setting(true).commands(), [""; 0]);
}

/// docs/lint.md is made for people, and its table holds what the code has.
#[test]
fn the_page_of_rules_says_what_the_program_says() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/lint.md")).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| L")).collect();
    let expected: Vec<String> = Rule::ALL
        .iter()
        .map(|rule| {
            let text = rule.text();
            let level = match text.level {
                Level::Error => "error",
                Level::Warning => "warning",
            };
            format!("| {} | {level} | {} | {} | {} |", text.id, text.finds, text.why, text.fix)
        })
        .collect();
    assert_eq!(rows, expected);
}
