//! The part of a rotation's plan that is about one cluster: from what was read of it to its steps, its refusals and what remains.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::rbac::v1::Subject;

use super::renaming::{names_old, sealed};
use super::{CertificateFrom, Destination, KnownCertificate, RotationDraft, refuse};
use crate::core::identity::Caller;
use crate::core::identity::evidence::Answer;
use crate::core::ids::Uid;
use crate::core::rbac::ack_binding::is_made_by_ack;
use crate::core::rbac::binding_object::{BindingObject, BindingRef, subject_text, user_name};
use crate::core::rbac::inventory::Binding;
use crate::core::rbac::managed_by::managers;
use crate::core::rbac::others::Others;
use crate::core::revocation::input::{Confirmation, InputTarget, KubeconfigFact, RevocationInput};
use crate::core::revocation::plan::{
    BindingAction, BindingStep, Draft, Flags, Remain, RemainKind, Step, StepKind, access, planned_target,
};
use crate::core::revocation::refusal::{Refusal, RefusalScope};

/// How a rotation is taken back.
const NO_UNDO: &str = "none: a revoked certificate can't be given back";

/// What the rotation in one cluster is decided from.
pub struct RotationFacts<'a> {
    /// The cluster. Its one target goes by the names of the certificates alone.
    pub input: &'a RevocationInput,
    /// The identity that the context's certificate names.
    pub uid: &'a Uid,
    /// The certificates that are known.
    pub certificates: &'a [KnownCertificate],
    /// Whom the cloud takes the operator for.
    pub caller: &'a Answer<Caller>,
    /// The access key that the cloud is asked with, where it is one that lasts: its ID, and where it is from.
    pub access_key: Option<&'a str>,
    /// Where the new kubeconfig is written, or why nowhere.
    pub destination: Result<Destination, Refusal>,
    /// What the API server said to a renaming in each binding when it was asked by dry run.
    pub dry_runs: &'a BTreeMap<BindingRef, Result<(), String>>,
    /// `--keep-others`.
    pub keep_others: bool,
    /// What else of the loaded kubeconfig files holds one of the certificates.
    pub copies: &'a [String],
}

/// Plans one cluster.
pub fn draft(facts: RotationFacts<'_>) -> RotationDraft {
    let input = facts.input;
    let scope = RefusalScope::Cluster(input.cluster.context.clone());
    let refusals: Vec<Refusal> = refuse::all(&facts)
        .into_iter()
        .map(|refusal| refusal.of(scope.clone()).in_cluster(input.cluster.id()))
        .collect();
    let draft = Draft {
        targets: input.targets.iter().map(|target| planned_target(input, target)).collect(),
        steps: steps(&facts),
        remains: remains(&facts),
        not_checked: not_checked(input),
        warnings: warnings(&facts),
        refusals,
        ..Draft::default()
    };
    RotationDraft { draft, certificates: facts.certificates.to_vec(), destination: facts.destination.ok() }
}

fn old_names(facts: &RotationFacts<'_>) -> BTreeSet<String> {
    facts.certificates.iter().map(|one| one.facts.common_name.clone()).collect()
}

/// ACK's part, then the bindings that others made.
fn steps(facts: &RotationFacts<'_>) -> Vec<Step> {
    let cluster_id = facts.input.cluster.id().cloned();
    let rotate = Step {
        id: 0,
        cluster_id: cluster_id.clone(),
        kind: StepKind::Rotate(facts.uid.clone()),
        undo: NO_UNDO.to_owned(),
    };
    let old_names = old_names(facts);
    let others = facts.input.bindings.iter().filter(|_| !facts.keep_others).filter_map(|object| {
        let kind = StepKind::Binding(Box::new(replacing(facts, object, &old_names)?));
        Some(Step { id: 0, cluster_id: cluster_id.clone(), kind, undo: NO_UNDO.to_owned() })
    });
    std::iter::once(rotate).chain(others).collect()
}

fn replacing(facts: &RotationFacts<'_>, object: &BindingObject, old_names: &BTreeSet<String>) -> Option<BindingStep> {
    let (old, staying): (Vec<&Subject>, Vec<&Subject>) =
        object.subjects.iter().partition(|subject| names_old(subject, old_names));
    let binding = object.reference();
    if old.is_empty() || is_acks(facts, &binding) {
        return None;
    }
    Some(BindingStep {
        action: BindingAction::Replace,
        uid: object.uid().to_owned(),
        resource_version: object.resource_version().to_owned(),
        identities: vec![facts.uid.clone()],
        subjects: old.into_iter().map(subject_text).collect(),
        shared_with: Others::new(staying.iter().map(|subject| subject_text(subject)), staying.len()),
        shared_with_sha256: sealed(&staying),
        managed_by: managers(object).into_iter().map(|manager| manager.text).collect(),
        binding,
    })
}

/// Whether ACK made the binding for the identity: it gives it the new name by itself.
fn is_acks(facts: &RotationFacts<'_>, reference: &BindingRef) -> bool {
    let mut bindings = facts.input.scan.grants.inventory().bindings().iter();
    bindings.any(|binding| binding.reference() == *reference && is_made_by_ack(binding, facts.uid.as_str()))
}

fn remains(facts: &RotationFacts<'_>) -> Vec<Remain> {
    let input = facts.input;
    let mut found = Vec::new();
    for target in &input.targets {
        found.extend(access(input.scan.grants.inventory(), &input.roles, &target.target, &Flags::default()));
    }
    let old_names = old_names(facts);
    if facts.keep_others {
        let kept = input.bindings.iter().filter(|object| object.subjects.iter().any(|one| names_old(one, &old_names)));
        let kept = kept.map(BindingObject::reference).filter(|binding| !is_acks(facts, binding));
        found.extend(
            kept.map(|binding| (RemainKind::EarlierName, format!("{binding} keeps the old name: --keep-others"))),
        );
    }
    for object in &input.bindings {
        let own = object
            .subjects
            .iter()
            .filter_map(user_name)
            .filter(|name| Uid::of_user_name(name).as_ref() == Some(facts.uid) && !old_names.contains(*name));
        found.extend(own.map(|name| {
            let binding = object.reference();
            let what = format!(
                "{binding} names {name}, which no known certificate has: a kubeconfig of that name still opens it"
            );
            (RemainKind::EarlierName, what)
        }));
    }
    for one in facts.certificates {
        found.extend(one.facts.other_credentials.iter().map(|other| {
            let whose = whose(one.from);
            let what =
                format!("{whose} also holds {}; this rotation does not end it: {}", other.description, other.remedy);
            (RemainKind::OtherCredential, what)
        }));
    }
    let ends = facts.certificates.iter().filter_map(|one| one.facts.not_after).max();
    found.extend(ends.map(|end| {
        let what = format!("the old certificate itself still opens /version until {}", end.strftime("%Y-%m-%d"));
        (RemainKind::Certificate, what)
    }));
    let of =
        |(kind, what)| Remain { cluster_id: input.cluster.id().cloned(), uid: Some(facts.uid.clone()), kind, what };
    found.into_iter().map(of).collect()
}

fn whose(from: CertificateFrom) -> &'static str {
    match from {
        CertificateFrom::Context => "your user entry",
        CertificateFrom::LeakedFile => "the leaked file",
    }
}

fn not_checked(input: &RevocationInput) -> Vec<String> {
    let mut unseen = Vec::new();
    if input.cluster.confirmation == Confirmation::OperatorsWord {
        unseen.push("which cluster this is: only you asserted it, with --cluster-id".to_owned());
    }
    if let Some(first) = input.unread.first() {
        unseen.push(format!("bindings that others made for the old name, which could not be read: {first}"));
    }
    unseen
}

fn warnings(facts: &RotationFacts<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(key) = facts.access_key {
        warnings.push(format!(
            "access key {key} can fetch the new kubeconfig, too: if it lies where the old kubeconfig leaked, disable it in RAM first and use another"
        ));
    }
    let is_forged = |one: &&KnownCertificate| one.facts.signed_by_ca == Some(false);
    if facts.certificates.iter().any(|one| is_forged(&one)) {
        warnings.push(
            "this cluster's CA did not sign a certificate that was given: a forged file can name any identity"
                .to_owned(),
        );
    }
    let input = facts.input;
    let old_names = old_names(facts);
    let names_it = |binding: &&Binding| {
        binding.subjects().iter().any(|one| one.user_name().is_some_and(|name| old_names.contains(name)))
    };
    let mut own = input.scan.grants.inventory().bindings().iter().filter(names_it);
    if input.unread.is_empty() && !own.any(|binding| is_made_by_ack(binding, facts.uid.as_str())) {
        warnings.push(
            "no binding that ACK made names you: the new certificate may have no access, and then the file is not replaced until another administrator renames you in the bindings of others"
                .to_owned(),
        );
    }
    let listed = input.targets.first().map(|InputTarget { kubeconfig, .. }| kubeconfig);
    if matches!(listed, Some(KubeconfigFact::NotListed)) {
        warnings.push("ACK lists no kubeconfig of yours in this cluster: its call will probably fail".to_owned());
    }
    warnings.extend(facts.dry_runs.iter().filter_map(|(binding, answer)| {
        let reason = answer.as_ref().err().filter(|_| !facts.keep_others)?;
        Some(format!("{binding} can't be changed: {reason}; another administrator has to give it your new name"))
    }));
    warnings
        .extend(facts.copies.iter().map(|copy| format!("{copy} holds the old certificate, too, and stops working")));
    warnings
}
