//! The hash over what is agreed to: a plan that was changed afterwards is not the plan that was agreed to.
//!
//! It covers the fields that are named here one by one, and no others, so that a field that is added to a plan later changes no
//! seal. A flag that is not given is left out, so that neither does a flag that is added later. No times, no activity and no answers
//! to dry runs are in it. The list is published in `docs/records.md`.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::Subject;
use serde_json::{Map, Value, json};

use super::leaked::LeakedFacts;
use super::plan::{Flags, Plan, PlannedTarget, Step, StepKind};
use super::record::{DELETE_KUBECONFIG, END_STATIC_TOKEN, OnDisk, ROTATE_KUBECONFIG};
use super::restoration::{RestoreAction, RestoreFlags, RestoreStep, RestoreToken};
use super::rotation::{KnownCertificate, RotationPlan};
use crate::core::hex;
use crate::core::ids::ClusterId;
use crate::core::rbac::binding_object::{BindingObject, BindingRef};

/// The seal of a revocation: SHA-256 in hexadecimal digits.
pub(super) fn of_revocation(plan: &Plan) -> String {
    seal(&json!({
        "flags": revocation_flags(&plan.flags),
        "leaked": certificates(&plan.leaked),
        "targets": plan.targets.iter().map(target).collect::<Vec<_>>(),
        "steps": plan.steps.iter().map(step).collect::<Vec<_>>(),
    }))
}

/// The certificates' fingerprints, each once and sorted: null, the one, or a list. The order of the files is not agreed to.
fn certificates(leaked: &[LeakedFacts]) -> Value {
    let all: BTreeSet<&str> = leaked.iter().map(|one| one.certificate_sha256.as_str()).collect();
    match Vec::from_iter(all).as_slice() {
        [] => Value::Null,
        [one] => json!(one),
        several => json!(several),
    }
}

/// The seal of a rotation: SHA-256 in hexadecimal digits.
pub(super) fn of_rotation(rotation: &RotationPlan) -> String {
    let RotationPlan { plan, keep_others, certificates, destinations } = rotation;
    let certificate = |KnownCertificate { cluster_id, facts, .. }: &KnownCertificate| json!({"clusterId": cluster(cluster_id.as_ref()), "sha256": facts.certificate_sha256});
    seal(&json!({
        "flags": given([("keepOthers", json!(keep_others))]),
        "certificates": certificates.iter().map(certificate).collect::<Vec<_>>(),
        "destinations": destinations.iter().map(|one| json!({
            "clusterId": cluster(one.cluster_id.as_ref()),
            "path": one.path(),
            "user": one.user(),
        })).collect::<Vec<_>>(),
        "targets": plan.targets.iter().map(target).collect::<Vec<_>>(),
        "steps": plan.steps.iter().map(step).collect::<Vec<_>>(),
    }))
}

/// The seal of a restore: SHA-256 in hexadecimal digits.
pub(super) fn of_restore(flags: &RestoreFlags, steps: &[RestoreStep], tokens: &[RestoreToken]) -> String {
    let mut sealed = json!({
        "flags": restore_flags(flags),
        "steps": steps.iter().map(restore_step).collect::<Vec<_>>(),
    });
    if !tokens.is_empty() {
        sealed["tokens"] = tokens.iter().map(restore_token).collect();
    }
    seal(&sealed)
}

fn revocation_flags(flags: &Flags) -> Value {
    given([
        ("force", json!(flags.force)),
        ("rbacOnly", json!(flags.rbac_only)),
        ("allDeleted", json!(flags.all_deleted)),
        ("acceptInferred", json!(flags.accept_inferred)),
        ("leaveNoAdmin", json!(flags.leave_no_admin)),
        ("acceptGroupGrants", json!(flags.accept_group_grants)),
        ("alsoNames", json!(flags.also_names)),
        ("acceptNames", json!(flags.accept_names)),
        ("endStaticTokens", json!(flags.end_static_tokens)),
    ])
}

fn restore_flags(flags: &RestoreFlags) -> Value {
    given([
        ("force", json!(flags.force)),
        ("acceptRoleChange", json!(flags.accept_role_change)),
        ("rearm", json!(flags.rearm)),
    ])
}

/// The flags that are given: neither false nor an empty list.
fn given<const N: usize>(flags: [(&str, Value); N]) -> Value {
    let is_given = |value: &Value| *value != json!(false) && *value != json!([]);
    flags.into_iter().filter(|(_, value)| is_given(value)).map(|(flag, value)| (flag.to_owned(), value)).collect()
}

fn target(target: &PlannedTarget) -> Value {
    let mut sealed = Map::from_iter([
        ("clusterId".to_owned(), cluster(target.cluster_id.as_ref())),
        ("uid".to_owned(), target.uid.write().into()),
    ]);
    if !target.also_names.is_empty() {
        sealed.insert("alsoNames".to_owned(), json!(target.also_names));
    }
    sealed.into()
}

fn step(step: &Step) -> Value {
    let cluster_id = cluster(step.cluster_id.as_ref());
    match &step.kind {
        StepKind::Binding(step) => json!({
            "clusterId": cluster_id,
            "action": step.action.write(),
            "object": binding(&step.binding),
            "uid": step.uid,
            "resourceVersion": step.resource_version,
            "identities": step.identities.iter().map(OnDisk::write).collect::<Vec<_>>(),
            "subjects": step.subjects,
            "sharedWith": step.shared_with.named,
            "sharedWithCount": step.shared_with.count,
            "sharedWithSha256": step.shared_with_sha256,
        }),
        StepKind::StaticToken(step) => json!({
            "clusterId": cluster_id,
            "action": END_STATIC_TOKEN,
            "object": ["Secret", step.secret.namespace, step.secret.name],
            "uid": null,
            "resourceVersion": step.resource_version,
            "identities": step.identities.iter().map(OnDisk::write).collect::<Vec<_>>(),
            "subjects": [],
            "sharedWith": [],
            "sharedWithCount": 0,
            "sharedWithSha256": null,
        }),
        StepKind::Kubeconfig(uid) => cloud_step(&cluster_id, DELETE_KUBECONFIG, &uid.write()),
        StepKind::Rotate(uid) => cloud_step(&cluster_id, ROTATE_KUBECONFIG, &uid.write()),
    }
}

fn cloud_step(cluster_id: &Value, action: &str, uid: &str) -> Value {
    json!({
        "clusterId": cluster_id,
        "action": action,
        "object": null,
        "uid": null,
        "resourceVersion": null,
        "identities": [uid],
        "subjects": [],
        "sharedWith": [],
        "sharedWithCount": 0,
        "sharedWithSha256": null,
    })
}

fn restore_step(step: &RestoreStep) -> Value {
    let (uid, resource_version, object) = match &step.action {
        RestoreAction::AddSubjects { uid, resource_version } => (Some(uid), Some(resource_version), None),
        // The object is sent as it stands here.
        RestoreAction::CreateBinding { object, .. } => (None, None, Some(Value::from(BindingObject::clone(object)))),
    };
    json!({
        "clusterId": cluster(step.cluster_id.as_ref()),
        "object": binding(&step.binding),
        "uid": uid,
        "resourceVersion": resource_version,
        "subjects": step.subjects.iter().map(subject).collect::<Vec<_>>(),
        "others": step.others().iter().map(subject).collect::<Vec<_>>(),
        "create": object,
    })
}

fn restore_token(RestoreToken { id: _, cluster_id, secret, value }: &RestoreToken) -> Value {
    json!({
        "clusterId": cluster(cluster_id.as_ref()),
        "object": ["Secret", secret.namespace, secret.name],
        "value": value,
    })
}

fn cluster(id: Option<&ClusterId>) -> Value {
    id.map(OnDisk::write).into()
}

fn binding(BindingRef { kind, namespace, name }: &BindingRef) -> Value {
    json!([kind.write(), namespace, name])
}

fn subject(Subject { api_group, kind, name, namespace }: &Subject) -> Value {
    json!([api_group, kind, namespace, name])
}

/// Of the text without spaces, the keys of each object in the order of their bytes.
fn seal(sealed: &Value) -> String {
    let mut text = String::new();
    write(sealed, &mut text);
    hex::sha256(text.as_bytes())
}

/// `serde_json` keeps keys sorted or not, depending on how it is built: a seal must not.
fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            list(text, ['{', '}'], keys, |key, text| {
                text.push_str(&json!(key).to_string());
                text.push(':');
                write(&map[key.as_str()], text);
            });
        }
        Value::Array(values) => list(text, ['[', ']'], values, write),
        value => text.push_str(&value.to_string()),
    }
}

fn list<T>(
    text: &mut String,
    [open, close]: [char; 2],
    all: impl IntoIterator<Item = T>,
    each: impl Fn(T, &mut String),
) {
    text.push(open);
    for (index, one) in all.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        each(one, text);
    }
    text.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::revocation::fixtures::all_flags;

    fn text(value: &Value) -> String {
        let mut text = String::new();
        write(value, &mut text);
        text
    }

    #[test]
    fn the_text_has_one_form() {
        let value = json!({"b": [1, null, "\"\n"], "a": {"d": false, "c": {}}});
        assert_eq!(text(&value), r#"{"a":{"c":{},"d":false},"b":[1,null,"\"\n"]}"#);
    }

    /// A flag that is not given is not in the text: one that is added later changes no seal.
    #[test]
    fn only_given_flags_are_sealed() {
        assert_eq!(text(&revocation_flags(&Flags::default())), "{}");
        assert_eq!(text(&restore_flags(&RestoreFlags::default())), "{}");
        let flags = Flags { force: true, also_names: vec!["200.17".into()], ..Flags::default() };
        assert_eq!(text(&revocation_flags(&flags)), r#"{"alsoNames":["200.17"],"force":true}"#);
        assert_eq!(revocation_flags(&all_flags()).as_object().map(Map::len), Some(9));
        let all = RestoreFlags { force: true, accept_role_change: true, rearm: vec!["200-1".into()] };
        assert_eq!(restore_flags(&all).as_object().map(Map::len), Some(3));
    }

    /// What was sealed once must stay sealed: these digits never change.
    #[test]
    fn seals_of_format_1_are_what_they_were() {
        let steps = [RestoreStep {
            id: 1,
            cluster_id: None,
            binding: BindingRef {
                kind: crate::core::rbac::binding::BindingKind::RoleBinding,
                namespace: Some("shop".into()),
                name: "team".into(),
            },
            subjects: vec![Subject {
                api_group: Some("rbac.authorization.k8s.io".into()),
                kind: "User".into(),
                name: "200".into(),
                namespace: None,
            }],
            action: RestoreAction::AddSubjects { uid: "u".into(), resource_version: "7".into() },
        }];
        let sealed = text(&restore_step(&steps[0]));
        let expected = concat!(
            r#"{"clusterId":null,"create":null,"object":["RoleBinding","shop","team"],"others":[],"resourceVersion":"7","#,
            r#""subjects":[["rbac.authorization.k8s.io","User",null,"200"]],"uid":"u"}"#
        );
        assert_eq!(sealed, expected);
        let whole = format!(r#"{{"flags":{{}},"steps":[{expected}]}}"#);
        assert_eq!(of_restore(&RestoreFlags::default(), &steps, &[]), hex::sha256(whole.as_bytes()));
    }
}
