//! Files as they are, as a later version may write them, and as none did.

use serde_json::{Value, json};

use super::operation::OperationV1;
use super::plan::FlagsV1;
use super::summary::{self, SummaryV1};
use super::text::OnDisk;
use super::{RecordError, event, read_value};
use crate::core::rbac::binding::BindingKind;
use crate::core::rbac::binding_object::BindingRef;
use crate::core::revocation::approval::SshSignature;
use crate::core::revocation::fixtures::all_flags;
use crate::core::revocation::journal::{
    Action, AuditLine, AuditResult, Ending, OperationSummary, Phase, RestoreOrigin, StepResult, SummaryPurpose, chain,
};
use crate::core::revocation::leaked::LeakedFacts;
use crate::core::revocation::operation::{OperationRecord, Purpose};
use crate::core::revocation::plan::Flags;
use crate::core::revocation::restoration::RestoreToken;
use crate::core::revocation::static_tokens::SecretRef;

/// The files of an operation in a folder of `tests/fixtures`.
macro_rules! files {
    ($folder:literal, $id:literal) => {
        (
            files!($folder, $id, "operation.json"),
            files!($folder, $id, "summary.json"),
            files!($folder, $id, "journal.jsonl"),
        )
    };
    ($folder:literal, $id:literal, $file:literal) => {
        include_str!(concat!("../../../../tests/fixtures/", $folder, "/operations/", $id, "/", $file))
    };
}

const REVOKED: (&str, &str, &str) = files!("operation-v1", "20261128-222407-a90a48");
const RESTORED: (&str, &str, &str) = files!("operation-v1", "20261128-222408-01e072");
const CUT_OFF: (&str, &str, &str) = files!("operation-v1", "20261128-222408-6df3ce");
/// By three leaked files of two identities.
const OF_FILES: (&str, &str, &str) = files!("operation-v1-files", "20261129-195046-af726c");
/// That a second person approved, and the restore of it.
const APPROVED: (&str, &str, &str) = files!("operation-v1-approval", "20261130-051216-4c05e7");
const APPROVED_RESTORE: (&str, &str, &str) = files!("operation-v1-approval", "20261130-051217-a0a49c");

fn records() -> [(&'static str, &'static str, &'static str); 6] {
    [REVOKED, RESTORED, CUT_OFF, OF_FILES, APPROVED, APPROVED_RESTORE]
}

fn operation(json: Value) -> Result<OperationRecord, RecordError> {
    read_value::<OperationV1>(json)?.try_into()
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Objects of Kubernetes, which are kept as they are, by their keys in a record.
const KUBERNETES: [&str; 7] = ["rules", "create", "operations", "before", "after", "bindings", "subjects"];

/// Puts a key that no version knows into every struct of a record.
fn with_later_keys(value: &mut Value) -> usize {
    match value {
        Value::Object(map) => {
            let inner = map.iter_mut().filter(|(key, _)| !KUBERNETES.contains(&key.as_str()));
            let count: usize = inner.map(|(_, value)| with_later_keys(value)).sum();
            map.insert("later".to_owned(), json!({"more": [1]}));
            count + 1
        }
        Value::Array(values) => values.iter_mut().map(with_later_keys).sum(),
        _ => 0,
    }
}

/// Whether a document has all that another one has, in the same lists. It may have more keys.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| holds(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| holds(whole, part))
        }
        _ => whole == part,
    }
}

#[test]
fn records_of_format_1_come_back_as_they_were() {
    for (record, summary, _) in records() {
        let read = operation(value(record)).unwrap();
        assert_eq!(read.contradiction(&summary::read(summary.as_bytes()).unwrap()), None, "the plan's seal holds");
        let written = serde_json::to_value(OperationV1::from(&read)).unwrap();
        let mut kept = value(record);
        // The lines that a restore showed: they may be missing, and are not written any more.
        take(&mut kept, "purpose.plan.diff");
        assert!(holds(&written, &kept), "{written:#}");
        let read = summary::read(summary.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&SummaryV1::from(&read)).unwrap(), summary);
    }
}

#[test]
fn journals_of_format_1_come_back_as_they_were() {
    for (_, _, journal) in records() {
        for line in journal.lines() {
            let written = chain::event(line.as_bytes()).unwrap();
            let event = event::read(&written).unwrap();
            assert_eq!(event::json(&event).unwrap(), String::from_utf8(written).unwrap());
        }
    }
}

#[test]
fn keys_that_are_not_known_are_passed_over() {
    for (record, summary, journal) in records() {
        let (known, mut later) = (operation(value(record)).unwrap(), value(record));
        assert!(with_later_keys(&mut later) > 10);
        assert_eq!(operation(later).unwrap(), known);
        let mut later = value(summary);
        with_later_keys(&mut later);
        assert_eq!(summary::read(later.to_string().as_bytes()).unwrap(), summary::read(summary.as_bytes()).unwrap());
        for line in journal.lines() {
            let line = chain::event(line.as_bytes()).unwrap();
            let (known, mut later) = (event::read(&line).unwrap(), serde_json::from_slice(&line).unwrap());
            with_later_keys(&mut later);
            assert_eq!(event::read(later.to_string().as_bytes()).unwrap(), known);
        }
    }
}

/// An approval of one plan does not stand in the record of another, and nothing in it may be missing.
#[test]
fn an_approval_is_of_its_own_plan_and_whole() {
    let (record, summary, _) = APPROVED;
    let summary = summary::read(summary.as_bytes()).unwrap();
    let read = operation(value(record)).unwrap();
    let approval = read.approval.as_ref().unwrap();
    assert_eq!(
        (approval.principal.as_str(), summary.approved_by.as_deref()),
        ("bo@example.com", Some("bo@example.com"))
    );
    let key = SshSignature::parse(approval.signature.as_bytes()).unwrap().key;
    assert_eq!((approval.key.clone(), approval.hash.clone()), (key.fingerprint(), summary.plan_hash.clone()));

    let mut other = value(record);
    other["approval"]["hash"] = json!("0".repeat(64));
    let reason = operation(other).unwrap().contradiction(&summary);
    assert_eq!(reason, Some("its approval is of another plan"));
    let mut none = value(record);
    assert!(take(&mut none, "approval"));
    let reason = operation(none).unwrap().contradiction(&summary);
    assert_eq!(reason, Some("its summary says something else"));
    for key in ["principal", "key", "namespace", "hash", "signature"] {
        let mut cut = value(record);
        assert!(take(&mut cut, &format!("approval.{key}")), "{key}");
        assert!(matches!(operation(cut), Err(RecordError::Shape(_))), "{key}");
    }
}

#[test]
fn a_newer_format_is_refused_by_name_whatever_else_the_file_holds() {
    for (record, summary, _) in records() {
        for format in [2, 3, u64::MAX] {
            let mut newer = value(record);
            newer["format"] = json!(format);
            for newer in [newer, json!({"format": format})] {
                let error = operation(newer).unwrap_err();
                let expected = format!("written by a newer kubectl-ackcred, in format {format}");
                assert_eq!(error.to_string(), expected);
            }
            let mut newer = value(summary);
            newer["format"] = json!(format);
            for newer in [newer, json!({"format": format})] {
                let error = summary::read(newer.to_string().as_bytes()).unwrap_err();
                assert!(matches!(error, RecordError::Newer(given) if given == format), "{error}");
            }
        }
        for (format, text) in [(json!(0), "no version"), (json!("1"), "not a record"), (json!(null), "not a record")] {
            let mut broken = value(record);
            broken["format"] = format;
            let error = operation(broken).unwrap_err().to_string();
            assert!(error.starts_with(text), "{error}");
        }
    }
    for broken in ["", "{", "null", "[]", "{}", r#"{"format":1}"#] {
        let error = summary::read(broken.as_bytes()).unwrap_err();
        assert!(matches!(error, RecordError::Shape(_)), "{broken}: {error}");
    }
}

/// Takes a key away at a path, where `*` stands for all of a list.
fn take(value: &mut Value, path: &str) -> bool {
    match path.split_once('.') {
        None => value.as_object_mut().is_some_and(|map| map.remove(path).is_some()),
        Some(("*", rest)) => {
            let all = value.as_array_mut().into_iter().flatten();
            all.fold(false, |taken, value| take(value, rest) | taken)
        }
        Some((key, rest)) => value.get_mut(key).is_some_and(|value| take(value, rest)),
    }
}

#[test]
fn what_may_be_missing_has_a_default() {
    let (revoke, ..) = REVOKED;
    for (path, expected) in [
        ("operator", json!([])),
        ("reason", json!(null)),
        ("clusters.*.name", json!(null)),
        ("clusters.*.context", json!(null)),
        ("clusters.*.region", json!(null)),
        ("clusters.*.roles.*.namespaceUid", json!(null)),
        ("purpose.plan.flags.force", json!(false)),
        ("purpose.plan.flags.rbacOnly", json!(false)),
        ("purpose.plan.flags.acceptGroupGrants", json!([])),
        ("purpose.plan.flags.alsoNames", json!([])),
        ("purpose.plan.remains", json!([])),
        ("purpose.plan.notChecked", json!([])),
        ("purpose.plan.warnings", json!([])),
        ("purpose.plan.refusals", json!([])),
        ("purpose.plan.leaked.notAfter", json!(null)),
        ("purpose.plan.leaked.signedByCa", json!(null)),
        ("purpose.plan.targets.*.alsoNames", json!([])),
        ("purpose.plan.targets.*.lastAccess", json!(null)),
        ("purpose.plan.steps.*.managedBy", json!([])),
    ] {
        let mut older = value(revoke);
        assert!(take(&mut older, path), "{path} is not in the fixture");
        let read = operation(older).unwrap();
        assert!(read.revocation().unwrap().is_sealed(), "{path}");
        let read = serde_json::to_value(OperationV1::from(&read)).unwrap();
        assert_eq!(get(&read, path), Some(&expected), "{path}");
    }
}

/// The first value at a path.
fn get<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| if key == "*" { value.get(0) } else { value.get(key) })
}

/// The files of the fixture are older than what an identity could become.
#[test]
fn what_an_identity_could_become_may_be_missing_and_is_read_back() {
    let (revoke, ..) = REVOKED;
    let mut record = value(revoke);
    assert_eq!(operation(record.clone()).unwrap().revocation().unwrap().paths, []);
    let request = json!({
        "verb": "create", "group": "", "resource": "serviceaccounts", "subresource": "token", "name": "root",
        "namespace": "kube-x", "path": null,
    });
    let binding = json!({"kind": "RoleBinding", "namespace": "kube-x", "name": "mint"});
    let targets = [
        json!({"kind": "Administrator", "namespace": null, "name": null}),
        json!({"kind": "Masters", "namespace": null, "name": null}),
        json!({"kind": "AllSecrets", "namespace": null, "name": null}),
        json!({"kind": "NamespaceAdmin", "namespace": "shop", "name": null}),
        json!({"kind": "Identity", "namespace": null, "name": "boss"}),
        json!({"kind": "ServiceAccount", "namespace": "kube-x", "name": null}),
        json!({"kind": "Role", "namespace": "shop", "name": "ClusterRole/dev"}),
    ];
    let path = |target: &Value| {
        let step = json!({"primitive": "Token", "attributes": [request], "bindings": [binding], "becomes": target});
        json!({"clusterId": null, "uid": "200", "user": "200-1", "target": target, "steps": [step], "dependsOn": ["x"]})
    };
    let paths: Vec<Value> = targets.iter().map(path).collect();
    record["purpose"]["plan"]["paths"] = json!(paths);
    let read = operation(record.clone()).unwrap();
    assert!(read.revocation().unwrap().is_sealed());
    let written = serde_json::to_value(OperationV1::from(&read)).unwrap();
    assert_eq!(written["purpose"]["plan"]["paths"], json!(paths));
    for (key, word) in [("kind", "Emperor"), ("name", "dev")] {
        let mut wrong = record.clone();
        wrong["purpose"]["plan"]["paths"][6]["target"][key] = json!(word);
        let error = operation(wrong).unwrap_err().to_string();
        assert!(error.starts_with(&format!("purpose.plan.paths[6].target.{key} can't be used")), "{error}");
    }
}

#[test]
fn nothing_that_decides_may_be_missing() {
    let ((revoke, ..), (restore, ..)) = (REVOKED, RESTORED);
    for (record, path) in [
        (revoke, "purpose.tombstone"),
        (revoke, "purpose.plan.leaked"),
        (revoke, "purpose.plan.targets"),
        (revoke, "purpose.plan.targets.*.names"),
        (revoke, "purpose.plan.steps"),
        (revoke, "purpose.plan.steps.*.object"),
        (revoke, "purpose.plan.steps.*.identities"),
        (revoke, "clusters"),
        (revoke, "clusters.*.id"),
        (revoke, "clusters.*.caKeys"),
        (revoke, "clusters.*.roles.*.role"),
        (revoke, "clusters.*.probes"),
        (restore, "purpose.of"),
        (restore, "purpose.rearmed"),
        (restore, "purpose.plan.steps.*.subjects"),
        (restore, "purpose.plan.steps.*.create"),
    ] {
        let mut cut = value(record);
        assert!(take(&mut cut, path), "{path} is not in the fixture");
        let error = operation(cut).unwrap_err();
        assert!(matches!(error, RecordError::Shape(_)), "{path}: {error}");
    }
    for (_, summary, _) in records() {
        let mut cut = value(summary);
        if take(&mut cut, "purpose.tombstone") {
            assert!(summary::read(cut.to_string().as_bytes()).is_err());
        }
    }
}

#[test]
fn a_record_of_several_files_has_all_of_them() {
    let (record, summary, _) = OF_FILES;
    let read = operation(value(record)).unwrap();
    let files: Vec<&str> = read.revocation().unwrap().leaked.iter().map(LeakedFacts::label).collect();
    assert_eq!(files, ["carl.yaml", "former.yaml", "bo.yaml"]);
    let SummaryPurpose::Revoke { tombstones } = summary::read(summary.as_bytes()).unwrap().purpose else { panic!() };
    let kept = tombstones.iter().map(|one| (one.common_name.as_str(), one.uid.as_str()));
    let (carl, bo) = ("200000000000000103", "200000000000000102");
    let expected = [
        ("200000000000000103-1760000000", carl),
        ("200000000000000103-1750000000", carl),
        ("200000000000000102-1760000000", bo),
    ];
    assert_eq!(kept.collect::<Vec<_>>(), expected);
}

/// Format 1 began with one leaked credential; several stand in its place as a list.
#[test]
fn several_leaked_credentials_stand_where_one_does() {
    let (revoke, summary, _) = REVOKED;
    let (mut record, mut summary) = (value(revoke), value(summary));
    let second = |one: &Value, name: &str, key: &str| {
        let mut second = one.clone();
        (second["commonName"], second[key]) = (json!(name), json!("ef"));
        json!([one, second])
    };
    let name = "200000000000000103-1750000000";
    record["purpose"]["plan"]["leaked"] = second(&record["purpose"]["plan"]["leaked"], name, "certificateSha256");
    record["purpose"]["tombstone"] = second(&record["purpose"]["tombstone"], name, "certificateSha256");
    summary["purpose"]["tombstone"] = record["purpose"]["tombstone"].clone();
    let read = operation(record.clone()).unwrap();
    assert_eq!(read.revocation().unwrap().leaked.len(), 2);
    assert!(!read.revocation().unwrap().is_sealed(), "one more certificate is another plan");
    let written = serde_json::to_value(OperationV1::from(&read)).unwrap();
    assert!(holds(&written["purpose"]["plan"]["leaked"], &record["purpose"]["plan"]["leaked"]), "{written:#}");
    assert_eq!(written["purpose"]["tombstone"], record["purpose"]["tombstone"]);
    let read = summary::read(summary.to_string().as_bytes()).unwrap();
    assert!(matches!(&read.purpose, SummaryPurpose::Revoke { tombstones } if tombstones[1].common_name == name));
    assert_eq!(serde_json::to_value(SummaryV1::from(&read)).unwrap(), summary);
    for (path, field) in [
        ("/purpose/tombstone/1/uid", "purpose.tombstone[1].uid"),
        ("/purpose/plan/leaked/1/notAfter", "purpose.plan.leaked[1].notAfter"),
    ] {
        let mut edited = record.clone();
        *edited.pointer_mut(path).unwrap() = json!("Else!");
        let error = operation(edited).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{field} can't be used: it is not ")), "{error}");
    }
    for cut in ["purpose.tombstone.*.uid", "purpose.plan.leaked.*.certificateSha256"] {
        let mut cut_off = record.clone();
        assert!(take(&mut cut_off, cut), "{cut}");
        assert!(matches!(operation(cut_off).unwrap_err(), RecordError::Shape(_)), "{cut}");
    }
}

#[test]
fn a_value_that_is_not_known_is_named() {
    let (revoke, ..) = REVOKED;
    for (path, field) in [
        ("/begun", "begun"),
        ("/clusters/0/id", "clusters[0].id"),
        ("/clusters/0/confirmation", "clusters[0].confirmation"),
        ("/clusters/0/roles/0/binding/kind", "clusters[0].roles[0].binding.kind"),
        ("/purpose/tombstone/uid", "purpose.tombstone.uid"),
        ("/purpose/plan/targets/0/groupsFrom", "purpose.plan.targets[0].groupsFrom"),
        ("/purpose/plan/steps/1/action", "purpose.plan.steps[1].action"),
        ("/purpose/plan/steps/0/identities/0", "purpose.plan.steps[0].identities[0]"),
        ("/purpose/plan/remains/0/kind", "purpose.plan.remains[0].kind"),
    ] {
        let mut edited = value(revoke);
        *edited.pointer_mut(path).unwrap() = json!("Else!");
        let error = operation(edited).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{field} can't be used: it is not ")), "{error}");
    }
}

#[test]
fn a_plan_that_was_changed_is_not_sealed() {
    let ((revoke, ..), (restore, ..)) = (REVOKED, RESTORED);
    for (record, path) in [
        (revoke, "/purpose/plan/flags/force"),
        (revoke, "/purpose/plan/flags/leaveNoAdmin"),
        (restore, "/purpose/plan/flags/acceptRoleChange"),
    ] {
        let mut edited = value(record);
        let flag = edited.pointer_mut(path).unwrap();
        *flag = json!(!flag.as_bool().unwrap());
        let is_sealed = match operation(edited).unwrap().purpose {
            Purpose::Revoke { plan, .. } => plan.is_sealed(),
            Purpose::Restore { plan, .. } => plan.is_sealed(),
            Purpose::Rotate { plan } => plan.is_sealed(),
        };
        assert!(!is_sealed, "{path}");
    }
}

#[test]
fn a_summary_belongs_to_the_operations_that_its_hash_names() {
    let summary = OperationSummary {
        begun: "2026-11-22T03:10:02Z".parse().unwrap(),
        plan_hash: "3f9a2cdead".into(),
        purpose: SummaryPurpose::Restore {
            of: RestoreOrigin::Operation("20261122-031002-3f9a2c".to_owned().try_into().unwrap()),
            rearmed: vec!["200-1".into()],
        },
        cluster_ids: vec![None],
        uids: vec!["200".to_owned().try_into().unwrap()],
        steps: 3,
        reason: None,
        approved_by: None,
        record_length: 7,
    };
    let text = concat!(
        r#"{"format":1,"begun":"2026-11-22T03:10:02Z","planHash":"3f9a2cdead","purpose":{"operation":"Restore","#,
        r#""of":"20261122-031002-3f9a2c","rearmed":["200-1"]},"clusterIds":[null],"uids":["200"],"steps":3,"#,
        r#""reason":null,"recordLength":7}"#
    );
    assert_eq!(serde_json::to_string(&SummaryV1::from(&summary)).unwrap(), text);
    assert_eq!(summary::read(text.as_bytes()).unwrap(), summary);
    let from = OperationSummary {
        purpose: SummaryPurpose::Restore { of: RestoreOrigin::Folder("/b".into()), rearmed: Vec::new() },
        ..summary.clone()
    };
    let of = r#""operation":"Restore","of":"20261122-031002-3f9a2c","rearmed":["200-1"]"#;
    let text = text.replace(of, r#""operation":"RestoreFrom","from":"/b","rearmed":[]"#);
    assert_eq!(serde_json::to_string(&SummaryV1::from(&from)).unwrap(), text);
    assert_eq!(summary::read(text.as_bytes()).unwrap(), from);
    let belongs = |id: &str| summary.belongs_to(&id.to_owned().try_into().unwrap());
    assert!(belongs("20261122-031002-3f9a2c") && belongs("20261122-031002-3f9a2c-2"));
    assert!(!belongs("20261122-031002-3f9a2d"));
}

#[test]
fn a_line_of_the_audit_file_says_all() {
    let line = AuditLine {
        time: "2026-11-22T03:10:02Z".parse().unwrap(),
        operation: Some("20261122-031002-3f9a2c-2".to_owned().try_into().unwrap()),
        action: Action::Restore,
        phase: Phase::Ended,
        who: vec!["200-1".into(), "acs:ram::1:user/ann".into()],
        reason: None,
        clusters: vec!["c".into()],
        uids: vec!["200".into()],
        results: vec![AuditResult {
            step: "1".into(),
            result: StepResult::Done,
            audit_id: Some("a".into()),
            request_id: None,
        }],
        outcome: Some(Ending::Restored),
        journal: Some("ab".into()),
    };
    let text = concat!(
        r#"{"format":1,"time":"2026-11-22T03:10:02Z","operation":"20261122-031002-3f9a2c-2","action":"restore","#,
        r#""phase":"ended","who":["200-1","acs:ram::1:user/ann"],"reason":null,"clusters":["c"],"uids":["200"],"#,
        r#""results":[{"step":"1","result":"Done","auditId":"a","requestId":null}],"outcome":"Restored","journal":"ab"}"#,
        "\n"
    );
    assert_eq!(super::audit::line(&line).unwrap(), text);
    let logged = |text: &str| super::audit::logged(text.as_bytes());
    let expected = || (line.operation.clone(), line.journal.clone());
    assert_eq!(logged(text).unwrap(), expected());
    assert_eq!(logged(&text.replace("null,", "null,\"later\":1,")).unwrap(), expected());
    let newer = logged(&text.replace("\"format\":1", "\"format\":2")).unwrap_err();
    assert!(matches!(newer, RecordError::Newer(2)), "{newer}");
}

/// A step is a binding's, with its UID and version, or the cloud's, about one identity.
#[test]
fn a_step_that_is_neither_a_bindings_nor_the_clouds_is_refused() {
    let refused = |step: usize, key: &str, value: Value| {
        let mut record = self::value(REVOKED.0);
        record["purpose"]["plan"]["steps"][step][key] = value;
        operation(record).unwrap_err().to_string()
    };
    for key in ["object", "uid", "resourceVersion"] {
        let expected = format!("purpose.plan.steps[0].{key} can't be used: a step of a binding has one");
        assert_eq!(refused(0, key, Value::Null), expected);
    }
    let steps = self::value(REVOKED.0)["purpose"]["plan"]["steps"].clone();
    let cloud = steps.as_array().unwrap().iter().position(|step| step["action"] == "DeleteKubeconfig").unwrap();
    let of_the_cloud = "a step of the cloud is about one identity and no binding";
    for (key, value) in
        [("identities", json!(["1", "2"])), ("identities", json!([])), ("object", steps[0]["object"].clone())]
    {
        assert!(refused(cloud, key, value).ends_with(of_the_cloud), "{key}");
    }
}

#[test]
fn every_flag_comes_back_and_the_last_is_written_only_where_it_was_given() {
    let all = all_flags();
    for flags in [all.clone(), Flags { end_static_tokens: false, ..all }, Flags::default()] {
        let written = FlagsV1::from(&flags);
        let keys = serde_json::to_value(&written).unwrap();
        assert_eq!(keys.get("endStaticTokens").is_some(), flags.end_static_tokens, "{keys}");
        assert_eq!(Flags::from(written), flags);
    }
}

#[test]
fn a_record_knows_its_steps() {
    for (record, _, _) in [REVOKED, RESTORED] {
        let mut read = operation(value(record)).unwrap();
        assert!(read.has_step(1) && !read.has_step(0) && !read.has_step(99));
        let steps = read.summary(0).steps;
        if let Purpose::Restore { plan, .. } = &mut read.purpose {
            let secret = SecretRef { namespace: "shop".into(), name: "robot".into() };
            plan.tokens = vec![RestoreToken { id: 99, cluster_id: None, secret, value: "2026-11-22".into() }];
            assert!(read.has_step(1) && read.has_step(99) && !read.has_step(98));
            assert_eq!(read.summary(0).steps, steps + 1);
        }
    }
}

#[test]
fn a_binding_is_one_text_in_a_record() {
    for (kind, namespace, name, text) in [
        (BindingKind::RoleBinding, Some("shop"), "a:b/c", "RoleBinding/shop/a:b/c"),
        (BindingKind::ClusterRoleBinding, None, "team", "ClusterRoleBinding/-/team"),
    ] {
        let binding = BindingRef { kind, namespace: namespace.map(str::to_owned), name: name.to_owned() };
        assert_eq!((OnDisk::write(&binding), <BindingRef as OnDisk>::read(text)), (text.to_owned(), Some(binding)));
    }
    for text in ["", "RoleBinding", "RoleBinding/shop", "Role/shop/team"] {
        assert_eq!(<BindingRef as OnDisk>::read(text), None, "{text}");
    }
}

#[test]
fn only_a_binding_that_is_made_anew_comes_back_with_others() {
    let mut seen = [false; 2];
    let steps = value(RESTORED.0)["purpose"]["plan"]["steps"].as_array().unwrap().len();
    for index in 0..steps {
        let mut record = value(RESTORED.0);
        let step = &mut record["purpose"]["plan"]["steps"][index];
        let is_made = !step["create"].is_null();
        seen[usize::from(is_made)] = true;
        step["others"] = json!([{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "bo"}]);
        assert_eq!(operation(record).is_ok(), is_made, "step {index}");
    }
    assert_eq!(seen, [true; 2]);
}

#[test]
fn what_a_role_allows_by_now_comes_back() {
    let mut record = value(RESTORED.0);
    let rule = |verb: &str| json!([{"verbs": [verb], "apiGroups": [""], "resources": ["pods"]}]);
    let plan = &mut record["purpose"]["plan"];
    plan["changes"] = json!([{
        "clusterId": null, "binding": plan["steps"][0]["object"], "roleKind": "ClusterRole", "roleName": "dev",
        "roleChange": {"removed": rule("get"), "added": rule("delete")}, "leftOut": [], "losesOwners": false,
    }]);
    let read = operation(record).unwrap();
    let Purpose::Restore { plan, .. } = &read.purpose else { panic!("{read:?}") };
    let change = plan.changes[0].role_change.as_ref().unwrap();
    assert_eq!((&change.removed[0].verbs[0][..], &change.added[0].verbs[0][..]), ("get", "delete"));
}
