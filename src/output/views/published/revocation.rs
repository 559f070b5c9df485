//! A revocation of two identities with a leaked file, and its restore.

use serde_json::json;

use crate::core::access::scan::StateKind;
use crate::core::credential::CredentialKind;
use crate::core::fixtures::at;
use crate::core::identity::IdentityType;
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::Attributes;
use crate::core::rbac::binding::BindingKind;
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::rbac::inventory::Role;
use crate::core::rbac::others::Others;
use crate::core::rbac::reach::{KnownPath, KnownStep, Primitive, Target};
use crate::core::revocation::approval::{Approval, NAMESPACE};
use crate::core::revocation::journal::{OperationId, RestoreOrigin, StepResult};
use crate::core::revocation::leaked::LeakedFacts;
use crate::core::revocation::operation::{EndedStep, LostBinding, OperationReport};
use crate::core::revocation::other_credential::OtherCredential;
use crate::core::revocation::plan::{
    BindingAction, BindingStep, Draft, Flags, Plan, PlannedPath, PlannedTarget, Remain, RemainKind, Step, StepKind,
    TokenStep,
};
use crate::core::revocation::refusal::{Refusal, RefusalCode, RefusalScope};
use crate::core::revocation::restoration::{
    NotRestored, RestoreAction, RestoreChange, RestorePlan, RestoreStep, RoleChange,
};
use crate::core::revocation::static_tokens::SecretRef;
use crate::core::revocation::target::GroupsFrom;
use crate::core::revocation::verification::{Check, CheckReport, Outcome, Verification};
use crate::output::views::{RestoreReport, RevocationPlan, RevocationReport};

/// A plan that is left out in part, and the same with a token that is ended.
pub(super) fn plans() -> [RevocationPlan; 2] {
    let with_token = agreed_to(steps().into_iter().chain([token_step()]).collect());
    [agreed(), with_token].map(|plan| RevocationPlan::of(&plan, at("2026-01-01T10:11:12Z")))
}

/// A report with access that is left, and a binding of others that the cloud deleted.
pub(super) fn report() -> RevocationReport {
    RevocationReport::of(&id("20260101-101112-a90a48"), &agreed(), kept()).approved(Some(&approval(&agreed().hash)))
}

/// A restore that was refused in part, one that ended, and one from a folder.
pub(super) fn restores() -> [RestoreReport; 3] {
    let (of, plan) = (RestoreOrigin::Operation(id("20260101-101112-a90a48")), restore_plan());
    let planned = RestoreReport::planned(&of, &plan);
    let done = RestoreReport::ended(&id("20260102-101112-01e072"), &of, &plan, kept().steps);
    // Always empty; its shape is that of a revocation's.
    let done = RestoreReport { verification: report().verification, ..done }.approved(Some(&approval(&plan.hash)));
    let file = (text("RoleBinding-shop-own.json"), text("it is a symbolic link"));
    let not_restored = vec![NotRestored { cluster_id: cluster(), what: file.0, why: file.1 }];
    let from = RestoreOrigin::Folder(text("/home/ann/backups"));
    [planned, done, RestoreReport::planned(&from, &RestorePlan { not_restored, ..restore_plan() })]
}

pub(super) fn id(text: &str) -> OperationId {
    OperationId::parse(text).unwrap()
}

fn carl() -> Uid {
    Uid::parse("200000000000000103").unwrap()
}

pub(super) fn cluster() -> Option<ClusterId> {
    ClusterId::parse("c5e8f0a1b2c3d4e5f60718293a4b5c6d7")
}

fn team() -> BindingRef {
    BindingRef { kind: BindingKind::RoleBinding, namespace: Some("shop".to_owned()), name: "team".to_owned() }
}

pub(super) fn text(text: &str) -> String {
    text.to_owned()
}

fn agreed() -> Plan {
    agreed_to(steps())
}

fn step(kind: StepKind, undo: &str) -> Step {
    Step { id: 0, cluster_id: cluster(), kind, undo: text(undo) }
}

fn steps() -> Vec<Step> {
    vec![
        step(StepKind::Binding(Box::new(of_team())), "restore"),
        step(StepKind::Kubeconfig(carl()), "recycle bin, 30 days, console"),
    ]
}

fn token_step() -> Step {
    let secret = SecretRef { namespace: text("shop"), name: text("robot-token") };
    let token = TokenStep { secret, resource_version: text("12"), identities: vec![carl()] };
    step(StepKind::StaticToken(Box::new(token)), "restore")
}

fn agreed_to(steps: Vec<Step>) -> Plan {
    let draft = Draft {
        targets: vec![target()],
        steps,
        paths: vec![path()],
        remains: vec![remain()],
        elsewhere: Vec::new(),
        not_checked: Vec::new(),
        warnings: vec![text("200000000000000103: sources disagree")],
        refusals: refusals(),
    };
    let flags = Flags {
        also_names: vec![text("200000000000000103.17")],
        accept_names: vec![text("200000000000000103@corp.example")],
        accept_group_grants: vec![text("ClusterRoleBinding/-/open")],
        ..Flags::default()
    };
    Plan::new(vec![draft], flags, vec![leaked()])
}

pub(super) fn leaked() -> LeakedFacts {
    LeakedFacts {
        file: Some(text("leaked.yaml")),
        common_name: text("200000000000000103-1760000000"),
        organizations: vec![text("system:users")],
        serial: text("0a1b"),
        certificate_sha256: "ab".repeat(32),
        key_sha256: "cd".repeat(32),
        not_after: Some(at("2028-01-01T00:00:00Z")),
        signed_by_ca: Some(true),
        other_credentials: vec![OtherCredential {
            kind: CredentialKind::Token,
            description: text("a token of ServiceAccount shop/ci"),
            remedy: text("delete the token's Secret, or: kubectl delete serviceaccount -n shop ci"),
        }],
    }
}

pub(super) fn target() -> PlannedTarget {
    PlannedTarget {
        cluster_id: cluster(),
        cluster_name: Some(text("prod")),
        context: Some(text("200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7")),
        uid: carl(),
        kind: IdentityType::RamUser,
        name: Some(text("carl")),
        state: StateKind::Deleted,
        evidence: text("confirmed: account_state Deleted in cs:ListClusterKubeconfigStates"),
        names: vec![text("200000000000000103-1760000000")],
        also_names: vec![text("200000000000000103.17")],
        groups: vec![text("system:users")],
        groups_from: GroupsFrom::Certificate,
        last_access: Some(text("no access in the last 7 days")),
    }
}

/// By a role that is bound. No step takes a path yet; its key is there for one that does.
fn path() -> PlannedPath {
    let role = Role { kind: "ClusterRole".into(), name: "dev".into() };
    let holder = || Target::Role { namespace: Some(text("shop")), role: role.clone() };
    let request = |verb, resource| Attributes::on(verb, "rbac.authorization.k8s.io", resource, "dev", "shop");
    let path = Attributes { verb: text("get"), path: Some(text("/metrics")), ..Attributes::default() };
    let steps = vec![KnownStep {
        primitive: Primitive::Bind,
        attributes: vec![request("bind", "clusterroles"), request("create", "rolebindings/status"), path],
        bindings: vec![team()],
        becomes: Some(holder()),
    }];
    PlannedPath {
        cluster_id: cluster(),
        uid: carl(),
        user: text("200000000000000103-1760000000"),
        path: KnownPath { target: holder(), steps, depends_on: vec![text("admission lets it be")] },
    }
}

pub(super) fn of_team() -> BindingStep {
    BindingStep {
        action: BindingAction::RemoveSubjects,
        binding: team(),
        uid: text("3f2f4fe2-2197-4cba-8079-fcd399f62ec7"),
        resource_version: text("30"),
        identities: vec![carl()],
        subjects: vec![text("User/200000000000000103-1760000000")],
        shared_with: Others { named: vec![text("User/200000000000000102-1760000000")], count: 1 },
        shared_with_sha256: Some("ef".repeat(32)),
        managed_by: vec![text("Flux: flux-system/rbac")],
    }
}

pub(super) fn remain() -> Remain {
    Remain {
        cluster_id: cluster(),
        uid: Some(carl()),
        kind: RemainKind::Certificate,
        what: text("the certificate itself still opens /version until 2028-01-01"),
    }
}

/// One of each scope.
pub(super) fn refusals() -> Vec<Refusal> {
    let refusal = |code, scope| Refusal::new(code, "why").of(scope).in_cluster(cluster().as_ref()).hint("what to do");
    vec![
        refusal(RefusalCode::JournalDamaged, RefusalScope::Operation(Some(id("20260101-101112-a90a48")))),
        refusal(RefusalCode::ClusterUnread, RefusalScope::Cluster(Some(text("prod")))),
        refusal(RefusalCode::RecentAccess, RefusalScope::Identity(carl())),
        refusal(RefusalCode::MissingRight, RefusalScope::Binding(team())),
    ]
}

/// The approval of a second person.
pub(super) fn approval(hash: &str) -> Approval {
    Approval {
        principal: text("bo@example.com"),
        key: text("SHA256:FVC/KpRHp7uoHQnIEuYXaJGEKBrCLiEMx7FD7ar2LQA"),
        namespace: text(NAMESPACE),
        hash: hash.to_owned(),
        signature: text("it is in no document"),
    }
}

pub(super) fn kept() -> OperationReport {
    let ended = |id, result| EndedStep { id, result, error: None, request_id: None, audit_id: None };
    let findings = vec![text("RoleBinding/shop/team gives ClusterRole/dev to 200000000000000103.17")];
    OperationReport {
        steps: vec![
            EndedStep { audit_id: Some(text("7c0ffee0")), ..ended(1, StepResult::Done) },
            EndedStep {
                error: Some(text("cs:CleanClusterUserPermissions: Throttling")),
                request_id: Some(text("D1E2")),
                ..ended(2, StepResult::Failed)
            },
        ],
        verification: vec![Verification {
            cluster_id: cluster(),
            uid: carl(),
            outcome: Outcome::Residual,
            at: at("2026-01-01T10:11:20Z"),
            groups_from: GroupsFrom::Certificate,
            checks: vec![
                CheckReport::failed(Check::Rbac, "1 binding", findings),
                CheckReport::passed(Check::AccessReviews, "12 of 12 denied"),
                CheckReport::error(Check::Cloud, "no answer"),
                CheckReport::skipped(Check::LeakedFile, "no file was given"),
            ],
            remains: vec![remain()],
            not_checked: vec![text("kubelets")],
        }],
        collateral: vec![LostBinding {
            cluster_id: cluster(),
            binding: team(),
            is_whole: true,
            what: text("it was deleted since the cloud's call; it was created anew"),
        }],
        answers: None,
    }
}

fn restore_plan() -> RestorePlan {
    let user = |name: &str| json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name});
    let object: BindingObject = serde_json::from_value(json!({
        "kind": "RoleBinding", "metadata": {"name": "own", "namespace": "shop"}, "subjects": [user("carl")],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "dev"},
    }))
    .unwrap();
    let subjects = |names: &[&str]| names.iter().map(|name| serde_json::from_value(user(name)).unwrap()).collect();
    let rule = |verb: &str| serde_json::from_value(json!({"verbs": [verb], "apiGroups": [""], "resources": ["pods"]}));
    let change = |binding: BindingRef, role_change, is_created| RestoreChange {
        cluster_id: cluster(),
        binding,
        role: Role { kind: "ClusterRole".into(), name: "dev".into() },
        role_change,
        left_out: subjects(&["eve"]),
        loses_owners: is_created,
    };
    let role_change = RoleChange { removed: vec![rule("get").unwrap()], added: vec![rule("delete").unwrap()] };
    RestorePlan {
        hash: "ab".repeat(32),
        uids: vec![carl()],
        steps: vec![
            RestoreStep {
                id: 1,
                cluster_id: cluster(),
                binding: team(),
                subjects: subjects(&["200000000000000103-1760000000"]),
                action: RestoreAction::AddSubjects {
                    uid: text("3f2f4fe2-2197-4cba-8079-fcd399f62ec7"),
                    resource_version: text("31"),
                },
            },
            RestoreStep {
                id: 2,
                cluster_id: cluster(),
                binding: object.reference(),
                subjects: subjects(&["200000000000000103-1760000000"]),
                action: RestoreAction::CreateBinding { object: Box::new(object.clone()), others: subjects(&["bo"]) },
            },
        ],
        changes: vec![change(team(), None, false), change(object.reference(), Some(role_change), true)],
        refusals: refusals(),
        ..RestorePlan::default()
    }
}
