//! What is kept of an operation so that it can be gone on with, and taken back: written before the first change.

use jiff::Timestamp;

use super::approval::Approval;
use super::input::{Confirmation, RoleThen};
use super::journal::{Event, OperationSummary, RestoreOrigin, StepResult, SummaryPurpose, Tombstone, later_plans};
use super::leaked::LeakedFacts;
use super::plan::Plan;
use super::restoration::RestorePlan;
use super::rotation::RotationPlan;
use super::verification::{Answers, ClusterAnswers, Probe, Verification};
use crate::core::distinct::distinct;
use crate::core::ids::{ClusterId, Region, Uid};
use crate::core::rbac::binding_object::BindingRef;

/// An operation.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationRecord {
    /// When it began, by this machine's clock.
    pub begun: Timestamp,
    /// Every name that the operator is known by.
    pub operator: Vec<String>,
    /// `--reason`.
    pub reason: Option<String>,
    /// Who approved it beside the operator; `None`: no approval was asked for.
    pub approval: Option<Approval>,
    /// The clusters that it is about.
    pub clusters: Vec<ClusterRecord>,
    /// What was agreed to.
    pub purpose: Purpose,
}

/// What an operation is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Purpose {
    /// Access is taken away.
    Revoke {
        /// The plan.
        plan: Box<Plan>,
        /// The credentials that must not come back to life unnoticed.
        tombstones: Vec<Tombstone>,
    },
    /// Access is given back.
    Restore {
        /// Where it is known from.
        of: RestoreOrigin,
        /// The plan.
        plan: Box<RestorePlan>,
        /// The names whose leaked credentials may work again: `--rearm`.
        rearmed: Vec<String>,
    },
    /// The operator's own kubeconfig is revoked and replaced.
    Rotate {
        /// The plan.
        plan: Box<RotationPlan>,
    },
}

/// A cluster of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterRecord {
    /// Its ID.
    pub id: Option<ClusterId>,
    /// What tells it apart on this machine.
    pub key: String,
    /// Its name in the account.
    pub name: Option<String>,
    /// The context that led to it.
    pub context: Option<String>,
    /// The API server's URL.
    pub server: String,
    /// SHA-256 fingerprints of the keys of its CA.
    pub ca_keys: Vec<String>,
    /// Its region.
    pub region: Option<Region>,
    /// What confirmed its ID.
    pub confirmation: Confirmation,
    /// The roles of the bindings, as they were.
    pub roles: Vec<RoleThen>,
    /// The questions that were answered with yes before the change.
    pub probes: Vec<Probe>,
    /// All questions that were asked before the change, with their answers; `None`: they were not recorded.
    pub answers: Option<Vec<Answers>>,
}

/// What a run that goes on with a revocation planned: others may have bound the identities anew since it was agreed to.
#[derive(Clone, Debug, PartialEq)]
pub struct LaterPlan {
    /// The plan. The numbers of the steps of that run are its own.
    pub plan: Plan,
    /// The roles of its bindings, as they were.
    pub roles: Vec<ClusterRoles>,
}

/// The roles of the bindings in one cluster, as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterRoles {
    /// The cluster, where its ID is known.
    pub cluster_id: Option<ClusterId>,
    /// The roles.
    pub roles: Vec<RoleThen>,
}

/// What came of an operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperationReport {
    /// The steps that were begun.
    pub steps: Vec<EndedStep>,
    /// What was verified; nothing by a restore.
    pub verification: Vec<Verification>,
    /// Shared bindings that the cloud deleted.
    pub collateral: Vec<LostBinding>,
    /// The questions that were asked after the change, with their answers; `None`: they were not recorded.
    pub answers: Option<Vec<ClusterAnswers>>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedStep {
    /// Its number in the plan.
    pub id: u32,
    /// How it ended.
    pub result: StepResult,
    /// What went wrong.
    pub error: Option<String>,
    /// The cloud's ID of the request.
    pub request_id: Option<String>,
    /// The ID of the request in the API server's audit log.
    pub audit_id: Option<String>,
}

/// A shared binding that the cloud deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostBinding {
    /// The cluster.
    pub cluster_id: Option<ClusterId>,
    /// The binding.
    pub binding: BindingRef,
    /// Whether the others have it back.
    pub is_whole: bool,
    /// What was done about it.
    pub what: String,
}

impl ClusterRecord {
    /// Whether an API server is one of the cluster that the record is of: one whose CA has a key of that cluster's. A cluster without
    /// a CA of its own is known by its URL.
    pub fn is_reached_by(&self, ca_keys: &[String], server: &str) -> bool {
        match self.ca_keys.is_empty() {
            true => ca_keys.is_empty() && self.server == server,
            false => self.ca_keys.iter().any(|key| ca_keys.contains(key)),
        }
    }
}

impl OperationRecord {
    /// The plan of a revocation.
    pub fn revocation(&self) -> Option<&Plan> {
        match &self.purpose {
            Purpose::Revoke { plan, .. } => Some(plan),
            Purpose::Restore { .. } | Purpose::Rotate { .. } => None,
        }
    }

    /// The plan of a rotation.
    pub fn rotation(&self) -> Option<&RotationPlan> {
        match &self.purpose {
            Purpose::Rotate { plan } => Some(plan),
            Purpose::Revoke { .. } | Purpose::Restore { .. } => None,
        }
    }

    /// The record with the plan that its last run went by: by that the run's steps are numbered.
    #[must_use]
    pub fn of_last_run(&self, events: &[Event]) -> Self {
        let mut record = self.clone();
        if let (Purpose::Revoke { plan, .. }, Some(later)) = (&mut record.purpose, later_plans(events).last()) {
            **plan = later.plan.clone();
        }
        record
    }

    /// The identities, each once.
    pub fn uids(&self) -> Vec<Uid> {
        match &self.purpose {
            Purpose::Revoke { plan, .. } => plan.uids(),
            Purpose::Restore { plan, .. } => plan.uids.clone(),
            Purpose::Rotate { plan } => plan.plan.uids(),
        }
    }

    /// Whether its plan has a step of this number.
    pub fn has_step(&self, id: u32) -> bool {
        match &self.purpose {
            Purpose::Revoke { plan, .. } => plan.step(id).is_some(),
            Purpose::Restore { plan, .. } => plan.step(id).is_some() || plan.token(id).is_some(),
            Purpose::Rotate { plan } => plan.plan.step(id).is_some(),
        }
    }

    /// What is kept of it for lists of operations, of a record of this length in bytes.
    pub fn summary(&self, record_length: u64) -> OperationSummary {
        let (plan_hash, steps, purpose) = match &self.purpose {
            Purpose::Revoke { plan, tombstones } => {
                (&plan.hash, plan.steps.len(), SummaryPurpose::Revoke { tombstones: tombstones.clone() })
            }
            Purpose::Restore { of, plan, rearmed } => {
                let purpose = SummaryPurpose::Restore { of: of.clone(), rearmed: rearmed.clone() };
                (&plan.hash, plan.steps.len() + plan.tokens.len(), purpose)
            }
            Purpose::Rotate { plan } => {
                let purpose = SummaryPurpose::Rotate { tombstones: plan.tombstones() };
                (&plan.plan.hash, plan.plan.steps.len(), purpose)
            }
        };
        OperationSummary {
            begun: self.begun,
            plan_hash: plan_hash.clone(),
            purpose,
            cluster_ids: self.clusters.iter().map(|cluster| cluster.id.clone()).collect(),
            uids: self.uids(),
            steps,
            reason: self.reason.clone(),
            approved_by: self.approval.as_ref().map(|approval| approval.principal.clone()),
            record_length,
        }
    }

    /// Why it can't be the record of this operation, where it can't: its plan is not the one that was agreed to, or its summary
    /// says something else.
    pub fn contradiction(&self, summary: &OperationSummary) -> Option<&'static str> {
        let is_sealed = match &self.purpose {
            Purpose::Revoke { plan, .. } => plan.is_sealed(),
            Purpose::Restore { plan, .. } => plan.is_sealed(),
            Purpose::Rotate { plan } => plan.is_sealed(),
        };
        if !is_sealed {
            return Some("its plan is not the one that was agreed to");
        }
        if self.approval.as_ref().is_some_and(|approval| approval.hash != summary.plan_hash) {
            return Some("its approval is of another plan");
        }
        (self.summary(summary.record_length) != *summary).then_some("its summary says something else")
    }
}

/// What is kept of the credentials that a plan is about, each once.
pub fn tombstones_of(plan: &Plan) -> Vec<Tombstone> {
    let uids = plan.uids();
    let tombstone = |one: &LeakedFacts| Some(tombstone_of(one, uids.iter().find(|uid| one.is_of(uid))?));
    distinct(plan.leaked.iter().filter_map(tombstone))
}

/// What is kept of a credential that leaked.
pub fn tombstone_of(leaked: &LeakedFacts, uid: &Uid) -> Tombstone {
    Tombstone {
        common_name: leaked.common_name.clone(),
        uid: uid.clone(),
        key_sha256: leaked.key_sha256.clone(),
        certificate_sha256: leaked.certificate_sha256.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::revocation::fixtures::cluster_record;

    #[test]
    fn a_cluster_is_known_by_its_ca_and_by_its_url_only_without_one() {
        let record = |keys: &[&str]| ClusterRecord {
            server: "https://one".into(),
            ca_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            ..cluster_record()
        };
        for (own, there, server, expected) in [
            (&["a", "b"][..], &["b"][..], "https://one", true),
            (&["a"], &["a"], "https://other", true),
            (&["a"], &["b"], "https://one", false),
            (&["a"], &[], "https://one", false),
            (&[], &[], "https://one", true),
            (&[], &[], "https://other", false),
            (&[], &["a"], "https://one", false),
        ] {
            let there: Vec<String> = there.iter().map(|key| (*key).to_owned()).collect();
            assert_eq!(record(own).is_reached_by(&there, server), expected, "{own:?} {there:?} {server}");
        }
    }
}
