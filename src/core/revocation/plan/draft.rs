//! The part of a plan that is about one cluster: from what was read of it to its steps, its refusals and what remains.

use super::{
    BindingAction, BindingStep, Elsewhere, Flags, PlannedPath, PlannedTarget, Remain, RevokeMode, Step, StepKind,
    TokenStep, change_of, names, paths, refuse, remain,
};
use crate::core::access::holder::LastAccess;
use crate::core::access::scan::StateKind;
use crate::core::credential::static_token::INVALID_SINCE;
use crate::core::hex;
use crate::core::identity::ack::CertificateState;
use crate::core::ids::Uid;
use crate::core::rbac::binding_object::{BindingObject, subject_text, user_name};
use crate::core::rbac::managed_by::managers;
use crate::core::rbac::others::Others;
use crate::core::revocation::change::Change;
use crate::core::revocation::input::{Confirmation, DryRun, DryRuns, InputTarget, RevocationInput};
use crate::core::revocation::leaked::LeakedFacts;
use crate::core::revocation::refusal::Refusal;
use crate::core::revocation::static_tokens::{InputToken, SecretRef};
use crate::core::revocation::target::{Target, TargetNames};
use k8s_openapi::api::rbac::v1::Subject;
use serde_json::json;

/// The part of a plan that is about one cluster.
#[derive(Default)]
pub struct Draft {
    /// Whom it is about.
    pub targets: Vec<PlannedTarget>,
    /// What is done, numbered later.
    pub steps: Vec<Step>,
    /// What they can become by the rights that they have.
    pub paths: Vec<PlannedPath>,
    /// What it can't end.
    pub remains: Vec<Remain>,
    /// What the identities hold in other clusters, which the plan may be about too.
    pub elsewhere: Vec<Elsewhere>,
    /// What can't be seen here, beside what can't be seen anywhere.
    pub not_checked: Vec<String>,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// Why it is refused, or what is left out.
    pub refusals: Vec<Refusal>,
}

impl Draft {
    /// Plans one cluster. `dry_runs` is empty where the API server was not asked.
    pub fn of(
        input: &RevocationInput,
        flags: &Flags,
        leaked: &[LeakedFacts],
        mode: RevokeMode,
        dry_runs: &DryRuns,
    ) -> Self {
        let mut refusals = refuse::the_cluster(input, flags, mode);
        let mut accepted: Vec<&InputTarget> = Vec::new();
        for target in &input.targets {
            if mode == RevokeMode::MultiCluster && refuse::holds_nothing(input, target, flags) {
                continue;
            }
            let own = refuse::the_target(input, target, flags, leaked, mode);
            if own.is_empty() || !mode.leaves_out() {
                accepted.push(target);
            }
            refusals.extend(own);
        }
        let mut steps = steps(input, &accepted, flags, dry_runs);
        let rights = refuse::the_steps(input, &steps, dry_runs);
        if mode.leaves_out() {
            accepted.retain(|target| !rights.iter().any(|(uids, _)| uids.contains(&target.target.uid)));
            steps = self::steps(input, &accepted, flags, dry_runs);
        }
        refusals.extend(rights.into_iter().map(|(_, refusal)| refusal));
        refusals.extend(refuse::the_static_tokens(input, &steps));
        refusals.extend(refuse::the_last_administrator(input, &accepted, flags));
        if mode == RevokeMode::MultiCluster && refusals.iter().any(|refusal| refusal.scope.is_whole_cluster()) {
            (accepted, steps) = (Vec::new(), Vec::new());
        }
        refusals.iter_mut().for_each(|refusal| refusal.cluster_id = input.cluster.id().cloned());
        let becoming = paths::of(input, &accepted);
        let mut remains = remain::after(input, &accepted, leaked, flags);
        remains.extend(becoming.stay);
        Self {
            targets: accepted.iter().map(|target| planned(input, target)).collect(),
            paths: becoming.paths,
            remains,
            elsewhere: remain::elsewhere(input, &accepted),
            not_checked: not_checked(input, &accepted, flags),
            warnings: refuse::warnings(input, &accepted, flags, leaked),
            steps,
            refusals,
        }
    }
}

/// An identity as a plan names it.
pub fn planned(input: &RevocationInput, target: &InputTarget) -> PlannedTarget {
    let Target { uid, names, also_names, groups, groups_from, .. } = target.target.clone();
    PlannedTarget {
        cluster_id: input.cluster.id().cloned(),
        cluster_name: input.cluster.name.clone(),
        context: input.cluster.context.clone(),
        uid,
        kind: target.verdict.identity_type,
        name: target.verdict.name.clone(),
        state: StateKind::of(target.verdict.state),
        evidence: target.verdict.evidence.clone(),
        names: names.into_iter().collect(),
        also_names: also_names.into_iter().collect(),
        groups,
        groups_from,
        last_access: target.activity.as_ref().map(LastAccess::describe),
    }
}

fn not_checked(input: &RevocationInput, targets: &[&InputTarget], flags: &Flags) -> Vec<String> {
    let mut unseen = Vec::from_iter(paths::not_checked(input).filter(|_| !targets.is_empty()));
    if flags.rbac_only {
        unseen.push("the cloud's records: --rbac-only".to_owned());
    }
    if input.cluster.confirmation == Confirmation::OperatorsWord {
        unseen.push("which cluster this is: only you asserted it, with --cluster-id".to_owned());
    }
    let accepted = flags.accept_names.iter();
    unseen.extend(accepted.map(|name| format!("whose user name {name} is: only you asserted it, with --accept-name")));
    let nameless: Vec<&str> = targets
        .iter()
        .filter(|target| target.target.ram_names.is_empty())
        .map(|target| target.target.uid.as_str())
        .collect();
    if !nameless.is_empty() {
        let shown = names::some_of(&nameless);
        unseen.push(format!("user names that equal the name or ARN in RAM of {shown}: its name is unknown"));
    }
    unseen
}

/// The steps that take these identities out of the cluster, the bindings first.
fn steps(input: &RevocationInput, targets: &[&InputTarget], flags: &Flags, dry_runs: &DryRuns) -> Vec<Step> {
    let names = TargetNames::of(targets.iter().map(|target| &target.target));
    let bindings = input.bindings.iter().filter_map(|object| binding_step(input, object, &names, dry_runs));
    let calls = targets.iter().filter(|target| !flags.rbac_only && needs_the_cloud(input, target));
    let tokens = input.static_tokens.iter().flat_map(|read| &read.tokens);
    let tokens = tokens.filter_map(|token| token_step(input, targets, token));
    bindings.chain(tokens).chain(calls.map(|target| cloud_step(input, target))).collect()
}

fn token_step(input: &RevocationInput, targets: &[&InputTarget], token: &InputToken) -> Option<Step> {
    let is_target = |uid: &&Uid| targets.iter().any(|target| target.target.uid == **uid);
    let identities: Vec<Uid> = token.readers.iter().filter(is_target).cloned().collect();
    let SecretRef { namespace, name } = &token.secret;
    (!identities.is_empty()).then(|| Step {
        id: 0,
        cluster_id: input.cluster.id().cloned(),
        undo: format!("restore, or: kubectl label secret -n {namespace} {name} {INVALID_SINCE}-"),
        kind: StepKind::StaticToken(Box::new(TokenStep {
            secret: token.secret.clone(),
            resource_version: token.resource_version.clone(),
            identities,
        })),
    })
}

fn binding_step(
    input: &RevocationInput,
    object: &BindingObject,
    names: &TargetNames,
    dry_runs: &DryRuns,
) -> Option<Step> {
    let change = change_of(object, names)?;
    let (leaving, staying): (Vec<&Subject>, Vec<&Subject>) =
        object.subjects.iter().partition(|subject| names.have(subject));
    let action = match (&change, staying.is_empty()) {
        (Change::Delete { .. }, _) => BindingAction::Delete,
        (_, true) => BindingAction::Empty,
        (_, false) => BindingAction::RemoveSubjects,
    };
    let users = leaving.iter().filter_map(|subject| user_name(subject));
    let mut identities: Vec<Uid> = users.flat_map(|name| names.identities(name)).cloned().collect();
    identities.sort();
    identities.dedup();
    let reference = object.reference();
    let staying: Vec<String> = staying.into_iter().map(subject_text).collect();
    let shared_with_sha256 = (!staying.is_empty()).then(|| hex::sha256(json!(staying).to_string().as_bytes()));
    Some(Step {
        id: 0,
        cluster_id: input.cluster.id().cloned(),
        undo: undo(dry_runs.get(&reference)),
        kind: StepKind::Binding(Box::new(BindingStep {
            action,
            binding: reference,
            uid: object.uid().to_owned(),
            resource_version: object.resource_version().to_owned(),
            identities,
            subjects: leaving.into_iter().map(subject_text).collect(),
            shared_with: Others::new(staying.iter().cloned(), staying.len()),
            shared_with_sha256,
            managed_by: managers(object).into_iter().map(|manager| manager.text).collect(),
        })),
    })
}

fn undo(dry_run: Option<&DryRun>) -> String {
    match dry_run.and_then(|dry_run| dry_run.undo.as_ref()) {
        Some(Err(reason)) => format!("not by you: {reason}"),
        Some(Ok(())) | None => "restore".to_owned(),
    }
}

/// Whether the cloud has, or may have, something of the identity in this cluster.
pub(super) fn needs_the_cloud(input: &RevocationInput, target: &InputTarget) -> bool {
    input.cloud.is_ok()
        && (target.kubeconfig.can_be_deleted() != Some(false) || !permissions_here(input, target).is_empty())
}

/// ACK's records of roles that it granted the identity in this cluster, as it names them.
pub fn permissions_here(input: &RevocationInput, target: &InputTarget) -> Vec<String> {
    let Some(id) = input.cluster.id() else { return Vec::new() };
    let records = target.permissions.known().map(Vec::as_slice).unwrap_or_default();
    records.iter().filter(|record| record.is_of_cluster(id)).map(|record| record.resource_id.clone()).collect()
}

fn cloud_step(input: &RevocationInput, target: &InputTarget) -> Step {
    Step {
        id: 0,
        cluster_id: input.cluster.id().cloned(),
        kind: StepKind::Kubeconfig(target.target.uid.clone()),
        undo: match target.kubeconfig.certificate() {
            Some(CertificateState::Expired) => "none: the kubeconfig has expired".to_owned(),
            _ => "recycle bin, 30 days, console".to_owned(),
        },
    }
}

/// The bindings that a plan for these identities would change, with their changes and what would undo them: what the API
/// server is to be asked by dry run.
pub fn questions<'a>(input: &'a RevocationInput) -> Vec<(&'a BindingObject, Change, Option<Change>)> {
    let names = TargetNames::of(input.targets.iter().map(|target| &target.target));
    let question = |object: &'a BindingObject| {
        let change = change_of(object, &names)?;
        // Who may take a subject out may put it in: the API server weighs both alike. Who may delete need not be able to create.
        let undo = matches!(change, Change::Delete { .. })
            .then(|| Change::Create { object: Box::new(object.stripped(object.subjects.clone())) });
        Some((object, change, undo))
    };
    input.bindings.iter().filter_map(question).collect()
}
