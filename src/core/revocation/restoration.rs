//! How access is given back: what was taken from which binding, held against what is there now.
//!
//! Only subjects that a revocation took away are written, whatever else a file of the operation says by now.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use k8s_openapi::api::rbac::v1::Subject;

use super::change::Change;
use super::input::RoleThen;
use super::journal::{BindingWrite, Fate, Tombstone};
use super::plan::others_of;
use super::refusal::{Refusal, RefusalCode, RefusalScope};
use super::seal;
use super::static_tokens::SecretRef;
use super::target::TargetNames;
use crate::core::cluster::server_view::NamespaceFacts;
use crate::core::identity::verdict::Verdict;
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::rbac::inventory::Role;
use crate::core::rbac::{PolicyRule, RoleFacts};

pub mod backup;
mod refuse;
#[cfg(test)]
mod tests;

pub use refuse::not_the_cluster_of_backups;
use refuse::{gone, rearmed, reasons};

/// What a revocation took from one binding.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The binding.
    pub binding: BindingRef,
    /// The binding as it was read right before.
    pub before: BindingObject,
    /// The subjects that left.
    pub subjects: Vec<Subject>,
    /// Its role as it was.
    pub role: Option<RoleFacts>,
    /// The UID of its namespace as it was.
    pub namespace_uid: Option<String>,
    /// Others who hold it and who lost it with the identities: the cloud may have taken the binding along.
    pub others: Vec<Subject>,
    /// Whether the server said so and showed it. Else they may never have left: the request or its answer was lost, or a
    /// mutating policy kept them.
    pub is_certain: bool,
    /// Who knows of it.
    pub known_from: KnownFrom,
}

/// Who knows what was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownFrom {
    /// The journal of a revocation.
    Journal,
    /// A backup that another tool made of the binding. It doesn't know the role's rules, nor the UIDs of role and namespace.
    Backup {
        /// When the binding had been created; `None` where it doesn't say.
        created: Option<Timestamp>,
    },
}

/// What is there now.
#[derive(Clone, Debug)]
pub struct Present {
    /// The binding; `None` where it is gone.
    pub binding: Option<BindingObject>,
    /// Its role; `None` where it is gone.
    pub role: Option<RoleFacts>,
    /// Its namespace: `None` where it has none or may not be read, `Some(None)` where it is gone.
    pub namespace: Option<Option<NamespaceFacts>>,
    /// Whether an earlier restore of the same operation, which was cut off, may have given it back.
    pub by_unfinished_restore: bool,
}

/// The flags that decide what a restore does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoreFlags {
    /// `--force`: although the identity is gone, or may be.
    pub force: bool,
    /// `--accept-role-change`: although a role allows something else by now.
    pub accept_role_change: bool,
    /// `--rearm`: the names whose leaked credentials may work again.
    pub rearm: Vec<String>,
}

/// One binding that gets its subjects back.
#[derive(Clone, Debug, PartialEq)]
pub struct RestoreStep {
    /// Its number, from 1.
    pub id: u32,
    /// The cluster, where its ID is known.
    pub cluster_id: Option<ClusterId>,
    /// The binding.
    pub binding: BindingRef,
    /// The subjects that come back.
    pub subjects: Vec<Subject>,
    /// How.
    pub action: RestoreAction,
}

/// How a binding gets its subjects back.
#[derive(Clone, Debug, PartialEq)]
pub enum RestoreAction {
    /// It is there: they are added to it.
    AddSubjects {
        /// The binding's own UID.
        uid: String,
        /// The version that the plan saw.
        resource_version: String,
    },
    /// It is gone: it is created anew.
    CreateBinding {
        /// The object to create.
        object: Box<BindingObject>,
        /// Others who come back with it: the cloud took their access along.
        others: Vec<Subject>,
    },
}

/// What the operator has to see of one binding before agreeing, beside its step.
#[derive(Clone, Debug, PartialEq)]
pub struct RestoreChange {
    /// The cluster, where its ID is known.
    pub cluster_id: Option<ClusterId>,
    /// The binding.
    pub binding: BindingRef,
    /// Its role.
    pub role: Role,
    /// What the role allows by now, where that has changed.
    pub role_change: Option<RoleChange>,
    /// Who held it too and is not put back: it was deleted after the revocation.
    pub left_out: Vec<Subject>,
    /// Whether it had owners, which are left out: a dead owner would have it deleted again.
    pub loses_owners: bool,
}

/// How what a role allows has changed since access was taken away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoleChange {
    /// The rules that it had and has no more.
    pub removed: Vec<PolicyRule>,
    /// The rules that it has got.
    pub added: Vec<PolicyRule>,
}

/// One static token that is taken again: the label that a revocation set is taken away, if it is still that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreToken {
    /// Its number.
    pub id: u32,
    /// The cluster, where its ID is known.
    pub cluster_id: Option<ClusterId>,
    /// The Secret.
    pub secret: SecretRef,
    /// The value that the label has.
    pub value: String,
}

/// A plan to give access back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RestorePlan {
    /// SHA-256 over all that is agreed to.
    pub hash: String,
    /// The flags.
    pub flags: RestoreFlags,
    /// The identities.
    pub uids: Vec<Uid>,
    /// The steps.
    pub steps: Vec<RestoreStep>,
    /// The steps that have static tokens taken again, numbered behind the others.
    pub tokens: Vec<RestoreToken>,
    /// What the steps mean, binding by binding.
    pub changes: Vec<RestoreChange>,
    /// What could not be restored from a folder, and why.
    pub not_restored: Vec<NotRestored>,
    /// Why nothing will be done.
    pub refusals: Vec<Refusal>,
}

/// Something that was to be restored from a folder and is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRestored {
    /// The cluster; `None` where it is about all of them.
    pub cluster_id: Option<ClusterId>,
    /// A file of the cluster's folder, that folder by the cluster's ID, or the UID of an identity.
    pub what: String,
    /// Why.
    pub why: String,
}

impl fmt::Display for NotRestored {
    /// The file with its cluster's folder, or the UID, and why.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cluster_id, what, why } = self;
        match cluster_id {
            Some(id) if what != id.as_str() => write!(formatter, "{id}/{what}: {why}"),
            _ => write!(formatter, "{what}: {why}"),
        }
    }
}

/// What a revocation took away, binding by binding, by its journal: what was sent and not refused. Only subjects of its own
/// identities count, whatever a line says by now. `at_risk` are the bindings that the cloud may have taken along.
pub fn taken(
    writes: &[BindingWrite],
    names: &TargetNames,
    roles: &[RoleThen],
    at_risk: &[BindingObject],
) -> Vec<Taken> {
    // Of two that tell of one binding the first counts.
    let roles: BTreeMap<&BindingRef, &RoleThen> = roles.iter().rev().map(|then| (&then.binding, then)).collect();
    let mut taken: Vec<Taken> = Vec::new();
    let mut places: BTreeMap<BindingRef, usize> = BTreeMap::new();
    for write in writes.iter().filter(|write| write.fate() != Fate::Refused) {
        let (Some(before), false) = (&write.before, matches!(write.change, Change::Create { .. })) else { continue };
        let left = before.subjects.iter().filter(|subject| names.have(subject)).cloned();
        let undone = write.after().is_some_and(|after| after.subjects.iter().any(|one| names.have(one)));
        let is_certain = write.fate() == Fate::Done && !undone;
        match places.get(&write.binding) {
            // Removed twice: it had been put back meanwhile.
            Some(place) => {
                let earlier = &mut taken[*place];
                let more: Vec<Subject> = left.filter(|subject| !earlier.subjects.contains(subject)).collect();
                earlier.subjects.extend(more);
                earlier.is_certain |= is_certain;
            }
            None => {
                places.insert(write.binding.clone(), taken.len());
                taken.push(Taken { subjects: left.collect(), is_certain, ..Taken::nothing(before, &roles) });
            }
        }
    }
    for object in at_risk {
        let others = others_of(object, names);
        match places.get(&object.reference()) {
            Some(place) => taken[*place].others = others,
            None => {
                places.insert(object.reference(), taken.len());
                taken.push(Taken { others, ..Taken::nothing(object, &roles) });
            }
        }
    }
    taken
}

impl Taken {
    fn nothing(before: &BindingObject, roles: &BTreeMap<&BindingRef, &RoleThen>) -> Self {
        let binding = before.reference();
        let then = roles.get(&binding);
        Self {
            binding,
            before: before.clone(),
            subjects: Vec::new(),
            others: Vec::new(),
            role: then.and_then(|then| then.role.clone()),
            namespace_uid: then.and_then(|then| then.namespace_uid.clone()),
            is_certain: true,
            known_from: KnownFrom::Journal,
        }
    }

    /// The binding as it is created anew: with the subjects that left, and with the others where the cloud took it from them.
    fn anew(&self) -> BindingObject {
        let comes_back = |subject: &&Subject| self.subjects.contains(subject) || self.others.contains(subject);
        // What was put back meanwhile and removed again need not have been there at first.
        let later = self.subjects.iter().filter(|subject| !self.before.subjects.contains(subject));
        self.before.stripped(self.before.subjects.iter().filter(comes_back).chain(later).cloned().collect())
    }

    /// Who was in the binding and does not come back with it.
    fn stays_out(&self) -> Vec<Subject> {
        let stays_out = |subject: &&Subject| !self.subjects.contains(subject) && !self.others.contains(subject);
        self.before.subjects.iter().filter(stays_out).cloned().collect()
    }
}

impl RestorePlan {
    /// Joins the plans of several clusters into one, which is agreed to as a whole.
    pub fn joined(plans: Vec<Self>) -> Self {
        let is_nothing = |refusal: &Refusal| refusal.code == RefusalCode::NothingToRestore;
        let something = plans.iter().any(|plan| !plan.steps.is_empty() || !plan.tokens.is_empty());
        let mut all = Self::default();
        for plan in plans {
            all.flags = plan.flags;
            all.uids.extend(plan.uids);
            all.steps.extend(plan.steps);
            all.tokens.extend(plan.tokens);
            all.changes.extend(plan.changes);
            all.not_restored.extend(plan.not_restored);
            // Where one cluster has nothing to get back, the others go on.
            all.refusals.extend(plan.refusals.into_iter().filter(|refusal| !(something && is_nothing(refusal))));
        }
        all.uids.sort();
        all.uids.dedup();
        all.seal();
        all
    }

    /// The plan with static tokens that are taken again.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Vec<RestoreToken>) -> Self {
        if !tokens.is_empty() {
            self.refusals.retain(|refusal| refusal.code != RefusalCode::NothingToRestore);
        }
        self.tokens = tokens;
        self.seal();
        self
    }

    fn seal(&mut self) {
        let ids =
            self.steps.iter_mut().map(|step| &mut step.id).chain(self.tokens.iter_mut().map(|token| &mut token.id));
        (1..).zip(ids).for_each(|(number, id)| *id = number);
        self.hash = seal::of_restore(&self.flags, &self.steps, &self.tokens);
    }

    /// Whether the plan is still the one that its hash was made of.
    pub fn is_sealed(&self) -> bool {
        self.hash == seal::of_restore(&self.flags, &self.steps, &self.tokens)
    }

    /// The part that is about one cluster, with the hash of the whole: consent to all of it is consent to each part.
    #[must_use]
    pub fn in_cluster(&self, id: Option<&ClusterId>) -> Self {
        Self {
            hash: self.hash.clone(),
            flags: self.flags.clone(),
            uids: self.uids.clone(),
            steps: self.steps.iter().filter(|step| step.cluster_id.as_ref() == id).cloned().collect(),
            tokens: self.tokens.iter().filter(|token| token.cluster_id.as_ref() == id).cloned().collect(),
            changes: self.changes.iter().filter(|change| change.cluster_id.as_ref() == id).cloned().collect(),
            not_restored: self.not_restored.clone(),
            refusals: self.refusals.clone(),
        }
    }

    /// What the steps mean, each with its step where it has one.
    pub fn changes_with_steps(&self) -> impl Iterator<Item = (&RestoreChange, Option<&RestoreStep>)> {
        let steps: BTreeMap<_, _> =
            self.steps.iter().map(|step| ((step.cluster_id.as_ref(), &step.binding), step)).collect();
        self.changes
            .iter()
            .map(move |change| (change, steps.get(&(change.cluster_id.as_ref(), &change.binding)).copied()))
    }

    /// A step by its number.
    pub fn step(&self, id: u32) -> Option<&RestoreStep> {
        // A part of a plan keeps the numbers of the whole, in their order.
        self.steps.binary_search_by_key(&id, |step| step.id).ok().map(|index| &self.steps[index])
    }

    /// A step of a static token by its number.
    pub fn token(&self, id: u32) -> Option<&RestoreToken> {
        self.tokens.iter().find(|token| token.id == id)
    }

    /// Whether it is about more than one cluster.
    pub fn is_of_several(&self) -> bool {
        let of_tokens = self.tokens.iter().map(|token| &token.cluster_id);
        let mut clusters = self.steps.iter().map(|step| &step.cluster_id).chain(of_tokens);
        let first = clusters.next();
        clusters.any(|other| Some(other) != first)
    }

    /// Whether this name comes back.
    pub fn gives_back(&self, name: &str) -> bool {
        gives_back(&self.steps, name)
    }
}

fn gives_back(steps: &[RestoreStep], name: &str) -> bool {
    steps.iter().flat_map(|step| step.subjects.iter().chain(step.others())).any(|subject| subject.name == name)
}

impl RestoreStep {
    /// The change that gives the subjects back, made from the binding as it was just read; `None` where they are there.
    pub fn change(&self, present: Option<&BindingObject>) -> Option<Change> {
        match (present, &self.action) {
            (Some(object), _) => Change::adding(object, &self.subjects),
            (None, RestoreAction::CreateBinding { object, .. }) => Some(Change::Create { object: object.clone() }),
            (None, RestoreAction::AddSubjects { .. }) => None,
        }
    }

    /// Others who come back with the subjects.
    pub fn others(&self) -> &[Subject] {
        match &self.action {
            RestoreAction::AddSubjects { .. } => &[],
            RestoreAction::CreateBinding { others, .. } => others,
        }
    }
}

/// Plans a restore. `identities` tells of each identity whether it still exists, `tombstones` which credentials had leaked.
pub fn plan(
    cluster_id: Option<&ClusterId>,
    taken: &[(Taken, Present)],
    identities: &[(Uid, Verdict)],
    tombstones: &[Tombstone],
    flags: RestoreFlags,
) -> RestorePlan {
    let mut refusals: Vec<Refusal> =
        identities.iter().filter(|_| !flags.force).filter_map(|(uid, verdict)| gone(uid, verdict)).collect();
    let (mut steps, mut changes) = (Vec::new(), Vec::new());
    for (taken, present) in taken {
        refusals.extend(reasons(taken, present, &flags));
        let step = step(cluster_id, taken, present);
        changes.extend(change(cluster_id, taken, present, step.as_ref()));
        steps.extend(step);
    }
    refusals.extend(rearmed(&steps, tombstones, &flags));
    if steps.is_empty() && refusals.is_empty() {
        let message = match taken.is_empty() {
            true => "nothing is known to have been taken away here",
            false => "everything that was taken away is there already",
        };
        refusals.push(Refusal::new(RefusalCode::NothingToRestore, message).of(RefusalScope::Cluster(None)));
    }
    refusals.iter_mut().for_each(|refusal| refusal.cluster_id = cluster_id.cloned());
    (1..).zip(&mut steps).for_each(|(number, step)| step.id = number);
    let uids = identities.iter().map(|(uid, _)| uid.clone()).collect();
    let hash = seal::of_restore(&flags, &steps, &[]);
    RestorePlan { hash, flags, uids, steps, tokens: Vec::new(), changes, not_restored: Vec::new(), refusals }
}

/// Gives a binding's subjects back; `None` where all are there.
fn step(cluster_id: Option<&ClusterId>, taken: &Taken, present: &Present) -> Option<RestoreStep> {
    let subjects = missing(taken, present);
    let action = match &present.binding {
        Some(_) if subjects.is_empty() => return None,
        Some(object) => RestoreAction::AddSubjects {
            uid: object.uid().to_owned(),
            resource_version: object.resource_version().to_owned(),
        },
        None if subjects.is_empty() && taken.others.is_empty() => return None,
        None => RestoreAction::CreateBinding { object: Box::new(taken.anew()), others: taken.others.clone() },
    };
    Some(RestoreStep { id: 0, cluster_id: cluster_id.cloned(), binding: taken.binding.clone(), subjects, action })
}

/// What is to be seen of a binding; `None` where nothing is done and nothing has changed.
fn change(
    cluster_id: Option<&ClusterId>,
    taken: &Taken,
    present: &Present,
    step: Option<&RestoreStep>,
) -> Option<RestoreChange> {
    let role_change = role_change(taken, present);
    let role = &taken.before.role_ref;
    let is_created = step.is_some_and(|step| matches!(step.action, RestoreAction::CreateBinding { .. }));
    (step.is_some() || role_change.is_some()).then(|| RestoreChange {
        cluster_id: cluster_id.cloned(),
        binding: taken.binding.clone(),
        role: Role { kind: role.kind.as_str().into(), name: role.name.as_str().into() },
        role_change,
        left_out: if is_created { taken.stays_out() } else { Vec::new() },
        loses_owners: is_created && taken.before.metadata.owner_references.is_some(),
    })
}

fn missing(taken: &Taken, present: &Present) -> Vec<Subject> {
    let there = present.binding.as_ref().map(|object| object.subjects.as_slice()).unwrap_or_default();
    let mut missing: Vec<Subject> = Vec::new();
    for subject in &taken.subjects {
        // A subject that stood in the list twice is one all the same.
        if !there.contains(subject) && !missing.contains(subject) {
            missing.push(subject.clone());
        }
    }
    missing
}

/// What a role allows beyond, or short of, what it allowed then; `None` where that is the same.
fn role_change(taken: &Taken, present: &Present) -> Option<RoleChange> {
    let (now, then) = (&present.role.as_ref()?.rules, &taken.role.as_ref()?.rules);
    let only_in = |rules: &[PolicyRule], others: &[PolicyRule]| {
        rules.iter().filter(|rule| !others.contains(rule)).cloned().collect::<Vec<_>>()
    };
    (now != then).then(|| RoleChange { removed: only_in(then, now), added: only_in(now, then) })
}
