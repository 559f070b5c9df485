//! `operation.json`: what was agreed to, written before the first change.

use serde::{Deserialize, Serialize};

use super::answers::AnswersV1;
use super::approval::ApprovalV1;
use super::kubernetes::{ProbeV1, RoleThenV1};
use super::plan::PlanV1;
use super::restore::RestorePlanV1;
use super::rotation::RotationPlanV1;
use super::several::Several;
use super::summary::TombstoneV1;
use super::{FORMAT, OnDisk as _, RecordError, all, maybe, nullable, one, text, under};
use crate::core::revocation::journal::RestoreOrigin;
use crate::core::revocation::operation::{ClusterRecord, OperationRecord, Purpose};

/// The file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationV1 {
    /// [`FORMAT`].
    pub format: u32,
    /// When it began, by this machine's clock, as RFC 3339 has it.
    pub begun: String,
    /// All names of the operator. May be missing: none.
    #[serde(default)]
    pub operator: Vec<String>,
    /// `--reason`. May be missing: none.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who approved it beside the operator. May be missing: no approval was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalV1>,
    /// The clusters.
    pub clusters: Vec<ClusterV1>,
    /// What was agreed to.
    pub purpose: PurposeV1,
}

/// What an operation is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all_fields = "camelCase")]
pub enum PurposeV1 {
    /// Access is taken away.
    Revoke {
        /// The plan.
        plan: Box<PlanV1>,
        /// The credentials that must not work again without notice: null, the one, or a list of two and more.
        tombstone: Several<TombstoneV1>,
    },
    /// Access is given back.
    Restore {
        /// The operation that took it away.
        of: String,
        /// The plan.
        plan: Box<RestorePlanV1>,
        /// The names whose leaked credentials may work again.
        rearmed: Vec<String>,
    },
    /// Access is given back by the backups that another tool left.
    RestoreFrom {
        /// The path of the folder that holds the clusters' folders.
        from: String,
        /// The plan.
        plan: Box<RestorePlanV1>,
        /// The names whose leaked credentials may work again.
        rearmed: Vec<String>,
    },
    /// The operator's own kubeconfig is revoked and replaced.
    Rotate {
        /// The plan.
        plan: Box<RotationPlanV1>,
    },
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterV1 {
    /// Its ID; null where it is not known.
    #[serde(deserialize_with = "nullable")]
    pub id: Option<String>,
    /// What tells it apart on this machine.
    pub key: String,
    /// Its name in the account. May be missing: not known.
    #[serde(default)]
    pub name: Option<String>,
    /// The context that led to it. May be missing: not known.
    #[serde(default)]
    pub context: Option<String>,
    /// The API server's URL.
    pub server: String,
    /// SHA-256 fingerprints of the keys of its CA.
    pub ca_keys: Vec<String>,
    /// Its region. May be missing: not known.
    #[serde(default)]
    pub region: Option<String>,
    /// What confirmed its ID.
    pub confirmation: String,
    /// The roles of the bindings, as they were.
    pub roles: Vec<RoleThenV1>,
    /// The questions that were answered with yes before the change.
    pub probes: Vec<ProbeV1>,
    /// All questions that were asked before the change, with their answers. May be missing: they were not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Vec<AnswersV1>>,
}

impl From<&OperationRecord> for OperationV1 {
    fn from(operation: &OperationRecord) -> Self {
        let OperationRecord { begun, operator, reason, approval, clusters, purpose } = operation;
        Self {
            format: FORMAT,
            begun: begun.write(),
            operator: operator.clone(),
            reason: reason.clone(),
            approval: approval.as_ref().map(ApprovalV1::from),
            clusters: clusters.iter().map(ClusterV1::from).collect(),
            purpose: purpose.into(),
        }
    }
}

impl TryFrom<OperationV1> for OperationRecord {
    type Error = RecordError;

    fn try_from(record: OperationV1) -> Result<Self, RecordError> {
        let OperationV1 { format: _, begun, operator, reason, approval, clusters, purpose } = record;
        Ok(Self {
            begun: one("begun", &begun)?,
            operator,
            reason,
            approval: approval.map(Into::into),
            clusters: all("clusters", clusters)?,
            purpose: under("purpose", purpose)?,
        })
    }
}

impl From<&Purpose> for PurposeV1 {
    fn from(purpose: &Purpose) -> Self {
        match purpose {
            Purpose::Revoke { plan, tombstones } => {
                Self::Revoke { plan: Box::new(plan.as_ref().into()), tombstone: Several::write(tombstones) }
            }
            Purpose::Restore { of, plan, rearmed } => {
                let (plan, rearmed) = (Box::new(plan.as_ref().into()), rearmed.clone());
                match of {
                    RestoreOrigin::Operation(of) => Self::Restore { of: of.write(), plan, rearmed },
                    RestoreOrigin::Folder(from) => Self::RestoreFrom { from: from.clone(), plan, rearmed },
                }
            }
            Purpose::Rotate { plan } => Self::Rotate { plan: Box::new(plan.as_ref().into()) },
        }
    }
}

impl TryFrom<PurposeV1> for Purpose {
    type Error = RecordError;

    fn try_from(purpose: PurposeV1) -> Result<Self, RecordError> {
        Ok(match purpose {
            PurposeV1::Revoke { plan, tombstone } => {
                Self::Revoke { plan: Box::new(under("plan", *plan)?), tombstones: tombstone.read("tombstone")? }
            }
            PurposeV1::Restore { of, plan, rearmed } => {
                let of = RestoreOrigin::Operation(one("of", &of)?);
                Self::Restore { of, plan: Box::new(under("plan", *plan)?), rearmed }
            }
            PurposeV1::RestoreFrom { from, plan, rearmed } => {
                let of = RestoreOrigin::Folder(from);
                Self::Restore { of, plan: Box::new(under("plan", *plan)?), rearmed }
            }
            PurposeV1::Rotate { plan } => Self::Rotate { plan: Box::new(under("plan", *plan)?) },
        })
    }
}

impl From<&ClusterRecord> for ClusterV1 {
    fn from(cluster: &ClusterRecord) -> Self {
        let ClusterRecord { id, key, name, context, server, ca_keys, region, confirmation, roles, probes, answers } =
            cluster;
        Self {
            id: text(id.as_ref()),
            key: key.clone(),
            name: name.clone(),
            context: context.clone(),
            server: server.clone(),
            ca_keys: ca_keys.clone(),
            region: text(region.as_ref()),
            confirmation: confirmation.write(),
            roles: roles.iter().map(RoleThenV1::from).collect(),
            probes: probes.iter().map(ProbeV1::from).collect(),
            answers: answers.as_ref().map(|answers| answers.iter().map(AnswersV1::from).collect()),
        }
    }
}

impl TryFrom<ClusterV1> for ClusterRecord {
    type Error = RecordError;

    fn try_from(cluster: ClusterV1) -> Result<Self, RecordError> {
        let ClusterV1 { id, key, name, context, server, ca_keys, region, confirmation, roles, probes, answers } =
            cluster;
        Ok(Self {
            id: maybe("id", id.as_deref())?,
            key,
            name,
            context,
            server,
            ca_keys,
            region: maybe("region", region.as_deref())?,
            confirmation: one("confirmation", &confirmation)?,
            roles: all("roles", roles)?,
            probes: probes.into_iter().map(Into::into).collect(),
            answers: answers.map(|answers| all("answers", answers)).transpose()?,
        })
    }
}
