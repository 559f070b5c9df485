use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::core::cluster::cluster_id::KnownCluster;
use crate::core::cluster::server_view::NamespaceFacts;
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::RoleFacts;
use crate::core::revocation::change::Change;
use crate::core::revocation::input::Confirmation;
use crate::core::revocation::refusal::RefusalCode;
use crate::core::revocation::restoration::{
    Present, RestoreAction, RestoreFlags, RestorePlan, not_the_cluster_of_backups, plan,
};

const FILE: &str = "RoleBinding-shop-team.json";

fn user_json(name: &str) -> Value {
    json!({"kind": "User", "apiGroup": RBAC_GROUP, "name": name})
}

/// What the tool writes: the object as the API server has it, on one line. carl, bo and a service account hold it.
fn document() -> Value {
    json!({
        "kind": "RoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1",
        "metadata": {
            "name": "team", "namespace": "shop", "uid": "218324b6-a990-42a6-b6cb-f051ae0f79d1", "resourceVersion": "20360",
            "creationTimestamp": "2026-11-28T18:30:29Z", "labels": {"evil": "yes"}, "annotations": {"evil": "yes"},
            "finalizers": ["evil.example/forever"],
            "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "x"}],
        },
        "subjects": [
            user_json("200-1"), user_json("300-1"), {"kind": "ServiceAccount", "name": "ci", "namespace": "shop"},
        ],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "dev"},
    })
}

fn carls() -> TargetNames {
    TargetNames::new([(Uid::parse("200").unwrap(), BTreeSet::new())])
}

fn read(file: &str, document: &Value) -> Result<Backup, BackupError> {
    read_backup(file, document.to_string().as_bytes(), &carls())
}

fn edited(pointer: &str, value: Value) -> Value {
    let mut document = document();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[key] = value;
    document
}

fn taken(document: &Value) -> Taken {
    match read(FILE, document) {
        Ok(Backup::Taken(taken)) => *taken,
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_a_backup_only_the_names_of_the_identities_are_believed() {
    let taken = taken(&document());
    assert_eq!(taken.subjects, [user("200-1")]);
    let bare = json!({"name": "team", "namespace": "shop"});
    assert_eq!(serde_json::to_value(&taken.before.metadata).unwrap(), bare, "no label, annotation, finalizer or owner");
    let plan = planned(taken, Present { binding: None, ..present() });
    assert_eq!(plan.refusals, []);
    let RestoreAction::CreateBinding { object, others } = &plan.steps[0].action else { panic!("{plan:?}") };
    let created = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": bare,
        "roleRef": document()["roleRef"], "subjects": [user_json("200-1")],
    });
    assert_eq!((Value::from((**object).clone()), others.len()), (created, 0));
    let left_out: Vec<String> = plan.changes[0].left_out.iter().map(subject_text).collect();
    assert_eq!(left_out, ["User/300-1", "ServiceAccount/shop/ci"], "who else held it is said");
}

/// A subject has nothing from the file but its name, and stands there once.
#[test]
fn a_subject_is_written_anew() {
    let subjects = json!([
        {"kind": "User", "apiGroup": RBAC_GROUP, "name": "200-1", "namespace": "evil"}, user_json("200-1"), user_json("200"),
        {"kind": "User", "apiGroup": "evil", "name": "200-2"}, {"kind": "Group", "apiGroup": RBAC_GROUP, "name": "200-3"},
        user_json("2001-1"), user_json("200.17"), user_json("carl"),
    ]);
    assert_eq!(taken(&edited("/subjects", subjects)).subjects, [user("200-1"), user("200")]);
}

#[test]
fn who_only_bears_the_digits_is_no_identity() {
    for subject in [
        json!({"kind": "Group", "apiGroup": RBAC_GROUP, "name": "200"}),
        json!({"kind": "ServiceAccount", "name": "200", "namespace": "shop"}),
    ] {
        let found = read(FILE, &edited("/subjects", json!([subject, user_json("bo")]))).unwrap();
        assert!(matches!(&found, Backup::SameDigits { subjects, .. } if subjects.len() == 1), "{found:?}");
    }
    for others in [json!([user_json("300-1")]), json!([]), Value::Null] {
        assert_eq!(read(FILE, &edited("/subjects", others)).unwrap(), Backup::OfOthers);
    }
}

#[test]
fn a_file_that_is_no_backup_or_was_edited_is_refused() {
    let other = BindingRef { kind: BindingKind::RoleBinding, namespace: Some("shop".into()), name: "ops".into() };
    for (pointer, value, expected) in [
        ("/kind", json!("Role"), BackupError::Kind),
        ("/kind", json!("ConfigMap"), BackupError::Kind),
        ("/kind", json!("RoleBindingList"), BackupError::Kind),
        ("/kind", json!(7), BackupError::Kind),
        ("/apiVersion", json!("rbac.authorization.k8s.io/v2"), BackupError::Kind),
        ("/apiVersion", Value::Null, BackupError::Kind),
        ("/subjects", json!("everybody"), BackupError::Fields),
        ("/roleRef", Value::Null, BackupError::Role),
        ("/roleRef", json!("cluster-admin"), BackupError::Fields),
        ("/metadata", json!([]), BackupError::Fields),
        ("/metadata/creationTimestamp", json!("yesterday"), BackupError::Fields),
        ("/metadata/name", json!("ops"), BackupError::OtherName(other)),
        ("/metadata/name", json!("../clusterrolebindings/x"), BackupError::Name),
        ("/metadata/name", json!("team%2f"), BackupError::Name),
        ("/metadata/name", json!("a\nb"), BackupError::Name),
        ("/metadata/name", Value::Null, BackupError::Name),
        ("/metadata/namespace", json!("kube-system/../shop"), BackupError::Name),
        ("/metadata/namespace", Value::Null, BackupError::Name),
        ("/kind", json!("ClusterRoleBinding"), BackupError::Name),
        ("/roleRef/kind", json!("Secret"), BackupError::Role),
        ("/roleRef/apiGroup", json!("evil"), BackupError::Role),
        ("/roleRef/name", json!("../x"), BackupError::Role),
    ] {
        assert_eq!(read(FILE, &edited(pointer, value.clone())), Err(expected), "{pointer} {value}");
    }
    let mut whole = document().to_string();
    for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
        let found = read_backup(FILE, &whole.as_bytes()[..cut], &carls());
        assert!(matches!(found, Err(BackupError::Json { .. })), "{cut}: {found:?}");
    }
    whole.push_str("{}");
    assert!(matches!(read_backup(FILE, whole.as_bytes(), &carls()), Err(BackupError::Json { .. })));
    let deep = "[".repeat(100_000);
    assert!(matches!(read_backup(FILE, deep.as_bytes(), &carls()), Err(BackupError::Json { .. })));
    assert!(matches!(read_backup(FILE, b"\xff\xfe", &carls()), Err(BackupError::Json { .. })));
}

#[test]
fn the_name_of_a_file_is_that_of_its_binding() {
    for file in
        ["RoleBinding-shop-team.json.bak", "RoleBinding-shop-ops.json", "ClusterRoleBinding--team.json", "team.json"]
    {
        assert!(matches!(read(file, &document()), Err(BackupError::OtherName(_))), "{file}");
    }
    let mut of_cluster = document();
    of_cluster["kind"] = "ClusterRoleBinding".into();
    of_cluster["metadata"].as_object_mut().unwrap().remove("namespace");
    assert!(matches!(read("ClusterRoleBinding--team.json", &of_cluster), Ok(Backup::Taken(_))));
    of_cluster["roleRef"]["kind"] = "Role".into();
    assert_eq!(read("ClusterRoleBinding--team.json", &of_cluster), Err(BackupError::Role));
}

/// A file in the wrong place may hold a secret: no error shows what it holds.
#[test]
fn no_error_shows_what_a_file_holds() {
    for text in [
        "{\"kind\": \"hunter2\"}",
        "hunter2",
        "{\"kind\": \"RoleBinding\", \"metadata\": \"hunter2\", \"apiVersion\": \"rbac.authorization.k8s.io/v1\"}",
    ] {
        let error = read_backup(FILE, text.as_bytes(), &carls()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

fn planned(taken: Taken, present: Present) -> RestorePlan {
    plan(None, &[(taken, present)], &[], &[], RestoreFlags::default())
}

/// bo holds the binding, nothing else has changed.
fn present() -> Present {
    let binding = edited("/subjects", json!([user_json("300-1")]));
    Present {
        binding: Some(serde_json::from_value(binding).unwrap()),
        role: Some(RoleFacts { uid: "r".into(), rules: Vec::new() }),
        namespace: Some(Some(created_at("2026-01-01T00:00:00Z"))),
        by_unfinished_restore: false,
    }
}

/// Whose ID stands in the context's name alone.
#[test]
fn backups_are_used_only_in_a_cluster_that_is_sure() {
    let id = ClusterId::parse(&format!("c{}", "a".repeat(32)));
    let known = |id: Option<ClusterId>, warnings: &[&str]| KnownCluster {
        id,
        warnings: warnings.iter().map(|warning| (*warning).to_owned()).collect(),
        ..KnownCluster::default()
    };
    let code = |known: &KnownCluster, confirmation| {
        not_the_cluster_of_backups(known, confirmation).map(|refusal| refusal.code)
    };
    let sure = [Confirmation::ClusterProfile, Confirmation::CloudAddress, Confirmation::OperatorsWord];
    for confirmation in sure {
        assert_eq!(code(&known(id.clone(), &[]), confirmation), None, "{confirmation:?}");
        let contradicted = code(&known(id.clone(), &["they disagree"]), confirmation);
        assert_eq!(contradicted, Some(RefusalCode::ClusterContradicted), "{confirmation:?}");
    }
    for unsure in [known(id, &[]), known(None, &[])] {
        assert_eq!(code(&unsure, Confirmation::Nothing), Some(RefusalCode::ClusterUnconfirmed), "{unsure:?}");
    }
}

fn created_at(time: &str) -> NamespaceFacts {
    NamespaceFacts { uid: "n".into(), created: Some(time.parse().unwrap()), terminating: false }
}

#[test]
fn into_a_binding_that_is_there_only_the_identity_comes_back() {
    let plan = planned(taken(&document()), present());
    assert_eq!(plan.refusals, []);
    let Some(Change::Patch { operations }) = plan.steps[0].change(present().binding.as_ref()) else { panic!() };
    let written = Value::from(operations).to_string();
    assert!(written.contains("200-1") && !written.contains("evil") && !written.contains("\"ci\""), "{written}");
    assert!(plan.changes[0].left_out.is_empty(), "who holds it still is there");
}

#[test]
fn what_has_changed_since_the_backup_is_a_reason() {
    type Edit<'a> = &'a dyn Fn(&mut Present);
    let cases: [(Edit<'_>, &[RefusalCode]); 8] = [
        (&|present| present.role = None, &[RefusalCode::RoleGone]),
        (&|present| present.role.as_mut().unwrap().uid = "another".into(), &[]),
        (&|present| present.namespace = Some(None), &[RefusalCode::NamespaceChanged]),
        (&|present| present.namespace = None, &[]),
        (
            &|present| present.namespace = Some(Some(created_at("2026-11-28T18:30:30Z"))),
            &[RefusalCode::NamespaceChanged],
        ),
        (&|present| present.namespace = Some(Some(created_at("2026-11-28T18:30:29Z"))), &[]),
        (&|present| present.binding.as_mut().unwrap().role_ref.name = "ops".into(), &[RefusalCode::BindingChanged]),
        (&|present| present.binding.as_mut().unwrap().subjects.push(user("200-1")), &[RefusalCode::SubjectPresent]),
    ];
    for (index, (change, expected)) in cases.into_iter().enumerate() {
        let mut now = present();
        change(&mut now);
        let refusals = planned(taken(&document()), now).refusals;
        assert_eq!(refusals.iter().map(|refusal| refusal.code).collect::<Vec<_>>(), expected, "case {index}");
    }
}

#[test]
fn a_binding_has_a_name_and_a_namespace_that_the_api_server_allows() {
    let binding = |kind, namespace: Option<&str>, name: &str| BindingRef {
        kind,
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
    };
    for namespace in ["shop", "shop-2", "0"] {
        assert!(can_be(&binding(BindingKind::RoleBinding, Some(namespace), "team:a")), "{namespace:?}");
    }
    for namespace in ["", "Shop", "a/b", "a.b", "a_b", &"a".repeat(64)] {
        assert!(!can_be(&binding(BindingKind::RoleBinding, Some(namespace), "team")), "{namespace:?}");
    }
    for name in ["", ".", "..", "a/b", "a%2fb", "a\n", &"a".repeat(254)] {
        assert!(!can_be(&binding(BindingKind::ClusterRoleBinding, None, name)), "{name:?}");
    }
    assert!(!can_be(&binding(BindingKind::ClusterRoleBinding, Some("shop"), "team")));
    assert!(!can_be(&binding(BindingKind::RoleBinding, None, "team")));
}
