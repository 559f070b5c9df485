//! What a revocation would do, step by step, before it is agreed to.
//!
//! A plan is made in two rounds: [`questions`] says what would be changed, so that the API server can be asked by dry run, and
//! [`Draft::of`] puts the answers, the refusals and what remains beside them. [`Plan::new`] joins the clusters and seals all
//! that consent is given to with a hash.

use k8s_openapi::api::rbac::v1::Subject;

use super::change::Change;
use super::input::{RevocationInput, RoleThen};
use super::leaked::LeakedFacts;
use super::refusal::{Refusal, RefusalScope};
use super::seal;
use super::target::TargetNames;
use crate::core::access::scan::StateKind;
use crate::core::distinct::distinct;
use crate::core::identity::IdentityType;
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::binding_object::BindingObject;
use crate::core::rbac::inventory::Role;

mod draft;
mod leaked_files;
mod names;
mod paths;
mod refuse;
mod remain;
mod step;
#[cfg(test)]
mod tests;

pub use draft::{Draft, permissions_here, planned as planned_target, questions};
pub use names::misnamed;
pub use paths::PlannedPath;
pub use refuse::ABNORMAL;
pub use remain::{Elsewhere, Remain, RemainKind, access, mapping_of, masters};
pub use step::{BindingAction, BindingStep, Step, StepKind, TokenStep};

/// The flags that decide what a revocation does. All of them are part of what is agreed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--force`: although the identity was active in the last seven days, or that is unknown.
    pub force: bool,
    /// `--rbac-only`: the bindings, and nothing in the cloud.
    pub rbac_only: bool,
    /// `--all-deleted`: every identity that no longer exists.
    pub all_deleted: bool,
    /// `--accept-inferred`: also those whose end is inferred.
    pub accept_inferred: bool,
    /// `--leave-no-admin`: although no identity would hold full rights afterwards.
    pub leave_no_admin: bool,
    /// `--accept-group-grant`: bindings of groups that are meant.
    pub accept_group_grants: Vec<String>,
    /// `--also-name`: user names that resemble an identity's and are its own.
    pub also_names: Vec<String>,
    /// `--accept-name`: user names that resemble an identity's and are another's.
    pub accept_names: Vec<String>,
    /// `--end-static-tokens`: also static tokens that the identity could read.
    pub end_static_tokens: bool,
}

impl Flags {
    /// These flags and those that are given when an operation is gone on with.
    #[must_use]
    pub fn and(mut self, given: Self) -> Self {
        let Self {
            force,
            rbac_only,
            all_deleted,
            accept_inferred,
            leave_no_admin,
            accept_group_grants,
            also_names,
            accept_names,
            end_static_tokens,
        } = given;
        self.force |= force;
        self.rbac_only |= rbac_only;
        self.all_deleted |= all_deleted;
        self.accept_inferred |= accept_inferred;
        self.leave_no_admin |= leave_no_admin;
        self.end_static_tokens |= end_static_tokens;
        self.accept_group_grants.extend(accept_group_grants);
        self.accept_group_grants = distinct(self.accept_group_grants);
        self.also_names.extend(also_names);
        self.also_names = distinct(self.also_names);
        self.accept_names.extend(accept_names);
        self.accept_names = distinct(self.accept_names);
        self
    }
}

/// A plan: what would be done, what would be left, and why it is refused, if it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// SHA-256 over all that is agreed to, in hexadecimal digits.
    pub hash: String,
    /// The flags.
    pub flags: Flags,
    /// The credentials that the plan is about, in the order of their files; empty where none was given.
    pub leaked: Vec<LeakedFacts>,
    /// The identities.
    pub targets: Vec<PlannedTarget>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What the identities can become by the rights that they have. It is no part of what is agreed to.
    pub paths: Vec<PlannedPath>,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedTarget {
    /// The cluster.
    pub cluster_id: Option<ClusterId>,
    /// The cluster's name.
    pub cluster_name: Option<String>,
    /// The context that leads there.
    pub context: Option<String>,
    /// The RAM UID.
    pub uid: Uid,
    /// RAM user, RAM role or the account itself.
    pub kind: IdentityType,
    /// Its name in RAM.
    pub name: Option<String>,
    /// Whether it still exists.
    pub state: StateKind,
    /// What that is known from.
    pub evidence: String,
    /// Its user names in the cluster.
    pub names: Vec<String>,
    /// Those of them that only the operator says are its own: `--also-name`.
    pub also_names: Vec<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// Where the groups are known from.
    pub groups_from: super::target::GroupsFrom,
    /// Its last access to the cluster, as far as that is known.
    pub last_access: Option<String>,
}

/// How many are revoked together. Of a crowd the refused are left out; of a few named ones a refusal stops all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeMode {
    /// One identity, by its name.
    Single,
    /// Several, by their names.
    Named,
    /// `--all-deleted` in one cluster.
    AllDeleted,
    /// Any identity, in several clusters: a refused one is left out as a whole.
    MultiCluster,
}

impl RevokeMode {
    /// Whether the refused are left out and the others go on.
    pub fn leaves_out(self) -> bool {
        matches!(self, Self::AllDeleted | Self::MultiCluster)
    }
}

/// The change of a binding that a plan is about; `None` where none of the identities is in it.
pub fn change_of(object: &BindingObject, names: &TargetNames) -> Option<Change> {
    Change::removing(object, |subject| names.have(subject))
}

/// The subjects that stay when these identities leave, in their order.
pub fn others_of(object: &BindingObject, names: &TargetNames) -> Vec<Subject> {
    object.subjects.iter().filter(|subject| !names.have(subject)).cloned().collect()
}

impl Plan {
    /// Joins the clusters' drafts and seals them.
    pub fn new(drafts: Vec<Draft>, flags: Flags, leaked: Vec<LeakedFacts>) -> Self {
        Self::with_earlier(drafts, flags, leaked, &[])
    }

    /// The same with what an earlier plan for the same identities found that they can become: their rights may be gone by now.
    pub fn with_earlier(drafts: Vec<Draft>, flags: Flags, leaked: Vec<LeakedFacts>, earlier: &[PlannedPath]) -> Self {
        let mut plan = Self {
            hash: String::new(),
            flags,
            leaked,
            targets: Vec::new(),
            steps: Vec::new(),
            paths: Vec::new(),
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
            plan.paths.extend(draft.paths);
            plan.remains.extend(draft.remains);
            plan.not_checked.extend(draft.not_checked);
            plan.warnings.extend(draft.warnings);
            plan.refusals.extend(draft.refusals);
        }
        for Elsewhere { cluster, remain } in elsewhere {
            let is_target = |target: &PlannedTarget| {
                target.cluster_id.as_ref() == Some(&cluster) && Some(&target.uid) == remain.uid.as_ref()
            };
            let is_shown = |known: &Remain| (&known.uid, &known.what) == (&remain.uid, &remain.what);
            if !plan.targets.iter().any(is_target) && !plan.remains.iter().any(is_shown) {
                plan.remains.push(remain);
            }
        }
        let forgotten: Vec<PlannedPath> = earlier.iter().filter(|path| !plan.paths.contains(path)).cloned().collect();
        plan.paths.extend(forgotten);
        plan.not_checked = distinct(plan.not_checked);
        plan.not_checked.extend(remain::not_checked(paths::tokens(remain::unseen_tokens(&plan.flags), &plan.paths)));
        (1..).zip(&mut plan.steps).for_each(|(number, step)| step.id = number);
        plan.hash = seal::of_revocation(&plan);
        plan
    }

    /// Whether the plan is still the one that its hash was made of.
    pub fn is_sealed(&self) -> bool {
        self.hash == seal::of_revocation(self)
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

    /// The user names of these identities; of those that the plan is not about none.
    pub fn names_of(&self, uids: &[Uid]) -> TargetNames {
        let meant = self.targets.iter().filter(|target| uids.contains(&target.uid));
        TargetNames::new(meant.map(|target| (target.uid.clone(), target.also_names.iter().cloned().collect())))
    }

    /// The user names of all its identities.
    pub fn names(&self) -> TargetNames {
        self.names_of(&self.uids())
    }

    /// The clusters that it is about, each once.
    pub fn clusters(&self) -> Vec<Option<&ClusterId>> {
        distinct(self.targets.iter().map(|target| target.cluster_id.as_ref()))
    }

    /// The part that is about one cluster, with the hash of the whole: consent to all of it is consent to each part.
    #[must_use]
    pub fn in_cluster(&self, id: Option<&ClusterId>) -> Self {
        fn of<T: Clone>(all: &[T], is_here: impl Fn(&&T) -> bool) -> Vec<T> {
            all.iter().filter(is_here).cloned().collect()
        }
        Self {
            hash: self.hash.clone(),
            flags: self.flags.clone(),
            leaked: self.leaked.clone(),
            targets: of(&self.targets, |target| target.cluster_id.as_ref() == id),
            steps: of(&self.steps, |step| step.cluster_id.as_ref() == id),
            paths: of(&self.paths, |path| path.cluster_id.as_ref() == id),
            remains: of(&self.remains, |remain| remain.cluster_id.as_ref() == id),
            not_checked: self.not_checked.clone(),
            warnings: self.warnings.clone(),
            refusals: of(&self.refusals, |refusal| refusal.cluster_id.as_ref() == id),
        }
    }

    /// Whether it is about more than one cluster.
    pub fn is_of_several(&self) -> bool {
        self.targets.windows(2).any(|pair| pair[0].cluster_id != pair[1].cluster_id)
    }

    /// Whether its refusals leave nothing to be done. Of a few named identities one refusal stops all; else the refused are left out,
    /// unless it is about all that was asked for, or nothing is left.
    pub fn is_stopped(&self, mode: RevokeMode) -> bool {
        let any = |is: fn(&RefusalScope) -> bool| self.refusals.iter().any(|refusal| is(&refusal.scope));
        let is_left_with_nothing = self.targets.is_empty() && !self.refusals.is_empty();
        match mode {
            RevokeMode::Single | RevokeMode::Named => !self.refusals.is_empty(),
            RevokeMode::AllDeleted => is_left_with_nothing || any(RefusalScope::is_whole_cluster),
            RevokeMode::MultiCluster => is_left_with_nothing || any(RefusalScope::is_operation),
        }
    }

    /// A step by its number.
    pub fn step(&self, id: u32) -> Option<&Step> {
        // A part of a plan keeps the numbers of the whole, in their order.
        self.steps.binary_search_by_key(&id, |step| step.id).ok().map(|index| &self.steps[index])
    }

    /// The steps that end static tokens.
    pub fn token_steps(&self) -> impl Iterator<Item = (&Step, &TokenStep)> {
        self.steps.iter().filter_map(|step| Some((step, step.of_token()?)))
    }

    /// The steps that change the bindings of the cluster.
    pub fn binding_steps(&self) -> impl Iterator<Item = (&Step, &BindingStep)> {
        self.steps.iter().filter_map(|step| Some((step, step.of_binding()?)))
    }
}

/// The roles of the bindings that a plan changes, and of those that the cloud may take along, as they are now.
pub fn roles_then(input: &RevocationInput) -> Vec<RoleThen> {
    let bindings = input.bindings.iter().chain(&input.same_named);
    bindings
        .map(|object| {
            let binding = object.reference();
            let role = Role { kind: object.role_ref.kind.as_str().into(), name: object.role_ref.name.as_str().into() };
            let namespace = binding.namespace.as_deref();
            RoleThen {
                role: input.roles.of(namespace, &role).cloned(),
                namespace_uid: namespace.and_then(|namespace| input.namespaces.get(namespace)).cloned(),
                binding,
            }
        })
        .collect()
}
