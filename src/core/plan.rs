//! What a revocation would do, step by step, before anybody agrees to it.
//!
//! A plan is made in two rounds: [`questions`] says what would be changed, so that the API server can be asked by dry run, and
//! [`Draft::of`] puts the answers, the refusals and what remains beside them. [`Plan::new`] joins the clusters and seals all
//! that consent is given to with a hash.

use k8s_openapi::api::rbac::v1::Subject;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::ack::CertificateState;
use super::binding_object::{BindingObject, BindingRef, subject_text};
use super::case::{Case, Confirmation, DryRun, DryRuns, LeakedFacts, RoleThen, TargetCase};
use super::change::Change;
use super::hex;
use super::identity::IdentityType;
use super::ids::{ClusterId, Uid};
use super::inventory::Role;
use super::managed_by::managers;
use super::refusal::Refusal;
use super::scan::StateKind;
use super::target::{Target, is_one_of};

mod refuse;
mod remain;
#[cfg(test)]
mod tests;

pub use remain::{Elsewhere, NOT_CHECKED, Remain, RemainKind, access, mapping_of};

/// The flags that decide what a revocation does. All of them are part of what is agreed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Flags {
    /// `--force`: although the identity was active in the last seven days, or that can't be told.
    pub force: bool,
    /// `--rbac-only`: the bindings, and nothing in the cloud.
    pub rbac_only: bool,
    /// `--all-deleted`: every identity that no longer exists.
    pub all_deleted: bool,
    /// `--accept-inferred`: also those whose end is inferred.
    pub accept_inferred: bool,
    /// `--leave-no-admin`: although nobody would hold full rights afterwards.
    pub leave_no_admin: bool,
    /// `--accept-group-grant`: bindings of groups that are meant.
    pub accept_group_grants: Vec<String>,
}

/// A plan: what would be done, what would be left, and why it is refused, if it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Plan {
    /// SHA-256 over all that is agreed to, in hexadecimal digits.
    pub hash: String,
    /// The flags.
    pub flags: Flags,
    /// The credential that the plan is about, where one was given.
    pub leaked: Option<LeakedFacts>,
    /// The identities.
    pub targets: Vec<PlannedTarget>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What the plan can't end.
    pub remains: Vec<Remain>,
    /// What can't be seen.
    pub not_checked: Vec<String>,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// Why nothing will be done; in bulk, why something is left out.
    pub refusals: Vec<Refusal>,
}

/// An identity of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PlannedTarget {
    /// The cluster.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub cluster_id: Option<ClusterId>,
    /// The cluster's name.
    pub cluster_name: Option<String>,
    /// The context that leads there.
    pub context: Option<String>,
    /// The RAM UID.
    #[cfg_attr(test, schemars(with = "String"))]
    pub uid: Uid,
    /// RAM user, RAM role or the account itself.
    #[serde(rename = "type")]
    pub kind: IdentityType,
    /// Its name in RAM.
    pub name: Option<String>,
    /// Whether it still exists.
    pub state: StateKind,
    /// What that is known from.
    pub evidence: String,
    /// Its user names in the cluster.
    pub names: Vec<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// Where the groups are known from.
    pub groups_from: super::target::GroupsFrom,
    /// Its last access to the cluster, as far as that could be told.
    pub last_access: Option<String>,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Action {
    /// A binding of the identities alone goes.
    DeleteBinding,
    /// A binding that others share loses the identities.
    RemoveSubjects,
    /// A binding of the identities alone that can't go loses them and stays empty.
    EmptyBinding,
    /// The cloud deletes the identity's kubeconfig.
    DeleteKubeconfig,
}

/// One step: one binding, or one call of the cloud.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Step {
    /// Its number in the plan, from 1.
    pub id: u32,
    /// The cluster.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub cluster_id: Option<ClusterId>,
    /// What it does.
    pub action: Action,
    /// The binding; null for a step of the cloud.
    pub object: Option<BindingRef>,
    /// The binding's UID.
    pub uid: Option<String>,
    /// The version that the plan saw.
    pub resource_version: Option<String>,
    /// The identities that it is about.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    pub identities: Vec<Uid>,
    /// The subjects that leave, `Kind/name`.
    pub subjects: Vec<String>,
    /// The subjects that stay, in the binding's order.
    pub shared_with: Vec<String>,
    /// Who manages the binding, and will or may put the subjects back.
    pub managed_by: Vec<String>,
    /// How the step is taken back, or that it can't be.
    pub undo: String,
}

/// The part of a plan that is about one cluster.
pub struct Draft {
    /// Whom it is about.
    pub targets: Vec<PlannedTarget>,
    /// What is done, numbered later.
    pub steps: Vec<Step>,
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

/// How many are revoked together. Of a crowd the refused are left out; of a few named ones a refusal stops all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowd {
    /// One identity, by its name.
    One,
    /// Several, by their names.
    Several,
    /// `--all-deleted` in one cluster.
    Bulk,
    /// Whoever it is, in several clusters: one that is refused is left out as a whole.
    Fleet,
}

impl Crowd {
    /// Whether the refused are left out and the others go on.
    pub fn leaves_out(self) -> bool {
        matches!(self, Self::Bulk | Self::Fleet)
    }
}

/// The change of a binding that a plan is about; `None` where none of the identities is in it.
pub fn change_of(object: &BindingObject, uids: &[Uid]) -> Option<Change> {
    Change::removing(object, |subject| is_one_of(subject, uids))
}

/// The subjects that stay when these identities leave, in their order.
pub fn others_of(object: &BindingObject, uids: &[Uid]) -> Vec<Subject> {
    object.subjects.iter().filter(|subject| !is_one_of(subject, uids)).cloned().collect()
}

/// The steps that take these identities out of the cluster, the bindings first.
fn steps(case: &Case, targets: &[&TargetCase], flags: &Flags, dry_runs: &DryRuns) -> Vec<Step> {
    let uids: Vec<Uid> = targets.iter().map(|target| target.target.uid.clone()).collect();
    let bindings = case.bindings.iter().filter_map(|object| binding_step(case, object, &uids, dry_runs));
    let calls = targets.iter().filter(|target| !flags.rbac_only && needs_the_cloud(case, target));
    bindings.chain(calls.map(|target| cloud_step(case, target))).collect()
}

fn binding_step(case: &Case, object: &BindingObject, uids: &[Uid], dry_runs: &DryRuns) -> Option<Step> {
    let change = change_of(object, uids)?;
    let (leaving, staying): (Vec<&Subject>, Vec<&Subject>) =
        object.subjects.iter().partition(|subject| is_one_of(subject, uids));
    let action = match (&change, staying.is_empty()) {
        (Change::Delete { .. }, _) => Action::DeleteBinding,
        (_, true) => Action::EmptyBinding,
        (_, false) => Action::RemoveSubjects,
    };
    let mut identities: Vec<Uid> =
        leaving.iter().filter_map(|subject| super::binding_object::ram_uid(subject)).collect();
    identities.sort();
    identities.dedup();
    let reference = object.reference();
    Some(Step {
        id: 0,
        cluster_id: case.cluster.id().cloned(),
        action,
        uid: Some(object.uid().to_owned()),
        resource_version: Some(object.resource_version().to_owned()),
        identities,
        subjects: leaving.into_iter().map(subject_text).collect(),
        shared_with: staying.into_iter().map(subject_text).collect(),
        managed_by: managers(object).into_iter().map(|manager| manager.text).collect(),
        undo: undo(dry_runs.get(&reference)),
        object: Some(reference),
    })
}

fn undo(dry_run: Option<&DryRun>) -> String {
    match dry_run.and_then(|dry_run| dry_run.undo.as_ref()) {
        Some(Err(reason)) => format!("not by you: {reason}"),
        Some(Ok(())) | None => "restore".to_owned(),
    }
}

/// Whether the cloud has, or may have, something of the identity in this cluster.
fn needs_the_cloud(case: &Case, target: &TargetCase) -> bool {
    case.cloud.is_ok()
        && (target.kubeconfig.can_be_deleted() != Some(false) || !permissions_here(case, target).is_empty())
}

/// ACK's records of roles that it granted the identity in this cluster, as it names them.
pub fn permissions_here(case: &Case, target: &TargetCase) -> Vec<String> {
    let Some(id) = case.cluster.id() else { return Vec::new() };
    let records = target.permissions.known().map(Vec::as_slice).unwrap_or_default();
    records.iter().filter(|record| record.is_of_cluster(id)).map(|record| record.resource_id.clone()).collect()
}

fn cloud_step(case: &Case, target: &TargetCase) -> Step {
    Step {
        id: 0,
        cluster_id: case.cluster.id().cloned(),
        action: Action::DeleteKubeconfig,
        object: None,
        uid: None,
        resource_version: None,
        identities: vec![target.target.uid.clone()],
        subjects: Vec::new(),
        shared_with: Vec::new(),
        managed_by: Vec::new(),
        undo: match target.kubeconfig.certificate() {
            Some(CertificateState::Expired) => "none: the kubeconfig has expired".to_owned(),
            _ => "recycle bin, 30 days, console".to_owned(),
        },
    }
}

/// The bindings that a plan for these identities would change, with their changes and what would undo them: what the API
/// server is to be asked by dry run.
pub fn questions<'a>(case: &'a Case) -> Vec<(&'a BindingObject, Change, Option<Change>)> {
    let uids: Vec<Uid> = case.targets.iter().map(|target| target.target.uid.clone()).collect();
    let question = |object: &'a BindingObject| {
        let change = change_of(object, &uids)?;
        // Who may take a subject out may put it in: the API server weighs both alike. Who may delete need not be able to create.
        let undo = matches!(change, Change::Delete { .. })
            .then(|| Change::Create { object: Box::new(object.stripped(object.subjects.clone())) });
        Some((object, change, undo))
    };
    case.bindings.iter().filter_map(question).collect()
}

impl Draft {
    /// Plans one cluster. `dry_runs` is empty where the API server was not asked.
    pub fn of(case: &Case, flags: &Flags, leaked: Option<&LeakedFacts>, crowd: Crowd, dry_runs: &DryRuns) -> Self {
        let mut refusals = refuse::the_cluster(case, flags, crowd);
        let mut accepted: Vec<&TargetCase> = Vec::new();
        for target in &case.targets {
            if crowd == Crowd::Fleet && refuse::holds_nothing(case, target, flags) {
                continue;
            }
            let own = refuse::the_target(case, target, flags, leaked, crowd);
            if own.is_empty() || !crowd.leaves_out() {
                accepted.push(target);
            }
            refusals.extend(own);
        }
        let mut steps = steps(case, &accepted, flags, dry_runs);
        let rights = refuse::the_steps(case, &steps, dry_runs);
        if crowd.leaves_out() {
            accepted.retain(|target| !rights.iter().any(|(uids, _)| uids.contains(&target.target.uid)));
            steps = self::steps(case, &accepted, flags, dry_runs);
        }
        refusals.extend(rights.into_iter().map(|(_, refusal)| refusal));
        refusals.extend(refuse::the_last_administrator(case, &accepted, flags));
        if crowd == Crowd::Fleet && refusals.iter().any(|refusal| refusal.target.is_none()) {
            (accepted, steps) = (Vec::new(), Vec::new());
        }
        refusals.iter_mut().for_each(|refusal| refusal.cluster_id = case.cluster.id().cloned());
        Self {
            targets: accepted.iter().map(|target| planned(case, target)).collect(),
            remains: remain::after(case, &accepted, leaked, flags),
            elsewhere: remain::elsewhere(case, &accepted),
            not_checked: not_checked(case, flags),
            warnings: refuse::warnings(case, &accepted, leaked),
            steps,
            refusals,
        }
    }
}

fn planned(case: &Case, target: &TargetCase) -> PlannedTarget {
    let Target { uid, names, groups, groups_from } = target.target.clone();
    PlannedTarget {
        cluster_id: case.cluster.id().cloned(),
        cluster_name: case.cluster.name.clone(),
        context: case.cluster.context.clone(),
        uid,
        kind: target.verdict.identity_type,
        name: target.verdict.name.clone(),
        state: StateKind::of(target.verdict.state),
        evidence: target.verdict.evidence.clone(),
        names: names.into_iter().collect(),
        groups,
        groups_from,
        last_access: target.activity.as_ref().map(super::holder::LastAccess::describe),
    }
}

fn not_checked(case: &Case, flags: &Flags) -> Vec<String> {
    let mut unseen = Vec::new();
    if flags.rbac_only {
        unseen.push("the cloud's records: --rbac-only".to_owned());
    }
    if case.cluster.confirmation == Confirmation::OperatorsWord {
        unseen.push("which cluster this is: --cluster-id is your own word".to_owned());
    }
    unseen
}

impl Plan {
    /// Joins the clusters' drafts and seals them.
    pub fn new(drafts: Vec<Draft>, flags: Flags, leaked: Option<LeakedFacts>) -> Self {
        let mut plan = Self {
            hash: String::new(),
            flags,
            leaked,
            targets: Vec::new(),
            steps: Vec::new(),
            remains: Vec::new(),
            not_checked: Vec::new(),
            warnings: Vec::new(),
            refusals: Vec::new(),
        };
        let mut elsewhere: Vec<Elsewhere> = Vec::new();
        for draft in drafts {
            elsewhere.extend(draft.elsewhere);
            plan.targets.extend(draft.targets);
            plan.steps.extend(draft.steps);
            plan.remains.extend(draft.remains);
            plan.not_checked.extend(draft.not_checked);
            plan.warnings.extend(draft.warnings);
            plan.refusals.extend(draft.refusals);
        }
        for Elsewhere { cluster, remain } in elsewhere {
            let is_target = |target: &PlannedTarget| {
                target.cluster_id.as_ref() == Some(&cluster) && Some(&target.uid) == remain.uid.as_ref()
            };
            let is_told = |told: &Remain| (&told.uid, &told.what) == (&remain.uid, &remain.what);
            if !plan.targets.iter().any(is_target) && !plan.remains.iter().any(is_told) {
                plan.remains.push(remain);
            }
        }
        let mut told = std::collections::BTreeSet::new();
        plan.not_checked.retain(|what| told.insert(what.clone()));
        plan.not_checked.extend(NOT_CHECKED.map(str::to_owned));
        (1..).zip(&mut plan.steps).for_each(|(number, step)| step.id = number);
        plan.hash = plan.seal();
        plan
    }

    /// The hash over what is agreed to: flags, and per target and step the cluster, the identity, what is done to which object
    /// in which version, and to whom. No times, no activity, no answers to dry runs.
    fn seal(&self) -> String {
        let targets: Vec<_> = self.targets.iter().map(|target| json!([target.cluster_id, target.uid])).collect();
        let steps = self.steps.iter().map(|step| {
            json!([
                step.cluster_id,
                step.action,
                step.object,
                step.uid,
                step.resource_version,
                step.identities,
                step.subjects,
                step.shared_with,
            ])
        });
        let sealed = json!({
            "flags": self.flags, "leaked": self.leaked.as_ref().map(|leaked| &leaked.certificate_sha256),
            "targets": targets, "steps": steps.collect::<Vec<_>>(),
        });
        hex::sha256(sealed.to_string().as_bytes())
    }

    /// Whether the plan is still the one that its hash was made of.
    pub fn is_sealed(&self) -> bool {
        self.hash == self.seal()
    }

    /// The hash's first digits, for people.
    pub fn short_hash(&self) -> &str {
        self.hash.get(..6).unwrap_or(&self.hash)
    }

    /// The identities, each once.
    pub fn uids(&self) -> Vec<Uid> {
        let mut uids: Vec<Uid> = self.targets.iter().map(|target| target.uid.clone()).collect();
        uids.sort();
        uids.dedup();
        uids
    }

    /// The clusters that it is about, each once.
    pub fn clusters(&self) -> Vec<Option<&ClusterId>> {
        let mut clusters: Vec<Option<&ClusterId>> = Vec::new();
        for id in self.targets.iter().map(|target| target.cluster_id.as_ref()) {
            if !clusters.contains(&id) {
                clusters.push(id);
            }
        }
        clusters
    }

    /// The part that is about one cluster, with the hash of the whole: consent to all of it is consent to each part.
    #[must_use]
    pub fn in_cluster(&self, id: Option<&ClusterId>) -> Self {
        let mut part = self.clone();
        part.targets.retain(|target| target.cluster_id.as_ref() == id);
        part.steps.retain(|step| step.cluster_id.as_ref() == id);
        part.remains.retain(|remain| remain.cluster_id.as_ref() == id);
        part.refusals.retain(|refusal| refusal.cluster_id.as_ref() == id);
        part
    }

    /// A step by its number.
    pub fn step(&self, id: u32) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// The steps that change the cluster.
    pub fn binding_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.object.is_some())
    }

    /// Whether somebody's marks stand on one of the bindings, so that what is taken away may soon be put back.
    pub fn is_managed(&self) -> bool {
        self.steps.iter().any(|step| !step.managed_by.is_empty())
    }
}

/// The roles of the bindings that a plan changes, as they are now.
pub fn roles_then(case: &Case) -> Vec<RoleThen> {
    case.bindings
        .iter()
        .map(|object| {
            let binding = object.reference();
            let role = Role { kind: object.role_ref.kind.as_str().into(), name: object.role_ref.name.as_str().into() };
            let namespace = binding.namespace.as_deref();
            RoleThen {
                role: case.roles.of(namespace, &role).cloned(),
                namespace_uid: namespace.and_then(|namespace| case.namespaces.get(namespace)).cloned(),
                binding,
            }
        })
        .collect()
}
